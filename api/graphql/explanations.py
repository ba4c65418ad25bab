"""Explanations as GraphQL: the stored structure, and each part of it in the caller's language.

A document that another version of the engine wrote is shown as far as it is understood: what is
not, is null, and its sentence says it in general words.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import strawberry

from api import explaining
from api.explaining import grants, held, reading, tongue
from api.graphql import cost, explained, merchants, reports, scalars, shapes, wording
from wallet import ids, money

Read = TypeVar("Read")
Part = reading.Part

UNIT_MILLI: Final = 1000
INT_MAX: Final = 2**31 - 1  # what GraphQL can print as a whole number


@strawberry.type(description="What a campaign gives when all of its conditions hold.")
class EffectExplained:
    """As its definition says; only the fields of its kind are set."""

    kind: explained.ExplainedEffectKind = strawberry.field(description="What it is.")
    percent: scalars.Decimal | None = strawberry.field(
        description="The rate, 5.00 is 5 %; of personal rates, the highest."
    )
    amount: shapes.Money | None = strawberry.field(description="The fixed amount, or the points.")
    each: shapes.Money | None = strawberry.field(description="For each of which points are given.")
    per_unit: bool = strawberry.field(description="True if the amount is for each unit.")
    times: scalars.Decimal | None = strawberry.field(description="How many times as much.")
    name: str | None = strawberry.field(description="Of the coupon or the benefit.")
    about: str | None = strawberry.field(description="What the benefit is.")


@strawberry.type(description="What a campaign gave on one line.")
class GrantLineExplained:
    """The line of that number."""

    number: int = strawberry.field(description="The number of the line.")
    base: shapes.Money | None = strawberry.field(description="The part of the line that counted.")
    percent: scalars.Decimal | None = strawberry.field(description="The rate; null if by no rate.")
    desired: shapes.Money | None = strawberry.field(description="Before caps and budgets.")
    granted: shapes.Money | None = strawberry.field(description="What was given.")


@strawberry.type(description="What made a grant less than its campaign says.")
class CutExplained:
    """In the order in which they were applied."""

    by: explained.ExplainedCutKind = strawberry.field(description="What cut it.")
    from_: shapes.Money | None = strawberry.field(name="from", description="Before the cut.")
    to: shapes.Money | None = strawberry.field(description="After the cut.")
    limit: shapes.Money | None = strawberry.field(description="The cap, or the budget.")
    per: explained.ExplainedPeriod | None = strawberry.field(description="Over which time.")


@strawberry.type(description="A condition, with what it wanted and what there was.")
class ReasonExplained:
    """One that held, or one that did not; only the fields of its kind are set."""

    kind: explained.ExplainedReasonKind = strawberry.field(description="What it asked for.")
    needed: shapes.Money | None = strawberry.field(description="How much it wanted.")
    had: shapes.Money | None = strawberry.field(description="How much there was.")
    missing: shapes.Money | None = strawberry.field(description="How much more it wanted.")
    needed_quantity: scalars.Decimal | None = strawberry.field(
        description="How many it wanted: units, or which purchase."
    )
    had_quantity: scalars.Decimal | None = strawberry.field(description="How many there were.")
    missing_quantity: scalars.Decimal | None = strawberry.field(description="How many more.")
    names: list[str] = strawberry.field(
        description="What it wanted one of, or what a bundle missed; at most 500, no segments."
    )
    had_name: str | None = strawberry.field(description="What there was instead.")
    by: str | None = strawberry.field(description="The campaign that counts instead.")
    cut: explained.ExplainedCutKind | None = strawberry.field(
        description="Which cap or budget was reached."
    )
    limit: shapes.Money | None = strawberry.field(description="How much that is.")
    within_days: int | None = strawberry.field(description="Within how many days.")
    per: explained.ExplainedPeriod | None = strawberry.field(description="Over which time.")
    sentence: str | None = strawberry.field(description="The same, to read.")


@strawberry.type(description="What one campaign gave on a purchase, and why.")
class GrantExplained:
    """Of the version that was in force."""

    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign.")
    campaign_name: str = strawberry.field(description="Its name on that day.")
    effect: EffectExplained = strawberry.field(description="What it gives.")
    base: shapes.Money | None = strawberry.field(description="What of the lines counted.")
    desired: shapes.Money | None = strawberry.field(description="Before caps and budgets.")
    granted: shapes.Money | None = strawberry.field(description="What was given.")
    charity: shapes.Money | None = strawberry.field(description="What of it a charity gets.")
    charity_name: str | None = strawberry.field(description="Which charity.")
    lines: list[GrantLineExplained] = strawberry.field(
        description="The lines that counted.", directives=[cost.ListSize(assumed_size=10)]
    )
    cuts: list[CutExplained] = strawberry.field(
        description="What made it less.", directives=[cost.ListSize(assumed_size=2)]
    )
    because: list[ReasonExplained] = strawberry.field(
        description="The conditions that held.", directives=[cost.ListSize(assumed_size=3)]
    )
    sentence: str = strawberry.field(description="All of it, to read.")


@strawberry.type(description="Why one campaign gave nothing.")
class MissExplained:
    """Every reason that is known, so that nobody has to try twice."""

    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign.")
    campaign_name: str = strawberry.field(description="Its name on that day.")
    line_numbers: list[int] = strawberry.field(
        description="The lines that are meant, at most 500; none means the whole purchase."
    )
    reasons: list[ReasonExplained] = strawberry.field(
        description="What stood in its way.", directives=[cost.ListSize(assumed_size=3)]
    )
    sentence: str = strawberry.field(description="All of it, to read.")


@strawberry.type(description="What a little more in the basket would bring.")
class NextBetter:
    """The nearest of all campaigns that ask for a minimum."""

    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign.")
    campaign_name: str = strawberry.field(description="Its name on that day.")
    missing: shapes.Money | None = strawberry.field(description="What is missing.")
    gain: shapes.Money | None = strawberry.field(description="What it would bring.")
    sentence: str | None = strawberry.field(description="The same, to read.")


@strawberry.type(description="What campaigns gave on a purchase, what they did not, and why.")
class Explanation:
    """As it was stored on the day; only the sentences are made now, in the caller's language."""

    matched: list[GrantExplained] = strawberry.field(
        description="What was given.", directives=[cost.ListSize(assumed_size=5)]
    )
    missed: list[MissExplained] = strawberry.field(
        description="What was not given.", directives=[cost.ListSize(assumed_size=10)]
    )
    next: NextBetter | None = strawberry.field(description="What would give more; null if none.")


