"""Milestones for tests of the rules: definitions, purchases and deeds at local noon."""

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from wallet.rules.milestones import counting, course
from wallet.rules.progress import facts
from wallet.rules.schemes import kinds
from wallet.rules.schemes.milestones import Milestone

ZONE = "Europe/Lisbon"
ROSA, BAKERY, CINEMA = (uuid.UUID(int=number) for number in (1, 2, 3))
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 6, 10, 12, tzinfo=UTC)
numbers = itertools.count(1_000)


def milestone(**changes: Any) -> Milestone:
    """Five purchases, but for what is given."""
    plain = {"kind": "milestone", "name": "Five", "metric": "purchases", "target": 5}
    found = kinds.read({**plain, **changes})
    assert isinstance(found, Milestone)
    return found


def line(minor: int = 500, milli: int = 1_000, **words: Any) -> facts.Line:
    """A line of coffee."""
    plain: dict[str, Any] = {"category": "Coffee", "product": None, "brand": None, "labels": ()}
    return facts.Line(kept_minor=minor, kept_milli=milli, **{**plain, **words})


def bought(
    day: date | datetime,
    kept_minor: int = 500,
    *,
    merchant_id: uuid.UUID = ROSA,
    lines: tuple[facts.Line, ...] = (),
) -> facts.Purchase:
    """A purchase on a day, of which so much was kept."""
    at = (
        day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    )
    kept_minor = sum(one.kept_minor for one in lines) if lines else kept_minor
    purchase_id = uuid.UUID(int=next(numbers))
    return facts.Purchase(purchase_id, merchant_id, at, kept_minor, kept_minor, lines)


def done(day: date, kind: str, name: str | None = None) -> counting.Done:
    """An activity on a day."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return counting.Done(uuid.UUID(int=next(numbers)), ROSA, kind, name, at)


def days(*numbers: int, first: date = date(2026, 3, 2)) -> list[date]:
    """Days, so many after a Monday."""
    return [first + timedelta(days=number) for number in numbers]


def follow(
    definition: Milestone,
    *things: facts.Purchase | counting.Done,
    since: datetime = BEGUN,
    at: datetime = TODAY,
) -> course.Course:
    """The course through a milestone of whoever did these things."""
    steps = counting.steps(
        definition,
        [one for one in things if isinstance(one, facts.Purchase)],
        [one for one in things if isinstance(one, counting.Done)],
    )
    return course.run(definition, steps, since=since, at=at, zone=ZONE)


def named(found: course.Course) -> list[tuple[str, int]]:
    """Which period, and which time in it."""
    return [(one.period, one.nth) for one in found.reached]
