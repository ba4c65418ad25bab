"""What a measure works on: the server, the sizes, the two filled databases and the progress bar.

`wallet` holds our books as a member would have them. `peer` holds the same books once more, for
movements without lots, beside the other design's tables: the same server, and the same size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import coalition, pgbench, plan, rounds, server

CENTS_EACH = 10**12  # so much that no turn ever runs into a refusal
CHANCE = (0, 2**52 - 1)
TRANSFERS = "select count(*) from ledger.transfer"
EURO = "978::smallint"


@dataclass(frozen=True, slots=True)
class Stage:
    """One run's place."""

    on: server.Server
    plan: plan.Plan
    wallet: str
    peer: str
    tick: Callable[[str], None]

    @property
    def chances(self) -> dict[str, tuple[int, int]]:
        """A random wallet, a random payee, and the chance in a new id."""
        return {
            "w": (0, self.plan.wallets - 1),
            "p": (0, self.plan.payees - 1),
            "x": CHANCE,
        }

    async def play(self, sides: Sequence[rounds.Side]) -> dict[str, rounds.Result]:
        """Let the sides take turns."""
        return await rounds.play(self.on, sides, self.plan.rounds, self.tick)

    def side(
        self, name: str, dsn: str, script: pgbench.Script, *, rows: str, each: int = 1
    ) -> rounds.Side:
        """A side that runs a script with all clients for one turn."""

        async def play() -> rounds.Turn:
            return await pgbench.run(
                self.on, dsn, script, clients=self.plan.clients, **self.plan.turn
            )

        return rounds.Side(name, play, dsn, rows, each)


def donation(stage: Stage, function: str = "ledger.donate") -> pgbench.Script:
    """One movement from a random wallet to a random payee, by the verb or by its bare part."""
    call = (
        f"select {function}(bench.bucket(:w), bench.request(:w, :x), bench.payee(0),"
        f" bench.wallet(:w), {EURO}, bench.payee(:p), 1::bigint)"
    )
    return pgbench.Script(stage.chances, (call,))


def three_rows(stage: Stage, function: str = "post") -> pgbench.Script:
    """The same movement by the other design: as it ships (`post`), or trimmed (`move`)."""
    chances = {name: span for name, span in stage.chances.items() if name != "x"}
    call = (
        f"select three_row.{function}(three_row.account_id('member', :w),"
        " three_row.account_id('payee', :p), 0.01)"
    )
    return pgbench.Script(chances, (call,))


async def build(on: server.Server, sizes: plan.Plan, tick: Callable[[str], None]) -> Stage:
    """Make and fill both databases."""
    stage = Stage(on, sizes, await on.create("wallet"), await on.create("peer"), tick)
    for dsn in (stage.wallet, stage.peer):
        await coalition.found(dsn, payees=sizes.payees)
        await coalition.fill(dsn, wallets=sizes.wallets, spent=0, lots=1, amount_minor=CENTS_EACH)
    async with server.connect(stage.peer) as owner:
        await owner.execute(server.script("peers/three_row_ledger.sql"))
        await owner.execute(
            "insert into three_row.account"
            " (id, name, currency, balance, may_be_negative, may_be_positive)"
            " select three_row.account_id('member', n), 'Member ' || n, 'EUR', 10000000000.00,"
            f" false, true from generate_series(0, {sizes.wallets - 1}) n"
            " union all"
            " select three_row.account_id('payee', n), 'Payee ' || n, 'EUR', 0, true, true"
            f" from generate_series(0, {sizes.payees - 1}) n"
        )
        await owner.execute("vacuum (analyze) three_row.account")
    return stage
