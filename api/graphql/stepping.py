"""Step-up at a merchant: is this a new way for value to leave, and is the sign-in fresh?"""

import uuid

from api.graphql import context
from api.identity import stepup
from wallet import redeem
from wallet.rules import spending


async def check(
    info: context.Info, merchant_id: uuid.UUID, *, amount_minor: int | None = None
) -> None:
    """Ask the books whether this way is new, and by whose clock; STEP_UP_REQUIRED if it is.

    `amount_minor` is what may leave by it, where that is known.
    """
    met = await redeem.acquaintance(
        info.context.db, wallet_id=context.member(info).wallet_id, merchant_id=merchant_id
    )
    principal = info.context.principal
    way = spending.Way(
        partner_known=met.known,
        device_known=principal.device_known,
        amount_minor=amount_minor,
        largest_minor=met.largest_minor,
    )
    stepup.check(
        principal.authenticated_at,
        now=met.now,
        signs=spending.signs(way),
        path=("merchant_id",),
    )
