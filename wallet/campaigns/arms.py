"""Which arms of experiments a member is in, for campaigns that ask; and the log that they met them.

A plan alone decides the arm, so a member keeps it whoever asks, and whenever. Whoever was decided
by campaigns that ask for an experiment has met it, in every arm and in the holdout alike: a sale, a
preview that showed what there is, or an activity. The first time counts, later ones change nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from wallet.campaigns import experiments
from wallet.database import Database
from wallet.rules import experiments as rules

Arms: TypeAlias = Mapping[UUID, rules.Arm]
"""By experiment; one that a member does not take part in is left out."""


async def arms_of(
    db: Database,
    experiment_ids: Iterable[UUID],
    member_id: UUID,
    *,
    at: datetime,
    epoch: int | None = None,
) -> dict[UUID, rules.Arm]:
    """The arms of a member in those of these experiments that divide members at an instant."""
    wanted = frozenset(experiment_ids)
    if not wanted:
        return {}
    standing = [
        one
        for one in await experiments.running(db, at=at, epoch=epoch)
        if one.experiment_id in wanted
    ]
    names = experiments.arms(standing, member_id)
    return {
        one.experiment_id: arm
        for one in standing
        for arm in one.plan.arms
        if arm.name == names.get(one.experiment_id)
    }


def treated(arms: Arms) -> dict[UUID, str]:
    """The arms that a campaign may give to: never the holdout, whatever its conditions name."""
    return {key: arm.name for key, arm in arms.items() if not arm.holdout}


async def meet(
    db: Database, met: Iterable[tuple[UUID, Arms]], *, at: datetime | None, via: str
) -> None:
    """Log that members (by id, with their arms) met their experiments; `via` says by what."""
    exposures = [
        (experiment_id, member_id, arm.name)
        for member_id, arms in met
        for experiment_id, arm in arms.items()
    ]
    for begin in range(0, len(exposures), experiments.EXPOSURES_MAX):
        part = exposures[begin : begin + experiments.EXPOSURES_MAX]
        await experiments.expose(db, part, at=at, via=via)
