"""What an experiment says: means, intervals and a verdict in a sentence, out of integer sums.

It decides nothing about members or money, so floats are allowed here, and only here: sums come in
as integers and no number goes back into the books. A verdict says less before the end than after
it, says nothing with too few members, and warns when members were not divided as planned.
"""

import dataclasses
import datetime
import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from wallet import money
from wallet.campaigns import experiments
from wallet.rules import experiments as rules

RATIO_ALPHA: Final = 0.001
"""Below this chance the division is broken; it is small because each experiment is asked daily."""
CELL_MIN: Final = 5
"""The fewest members expected in an arm for a chi-square to mean anything."""

Stage: TypeAlias = Literal["running", "stopped", "complete"]


@dataclasses.dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and between what the truth lies with the confidence that was asked for."""

    estimate: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """The difference of two arms; `p_value` is the chance of one as large if there were none."""

    difference: Interval
    p_value: float


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the control; no `lift` where the control has nothing to compare with."""

    arm: str
    control: str
    difference: Interval
    lift: Interval | None
    p_value: float
    verdict: str


@dataclasses.dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm: members whose window is over, and the mean of the metric over them."""

    arm: str
    exposed: int
    members: int
    mean: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """All that is said. `confidence` is that of the intervals, such as 0.95.

    `ratio_p_value` is the chance of a division as uneven as this; None for too few to tell.
    """

    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    confidence: float
    ratio_p_value: float | None
    trusted: bool
    verdict: str


def result(
    plan: rules.Plan,
    seen: Sequence[experiments.Observation],
    *,
    stage: Stage,
    ends_on: datetime.date,
    asset: money.Asset,
) -> Result:
    """Judge what was seen by the plan. `ends_on` is the day on which the numbers become final."""
    by_arm = {one.arm: one for one in seen}
    control = by_arm[plan.control.name]
    others = [by_arm[one.name] for one in plan.arms if one.name != control.arm]
    # Bonferroni: with more arms each comparison is held to a smaller chance, all together to alpha.
    alpha = plan.alpha_bps / rules.BPS / len(others)
    ratio_p_value = ratio(plan, seen)
    trusted = ratio_p_value is None or ratio_p_value >= RATIO_ALPHA
    fewest = min(seen, key=lambda one: one.members)
    enough = fewest.members >= plan.members_min
    comparisons = tuple(
        _compare(plan, one, control, alpha=alpha, asset=asset) for one in others if enough
    )
    if not trusted:
        verdict = _uneven(plan, seen)
    elif not enough:
        so_far = f"{fewest.members} of {plan.members_min} in {fewest.arm}"
        verdict = (
            f"Too few members yet: {so_far}."
            if stage == "running"
            else f"Too few members: {so_far}. Nothing can be said."
        )
    else:
        verdict = " ".join(one.verdict for one in comparisons)
        if stage == "running":
            verdict = f"Not final before {ends_on.isoformat()}, do not stop for it: {verdict}"
    if stage == "stopped":
        verdict = f"Stopped early: {verdict}"
        if trusted and enough:
            verdict += " Whoever stops when the numbers look good is wrong more often than planned."
    return Result(
        arms=tuple(_arm(plan, one) for one in seen),
        comparisons=comparisons,
        confidence=1 - alpha,
        ratio_p_value=ratio_p_value,
        trusted=trusted,
        verdict=verdict,
    )


def ratio(plan: rules.Plan, seen: Sequence[experiments.Observation]) -> float | None:
    """The chance that a sound division leaves the exposed members as unevenly as this, or worse.

    Pearson's chi-square against the plan's weights; None for too few members.
    """
    from scipy import special

    weights = {one.name: one.weight_bps for one in plan.arms}
    exposed = sum(one.exposed for one in seen)
    expected = [exposed * weights[one.arm] / rules.BPS for one in seen]
    if min(expected) < CELL_MIN:
        return None
    distance = sum((one.exposed - due) ** 2 / due for one, due in zip(seen, expected, strict=True))
    return float(special.chdtrc(len(seen) - 1, distance))


def means(
    one: experiments.Observation, control: experiments.Observation, *, alpha: float
) -> Compared:
    """Welch's t: the difference of two means whose spreads may differ."""
    from scipy import special

    difference = one.total / one.members - control.total / control.members
    parts = [_variance(it) / it.members for it in (one, control)]
    error = math.sqrt(sum(parts))
    if error == 0:
        # Everybody did the same, so there is no chance in it.
        return Compared(Interval(difference, difference, difference), float(difference == 0))
    freedom = error**4 / sum(
        part**2 / (it.members - 1) for part, it in zip(parts, (one, control), strict=True)
    )
    reach = float(special.stdtrit(freedom, 1 - alpha / 2)) * error
    p_value = 2 * float(special.stdtr(freedom, -abs(difference) / error))
    return Compared(Interval(difference, difference - reach, difference + reach), p_value)