def show(
    document: object,
    names: Mapping[uuid.UUID, str],
    *,
    asset: money.Asset | None = None,
) -> Explanation:
    """Return a stored document; `names` of charities and merchants, `asset` of the purchase."""
    said = explaining.sentences(document, language=wording.language(), names=names, asset=asset)
    whole = Part(document) if isinstance(document, Mapping) else Part({})
    given, misses = whole.parts("matched"), whole.parts("missed")
    better = _maybe(lambda: whole.part_or_none("next"))
    return Explanation(
        matched=[
            _grant(one, told, names, asset) for one, told in zip(given, said.matched, strict=True)
        ],
        missed=[_miss(one, told, asset) for one, told in zip(misses, said.missed, strict=True)],
        next=None if better is None else _next(better, said.next, asset),
    )


def _grant(
    one: Part, said: explaining.Said, names: Mapping[uuid.UUID, str], asset: money.Asset | None
) -> GrantExplained:
    given = _maybe(one.asset)
    bought = asset or given
    charity = _maybe(lambda: one.part_or_none("charity"))
    told = tongue.of(wording.language())
    return GrantExplained(
        campaign_id=_campaign(one),
        campaign_name=said.name,
        effect=_effect(_maybe(lambda: one.part("effect")) or Part({}), given, bought),
        base=_base(one, bought),
        desired=_money(one, "desired_minor", given),
        granted=_money(one, "granted_minor", given),
        charity=None if charity is None else _money(charity, "minor", given),
        charity_name=None if charity is None else _charity(charity, names),
        lines=[
            shown
            for line in one.parts("lines")
            if (shown := _line(line, given, bought)) is not None
        ],
        cuts=[_cut(cut, given) for cut in one.parts("cuts")],
        because=[
            _reason(part, bought, held.because(part, told, asset=bought, names=names))
            for part in one.parts("because")
        ],
        sentence=said.sentence,
    )


def _base(one: Part, bought: money.Asset | None) -> shapes.Money | None:
    counted = _maybe(lambda: grants.base(one))
    return None if bought is None or counted is None else shapes.show(counted, bought)


def _charity(charity: Part, names: Mapping[uuid.UUID, str]) -> str | None:
    found = _maybe(lambda: charity.key("charity"))
    return None if found is None else names.get(found)


def _effect(one: Part, given: money.Asset | None, bought: money.Asset | None) -> EffectExplained:
    kind = explained.word(explained.ExplainedEffectKind, _text(one, "give"))
    bps = _whole(one, "bps") or _whole(one, "bps_max")
    times = _whole(one, "times_milli")
    return EffectExplained(
        kind=kind or explained.ExplainedEffectKind.OTHER,
        percent=None if bps is None else merchants.percent(bps),
        amount=_money(one, "minor", given) or _money(one, "units", given),
        each=_money(one, "per_minor", bought),
        per_unit=_text(one, "per") == "unit",
        times=None if times is None else reports.quantity(times),
        name=_text(one, "name"),
        about=_text(one, "about"),
    )


