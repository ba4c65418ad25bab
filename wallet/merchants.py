"""Merchants, their stores and their contracts. A contract is a row of versions that never change.

The version in force at an instant is the highest one whose `valid_from` has passed by then.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, programme
from wallet.database import Database
from wallet.rules import contracts, purchases, text

SLUG_CHARS_MAX = 60
NAME_CHARS_MAX = 120
PAGE_MAX = 100
STORES_MAX = 1000
"""Stores of one merchant in one list: more than any till asks for, still one short answer."""
PUBLISH_TRIES_MAX = 10
"""How often a version looks for its number again; nobody publishes ten versions at once."""

_SELECT = "select merchant_id, slug, name, industry, status, created_at from coalition.merchant"
_CHANNELS = get_args(purchases.Channel)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant of the coalition."""

    merchant_id: UUID
    slug: str
    name: str
    industry: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """A shop, site or app of a merchant; `external_id` is the merchant's own number for it."""

    store_id: UUID
    merchant_id: UUID
    external_id: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Version:
    """One published contract version."""

    contract_id: UUID
    merchant_id: UUID
    version: int
    valid_from: datetime
    terms: contracts.Terms
    note: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Registered:
    """A merchant that is registered; `replayed` if this id had been before."""

    merchant: Merchant
    replayed: bool


@dataclass(frozen=True, slots=True)
class Added:
    """A store that is there; `replayed` if this id had been added before."""

    store: Store
    replayed: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A contract version that stands; `replayed` if this id had been published before."""

    version: Version
    replayed: bool


async def register(
    db: Database,
    *,
    merchant_id: UUID,
    slug: str,
    name: str,
    industry: str,
    actor: audit.Actor = audit.SYSTEM,
    reason: str | None = None,
) -> Registered:
    """Register a merchant. Repeating it is harmless; SLUG_TAKEN for another's short name.

    A person gives a reason; None is for a system that registers by its own rule.
    """
    if reason is not None:
        audit.check_reason(reason)
    check_slug(slug)
    text.check(name, "name", chars_max=NAME_CHARS_MAX)
    text.check(industry, "industry", chars_max=NAME_CHARS_MAX)
    try:
        created = await db.fetchval(
            "insert into coalition.merchant (merchant_id, slug, name, industry)"
            " values ($1, $2, $3, $4) on conflict (merchant_id) do nothing returning merchant_id",
            merchant_id,
            slug,
            name,
            industry,
        )
    except asyncpg.UniqueViolationError:
        raise errors.SlugTaken(path=("slug",)) from None
    merchant = await find(db, merchant_id)
    if (merchant.slug, merchant.name, merchant.industry) != (slug, name, industry):
        raise errors.IdempotencyKeyReused(first_used_at=merchant.created_at)
    await audit.write(
        db,
        actor=actor,
        act="merchant.register",
        subject=merchant_id,
        reason=reason,
        once=merchant_id,
    )
    return Registered(merchant, replayed=created is None)


def check_slug(slug: str) -> None:
    """Refuse what is no short name: TEXT_INVALID."""
    text.check(slug, "slug", chars_max=SLUG_CHARS_MAX)
    if slug != slug.lower() or not all(part.isalnum() for part in slug.split("-")):
        raise errors.TextInvalid(
            "A short name has lower-case letters, digits and single hyphens.", path=("slug",)
        )


async def find(db: Database, merchant_id: UUID) -> Merchant:
    """The merchant with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where merchant_id = $1", merchant_id)
    if row is None:
        raise errors.NotFound()
    return Merchant(**dict(row))


async def find_many(db: Database, merchant_ids: list[UUID]) -> dict[UUID, Merchant]:
    """The merchants with these ids, for a loader; those that are not there are left out."""
    rows = await db.fetch(f"{_SELECT} where merchant_id = any($1)", merchant_ids)
    return {row["merchant_id"]: Merchant(**dict(row)) for row in rows}


async def page(db: Database, *, first: int, after: tuple[str, UUID] | None) -> list[Merchant]:
    """Merchants by name; `after` is the name and id of the last one seen. At most `first`."""
    assert 0 < first <= PAGE_MAX + 1
    name, last = after or ("", UUID(int=0))
    rows = await db.fetch(
        f"{_SELECT} where (name, merchant_id) > ($1, $2) order by name, merchant_id limit $3",
        name,
        last,
        first,
    )
    return [Merchant(**dict(row)) for row in rows]


async def set_status(
    db: Database, merchant_id: UUID, *, status: str, reason: str, actor: audit.Actor
) -> Merchant:
    """Suspend or reinstate a merchant; a suspended one can neither report nor authorize."""
    assert status in ("active", "suspended")
    audit.check_reason(reason)
    await db.execute(
        "update coalition.merchant set status = $2 where merchant_id = $1", merchant_id, status
    )
    merchant = await find(db, merchant_id)
    await audit.write(db, actor=actor, act=f"merchant.{status}", subject=merchant_id, reason=reason)
    return merchant


