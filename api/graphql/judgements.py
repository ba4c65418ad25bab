"""What an experiment says, as GraphQL: numbers as decimals, and verdicts that hold without them.

It is worked out for whoever asks, because it reads what every exposed member bought.
"""

import asyncio
import datetime
import zoneinfo
from typing import Final

import strawberry

from api import experiments as judged
from api.graphql import context, cost, scalars
from wallet import money, programme
from wallet.campaigns import experiments

DECIMALS: Final = 6  # what a Decimal may have: a p value below a millionth is printed as 0.000000
MEAN_DECIMALS: Final = 4
ARMS: Final = cost.ListSize(assumed_size=2)


@strawberry.type(description="What one arm showed.")
class ExperimentArmResult:
    """Only members whose window is over."""

    arm: str = strawberry.field(description="The name of the arm.")
    members: int = strawberry.field(description="Members whose window is over.")
    mean: scalars.Decimal | None = strawberry.field(
        description="The metric's mean over them: in the currency, in purchases, or as a share;"
        " null without members."
    )


@strawberry.type(description="An estimate, and between what the truth lies.")
class ExperimentInterval:
    """As experiments.Interval."""

    estimate: scalars.Decimal = strawberry.field(description="The best guess.")
    low: scalars.Decimal = strawberry.field(description="The lower end of the interval.")
    high: scalars.Decimal = strawberry.field(description="The upper end of the interval.")


@strawberry.type(description="One arm against the control.")
class ExperimentComparison:
    """As experiments.Comparison."""

    arm: str = strawberry.field(description="What is compared.")
    control: str = strawberry.field(description="With what: the holdout, or the first arm.")
    difference: ExperimentInterval = strawberry.field(
        description="The arm's mean less the control's, in the metric's unit."
    )
    lift: ExperimentInterval | None = strawberry.field(
        description="The same as a share of the control, 0.05 is 5 % more;"
        " null where the control has nothing."
    )
    p_value: scalars.Decimal = strawberry.field(
        description="The chance of so large a difference if there were none."
    )
    verdict: str = strawberry.field(description="What it means, in a sentence.")


@strawberry.type(description="What an experiment says so far.")
class ExperimentResult:
    """As experiments.Result."""

    until: scalars.DateTime = strawberry.field(
        description="Windows that were over by this instant are in it: now, or the end."
    )
    verdict: str = strawberry.field(description="What it means, in sentences; read this first.")
    trusted: bool = strawberry.field(
        description="False if members were not divided as planned: then nothing else counts."
    )
    stopped_early: bool = strawberry.field(
        description="True if it was ended before its plan wanted it to."
    )
    ratio_p_value: scalars.Decimal | None = strawberry.field(
        description="The chance of a division as uneven as this; null for too few to tell."
    )
    confidence: scalars.Decimal = strawberry.field(
        description="That of each interval, such as 0.95; higher with more than two arms."
    )
    arms: list[ExperimentArmResult] = strawberry.field(
        description="Arm by arm, as planned.", directives=[ARMS]
    )
    comparisons: list[ExperimentComparison] = strawberry.field(
        description="Each arm against the control; empty until every arm has its members.",
        directives=[ARMS],
    )


async def judge(info: context.Info, one: experiments.Experiment) -> ExperimentResult:
    """Return what an experiment says so far; in a thread, since the first loads the statistics."""
    seen = await experiments.observations(info.context.db, one.experiment_id)
    house = await programme.of(info.context.db)
    told = await asyncio.to_thread(
        judged.result,
        one.plan,
        seen.arms,
        stage=_stage(one, seen.until),
        ends_on=one.plan.ends_at.astimezone(zoneinfo.ZoneInfo(house.time_zone)).date(),
        asset=house.asset,
    )
    # Spend is counted in minor units and printed in the currency; all else as it is.
    is_money = one.plan.metric == "spend_per_member"
    scale = _scale(house.asset) if is_money else 1.0
    return ExperimentResult(
        until=scalars.DateTime(seen.until),
        verdict=told.verdict,
        trusted=told.trusted,
        stopped_early=one.stopped_early,
        ratio_p_value=None if told.ratio_p_value is None else _decimal(told.ratio_p_value),
        confidence=_decimal(told.confidence),
        arms=[
            ExperimentArmResult(
                arm=it.arm,
                members=it.members,
                mean=None if it.mean is None else _decimal(it.mean * scale, MEAN_DECIMALS),
            )
            for it in told.arms
        ],
        comparisons=[_comparison(it, scale) for it in told.comparisons],
    )


def _stage(one: experiments.Experiment, until: datetime.datetime) -> judged.Stage:
    if one.stopped_early:
        return "stopped"
    return "complete" if until >= one.plan.ends_at else "running"


def _scale(asset: money.Asset) -> float:
    return float(10.0**-asset.exponent)


def _comparison(one: judged.Comparison, scale: float) -> ExperimentComparison:
    return ExperimentComparison(
        arm=one.arm,
        control=one.control,
        difference=_interval(one.difference, scale),
        lift=None if one.lift is None else _interval(one.lift, 1.0),
        p_value=_decimal(one.p_value),
        verdict=one.verdict,
    )


def _interval(one: judged.Interval, scale: float) -> ExperimentInterval:
    return ExperimentInterval(
        estimate=_decimal(one.estimate * scale, MEAN_DECIMALS),
        low=_decimal(one.low * scale, MEAN_DECIMALS),
        high=_decimal(one.high * scale, MEAN_DECIMALS),
    )


def _decimal(value: float, decimals: int = DECIMALS) -> scalars.Decimal:
    # Adding zero makes nothing of a minus before it.
    return scalars.Decimal(f"{round(value, decimals) + 0.0:.{decimals}f}")
