"""Webhooks out: what happened to a merchant's own is told to its endpoints, signed, until heard.

A delivery is made from an event of the outbox before that leaves it, with an id that follows from
the event and the endpoint: telling twice is telling once. Whoever tries it takes a lease first, in
a statement of its own, so at no time do two try one delivery and no transaction is open meanwhile.
What is told is thin: what kind of thing happened, to which id, when. The receiver asks the API.

    pending -> delivered     it was answered 2xx
    pending -> failed        410, or the last try of ten; the endpoint is disabled if nothing came
                             through since
    pending -> cancelled     the endpoint was deleted
"""

import asyncio
import dataclasses
import email.utils
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import httpx2
import orjson
import structlog

from partners import addresses, http, keyfile, signatures, vault
from partners.webhooks import deliveries, endpoints
from wallet import ids
from wallet.database import Database

log: Final = structlog.get_logger("partners.webhooks.outbound")

SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""From the end of one try to the next, as Standard Webhooks has it: three days in all."""
JITTER_PERCENT: Final = 10
"""So that what failed together does not come back together."""
TIMEOUT_SECONDS: Final = 20.0
LEASE: Final = timedelta(seconds=60)
"""Longer than any try, so that nobody else tries meanwhile; a worker that died costs a minute."""
BATCH: Final = 20
"""Deliveries that one turn sends side by side."""
PER_ENDPOINT_MAX: Final = 5
"""Of one endpoint in one turn: a slow receiver must not keep the others waiting."""
REST: Final = timedelta(seconds=5)
REST_MAX: Final = timedelta(minutes=15)
"""After failures in a row an endpoint rests, longer each time, and nothing is tried meanwhile."""
RETRY_AFTER_MAX: Final = timedelta(hours=24)
"""A receiver may ask for a pause; no longer than our own longest."""
FAILURE_CHARS_MAX: Final = 200

_SUBJECTS: Final = {"purchase.returned": "ret", "purchase": "pur", "redemption": "red"}

# Whose each event is, and which of their endpoints want to hear of it.
_WANTED: Final = """
    select o.event_id, e.endpoint_id
      from unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[])
             o (bucket, event_id, topic, subject_id)
      left join ledger.purchase_return b on b.bucket = o.bucket and b.return_id = o.subject_id
      left join ledger.purchase p
        on p.bucket = o.bucket and p.purchase_id = coalesce(b.purchase_id, o.subject_id)
      left join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.subject_id
      join partner.endpoint e
        on e.merchant_id = coalesce(p.merchant_id, r.merchant_id) and e.status = 'active'
       and (o.topic = any (e.topics) or split_part(o.topic, '.', 1) || '.*' = any (e.topics))
"""
_INSERT: Final = """
    insert into partner.delivery (delivery_id, endpoint_id, topic, subject, happened_at)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    on conflict do nothing
"""
# The fewest locks: only what is taken, and nobody waits for what another has taken.
_CLAIM: Final = """
    with due as (
      select d.delivery_id, e.url
        from partner.endpoint e
       cross join lateral (
         select i.delivery_id, i.next_at from partner.delivery i
          where i.endpoint_id = e.endpoint_id and i.status = 'pending' and i.next_at <= $1
            and (i.leased_until is null or i.leased_until <= $1)
          order by i.next_at limit $4 for update skip locked) d
       where e.status = 'active' and (e.rests_until is null or e.rests_until <= $1)
       order by d.next_at limit $3)
    update partner.delivery d
       set lease = $2, leased_until = $1 + $5, attempts = d.attempts + 1
      from due where d.delivery_id = due.delivery_id
    returning d.delivery_id, d.endpoint_id, d.topic, d.subject, d.happened_at, d.attempts,
              d.created_at, due.url