async def store_add(
    db: Database,
    *,
    store_id: UUID,
    merchant_id: UUID,
    external_id: str,
    name: str,
    channel: str,
    actor: audit.Actor = audit.SYSTEM,
    reason: str | None = None,
) -> Added:
    """Add a store. Repeating it is harmless; REFERENCE_USED if its number names another.

    TEXT_INVALID for a channel that a purchase can not have. The reason is as in `register`.
    """
    if reason is not None:
        audit.check_reason(reason)
    text.check(external_id, "external_id", chars_max=NAME_CHARS_MAX)
    text.check(name, "name", chars_max=NAME_CHARS_MAX)
    if channel not in _CHANNELS:
        raise errors.TextInvalid(f"A channel is one of {', '.join(_CHANNELS)}.", path=("channel",))
    await find(db, merchant_id)
    store = Store(store_id, merchant_id, external_id, name, channel)
    try:
        created = await db.fetchval(
            "insert into coalition.store (store_id, merchant_id, external_id, name, channel)"
            " values ($1, $2, $3, $4, $5) on conflict (store_id) do nothing returning store_id",
            store_id,
            merchant_id,
            external_id,
            name,
            channel,
        )
    except asyncpg.UniqueViolationError:
        raise errors.ReferenceUsed(path=("external_id",)) from None
    if created is None:
        await _check_same(db, store)
    await audit.write(
        db, actor=actor, act="store.add", subject=store_id, reason=reason, once=store_id
    )
    return Added(store, replayed=created is None)


async def _check_same(db: Database, store: Store) -> None:
    row = await db.fetchrow(
        "select store_id, merchant_id, external_id, name, channel, created_at"
        " from coalition.store where store_id = $1",
        store.store_id,
    )
    assert row is not None, "a store is never deleted"
    known = dict(row)
    first_used_at = known.pop("created_at")
    if Store(**known) != store:
        raise errors.IdempotencyKeyReused(first_used_at=first_used_at)


async def stores(db: Database, merchant_ids: list[UUID]) -> dict[UUID, list[Store]]:
    """The stores of these merchants, by their number; of each at most STORES_MAX."""
    rows = await db.fetch(
        "select s.* from unnest($1::uuid[]) as m (merchant_id) cross join lateral"
        " (select store_id, merchant_id, external_id, name, channel from coalition.store"
        " where merchant_id = m.merchant_id order by external_id limit $2) s",
        merchant_ids,
        STORES_MAX,
    )
    found: dict[UUID, list[Store]] = {merchant_id: [] for merchant_id in merchant_ids}
    for row in rows:
        found[row["merchant_id"]].append(Store(**dict(row)))
    return found


async def contract_publish(
    db: Database,
    *,
    contract_id: UUID,
    merchant_id: UUID,
    terms: object,
    valid_from: datetime,
    actor: audit.Actor,
    note: str,
) -> Published:
    """Publish the next version of a merchant's contract. `terms` is decoded JSON.

    TERMS_INVALID names the field at fault; the same id with other contents is refused.
    """
    audit.check_reason(note, "note")
    try:
        read = contracts.parse(terms)
    except errors.TermsInvalid as refusal:
        raise errors.TermsInvalid(refusal.message, path=("terms", *refusal.path)) from None
    house = await programme.of(db)
    if read.asset != house.asset.code:
        raise errors.CurrencyMismatch(path=("terms", "asset"))
    await find(db, merchant_id)
    for _ in range(PUBLISH_TRIES_MAX):
        # Two versions that were published at once want the same number; the later one counts anew.
        with contextlib.suppress(asyncpg.UniqueViolationError):
            created = await db.fetchval(
                "insert into coalition.contract"
                " (contract_id, merchant_id, version, valid_from, terms, note, published_by)"
                " select $1, $2, coalesce(max(version), 0) + 1, $3, $4::jsonb, $5, $6"
                " from coalition.contract where merchant_id = $2"
                " on conflict (contract_id) do nothing returning contract_id",
                contract_id,
                merchant_id,
                valid_from,
                orjson.dumps(contracts.dump(read)).decode(),
                note,
                actor.actor_id or house.operator_id,
            )
            break
    else:
        raise errors.IdempotencyInProgress()
    version = await contract(db, contract_id)
    known = (version.merchant_id, version.terms, version.valid_from, version.note)
    if known != (merchant_id, read, valid_from, note):
        raise errors.IdempotencyKeyReused(first_used_at=version.published_at)
    await audit.write(
        db,
        actor=actor,
        act="contract.publish",
        subject=merchant_id,
        reason=note,
        once=contract_id,
    )
    return Published(version, replayed=created is None)


async def contract(db: Database, contract_id: UUID) -> Version:
    """One contract version; it never changes, so a process reads it once."""
    known = db.known.get(contract_id)
    if isinstance(known, Version):
        return known
    row = await db.fetchrow(
        "select contract_id, merchant_id, version, valid_from, terms, note, published_at"
        " from coalition.contract where contract_id = $1",
        contract_id,
    )
    if row is None:
        raise errors.NotFound()
    found = _version(row)
    db.known[contract_id] = found
    return found


async def contract_at(db: Database, merchant_id: UUID, at: datetime | None) -> Version:
    """The version in force at an instant (None: now, by the database clock)."""
    contract_id = await db.fetchval(
        "select contract_id from coalition.contract where merchant_id = $1"
        " and valid_from <= coalesce($2, clock_timestamp()) order by version desc limit 1",
        merchant_id,
        at,
    )
    if contract_id is None:
        raise errors.ContractMissing()
    return await contract(db, contract_id)


def _version(row: Any) -> Version:
    facts = dict(row)
    facts["terms"] = contracts.parse(orjson.loads(facts["terms"]))
    return Version(**facts)
