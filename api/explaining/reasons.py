"""Why a campaign gave nothing: one clause for each kind of reason, and what would change it.

A reason is a part of the stored explanation; its field `if` says which kind it is. A kind that is
not known here, or whose fields do not fit, is said by the general clause.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.explaining import reading, tongue
from wallet import money

UNIT_MILLI: Final = 1000
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason with what a clause may need beside it.

    `gain` is what the campaign would give, in words; `asset` that of the purchase; `names` those of
    merchants by their id.
    """

    told: tongue.Tongue
    part: reading.Part
    gain: str | None = None
    asset: money.Asset | None = None
    names: Mapping[uuid.UUID, str] = field(default_factory=dict)


def why_not(
    reason: object,
    language: str,
    *,
    campaign: str | None = None,
    gain: str | None = None,
    asset: money.Asset | None = None,
    names: Mapping[uuid.UUID, str] | None = None,
) -> str:
    """Say in a sentence why a campaign gave nothing, after its name if that is told."""
    told = tongue.of(language)
    try:
        part = reading.Part(reason)
        clause = _CLAUSES.get(part.text("if"), _general)(
            Reason(told=told, part=part, gain=gain, asset=asset, names=names or {})
        )
    except reading.Unreadable:
        clause = told.say("it does not apply to this purchase.")
    if campaign is None:
        return tongue.bounded(clause)
    return tongue.bounded(
        told.say("{campaign}: {clause}", campaign=tongue.campaign(campaign), clause=clause)
    )


def period(told: tongue.Tongue, per: str) -> str:
    """Say over which time something is counted."""
    match per:
        case "day":
            return told.say("in one day")
        case "week":
            return told.say("in one week")
        case "month":
            return told.say("in one month")
        case "year":
            return told.say("in one year")
        case "campaign":
            return told.say("in the whole campaign")
        case _:
            raise reading.Unreadable(per)


def channel(told: tongue.Tongue, where: str) -> str:
    """Say where something was bought."""
    match where:
        case "online":
            return told.say("online")
        case "shop":
            return told.say("in a shop")
        case "app":
            return told.say("in the app")
        case _:
            raise reading.Unreadable(where)


def merchants(one: Reason) -> str:
    """Name merchants, of which some are known by their id alone."""
    found = []
    for said in one.part.texts("any_of"):
        try:
            found.append(one.names.get(uuid.UUID(said), one.told.say("another merchant")))
        except ValueError:
            found.append(said)
    return one.told.names([*dict.fromkeys(found)])


def _minimum(one: Reason) -> str:
    asset = one.part.asset_or(one.asset)
    missing = one.told.amount(one.part.whole("missing_minor"), asset)
    if one.gain is not None:
        return one.told.say("{missing} more and you get {gain}.", missing=missing, gain=one.gain)
    if one.part.flag("above"):
        needed = one.told.amount(one.part.whole("needed_minor"), asset)
        return one.told.say(
            "it starts above {needed}; {missing} more and you get it.",
            needed=needed,
            missing=missing,
        )
    return one.told.say("{missing} more and you get it.", missing=missing)


def _store(one: Reason) -> str:
    return one.told.say("only in these shops: {names}.", names=_any_of(one))


def _channel(one: Reason) -> str:
    places = [channel(one.told, where) for where in one.part.texts("any_of")]
    return one.told.say(
        "only for what is bought {places}.", places=one.told.every(places, style="or")
    )


def _instrument(one: Reason) -> str:
    return one.told.say("only if paid with {names}.", names=_any_of(one))


def _category(one: Reason) -> str:
    if one.part.flag("unless"):
        return one.told.say("not for these categories: {names}.", names=_any_of(one))
    return one.told.say("only for these categories: {names}.", names=_any_of(one))


def _product(one: Reason) -> str:
    if one.part.flag("unless"):
        return one.told.say("not for these products: {names}.", names=_any_of(one))
    return one.told.say("only for these products: {names}.", names=_any_of(one))


