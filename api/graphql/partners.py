"""Partners as GraphQL: shops where members redeem; for the staff also how they are reached."""

import enum
import uuid
from typing import Annotated, Any, Final

import strawberry

from api.graphql import context, cost, failures, merchants, permissions, scalars, shapes
from partners import adapter, credentials, directory, registry
from wallet import errors, ids, money
from wallet.rules import orders

WRITE: Final = "merchants:write"


@strawberry.enum(description="What a member gets at a partner.")
class PartnerOfferKind(enum.Enum):
    """As orders.Kind; a test compares both."""

    GIFT_CARD = strawberry.enum_value("gift_card", description="A gift card with its own code.")
    STORE_CREDIT = strawberry.enum_value("store_credit", description="Credit on the account.")
    COUPON = strawberry.enum_value("coupon", description="A discount, for one purchase.")
    POINTS = strawberry.enum_value("points", description="The partner's own points.")


@strawberry.enum(description="Whether a partner takes orders.")
class PartnerStatus(enum.Enum):
    """As directory.Status; a test compares both."""

    ACTIVE = strawberry.enum_value("active", description="It does.")
    SUSPENDED = strawberry.enum_value("suspended", description="The operator has stopped it.")


@strawberry.enum(description="What a secret of a partner is for.")
class PartnerSecretName(enum.Enum):
    """As credentials.Name; a test compares both."""

    CREDENTIAL = strawberry.enum_value("credential", description="What we speak to it with.")
    CLIENT = strawberry.enum_value(
        "client", description="Our secret at its authorization server, for members' links."
    )
    WEBHOOK = strawberry.enum_value("webhook", description="What it signs its messages with.")


@strawberry.enum(description="What happens when one order reaches a partner twice.")
class PartnerIdempotency(enum.Enum):
    """As adapter.Idempotency; a test compares both."""

    KEYED = strawberry.enum_value("keyed", description="It answers as it did the first time.")
    NATURAL = strawberry.enum_value("natural", description="It says that the code exists.")
    NONE = strawberry.enum_value("none", description="It does it again, so we look first.")


@strawberry.enum(description="Whether an adapter can be used.")
class AdapterState(enum.Enum):
    """As registry.State; a test compares both."""

    READY = strawberry.enum_value("ready", description="It can.")
    NOT_ALLOWED = strawberry.enum_value("not_allowed", description="The settings do not name it.")
    COLLISION = strawberry.enum_value("collision", description="Two distributions offer it.")
    BROKEN = strawberry.enum_value("broken", description="It cannot be imported, or is none.")


@strawberry.type(description="One kind that a partner gives for value.")
class PartnerOffer:
    """The amounts that fit: the minimum, and whole steps above it up to the maximum."""

    kind: PartnerOfferKind = strawberry.field(description="What a member gets.")
    minimum: shapes.Money = strawberry.field(description="The smallest amount.")
    maximum: shapes.Money = strawberry.field(description="The largest amount.")
    step: shapes.Money = strawberry.field(description="By how much amounts differ.")
    needs_link: bool = strawberry.field(
        description="True if it goes to an account that the member connects there first."
    )


