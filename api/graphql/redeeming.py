"""What a member may do at partners: redeem, and take back what is unspent there."""

from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import (
    context,
    partners,
    permissions,
    redemptions,
    refusals,
    scalars,
    shapes,
    step_up,
)
from partners import eligible, saga
from wallet import errors, ids, orders, redeem

RedemptionCreateError: TypeAlias = Annotated[
    refusals.InsufficientFunds | refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("RedemptionCreateError", description="Why nothing was redeemed."),
]


@strawberry.type(description="Outcome of redeeming at a partner.")
class RedemptionCreatePayload:
    """As it stands after the partner was asked once, for three seconds at most."""

    redemption: redemptions.Redemption | None = strawberry.field(
        default=None, description="The redemption as it stands; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[RedemptionCreateError] = shapes.refused()


@strawberry.input(description="What to redeem at a partner.")
class RedemptionCreateInput:
    """What the partner does not answer in time goes on without the caller."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    partner_id: strawberry.ID = strawberry.field(description="Where.")
    kind: partners.PartnerOfferKind = strawberry.field(description="What.")
    amount: shapes.MoneyInput = strawberry.field(description="How much of the wallet.")


@strawberry.input(description="What to take back at a partner.")
class RedemptionReverseInput:
    """Only what is unspent there, and whole."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    redemption_id: strawberry.ID = strawberry.field(description="Which redemption.")


STAYS: Final = (
    "The partner did not take it back: it was used there, or is too old. Ask its people instead."
)


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.redemptionCreate",
        "Redeem at a partner. The first time there, from a device, or of an unusual amount needs a"
        " sign-in of the last five minutes.",
    )
    @refusals.answered(RedemptionCreatePayload)
    async def redemption_create(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionCreateInput, strawberry.argument(name="input", description="Where and what.")
        ],
    ) -> RedemptionCreatePayload | None:
        """The value is set aside before the partner is asked; what it says decides."""
        db, member = info.context.db, context.member(info)
        request_id = context.request(info, "redemptionCreate", told.idempotency_key)
        partner_id = shapes.key("par", told.partner_id, path=("partner_id",))
        kind = shapes.value(told.kind)
        who = eligible.Who(member.member_id, member.wallet_id)
        option = await eligible.at(db, info.context.adapters, who, partner_id, kind)
        amount, asset = shapes.amount(told.amount)
        if asset != option.asset:
            raise errors.CurrencyMismatch(path=("amount", "currency"))
        if await orders.known(db, ids.placed(request_id, ids.bucket_of(member.wallet_id))) is None:
            # Whoever asks again is told what became of it, whatever is open to them by now.
            eligible.check(option, amount)
            principal = info.context.principal
            assert principal.at is not None, "a member's token is looked up with the time"
            step_up.check(
                info,
                now=principal.at,
                partner_known=option.met,
                amount_minor=amount,
                largest_minor=option.largest_minor,
                path=("partner_id",),
            )
        begun = await saga.begin(
            info.context.saga,
            wallet_id=member.wallet_id,
            request_id=request_id,
            wish=orders.Wish(
                partner_id=partner_id,
                merchant_id=option.merchant_id,
                kind=kind,
                amount_minor=amount,
                asset=asset,
                kid=info.context.vault.kid,
                link_id=option.link_id,
                subject=option.subject,
            ),
        )
        await step_up.passed(info)
        return await _created(info, begun)

    @permissions.root(
        "Mutation.redemptionReverse",
        "Take back at its partner what was redeemed and is unspent. The value comes back to the"
        " lots that paid when the partner has taken it back.",
    )
    @refusals.answered(RedemptionCreatePayload)
    async def redemption_reverse(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionReverseInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> RedemptionCreatePayload | None:
        """Whole, because a partner that takes back a part is the exception."""
        redemption_id = shapes.key("red", told.redemption_id, path=("redemption_id",))
        order = await orders.known(info.context.db, redemption_id)
        if order is None or order.wallet_id != context.member(info).wallet_id:
            raise errors.NotFound(path=("redemption_id",))
        asked = await saga.reverse(
            info.context.saga,
            redemption_id=redemption_id,
            request_id=context.request(info, "redemptionReverse", told.idempotency_key),
        )
        if asked.order.state == "captured":
            raise errors.OrderFinal(STAYS, path=("redemption_id",))
        return await _created(info, asked)


async def _created(info: context.Info, done: orders.Outcome) -> RedemptionCreatePayload:
    stands = await redeem.find(info.context.db, done.order.redemption_id)
    return RedemptionCreatePayload(redemption=redemptions.show(stands), replayed=done.replayed)
