"""What a member may ask and do: their own wallet, and a code to spend at a till."""

from typing import Annotated

import strawberry

from api.graphql import (
    context,
    members,
    permissions,
    redemptions,
    refusals,
    scalars,
    shapes,
    step_up,
)
from wallet import redeem


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
        await step_up.at_merchant(info, key)
        issued = await redeem.code_issue(
            info.context.db,
            member_id=info.context.principal.principal_id,
            merchant_id=key,
        )
        await step_up.passed(info)
        return RedemptionCodePayload(
            code=redemptions.RedemptionCode(
                code=issued.text, expires_at=scalars.DateTime(issued.expires_at)
            )
        )
