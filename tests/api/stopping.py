"""Spends that passed a limit, for tests of whoever looks at them."""

import uuid

from tests.wallet.factories import Coalition, refused
from wallet import audit, errors, ids, members, spending
from wallet.rules import spending as rules


async def stopped(
    coalition: Coalition, member: members.Member, merchant_id: uuid.UUID
) -> uuid.UUID:
    """A spend of a member that passed a limit; after it, nothing is limited. Gives the review."""
    await publish(coalition, rules.Rules(one_minor=1))
    now = await coalition.db.fetchval("select clock_timestamp()")
    refusal = await refused(coalition.hold(member, merchant_id, 2, now=now))
    assert isinstance(refusal, errors.SpendingReview), refusal
    await publish(coalition, rules.Rules(hour_most=1_000, day_most=1_000))
    (review,) = await spending.page(coalition.db, first=1, before=None, state="open")
    return review.review_id


async def denied(
    coalition: Coalition, member: members.Member, merchant_id: uuid.UUID, checker: uuid.UUID
) -> uuid.UUID:
    """One that somebody has looked at, and stopped for good."""
    review_id = await stopped(coalition, member, merchant_id)
    await spending.decide(
        coalition.db,
        review_id=review_id,
        allow=False,
        reason="it was not the member",
        actor=audit.Actor("staff", checker),
    )
    return review_id


async def publish(coalition: Coalition, told: rules.Rules) -> None:
    """Publish rules of spending."""
    await spending.publish(
        coalition.db, request_id=ids.new(), told=told, note="as agreed", actor=audit.SYSTEM
    )


async def lock(coalition: Coalition, member: members.Member) -> None:
    """Lock a wallet, as its member."""
    await spending.lock(
        coalition.db,
        member,
        locked=True,
        by="member",
        actor=audit.Actor("member", member.member_id),
    )
