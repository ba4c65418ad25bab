"""Merchants as GraphQL: who they are, where they sell, and what they give back today."""

import enum
import uuid

import strawberry

from api.graphql import agreements, context, reports, scalars, shapes
from wallet import ids, merchants, money
from wallet.rules import contracts


@strawberry.enum(description="Whether a merchant may report and authorize.")
class MerchantStatus(enum.Enum):
    """As coalition.merchant.status."""

    ACTIVE = strawberry.enum_value("active", description="Gives and takes cashback.")
    SUSPENDED = strawberry.enum_value("suspended", description="The operator has stopped it.")


@strawberry.type(description="A place, site or app where a merchant sells.")
class Store:
    """As a purchase names it."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    external_id: str = strawberry.field(description="The merchant's own number for it.")
    name: str = strawberry.field(description="Shown name.")
    channel: reports.PurchaseChannel = strawberry.field(description="How it sells.")


@strawberry.type(description="What a merchant gives back on one category.")
class CashbackRate:
    """One rate of the contract in force."""

    category: str | None = strawberry.field(
        description="The category; null for everything that has no rate of its own."
    )
    percent: scalars.Decimal = strawberry.field(description="Of the price, 5.00 is 5 %.")


@strawberry.type(description="A merchant of the coalition.")
class Merchant(shapes.Node):
    """As every audience may see it; a row that names one knows its id and name without asking."""

    name: str = strawberry.field(description="Shown name.")
    key: strawberry.Private[uuid.UUID]
    facts: strawberry.Private[merchants.Merchant | None] = None

    @shapes.relation("slug", "Short name for addresses, such as `rosa-drugstore`.")
    async def slug(self, info: context.Info) -> str | None:
        """Read by the loader unless it is known."""
        return (await self._known(info)).slug

    @shapes.relation("industry", "What it sells.")
    async def industry(self, info: context.Info) -> str | None:
        """Read by the loader unless it is known."""
        return (await self._known(info)).industry

    @shapes.resolved(
        "status", "Whether it may report and authorize; null but for staff and itself."
    )
    async def status(self, info: context.Info) -> MerchantStatus | None:
        """Other merchants and members need not know who is late with an invoice."""
        principal = info.context.principal
        itself = (principal.kind, principal.principal_id) == ("merchant", self.key)
        if principal.kind != "staff" and not itself:
            return None
        return MerchantStatus((await self._known(info)).status)

    @shapes.listed("stores", "Where it sells, by its own numbers; at most 1,000.", size=20)
    async def stores(self, info: context.Info) -> list[Store] | None:
        """Read by the loader, so a page of merchants asks once."""
        return [show_store(row) for row in await info.context.loaders.stores.load(self.key)]

    @shapes.listed("cashbackRates", "What it gives back today; empty without a contract.", size=10)
    async def cashback_rates(self, info: context.Info) -> list[CashbackRate] | None:
        """Read by the loader, so a page of merchants asks once."""
        terms = await info.context.loaders.terms.load(self.key)
        return _rates(terms) if terms is not None else []

    @shapes.resolved("minimumBasket", "The smallest basket that earns; null for any.")
    async def minimum_basket(self, info: context.Info) -> shapes.Money | None:
        """As the rates; whether exactly it is enough stands in the decision's sentence."""
        terms = await info.context.loaders.terms.load(self.key)
        if terms is None or terms.minimum is None:
            return None
        return shapes.show(terms.minimum.amount_minor, money.asset(terms.asset))

    @shapes.resolved(
        "contractTerms",
        "What its contract says in words, in the language of the request where it has it; null if"
        " it says nothing.",
    )
    async def contract_terms(self, info: context.Info) -> agreements.TermsDocument | None:
        """Read by the loader, so a page of merchants asks once."""
        return agreements.best_or_none(await info.context.loaders.contract_words.load(self.key))

    async def _known(self, info: context.Info) -> merchants.Merchant:
        if self.facts is None:
            self.facts = await info.context.loaders.merchants.load(self.key)
        assert self.facts is not None, "a row names a merchant that does not exist"
        return self.facts


def show(merchant: merchants.Merchant) -> Merchant:
    """Return a merchant as GraphQL."""
    shown = named(merchant.merchant_id, merchant.name)
    assert shown is not None
    shown.facts = merchant
    return shown


def show_store(store: merchants.Store) -> Store:
    """Return a store as GraphQL."""
    return Store(
        id=strawberry.ID(ids.show("sto", store.store_id)),
        external_id=store.external_id,
        name=store.name,
        channel=reports.PurchaseChannel(store.channel),
    )


def named(merchant_id: uuid.UUID | None, name: str | None) -> Merchant | None:
    """Return a merchant of which a row knows id and name; null for none, and for the operator."""
    if merchant_id is None or name is None:
        return None
    return Merchant(id=strawberry.ID(ids.show("mer", merchant_id)), name=name, key=merchant_id)


async def load(info: context.Info, merchant_id: uuid.UUID) -> Merchant | None:
    """Return a merchant that a row names; null for the operator itself."""
    found = await info.context.loaders.merchants.load(merchant_id)
    return show(found) if found is not None else None


def percent(rate_bps: int) -> scalars.Decimal:
    """Print basis points as per cent: 525 is 5.25."""
    return scalars.Decimal(f"{rate_bps // 100}.{rate_bps % 100:02d}")


def _rates(terms: contracts.Terms) -> list[CashbackRate]:
    rates = [CashbackRate(category=None, percent=percent(terms.rates.default_bps))]
    rates += [
        CashbackRate(category=category, percent=percent(rate_bps))
        for category, rate_bps in sorted(terms.rates.by_category.items())
    ]
    return rates + [
        CashbackRate(category=category, percent=percent(0))
        for category in terms.base.excluded_categories
    ]
