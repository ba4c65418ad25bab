"""Why a campaign gave something: the conditions that held, each with the figures it looked at.

The same parts as the reasons for nothing. A condition that is not known here is left out: what was
given is said anyway, and a sentence without a figure would explain nothing.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Final

from api.explaining import reading, reasons, tongue
from wallet import money

Reason = reasons.Reason


def because(
    condition: reading.Part,
    told: tongue.Tongue,
    *,
    asset: money.Asset | None = None,
    names: Mapping[uuid.UUID, str] | None = None,
) -> str | None:
    """Say which condition held, or None where nothing can be said of it."""
    try:
        clause = _CLAUSES.get(condition.text("if"))
        if clause is None:
            return None
        one = Reason(told=told, part=condition, asset=asset, names=names or {})
        return tongue.bounded(clause(one))
    except reading.Unreadable:
        return None


def _minimum(one: Reason) -> str:
    asset = one.part.asset_or(one.asset)
    return one.told.say(
        "{had} counts, and {needed} was needed.",
        had=one.told.amount(one.part.whole("had_minor"), asset),
        needed=one.told.amount(one.part.whole("needed_minor"), asset),
    )


def _store(one: Reason) -> str:
    return one.told.say("It was bought in the shop {name}.", name=_had(one))


def _channel(one: Reason) -> str:
    return one.told.say(
        "It was bought {place}.", place=reasons.channel(one.told, one.part.text("had"))
    )


def _instrument(one: Reason) -> str:
    return one.told.say("It was paid with {name}.", name=_had(one))


def _goods(one: Reason) -> str:
    if one.part.flag("unless"):
        raise reading.Unreadable("unless")  # what counts then has no name
    names = one.told.names(one.part.texts("any_of"))
    return one.told.say("There is something of this in the basket: {names}.", names=names)


def _favourite(one: Reason) -> str:
    return one.told.say("It is one of your favourite categories.")


def _quantity(one: Reason) -> str:
    return one.told.say(
        "The quantity is {had}, and {needed} was needed.",
        had=one.told.thousandths(one.part.whole("had_milli")),
        needed=one.told.thousandths(one.part.whole("needed_milli")),
    )


def _bundle(one: Reason) -> str:
    return one.told.say("All that belongs together is in the basket.")


def _nth_purchase(one: Reason) -> str:
    this = one.told.whole(one.part.whole("this"))
    return one.told.say("This is your purchase number {this}.", this=this)


def _spent(one: Reason) -> str:
    asset = one.part.asset_or(one.asset)
    return one.told.say(
        "You spent {had} {period}, and {needed} was needed.",
        had=one.told.amount(one.part.whole("had_minor"), asset),
        period=reasons.period(one.told, one.part.text("per")),
        needed=one.told.amount(one.part.whole("needed_minor"), asset),
    )


def _bought_at(one: Reason) -> str:
    return one.told.say(
        "You bought at {names} within {days} before.",
        names=reasons.merchants(one),
        days=one.told.days(one.part.whole("within_days")),
    )


def _schedule(one: Reason) -> str:
    return one.told.say("It was bought on the right day and at the right time.")


def _birthday(one: Reason) -> str:
    return one.told.say("It is around your birthday.")


def _tier(one: Reason) -> str:
    return one.told.say("Your tier is {name}.", name=_had(one))


def _membership(one: Reason) -> str:
    if one.part.flag("unless"):
        return one.told.say("It is for members who pay for no membership.")
    return one.told.say("You have the membership that it is for.")


def _joined(one: Reason) -> str:
    days = one.told.days(one.part.whole("days"))
    return one.told.say("You joined {days} before.", days=days)


def _coupon(one: Reason) -> str:
    name = one.told.names([one.part.text("name")])
    return one.told.say("The coupon {name} was used for it.", name=name)


def _subscription(one: Reason) -> str:
    return one.told.say("It is a delivery of a subscription.")


def _terms(one: Reason) -> str:
    return one.told.say("You accepted the terms.")


def _had(one: Reason) -> str:
    return one.told.names([one.part.text("had")])


# A segment and an experiment say nothing: what a member is thought to be is no reason to read.
def _activity(one: Reason) -> str:
    match one.part.text("kind"):
        case "review":
            return one.told.say("You reviewed what you had bought.")
        case "share":
            return one.told.say("You recommended it to others.")
        case "visit":
            return one.told.say("You came by.")
        case "quiz":
            return one.told.say("You answered the quiz.")
        case _:
            return one.told.say(
                "You did this: {name}.", name=one.told.names([one.part.text("name")])
            )


def _referral(one: Reason) -> str:
    if one.part.text("role") == "friend":
        return one.told.say("You came by an invitation and kept what you bought.")
    return one.told.say("A friend whom you invited kept what they bought.")


def _reward(one: Reason) -> str:
    name = one.told.names([one.part.text("name")])
    match one.part.text("what"):
        case "milestone":
            return one.told.say("You reached the milestone {name}.", name=name)
        case "contest":
            return one.told.say("You won a place in the contest {name}.", name=name)
        case "draw":
            return one.told.say("You won it in the draw {name}.", name=name)
        case "game":
            return one.told.say("You played the game {name}.", name=name)
        case "quiz":
            return one.told.say("You answered the quiz {name}.", name=name)
        case "membership":
            return one.told.say("You joined {name}.", name=name)
        case _:
            return one.told.say("It is your reward for {name}.", name=name)


def _personal(one: Reason) -> str:
    return one.told.say("It depends on the member.")


_CLAUSES: Final[Mapping[str, Callable[[Reason], str]]] = {
    "minimum": _minimum,
    "store": _store,
    "channel": _channel,
    "instrument": _instrument,
    "category": _goods,
    "product": _goods,
    "label": _goods,
    "brand": _goods,
    "certified": _goods,
    "favourite": _favourite,
    "quantity": _quantity,
    "bundle": _bundle,
    "nth_purchase": _nth_purchase,
    "spent": _spent,
    "bought_at": _bought_at,
    "schedule": _schedule,
    "birthday": _birthday,
    "tier": _tier,
    "membership": _membership,
    "joined": _joined,
    "coupon": _coupon,
    "subscription": _subscription,
    "terms": _terms,
    "activity": _activity,
    "referral": _referral,
    "reward": _reward,
    "personal": _personal,
}
KINDS: Final = (*_CLAUSES,)
"""The conditions that are worth a sentence where they hold."""