def _label(one: Reason) -> str:
    return one.told.say("only for goods with the label {names}.", names=_any_of(one))


def _brand(one: Reason) -> str:
    return one.told.say("only for the brand {names}.", names=_any_of(one))


def _certified(one: Reason) -> str:
    names = _any_of(one) if one.part.has("any_of") else one.told.names([one.part.text("label")])
    return one.told.say("only for goods whose label {names} is proved.", names=names)


def _favourite(one: Reason) -> str:
    return one.told.say("only for your favourite categories.")


def _quantity(one: Reason) -> str:
    missing = one.part.whole("missing_milli")
    return one.told.many(
        "{missing} unit more and you get it.",
        "{missing} units more and you get it.",
        1 if missing == UNIT_MILLI else 2,
        missing=one.told.thousandths(missing),
    )


def _bundle(one: Reason) -> str:
    names = one.told.names(one.part.texts("missing"), style="standard")
    return one.told.say("still missing in the basket: {names}.", names=names)


def _nth_purchase(one: Reason) -> str:
    n, this = one.part.whole("n"), one.told.whole(one.part.whole("this"))
    if one.part.flag("every"):
        return one.told.say(
            "once in every {n} purchases; this is number {this}.", n=one.told.whole(n), this=this
        )
    if n == 1:
        return one.told.say("only for your first purchase; this is number {this}.", this=this)
    return one.told.say(
        "only for purchase number {n}; this is number {this}.", n=one.told.whole(n), this=this
    )


def _spent(one: Reason) -> str:
    asset = one.part.asset_or(one.asset)
    missing_minor = one.part.whole("missing_minor")
    needed = one.told.amount(one.part.whole("needed_minor"), asset)
    when = period(one.told, one.part.text("per"))
    if missing_minor <= 0:
        return one.told.say(
            "only for the purchase with which you reach {needed} {period}.",
            needed=needed,
            period=when,
        )
    return one.told.say(
        "it needs {needed} spent {period}; {missing} was missing.",
        needed=needed,
        period=when,
        missing=one.told.amount(missing_minor, asset),
    )


def _bought_at(one: Reason) -> str:
    return one.told.say(
        "only within {days} of a purchase at {names}.",
        days=one.told.days(one.part.whole("within_days")),
        names=merchants(one),
    )


def _schedule(one: Reason) -> str:
    since, until = one.part.text_or_none("since"), one.part.text_or_none("until")
    since, until = since or "00:00", until or "24:00"
    try:
        named = one.part.texts("days")
    except reading.Unreadable:
        named = []
    if not set(named) <= {*WEEK}:
        raise reading.Unreadable("days")
    days = one.told.every([tongue.weekday(one.told, day) for day in WEEK if day in named])
    all_day = (since, until) == ("00:00", "24:00")
    if days and all_day:
        return one.told.say("only on {days}.", days=days)
    if days:
        return one.told.say(
            "only on {days} from {since} to {until}.", days=days, since=since, until=until
        )
    if all_day:
        raise reading.Unreadable("schedule")
    return one.told.say("only from {since} to {until}.", since=since, until=until)


def _birthday(one: Reason) -> str:
    match one.part.text("why"):
        case "unknown":
            return one.told.say("we do not know your birthday.")
        case "used":
            return one.told.say("you had it already for this birthday.")
        case _:
            return one.told.say("only around your birthday.")


def _segment(one: Reason) -> str:
    # The name of a segment is a note of the operator about people, not a word to say to them.
    return one.told.say("it is not for every member.")


def _tier(one: Reason) -> str:
    return one.told.say("only for the tier {names}.", names=_any_of(one))


def _membership(one: Reason) -> str:
    if one.part.flag("unless"):
        return one.told.say("not for members who pay for a membership.")
    try:
        return one.told.say("only with the membership {names}.", names=_any_of(one))
    except reading.Unreadable:
        return one.told.say("only with a paid membership.")


