"""Milestones for tests that move value: bought towards, looked at, and read from the books."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet import factories, taking_part
from tests.wallet.factories import NOON, Coalition
from wallet import ledger, members
from wallet.progress import advance

SIXTH_IS_ON_US: dict[str, Any] = {
    "name": "Five coffees",
    "metric": "purchases",
    "target": 5,
    "times": 100,
    "surplus": True,
}


async def milestone(
    coalition: Coalition, *, pays: bool = True, give: dict[str, Any] | None = None, **changes: Any
) -> UUID:
    """Publish a milestone of two purchases that pays 5.00, but for what is given; its id."""
    plain: dict[str, Any] = {"name": "Two purchases", "target": 2}
    if pays:
        given = {} if give is None else {"give": give}
        paying = await taking_part.reward(coalition, **given)
        plain["reward"] = str(paying.campaign_id)
    return (await taking_part.scheme(coalition, **{**plain, **changes})).entry.scheme_id


async def buy(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    *amounts_minor: int,
    at: datetime = NOON,
) -> UUID:
    """Report a purchase of 10.00, but for what is given; its id."""
    bought = factories.purchase(*(amounts_minor or (1_000,)), purchased_at=at)
    return (await coalition.report(merchant_id, member, bought, now=at)).purchase_id


async def look(coalition: Coalition, member: members.Member, *, now: datetime = NOON) -> None:
    """Look at a wallet now."""
    await advance.settle(coalition.db, [member.wallet_id], now=now)


async def reached(coalition: Coalition, member: members.Member) -> list[tuple[str, int, bool]]:
    """Period, number and whether it stands, of all that was reached."""
    rows = await coalition.db.fetch(
        "select period, nth, taken_back_at is null as standing from ledger.completion"
        " where bucket = $1 and wallet_id = $2 order by recorded_at, period, nth, completion_id",
        ledger.bucket(member.wallet_id),
        member.wallet_id,
    )
    return [(row["period"], row["nth"], row["standing"]) for row in rows]


async def paid(coalition: Coalition, member: members.Member) -> list[int]:
    """What was given for milestones and not taken back."""
    rows = await coalition.db.fetch(
        "select g.granted_minor from ledger.award a"
        " join ledger.grant g on g.bucket = a.bucket and g.cause_id = a.award_id"
        " where a.bucket = $1 and a.wallet_id = $2 and a.kind = 'milestone'"
        " and a.reversed_at is null order by a.awarded_at, a.award_id",
        ledger.bucket(member.wallet_id),
        member.wallet_id,
    )
    return [row["granted_minor"] for row in rows]
