"""Simulations: a draft is played over the past, at once or with its progress.

The mutation answers within the time of a request, with a part if need be; the subscription takes a
minute.
"""

import asyncio
import datetime
import uuid
from collections.abc import AsyncGenerator
from typing import Annotated, Final

import strawberry

from api.graphql import (
    context,
    cost,
    permissions,
    refusals,
    scalars,
    shapes,
    simulated,
    staff,
)
from api.simulation import deadline
from wallet import audit, errors, programme
from wallet.campaigns import beside, shelf, simulate
from wallet.rules.campaigns import definition as definitions
from wallet.rules.campaigns import drafts

REQUEST_SECONDS: Final = 4  # a request is cut off after five, with nothing
STEP_SECONDS: Final = 0.5  # a bar that moves twice a second moves
WEIGHT: Final = cost.Cost(weight="50")  # it keeps a core busy, as no other request does


@strawberry.type(description="Outcome of a simulation.")
class CampaignSimulatePayload:
    """Nothing is written."""

    simulation: simulated.CampaignSimulation | None = strawberry.field(
        default=None, description="What it came to; null if refused."
    )
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="How far a simulation is; the last one brings the result.")
class CampaignSimulationStep:
    """One answer of the stream."""

    done: int = strawberry.field(description="Purchases that were played.")
    total: int = strawberry.field(description="Purchases in all; 0 until they are counted.")
    simulation: simulated.CampaignSimulation | None = strawberry.field(
        default=None, description="What it came to; null until the end, and if refused."
    )
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="A draft, and the period over which it is played.")
class CampaignSimulateInput:
    """Either a definition or a version that is saved."""

    definition: scalars.Json | None = strawberry.field(
        default=None, description="All of it, as `campaignSchema` says; or name a version."
    )
    version_id: strawberry.ID | None = strawberry.field(
        default=None, description="A version that is saved; or send a definition."
    )
    days: int = strawberry.field(default=90, description="How many days back; 1 to 730.")
    until: scalars.DateTime | None = strawberry.field(
        default=None, description="The end of the period; null for now."
    )
    compare: bool = strawberry.field(
        default=False,
        description="Play it beside what was in force, and say what others lose; takes longer.",
    )


Told = Annotated[CampaignSimulateInput, strawberry.argument(name="input", description="The draft.")]


@strawberry.type
class Mutation:
    """Root fields for the staff."""

    @permissions.root(
        "Mutation.campaignSimulate",
        "Play a draft over the purchases of the last days; nothing is written. It ends after four"
        " seconds with what it has: `campaignSimulated` takes a minute.",
        WEIGHT,
    )
    @refusals.answered(CampaignSimulatePayload)
    async def campaign_simulate(
        self, info: context.Info, told: Told
    ) -> CampaignSimulatePayload | None:
        """Reading only."""
        found = await _run(info, told, simulate.silent, REQUEST_SECONDS)
        return CampaignSimulatePayload(simulation=await simulated.show(info, found))


@strawberry.type
class Subscription:
    """Root fields for the staff."""

    @permissions.root(
        "Subscription.campaignSimulated",
        "Play a draft over the purchases of the last days: how far it is, and at last the result.",
        WEIGHT,
    )
    async def campaign_simulated(
        self, info: context.Info, told: Told
    ) -> AsyncGenerator[CampaignSimulationStep, None]:
        """The stream ends with its result; whoever leaves ends the simulation."""
        return _steps(info, told)


async def _steps(
    info: context.Info, told: CampaignSimulateInput
) -> AsyncGenerator[CampaignSimulationStep, None]:
    done = total = 0

    def progress(now: int, of: int) -> None:
        nonlocal done, total
        done, total = now, of

    running = asyncio.create_task(_run(info, told, progress, deadline.SECONDS))
    try:
        while not running.done():
            yield CampaignSimulationStep(done=done, total=total)
            await asyncio.wait({running}, timeout=STEP_SECONDS)
        try:
            shown = await simulated.show(info, await running)
            yield CampaignSimulationStep(done=done, total=total, simulation=shown)
        except errors.Refusal as refusal:
            yield CampaignSimulationStep(done=done, total=total, errors=[refusals.show(refusal)])
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _run(
    info: context.Info,
    told: CampaignSimulateInput,
    progress: simulate.Progress,
    seconds: int,
) -> simulate.Simulation:
    late = deadline.after(seconds)
    db = info.context.db
    definition, campaign_id = await _draft(info, told)
    simulate.check_days(told.days)
    # Like every look of the staff at what members did, it is on record.
    subject = campaign_id or (await programme.of(db)).operator_id
    await audit.write(db, actor=context.actor(info), act="campaign.simulate", subject=subject)
    until = told.until or await db.fetchval("select clock_timestamp()")
    since = until - datetime.timedelta(days=told.days)
    around = await beside.of(db, since=since, until=until, without=campaign_id)
    return await simulate.simulate(
        db,
        definition=definition,
        days=told.days,
        until=until,
        rules=around.rules,
        live=around.others if told.compare else None,
        progress=progress,
        late=late,
    )


async def _draft(
    info: context.Info, told: CampaignSimulateInput
) -> tuple[definitions.Definition, uuid.UUID | None]:
    if (told.definition is None) is (told.version_id is None):
        raise errors.CampaignInvalid(
            "Send a definition, or the id of a version.", path=("definition",)
        )
    if told.version_id is None:
        try:
            return drafts.read(told.definition), None
        except errors.CampaignInvalid as problem:
            raise errors.CampaignInvalid(
                problem.message, path=("definition", *problem.path)
            ) from None
    version_id = shapes.key("ver", told.version_id, path=("version_id",))
    version = await shelf.find_version(info.context.db, version_id)
    return version.definition, version.campaign_id
