"""Experiments for the staff: registered before they begin, ended, listed, and judged when asked.

A result is worked out for whoever asks for it, and only then; see `judgements`.
"""

import datetime
import enum
import uuid
from typing import Annotated, Any, Final, TypeAlias

import strawberry

from api.graphql import (
    context,
    cost,
    judgements,
    people,
    permissions,
    refusals,
    scalars,
    shapes,
    staff,
)
from wallet import ids, money, programme
from wallet.campaigns import experiments

SCAN: Final = cost.Cost(weight="50")  # as a statement: all that the exposed members bought


@strawberry.enum(description="What an experiment measures; it is chosen before it begins.")
class ExperimentMetric(enum.Enum):
    """As wallet.rules.experiments.Metric; a test compares both."""

    SPEND_PER_MEMBER = strawberry.enum_value(
        "spend_per_member", description="What a member spends, net of returns."
    )
    PURCHASES_PER_MEMBER = strawberry.enum_value(
        "purchases_per_member", description="Purchases of which something was kept."
    )
    CONVERSION = strawberry.enum_value(
        "conversion", description="Whether a member bought and kept anything at all."
    )


@strawberry.enum(description="Where an experiment stands.")
class ExperimentStatus(enum.Enum):
    """As wallet.campaigns.experiments.Status; a test compares both."""

    REGISTERED = strawberry.enum_value("registered", description="Has not begun.")
    RUNNING = strawberry.enum_value("running", description="Members are exposed to its arms.")
    ENDED = strawberry.enum_value("ended", description="It is over, or was stopped early.")


@strawberry.type(description="One way to treat members, as planned.")
class ExperimentArm:
    """As rules.Arm."""

    name: str = strawberry.field(description="Its name within the experiment.")
    weight_bps: int = strawberry.field(
        description="Its share of those taking part, in basis points: 5000 is half."
    )
    holdout: bool = strawberry.field(
        description="True for the arm that gets nothing of what is tried."
    )


@strawberry.type(description="How many members have met one arm.")
class ExperimentExposure:
    """Counted from the log of first exposures."""

    arm: str = strawberry.field(description="The name of the arm.")
    members: int = strawberry.field(description="Members who met it, each counted once.")


@strawberry.type(description="Two or more ways to treat members, compared by chance and plan.")
class Experiment(shapes.Node):
    """Shown to those of the staff who read campaigns."""

    name: str = strawberry.field(description="What is tried.")
    status: ExperimentStatus = strawberry.field(description="Where it stands.")
    arms: list[ExperimentArm] = strawberry.field(
        description="The arms, as planned.", directives=[judgements.ARMS]
    )
    metric: ExperimentMetric = strawberry.field(description="What is measured.")
    currency: scalars.CurrencyCode | None = strawberry.field(
        description="The metric's currency; null for one that is no money."
    )
    window_days: int = strawberry.field(
        description="Days from a member's first exposure over which it is measured."
    )
    starts_at: scalars.DateTime = strawberry.field(description="When it begins.")
    ends_at: scalars.DateTime = strawberry.field(
        description="When it is over as planned; windows still open then do not count."
    )
    share_bps: int = strawberry.field(description="Members taking part, in basis points.")
    members_min: int = strawberry.field(
        description="Members of each arm whose window must be over before anything is said."
    )
    alpha_bps: int = strawberry.field(
        description="The chance to see a difference where there is none, in basis points."
    )
    detectable_bps: int = strawberry.field(
        description="The smallest lift worth acting upon, in basis points of the control."
    )
    registered_at: scalars.DateTime = strawberry.field(description="When it was registered.")
    ended_at: scalars.DateTime | None = strawberry.field(
        description="When somebody ended it; null if nobody did."
    )
    end_reason: str | None = strawberry.field(
        description="Why it was ended; null if nobody ended it."
    )
    facts: strawberry.Private[experiments.Experiment]

    @shapes.relation("registeredBy", "Who registered it.")
    async def registered_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of experiments asks once."""
        return await people.load(info, self.facts.registered_by)

    @shapes.relation("exposures", "How many members have met each arm so far.", judgements.ARMS)
    async def exposures(self, info: context.Info) -> list[ExperimentExposure] | None:
        """Counted by the loader, so a page of experiments asks once."""
        counted = await info.context.loaders.exposures.load(self.facts.experiment_id)
        return [
            ExperimentExposure(arm=one.name, members=counted.get(one.name, 0))
            for one in self.facts.plan.arms
        ]

    @shapes.relation("result", "What it says so far; worked out when asked, so ask for one.", SCAN)
    async def result(self, info: context.Info) -> judgements.ExperimentResult | None:
        """Read and worked out anew each time."""
        return await judgements.judge(info, self.facts)


ExperimentError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ExperimentError", description="Why it was not registered or not ended."),
]


@strawberry.type(description="Outcome of an act about an experiment.")
class ExperimentPayload:
    """The experiment as it stands after it."""

    experiment: Experiment | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False,
        description="True if this had been done before: the answer is that outcome.",
    )
    errors: list[ExperimentError] = shapes.refused()


@strawberry.input(description="One arm of a new experiment.")
class ExperimentArmInput:
    """Becomes a rules.Arm."""

    name: str = strawberry.field(description="Its name, such as `double points`.")
    weight_bps: int = strawberry.field(
        description="Its share of those taking part, in basis points; all add up to 10000."
    )
    holdout: bool = strawberry.field(
        default=False, description="True for the arm that gets nothing; one at most."
    )


@strawberry.input(description="A new experiment; it never changes once it is registered.")
class ExperimentRegisterInput:
    """Becomes a rules.Plan."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    name: str = strawberry.field(description="What is tried, such as `Double on bread`.")
    arms: list[ExperimentArmInput] = strawberry.field(
        description="Two to five; the others are compared with the holdout, or with the first."
    )
    metric: ExperimentMetric = strawberry.field(description="What decides.")
    window_days: int = strawberry.field(
        description="Days from a member's first exposure over which it is measured; 1 to 180."
    )
    starts_at: scalars.DateTime = strawberry.field(description="When it begins; not yet past.")
    ends_at: scalars.DateTime = strawberry.field(
        description="When it is over; later than the start by more than the window."
    )
    members_min: int = strawberry.field(
        description="Members of each arm before anything is said; 30 at least."
    )
    detectable_bps: int = strawberry.field(
        description="The smallest lift worth acting upon, in basis points of the control."
    )
    share_bps: int = strawberry.field(
        default=10_000, description="Members taking part, in basis points; 10000 is everybody."
    )
    alpha_bps: int = strawberry.field(
        default=500, description="The chance to see a difference where there is none; 500 is 5 %."
    )
    salt: str = strawberry.field(
        default="", description="Divides members in another way; empty is as good as any."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="The end of an experiment, for good.")
