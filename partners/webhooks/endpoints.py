"""Endpoints: where a merchant wants to be told, of what, and the secrets that prove it was us.

A merchant may have ten, each with a secret of its own that is shown once and sealed from then on.
While one secret replaces another, deliveries carry both signatures, so that the receiver can change
over without missing one. What the operator has disabled only the operator enables.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from partners import http, signatures, vault
from wallet import audit, errors, ids
from wallet.database import Database

ENDPOINTS_MAX: Final = 10
"""Of one merchant: production, a test house, and what a growing company adds to them."""
URL_CHARS_MAX: Final = 2_000
"""As much as proxies pass on."""
SECRET_BYTES: Final = 32
SECRETS_MAX: Final = 2
"""The one that is used, and the one before it."""
OVERLAP: Final = timedelta(hours=24)
OVERLAP_MAX: Final = timedelta(days=7)
"""An old secret that lives longer is one that was forgotten."""
PING_EVERY: Final = timedelta(seconds=10)
"""Between two pings to one endpoint: we are nobody's hammer."""
SEALED_IN: Final = {"table": "partner.endpoint_secret", "column": "sealed"}

PING: Final = "webhook.ping"
TOPICS: Final = {
    "purchase.posted": "A purchase that you reported was decided.",
    "purchase.event": "Something that you reported of a purchase was recorded, such as shipping.",
    "purchase.returned": "Goods came back, and cashback with them.",
    "redemption.held": "A member's value is held for an order of yours.",
    "redemption.captured": "It was spent.",
    "redemption.released": "It was given up.",
    "redemption.expired": "Nobody captured it in time.",
    "redemption.refunded": "What was spent was given back, or a part of it.",
}
"""What a merchant may be told of its own, as the books call it."""
GROUPS: Final = ("purchase.*", "redemption.*")
"""All topics of a kind, those of later versions too."""

