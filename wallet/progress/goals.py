"""Goals: which milestones run for a coalition, since when each counts, and what a wallet has done.

A milestone that has ended is looked at for some time yet, because goods may still go back. The
facts are those that were seen, or none: whatever moved meanwhile is read again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import ledger, programme, sql
from wallet.database import Database
from wallet.progress import schemes
from wallet.rules import local
from wallet.rules.milestones import counting, judging, periods
from wallet.rules.progress import facts
from wallet.rules.schemes.milestones import Milestone

LOOK_BACK: Final = timedelta(days=400)
"""How long after its end a period, or a milestone, is looked at: a year and a month of returns."""
COMPLETIONS_MAX: Final = 5_000
"""Completions of one wallet that are looked at, the newest."""
ACTIVITIES_MAX: Final = 20_000
"""Activities of one wallet that are looked at, the newest: as many as purchases."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a wallet, at which state of its facts."""

    version: int
    member: judging.Member


def of(book: schemes.Book, at: datetime, zone: str) -> list[judging.Goal]:
    """The milestones that run, and those whose returns still matter."""
    found = []
    for entry in book.entries.values():
        if entry.kind != "milestone":
            continue
        held = entry.at(at)
        if held is None and not _matters(entry, at):
            continue
        versions = {one.version_id: one for one in _versions(entry, at, zone)}
        if versions:
            current = None if held is None else versions[held.version_id]
            found.append(judging.Goal(entry.scheme_id, current, versions, _floor(versions)))
    return found


def since(goals: Iterable[judging.Goal]) -> datetime | None:
    """How far back the facts are needed; None where there is no goal."""
    return min((one.since for goal in goals for one in goal.versions.values()), default=None)


def lines(goals: Iterable[judging.Goal]) -> bool:
    """Whether the lines of purchases are needed."""
    return any(
        counting.wants_lines(one.milestone) for goal in goals for one in goal.versions.values()
    )


async def gather(db: Database, goals: Iterable[judging.Goal], wallet_id: UUID, at: datetime) -> Any:
    """What a wallet has done, reached and belongs to, besides its purchases: one row, or None."""
    goals = list(goals)
    house = await programme.of(db)
    named = {goal.scheme_id for goal in goals} | {
        one.milestone.after
        for goal in goals
        for one in goal.versions.values()
        if one.milestone.after is not None
    }
    return await db.fetchrow(
        sql.load("queries/milestone_facts"),
        *(ledger.bucket(wallet_id), wallet_id, house.asset.number, since(goals) or at, at),
        *(list(named), COMPLETIONS_MAX, ACTIVITIES_MAX),
    )


def found(row: Any, seen: facts.Seen) -> Found:
    """What a row of `gather` says of a wallet that was seen."""
    return Found(
        row["facts"],
        judging.Member(
            purchases=seen.purchases,
            activities=[_done(*one) for one in orjson.loads(row["activities"] or "[]")],
            segments=frozenset(row["segments"]),
            active=row["state"] == "open",
            held=[_held(one) for one in orjson.loads(row["completions"] or "[]")],
        ),
    )


def _matters(entry: schemes.Entry, at: datetime) -> bool:
    """Whether an ended milestone may still be taken back."""
    ends = [one for one in entry.versions if one.valid_from <= at]
    if not ends or ends[-1].valid_from < at - LOOK_BACK:
        return False
    return any(_milestone(one).on_return == "take_back" for one in ends if one.definition)


def _versions(entry: schemes.Entry, at: datetime, zone: str) -> list[judging.Version]:
    """The versions whose time has come, each with the time in which something counts."""
    found: list[judging.Version] = []
    began: datetime | None = None
    for one in _effective(entry, at):
        if one.definition is None:
            found = [replace(it, until=it.until or one.valid_from) for it in found]
            began = None
            continue
        began = began or one.valid_from
        milestone = _milestone(one)
        counts = milestone.since or began
        if milestone.per not in ("ever", "rolling"):
            day = local.day(at - LOOK_BACK, zone)
            counts = max(counts, periods.of(milestone.per, day, zone).since or counts)
        found.append(judging.Version(one.version_id, milestone, counts, None))
    return found


def _effective(entry: schemes.Entry, at: datetime) -> list[schemes.Published]:
    """The versions that held at some time, in order; what was replaced before it began did not."""
    found: list[schemes.Published] = []
    for one in reversed(entry.versions):
        if one.valid_from <= at and (not found or one.valid_from < found[-1].valid_from):
            found.append(one)
    return found[::-1]


def _floor(versions: Mapping[UUID, judging.Version]) -> datetime | None:
    """What was reached before it is final, where periods are left behind."""
    if all(one.milestone.per in ("ever", "rolling") for one in versions.values()):
        return None
    return max(one.since for one in versions.values())


def _milestone(version: schemes.Published) -> Milestone:
    assert isinstance(version.definition, Milestone)
    return version.definition


def _done(key: str, merchant_id: str, kind: str, name: str | None, at: str) -> counting.Done:
    return counting.Done(UUID(key), UUID(merchant_id), kind, name, datetime.fromisoformat(at))


def _held(row: list[Any]) -> judging.Held:
    key, scheme_id, version_id, period, nth, reached_at, taken_back, *gifts = row
    award_id, given, back, ticketed, free = gifts
    return judging.Held(
        completion_id=UUID(key),
        scheme_id=UUID(scheme_id),
        version_id=UUID(version_id),
        period=period,
        nth=nth,
        reached_at=datetime.fromisoformat(reached_at),
        standing=taken_back is None,
        award_id=None if award_id is None else UUID(award_id),
        award="reversed" if back else "given" if given else "none",
        tickets="free" if free else "gone" if ticketed else "none",
    )
