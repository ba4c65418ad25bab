"""A stored explanation in sentences: what was given, what was not and why, what would give more."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.explaining import cuts, held, reading, reasons, tongue
from wallet import money
from wallet.rules import contracts

ABOUT_CHARS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one campaign, in the order in which it is read."""

    name: str
    sentences: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it as one text of bounded length: each sentence once, as many as fit."""
        whole = ""
        for one in dict.fromkeys(self.sentences):
            longer = f"{whole} {one}".lstrip()
            if len(longer) > tongue.SENTENCE_CHARS_MAX:
                break
            whole = longer
        return whole


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation in one language: an entry for each campaign of the document, and the next."""

    matched: tuple[Said, ...]
    missed: tuple[Said, ...]
    next: str | None


def sentences(
    document: object,
    *,
    language: str,
    names: Mapping[uuid.UUID, str] | None = None,
    asset: money.Asset | None = None,
) -> Explained:
    """Say a document in a language.

    `names` are those of charities and merchants by their id, `asset` that of the purchase, which a
    document about points does not name.
    """
    told = tongue.of(language)
    named = names or {}
    try:
        whole = reading.Part(document)
    except reading.Unreadable:
        return Explained((), (), None)
    return Explained(
        matched=tuple(matched(one, told, named, asset) for one in whole.parts("matched")),
        missed=tuple(missed(one, language, named, asset) for one in whole.parts("missed")),
        next=better(whole, told, asset),
    )


def matched(
    grant: reading.Part,
    told: tongue.Tongue,
    names: Mapping[uuid.UUID, str],
    asset: money.Asset | None,
) -> Said:
    """Say what one campaign gave, why, what it was cut to, and what of it goes to a charity."""
    name = _name(grant, told)
    bought = asset or _money_of(grant)
    said = [_gave(grant, told, name, bought, names)]
    said += cuts.said(grant, told)
    reached = (held.because(one, told, asset=bought, names=names) for one in grant.parts("because"))
    said += [one for one in reached if one is not None]
    charity = _charity(grant, told, names)
    return Said(name, tuple(said if charity is None else [*said, charity]))


def missed(
    miss: reading.Part,
    language: str,
    names: Mapping[uuid.UUID, str],
    asset: money.Asset | None,
) -> Said:
    """Say why one campaign gave nothing: a sentence for each reason."""
    told = tongue.of(language)
    name = _name(miss, told)
    gain = _gain(miss, told)
    said = [
        reasons.why_not(raw, language, campaign=name, gain=gain, asset=asset, names=names)
        for raw in miss.raws("reasons")
    ]
    return Said(name, tuple(said) or (reasons.why_not(None, language, campaign=name),))


def better(whole: reading.Part, told: tongue.Tongue, asset: money.Asset | None) -> str | None:
    """Say what a little more would bring, if the document says so."""
    try:
        one = whole.part_or_none("next")
        if one is None:
            return None
        given = one.asset()
        if asset is None and given.kind == "points":
            return None  # what is paid is money, and of which currency is not known
        return tongue.bounded(
            told.say(
                "Add {missing} for {gain} more.",
                missing=told.amount(one.whole("missing_minor"), asset or given),
                gain=told.amount(one.whole("gain_minor"), given),
            )
        )
    except reading.Unreadable:
        return None


def _name(part: reading.Part, told: tongue.Tongue) -> str:
    try:
        return part.text("name")
    except reading.Unreadable:
        return told.say("A campaign")


def _money_of(grant: reading.Part) -> money.Asset | None:
    try:
        asset = grant.asset()
    except reading.Unreadable:
        return None
    return asset if asset.kind == "money" else None


def _gave(
    grant: reading.Part,
    told: tongue.Tongue,
    name: str,
    bought: money.Asset | None,
    names: Mapping[uuid.UUID, str],
) -> str:
    shown = tongue.campaign(name)
    try:
        return tongue.bounded(_effect(grant, told, shown, bought, names))
    except reading.Unreadable:
        pass
    try:
        given = told.amount(grant.whole("granted_minor"), grant.asset())
        return tongue.bounded(told.say("With {campaign}: {given}.", campaign=shown, given=given))
    except reading.Unreadable:
        return tongue.bounded(told.say("{campaign} counts here.", campaign=shown))


def _effect(
    grant: reading.Part,
    told: tongue.Tongue,
    campaign: str,
    bought: money.Asset | None,
    names: Mapping[uuid.UUID, str],
) -> str:
    effect = grant.part("effect")
    kind = effect.text("give")
    if kind in ("coupon", "benefit", "badge"):
        return _benefit(effect, told, campaign, kind)
    given = told.amount(first(grant), grant.asset())
    match kind:
        case "rate":
            return _rate(grant, told, campaign, effect.whole("bps"), bought, given)
        case "personal":
            return _personal(grant, told, campaign, bought, given)
        case "amount":
            return _amount(grant, effect, told, campaign, given)
        case "points":
            each = told.amount(effect.whole("units"), grant.asset())
            per = told.amount(effect.whole("per_minor"), _known(bought))
            return told.say(
                "{each} for each {per} with {campaign}: {given}.",
                each=each,
                per=per,
                campaign=campaign,
                given=given,
            )
        case "multiplier":
            return _multiplier(effect, told, campaign, given)
        case "donation":
            return _donation(grant, effect, told, campaign, given, names)
        case _:
            raise reading.Unreadable(kind)


def _rate(
    grant: reading.Part,
    told: tongue.Tongue,
    campaign: str,
    bps: int,
    bought: money.Asset | None,
    given: str,
) -> str:
    base_minor = base(grant)
    facts = {
        "percent": told.percent(bps),
        "base": told.amount(base_minor, _known(bought)),
        "campaign": campaign,
        "given": given,
    }
    if _adds_up(grant, base_minor, bps):
        return told.say("{percent} of {base} with {campaign}: {given}.", **facts)
    return told.say("{percent} of {base} with {campaign}, line by line: {given}.", **facts)


