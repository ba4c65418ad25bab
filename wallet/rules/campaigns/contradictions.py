"""What makes a campaign impossible to run: it contradicts itself, the programme, or another one.

Every refusal is CAMPAIGN_INVALID and names the field at fault by its path in the JSON. A cap that
can never bind is refused like one that contradicts: whoever wrote it meant something else.
"""

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from wallet import money
from wallet.rules.campaigns import conditions as ask
from wallet.rules.campaigns import definition as say
from wallet.rules.campaigns import moments, programme
from wallet.rules.campaigns.definition import Definition
from wallet.rules.campaigns.refusing import refuse

BPS: Final = 10_000
PAST_MAX: Final = timedelta(minutes=5)
"""How far back a start may lie: the time that it takes to save what was just written."""

_ANYWHEN: Final = (
    *(ask.Segment, ask.Tier, ask.Membership, ask.Joined, ask.Birthday),
    *(ask.Schedule, ask.InExperiment),
)
_FIXED: Final = (say.Amount, say.Donation)
_LISTS: Final = (
    *(ask.OfCategory, ask.OfProduct, ask.OfLabel, ask.OfBrand),
    *(ask.Store, ask.Channel, ask.Instrument, ask.BoughtAt, ask.Segment, ask.Tier),
    ask.Membership,
)
_WITHIN: Final = {
    "day": ("week", "month", "year", "campaign"),
    "week": ("campaign",),
    "month": ("year", "campaign"),
    "year": ("campaign",),
    "campaign": (),
}
"""Periods that lie within another whole; a week may lie in two months, and in two years."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another campaign that is in force, paused, or waits to be."""

    campaign_id: UUID
    definition: Definition


def judge(
    it: Definition,
    *,
    house_asset: str,
    now: datetime,
    groups: Sequence[str],
    others: Iterable[Other],
) -> None:
    """Refuse a definition that can not be run from now on; nothing is answered for a good one."""
    _check_time(it, now)
    _check_asset(it, house_asset)
    _check_trigger(it)
    _check_conditions(it)
    _check_effect(it, groups)
    _check_funding(it)
    _check_caps(it)
    _check_budget(it)
    if "en" not in it.terms.text:
        refuse("the terms must be there in English too", "terms", "text", "en")
    for other in others:
        _check_stacking(it, other)


def _check_time(it: Definition, now: datetime) -> None:
    if it.starts_at < now - PAST_MAX:
        refuse("this start lies in the past, and nothing is given for the past", "starts_at")
    if it.ends_at is not None and it.ends_at <= it.starts_at:
        refuse("the end must come after the start", "ends_at")


def _check_asset(it: Definition, house_asset: str) -> None:
    if it.asset not in (house_asset, money.PTS.code):
        refuse(f"give {house_asset}, the programme's own asset, or {money.PTS.code}", "asset")
    house = it.asset == house_asset
    if isinstance(it.give, say.Points) and it.asset != money.PTS.code:
        refuse(f"points are given in {money.PTS.code}", "asset")
    if house:
        return
    if isinstance(it.give, say.Rate | say.Personal):
        refuse(f"a rate of a price is given in {house_asset}; give points for it", "give")
    if isinstance(it.give, say.Multiplier) and it.give.of == programme.RESERVED:
        refuse(f"what a contract gives is {house_asset}, so its multiple is too", "give", "of")
    if it.stack.tops_up:
        refuse(f"what a contract gives is {house_asset}, so a top-up is too", "stack", "tops_up")
    if it.charity is not None:
        refuse("points can not be given to a charity", "charity")
    if isinstance(it.give, say.Donation):
        refuse("points can not be given to a charity", "give")


def _check_trigger(it: Definition) -> None:
    if isinstance(it.on, say.OnPurchase):
        return
    if isinstance(it.on, say.OnActivity):
        if it.on.kind == "custom" and it.on.name is None:
            refuse("an activity of your own needs its name", "on", "name")
        if it.on.kind != "quiz" and it.on.score_min is not None:
            refuse("only a quiz has a score", "on", "score_min")
    for place, one in enumerate(it.when):
        if not isinstance(one, _ANYWHEN):
            refuse("this condition asks for a purchase, and there is none", "when", str(place))
    if isinstance(it.on, say.OnReferral):
        _check_invitation(it)
    if it.lines:
        refuse("there are no lines without a purchase", "lines", "0")
    if not isinstance(it.give, (*_FIXED, *say.MONEYLESS)):
        refuse("without a purchase an amount, a coupon, a benefit or a badge can be given", "give")
    if isinstance(it.on, say.OnReward):
        _check_reward(it)
    elif isinstance(it.give, _FIXED) and it.give.per == "unit":
        refuse("there are no units without a purchase", "give", "per")
    if it.stack.tops_up:
        refuse("there is no contract to top up without a purchase", "stack", "tops_up")
    if it.caps.purchase_minor is not None:
        refuse("this cap can never bind: there is no purchase", "caps", "purchase_minor")