def shares(
    one: experiments.Observation, control: experiments.Observation, *, alpha: float
) -> Compared:
    """Newcombe's hybrid score interval (his method 10) and the pooled z of two proportions."""
    from scipy import special

    z = float(special.ndtri(1 - alpha / 2))
    a, b = [_wilson(it, z) for it in (one, control)]
    difference = a.estimate - b.estimate
    below = math.hypot(a.estimate - a.low, b.high - b.estimate)
    above = math.hypot(a.high - a.estimate, b.estimate - b.low)
    pooled = (one.successes + control.successes) / (one.members + control.members)
    error = math.sqrt(pooled * (1 - pooled) * (1 / one.members + 1 / control.members))
    p_value = 1.0 if error == 0 else 2 * float(special.ndtr(-abs(difference) / error))
    return Compared(Interval(difference, difference - below, difference + above), p_value)


def lift(
    one: experiments.Observation, control: experiments.Observation, *, alpha: float
) -> Interval | None:
    """How much more than the control, as a share of it: the log ratio's delta method.

    It is approximate, so the verdict never asks it; None where a mean is not above zero.
    """
    from scipy import special

    if one.total <= 0 or control.total <= 0:
        return None
    ratio_ = one.total * control.members / (control.total * one.members)
    error = math.sqrt(sum(_variance(it) * it.members / it.total**2 for it in (one, control)))
    reach = math.exp(float(special.ndtri(1 - alpha / 2)) * error)
    return Interval(ratio_ - 1, ratio_ / reach - 1, ratio_ * reach - 1)


def _variance(seen: experiments.Observation) -> float:
    # The numerator is exact; one division of integers rounds once.
    n = seen.members
    return (n * seen.squares - seen.total**2) / (n * (n - 1))


def _wilson(seen: experiments.Observation, z: float) -> Interval:
    n, share = seen.members, seen.successes / seen.members
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))


def _compare(
    plan: rules.Plan,
    one: experiments.Observation,
    control: experiments.Observation,
    *,
    alpha: float,
    asset: money.Asset,
) -> Comparison:
    measure = shares if plan.metric == "conversion" else means
    compared = measure(one, control, alpha=alpha)
    # The interval and the p value are two tests that may differ by a hair: both must agree.
    apart = compared.difference.low > 0 or compared.difference.high < 0
    said = _sentence(
        plan,
        one,
        control,
        compared.difference,
        shown=apart and compared.p_value < alpha,
        confidence=1 - alpha,
        asset=asset,
    )
    return Comparison(
        arm=one.arm,
        control=control.arm,
        difference=compared.difference,
        lift=lift(one, control, alpha=alpha),
        p_value=compared.p_value,
        verdict=said,
    )


def _sentence(
    plan: rules.Plan,
    one: experiments.Observation,
    control: experiments.Observation,
    found: Interval,
    *,
    shown: bool,
    confidence: float,
    asset: money.Asset,
) -> str:
    wording = _WORDING[plan.metric]
    scale, decimals = wording.scale, wording.decimals
    if plan.metric == "spend_per_member":
        scale, decimals = 10**-asset.exponent, asset.exponent

    def say(value: float) -> str:
        return f"{round(value * scale, decimals) + 0.0:.{decimals}f}"

    level = f"{round(confidence * 100, 2):g} % interval {say(found.low)} to {say(found.high)}"
    if shown:
        more = "more" if found.estimate > 0 else "less"
        best = one.arm if found.estimate > 0 else control.arm
        much = wording.much.format(say(abs(found.estimate)), more, asset.code)
        return f"{one.arm} {much} than {control.arm} ({level}): {best} is better."
    unit = wording.unit.format(asset.code)
    planned = plan.detectable_bps / rules.BPS * _mean(plan, control)
    possible = found.low < -planned or found.high > planned
    percent = f"{plan.detectable_bps / 100:g} %"
    return (
        f"No difference between {one.arm} and {control.arm} could be shown; the {level} {unit}"
        f" holds zero. A difference of {percent} of {control.arm} is"
        f" {'still possible' if possible else 'ruled out'}."
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Wording:
    much: str
    unit: str
    scale: float
    decimals: int


_WORDING: Final[dict[rules.Metric, _Wording]] = {
    "spend_per_member": _Wording("earns {0} {2} {1} per member", "{0} per member", 1, 2),
    "purchases_per_member": _Wording(
        "has {0} purchases {1} per member", "purchases per member", 1, 2
    ),
    "conversion": _Wording("makes {0} {1} of 100 members buy", "of 100 members who buy", 100, 2),
}


def _uneven(plan: rules.Plan, seen: Sequence[experiments.Observation]) -> str:
    weights = {one.name: one.weight_bps for one in plan.arms}
    exposed = sum(one.exposed for one in seen)
    parts = ", ".join(
        f"{one.arm} has {one.exposed} where {round(exposed * weights[one.arm] / rules.BPS)}"
        " were planned"
        for one in seen
    )
    return f"Do not trust this: members were not divided as planned ({parts})."


def _arm(plan: rules.Plan, seen: experiments.Observation) -> ArmResult:
    mean = _mean(plan, seen) if seen.members else None
    return ArmResult(seen.arm, seen.exposed, seen.members, mean)


def _mean(plan: rules.Plan, seen: experiments.Observation) -> float:
    measured = seen.successes if plan.metric == "conversion" else seen.total
    return measured / seen.members
