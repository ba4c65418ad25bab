"""Raffles: entries until it closes, a list that is frozen, winners drawn from it, prizes paid.

Entries are beside the wallets; freezing closes the gate of every bucket first, which waits for the
entries that are being written there, and only then reads them. The list and the value of public
randomness are in the books before the seed is revealed, and neither ever changes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, ids, ledger, members
from wallet.database import Database
from wallet.draws import gathering, paying, seeds
from wallet.progress import schemes
from wallet.rules.draws import definition, sampler

BATCH: Final = 100
"""Places that one sweep pays, and raffles whose places one sweep writes."""
PAGE_MAX: Final = 100

_SELECT: Final = (
    "select e.entry_id, e.wallet_id, e.ticket_id, e.draw_id, e.named, e.entered_at, p.place,"
    " case when p.passed then null else p.prize end as prize from ledger.entry e"
    " left join coalition.draw_place p on p.ticket_id = e.ticket_id"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A ticket that was entered into a raffle; `place` once it was drawn, `prize` if it won."""

    entry_id: UUID
    wallet_id: UUID
    ticket_id: UUID
    draw_id: UUID
    named: bool
    entered_at: datetime
    place: int | None
    prize: str | None


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry after its request; `replayed` if this id had entered before."""

    entry: Entry
    replayed: bool


@dataclass(frozen=True, slots=True)
class Frozen:
    """The list of a raffle: how many tickets, and their hash; when it was drawn, if it was."""

    draw_id: UUID
    frozen_at: datetime
    sha256: bytes
    count: int
    drawn_at: datetime | None
    randomness: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """A list after an act of the staff; `replayed` if that had been done before."""

    frozen: Frozen
    replayed: bool


async def enter(
    db: Database,
    *,
    member: members.Member,
    request_id: UUID,
    draw_id: UUID,
    ticket_id: UUID,
    named: bool,
    now: datetime | None = None,
) -> Entered:
    """Enter a ticket of a member's, once; `named` if their name may be published if it wins.

    NOT_FOUND for no such raffle or ticket; the rest is refused as a spin is.
    """
    moment = await schemes.moment(db, now)
    facts = await gathering.gather(db, member, draw_id, moment)
    if not isinstance(facts.draw, definition.Raffle):
        raise errors.NotFound(path=("draw_id",))
    bucket = ledger.bucket(member.wallet_id)
    entry_id = ids.placed(request_id, bucket)
    answer = await db.call(
        "select ledger.enter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        *(bucket, entry_id, member.wallet_id, facts.asset, ticket_id, draw_id, named),
        ids.fingerprint(member.member_id, draw_id, ticket_id, named),
        *(facts.gate, list(facts.starts), facts.most, facts.since, moment.at),
    )
    replayed = ledger.replayed(answer)
    return Entered(await find(db, entry_id), replayed)


async def find(db: Database, entry_id: UUID) -> Entry:
    """The entry with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SELECT} where e.bucket = $1 and e.entry_id = $2", ledger.bucket(entry_id), entry_id
    )
    if row is None:
        raise errors.NotFound()
    return Entry(**dict(row))


