"""Webhooks in: what a partner tells by itself, verified, kept once, and heard in its own order.

The partner's adapter verifies the raw body in its dialect before anything is parsed; what it does
not vouch for leaves no trace but a line in the log. A fact is kept under the partner's own id for
it, so what is told twice is kept once, and is answered before anybody acts on it. Then `drain`
hands each to whoever drives orders: one at a time for one thing, and never one that is older than
what was heard of that thing already.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, get_args
from uuid import UUID

import httpx2
import structlog

from partners import adapter, directory, opening
from wallet import errors, money
from wallet.database import Database

log: Final = structlog.get_logger("partners.webhooks.inbound")

FACTS_MAX: Final = 100
"""Facts of one message: shops tell of one thing, and some send a handful together."""
ID_CHARS_MAX: Final = 200
"""Of a partner's ids and references. A longer one is kept as its hash, which is as unique."""
BATCH: Final = 100
LEASE: Final = timedelta(seconds=120)
"""For hearing one fact; whoever died within it is relieved after that."""
HEAR_SECONDS_MAX: Final = 90.0
"""Hearing may look at the partner, which takes as long as an order's step."""
PAUSE: Final = timedelta(seconds=5)
PAUSE_MAX: Final = timedelta(hours=1)
"""A fact that could not be heard is tried again, ever more rarely, and never dropped."""
KEPT: Final = timedelta(days=90)
"""Longer than any partner repeats itself, so that a late repetition is still known."""
SWEEP: Final = 1000

Hear: TypeAlias = Callable[[UUID, adapter.PartnerEvent], Awaitable[object]]
"""Takes in one fact of a partner, such as `saga.heard`. It may be given one again after a crash."""

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_STATES: Final = get_args(adapter.State)


class Refused(Exception):
    """Nobody vouches for this message: it is answered 401, and nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came to our address for a partner; `headers` by their names in lower case."""

    slug: str
    headers: Mapping[str, str]
    body: bytes
    url: str


_KEEP: Final = """
    insert into partner.fact (partner_id, event_id, thing, state, order_key, reference,
                              amount_minor, currency, happened_at)
    select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::bigint[], $8::text[], $9::timestamptz[])
    on conflict do nothing
"""
_DUE: Final = """
    select * from partner.fact where outcome is null and next_at <= $1
     order by happened_at, event_id limit $2
"""
# The row is the turnstile: one hears of a thing at a time, and time goes forward for it.
_TAKE: Final = """
    insert into partner.standing as s (partner_id, thing, happened_at, leased_until)
    values ($1, $2, $3, $4::timestamptz + $5)
    on conflict (partner_id, thing) do update
       set happened_at = excluded.happened_at, leased_until = excluded.leased_until
     where s.happened_at <= excluded.happened_at
       and (s.leased_until is null or s.leased_until <= $4)
    returning s.thing
"""
_SETTLED: Final = """
    select outcome is not null from partner.fact where partner_id = $1 and event_id = $2
"""
_OLDER: Final = """
    update partner.fact f set outcome = 'older' from partner.standing s
     where f.partner_id = $1 and f.event_id = $2 and f.outcome is null
       and s.partner_id = f.partner_id and s.thing = f.thing and s.happened_at > f.happened_at
    returning f.event_id
"""
_HEARD: Final = """
    with done as (update partner.standing set leased_until = null
                   where partner_id = $1 and thing = $2 and leased_until = $4)
    update partner.fact set outcome = 'heard'
     where partner_id = $1 and event_id = $3 and outcome is null
"""
_LATER: Final = """
    with done as (update partner.standing set leased_until = null
                   where partner_id = $1 and thing = $2 and leased_until = $4)
    update partner.fact set attempts = attempts + 1,
           next_at = $5::timestamptz
             + least($6::interval * power(2, least(attempts, 20)), $7::interval)
     where partner_id = $1 and event_id = $3
"""


