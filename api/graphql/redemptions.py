"""Redemptions as GraphQL: value held at a till, and what became of the hold."""

import datetime
import enum
import uuid

import strawberry

from api.graphql import context, merchants, partner_redemptions, scalars, shapes
from wallet import errors, ids, redeem, statements


@strawberry.enum(description="Where a redemption stands.")
class RedemptionStatus(enum.Enum):
    """As wallet.rules.redemption.STATES; a test compares both."""

    HELD = strawberry.enum_value("held", description="Set aside; capture or release it in time.")
    CAPTURED = strawberry.enum_value("captured", description="Spent, all or a part.")
    RELEASED = strawberry.enum_value("released", description="Given up by the merchant, unspent.")
    EXPIRED = strawberry.enum_value("expired", description="Not captured in time, unspent.")
    REFUNDED = strawberry.enum_value("refunded", description="Spent, and given back in full.")


@strawberry.type(description="Cashback spent at a merchant.")
class Redemption(shapes.Node):
    """One hold and what became of it."""

    status: RedemptionStatus = strawberry.field(description="Where it stands.")
    order_reference: str = strawberry.field(description="The merchant's own number.")
    amount: shapes.Money = strawberry.field(description="What was held.")
    captured: shapes.Money = strawberry.field(description="What was spent of it.")
    released: shapes.Money = strawberry.field(description="What was set free of it, unspent.")
    refunded: shapes.Money = strawberry.field(description="What was given back after that.")
    held_at: scalars.DateTime = strawberry.field(description="When it was set aside.")
    expires_at: scalars.DateTime = strawberry.field(
        description="From this instant on an open hold can no longer be captured."
    )
    resolved_at: scalars.DateTime | None = strawberry.field(
        description="When it was captured, released or expired; null while it is held."
    )
    merchant_id: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]

    @shapes.resolved("merchant", "Where it is spent.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read only when asked for: a till knows its own name."""
        return await merchants.load(info, self.merchant_id)

    @shapes.resolved(
        "atPartner", "What was redeemed at a partner, and where it stands; null for a till's."
    )
    async def at_partner(self, info: context.Info) -> partner_redemptions.PartnerRedemption | None:
        """Read by the loader, so a page of redemptions asks once; a merchant sees none of it."""
        if info.context.principal.kind == "merchant":
            return None
        return await partner_redemptions.of(info, self.key)


@strawberry.type(description="A code that the member shows at the till; it works once.")
class RedemptionCode:
    """The only time the code is readable: afterwards only its hash is kept."""

    code: str = strawberry.field(description="Show it at the till, as text or as a barcode.")
    expires_at: scalars.DateTime = strawberry.field(description="When it stops working.")


def show(redemption: redeem.Redemption) -> Redemption:
    """Return a redemption as GraphQL."""
    asset = redemption.asset
    return Redemption(
        id=strawberry.ID(ids.show("red", redemption.redemption_id)),
        status=RedemptionStatus(redemption.state),
        order_reference=redemption.order_reference,
        amount=shapes.show(redemption.amount_minor, asset),
        captured=shapes.show(redemption.captured_minor, asset),
        released=shapes.show(redemption.released_minor, asset),
        refunded=shapes.show(redemption.refunded_minor, asset),
        held_at=scalars.DateTime(redemption.held_at),
        expires_at=scalars.DateTime(redemption.expires_at),
        resolved_at=scalars.instant(redemption.resolved_at),
        merchant_id=redemption.merchant_id,
        key=redemption.redemption_id,
    )


async def own(info: context.Info, text: str) -> Redemption | None:
    """Return a redemption of the merchant who calls, or None."""
    try:
        found = await redeem.find(info.context.db, ids.parse("red", text))
    except (ValueError, errors.NotFound):
        return None
    return show(found) if found.merchant_id == context.merchant(info) else None


async def page(
    info: context.Info, wallet_id: uuid.UUID, *, first: int, after: str | None
) -> shapes.Connection[Redemption]:
    """Return a page of a wallet's redemptions to whoever may see the wallet."""
    shapes.first_of(first)
    before = shapes.place_of(after, datetime.datetime)
    rows = await statements.redemptions(
        info.context.page, wallet_id, first=first + 1, before=before
    )
    return shapes.page(
        [show(row) for row in rows],
        first=first,
        after=after,
        cursor=lambda row: scalars.cursor(row.held_at, row.key),
    )


async def node(info: context.Info, redemption_id: uuid.UUID) -> Redemption | None:
    """Return a redemption to its merchant, its member or support."""
    found = await redeem.find(info.context.db, redemption_id)
    visible = context.may_see(
        info,
        wallet_id=found.wallet_id,
        merchant_id=found.merchant_id,
        scope="redemptions:read",
    )
    return show(found) if visible else None
