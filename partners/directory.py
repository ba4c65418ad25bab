"""The directory of partners: which shops members may redeem at, how they are reached, what for.

A partner is a merchant's shop system, reached by one adapter in one asset for as long as it is
there: orders name it. What it is called, how it is configured and what it offers may change; each
change counts its version up, so that whoever keeps something of a partner knows when it is old.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from partners import addresses, registry
from partners.links import servers
from wallet import audit, errors, merchants, money, programme
from wallet.database import Database
from wallet.rules import charities, orders, text

PAGE_MAX: Final = 100
PARTNERS_MAX: Final = 1_000
"""Partners of one directory: each has credentials that somebody answers for."""
CONFIG_BYTES_MAX: Final = 16 * 1024
"""A configuration is a few addresses and ids; more of it is data, and belongs at the partner."""

Status: TypeAlias = Literal["active", "suspended"]

_SELECT: Final = (
    "select partner_id, merchant_id, slug, name, adapter, config, offers, asset, territories,"
    " status, version, created_at, changed_at from partner.partner"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What may change of a partner: its name, its configuration, its offers, and for whom.

    `territories` are ISO 3166 codes of where members must live; none: wherever they do.
    """

    name: str
    config: Mapping[str, object]
    offers: tuple[orders.Offer, ...]
    territories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner as it stands."""

    partner_id: UUID
    merchant_id: UUID
    slug: str
    adapter: str
    asset: money.Asset
    facts: Facts
    status: Status
    version: int
    created_at: datetime
    changed_at: datetime

    @property
    def name(self) -> str:
        """What members call it."""
        return self.facts.name

    @property
    def offers(self) -> tuple[orders.Offer, ...]:
        """What can be redeemed there, one offer of each kind."""
        return self.facts.offers

    def offer(self, kind: orders.Kind) -> orders.Offer | None:
        """The offer of a kind; None if it does not give that."""
        return next((one for one in self.offers if one.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Registered:
    """A partner that is registered; `replayed` if this id had been before."""

    partner: Partner
    replayed: bool


async def register(
    db: Database,
    adapters: registry.Registry,
    *,
    partner_id: UUID,
    merchant_id: UUID,
    slug: str,
    adapter: str,
    asset: money.Asset,
    facts: Facts,
    reason: str,
    actor: audit.Actor,
) -> Registered:
    """Register a partner. Repeating it is harmless; the same id with other facts is refused.

    ADAPTER_UNAVAILABLE, PARTNER_INVALID with the field at fault, NOT_FOUND for the merchant,
    CURRENCY_MISMATCH, and SLUG_TAKEN for the short name of another partner.
    """
    audit.check_reason(reason)
    merchants.check_slug(slug)
    kind = adapters.find(adapter)
    await _check_asset(db, kind.caps.currencies, asset)
    check(kind, facts)
    await merchants.find(db, merchant_id)
    if await db.fetchval("select count(*) from partner.partner") >= PARTNERS_MAX:
        raise errors.TooMany(limit=PARTNERS_MAX)
    try:
        made = await db.fetchval(
            "insert into partner.partner (partner_id, merchant_id, slug, name, adapter, config,"
            " offers, asset, territories) values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9)"
            " on conflict (partner_id) do nothing returning partner_id",
            *(partner_id, merchant_id, slug, facts.name, adapter, *_documents(facts)),
            *(asset.number, list(facts.territories)),
        )
    except asyncpg.UniqueViolationError:
        taken = "Another partner has this short name. Choose another."
        raise errors.SlugTaken(taken, path=("slug",)) from None
    found = await find(db, partner_id)
    if made is None and not _is_same(found, merchant_id, slug, adapter, asset, facts):
        raise errors.IdempotencyKeyReused(first_used_at=found.created_at)
    await audit.write(
        db,
        actor=actor,
        act="partner.register",
        subject=partner_id,
        reason=reason,
        detail={"adapter": adapter, **_told(facts)},
        once=partner_id,
    )
    return Registered(found, replayed=made is None)


async def change(
    db: Database,
    adapters: registry.Registry,
    *,
    partner_id: UUID,
    facts: Facts,
    reason: str,
    actor: audit.Actor,
) -> Partner:
    """Say anew what may change of a partner. Repeating it changes nothing more."""
    audit.check_reason(reason)
    before = await find(db, partner_id)
    check(adapters.find(before.adapter), facts)
    config, offers = _documents(facts)
    changed = await db.fetchval(
        "update partner.partner set name = $2, config = $3::jsonb, offers = $4::jsonb,"
        " territories = $5, version = version + 1, changed_at = clock_timestamp()"
        " where partner_id = $1 and (name, config, offers, territories) is distinct from"
        " ($2, $3::jsonb, $4::jsonb, $5) returning version",
        *(partner_id, facts.name, config, offers, list(facts.territories)),
    )
    if changed is not None:
        await audit.write(
            db,
            actor=actor,
            act="partner.change",
            subject=partner_id,
            reason=reason,
            detail={"before": _told(before.facts), "after": _told(facts), "version": changed},
        )
    return await find(db, partner_id)


async def set_status(
    db: Database, partner_id: UUID, *, status: Status, reason: str, actor: audit.Actor
) -> Partner:
    """Suspend or reinstate a partner; a suspended one takes no new order, and ends the open ones.

    Repeating it changes nothing.
    """
    audit.check_reason(reason)
    await db.execute(
        "update partner.partner set status = $2, version = version + 1,"
        " changed_at = clock_timestamp() where partner_id = $1 and status <> $2",
        partner_id,
        status,
    )
    partner = await find(db, partner_id)
    await audit.write(db, actor=actor, act=f"partner.{status}", subject=partner_id, reason=reason)
    return partner


async def find(db: Database, partner_id: UUID) -> Partner:
    """The partner with this id, or NOT_FOUND."""
    found = (await find_many(db, [partner_id])).get(partner_id)
    if found is None:
        raise errors.NotFound(path=("partner_id",))
    return found


async def find_many(db: Database, partner_ids: Sequence[UUID]) -> dict[UUID, Partner]:
    """The partners with these ids, for a loader; those that are not there are left out."""
    rows = await db.fetch(f"{_SELECT} where partner_id = any($1)", list(partner_ids))
    return {row["partner_id"]: _partner(row) for row in rows}


async def of_slug(db: Database, slug: str) -> Partner:
    """The partner with this short name, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where slug = $1", slug)
    if row is None:
        raise errors.NotFound(path=("slug",))
    return _partner(row)