class ExperimentEndInput:
    """Repeating it changes nothing, so it needs no key."""

    experiment_id: strawberry.ID = strawberry.field(description="Which experiment.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Query:
    """Root fields for those who read campaigns."""

    @permissions.root(
        "Query.experiments",
        "Experiments, the last registered first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def experiments_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[Experiment] | None:
        """One round trip; names, counts and results are read for whoever asks for them."""
        shapes.first_of(first)
        rows = await experiments.page(
            info.context.db, first=first + 1, before=shapes.place_of(after, datetime.datetime)
        )
        house = await programme.of(info.context.db)
        return shapes.page(
            [show(row, house.asset) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.registered_at, row.facts.experiment_id),
        )


@strawberry.type
class Mutation:
    """Root fields for those who write campaigns."""

    @permissions.root("Mutation.experimentRegister", "Register an experiment before it begins.")
    @refusals.answered(ExperimentPayload)
    async def experiment_register(
        self,
        info: context.Info,
        told: Annotated[
            ExperimentRegisterInput, strawberry.argument(name="input", description="The plan.")
        ],
    ) -> ExperimentPayload | None:
        """Logged as experiment.register."""
        registered = await experiments.register(
            info.context.db,
            experiment_id=context.request(info, "experimentRegister", told.idempotency_key),
            plan=_plan(told),
            reason=told.reason,
            actor=context.actor(info),
        )
        return ExperimentPayload(
            experiment=await _show(info, registered.experiment), replayed=registered.replayed
        )

    @permissions.root(
        "Mutation.experimentEnd", "End an experiment; before its planned end it is stopped early."
    )
    @refusals.answered(ExperimentPayload)
    async def experiment_end(
        self,
        info: context.Info,
        told: Annotated[
            ExperimentEndInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> ExperimentPayload | None:
        """Logged as experiment.end."""
        ended = await experiments.end(
            info.context.db,
            experiment_id=shapes.key("exp", told.experiment_id, path=("experiment_id",)),
            reason=told.reason,
            actor=context.actor(info),
        )
        return ExperimentPayload(
            experiment=await _show(info, ended.experiment), replayed=ended.replayed
        )


def show(row: experiments.Experiment, asset: money.Asset) -> Experiment:
    """Return an experiment as GraphQL; spend is in the programme's asset."""
    plan = row.plan
    is_money = plan.metric == "spend_per_member"
    return Experiment(
        id=strawberry.ID(ids.show("exp", row.experiment_id)),
        name=plan.name,
        status=ExperimentStatus(row.status),
        arms=[
            ExperimentArm(name=one.name, weight_bps=one.weight_bps, holdout=one.holdout)
            for one in plan.arms
        ],
        metric=ExperimentMetric(plan.metric),
        currency=scalars.CurrencyCode(asset.code) if is_money else None,
        window_days=plan.window_days,
        starts_at=scalars.DateTime(plan.starts_at),
        ends_at=scalars.DateTime(plan.ends_at),
        share_bps=plan.share_bps,
        members_min=plan.members_min,
        alpha_bps=plan.alpha_bps,
        detectable_bps=plan.detectable_bps,
        registered_at=scalars.DateTime(row.registered_at),
        ended_at=scalars.instant(row.ended_at),
        end_reason=None if row.result is None else row.result["reason"],
        facts=row,
    )


async def node(info: context.Info, experiment_id: uuid.UUID) -> Experiment | None:
    """Return an experiment to those of the staff who read campaigns."""
    if "campaigns:read" not in info.context.scopes:
        return None
    return await _show(info, await experiments.find(info.context.db, experiment_id))


async def _show(info: context.Info, row: experiments.Experiment) -> Experiment:
    return show(row, (await programme.of(info.context.db)).asset)


def _plan(told: ExperimentRegisterInput) -> dict[str, Any]:
    """Return the plan as the rule reads it; its refusals name the fields of the input."""
    return {
        "name": told.name,
        "arms": [
            {"name": one.name, "weight_bps": one.weight_bps, "holdout": one.holdout}
            for one in told.arms
        ],
        "metric": shapes.value(told.metric),
        "window_days": told.window_days,
        "starts_at": told.starts_at,
        "ends_at": told.ends_at,
        "share_bps": told.share_bps,
        "members_min": told.members_min,
        "alpha_bps": told.alpha_bps,
        "detectable_bps": told.detectable_bps,
        "salt": told.salt,
    }
