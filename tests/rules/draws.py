"""Records of draws for tests, made as a server would: a seed, spins that follow from it, a list."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wallet.rules.draws import record, sampler

NOON: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
DRAW: Final = "sch_00000000000000000000000001"
WHEEL: Final[dict[str, Any]] = {
    "kind": "wheel",
    "name": "Spring wheel",
    "opens_at": NOON.isoformat(),
    "closes_at": (NOON + 30 * DAY).isoformat(),
    "prizes": [
        {"name": "Coffee", "weight": 30, "stock": 2},
        {"name": "Thank you", "weight": 70},
    ],
    "consolation": "Thank you",
    "tickets": {"free_entry": {"tickets": 1, "per": "day"}},
}
RAFFLE: Final[dict[str, Any]] = {
    "kind": "raffle",
    "name": "Weekly raffle",
    "opens_at": NOON.isoformat(),
    "closes_at": (NOON + 7 * DAY).isoformat(),
    "draw_at": (NOON + 8 * DAY).isoformat(),
    "prizes": [{"name": "Basket", "winners": 1}, {"name": "Soap", "winners": 2}],
    "alternates": 2,
}


def seed(text: str = "spring") -> bytes:
    """A seed that is the same in every run."""
    return hashlib.sha256(text.encode()).digest()


def ticket(number: int) -> str:
    """An id that looks like a ticket's."""
    return f"tic_{number:026d}"


def wheel(spins: int = 20) -> dict[str, Any]:
    """The export of a wheel of one epoch that is over."""
    left = {one["name"]: one.get("stock") for one in WHEEL["prizes"]}
    names, hashed = list(left), sampler.definition_hash(WHEEL)
    turns = []
    for number in range(1, spins + 1):
        message = sampler.spin_message(
            draw=DRAW, epoch=1, definition=hashed, ticket=ticket(number), client_seed=f"c{number}"
        )
        drawn = names[sampler.chosen([30, 70], sampler.number(seed(), message, 100))]
        unit, given, most = None, drawn, left[drawn]
        if most == 0:
            given = "Thank you"
        elif most is not None:
            unit, left[drawn] = 3 - most, most - 1
        at = NOON + timedelta(minutes=number)
        turns.append(
            record.Turn(
                number=number,
                ticket=ticket(number),
                client_seed=f"c{number}",
                drawn=drawn,
                given=given,
                unit=unit,
                at=at,
            )
        )
    epoch = record.Epoch(
        epoch=1,
        version="ver_1",
        definition_sha256=hashed,
        commitment=sampler.commitment(seed()),
        committed_at=NOON - DAY,
        opened_at=NOON,
        closed_at=NOON + DAY,
        seed=seed().hex(),
        spins=spins,
        turns=tuple(turns),
    )
    return record.dump(
        record.WheelRecord(
            format=record.FORMAT, draw=DRAW, definitions={"ver_1": WHEEL}, epochs=(epoch,)
        )
    )


def raffle(entries: int = 12, *, chance: str | None = None) -> dict[str, Any]:
    """The export of a raffle that was drawn, with public randomness if its value is given."""
    definition = dict(RAFFLE)
    if chance is not None:
        definition["randomness"] = {"source": "drand quicknet", "round": "4711"}
    tickets = sorted(ticket(number) for number in range(entries))
    hashed = sampler.definition_hash(definition)
    drawn = sampler.winners(
        seed(), tickets, 5, draw=DRAW, definition=hashed, randomness=chance or ""
    )
    prizes = ["Basket", "Soap", "Soap", None, None]
    return record.dump(
        record.RaffleRecord(
            format=record.FORMAT,
            draw=DRAW,
            definition=definition,
            definition_sha256=hashed,
            commitment=sampler.commitment(seed()),
            committed_at=NOON - DAY,
            seed=seed().hex(),
            frozen=record.Frozen(
                at=NOON + 7 * DAY,
                count=entries,
                sha256=sampler.list_hash(tickets),
                tickets=tuple(tickets),
            ),
            randomness=None
            if chance is None
            else record.Chance(source="drand quicknet", round="4711", value=chance),
            drawn_at=NOON + 8 * DAY,
            places=tuple(
                record.Place(place=place, ticket=one, prize=prize, passed=False, name=None)
                for place, (one, prize) in enumerate(zip(drawn, prizes, strict=False), 1)
            ),
        )
    )
