"""Judging: which milestones a member has reached and which no more, and how each one stands.

A milestone that was reached stays reached by the version that it was reached by, so a new version
takes nothing away; only what came back can, and only where that version says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet.rules.milestones import course
from wallet.rules.milestones.counting import Done, steps
from wallet.rules.progress import facts
from wallet.rules.schemes.milestones import Milestone

State: TypeAlias = Literal["open", "locked", "barred", "done", "over"]
ORDER: Final[Mapping[State, int]] = {"open": 0, "locked": 1, "barred": 2, "done": 3, "over": 4}
SHARES: Final = 10_000
"""Parts of a target, to order milestones by how near they are."""
MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Version:
    """A definition, from when on something counts by it, and until when, if it has ended."""

    version_id: UUID
    milestone: Milestone
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Goal:
    """A milestone with all its versions; `current` is None after its end.

    What was reached before `floor` is final: the purchases before it are not looked at any more.
    """

    scheme_id: UUID
    current: Version | None
    versions: Mapping[UUID, Version]
    floor: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A completion as it is in the books; `award` says what became of its reward.

    Its `tickets` are free while one of them can be used, and gone when they were used or taken.
    """

    completion_id: UUID
    scheme_id: UUID
    version_id: UUID
    period: str
    nth: int
    reached_at: datetime
    standing: bool
    award_id: UUID | None
    award: Literal["none", "given", "reversed"]
    tickets: Literal["none", "free", "gone"]


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of a member: what they bought and did, and whether they may reach anything."""

    purchases: Sequence[facts.Purchase]
    activities: Sequence[Done]
    segments: frozenset[str]
    active: bool
    held: Sequence[Held]


@dataclass(frozen=True, slots=True)
class Due:
    """Something that was reached and is not in the books; `earlier` times it was taken back."""

    scheme_id: UUID
    version: Version
    reached: course.Reached
    earlier: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands in a milestone that runs."""

    scheme_id: UUID
    milestone: Milestone
    state: State
    ahead: course.Ahead


@dataclass(slots=True)
class Judgement:
    """What is due, what has fallen, and how every milestone that runs stands."""

    due: list[Due] = field(default_factory=list)
    fallen: list[Held] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)


def judge(goals: Iterable[Goal], member: Member, *, at: datetime, zone: str) -> Judgement:
    """Judge all milestones of a member, each after the one that comes before it."""
    found = Judgement()
    by_id = {one.scheme_id: one for one in goals}
    opened: dict[UUID, datetime | None] = {}
    for scheme_id in by_id:
        _judge(scheme_id, by_id, member, opened, found, at, zone)
    found.standings.sort(key=_nearness)
    return found


def _judge(
    scheme_id: UUID,
    goals: Mapping[UUID, Goal],
    member: Member,
    opened: dict[UUID, datetime | None],
    found: Judgement,
    at: datetime,
    zone: str,
) -> datetime | None:
    """When a milestone was first reached; None if it is not, or waits for itself."""
    if scheme_id in opened:
        return opened[scheme_id]
    held = [one for one in member.held if one.scheme_id == scheme_id]
    opened[scheme_id] = None
    goal = goals.get(scheme_id)
    if goal is None:
        opened[scheme_id] = min((one.reached_at for one in held if one.standing), default=None)
        return opened[scheme_id]

    def follow(version: Version) -> course.Course:
        """The course by a version, which begins after the milestone that it waits for."""
        since: datetime | None = version.since
        if version.milestone.after is not None:
            before = _judge(version.milestone.after, goals, member, opened, found, at, zone)
            since = None if before is None else max(version.since, before + MOMENT)
        counting = [
            one
            for one in steps(version.milestone, member.purchases, member.activities)
            if since is not None and (version.until is None or one.at < version.until)
        ]
        return course.run(version.milestone, counting, since=since or at, at=at, zone=zone)

    courses = {key: follow(one) for key, one in _asked(goal, held).items()}
    fallen = [one for one in held if one.standing and _fell(goal, one, courses)]
    found.fallen.extend(fallen)
    standing = [one for one in held if one.standing and one not in fallen]
    reached = [_reached_at(one, courses) for one in standing]
    if goal.current is not None:
        current = courses.get(goal.current.version_id) or follow(goal.current)
        barred = not _may(goal.current.milestone, member)
        due = [] if barred else _due(goal.current, scheme_id, current, held, standing)
        found.due.extend(due)
        reached.extend(one.reached.at for one in due)
        before = goal.current.milestone.after
        locked = before is not None and opened[before] is None
        found.standings.append(
            _standing(goal.current.milestone, scheme_id, current, standing, locked, barred, at)
        )
    opened[scheme_id] = min(reached, default=None)
    return opened[scheme_id]


def _asked(goal: Goal, held: Iterable[Held]) -> dict[UUID, Version]:
    """The versions by which something might have fallen."""
    found = {}
    for one in held:
        version = goal.versions.get(one.version_id)
        if one.standing and version is not None and version.milestone.on_return == "take_back":
            found[version.version_id] = version
    return found


def _fell(goal: Goal, one: Held, courses: Mapping[UUID, course.Course]) -> bool:
    """Whether something is no longer reached by what is left."""
    if one.version_id not in courses or (goal.floor is not None and one.reached_at < goal.floor):
        return False
    return _again(one, courses) is None


def _reached_at(one: Held, courses: Mapping[UUID, course.Course]) -> datetime:
    """When it was reached: where returns matter, by what is left."""
    again = _again(one, courses)
    return one.reached_at if again is None else again.at


def _again(one: Held, courses: Mapping[UUID, course.Course]) -> course.Reached | None:
    found = courses[one.version_id].reached if one.version_id in courses else ()
    for reached in found:
        if (reached.period, reached.nth) == (one.period, one.nth):
            return reached
    return None


def _due(
    version: Version,
    scheme_id: UUID,
    current: course.Course,
    held: Sequence[Held],
    standing: Sequence[Held],
) -> list[Due]:
    there = {(one.period, one.nth) for one in standing}
    return [
        Due(
            scheme_id,
            version,
            one,
            sum((one.period, one.nth) == (other.period, other.nth) for other in held),
        )
        for one in current.reached
        if (one.period, one.nth) not in there
    ]


def _may(milestone: Milestone, member: Member) -> bool:
    segments = milestone.segments
    return member.active and (not segments or not member.segments.isdisjoint(segments))


def _standing(
    milestone: Milestone,
    scheme_id: UUID,
    current: course.Course,
    standing: Sequence[Held],
    locked: bool,
    barred: bool,
    at: datetime,
) -> Standing:
    ahead = current.ahead
    kept = sum(one.period == ahead.period.key for one in standing)
    if kept > ahead.times_done:
        # What was kept though goods went back has to be reached again before anything is ahead.
        ahead = course.Ahead(ahead.period, 0, ahead.target, kept)
    state: State = "open"
    if ahead.times_done >= milestone.times:
        state = "done"
    elif milestone.until is not None and at >= milestone.until:
        state = "over"
    elif barred:
        state = "barred"
    elif locked:
        state = "locked"
    return Standing(scheme_id, milestone, state, ahead)


def _nearness(one: Standing) -> tuple[int, int, str]:
    """Those that can be reached come first, the nearest of them leading."""
    return ORDER[one.state], -(one.ahead.had * SHARES // one.ahead.target), one.milestone.name
