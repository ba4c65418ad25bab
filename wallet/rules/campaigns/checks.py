"""Each condition on the basket, the moment and the member, as a question with a reasoned answer.

A check answers with a plain reason, `held` or not: the kind of the condition, what was needed, what
there was, and what was missing. The reason is data; its words are made where a person reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, needs
from wallet.rules.campaigns.definition import MONEYLESS

Reason: TypeAlias = dict[str, Any]
"""`{"if": kind, ...}`; amounts in minor units of the purchase's asset."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BETWEEN: Final = ":/"  # what parts of an instrument's token stand between
NO_MEMBER: Final[Reason] = {"if": "member"}


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a condition held, and why or why not."""

    held: bool
    reason: Reason


def check(
    condition: c.BasketCondition,
    version: facts.Version,
    basket: baskets.Basket,
    lines: Sequence[baskets.Line],
) -> Checked:
    """Ask one condition of a basket of which these lines count."""
    match condition:
        case c.Minimum():
            return _minimum(condition, basket, lines)
        case c.Quantity(at_least_milli=needed):
            had = sum(line.quantity_milli for line in lines)
            reason: Reason = {"if": "quantity", "needed_milli": needed, "had_milli": had}
            return Checked(had >= needed, {**reason, "missing_milli": max(0, needed - had)})
        case c.Bundle(all_of=names):
            missing = [name for name in names if name not in basket.categories]
            return Checked(not missing, {"if": "bundle", "all_of": [*names], "missing": missing})
        case c.Store(any_of=names):
            return _one_of("store", basket.purchase.store, names)
        case c.Channel(any_of=names):
            return _one_of("channel", basket.purchase.channel, names)
        case c.Instrument(any_of=names):
            had_token = basket.purchase.instrument
            held = had_token is not None and any(_of_kind(had_token, name) for name in names)
            return Checked(held, {"if": "instrument", "had": had_token, "any_of": [*names]})
        case c.Schedule():
            return _schedule(condition, basket)
        case c.Subscription(up_to=most):
            delivery = basket.purchase.delivery
            held = delivery is not None and (most is None or delivery <= most)
            why = "none" if delivery is None else "later"
            reason = {"if": "subscription", "why": None if held else why}
            return Checked(held, reason if most is None else {**reason, "up_to": most})
        case _:
            if basket.member is None:
                return Checked(False, NO_MEMBER)
            return _of_member(condition, version, basket, basket.member)


def _of_member(
    condition: c.BasketCondition,
    version: facts.Version,
    basket: baskets.Basket,
    member: facts.Member,
) -> Checked:
    match condition:
        case c.Nth() | c.Spent() | c.BoughtAt():
            return _history(condition, version, basket, member)
        case c.Birthday():
            return _birthday(condition, version, basket, member)
        case c.Segment(any_of=names, unless=unless):
            inside = bool(member.segments.intersection(names))
            return Checked(
                inside != unless, {"if": "segment", "any_of": [*names], "unless": unless}
            )
        case c.Tier(any_of=names, ladder=ladder):
            had = member.tier if ladder is None else member.tiers.get(ladder)
            return _one_of("tier", had, names)
        case c.Membership(any_of=plans, unless=unless):
            inside = not member.memberships.isdisjoint(plans)
            known = [basket.place.names[one] for one in plans if one in basket.place.names]
            reason: Reason = {"if": "membership", "any_of": known, "unless": unless}
            return Checked(inside != unless, reason)
        case c.Joined(within_days=days):
            held = member.joined_days <= days
            return Checked(held, {"if": "joined", "within_days": days, "days": member.joined_days})
        case c.Coupon(name=name):
            return Checked(name in member.coupons, {"if": "coupon", "name": name})
        case c.InExperiment(experiment_id=experiment_id, arm=arm):
            held = member.arms.get(experiment_id) == arm
            return Checked(held, {"if": "experiment", "experiment": str(experiment_id)})
        case _:
            raise AssertionError(condition)


def _minimum(
    condition: c.Minimum, basket: baskets.Basket, lines: Sequence[baskets.Line]
) -> Checked:
    had = basket.base_minor
    if condition.measured_on == "matching":
        had = sum(line.base_minor for line in lines)
    above = condition.boundary == "above"
    least = condition.amount_minor + (1 if above else 0)
    reason = {
        "if": "minimum",
        "needed_minor": condition.amount_minor,
        "had_minor": had,
        "missing_minor": max(0, least - had),
        "above": above,
        "asset": basket.purchase.asset,
    }
    return Checked(had >= least, reason)


def _schedule(condition: c.Schedule, basket: baskets.Basket) -> Checked:
    local = basket.local
    time, day = f"{local:%H:%M}", local.weekday()
    if condition.since < condition.until:
        open_now = condition.since <= time < condition.until
    else:
        # Over midnight: what is bought after it belongs to the evening before.
        open_now = time >= condition.since or time < condition.until
        if time < condition.until:
            day = (local - timedelta(days=1)).weekday()
    held = open_now and (not condition.days or WEEKDAYS[day] in condition.days)
    return Checked(
        held,
        {
            "if": "schedule",
            "days": [*condition.days],
            "since": condition.since,
            "until": condition.until,
        },
    )


def _history(
    condition: c.Nth | c.Spent | c.BoughtAt,
    version: facts.Version,
    basket: baskets.Basket,
    member: facts.Member,
) -> Checked:
    measure = needs.measure_of(
        condition,
        version,
        merchant_id=basket.place.merchant_id,
        at=basket.purchase.purchased_at,
        zone=basket.place.zone,
    )
    assert measure is not None
    before = member.measures.get(measure, facts.NOTHING)
    match condition:
        case c.Nth(n=n, every=every):
            this = before.purchases + 1
            held = this % n == 0 if every else this == n
            return Checked(held, {"if": "nth_purchase", "n": n, "this": this, "every": every})
        case c.Spent(at_least_minor=needed, when=when, per=per):
            after = before.kept_minor + basket.total_minor
            held = after >= needed and (when == "beyond" or before.kept_minor < needed)
            reason: Reason = {"if": "spent", "needed_minor": needed, "had_minor": after}
            more: Reason = {"missing_minor": max(0, needed - after), "per": per}
            return Checked(held, {**reason, **more, "asset": basket.purchase.asset})
        case c.BoughtAt(any_of=merchants, within_days=days):
            names = [basket.place.names.get(one, str(one)) for one in merchants]
            return Checked(
                before.purchases > 0,
                {"if": "bought_at", "within_days": days, "any_of": names},
            )


def _birthday(
    condition: c.Birthday,
    version: facts.Version,
    basket: baskets.Basket,
    member: facts.Member,
) -> Checked:
    if not member.birthday_known:
        return Checked(False, {"if": "birthday", "why": "unknown"})
    away = member.birthday_days
    if away is None or not -condition.days_before <= away <= condition.days_after:
        return Checked(False, {"if": "birthday", "why": "another_day"})
    since = basket.local.date() - timedelta(days=facts.BIRTHDAY_AGAIN_DAYS)
    # A gift that a limit cut to nothing, or that went back whole, was none; a coupon stays given.
    lasting = isinstance(version.definition.give, MONEYLESS)
    used = any(
        one.day >= since and (one.granted_minor > 0 or (lasting and one.times > 0))
        for one in member.usage.get(version.campaign_id, ())
    )
    return Checked(not used, {"if": "birthday", "why": "used" if used else None})


def _of_kind(token: str, kind: str) -> bool:
    """Whether a token is this kind itself or one of it, by whole parts."""
    return token == kind or (
        token.startswith(kind) and (kind[-1] in _BETWEEN or token[len(kind)] in _BETWEEN)
    )


def _one_of(kind: str, had: str | None, names: Sequence[str]) -> Checked:
    return Checked(had is not None and had in names, {"if": kind, "had": had, "any_of": [*names]})
