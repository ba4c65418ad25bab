"""Merchants as GraphQL: who they are and what they give back today."""

import uuid

import strawberry

from api.graphql import context, scalars, shapes
from wallet import ids, merchants, money
from wallet.rules import contracts


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

    @shapes.relation("cashbackRates", "What it gives back today; empty without a contract.")
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
