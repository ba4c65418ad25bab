"""What members win: a milestone, a contest, a draw or a game names a campaign, and that one gives.

The campaign brings the money: its funders, caps, budget, expiry and terms hold as everywhere. Who
names it says who gets it, when, and for what; an award's id gives once, however often it is asked.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet import errors, members, programme
from wallet.campaigns import awards, earned, live
from wallet.database import Database
from wallet.rules.campaigns.definition import Amount, Definition, Donation, OnReward

Kind: TypeAlias = Literal["milestone", "contest", "draw", "quiz", "game", "membership"]
KINDS: Final[tuple[Kind, ...]] = ("milestone", "contest", "draw", "quiz", "game", "membership")
NOBODY: Final = UUID(int=0)
TIMES_MAX: Final = 1_000_000
"""Units of one reward: a game's score in steps; more is a mistake in its settings."""


@dataclass(frozen=True, slots=True)
class Won:
    """What was given: the award, whole, cut or zero; None while no version of it is in force."""

    award: awards.Awarded | None


async def give(
    db: Database,
    *,
    member: members.Member,
    campaign_id: UUID,
    award_id: UUID,
    kind: Kind,
    name: str,
    reference: str,
    subject: str | None = None,
    partner_id: UUID | None = None,
    times: int = 1,
    detail: Mapping[str, object] | None = None,
    now: datetime | None = None,
) -> Won:
    """Give what a campaign promises for winning; `award_id` is of the wallet's bucket.

    `name` is what was won, for the explanation; `reference` is unique for the kind and partner.
    With an amount for each unit, it is given `times`. MEMBER_SUSPENDED; the refusals of awards.
    """
    assert 1 <= times <= TIMES_MAX
    standing = (await earned.awards_by_id(db, [award_id])).get(award_id)
    moment = await live.moment(db, now)
    found = _in_force(moment, campaign_id)
    if standing is not None:
        return Won(_given(standing))
    if found is None:
        return Won(None)
    version_id, definition = found
    house = await programme.of(db)
    wish = awards.Wish(
        award_id=award_id,
        member=member,
        definition=definition,
        version_id=version_id,
        campaign_id=campaign_id,
        kind=kind,
        reference=reference,
        partner_id=partner_id or house.operator_id,
        amount_minor=_minor(definition, times),
        because=[{"if": "reward", "what": kind, "name": name}],
        subject=subject,
        detail=detail or {},
        merchant_id=partner_id,
    )
    return Won(await awards.post(db, wish, now=moment.at))


async def became(giving: Awaitable[Won]) -> str | None:
    """What became of a reward: `given`, `none` for no campaign in force, or a refusal's code.

    None while somebody else is at it: whoever comes next sees what became of it.
    """
    try:
        return "none" if (await giving).award is None else "given"
    except errors.IdempotencyInProgress:
        return None
    except errors.Refusal as refusal:
        return refusal.code.lower()


async def check(db: Database, campaign_ids: Sequence[UUID], *, now: datetime | None = None) -> None:
    """See to it that these campaigns can pay for what names them: published, `on` a reward.

    NOT_FOUND for none that is in force or will be.
    """
    if not campaign_ids:
        return
    moment = await live.moment(db, now)
    others = moment.book.others(moment.at, besides=NOBODY)
    coming = {one.campaign_id: one.definition for one in others}
    for campaign_id in campaign_ids:
        definition = coming.get(campaign_id)
        if definition is None or not isinstance(definition.on, OnReward):
            raise errors.NotFound(
                "No campaign with this id gives rewards. Publish one whose `on` is `reward` first."
            )


def _in_force(moment: live.Moment, campaign_id: UUID) -> tuple[UUID, Definition] | None:
    for found_id, version_id, definition in moment.book.versions_at(moment.at, known_at=moment.at):
        if found_id == campaign_id and isinstance(definition.on, OnReward):
            return version_id, definition
    return None


def _minor(definition: Definition, times: int) -> int:
    give = definition.give
    if not isinstance(give, Amount | Donation):
        return 0
    return give.minor * times if give.per == "unit" else give.minor


def _given(standing: earned.Award) -> awards.Awarded:
    return awards.Awarded(
        standing.award_id,
        standing.wallet_id,
        standing.asset,
        sum(int(one.get("desired_minor", 0)) for one in standing.document.get("matched", [])),
        standing.granted_minor,
        replayed=True,
    )