def _check_invitation(it: Definition) -> None:
    """As `referrals.takes_invitations`: what it does not take would be published in vain."""
    if it.when:
        refuse("an invitation can answer no condition", "when", "0")
    if isinstance(it.give, say.Donation):
        refuse("an invitation rewards the two people, and no charity", "give")
    for place, share in enumerate(it.funding):
        if share.funder == "merchant":
            refuse(
                "an invitation is made at no merchant; name who pays by an id",
                *("funding", str(place), "funder"),
            )


def _check_reward(it: Definition) -> None:
    """Whoever won it was promised it: nothing may stand between them and the reward."""
    if it.when:
        refuse("a reward can answer no condition; what names it says who gets it", "when", "0")
    if it.terms.acceptance:
        refuse("what was won is not held back; ask for it where members take part", "terms")


def _check_conditions(it: Definition) -> None:
    for name in ("when", "lines"):
        kinds: dict[Hashable, int] = {}
        parts: Sequence[Any] = getattr(it, name)
        for place, one in enumerate(parts):
            path = (name, str(place))
            kind = (type(one), getattr(one, "unless", False), getattr(one, "label", None))
            if kinds.setdefault(kind, place) != place:
                refuse(f"a condition of this kind is there already, at {kinds[kind]}", *path)
            _check_condition(one, it, *path)
        _check_both(parts, name)
    _check_twice(it.merchants, "merchants")


def _check_condition(one: Any, it: Definition, *path: str) -> None:
    if isinstance(one, _LISTS):
        _check_twice(one.any_of, *path, "any_of")
    if isinstance(one, ask.Segment | ask.Tier):
        for place, name in enumerate(one.any_of):
            _check_name(name, *path, "any_of", str(place))
    match one:
        case ask.Coupon():
            _check_name(one.name, *path, "name")
        case ask.Bundle():
            _check_twice(one.all_of, *path, "all_of")
        case ask.Schedule():
            _check_twice(one.days, *path, "days")
            if one.since == one.until:
                refuse("this leaves no time: it ends when it begins", *path, "until")
            if not moments.meets(one, it.starts_at, it.ends_at):
                refuse("this leaves no time between the campaign's start and end", *path)


def _check_both(parts: Sequence[Any], name: str) -> None:
    wanted = {type(one): set(one.any_of) for one in parts if getattr(one, "unless", None) is False}
    for place, one in enumerate(parts):
        if getattr(one, "unless", False):
            for position, value in enumerate(one.any_of):
                if value in wanted.get(type(one), ()):
                    path = (name, str(place), "any_of", str(position))
                    refuse("this is both demanded and excluded", *path)


def _check_effect(it: Definition, groups: Sequence[str]) -> None:
    if it.stack.group not in groups:
        refuse(f"the programme has these groups: {', '.join(groups)}", "stack", "group")
    match it.give:
        case say.Multiplier(of=of) if of != programme.RESERVED:
            if of not in groups:
                refuse(f"the programme has these groups: {', '.join(groups)}", "give", "of")
            if groups.index(of) >= groups.index(it.stack.group):
                refuse("only a group that comes before the campaign's own can be", "give", "of")
        case say.GiveCoupon() | say.Benefit() | say.Badge():
            _check_name(it.give.name, "give", "name")
    if it.stack.tops_up and not isinstance(it.give, say.Rate | say.Personal | say.Amount):
        refuse("only a rate or an amount can top a contract up", "stack", "tops_up")


def _check_funding(it: Definition) -> None:
    funders: set[str] = set()
    for place, share in enumerate(it.funding):
        funder = share.funder
        if funder == "merchant" and len(it.merchants) == 1:
            funder = str(it.merchants[0])
        if funder in funders:
            refuse("this funder is named twice", "funding", str(place), "funder")
        funders.add(funder)
    total = sum(share.bps for share in it.funding)
    if total != BPS:
        refuse(f"the shares add up to {total}, not to {BPS}", "funding")
    if it.charity is not None and _is_moneyless(it):
        refuse("what is no money can not be shared with a charity", "charity")
    if it.charity is not None and isinstance(it.give, say.Donation):
        refuse("all of it goes to a charity already", "charity")


