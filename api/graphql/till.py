"""What a merchant's till may ask and do: hold, capture, release, refund.

The merchant is always the one of the token. A redemption at another merchant is answered like one
that does not exist.
"""

from typing import Annotated, TypeAlias

import strawberry

from api.graphql import context, permissions, redemptions, refusals, scalars, shapes
from wallet import redeem
from wallet.rules import purchases as purchase_rules
from wallet.rules import text

RedemptionError: TypeAlias = Annotated[
    refusals.CaptureExceedsHold
    | refusals.IdempotencyKeyReused
    | refusals.InsufficientFunds
    | refusals.RefundExceedsCapture
    | refusals.Refusal,
    strawberry.union("RedemptionError", description="Why a step of a redemption was refused."),
]


@strawberry.type(description="Outcome of a step of a redemption.")
class RedemptionPayload:
    """The redemption as it stands after the step."""

    redemption: redemptions.Redemption | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[RedemptionError] = shapes.refused()


@strawberry.input(description="Hold cashback for an order.")
class RedemptionAuthorizeInput:
    """The code proves that the member is there."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    code: str = strawberry.field(description="The one-time code that the member's app shows.")
    amount: shapes.MoneyInput = strawberry.field(description="How much to hold.")
    order_reference: str = strawberry.field(description="Your own number of the order.")
    store_external_id: str | None = strawberry.field(
        default=None, description="Your own id of the shop."
    )


@strawberry.input(description="Spend what is held, or a part of it.")
class RedemptionCaptureInput:
    """What is not captured goes back at once."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    redemption_id: strawberry.ID = strawberry.field(description="Which hold.")
    amount: shapes.MoneyInput | None = strawberry.field(
        default=None, description="How much; null for all that is held."
    )


@strawberry.input(description="Give up a hold.")
class RedemptionReleaseInput:
    """All of it goes back."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    redemption_id: strawberry.ID = strawberry.field(description="Which hold.")


@strawberry.input(description="Give back what was spent, or a part of it.")
class RedemptionRefundInput:
    """It goes back to the lots that paid."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    redemption_id: strawberry.ID = strawberry.field(description="Which redemption.")
    amount: shapes.MoneyInput | None = strawberry.field(
        default=None, description="How much; null for all that is left."
    )


@strawberry.type
class Query:
    """Root fields for tills."""

    @permissions.root("Query.redemption", "A redemption at your tills; null if there is none.")
    async def redemption(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The redemption's id.")
        ],
    ) -> redemptions.Redemption | None:
        """Its own only."""
        return await redemptions.own(info, shown)


@strawberry.type
class Mutation:
    """Root fields for tills."""

    @permissions.root(
        "Mutation.redemptionAuthorize", "Hold cashback for an order; capture or release it in time."
    )
    @refusals.answered(RedemptionPayload)
    async def redemption_authorize(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionAuthorizeInput, strawberry.argument(name="input", description="The hold.")
        ],
    ) -> RedemptionPayload | None:
        """The one way by which a member's value starts to leave."""
        amount_minor, asset = shapes.amount(told.amount)
        if told.store_external_id is not None:
            text.check(
                told.store_external_id, "store", chars_max=purchase_rules.REFERENCE_CHARS_MAX
            )
        return _done(
            await redeem.hold(
                info.context.db,
                merchant_id=context.merchant(info),
                request_id=context.request(info, "redemptionAuthorize", told.idempotency_key),
                code=told.code,
                amount_minor=amount_minor,
                asset=asset,
                order_reference=told.order_reference,
                store=told.store_external_id,
            )
        )

    @permissions.root(
        "Mutation.redemptionCapture", "Spend what is held, or a part; the rest goes back at once."
    )
    @refusals.answered(RedemptionPayload)
    async def redemption_capture(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionCaptureInput, strawberry.argument(name="input", description="The capture.")
        ],
    ) -> RedemptionPayload | None:
        """Exactly once per hold."""
        amount_minor, asset = shapes.amount_or_none(told.amount)
        return _done(
            await redeem.capture(
                info.context.db,
                merchant_id=context.merchant(info),
                request_id=context.request(info, "redemptionCapture", told.idempotency_key),
                redemption_id=shapes.key("red", told.redemption_id, path=("redemption_id",)),
                amount_minor=amount_minor,
                asset=asset,
            )
        )

    @permissions.root("Mutation.redemptionRelease", "Give up a hold: all of it goes back.")
    @refusals.answered(RedemptionPayload)
    async def redemption_release(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionReleaseInput, strawberry.argument(name="input", description="The release.")
        ],
    ) -> RedemptionPayload | None:
        """A hold that nobody releases expires by itself."""
        return _done(
            await redeem.release(
                info.context.db,
                merchant_id=context.merchant(info),
                request_id=context.request(info, "redemptionRelease", told.idempotency_key),
                redemption_id=shapes.key("red", told.redemption_id, path=("redemption_id",)),
            )
        )

    @permissions.root(
        "Mutation.redemptionRefund", "Give back what was spent, or a part, to the value that paid."
    )
    @refusals.answered(RedemptionPayload)
    async def redemption_refund(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionRefundInput, strawberry.argument(name="input", description="The refund.")
        ],
    ) -> RedemptionPayload | None:
        """Never more than was captured."""
        amount_minor, asset = shapes.amount_or_none(told.amount)
        return _done(
            await redeem.refund(
                info.context.db,
                merchant_id=context.merchant(info),
                request_id=context.request(info, "redemptionRefund", told.idempotency_key),
                redemption_id=shapes.key("red", told.redemption_id, path=("redemption_id",)),
                amount_minor=amount_minor,
                asset=asset,
            )
        )


def _done(outcome: redeem.Outcome) -> RedemptionPayload:
    return RedemptionPayload(
        redemption=redemptions.show(outcome.redemption), replayed=outcome.replayed
    )
