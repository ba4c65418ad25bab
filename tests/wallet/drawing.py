"""Draws for tests, published and played through the verbs."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tests.wallet import taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import ids, members
from wallet.draws import exports, raffles, tending, tickets, wheels
from wallet.rules.draws import record, verify

OPEN: Final = NOON
CLOSED: Final = NOON + 31 * DAY
WHEEL: Final[dict[str, Any]] = {
    "kind": "wheel",
    "name": "Spring wheel",
    "opens_at": NOON.isoformat(),
    "closes_at": (NOON + 30 * DAY).isoformat(),
    "prizes": [
        {"name": "Coffee", "weight": 30},
        {"name": "Thank you", "weight": 70},
    ],
}
RAFFLE: Final[dict[str, Any]] = {
    "kind": "raffle",
    "name": "Weekly raffle",
    "opens_at": NOON.isoformat(),
    "closes_at": (NOON + 7 * DAY).isoformat(),
    "draw_at": (NOON + 8 * DAY).isoformat(),
    "prizes": [{"name": "Basket"}],
    "alternates": 2,
}
FROZEN: Final = NOON + 7 * DAY
DRAWN: Final = NOON + 8 * DAY


async def draw(coalition: Coalition, plain: dict[str, Any], **changes: Any) -> UUID:
    """Publish a draw a day before it opens, and let the worker commit to it."""
    published = await taking_part.scheme(coalition, now=NOON - DAY, plain=plain, **changes)
    await tend(coalition, NOON - DAY)
    await tend(coalition, NOON)
    return published.entry.scheme_id


async def wheel(coalition: Coalition, **changes: Any) -> UUID:
    """A wheel that is open at noon."""
    return await draw(coalition, WHEEL, **changes)


async def raffle(coalition: Coalition, **changes: Any) -> UUID:
    """A raffle that takes entries at noon."""
    return await draw(coalition, RAFFLE, **changes)


async def tend(coalition: Coalition, now: datetime) -> None:
    """One turn of the worker, in which nothing may fail."""
    done = await tending.tend(coalition.db, now=now)

    assert {} == done.failures


async def ticket(
    coalition: Coalition,
    member: members.Member,
    draw_id: UUID,
    *,
    n: int = 1,
    expires_at: datetime | None = None,
    now: datetime = NOON,
) -> UUID:
    """A ticket of a milestone's; the first of n."""
    granted = await tickets.grant(
        coalition.db,
        wallet_id=member.wallet_id,
        scheme_id=draw_id,
        source="milestone",
        source_id=ids.new(),
        n=n,
        expires_at=expires_at,
        now=now,
    )
    return granted.ticket_ids[0]


async def spin(
    coalition: Coalition,
    member: members.Member,
    draw_id: UUID,
    ticket_id: UUID | None = None,
    *,
    key: UUID | None = None,
    client_seed: str = "mine",
    now: datetime = NOON,
) -> wheels.Spun:
    """Spin a ticket, a fresh one if none is given."""
    return await wheels.spin(
        coalition.db,
        member=member,
        request_id=key or ids.new(),
        draw_id=draw_id,
        ticket_id=ticket_id or await ticket(coalition, member, draw_id, now=now),
        client_seed=client_seed,
        now=now,
    )


async def enter(
    coalition: Coalition,
    member: members.Member,
    draw_id: UUID,
    ticket_id: UUID | None = None,
    *,
    key: UUID | None = None,
    named: bool = False,
    now: datetime = NOON,
) -> raffles.Entered:
    """Enter a ticket, a fresh one if none is given."""
    return await raffles.enter(
        coalition.db,
        member=member,
        request_id=key or ids.new(),
        draw_id=draw_id,
        ticket_id=ticket_id or await ticket(coalition, member, draw_id, now=now),
        named=named,
        now=now,
    )


async def verified(coalition: Coalition, draw_id: UUID) -> dict[str, Any]:
    """The export of a draw, of which nothing may be wrong."""
    exported = record.dump(await exports.export(coalition.db, draw_id))
    found = verify.verify(exported)

    assert verify.holds(found), found
    return exported


async def busy(coalition: Coalition, member: members.Member) -> None:
    """A wheel that was spun, and a raffle that was drawn."""
    it, other = await wheel(coalition), await raffle(coalition)
    for _ in range(2):
        await spin(coalition, member, it)
        await enter(coalition, member, other)
    for at in (FROZEN, DRAWN):
        await tend(coalition, at)