"""
# A try whose lease was taken over says nothing any more, but for its line in the log. What failed
# beside another failure is the same failure: the endpoint rests once for them.
_RECORD: Final = """
    with tried as (
           insert into partner.attempt (delivery_id, attempt_id, http_status, failure, milliseconds)
           values ($1, $3, $4, $5, $6)),
         done as (
           update partner.delivery
              set status = $7, next_at = coalesce($8::timestamptz, next_at), lease = null,
                  leased_until = null,
                  delivered_at = case when $7 = 'delivered' then $9 else delivered_at end
            where delivery_id = $1 and lease = $2 and status = 'pending' returning endpoint_id)
    update partner.endpoint e
       set failures = case when $7 = 'delivered' then 0
             else e.failures + (coalesce(e.rests_until <= $9, true))::int end,
           delivered_at = case when $7 = 'delivered' then $9 else e.delivered_at end,
           rests_until = case when $7 = 'delivered' then null
             when e.rests_until > $9 then greatest(e.rests_until, $10::timestamptz)
             else greatest($10, $9
               + least($11::interval * power(2, least(e.failures, 20)), $12::interval)) end,
           status = case when e.status = 'active' and ($13 or ($7 = 'failed' and
             coalesce(e.delivered_at < $14, true))) then 'disabled' else e.status end,
           ended = case when e.status <> 'active' then e.ended when $13 then 'gone'
             when $7 = 'failed' and coalesce(e.delivered_at < $14, true) then 'failing' end,
           changed_at = case when $7 = 'failed' then $9 else e.changed_at end
      from done where e.endpoint_id = done.endpoint_id
    returning e.status
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a try came to: an HTTP status, or why there is none."""

    status: int | None = None
    failure: str | None = None
    retry_after: timedelta | None = None
    milliseconds: int = 0

    @property
    def outcome(self) -> Literal["delivered", "gone", "again"]:
        """Only 2xx is a yes; a redirect is a no, because nobody signed for where it leads."""
        if self.status is not None and 200 <= self.status < 300:
            return "delivered"
        return "gone" if self.status == 410 else "again"


async def spread(db: Database, rows: Sequence[asyncpg.Record]) -> None:
    """Make deliveries of events that are in the outbox. Repeating it changes nothing."""
    events = {row["event_id"]: row for row in rows if row["topic"] in endpoints.TOPICS}
    if not events:
        return
    wanted = await db.fetch(
        _WANTED,
        *([row[name] for row in events.values()] for name in ("bucket", "event_id")),
        *([row[name] for row in events.values()] for name in ("topic", "subject_id")),
    )
    if not wanted:
        return
    told = [(events[one["event_id"]], one["endpoint_id"]) for one in wanted]
    await db.execute(
        _INSERT,
        [ids.derived(row["event_id"], f"webhook {endpoint_id}") for row, endpoint_id in told],
        [endpoint_id for _, endpoint_id in told],
        [row["topic"] for row, _ in told],
        [_subject(row["topic"], row["subject_id"]) for row, _ in told],
        [row["happened_at"] for row, _ in told],
    )


async def send(
    db: Database,
    ring: vault.Vault,
    *,
    private: frozenset[str] = frozenset(),
    limit: int = BATCH,
    now: datetime | None = None,
) -> int:
    """Take what is due and try each once, side by side; return how many there were."""
    # The database's clock, for all workers the same: a lease must not end early on one of them.
    at = now or await db.fetchval("select clock_timestamp()")
    lease = ids.new()
    rows = await db.fetch(_CLAIM, at, lease, limit, PER_ENDPOINT_MAX, LEASE)
    await asyncio.gather(*(_try(db, ring, dict(row), lease, private, at) for row in rows))
    return len(rows)


def pause(attempts: int, *, chance: float) -> timedelta | None:
    """How long to wait after so many tries; None after the last. `chance` is 0 to 1."""
    if attempts >= len(SCHEDULE):
        return None
    return SCHEDULE[attempts] * (1 + (2 * chance - 1) * JITTER_PERCENT / 100)


def body(topic: str, subject: str, happened_at: datetime) -> bytes:
    """What is sent: the same bytes at each try."""
    return orjson.dumps(
        {"type": topic, "timestamp": happened_at.astimezone(UTC), "data": {"id": subject}},
        option=orjson.OPT_UTC_Z,
    )


async def _try(
    db: Database,
    ring: vault.Vault,
    row: Mapping[str, Any],
    lease: UUID,
    private: frozenset[str],
    now: datetime,
) -> None:
    try:
        secrets = await endpoints.signing(db, ring, row["endpoint_id"], now=now)
    except (vault.Unreadable, keyfile.Unusable) as unreadable:
        # Our own fault: the ring lacks a key. The endpoint is not blamed for more than a pause.
        log.error("webhook.unsigned", endpoint=str(row["endpoint_id"]), why=str(unreadable))
        return
    answer = await _post(row, secrets, private)
    ended = now + timedelta(milliseconds=answer.milliseconds)
    wait = pause(row["attempts"], chance=random.random())  # noqa: S311 - it only spreads
    gone = answer.outcome == "gone"
    status: deliveries.Status = "pending"
    if answer.outcome == "delivered":
        status = "delivered"
    elif gone or wait is None:
        status = "failed"
    rest = answer.retry_after or timedelta(0)
    await db.execute(
        _RECORD,
        *(row["delivery_id"], lease, ids.new(), answer.status, answer.failure),
        *(answer.milliseconds, status),
        None if wait is None else ended + max(wait, rest),
        *(ended, ended + rest, REST, REST_MAX, gone, row["created_at"]),
    )
    if status == "failed":
        log.warning(
            "webhook.failed", endpoint=str(row["endpoint_id"]), status=answer.status, gone=gone
        )


async def _post(row: Mapping[str, Any], secrets: Sequence[str], private: frozenset[str]) -> Answer:
    """Send one message, signed by each live secret."""
    message_id = ids.show("dlv", row["delivery_id"])
    content = body(row["topic"], row["subject"], row["happened_at"])
    at = int(time.time())
    signed = " ".join(
        signatures.standard(secret, message_id=message_id, timestamp=at, body=content)
        for secret in secrets
    )
    began = time.monotonic()
    answer, failure = None, None
    try:
        async with http.client(
            hosts={addresses.authority(row["url"])},
            private=private,
            timeout_seconds=TIMEOUT_SECONDS,
            discard=True,
        ) as client:
            answer = await client.post(
                row["url"],
                content=content,
                headers={
                    "Content-Type": "application/json",
                    "webhook-id": message_id,
                    "webhook-timestamp": str(at),
                    "webhook-signature": signed,
                },
            )
    except http.Forbidden as forbidden:
        failure = f"refused: {forbidden.reason}"[:FAILURE_CHARS_MAX]
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
        failure = type(error).__name__
    return Answer(
        status=answer.status_code if answer is not None else None,
        failure=failure,
        retry_after=_retry_after(answer.headers) if answer is not None else None,
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The pause that a receiver asks for, in seconds or until a date; bounded."""
    said = headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), RETRY_AFTER_MAX)
    try:
        until = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - datetime.now(UTC), timedelta(0)), RETRY_AFTER_MAX)


def _subject(topic: str, subject_id: UUID) -> str:
    prefix = _SUBJECTS.get(topic) or _SUBJECTS[topic.partition(".")[0]]
    return ids.show(prefix, subject_id)