async def mine(
    db: Database,
    wallet_id: UUID,
    *,
    first: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[Entry]:
    """A member's entries, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where e.bucket = $1 and e.wallet_id = $2"
        " and ($3::timestamptz is null or (e.entered_at, e.entry_id) < ($3, $4::uuid))"
        " order by e.entered_at desc, e.entry_id desc limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        last,
        first,
    )
    return [Entry(**dict(row)) for row in rows]


async def frozen(db: Database, draw_id: UUID) -> Frozen | None:
    """The list of a raffle, if it is frozen."""
    row = await db.fetchrow(
        "select l.draw_id, frozen_at, sha256, cardinality(tickets) as count, drawn_at, randomness"
        " from coalition.draw_list l left join coalition.draw_result r on r.draw_id = l.draw_id"
        " where l.draw_id = $1",
        draw_id,
    )
    return None if row is None else Frozen(**dict(row))


async def freeze(db: Database, *, draw_id: UUID, now: datetime | None = None) -> Frozen:
    """Freeze the list of a raffle that has closed; once, whoever asks again gets the same.

    NOT_FOUND for no raffle, DRAW_CLOSED for one that was not begun or has not closed yet.
    """
    moment = await schemes.moment(db, now)
    _, raffle = await _begun(db, moment, draw_id)
    standing = await frozen(db, draw_id)
    if standing is not None:
        return standing
    if moment.at < raffle.closes_at and moment.book.entries[draw_id].at(moment.at) is not None:
        raise errors.DrawClosed("Members can still enter. Freeze the list when entries close.")
    await db.bulk("select ledger.close_gates($1, $2, $3)", ledger.ALL_BUCKETS, draw_id, moment.at)
    tickets = await db.bulk(
        "select coalesce(jsonb_agg(ticket_id), '[]') from ledger.entry"
        " where bucket = any($1) and draw_id = $2",
        ledger.ALL_BUCKETS,
        draw_id,
    )
    shown = {ids.show("tic", one): one for one in map(UUID, tickets)}
    await db.execute(
        "insert into coalition.draw_list (draw_id, frozen_at, sha256, tickets)"
        " values ($1, $2, $3, $4) on conflict do nothing",
        draw_id,
        moment.at,
        bytes.fromhex(sampler.list_hash(list(shown))),
        [shown[one] for one in sorted(shown)],
    )
    standing = await frozen(db, draw_id)
    assert standing is not None
    return standing


async def draw(
    db: Database, *, draw_id: UUID, randomness: str | None = None, now: datetime | None = None
) -> Frozen:
    """Draw the winners of a raffle from its frozen list; once, and the first value stands.

    NOT_FOUND for no raffle, DRAW_CLOSED before its list is frozen and its hour has come,
    PLAY_INVALID where the value of the public randomness that it named is missing, or is none.
    """
    moment = await schemes.moment(db, now)
    seed, raffle = await _begun(db, moment, draw_id)
    standing = await frozen(db, draw_id)
    if standing is None or moment.at < raffle.draw_at:
        raise errors.DrawClosed(
            "It is too early to draw: the list is not frozen, or it is not due."
        )
    if standing.drawn_at is None:
        definition.check_value(raffle, randomness)
        await db.execute(
            "insert into coalition.draw_result (draw_id, randomness, drawn_at)"
            " values ($1, $2, $3) on conflict do nothing",
            draw_id,
            randomness,
            moment.at,
        )
        standing = await frozen(db, draw_id)
        assert standing is not None
    if standing.randomness != (randomness or standing.randomness):
        raise errors.DrawClosed("It was drawn with another value, which stands. Look at it first.")
    await seeds.reveal(db, draw_id, seed.epoch, moment.at)
    await _place(db, draw_id, raffle, standing)
    return standing


async def unplaced(db: Database, *, limit: int = BATCH) -> list[UUID]:
    """Raffles that were drawn, and whose places a crash left unwritten; the first first."""
    rows = await db.fetch(
        "select r.draw_id from coalition.draw_result r"
        " join coalition.draw_list l on l.draw_id = r.draw_id and tickets <> '{}'"
        " where not exists (select 1 from coalition.draw_place p where p.draw_id = r.draw_id)"
        " order by r.drawn_at, r.draw_id limit $1",
        limit,
    )
    return [row["draw_id"] for row in rows]


async def pay(
    db: Database, *, now: datetime | None = None, limit: int = BATCH
) -> dict[UUID, str | None]:
    """Pay the places that are owed a prize; of each ticket, what stood in the way, or None."""
    rows = await db.fetch(
        "select draw_id, place, ticket_id, prize from coalition.draw_place"
        " where prize is not null and settled_at is null order by draw_id, place limit $1",
        limit,
    )
    if not rows:
        return {}
    moment = await schemes.moment(db, now)
    begun: dict[UUID, definition.Raffle] = {}
    done: dict[UUID, str | None] = {}
    for row in rows:
        draw_id, ticket_id = row["draw_id"], row["ticket_id"]
        done[ticket_id] = None
        try:
            if draw_id not in begun:
                _, begun[draw_id] = await _begun(db, moment, draw_id)
            await _pay(db, row, begun[draw_id], moment.at)
        except (errors.Refusal, errors.Unavailable, asyncpg.PostgresError) as problem:
            done[ticket_id] = type(problem).__name__
    return done


async def draw_by_staff(
    db: Database,
    *,
    draw_id: UUID,
    randomness: str | None,
    request_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Done:
    """Draw by hand, with the value of public randomness; in the audit log as draw.draw."""
    audit.check_reason(reason)
    before = await frozen(db, draw_id)
    drawn = await draw(db, draw_id=draw_id, randomness=randomness, now=now)
    await audit.write(
        db, actor=actor, act="draw.draw", subject=draw_id, reason=reason, once=request_id
    )
    return Done(drawn, replayed=before is not None and before.drawn_at is not None)


async def freeze_by_staff(
    db: Database,
    *,
    draw_id: UUID,
    request_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Done:
    """Freeze by hand, without waiting for the worker; in the audit log as draw.freeze."""
    audit.check_reason(reason)
    before = await frozen(db, draw_id)
    done = await freeze(db, draw_id=draw_id, now=now)
    await audit.write(
        db, actor=actor, act="draw.freeze", subject=draw_id, reason=reason, once=request_id
    )
    return Done(done, replayed=before is not None)


async def _begun(
    db: Database, moment: schemes.Moment, draw_id: UUID
) -> tuple[seeds.Seed, definition.Raffle]:
    """The seed of a raffle, and the raffle as it was begun."""
    if not isinstance(gathering.draw_of(moment, draw_id), definition.Raffle):
        raise errors.NotFound(path=("draw_id",))
    found = await seeds.of(db, draw_id)
    if not found:
        raise errors.DrawClosed()
    raffle = seeds.definition_of(moment.book, draw_id, found[0].version_id)
    assert isinstance(raffle, definition.Raffle)
    return found[0], raffle


async def _place(db: Database, draw_id: UUID, raffle: definition.Raffle, standing: Frozen) -> None:
    """Write the places down, which follow from what is in the books already."""
    (seed, *_) = await seeds.of(db, draw_id)
    assert seed.seed is not None
    assert seed.definition_sha256 is not None
    tickets = await db.fetchval(
        "select tickets from coalition.draw_list where draw_id = $1", draw_id
    )
    shown = {ids.show("tic", one): one for one in tickets}
    drawn = sampler.winners(
        seed.seed,
        list(shown),
        raffle.winners + raffle.alternates,
        draw=seeds.text(draw_id),
        definition=seed.definition_sha256.hex(),
        randomness=standing.randomness or "",
    )
    prizes = [definition.prize_of(raffle, place) for place in range(len(drawn))]
    names = await _names(db, [shown[one] for one in drawn]) if raffle.publish_names else {}
    await db.execute(
        "insert into coalition.draw_place (draw_id, place, ticket_id, prize, name)"
        " select $1, * from unnest($2::integer[], $3::uuid[], $4::text[], $5::text[])"
        " on conflict do nothing",
        draw_id,
        list(range(1, len(drawn) + 1)),
        [shown[one] for one in drawn],
        [None if one is None else one.name for one in prizes],
        [names.get(shown[one]) for one in drawn],
    )


async def _names(db: Database, tickets: list[UUID]) -> dict[UUID, str]:
    """The names of those among these tickets' members who agreed to have them published."""
    rows = await db.fetch(
        "select e.ticket_id, m.display_name from ledger.entry e"
        " join coalition.member m on m.wallet_id = e.wallet_id"
        " where e.bucket = any($1) and e.ticket_id = any($2) and e.named",
        sorted({ledger.bucket(one) for one in tickets}),
        tickets,
    )
    return {row["ticket_id"]: row["display_name"] for row in rows}


async def _pay(db: Database, row: Any, raffle: definition.Raffle, at: datetime) -> None:
    prize = next(one for one in raffle.prizes if one.name == row["prize"])
    entry = await db.fetchrow(
        "select entry_id, wallet_id from ledger.entry where bucket = $1 and ticket_id = $2",
        ledger.bucket(row["ticket_id"]),
        row["ticket_id"],
    )
    assert entry is not None
    member = await members.of_wallet(db, entry["wallet_id"])
    place = (row["draw_id"], row["place"])
    try:
        if member.status != "active":
            raise errors.MemberSuspended()
        paid = await paying.pay(
            db,
            member=member,
            campaign_id=prize.campaign_id,
            won_by=entry["entry_id"],
            reference=ids.show("tic", row["ticket_id"]),
            prize=prize.name,
            now=at,
        )
    except errors.MemberSuspended as refusal:
        await db.call(
            "select coalition.pass_place($1, $2, $3, $4)", *place, refusal.code.lower(), at
        )
        return
    await db.call(
        "select ledger.tell_win($1, $2, $3, $4, $5)",
        *(ledger.bucket(entry["entry_id"]), entry["wallet_id"], entry["entry_id"]),
        orjson.dumps({"draw": raffle.name, "prize": prize.name}).decode(),
        at,
    )
    await db.execute(
        "update coalition.draw_place set award_id = $3, note = $4, settled_at = $5"
        " where draw_id = $1 and place = $2 and settled_at is null",
        *place,
        paid.award_id,
        paid.note,
        at,
    )
