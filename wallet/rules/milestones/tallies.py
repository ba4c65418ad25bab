"""Tallies: what has been counted since the last time that a target was reached, step by step.

Each knows how much it holds and which steps made it; that is what is taken when it is enough.
"""

from collections import Counter, deque
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from wallet.rules import local
from wallet.rules.milestones.counting import Step
from wallet.rules.schemes.milestones import Milestone


class Tally(Protocol):
    """What is counted and not yet taken."""

    def add(self, step: Step, day: date) -> None:
        """Count a step of a local day, no earlier than the last one."""

    def forget(self, before: date) -> None:
        """Leave out what was done before a day."""

    def had(self) -> int:
        """How much there is."""

    def take(self) -> tuple[UUID, ...]:
        """Begin anew; the causes of what there was."""


class Sum:
    """So much in all: amounts, purchases, units, events."""

    def __init__(self) -> None:
        self._held = 0
        self._steps: deque[tuple[date, Step]] = deque()

    def add(self, step: Step, day: date) -> None:
        """Count it."""
        self._held += step.counted
        self._steps.append((day, step))

    def forget(self, before: date) -> None:
        """Leave out the oldest."""
        while self._steps and self._steps[0][0] < before:
            self._held -= self._steps.popleft()[1].counted

    def had(self) -> int:
        """All of it."""
        return self._held

    def take(self) -> tuple[UUID, ...]:
        """Whatever counted."""
        causes = tuple(step.cause_id for _, step in self._steps)
        self._steps.clear()
        self._held = 0
        return causes


class Distinct:
    """How many different ones: merchants, categories, deeds."""

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()
        self._steps: deque[tuple[date, Step]] = deque()

    def add(self, step: Step, day: date) -> None:
        """Count its names."""
        self._names.update(step.names)
        self._steps.append((day, step))

    def forget(self, before: date) -> None:
        """Leave out the oldest; a name that came again stays."""
        while self._steps and self._steps[0][0] < before:
            self._names.subtract(self._steps.popleft()[1].names)
            self._names = +self._names

    def had(self) -> int:
        """Names, each once."""
        return len(self._names)

    def take(self) -> tuple[UUID, ...]:
        """Whatever brought a name first."""
        met: set[str] = set()
        causes = []
        for _, step in self._steps:
            if not met.issuperset(step.names):
                causes.append(step.cause_id)
                met.update(step.names)
        self._names.clear()
        self._steps.clear()
        return tuple(causes)


class Weeks:
    """Weeks in a row, each of which comes to an amount; one that does not breaks the row."""

    def __init__(self, needed: int) -> None:
        self._needed = needed
        self._week: date | None = None
        self._amount = 0
        self._causes: list[UUID] = []
        self._row: list[tuple[date, list[UUID]]] = []
        self._taken: date | None = None

    def add(self, step: Step, day: date) -> None:
        """Count it to its week, and the week to the row as soon as it comes to enough."""
        week = local.period("week", day).first
        if week != self._week:
            self._week, self._amount, self._causes = week, 0, []
        self._amount += step.counted
        self._causes.append(step.cause_id)
        counted = week == self._taken or (self._row and self._row[-1][0] == week)
        if self._amount >= self._needed and not counted:
            self._row.append((week, self._causes))

    def forget(self, before: date) -> None:
        """End the row that ended before a day's week."""
        if self._row and self._row[-1][0] < local.period("week", before).first:
            self._row.clear()

    def had(self) -> int:
        """The length of the row."""
        return len(self._row)

    def take(self) -> tuple[UUID, ...]:
        """Whatever counted; the row begins anew with the next week."""
        causes = tuple(cause for _, ones in self._row for cause in ones)
        self._taken = self._row[-1][0]
        self._row.clear()
        return causes


def empty(milestone: Milestone) -> Tally:
    """A tally of what a milestone counts."""
    if milestone.metric == "weeks":
        return Weeks(milestone.at_least_minor or 1)
    return Distinct() if milestone.metric in ("merchants", "categories", "deeds") else Sum()


def forgotten(milestone: Milestone, day: date) -> date:
    """Before which day what was done no longer counts, seen from a day."""
    if milestone.metric == "weeks":
        return day - local.WEEK
    return date.min if milestone.days is None else day - timedelta(days=milestone.days - 1)
