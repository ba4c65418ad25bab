"""Experiments: registered before they begin, logged as members meet them, measured afterwards.

A plan never changes. The first exposure of a member counts, and the measure is taken of whole
windows after it, so nobody is counted who never could have seen a difference. Sums are integers;
whoever wants a mean or an interval works it out from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import orjson

from wallet import audit, errors, programme, sql
from wallet.database import Database
from wallet.rules import experiments, text

PAGE_MAX: Final = 101
"""One screen of an analyst, and the row that says that more follow."""
RUNNING_MAX: Final = 1_000
"""Experiments that nobody has ended yet; a coalition runs some dozens at once."""
EXPOSURES_MAX: Final = 10_000
"""Exposures of one call: a bulk report of purchases, each of them in ten experiments."""
VIA_CHARS_MAX: Final = 64

Status: TypeAlias = Literal["registered", "running", "ended"]
Exposure: TypeAlias = tuple[UUID, UUID, str]
"""An experiment, a member, and the arm that the plan gives to them."""

_SELECT: Final = (
    "select e.experiment_id, e.plan, e.registered_by, e.registered_at, s.ended_at, s.result,"
    " case when least(s.ended_at, e.ends_at) <= coalesce($1::timestamptz, clock_timestamp())"
    " then 'ended' when e.starts_at <= coalesce($1::timestamptz, clock_timestamp())"
    " then 'running' else 'registered' end as status"
    " from coalition.experiment e left join coalition.experiment_end s using (experiment_id)"
)
# Whatever changes which members are divided how counts up the epoch, in the same statement.
_REGISTER: Final = (
    "with made as (insert into coalition.experiment"
    " (experiment_id, name, plan, starts_at, ends_at, registered_by, registered_at)"
    " select $1, $2, $3::jsonb, $4, $5, $6, at"
    " from (select coalesce($7::timestamptz, clock_timestamp()) as at) as a where at < $4"
    " on conflict (experiment_id) do nothing returning experiment_id),"
    " bumped as (update coalition.programme set epoch = epoch + 1 where exists (select from made))"
    " select experiment_id from made"
)
_END: Final = (
    "with made as (insert into coalition.experiment_end (experiment_id, ended_at, result)"
    " values ($1, coalesce($2::timestamptz, clock_timestamp()), $3::jsonb)"
    " on conflict (experiment_id) do nothing returning experiment_id),"
    " bumped as (update coalition.programme set epoch = epoch + 1 where exists (select from made))"
    " select experiment_id from made"
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment with its plan; `ended_at` and `result` only if somebody ended it."""

    experiment_id: UUID
    plan: experiments.Plan
    status: Status
    registered_by: UUID
    registered_at: datetime
    ended_at: datetime | None
    result: dict[str, Any] | None

    @property
    def stopped_early(self) -> bool:
        """True if it was ended before its plan wanted it to."""
        return self.ended_at is not None and self.ended_at < self.plan.ends_at