async def receive(db: Database, opener: opening.Opener, message: Message, *, now: datetime) -> int:
    """Keep what a partner told; the number of facts, known ones too. Raises Refused."""
    if _SLUG.fullmatch(message.slug) is None:
        raise Refused("no such partner")
    try:
        partner = await directory.of_slug(db, message.slug)
        secrets = await opener.webhook_secrets(partner.partner_id)
        if not secrets:
            raise Refused("no secret is set")
        delivery = adapter.Delivery(message.headers, message.body, message.url, secrets, now)
        # It never speaks: with this, no secret of ours goes along by mistake.
        async with opener.open(partner, auth=httpx2.Auth()) as spoken:
            events = spoken.events(delivery)
    except errors.NotFound:
        raise Refused("no such partner") from None
    except opening.Closed as closed:
        raise Refused(closed.reason) from None
    except adapter.SignatureInvalid:
        raise Refused("not signed by this partner") from None
    known = [one for one in events if one.state in _STATES]
    if len(known) < len(events) or len(known) > FACTS_MAX:
        log.error("webhook.cut", partner=message.slug, facts=len(events), known=len(known))
    kept = [_row(one, now) for one in known[:FACTS_MAX]]
    if kept:
        await db.execute(_KEEP, partner.partner_id, *(list(one) for one in zip(*kept, strict=True)))
    return len(kept)


async def drain(
    db: Database, hear: Hear, *, limit: int = BATCH, now: datetime | None = None
) -> int:
    """Let somebody hear the facts that are due, the oldest first; returns how many were settled."""
    at = now or await db.fetchval("select clock_timestamp()")
    settled = 0
    for row in await db.fetch(_DUE, at, limit):
        settled += await _settle(db, hear, dict(row), at)
    return settled


async def sweep(db: Database, *, now: datetime, limit: int = SWEEP) -> int:
    """Forget facts that were heard, after KEPT; and things of which nothing was told since."""
    gone: int = await db.fetchval(
        "with old as (select partner_id, event_id from partner.fact where outcome is not null"
        "   and told_at < $1 order by told_at limit $2),"
        " told as (delete from partner.fact f using old where f.partner_id = old.partner_id"
        "   and f.event_id = old.event_id returning 1)"
        " select count(*) from told",
        now - KEPT,
        limit,
    )
    await db.execute(
        "delete from partner.standing s where s.happened_at < $1 and s.leased_until is null"
        " and not exists (select from partner.fact f where f.partner_id = s.partner_id"
        " and f.thing = s.thing)",
        now - 2 * KEPT,
    )
    return gone


async def _settle(db: Database, hear: Hear, row: dict[str, Any], now: datetime) -> int:
    """Hear one fact, if it is its turn; 1 if nothing more is to be done about it."""
    partner_id, thing, event_id = row["partner_id"], row["thing"], row["event_id"]
    mine = await db.fetchval(_TAKE, partner_id, thing, row["happened_at"], now, LEASE)
    if mine is None:
        return int(await db.fetchval(_OLDER, partner_id, event_id) is not None)
    lease = now + LEASE
    # Somebody may have heard it while we waited for our turn; from here on nobody else can.
    if await db.fetchval(_SETTLED, partner_id, event_id):
        await db.execute(_HEARD, partner_id, thing, event_id, lease)
        return 0
    try:
        async with asyncio.timeout(HEAR_SECONDS_MAX):
            await hear(partner_id, _event(row))
    except Exception as error:
        # A bug or an outage: the fact stays, and others have their turn.
        log.error("fact.unheard", partner=str(partner_id), error=type(error).__name__)
        await db.execute(_LATER, partner_id, thing, event_id, lease, now, PAUSE, PAUSE_MAX)
        return 0
    await db.execute(_HEARD, partner_id, thing, event_id, lease)
    return 1


def _row(event: adapter.PartnerEvent, now: datetime) -> tuple[Any, ...]:
    key, ref = _text(event.key), _text(event.ref)
    thing = f"key:{key}" if key else f"ref:{ref}"
    at = event.happened_at
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (
        _text(event.event_id) or "",
        thing,
        event.state,
        key,
        ref,
        event.money and event.money.amount_minor,
        event.money and event.money.asset.code,
        # A clock that is ahead must not silence what comes after it.
        min(at, now),
    )


def _event(row: Mapping[str, Any]) -> adapter.PartnerEvent:
    told = None
    if row["amount_minor"] is not None:
        told = adapter.Money(row["amount_minor"], money.asset(row["currency"]))
    return adapter.PartnerEvent(
        event_id=row["event_id"],
        state=row["state"],
        happened_at=row["happened_at"],
        key=row["order_key"],
        ref=row["reference"],
        money=told,
    )


def _text(value: str | None) -> str | None:
    """A partner's id as it can be kept: plain and short, or else its hash."""
    if value is None or (len(value) <= ID_CHARS_MAX and value.isprintable()):
        return value
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
