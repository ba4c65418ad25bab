"""How much to measure: a quick look, a full run, and the smallest one that proves it all works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one run. Rounds are turns of each side; seconds are the length of one turn."""

    name: str
    rounds: int
    seconds: int
    clients: int
    wallets: int
    payees: int
    weighed: int  # movements over which bytes are counted
    sales: int  # purchases reported in one call
    lines: int  # lines of each purchase
    redemptions: int  # redemptions of one turn of the growth measure
    ledger_rows: tuple[int, ...]
    board_members: tuple[int, int]
    http: bool
    times: int | None = None  # a turn ends after so many things, not after its seconds

    @property
    def turn(self) -> dict[str, int | None]:
        """What ends a turn, as the load generators take it."""
        return {"seconds": None if self.times else self.seconds, "times": self.times}


QUICK = Plan(
    name="quick",
    rounds=3,
    seconds=2,
    clients=8,
    wallets=2_000,
    payees=100,
    weighed=8_000,
    sales=1_000,
    lines=5,
    redemptions=500,
    ledger_rows=(10_000, 1_000_000),
    board_members=(1_000, 1_000_000),
    http=True,
)
FULL = Plan(
    name="full",
    rounds=7,
    seconds=4,
    clients=8,
    wallets=10_000,
    payees=100,
    weighed=32_000,
    sales=1_000,
    lines=5,
    redemptions=1_500,
    ledger_rows=(10_000, 1_000_000),
    board_members=(1_000, 1_000_000),
    http=True,
)
TINY = Plan(
    name="tiny",
    rounds=1,
    seconds=1,
    clients=2,
    wallets=256,
    payees=4,
    weighed=64,
    sales=5,
    lines=2,
    redemptions=5,
    ledger_rows=(5_120, 10_240),
    board_members=(100, 1_000),
    http=False,
    times=20,
)
ROWS_10M = 10_000_000