@dataclass(frozen=True, slots=True)
class Registered:
    """An experiment that is registered; `replayed` if this id had been before."""

    experiment: Experiment
    replayed: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """An experiment that is ended; `replayed` if the same person had ended it for that reason."""

    experiment: Experiment
    replayed: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What one arm showed: members exposed, and of those whose window is over the plan's metric.

    Spend is in minor units; `successes` are the members whose value is above zero.
    """

    arm: str
    exposed: int
    members: int
    total: int
    squares: int
    successes: int


@dataclass(frozen=True, slots=True)
class Observed:
    """What an experiment had shown by an instant, arm by arm as the plan has them."""

    until: datetime
    arms: tuple[Observation, ...]


async def register(
    db: Database,
    *,
    experiment_id: UUID,
    plan: object,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Registered:
    """Register a plan (decoded JSON) before it begins. Repeating it is harmless.

    EXPERIMENT_INVALID names the field at fault. The same id with another plan is
    IDEMPOTENCY_KEY_REUSED, and EXPERIMENT_CLOSED once it has begun.
    """
    audit.check_reason(reason)
    read = experiments.parse(plan)
    house = await programme.of(db)
    created = await db.fetchval(
        _REGISTER,
        experiment_id,
        read.name,
        orjson.dumps(experiments.dump(read)).decode(),
        read.starts_at,
        read.ends_at,
        actor.actor_id or house.operator_id,
        now,
    )
    found = await _find(db, experiment_id, now)
    if found is None:
        raise errors.ExperimentInvalid(
            "An experiment is registered before it begins. Let it start later.",
            path=("starts_at",),
        )
    if found.plan != read:
        if found.status == "registered":
            raise errors.IdempotencyKeyReused(first_used_at=found.registered_at)
        raise errors.ExperimentClosed()
    await audit.write(
        db,
        actor=actor,
        act="experiment.register",
        subject=experiment_id,
        reason=reason,
        once=experiment_id,
    )
    return Registered(found, replayed=created is None)


async def end(
    db: Database,
    *,
    experiment_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Ended:
    """End an experiment, for good. Before its planned end it is stopped early, and says so.

    What was seen by then is kept with the reason. EXPERIMENT_CLOSED if it was ended before, unless
    by the same person for the same reason.
    """
    audit.check_reason(reason)
    await find(db, experiment_id, now=now)
    seen = await observations(db, experiment_id, now=now)
    known = {
        "reason": reason,
        "ended_by": None if actor.actor_id is None else str(actor.actor_id),
    }
    done = await db.fetchval(
        _END,
        experiment_id,
        now,
        orjson.dumps({**known, "until": seen.until, "arms": seen.arms}, default=str).decode(),
    )
    found = await find(db, experiment_id, now=now)
    assert found.result is not None, "an experiment that is not ended can be"
    if done is None and {name: found.result[name] for name in known} != known:
        raise errors.ExperimentClosed("This experiment was ended before, and stays ended.")
    await audit.write(
        db,
        actor=actor,
        act="experiment.end",
        subject=experiment_id,
        reason=reason,
        detail={"stopped_early": found.stopped_early},
        once=experiment_id,
    )
    return Ended(found, replayed=done is None)


async def find(db: Database, experiment_id: UUID, *, now: datetime | None = None) -> Experiment:
    """The experiment with this id, or NOT_FOUND."""
    found = await _find(db, experiment_id, now)
    if found is None:
        raise errors.NotFound()
    return found


async def page(
    db: Database,
    *,
    first: int,
    before: tuple[datetime, UUID] | None,
    now: datetime | None = None,
) -> list[Experiment]:
    """Experiments, the newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where $2::timestamptz is null"
        " or (e.registered_at, e.experiment_id) < ($2, $3::uuid)"
        " order by e.registered_at desc, e.experiment_id desc limit $4",
        now,
        at,
        last,
        first,
    )
    return [_read(row) for row in rows]


async def running(db: Database, *, at: datetime, epoch: int | None = None) -> list[Experiment]:
    """The experiments that divide members at an instant.

    `epoch` is that of the programme if the caller knows it: while it stands, nothing is read twice.
    """
    known = db.known.get("experiments")
    if epoch is not None and isinstance(known, tuple) and known[0] >= epoch:
        standing: list[Experiment] = known[1]
    else:
        rows = await db.fetch(
            f"{_SELECT} where s.ended_at is null order by e.ends_at desc, e.experiment_id limit $2",
            at,
            RUNNING_MAX,
        )
        standing = [_read(row) for row in rows]
        if epoch is not None:
            db.known["experiments"] = (epoch, standing)
    return [
        replace(one, status="running")
        for one in standing
        if one.plan.starts_at <= at < one.plan.ends_at
    ]


def arms(standing: Sequence[Experiment], member_id: UUID) -> dict[UUID, str]:
    """The arm of a member in each of these experiments in which they take part."""
    found = {
        one.experiment_id: experiments.arm(
            one.plan, experiment_id=one.experiment_id, member_id=member_id
        )
        for one in standing
    }
    return {experiment_id: name for experiment_id, name in found.items() if name is not None}