Status: TypeAlias = Literal["active", "disabled"]
Ended: TypeAlias = Literal["merchant", "operator", "gone", "failing"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as it stands. `ended` says by whom, or by what, it was disabled."""

    endpoint_id: UUID
    merchant_id: UUID
    url: str
    topics: tuple[str, ...]
    status: Status
    ended: Ended | None
    failures: int
    rests_until: datetime | None
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What an act left; `secret` is there in the answer to the request that made it, only."""

    endpoint: Endpoint
    secret: str | None = field(default=None, repr=False)
    replayed: bool = False


_COLUMNS: Final = (
    "endpoint_id, merchant_id, url, topics, status, ended, failures, rests_until, delivered_at,"
    " created_at"
)
# The lowest free slot; of two requests for the last one, the second finds the constraint.
_INSERT: Final = f"""
    insert into partner.endpoint (endpoint_id, merchant_id, slot, asked, url, topics)
    select $1, $2, s, $3, $4, $5
      from generate_series(0, {ENDPOINTS_MAX - 1}) s
     where not exists (select from partner.endpoint e where e.merchant_id = $2 and e.slot = s)
     order by s limit 1
    on conflict do nothing
    returning {_COLUMNS}
"""  # noqa: S608 - a number and columns of ours
_KNOWN: Final = f"""
    select {_COLUMNS}, asked, status = 'deleted' as gone from partner.endpoint
     where endpoint_id = $1
"""  # noqa: S608 - columns of ours
_LIVE: Final = """
    select secret_id, kid, sealed from partner.endpoint_secret
     where endpoint_id = $1 and (expires_at is null or expires_at > $2)
     order by created_at desc, secret_id desc
"""


async def create(
    db: Database,
    ring: vault.Vault,
    *,
    request_id: UUID,
    merchant_id: UUID,
    url: str,
    topics: Sequence[str],
    private: frozenset[str] = frozenset(),
) -> Given:
    """Make an endpoint and its secret. ENDPOINT_INVALID, or ENDPOINT_LIMIT for an eleventh."""
    wanted = _topics(topics)
    _check_url(url, private)
    asked = ids.fingerprint("endpoint", merchant_id, url, wanted)
    arguments = (request_id, merchant_id, asked, url, list(wanted))
    for _ in range(ENDPOINTS_MAX):
        made = await db.fetchrow(_INSERT, *arguments)
        known = None if made is not None else await db.fetchrow(_KNOWN, request_id)
        if made is not None or known is not None:
            break
        if len(await of(db, merchant_id)) >= ENDPOINTS_MAX:
            raise errors.EndpointLimit(limit=ENDPOINTS_MAX)
    else:
        raise errors.IdempotencyInProgress()
    if known is not None and known["asked"] != asked:
        raise errors.IdempotencyKeyReused(first_used_at=known["created_at"])
    secret = await _first_secret(db, ring, request_id)
    return Given(_read(made or known), secret, replayed=made is None and secret is None)


async def rotate(
    db: Database,
    ring: vault.Vault,
    *,
    request_id: UUID,
    merchant_id: UUID,
    endpoint_id: UUID,
    overlap: timedelta = OVERLAP,
) -> Given:
    """Make a new secret; the older one signs beside it for `overlap`, or ends with 0.

    SECRET_LIMIT while two live, unless both are to end now.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise errors.EndpointInvalid(
            f"An old secret lives for at most {OVERLAP_MAX.days} days. Choose less.",
            path=("overlap",),
        )
    found = await own(db, merchant_id, endpoint_id)
    text = new_secret()
    sealed = ring.seal(text.encode(), row=request_id, **SEALED_IN)
    async with db.transaction() as connection:
        # Two rotations at once would each count one secret; the second waits here for the first.
        await connection.execute(
            "select from partner.endpoint where endpoint_id = $1 for update", endpoint_id
        )
        known = await connection.fetchrow(
            "select endpoint_id, created_at from partner.endpoint_secret where secret_id = $1",
            request_id,
        )
        if known is not None:
            if known["endpoint_id"] != endpoint_id:
                raise errors.IdempotencyKeyReused(first_used_at=known["created_at"])
            return Given(found, replayed=True)
        await connection.execute(
            "update partner.endpoint_secret set expires_at ="
            " least(expires_at, clock_timestamp() + $2) where endpoint_id = $1",
            endpoint_id,
            overlap,
        )
        now = await connection.fetchval("select clock_timestamp()")
        if len(await connection.fetch(_LIVE, endpoint_id, now)) >= SECRETS_MAX:
            raise errors.SecretLimit(
                "This endpoint has two live secrets. Wait for the end of one, or rotate with"
                " 0 hours."
            )
        await connection.execute(
            "insert into partner.endpoint_secret (secret_id, endpoint_id, kid, sealed)"
            " values ($1, $2, $3, $4)",
            *(request_id, endpoint_id, sealed.kid, sealed.text),
        )
    return Given(found, text)


async def disable(
    db: Database, *, endpoint_id: UUID, by: Literal["merchant", "operator"]
) -> Endpoint:
    """Send nothing to it, and record nothing for it, until it is enabled again."""
    row = await db.fetchrow(
        "update partner.endpoint set status = 'disabled', ended = $2,"  # noqa: S608 - ours
        " changed_at = clock_timestamp() where endpoint_id = $1 and status <> 'deleted'"
        f" and (ended is distinct from 'operator' or $2 = 'operator') returning {_COLUMNS}",
        endpoint_id,
        by,
    )
    return _read(row) if row is not None else await find(db, endpoint_id)


async def enable(
    db: Database, *, endpoint_id: UUID, by: Literal["merchant", "operator"]
) -> Endpoint:
    """Send to it again, what was waiting first. ENDPOINT_CLOSED if the operator disabled it."""
    row = await db.fetchrow(
        "update partner.endpoint set status = 'active', ended = null, failures = 0,"  # noqa: S608
        " rests_until = null, changed_at = clock_timestamp()"
        " where endpoint_id = $1 and status <> 'deleted'"
        f" and (ended is distinct from 'operator' or $2 = 'operator') returning {_COLUMNS}",
        endpoint_id,
        by,
    )
    if row is None:
        await find(db, endpoint_id)
        raise errors.EndpointClosed("The operator has disabled this endpoint. Ask them why.")
    return _read(row)


async def judge(
    db: Database, *, endpoint_id: UUID, enabled: bool, actor: audit.Actor, reason: str
) -> Endpoint:
    """The operator disables an endpoint, or enables it again; with a reason, in the audit log."""
    audit.check_reason(reason)
    step = enable if enabled else disable
    changed = await step(db, endpoint_id=endpoint_id, by="operator")
    await audit.write(
        db,
        actor=actor,
        act="webhook.enable" if enabled else "webhook.disable",
        subject=endpoint_id,
        reason=reason,
        detail={"merchant": ids.show("mer", changed.merchant_id)},
    )
    return changed


async def delete(db: Database, *, merchant_id: UUID, endpoint_id: UUID) -> None:
    """Forget it and its secrets, and cancel what was waiting. Repeating it changes nothing."""
    known = await db.fetchval(
        "with gone as (update partner.endpoint set status = 'deleted', slot = null,"
        "   ended = coalesce(ended, 'merchant'), changed_at = clock_timestamp()"
        "   where endpoint_id = $1 and merchant_id = $2 returning endpoint_id),"
        " unsigned as (delete from partner.endpoint_secret s using gone g"
        "   where s.endpoint_id = g.endpoint_id),"
        " untold as (update partner.delivery d set status = 'cancelled' from gone g"
        "   where d.endpoint_id = g.endpoint_id and d.status = 'pending')"
        " select endpoint_id from gone",
        endpoint_id,
        merchant_id,
    )
    if known is None:
        raise errors.NotFound(path=("endpoint_id",))


async def find(db: Database, endpoint_id: UUID) -> Endpoint:
    """Any endpoint that is not deleted; NOT_FOUND otherwise."""
    row = await db.fetchrow(_KNOWN, endpoint_id)
    if row is None or row["gone"]:
        raise errors.NotFound(path=("endpoint_id",))
    return _read(row)


async def own(db: Database, merchant_id: UUID, endpoint_id: UUID) -> Endpoint:
    """An endpoint of that merchant; another's is answered like one that is not there."""
    found = await find(db, endpoint_id)
    if found.merchant_id != merchant_id:
        raise errors.NotFound(path=("endpoint_id",))
    return found


async def of(db: Database, merchant_id: UUID) -> list[Endpoint]:
    """All endpoints of a merchant, the oldest first; at most ENDPOINTS_MAX."""
    rows = await db.fetch(
        f"select {_COLUMNS} from partner.endpoint where merchant_id = $1"  # noqa: S608 - ours
        " and status <> 'deleted' order by created_at, endpoint_id",
        merchant_id,
    )
    return [_read(row) for row in rows]


async def signing(
    db: Database, ring: vault.Vault, endpoint_id: UUID, *, now: datetime
) -> list[str]:
    """The secrets that sign at that moment, the newest first."""
    rows = await db.fetch(_LIVE, endpoint_id, now)
    return [
        ring.open(
            vault.Sealed(row["kid"], row["sealed"]), row=row["secret_id"], **SEALED_IN
        ).decode()
        for row in rows[:SECRETS_MAX]
    ]


def new_secret() -> str:
    """A secret as Standard Webhooks writes them."""
    return signatures.PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def _first_secret(db: Database, ring: vault.Vault, endpoint_id: UUID) -> str | None:
    """The secret of a new endpoint; None if it had one. A retry mends a crash before this."""
    text = new_secret()
    sealed = ring.seal(text.encode(), row=endpoint_id, **SEALED_IN)
    made = await db.fetchval(
        "insert into partner.endpoint_secret (secret_id, endpoint_id, kid, sealed)"
        " select $1, $1, $2, $3 where exists (select from partner.endpoint"
        " where endpoint_id = $1 and status <> 'deleted') on conflict do nothing"
        " returning secret_id",
        endpoint_id,
        sealed.kid,
        sealed.text,
    )
    return text if made else None


def _topics(topics: Sequence[str]) -> tuple[str, ...]:
    unknown = next((one for one in topics if one not in TOPICS and one not in GROUPS), None)
    if unknown is not None or not topics:
        raise errors.EndpointInvalid(
            f"Topics are {', '.join(GROUPS)}, or one of them by its name. Name one at least.",
            path=("topics",),
        )
    return tuple(sorted(set(topics)))


def _check_url(url: str, private: frozenset[str]) -> None:
    why = "it is too long"
    if len(url) <= URL_CHARS_MAX:
        try:
            http.check(url, private=private)
            return
        except http.Forbidden as forbidden:
            why = forbidden.reason
    raise errors.EndpointInvalid(
        f"This address cannot be sent to: {why}. Give a public https address.", path=("url",)
    )


def _read(row: Any) -> Endpoint:
    return Endpoint(
        endpoint_id=row["endpoint_id"],
        merchant_id=row["merchant_id"],
        url=row["url"],
        topics=tuple(row["topics"]),
        status=row["status"] if row["status"] == "active" else "disabled",
        ended=row["ended"],
        failures=row["failures"],
        rests_until=row["rests_until"],
        delivered_at=row["delivered_at"],
        created_at=row["created_at"],
    )