def _line(
    one: Part, given: money.Asset | None, bought: money.Asset | None
) -> GrantLineExplained | None:
    number, bps = _small(_whole(one, "line")), _whole(one, "bps")
    if number is None:
        return None
    return GrantLineExplained(
        number=number,
        base=_money(one, "base_minor", bought),
        percent=None if bps is None else merchants.percent(bps),
        desired=_money(one, "desired_minor", given),
        granted=_money(one, "granted_minor", given),
    )


def _cut(one: Part, given: money.Asset | None) -> CutExplained:
    kind = explained.word(explained.ExplainedCutKind, _text(one, "by"))
    return CutExplained(
        by=kind or explained.ExplainedCutKind.OTHER,
        from_=_money(one, "from_minor", given),
        to=_money(one, "to_minor", given),
        limit=_money(one, "limit_minor", given),
        per=explained.word(explained.ExplainedPeriod, _text(one, "per")),
    )


def _miss(one: Part, said: explaining.Said, asset: money.Asset | None) -> MissExplained:
    raws = one.raws("reasons")
    parts = [Part(raw) if isinstance(raw, Mapping) else Part({}) for raw in raws]
    return MissExplained(
        campaign_id=_campaign(one),
        campaign_name=said.name,
        line_numbers=[number for raw in one.raws("lines") if (number := _number(raw)) is not None],
        # A miss without a reason still has one general sentence.
        reasons=[
            _reason(part, asset, sentence)
            for part, sentence in zip(parts, said.sentences, strict=False)
        ],
        sentence=said.sentence,
    )


def _reason(one: Part, asset: money.Asset | None, sentence: str | None) -> ReasonExplained:
    kind = explained.word(explained.ExplainedReasonKind, _text(one, "if"))
    of = _maybe(lambda: one.asset_or(asset))
    n, this, by = _whole(one, "n"), _whole(one, "this"), _text(one, "by")
    reached = kind is explained.ExplainedReasonKind.EXHAUSTED
    # The names of segments are notes of the operator about people.
    hidden = kind is explained.ExplainedReasonKind.SEGMENT
    return ReasonExplained(
        kind=kind or explained.ExplainedReasonKind.OTHER,
        needed=_money(one, "needed_minor", of),
        had=_money(one, "had_minor", of),
        missing=_money(one, "missing_minor", of),
        needed_quantity=_quantity(one, "needed_milli", n),
        had_quantity=_quantity(one, "had_milli", this),
        missing_quantity=_quantity(one, "missing_milli", None),
        names=[] if hidden else _names(one),
        had_name=None if hidden else _text(one, "had"),
        by=None if reached else by,
        cut=explained.word(explained.ExplainedCutKind, by) if reached else None,
        limit=_money(one, "limit_minor", _maybe(one.asset)),
        within_days=_small(_whole(one, "within_days")),
        per=explained.word(explained.ExplainedPeriod, _text(one, "per")),
        sentence=sentence,
    )


def _names(one: Part) -> list[str]:
    return _maybe(lambda: one.texts("any_of")) or _maybe(lambda: one.texts("missing")) or []


def _next(one: Part, sentence: str | None, asset: money.Asset | None) -> NextBetter:
    given = _maybe(one.asset)
    return NextBetter(
        campaign_id=_campaign(one),
        campaign_name=_text(one, "name") or "",
        missing=_money(one, "missing_minor", asset or given),
        gain=_money(one, "gain_minor", given),
        sentence=sentence,
    )


def _campaign(one: Part) -> strawberry.ID | None:
    found = _maybe(lambda: one.key("campaign"))
    return None if found is None else strawberry.ID(ids.show("cam", found))


def _quantity(one: Part, name: str, count: int | None) -> scalars.Decimal | None:
    milli = _whole(one, name)
    if milli is None and count is not None:
        milli = count * UNIT_MILLI
    return None if milli is None else reports.quantity(milli)


def _money(one: Part, name: str, asset: money.Asset | None) -> shapes.Money | None:
    minor = _whole(one, name)
    return None if minor is None or asset is None else shapes.show(minor, asset)


def _number(raw: object) -> int | None:
    return _small(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


def _small(number: int | None) -> int | None:
    return number if number is not None and 0 <= number <= INT_MAX else None


def _whole(one: Part, name: str) -> int | None:
    return _maybe(lambda: one.whole_or_none(name))


def _text(one: Part, name: str) -> str | None:
    return _maybe(lambda: one.text_or_none(name))


def _maybe(read: Callable[[], Read | None]) -> Read | None:
    try:
        return read()
    except reading.Unreadable:
        return None
