"""Tickets: one try each, given by purchases, milestones, free entries and the staff, once a source.

Their ids are pure chance, so that a published list says nothing of whose they are or when they came
(an id made of time would tell a merchant which of its customers has won). What a purchase gave is
taken back with the purchase, unless it was used.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import orjson

from wallet import allowances, audit, credit, errors, ids, ledger, members, play_limits, programme
from wallet.database import Database
from wallet.draws import gathering
from wallet.progress import schemes, story
from wallet.rules import goodwill
from wallet.rules.draws import definition, gates
from wallet.rules.progress import facts

Source: TypeAlias = Literal["purchase", "milestone", "free", "staff"]
GRANTED_MAX: Final = 100
"""Tickets of one grant: more at once is a mistake."""
PAGE_MAX: Final = 100
NAME: Final = "tickets"
ACT: Final = "ticket.grant"
"""How the audit log calls a grant by hand."""

_SELECT: Final = (
    "select ticket_id, wallet_id, draw_id, source, granted_at, expires_at, used_at, withdrawn_at"
    " from ledger.ticket"
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One try for a draw."""

    ticket_id: UUID
    wallet_id: UUID
    draw_id: UUID
    source: str
    granted_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Granted:
    """The tickets of a source; `replayed` if they had been given before."""

    ticket_ids: tuple[UUID, ...]
    replayed: bool


async def grant(
    db: Database,
    *,
    wallet_id: UUID,
    scheme_id: UUID,
    source: Source,
    source_id: UUID,
    n: int = 1,
    expires_at: datetime | None = None,
    facts_version: int | None = None,
    now: datetime,
) -> Granted:
    """Give n tickets for a draw, once for each source id, however often it is asked.

    With `facts_version` only while the wallet's facts are still those: story.Stale if they moved.
    MEMBER_SUSPENDED; IDEMPOTENCY_KEY_REUSED for a source that gave another number of tickets.
    """
    assert 0 < n <= GRANTED_MAX
    bucket = ledger.bucket(wallet_id)
    answer = await db.call(
        "select ledger.grant_tickets($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        bucket,
        wallet_id,
        (await programme.of(db)).asset.number,
        scheme_id,
        source,
        source_id,
        [ids.placed(uuid.uuid4(), bucket) for _ in range(n)],
        expires_at,
        facts_version,
        now,
    )
    if answer["code"] == "stale":
        raise story.Stale
    replayed = ledger.replayed(answer)
    return Granted(tuple(UUID(one) for one in answer["tickets"]), replayed)


async def withdraw(
    db: Database,
    *,
    wallet_id: UUID,
    scheme_id: UUID,
    source: Source,
    source_id: UUID,
    now: datetime,
) -> None:
    """Take back what a source gave and nobody has used."""
    await db.call(
        "select ledger.withdraw_tickets($1, $2, $3, $4, $5, $6, $7)",
        ledger.bucket(wallet_id),
        wallet_id,
        (await programme.of(db)).asset.number,
        scheme_id,
        source,
        source_id,
        now,
    )


async def claim(
    db: Database, *, member: members.Member, draw_id: UUID, now: datetime | None = None
) -> Granted:
    """Take the free tickets of this period, without a purchase; asking again gives the same ones.

    DRAW_CLOSED where there are none, SELF_EXCLUDED, AGE_GATE, JURISDICTION_GATE, MEMBER_SUSPENDED.
    """
    moment = await schemes.moment(db, now)
    facts_of = await gathering.gather(db, member, draw_id, moment)
    free = facts_of.draw.tickets.free_entry
    await play_limits.check(db, member, moment.at)
    if facts_of.gate is not None:
        raise errors.of(facts_of.gate.upper())
    if free is None:
        raise errors.DrawClosed()
    began = gates.since(free.per, facts_of.draw, moment.at, facts_of.zone)
    period = "draw" if free.per == "draw" else f"{free.per} {began.date()}"
    return await grant(
        db,
        wallet_id=member.wallet_id,
        scheme_id=draw_id,
        source="free",
        source_id=ids.derived(member.wallet_id, f"free {draw_id} {period}"),
        n=free.tickets,
        expires_at=expiry(facts_of.draw, moment.at),
        now=moment.at,
    )


async def give(
    db: Database,
    *,
    member_id: UUID,
    draw_id: UUID,
    n: int,
    request_id: UUID,
    reason: str,
    actor: audit.Actor,
    staff: credit.Staff,
    now: datetime | None = None,
) -> Granted:
    """Give tickets by hand, with a reason. DRAW_CLOSED for a draw that is over, TOO_MANY.

    TICKET_LIMIT beyond what one of the staff may give in a day.

    The audit log knows what a request gave, also when its draw has closed since:
    IDEMPOTENCY_KEY_REUSED for another member, draw, number or reason under the same key.
    """
    audit.check_reason(reason)
    if not 0 < n <= GRANTED_MAX:
        raise errors.TooMany(path=("number",), limit=GRANTED_MAX)
    member = await members.find(db, member_id)
    moment = await schemes.moment(db, now)
    draw = gathering.draw_of(moment, draw_id)
    detail: dict[str, object] = {"draw": str(draw_id), "tickets": n}
    given = await _given(db, request_id, (member_id, reason, detail))
    if not given and moment.at >= draw.closes_at:
        raise errors.DrawClosed()
    if not given:
        await _allow(db, staff, member.wallet_id, draw_id, request_id, n)
    granted = await grant(
        db,
        wallet_id=member.wallet_id,
        scheme_id=draw_id,
        source="staff",
        source_id=request_id,
        n=n,
        expires_at=expiry(draw, moment.at),
        now=moment.at,
    )
    await audit.write(
        db,
        actor=actor,
        act=ACT,
        subject=member_id,
        reason=reason,
        detail=detail,
        once=request_id,
    )
    return granted


