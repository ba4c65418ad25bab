"""Benefits as GraphQL: coupons and other things that are no money, and how a merchant uses one up.

Whoever holds a `Benefit` was allowed to load it: its member, support, or the merchant that has just
given it or used it.
"""

import enum
import uuid
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import context, permissions, refusals, scalars, shapes
from wallet import ids
from wallet.campaigns import benefits, earned


@strawberry.enum(description="How a benefit is used.")
class BenefitKind(enum.Enum):
    """As earned.BenefitKind; a test compares both."""

    COUPON = strawberry.enum_value(
        "coupon", description="By showing it with a purchase: name it in `coupons`."
    )
    BENEFIT = strawberry.enum_value(
        "benefit", description="By showing it to the merchant, who marks it used."
    )
    BADGE = strawberry.enum_value(
        "badge", description="It lasts: a merchant sees it among the member's entitlements."
    )
    BADGE_ONCE = strawberry.enum_value(
        "badge_once", description="A badge for once: show it with a purchase, or to the merchant."
    )


@strawberry.type(description="Something that is no money: a coupon, or what a merchant does once.")
class Benefit(shapes.Node):
    """As earned.Benefit."""

    kind: BenefitKind = strawberry.field(description="How it is used.")
    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it is, in words; may be empty.")
    campaign_name: str = strawberry.field(description="The campaign that gave it.")
    granted_at: scalars.DateTime = strawberry.field(description="When it was given.")
    expires_at: scalars.DateTime | None = strawberry.field(
        description="The first instant at which it can no longer be used; null if never."
    )
    used_at: scalars.DateTime | None = strawberry.field(
        description="When it was used; null while it is not."
    )


BenefitError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("BenefitError", description="Why a benefit was not used."),
]


@strawberry.type(description="Outcome of using a benefit.")
class BenefitUsePayload:
    """The benefit as it stands after it."""

    benefit: Benefit | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[BenefitError] = shapes.refused()


@strawberry.input(description="A benefit that you give a member now.")
class BenefitUseInput:
    """For all but coupons, which a purchase shows."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    benefit_id: strawberry.ID = strawberry.field(description="What the member shows.")


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.benefitUse", "Mark a benefit used that is no coupon: once, and for good."
    )
    @refusals.answered(BenefitUsePayload)
    async def benefit_use(
        self,
        info: context.Info,
        told: Annotated[
            BenefitUseInput, strawberry.argument(name="input", description="The benefit.")
        ],
    ) -> BenefitUsePayload | None:
        """Of campaigns that hold at the merchant; others are answered like none."""
        used = await benefits.use(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "benefitUse", told.idempotency_key),
            benefit_id=shapes.key("ben", told.benefit_id, path=("benefit_id",)),
        )
        return BenefitUsePayload(benefit=show(used.benefit), replayed=used.replayed)


def show(row: earned.Benefit) -> Benefit:
    """Return a benefit as GraphQL."""
    return Benefit(
        id=strawberry.ID(ids.show("ben", row.benefit_id)),
        kind=BenefitKind(row.kind),
        name=row.name,
        about=row.about,
        campaign_name=row.campaign,
        granted_at=scalars.DateTime(row.granted_at),
        expires_at=scalars.instant(row.expires_at),
        used_at=scalars.instant(row.used_at),
    )


async def node(info: context.Info, benefit_id: uuid.UUID) -> Benefit | None:
    """Return a benefit to its member or support."""
    found = await earned.benefit(info.context.db, benefit_id)
    return show(found) if context.may_see(info, wallet_id=found.wallet_id) else None