async def page(
    db: Database,
    *,
    first: int,
    after: tuple[str, UUID] | None,
    status: Status | None = None,
    merchant_id: UUID | None = None,
) -> list[Partner]:
    """Partners by name; `after` is the name and id of the last one seen. At most `first`."""
    assert 0 < first <= PAGE_MAX + 1
    name, last = after or ("", UUID(int=0))
    rows = await db.fetch(
        f"{_SELECT} where (name, partner_id) > ($1, $2) and ($3::text is null or status = $3)"
        " and ($4::uuid is null or merchant_id = $4) order by name, partner_id limit $5",
        *(name, last, status, merchant_id, first),
    )
    return [_partner(row) for row in rows]


def check(kind: Any, facts: Facts) -> None:
    """Refuse what a partner of this kind cannot be: PARTNER_INVALID at the field at fault."""
    text.check(facts.name, "name", chars_max=merchants.NAME_CHARS_MAX)
    if len(orjson.dumps(facts.config)) > CONFIG_BYTES_MAX:
        raise errors.TooMany(path=("config",), limit=CONFIG_BYTES_MAX)
    config = registry.configured(kind, facts.config)
    _check_oauth(facts.config.get("oauth"))
    try:
        for host in kind.hosts(config):
            addresses.parse(host)
    except Exception:  # whatever somebody's adapter makes of an address that is none
        raise errors.PartnerInvalid(
            "These addresses lead to no host. Correct the configuration.", path=("config",)
        ) from None
    kinds = [one.kind for one in facts.offers]
    if not kinds or len(set(kinds)) < len(kinds):
        raise errors.PartnerInvalid(
            "A partner has one offer of each kind that it gives. Name each kind once.",
            path=("offers",),
        )
    for place, one in enumerate(facts.offers):
        if one.kind not in kind.caps.kinds:
            gives = ", ".join(kind.caps.kinds)
            raise errors.PartnerInvalid(
                f"This adapter gives {gives}. Choose among these.",
                path=("offers", str(place), "kind"),
            )
        orders.check_offer(one, "offers", str(place))
    for place, country in enumerate(facts.territories):
        if country not in charities.COUNTRIES or country in facts.territories[:place]:
            raise errors.PartnerInvalid(
                "A territory is a country by ISO 3166-1, two letters. Name each once.",
                path=("territories", str(place)),
            )


def _check_oauth(document: object) -> None:
    try:
        if document is not None:
            servers.read(document)
    except servers.Misconfigured as wrong:
        raise errors.PartnerInvalid(
            f"Members cannot link so: {wrong}. Correct it.", path=("config", "oauth")
        ) from None


async def _check_asset(db: Database, currencies: Sequence[str], asset: money.Asset) -> None:
    house = (await programme.of(db)).asset
    if asset.kind == "money" and asset != house:
        raise errors.CurrencyMismatch(
            f"Members have {house.code}. Send that currency.", path=("currency",)
        )
    if currencies and asset.code not in currencies:
        raise errors.PartnerInvalid(
            f"This adapter keeps {', '.join(currencies)}. Choose among these.", path=("currency",)
        )


def _is_same(
    found: Partner, merchant_id: UUID, slug: str, adapter: str, asset: money.Asset, facts: Facts
) -> bool:
    """Whether a registration says what the first one said; what changed since is not its fault."""
    told = (merchant_id, slug, adapter, asset)
    known = (found.merchant_id, found.slug, found.adapter, found.asset)
    return told == known and (found.version > 1 or found.facts == facts)


def _documents(facts: Facts) -> tuple[str, str]:
    offers = [asdict(one) for one in facts.offers]
    return orjson.dumps(facts.config).decode(), orjson.dumps(offers).decode()


def _told(facts: Facts) -> dict[str, object]:
    return {
        "name": facts.name,
        "config": dict(facts.config),
        "offers": [asdict(one) for one in facts.offers],
        "territories": list(facts.territories),
    }


def _partner(row: asyncpg.Record) -> Partner:
    return Partner(
        partner_id=row["partner_id"],
        merchant_id=row["merchant_id"],
        slug=row["slug"],
        adapter=row["adapter"],
        asset=money.asset_by_number(row["asset"]),
        facts=Facts(
            name=row["name"],
            config=orjson.loads(row["config"]),
            offers=tuple(orders.Offer(**one) for one in orjson.loads(row["offers"])),
            territories=tuple(row["territories"]),
        ),
        status=row["status"],
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