def _check_caps(it: Definition) -> None:
    caps, fixed = it.caps, it.give if isinstance(it.give, _FIXED) else None
    if _is_moneyless(it) and (caps.purchase_minor or caps.member):
        refuse("this cap can never bind: what is given is no money", "caps")
    periods: dict[str, int] = {}
    for place, cap in enumerate(caps.member):
        path = ("caps", "member", str(place))
        if cap.per in periods:
            refuse("there is a cap for this period already", *path, "per")
        periods[cap.per] = cap.minor
        if caps.purchase_minor is not None and caps.purchase_minor > cap.minor:
            refuse(
                f"this cap can never bind: the one of a {cap.per} is smaller",
                *("caps", "purchase_minor"),
            )
        if it.budget is not None and cap.minor > it.budget.minor:
            refuse("this cap is larger than the whole budget", *path, "minor")
        if fixed is not None and fixed.minor > cap.minor:
            refuse(f"this is more than the cap of a {cap.per}", "give", "minor")
    for place, cap in enumerate(caps.member):
        longer = [one for one in caps.member if one.per in _WITHIN[cap.per]]
        if any(cap.minor > one.minor for one in longer):
            refuse(
                "this cap can never bind: the one of a longer period is smaller",
                *("caps", "member", str(place), "minor"),
            )
    if caps.purchase_minor is None:
        return
    if it.budget is not None and caps.purchase_minor > it.budget.minor:
        refuse("this cap is larger than the whole budget", "caps", "purchase_minor")
    if fixed is not None and fixed.minor > caps.purchase_minor:
        refuse("this is more than the cap of a purchase", "give", "minor")
    if fixed is not None and fixed.per == "purchase" and fixed.minor < caps.purchase_minor:
        refuse("this cap can never bind: the amount is smaller", "caps", "purchase_minor")


def _check_budget(it: Definition) -> None:
    if it.budget is None:
        return
    if _is_moneyless(it):
        refuse("what is no money has no budget", "budget")
    once = it.give.minor if isinstance(it.give, _FIXED) else 0
    if isinstance(it.on, say.OnReferral):
        once += it.on.referrer_minor
    if it.budget.minor < once:
        refuse("one grant alone overspends this budget", "budget", "minor")
    alerts = it.budget.alerts_bps
    for place, (lower, higher) in enumerate(itertools.pairwise(alerts), start=1):
        if higher <= lower:
            refuse("alerts are named in ascending order", "budget", "alerts_bps", str(place))


def _check_stacking(it: Definition, other: Other) -> None:
    """Two campaigns of one group and one priority would be counted in no order at all."""
    that = other.definition
    same_place = (it.stack.group, it.stack.priority) == (that.stack.group, that.stack.priority)
    if not same_place or not _same_trigger(it.on, that.on):
        return
    in_time = (that.ends_at is None or it.starts_at < that.ends_at) and (
        it.ends_at is None or that.starts_at < it.ends_at
    )
    in_place = not it.merchants or not that.merchants or set(it.merchants) & set(that.merchants)
    if in_time and in_place:
        refuse(
            f"the campaign {that.name!r} has this group and priority too, at the same time and"
            " places, so their order would be a matter of chance",
            *("stack", "priority"),
        )


def _same_trigger(one: say.AnyTrigger, other: say.AnyTrigger) -> bool:
    if isinstance(one, say.OnReward):
        return False  # Each is named by what gives it, so they never meet.
    if isinstance(one, say.OnActivity) and isinstance(other, say.OnActivity):
        return (one.kind, one.name) == (other.kind, other.name)
    return type(one) is type(other)


def _is_moneyless(it: Definition) -> bool:
    # Whoever invited a friend gets an amount, whatever the friend gets.
    return isinstance(it.give, say.MONEYLESS) and not isinstance(it.on, say.OnReferral)


def _check_twice(values: Sequence[Hashable], *path: str) -> None:
    seen: set[Hashable] = set()
    for place, value in enumerate(values):
        if value in seen:
            refuse("this is named twice", *path, str(place))
        seen.add(value)


def _check_name(name: str, *path: str) -> None:
    if name != name.strip():
        refuse("a name has no spaces around it", *path)
