"""What a member may ask and do: their own wallet, and a code to spend at a till."""

import uuid
from typing import Annotated

import strawberry

from api.graphql import context, members, permissions, redemptions, refusals, scalars, shapes
from api.identity import devices, stepup
from wallet import redeem
from wallet.rules import spending


@strawberry.type(description="Outcome of asking for a code.")
class RedemptionCodePayload:
    """A code has no key: a lost one is replaced by another, and each works once."""

    code: redemptions.RedemptionCode | None = strawberry.field(
        default=None, description="The code; null if refused."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.type
class Query:
    """Root fields for members."""

    @permissions.root("Query.viewer", "The member who asks.")
    async def viewer(self, info: context.Info) -> members.Member | None:
        """Read along with the token."""
        found = info.context.principal.member
        return members.show(found) if found is not None else None


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.redemptionCodeCreate",
        "A code to show at the till of one merchant; it works once, for minutes. The first one at"
        " a merchant, or from a device, needs a sign-in of the last five minutes.",
    )
    @refusals.answered(RedemptionCodePayload)
    async def redemption_code_create(
        self,
        info: context.Info,
        merchant_id: Annotated[
            strawberry.ID, strawberry.argument(description="Where it is to be spent.")
        ],
    ) -> RedemptionCodePayload | None:
        """Moves nothing: the till's hold does."""
        key = shapes.key("mer", merchant_id, path=("merchant_id",))
        await _step_up(info, key)
        issued = await redeem.code_issue(
            info.context.db,
            member_id=info.context.principal.principal_id,
            merchant_id=key,
        )
        await devices.trust(info.context.db, info.context.principal)
        return RedemptionCodePayload(
            code=redemptions.RedemptionCode(
                code=issued.text, expires_at=scalars.DateTime(issued.expires_at)
            )
        )


async def _step_up(info: context.Info, merchant_id: uuid.UUID) -> None:
    """Ask the books whether this is a new way for value to leave, and by whose clock."""
    met = await redeem.acquaintance(
        info.context.db, wallet_id=context.member(info).wallet_id, merchant_id=merchant_id
    )
    principal = info.context.principal
    way = spending.Way(partner_known=met.known, device_known=principal.device_known)
    stepup.check(
        principal.authenticated_at,
        now=met.now,
        signs=spending.signs(way),
        path=("merchant_id",),
    )