async def expose(
    db: Database, exposures: Sequence[Exposure], *, at: datetime | None = None, via: str
) -> int:
    """Log that members met their arms, and count those who did so for the first time.

    Every arm is logged, the holdout too, and by the same event: `via` says which, for example
    `purchase`. What is no longer or not yet running is left out. Repeating it changes nothing.
    """
    assert len(exposures) <= EXPOSURES_MAX
    text.check(via, "via", chars_max=VIA_CHARS_MAX)
    if not exposures:
        return 0
    for experiment_id, member_id, arm in exposures:
        plan = await _plan(db, experiment_id)
        due = experiments.arm(plan, experiment_id=experiment_id, member_id=member_id)
        assert arm == due, "a member was shown an arm that is not theirs"
    told = await db.execute(
        # In the order of the key, so that two batches with the same members wait but never lock.
        "insert into coalition.exposure (experiment_id, member_id, arm, exposed_at, via)"
        " select x.experiment_id, x.member_id, x.arm, a.at, $5"
        " from unnest($1::uuid[], $2::uuid[], $3::text[]) as x (experiment_id, member_id, arm)"
        " cross join (select coalesce($4::timestamptz, clock_timestamp()) as at) as a"
        " join coalition.experiment e using (experiment_id)"
        " left join coalition.experiment_end s using (experiment_id)"
        " where s.ended_at is null and e.starts_at <= a.at and a.at < e.ends_at"
        " order by 1, 2 on conflict (experiment_id, member_id) do nothing",
        [experiment_id for experiment_id, _, _ in exposures],
        [member_id for _, member_id, _ in exposures],
        [arm for _, _, arm in exposures],
        at,
        via,
    )
    return int(told.rpartition(" ")[2])


async def exposed(db: Database, experiment_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """How many members were exposed to each arm so far, for a loader: experiment, arm, members."""
    found: dict[UUID, dict[str, int]] = {one: {} for one in experiment_ids}
    for row in await db.fetch(
        "select experiment_id, arm, count(*) as members from coalition.exposure"
        " where experiment_id = any($1) group by experiment_id, arm",
        experiment_ids,
    ):
        found[row["experiment_id"]][row["arm"]] = row["members"]
    return found


async def observations(
    db: Database, experiment_id: UUID, *, now: datetime | None = None
) -> Observed:
    """The sums of the plan's metric for each arm, by now or by its end; NOT_FOUND for no id.

    It reads what every exposed member bought in their window, so it costs a scan.
    """
    house = await programme.of(db)
    async with db.bulk_pool.acquire() as connection:
        rows = await connection.fetch(
            sql.load("reports/experiment"), experiment_id, house.asset.number, now
        )
    if not rows:
        raise errors.NotFound()
    return Observed(
        until=rows[0]["until"],
        arms=tuple(
            Observation(
                arm=row["arm"],
                exposed=row["exposed"],
                members=row["members"],
                total=int(row["total"]),
                squares=int(row["squares"]),
                successes=row["successes"],
            )
            for row in rows
        ),
    )


async def _plan(db: Database, experiment_id: UUID) -> experiments.Plan:
    known = db.known.get(experiment_id)
    if isinstance(known, experiments.Plan):
        return known
    # It never changes, so a process reads it once.
    plan = (await find(db, experiment_id)).plan
    db.known[experiment_id] = plan
    return plan


async def _find(db: Database, experiment_id: UUID, now: datetime | None) -> Experiment | None:
    row = await db.fetchrow(f"{_SELECT} where e.experiment_id = $2", now, experiment_id)
    return None if row is None else _read(row)


def _read(row: Any) -> Experiment:
    facts = dict(row)
    result = facts.pop("result")
    return Experiment(
        plan=experiments.parse(orjson.loads(facts.pop("plan"))),
        result=None if result is None else orjson.loads(result),
        **facts,
    )
