"""What a prize gives: its campaign's award, once for each win, or nothing with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import errors, ids, members
from wallet.campaigns import winnings
from wallet.database import Database

CUT: Final = "cut"
"""The campaign gave less than it promises, because a cap or a budget is reached."""
NO_CAMPAIGN: Final = "no_campaign"
"""The campaign is not in force any more."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The award of a win, if there is one, and why there is less or nothing."""

    award_id: UUID | None = None
    note: str | None = None


async def pay(
    db: Database,
    *,
    member: members.Member,
    campaign_id: UUID | None,
    won_by: UUID,
    reference: str,
    prize: str,
    now: datetime,
) -> Paid:
    """Give what a prize promises; `won_by` is the spin or the entry, and gives once.

    MEMBER_SUSPENDED; what else a campaign refuses is noted, because the win itself stands.
    """
    if campaign_id is None:
        return Paid()
    award_id = ids.derived(won_by, "prize")
    try:
        won = await winnings.give(
            db,
            member=member,
            campaign_id=campaign_id,
            award_id=award_id,
            kind="draw",
            name=prize,
            reference=reference,
            now=now,
        )
    except (errors.MemberSuspended, errors.IdempotencyInProgress):
        raise
    except errors.Refusal as refusal:
        return Paid(note=refusal.code.lower())
    if won.award is None:
        return Paid(note=NO_CAMPAIGN)
    cut = won.award.granted_minor < won.award.desired_minor
    return Paid(award_id, CUT if cut else None)