def _joined(one: Reason) -> str:
    within = one.told.days(one.part.whole("within_days"))
    if not one.part.has("days"):
        return one.told.say("only within {within} of joining.", within=within)
    return one.told.say(
        "only within {within} of joining; you joined {days} before.",
        within=within,
        days=one.told.days(one.part.whole("days")),
    )


def _coupon(one: Reason) -> str:
    coupon = one.told.names([one.part.text("name")])
    return one.told.say("only with the coupon {coupon}.", coupon=coupon)


def _subscription(one: Reason) -> str:
    first = one.part.whole_or_none("up_to")
    if first is not None:
        return one.told.many(
            "only for the first delivery of a subscription.",
            "only for the first {count} deliveries of a subscription.",
            first,
        )
    if one.part.text_or_none("why") == "later":
        return one.told.say("only for the first deliveries of a subscription.")
    return one.told.say("only for deliveries of a subscription.")


def _experiment(one: Reason) -> str:
    return one.told.say("it is being tried with some of the members.")


def _terms(one: Reason) -> str:
    return one.told.say("you have not accepted its terms.")


def _member(one: Reason) -> str:
    return one.told.say("it depends on which member buys.")


def _activity(one: Reason) -> str:
    match one.part.text_or_none("why"):
        case "limit":
            return one.told.say("as many as count have been counted.")
        case "score":
            return one.told.say("the score is too low.")
        case _:
            return one.told.say("it is for something else than this.")


def _beaten(one: Reason) -> str:
    return one.told.say("{campaign} counts instead.", campaign=_by(one))


def _excluded(one: Reason) -> str:
    return one.told.say("it does not go together with {campaign}.", campaign=_by(one))


def _exhausted(one: Reason) -> str:
    if one.part.text("by") != "member_cap":
        if one.part.text("by") in ("purchase_cap", "programme_cap"):
            return one.told.say("this purchase has had the most that one purchase gets.")
        return one.told.say("nothing is left of its budget.")
    if not one.part.has("per"):
        return one.told.say("you have had the most that a member gets.")
    when = period(one.told, one.part.text("per"))
    if one.part.has("asset"):
        limit = one.told.amount(one.part.whole("limit_minor"), one.part.asset())
        return one.told.say(
            "you have had the {limit} that a member gets {period}.", limit=limit, period=when
        )
    return one.told.say("you have had the most that a member gets {period}.", period=when)


def _nothing_left(one: Reason) -> str:
    return one.told.say("on this purchase it comes to nothing.")


def _general(one: Reason) -> str:
    raise reading.Unreadable(one.part.text("if"))


def _any_of(one: Reason) -> str:
    return one.told.names(one.part.texts("any_of"))


def _personal(one: Reason) -> str:
    return one.told.say("it depends on the member.")


def _by(one: Reason) -> str:
    return tongue.campaign(one.part.text("by"))


_CLAUSES: Final[Mapping[str, Callable[[Reason], str]]] = {
    "minimum": _minimum,
    "store": _store,
    "channel": _channel,
    "instrument": _instrument,
    "category": _category,
    "product": _product,
    "label": _label,
    "brand": _brand,
    "certified": _certified,
    "favourite": _favourite,
    "quantity": _quantity,
    "bundle": _bundle,
    "nth_purchase": _nth_purchase,
    "spent": _spent,
    "bought_at": _bought_at,
    "schedule": _schedule,
    "birthday": _birthday,
    "segment": _segment,
    "tier": _tier,
    "membership": _membership,
    "joined": _joined,
    "coupon": _coupon,
    "subscription": _subscription,
    "experiment": _experiment,
    "terms": _terms,
    "member": _member,
    "activity": _activity,
    "beaten": _beaten,
    "excluded": _excluded,
    "exhausted": _exhausted,
    "nothing_left": _nothing_left,
    "personal": _personal,
}
KINDS: Final = (*_CLAUSES,)
"""Every kind of reason that is known here."""
