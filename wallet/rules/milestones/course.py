"""The course of a member through a milestone: what was reached, when, by what, and what is ahead.

It is worked out anew from all that counts, so it does not matter in which order things were
reported. Whatever was reached the n-th time in a period is named by both, and by nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from wallet.rules import local
from wallet.rules.milestones import periods, tallies
from wallet.rules.milestones.counting import MILLI, Step
from wallet.rules.schemes.milestones import Milestone


@dataclass(frozen=True, slots=True)
class Reached:
    """A target that was reached: in which period, for the n-th time, by what and when."""

    period: str
    nth: int
    measured: int
    causes: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a member has towards the next time, out of what, and until when it counts."""

    period: periods.Span
    had: int
    target: int
    times_done: int


@dataclass(frozen=True, slots=True)
class Course:
    """All that was reached, in order of time, and what is ahead."""

    reached: tuple[Reached, ...]
    ahead: Ahead


def run(
    milestone: Milestone,
    steps: Sequence[Step],
    *,
    since: datetime,
    at: datetime,
    zone: str,
) -> Course:
    """Follow the steps, which are in order of time, from `since` on, as seen at an instant."""
    target = target_of(milestone)
    key, tally, nth = "", tallies.empty(milestone), 0
    reached: list[Reached] = []
    for step in steps:
        if step.at < since or (milestone.until is not None and step.at >= milestone.until):
            continue
        day = local.day(step.at, zone)
        span = periods.of(milestone.per, day, zone)
        if span.key != key:
            key, tally, nth = span.key, tallies.empty(milestone), 0
        if nth >= milestone.times:
            continue
        tally.forget(tallies.forgotten(milestone, day))
        tally.add(step, day)
        while nth < milestone.times and (had := tally.had()) >= target:
            nth += 1
            over = had - target if milestone.surplus else 0
            causes = tally.take()
            reached.append(Reached(span.key, nth, had - over, causes, step.at))
            if over:
                tally.add(replace(step, counted=over), day)
    return Course(tuple(reached), _ahead(milestone, target, key, tally, nth, at, zone))


def target_of(milestone: Milestone) -> int:
    """The target in what is counted: thousandths for units."""
    return milestone.target * MILLI if milestone.metric == "units" else milestone.target


def _ahead(
    milestone: Milestone,
    target: int,
    key: str,
    tally: tallies.Tally,
    nth: int,
    at: datetime,
    zone: str,
) -> Ahead:
    today = local.day(at, zone)
    span = periods.of(milestone.per, today, zone)
    ends = [one for one in (span.until, milestone.until) if one is not None]
    begins = [one for one in (span.since, milestone.since) if one is not None]
    span = periods.Span(span.key, max(begins, default=None), min(ends, default=None))
    if span.key != key:
        return Ahead(span, 0, target, 0)
    tally.forget(tallies.forgotten(milestone, today))
    return Ahead(span, min(tally.had(), target), target, nth)