def _adds_up(grant: reading.Part, base_minor: int, bps: int) -> bool:
    # Each line is rounded on its own, so that a reader's pocket calculator may differ by a cent.
    try:
        rounding = money.Rounding(grant.text("rounding"))
    except ValueError:
        return True
    whole_minor = money.divide(base_minor * bps, contracts.BPS, rounding)
    return whole_minor == first(grant)


def _personal(
    grant: reading.Part,
    told: tongue.Tongue,
    campaign: str,
    bought: money.Asset | None,
    given: str,
) -> str:
    rates = {one.whole("bps") for one in grant.parts("lines") if one.has("bps")}
    total = told.amount(base(grant), _known(bought))
    if len(rates) == 1:
        return told.say(
            "{percent} of {base}, your own rate with {campaign}: {given}.",
            percent=told.percent(rates.pop()),
            base=total,
            campaign=campaign,
            given=given,
        )
    return told.say(
        "Your own rates on {base} with {campaign}: {given}.",
        base=total,
        campaign=campaign,
        given=given,
    )


def _amount(
    grant: reading.Part, effect: reading.Part, told: tongue.Tongue, campaign: str, given: str
) -> str:
    if effect.text_or_none("per") == "unit":
        each = told.amount(effect.whole("minor"), grant.asset())
        return told.say(
            "{each} for each unit with {campaign}: {given}.",
            each=each,
            campaign=campaign,
            given=given,
        )
    if all(line.whole("line") == 0 for line in grant.parts("lines")):
        return told.say("With {campaign}: {given}.", campaign=campaign, given=given)  # no purchase
    return told.say("{given} for this purchase with {campaign}.", given=given, campaign=campaign)


def _donation(
    grant: reading.Part,
    effect: reading.Part,
    told: tongue.Tongue,
    campaign: str,
    given: str,
    names: Mapping[uuid.UUID, str],
) -> str:
    known = names.get(effect.key("charity_id"))
    facts = {
        "charity": told.say("a charity") if known is None else told.names([known]),
        "campaign": campaign,
        "given": given,
    }
    if effect.text_or_none("per") == "unit":
        each = told.amount(effect.whole("minor"), grant.asset())
        said = told.say(
            "{each} for each unit to {charity} with {campaign}: {given}", each=each, **facts
        )
    else:
        said = told.say("{given} to {charity} with {campaign}", **facts)
    funders = [names.get(one.key("funder")) for one in grant.parts("funders")]
    paying = [one for one in funders if one is not None]
    if not paying:
        return f"{said}."
    return told.say("{said}, paid by {funders}.", said=said, funders=told.names(paying, "standard"))


def _multiplier(effect: reading.Part, told: tongue.Tongue, campaign: str, given: str) -> str:
    times = told.thousandths(effect.whole("times_milli"))
    of = effect.text("of")
    if of == "contract":
        return told.say(
            "{times} times the cashback with {campaign}: {given} more.",
            times=times,
            campaign=campaign,
            given=given,
        )
    return told.say(
        "{times} times what {group} gives with {campaign}: {given} more.",
        times=times,
        group=told.names([of]),
        campaign=campaign,
        given=given,
    )


def _benefit(effect: reading.Part, told: tongue.Tongue, campaign: str, kind: str) -> str:
    name = told.names([effect.text("name")])
    if kind == "coupon":
        return told.say("A coupon for you from {campaign}: {name}.", campaign=campaign, name=name)
    about = effect.text_or_none("about")
    if about is None:
        return told.say("For you from {campaign}: {name}.", campaign=campaign, name=name)
    about = tongue.short(about, ABOUT_CHARS_MAX).removesuffix(".")
    return told.say(
        "For you from {campaign}: {name} ({about}).", campaign=campaign, name=name, about=about
    )


def _charity(
    grant: reading.Part, told: tongue.Tongue, names: Mapping[uuid.UUID, str]
) -> str | None:
    try:
        one = grant.part_or_none("charity")
        if one is None or one.whole("minor") == 0 or _is_gift(grant):
            return None
        given = told.amount(one.whole("minor"), grant.asset())
        name = names.get(one.key("charity"))
    except reading.Unreadable:
        return None
    if name is None:
        return told.say("{given} of it goes to a charity.", given=given)
    return told.say("{given} of it goes to {charity}.", given=given, charity=told.names([name]))


def _is_gift(grant: reading.Part) -> bool:
    # All of it goes there, which is said by the effect.
    return grant.part("effect").text("give") == "donation"


def _gain(miss: reading.Part, told: tongue.Tongue) -> str | None:
    # A rate is the one effect that can be named without knowing the rest of the basket.
    try:
        effect = miss.part("effect")
        return told.percent(effect.whole("bps")) if effect.text("give") == "rate" else None
    except reading.Unreadable:
        return None


def base(grant: reading.Part) -> int:
    """Add up what of the lines counted, without those that another campaign won."""
    lines = grant.parts("lines")
    rated = [one for one in lines if one.has("bps")]
    won = rated or [one for one in lines if one.whole("desired_minor") > 0]
    return sum(one.whole("base_minor") for one in won)


def first(grant: reading.Part) -> int:
    """Return what the effect came to, before all that cut it; what is topped up is cut first."""
    cuts = grant.parts("cuts")
    return cuts[0].whole("from_minor") if cuts else grant.whole("desired_minor")


def _known(asset: money.Asset | None) -> money.Asset:
    if asset is None:
        raise reading.Unreadable("asset")
    return asset