@strawberry.type(description="A shop where members redeem.")
class Partner(shapes.Node):
    """As everybody may see it."""

    slug: str = strawberry.field(description="Short name for addresses, such as `rosa-online`.")
    name: str = strawberry.field(description="Shown name.")
    status: PartnerStatus = strawberry.field(description="Whether it takes orders.")
    needs_link: bool = strawberry.field(
        description="True if something of it goes to an account that a member connects."
    )
    offers: list[PartnerOffer] = strawberry.field(
        description="What can be redeemed there: at most one offer of each kind.",
        directives=[cost.ListSize(assumed_size=2)],
    )
    territories: list[str] = strawberry.field(
        description="For members of these countries, ISO 3166-1, at most 250; none: for all."
    )
    facts: strawberry.Private[directory.Partner]

    @shapes.relation("merchant", "Whose shop it is.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read by the loader, so a page of partners asks once."""
        return await merchants.load(info, self.facts.merchant_id)


@strawberry.type(description="That a secret of a partner is set; never a letter of it.")
class PartnerSecret:
    """Two of one name while one is being replaced."""

    name: PartnerSecretName = strawberry.field(description="What it is for.")
    created_at: scalars.DateTime = strawberry.field(description="When it was set.")
    old: bool = strawberry.field(description="True if a newer one is tried first.")


@strawberry.type(description="What an adapter's partners can do.")
class AdapterCapabilities:
    """As the adapter declares it, and its author has tested it."""

    kinds: list[PartnerOfferKind] = strawberry.field(
        description="What a member can get; at most four."
    )
    currencies: list[str] = strawberry.field(
        description="In which currencies, at most one of each; none: whatever the shop is set to."
    )
    idempotency: PartnerIdempotency = strawberry.field(description="What twice the same does.")
    key_lasts_seconds: int | None = strawberry.field(
        description="How long our key is remembered there; null for no end, or no keys."
    )
    settles_seconds: int = strawberry.field(
        description="How long a request may still take effect after we gave up on it."
    )
    finds: bool = strawberry.field(description="It can be asked what became of an order.")
    reverses: bool = strawberry.field(description="It takes back what is unspent.")
    reverses_in_part: bool = strawberry.field(description="Also a part of it.")
    lists: bool = strawberry.field(description="It lists all that we had issued.")
    linked: list[PartnerOfferKind] = strawberry.field(
        description="What goes to an account that a member connects; at most four."
    )
    reports: bool = strawberry.field(description="It sends messages, signed.")


@strawberry.type(description="What speaks to one kind of shop system.")
class Adapter:
    """For the staff."""

    name: str = strawberry.field(description="What a partner is registered with.")
    about: str = strawberry.field(description="What it is, in a line; empty if it cannot be used.")
    source: str = strawberry.field(description="Which distributions offer it.")
    state: AdapterState = strawberry.field(description="Whether it can be used.")
    problem: str | None = strawberry.field(description="Why not; null if it can.")
    config_schema: scalars.Json | None = strawberry.field(
        description="The JSON Schema of a partner's configuration; null if it cannot be used."
    )
    capabilities: AdapterCapabilities | None = strawberry.field(
        description="What it can do; null if it cannot be used."
    )


@strawberry.type(description="How a partner is reached.")
class PartnerSettings:
    """For the staff."""

    adapter: str = strawberry.field(description="Which adapter reaches it.")
    config: scalars.Json = strawberry.field(description="What the adapter is told; no secret.")
    version: int = strawberry.field(description="How often it was said anew, from 1.")
    created_at: scalars.DateTime = strawberry.field(description="When it was registered.")
    changed_at: scalars.DateTime = strawberry.field(description="When it last changed.")
    secrets: list[PartnerSecret] = strawberry.field(
        description="Which secrets are set, by name; at most 6.",
        directives=[cost.ListSize(assumed_size=2)],
    )


Which = Annotated[strawberry.ID, strawberry.argument(description="Which partner.")]
Status = Annotated[
    PartnerStatus | None, strawberry.argument(description="Only these; null for all.")
]


@strawberry.type
class Query:
    """Root fields for everybody, and for the staff how partners are reached."""

    @permissions.root(
        "Query.partners",
        "Shops where members redeem, by name; those that take orders, unless asked otherwise.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def partners_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        status: Status = PartnerStatus.ACTIVE,
    ) -> shapes.Connection[Partner] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await directory.page(
            info.context.db,
            first=first + 1,
            after=shapes.place_of(after, str),
            status=None if status is None else shapes.value(status),
        )
        return shapes.page(
            [show(info, row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.name, row.facts.partner_id),
        )

    @permissions.root(
        "Query.partnerSettings", "How a partner is reached; null for what is no partner's id."
    )
    async def partner_settings(
        self, info: context.Info, partner_id: Which
    ) -> PartnerSettings | None:
        """Two round trips."""
        try:
            found = await directory.find(info.context.db, ids.parse("par", partner_id))
        except (ValueError, errors.NotFound):
            return None
        known = await credentials.known(info.context.db, [found.partner_id])
        return PartnerSettings(
            adapter=found.adapter,
            config=scalars.Json(dict(found.facts.config)),
            version=found.version,
            created_at=scalars.DateTime(found.created_at),
            changed_at=scalars.DateTime(found.changed_at),
            secrets=[_secret(one) for one in known[found.partner_id]],
        )

    @permissions.root(
        "Query.adapters",
        "The adapters of this installation by name, and what keeps one from being used; at most"
        f" {registry.OFFERED_MAX}.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=20),
    )
    async def adapters(self, info: context.Info) -> list[Adapter] | None:
        """No round trip; those that may be used are imported."""
        return [_adapter(one) for one in info.context.adapters.listed()]


def show(info: context.Info, row: directory.Partner) -> Partner:
    """Return a partner as GraphQL."""
    kind = info.context.adapters.look(row.adapter).kind
    linked = () if kind is None else kind.caps.linked
    return Partner(
        id=strawberry.ID(ids.show("par", row.partner_id)),
        slug=row.slug,
        name=row.name,
        status=PartnerStatus(row.status),
        needs_link=any(one.kind in linked for one in row.offers),
        offers=[offer(one, row.asset, needs_link=one.kind in linked) for one in row.offers],
        territories=list(row.facts.territories),
        facts=row,
    )


async def node(info: context.Info, partner_id: uuid.UUID) -> Partner | None:
    """Return a partner to everybody."""
    return show(info, await directory.find(info.context.db, partner_id))


def offers(told: list[Any], asset: money.Asset, *path: str) -> tuple[orders.Offer, ...]:
    """Return offers as the directory takes them; AMOUNT_INVALID at the amount at fault."""
    found = []
    for place, one in enumerate(told):
        minor = {
            name: shapes.minor(getattr(one, name), asset, path=(*path, str(place), name))
            for name in ("minimum", "maximum", "step")
            if getattr(one, name) is not None
        }
        found.append(
            orders.Offer(
                kind=shapes.value(one.kind),
                minimum_minor=minor["minimum"],
                maximum_minor=minor["maximum"],
                step_minor=minor.get("step", 1),
            )
        )
    return tuple(found)


def config(told: object) -> dict[str, object]:
    """Return a configuration; raises BAD_USER_INPUT for what is no object."""
    if not isinstance(told, dict):
        raise failures.Failure("BAD_USER_INPUT", "`config` is a JSON object.")
    return told


def offer(one: orders.Offer, asset: money.Asset, *, needs_link: bool) -> PartnerOffer:
    """Return an offer as GraphQL."""
    return PartnerOffer(
        kind=PartnerOfferKind(one.kind),
        minimum=shapes.show(one.minimum_minor, asset),
        maximum=shapes.show(one.maximum_minor, asset),
        step=shapes.show(one.step_minor, asset),
        needs_link=needs_link,
    )


def _secret(one: credentials.Known) -> PartnerSecret:
    return PartnerSecret(
        name=PartnerSecretName(one.name),
        created_at=scalars.DateTime(one.created_at),
        old=one.is_old,
    )


def _adapter(one: registry.Listed) -> Adapter:
    kind = one.kind
    return Adapter(
        name=one.name,
        about="" if kind is None else kind.about,
        source=one.source,
        state=AdapterState(one.state),
        problem=one.why or None,
        config_schema=None if kind is None else scalars.Json(registry.config_schema(kind)),
        capabilities=None if kind is None else _capabilities(kind.caps),
    )


def _capabilities(caps: adapter.Capabilities) -> AdapterCapabilities:
    lasts = caps.key_lasts
    return AdapterCapabilities(
        kinds=[PartnerOfferKind(one) for one in caps.kinds],
        currencies=list(caps.currencies),
        idempotency=PartnerIdempotency(caps.idempotency.value),
        key_lasts_seconds=None if lasts is None else int(lasts.total_seconds()),
        settles_seconds=int(caps.settles.total_seconds()),
        finds=caps.finds,
        reverses=caps.reverses,
        reverses_in_part=caps.reverses_in_part,
        lists=caps.lists,
        linked=[PartnerOfferKind(one) for one in caps.linked],
        reports=caps.reports,
    )
