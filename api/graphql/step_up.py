"""Asking for a fresh sign-in where value is about to leave by a new way, as a door does it."""

import uuid
from datetime import datetime

from api.graphql import context
from api.identity import devices, stepup
from wallet import redeem
from wallet.rules import spending


async def at_merchant(
    info: context.Info, merchant_id: uuid.UUID, *, amount_minor: int | None = None
) -> None:
    """Ask the books whether this merchant is a new way for value to leave, and by whose clock."""
    met = await redeem.acquaintance(
        info.context.db, wallet_id=context.member(info).wallet_id, merchant_id=merchant_id
    )
    check(
        info,
        now=met.now,
        partner_known=met.known,
        amount_minor=amount_minor,
        largest_minor=met.largest_minor,
        path=("merchant_id",),
    )


def check(
    info: context.Info,
    *,
    now: datetime,
    partner_known: bool,
    amount_minor: int | None = None,
    largest_minor: int = 0,
    path: tuple[str, ...],
) -> None:
    """Refuse a new or unusual way without a fresh sign-in: STEP_UP_REQUIRED."""
    principal = info.context.principal
    way = spending.Way(partner_known, principal.device_known, amount_minor, largest_minor)
    stepup.check(principal.authenticated_at, now=now, signs=spending.signs(way), path=path)


async def passed(info: context.Info) -> None:
    """Put down that value left from this device: from now on it is known."""
    await devices.trust(info.context.db, info.context.principal)
