"""Spinning a wheel: first the ticket is used, then its turn is taken, then the prize is paid.

Each step is one write that may be repeated. A ticket that is used is owed a turn, and a turn never
changes, so a crash between two steps changes nothing: whoever sends the request again, or the
worker, goes on with the same ticket, the same number, the same unit and the same award.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from wallet import errors, ids, ledger, members
from wallet.database import Database
from wallet.draws import gathering, paying, seeds
from wallet.progress import schemes
from wallet.rules.draws import definition

BATCH: Final = 100
"""Spins of one sweep; hardly ever is there one."""
PAGE_MAX: Final = 100
TRIES_MAX: Final = 10
"""How often a turn is asked for because its epoch ended meanwhile."""
CLIENT_SEED: Final = re.compile("[A-Za-z0-9_-]{1,64}")
"""What a member adds to the chance: letters that need no quoting anywhere."""

_SELECT: Final = (
    "select spin_id, wallet_id, ticket_id, draw_id, client_seed, spun_at, epoch, number, prize,"
    " award_id, note, settled_at from ledger.spin"
)


@dataclass(frozen=True, slots=True)
class Spin:
    """A spin: what it drew is None while it is owed."""

    spin_id: UUID
    wallet_id: UUID
    ticket_id: UUID
    draw_id: UUID
    client_seed: str
    spun_at: datetime
    epoch: int | None
    number: int | None
    prize: str | None
    award_id: UUID | None
    note: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spun:
    """A spin after its request; `replayed` if this id had spun before."""

    spin: Spin
    replayed: bool


async def spin(
    db: Database,
    *,
    member: members.Member,
    request_id: UUID,
    draw_id: UUID,
    ticket_id: UUID,
    client_seed: str,
    now: datetime | None = None,
) -> Spun:
    """Spin a ticket of a member's, once.

    NOT_FOUND for no such wheel or ticket, PLAY_INVALID for a client seed of other letters,
    TICKET_USED, TICKET_EXPIRED, DRAW_CLOSED, AGE_GATE, JURISDICTION_GATE, SELF_EXCLUDED, PLAY_LIMIT
    and MEMBER_SUSPENDED are asked under the wallet's lock, and stand for this id.
    """
    if not CLIENT_SEED.fullmatch(client_seed):
        raise errors.PlayInvalid(
            "A client seed has 1 to 64 letters, digits, _ or -. Correct it.", path=("client_seed",)
        )
    moment = await schemes.moment(db, now)
    facts = await gathering.gather(db, member, draw_id, moment)
    if not isinstance(facts.draw, definition.Wheel):
        raise errors.NotFound(path=("draw_id",))
    bucket = ledger.bucket(member.wallet_id)
    spin_id = ids.placed(request_id, bucket)
    answer = await db.call(
        "select ledger.spin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        *(bucket, spin_id, member.wallet_id, facts.asset, ticket_id, draw_id, client_seed),
        ids.fingerprint(member.member_id, draw_id, ticket_id, client_seed),
        *(facts.gate, list(facts.starts), facts.most, facts.since, moment.at),
    )
    replayed = ledger.replayed(answer)
    found = await find(db, spin_id)
    if found.settled_at is None:
        await settle(db, found, member, moment)
        found = await find(db, spin_id)
    return Spun(found, replayed)


async def settle(db: Database, it: Spin, member: members.Member, moment: schemes.Moment) -> None:
    """Take the turn of a spin that is owed one, pay its prize, and write down both."""
    turn, wheel = await _turn(db, it, moment)
    prize = next(one for one in wheel.prizes if one.name == turn["given"])
    try:
        paid = await paying.pay(
            db,
            member=member,
            campaign_id=prize.campaign_id,
            won_by=it.spin_id,
            reference=ids.show("spi", it.spin_id),
            prize=prize.name,
            now=moment.at,
        )
    except errors.MemberSuspended as refusal:
        # The win stands in the books; whether it is given after all is support's to decide.
        paid = paying.Paid(note=refusal.code.lower())
    await db.call(
        "select ledger.settle_spin($1, $2, $3, $4, $5, $6, $7, $8)",
        *(ledger.bucket(it.spin_id), it.spin_id, turn["epoch"], turn["number"], prize.name),
        *(paid.award_id, paid.note, moment.at),
    )


async def sweep(
    db: Database, *, now: datetime | None = None, limit: int = BATCH
) -> dict[UUID, str | None]:
    """Settle spins that a crash left owed; of each, what stood in the way, or None."""
    rows = await db.fetch(f"{_SELECT} where settled_at is null order by spun_at limit $1", limit)
    if not rows:
        return {}
    moment = await schemes.moment(db, now)
    done: dict[UUID, str | None] = {}
    for row in rows:
        it = Spin(**dict(row))
        done[it.spin_id] = None
        try:
            await settle(db, it, await members.of_wallet(db, it.wallet_id), moment)
        except (errors.Refusal, errors.Unavailable, asyncpg.PostgresError) as problem:
            done[it.spin_id] = type(problem).__name__
    return done


async def find(db: Database, spin_id: UUID) -> Spin:
    """The spin with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SELECT} where bucket = $1 and spin_id = $2", ledger.bucket(spin_id), spin_id
    )
    if row is None:
        raise errors.NotFound()
    return Spin(**dict(row))


