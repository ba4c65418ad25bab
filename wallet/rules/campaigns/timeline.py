"""The life of a campaign, read from its changes: what was in force when, as known when.

Changes are only added, and none reaches back. They are read in the order in which they were
recorded; each holds from its own instant on, so what was recorded last wins from its instant on,
whatever had been planned for later. A pause stands until it is resumed and an end for ever, also
for versions that come into force meanwhile.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from wallet import errors
from wallet.rules.campaigns.definition import Definition

Act = Literal["publish", "pause", "resume", "end", "archive"]
Status = Literal["draft", "scheduled", "live", "paused", "ended", "archived"]

STEPS: Final[dict[Act, frozenset[Status]]] = {
    "publish": frozenset({"draft", "scheduled", "live", "paused"}),
    "pause": frozenset({"scheduled", "live"}),
    "resume": frozenset({"paused"}),
    "end": frozenset({"scheduled", "live", "paused"}),
    "archive": frozenset({"draft", "ended"}),
}
"""In which status a campaign may take a step; what has ended is never published again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step; `epoch` counts them all, in the order in which they were recorded.

    `replaced_id` is the version that was in force, or waited to be, before a publication.
    """

    change_id: UUID
    campaign_id: UUID
    epoch: int
    act: Act
    version_id: UUID | None
    replaced_id: UUID | None
    effective_at: datetime
    recorded_at: datetime
    reason: str
    actor_kind: str
    actor_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Standing:
    version_id: UUID | None = None
    paused: bool = False
    ended: bool = False
    archived: bool = False


def in_force(changes: Iterable[Change], at: datetime, known_at: datetime) -> UUID | None:
    """The version that decides at an instant, by what was known at another; None for none.

    Whether that instant lies between the version's own start and end is for its definition to say.
    """
    stands = _standing(changes, at, known_at)
    if stands.paused or stands.ended or stands.archived:
        return None
    return stands.version_id


def standing(changes: Iterable[Change], at: datetime, known_at: datetime) -> UUID | None:
    """The version that is in force at an instant, or would be but for a pause or an end."""
    return _standing(changes, at, known_at).version_id


def coming(changes: Sequence[Change], now: datetime) -> list[UUID]:
    """The versions that are in force now or will be, the present one first; none after an end."""
    stands = _standing(changes, now, now)
    if stands.ended or stands.archived:
        return []
    found = [] if stands.version_id is None else [stands.version_id]
    instants = sorted({one.effective_at for one in changes if one.effective_at > now})
    for instant in instants:
        version_id = _standing(changes, instant, now).version_id
        if version_id is not None and version_id not in found:
            found.append(version_id)
    return found


def status(
    changes: Sequence[Change], definition_of: Callable[[UUID], Definition], now: datetime
) -> Status:
    """Where a campaign stands now, by all its changes and by the start and end of its version."""
    stands = _standing(changes, now, now)
    if stands.archived:
        return "archived"
    if stands.ended:
        return "ended"
    versions = [definition_of(one) for one in coming(changes, now)]
    if not versions:
        return "draft"
    if all(one.ends_at is not None and one.ends_at <= now for one in versions):
        return "ended"
    if stands.paused:
        return "paused"
    if stands.version_id is not None and is_open(definition_of(stands.version_id), now):
        return "live"
    return "scheduled"


def is_open(definition: Definition, at: datetime) -> bool:
    """True from a version's start until its end."""
    return definition.starts_at <= at and (definition.ends_at is None or at < definition.ends_at)


def check(act: Act, stands: Status) -> None:
    """Refuse a step that the status does not allow: CAMPAIGN_CLOSED, with that status."""
    if stands not in STEPS[act]:
        raise errors.CampaignClosed(status=stands)


def _standing(changes: Iterable[Change], at: datetime, known_at: datetime) -> _Standing:
    stands = _Standing()
    known = [one for one in changes if one.effective_at <= at and one.recorded_at <= known_at]
    for change in sorted(known, key=lambda one: one.epoch):
        stands = _after(stands, change)
    return stands


def _after(stands: _Standing, change: Change) -> _Standing:
    match change.act:
        case "publish":
            return _Standing(change.version_id, stands.paused, stands.ended, stands.archived)
        case "pause":
            return _Standing(stands.version_id, True, stands.ended, stands.archived)
        case "resume":
            return _Standing(stands.version_id, False, stands.ended, stands.archived)
        case "end":
            return _Standing(stands.version_id, stands.paused, True, stands.archived)
        case "archive":
            return _Standing(stands.version_id, stands.paused, stands.ended, True)
