"""A campaign that rewards invitations, and the days of one, for tests of referrals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet.factories import DAY, NOON, Coalition, numbers, purchase
from wallet import audit, earn, ids, members
from wallet.campaigns import invitations, lives, referrals

LONG_AGO = NOON - 800 * DAY
CLEAR = NOON + 16 * DAY
"""A day after the return window of a purchase made a day after the invitation."""


def definition(**changes: Any) -> dict[str, Any]:
    """Three euros for the friend and five for who invited, but for what is given."""
    plain: dict[str, Any] = {
        "name": "Invite and win",
        "asset": "EUR",
        "starts_at": LONG_AGO.isoformat(),
        "on": on(),
        "merchants": [],
        "give": {"give": "amount", "minor": 300},
        "stack": {"group": "bonus", "priority": 10},
        "funding": [{"funder": "operator", "bps": 10_000}],
        "terms": {"text": {"en": "Both get a reward when the friend keeps what they bought."}},
    }
    return {**plain, **changes}


def on(**changes: Any) -> dict[str, Any]:
    """What is asked of an invitation, but for what is given."""
    plain = {
        "on": "referral",
        "referrer_minor": 500,
        "purchase_min_minor": 2_000,
        "within_days": 90,
        "clear_days": 14,
        "most_per_year": 20,
    }
    return {**plain, **changes}


async def campaign(coalition: Coalition, **changes: Any) -> UUID:
    """Publish a campaign for invitations, long ago; gives its id."""
    saved = await lives.save_draft(
        coalition.db,
        request_id=ids.new(),
        campaign_id=None,
        merchant_id=None,
        raw=definition(**changes),
        note="as agreed",
        actor=audit.SYSTEM,
        now=LONG_AGO,
    )
    await lives.publish(
        coalition.db,
        request_id=ids.new(),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=None,
        reason="as agreed",
        actor=audit.SYSTEM,
        now=LONG_AGO,
    )
    return saved.campaign.campaign_id


async def change(coalition: Coalition, campaign_id: UUID, act: str, *, at: datetime) -> None:
    """Let a campaign take another step of its life."""
    await getattr(lives, act)(
        coalition.db,
        request_id=ids.new(),
        campaign_id=campaign_id,
        reason="as agreed",
        actor=audit.SYSTEM,
        now=at,
    )


async def person(coalition: Coalition, name: str, email: str | None = None) -> members.Member:
    """Enrol somebody with a name of their own."""
    enrolled = await members.enrol(
        coalition.db,
        member_id=ids.new(),
        email=email or f"someone-{next(numbers)}@example.org",
        display_name=name,
        actor=audit.SYSTEM,
    )
    return enrolled.member


@dataclass(frozen=True, slots=True)
class Invited:
    """A friend who accepted, and who invited them."""

    coalition: Coalition
    friend: members.Member
    referrer: members.Member
    referral_id: UUID

    async def now(self) -> invitations.Referral:
        """The invitation as it stands."""
        return await invitations.find(self.coalition.db, self.referral_id)


async def invite(
    coalition: Coalition,
    friend: members.Member,
    referrer: members.Member,
    *,
    now: datetime = NOON,
) -> Invited:
    """Let a member accept another's code."""
    code = await referrals.code_of(coalition.db, referrer.member_id)
    accepted = await referrals.accept(
        coalition.db, friend_id=friend.member_id, code=code, request_id=ids.new(), now=now
    )
    return Invited(coalition, friend, referrer, accepted.referral.referral_id)


async def buy(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    minor: int,
    *,
    now: datetime = NOON + DAY,
    **facts: Any,
) -> UUID:
    """Let a member buy something; gives the purchase's id."""
    bought = purchase(minor, purchased_at=now, **facts)
    return (await coalition.report(merchant_id, member, bought, now=now)).purchase_id


async def pass_time(coalition: Coalition, now: datetime) -> None:
    """Let the worker do what is due: cashback matures, and invitations are looked at."""
    await earn.mature(coalition.db, now=now)
    while await referrals.sweep(coalition.db, now=now):
        pass
    await earn.mature(coalition.db, now=now)


async def reward(coalition: Coalition, member: members.Member) -> int:
    """What a member was awarded and did not have to give back."""
    return int(
        await coalition.db.fetchval(
            "select coalesce(sum(l.amount), 0) from ledger.award a join ledger.lot l"
            " on l.bucket = a.bucket and l.cause_id = a.award_id"
            " where a.wallet_id = $1 and a.reversed_at is null",
            member.wallet_id,
        )
    )


async def acts(coalition: Coalition, it: Invited) -> list[str]:
    """What the audit log says of an invitation, in order."""
    trail = await audit.trail(coalition.db, it.referral_id, first=50, before=None)
    return [one.act.removeprefix("referral.") for one in reversed(trail)]