async def mine(
    db: Database,
    wallet_id: UUID,
    *,
    first: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[Spin]:
    """A member's spins, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2"
        " and ($3::timestamptz is null or (spun_at, spin_id) < ($3, $4::uuid))"
        " order by spun_at desc, spin_id desc limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        last,
        first,
    )
    return [Spin(**dict(row)) for row in rows]


async def _turn(
    db: Database, it: Spin, moment: schemes.Moment
) -> tuple[dict[str, Any], definition.Wheel]:
    """The turn of a spin, taken or found, and the wheel as it was in that epoch."""
    for _ in range(TRIES_MAX):
        epoch = next((one for one in await seeds.latest(db, it.draw_id) if one.open), None)
        if epoch is not None:
            wheel = seeds.definition_of(moment.book, it.draw_id, epoch.version_id)
            assert isinstance(wheel, definition.Wheel)
            answer = await _take(db, it, epoch, wheel, moment.at)
            if answer["code"] == "posted" and answer["epoch"] == epoch.epoch:
                return answer, wheel
            if answer["code"] == "posted":
                return answer, await _wheel_of(db, it, moment, answer["epoch"])
        # Also of a wheel that has ended since: what was spun is owed its turn.
        version = moment.book.entries[it.draw_id].begun(moment.at)
        assert version is not None
        assert isinstance(version.definition, definition.Wheel)
        await seeds.roll(db, it.draw_id, version.version_id, version.definition, moment.at)
    raise errors.IdempotencyInProgress()


async def _take(
    db: Database, it: Spin, epoch: seeds.Seed, wheel: definition.Wheel, at: datetime
) -> dict[str, Any]:
    assert epoch.definition_sha256 is not None
    message = (
        "commonpurse wheel 1",
        seeds.text(it.draw_id),
        str(epoch.epoch),
        epoch.definition_sha256.hex(),
        ids.show("tic", it.ticket_id),
        it.client_seed,
    )
    answer: dict[str, Any] = await db.call(
        "select coalition.take_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *(it.draw_id, epoch.epoch, it.ticket_id, it.client_seed, "\n".join(message)),
        [one.name for one in wheel.prizes],
        [one.weight for one in wheel.prizes],
        [one.stock for one in wheel.prizes],
        wheel.consolation,
        wheel.epochs.spins,
        at,
    )
    return answer


async def _wheel_of(
    db: Database, it: Spin, moment: schemes.Moment, number: int
) -> definition.Wheel:
    """The wheel by which an epoch goes; a turn may be of an earlier one than the open one."""
    version_id = await db.fetchval(
        "select version_id from coalition.draw_seed where draw_id = $1 and epoch = $2",
        it.draw_id,
        number,
    )
    wheel = seeds.definition_of(moment.book, it.draw_id, version_id)
    assert isinstance(wheel, definition.Wheel)
    return wheel
