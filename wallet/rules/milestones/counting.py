"""What counts for a milestone: each purchase and each activity as one step, in order of time.

A purchase counts with what was kept of it, as if what came back had never been bought.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wallet.rules import text
from wallet.rules.campaigns import conditions
from wallet.rules.progress import facts
from wallet.rules.schemes.milestones import DONE, Deed, LineFilter, Milestone

MILLI: Final = 1000
"""Thousandths of a unit; a target is of whole ones."""


@dataclass(frozen=True, slots=True)
class Done:
    """An activity that a merchant reported: a review, a visit, a quiz."""

    activity_id: uuid.UUID
    merchant_id: uuid.UUID
    kind: str
    name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that counts: so much of it, or the names that it stands for."""

    cause_id: uuid.UUID
    at: datetime
    counted: int = 1
    names: tuple[str, ...] = ()


def steps(
    milestone: Milestone, purchases: Iterable[facts.Purchase], activities: Iterable[Done]
) -> list[Step]:
    """All that counts by itself, in the order in which it was done."""
    here = frozenset(milestone.merchants)
    if milestone.metric in DONE:
        found = [_deed(milestone, one) for one in activities if not here or one.merchant_id in here]
    else:
        found = [
            _purchase(milestone, one) for one in purchases if not here or one.merchant_id in here
        ]
    counting = [one for one in found if one is not None]
    return sorted(counting, key=lambda one: (one.at, one.cause_id))


def wants_lines(milestone: Milestone) -> bool:
    """Whether the lines of purchases have to be known."""
    return bool(milestone.lines) or milestone.metric in ("units", "categories")


def _deed(milestone: Milestone, done: Done) -> Step | None:
    if not milestone.deeds:
        return Step(done.activity_id, done.at)
    names = tuple(str(place) for place, one in enumerate(milestone.deeds) if _is(one, done))
    return Step(done.activity_id, done.at, names=names) if names else None


def _is(deed: Deed, done: Done) -> bool:
    if deed.kind != done.kind:
        return False
    if deed.name is None:
        return True
    return done.name is not None and text.key(deed.name) == text.key(done.name)


def _purchase(milestone: Milestone, purchase: facts.Purchase) -> Step | None:
    lines = [one for one in purchase.lines if _counts(milestone.lines, one)]
    kept_minor = sum(one.kept_minor for one in lines) if milestone.lines else purchase.kept_minor
    needed_minor = 1 if milestone.metric == "weeks" else milestone.at_least_minor or 1
    if kept_minor < needed_minor:
        return None
    counted = 1
    names: tuple[str, ...] = ()
    match milestone.metric:
        case "amount" | "weeks":
            counted = kept_minor
        case "units":
            counted = sum(one.kept_milli for one in lines)
        case "merchants":
            names = (str(purchase.merchant_id),)
        case "categories":
            kept = [one.category for one in lines if one.category and one.kept_minor > 0]
            names = tuple(sorted({text.key(one) for one in kept}))
    if counted == 0 or (milestone.metric == "categories" and not names):
        return None
    return Step(purchase.purchase_id, purchase.at, counted, names)


def _counts(filters: tuple[LineFilter, ...], line: facts.Line) -> bool:
    return all(_one_of(one, line) is not one.unless for one in filters)


def _one_of(condition: LineFilter, line: facts.Line) -> bool:
    match condition:
        case conditions.OfCategory(any_of=names):
            return _named(line.category, names)
        case conditions.OfBrand(any_of=names):
            return _named(line.brand, names)
        case conditions.OfProduct(any_of=names):
            return line.product in names
        case conditions.OfLabel(any_of=names):
            return bool({*line.labels} & {*names})


def _named(name: str | None, names: tuple[str, ...]) -> bool:
    return name is not None and text.key(name) in {text.key(one) for one in names}