async def mine(
    db: Database,
    wallet_id: UUID,
    *,
    first: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[Ticket]:
    """A member's tickets, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2"
        " and ($3::timestamptz is null or (granted_at, ticket_id) < ($3, $4::uuid))"
        " order by granted_at desc, ticket_id desc limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        last,
        first,
    )
    return [Ticket(**dict(row)) for row in rows]


async def usable(
    db: Database, wallet_id: UUID, draw_id: UUID, *, at: datetime, first: int = PAGE_MAX
) -> list[Ticket]:
    """A member's tickets that can be used for a draw, those that end soonest first."""
    rows = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2 and draw_id = $3 and used_at is null"
        " and withdrawn_at is null and (expires_at is null or expires_at > $4)"
        " order by expires_at nulls last, granted_at, ticket_id limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        draw_id,
        at,
        first,
    )
    return [Ticket(**dict(row)) for row in rows]


async def find(db: Database, ticket_id: UUID) -> Ticket:
    """The ticket with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SELECT} where bucket = $1 and ticket_id = $2", ledger.bucket(ticket_id), ticket_id
    )
    if row is None:
        raise errors.NotFound()
    return Ticket(**dict(row))


def expiry(draw: definition.Draw, at: datetime) -> datetime:
    """When a ticket that is given now ends: with its days, and never after its draw closes."""
    days = draw.tickets.days
    return draw.closes_at if days is None else min(draw.closes_at, at + timedelta(days=days))


# The story of looks: tickets that come with purchases.


def wants(book: schemes.Book, at: datetime) -> story.Wants | None:
    """Purchases since the first of the draws opened that give tickets for them."""
    found = [one.opens_at for _, one in _giving(book, at)]
    return story.Wants(min(found)) if found else None


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Give a ticket for each purchase that is kept, and take back what went with its goods."""
    for draw_id, draw in _giving(book, at):
        rule = draw.tickets.per_purchase
        assert rule is not None
        made = [
            one
            for one in seen.purchases
            if draw.opens_at <= one.at < draw.closes_at
            and (not draw.merchants or one.merchant_id in draw.merchants)
        ]
        standing = await _standing(db, seen.wallet_id, draw_id, made)
        for one in made:
            key, kept = one.purchase_id, one.kept_minor >= rule.min_minor
            if kept and key not in standing:
                await grant(
                    db,
                    wallet_id=seen.wallet_id,
                    scheme_id=draw_id,
                    source="purchase",
                    source_id=key,
                    expires_at=expiry(draw, at),
                    facts_version=seen.version,
                    now=at,
                )
            elif not kept and standing.get(key):
                await withdraw(
                    db,
                    wallet_id=seen.wallet_id,
                    scheme_id=draw_id,
                    source="purchase",
                    source_id=key,
                    now=at,
                )
    return None


def _giving(book: schemes.Book, at: datetime) -> list[tuple[UUID, definition.Draw]]:
    found: list[schemes.Version[definition.Wheel] | schemes.Version[definition.Raffle]] = [
        *book.of(definition.Wheel, at),
        *book.of(definition.Raffle, at),
    ]
    return [
        (one.scheme_id, one.definition)
        for one in found
        if one.definition.tickets.per_purchase is not None
        and one.definition.opens_at <= at < one.definition.closes_at
    ]


async def _allow(
    db: Database, staff: credit.Staff, wallet_id: UUID, draw_id: UUID, request_id: UUID, n: int
) -> None:
    left = await allowances.take(
        db,
        staff.staff_id,
        allowances.TICKETS,
        n,
        most=goodwill.tickets(staff.role),
        done="select 1 from ledger.ticket where bucket = $5 and draw_id = $6 and source = 'staff'"
        " and source_id = $7",
        told=(ledger.bucket(wallet_id), draw_id, request_id),
    )
    if left is not None:
        raise errors.TicketLimit(path=("number",))


async def _given(db: Database, request_id: UUID, told: tuple[UUID, str, dict[str, object]]) -> bool:
    """Whether this request gave before, the same: to whom, why, and what."""
    row = await db.fetchrow(
        "select subject_id, reason, detail, happened_at from coalition.audit where audit_id = $1",
        ids.derived(request_id, ACT),
    )
    if row is None:
        return False
    if (row["subject_id"], row["reason"], orjson.loads(row["detail"])) != told:
        raise errors.IdempotencyKeyReused(first_used_at=row["happened_at"])
    return True


async def _standing(
    db: Database, wallet_id: UUID, draw_id: UUID, made: Sequence[facts.Purchase]
) -> dict[UUID, bool]:
    """Which of these purchases gave a ticket, and whether it could still be taken back."""
    rows = await db.fetch(
        "select source_id, used_at is null and withdrawn_at is null as open from ledger.ticket"
        " where bucket = $1 and draw_id = $2 and source = 'purchase' and source_id = any($3)",
        ledger.bucket(wallet_id),
        draw_id,
        [one.purchase_id for one in made],
    )
    return {row["source_id"]: row["open"] for row in rows}
