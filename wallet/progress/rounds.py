"""Rounds: the windows of boards and contests, each by the version that holds at its end.

What is only announced decides nothing: a window belongs to the version that held in its last
instant, or holds now while it lasts, and is counted and settled as that version says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from wallet.progress import schemes
from wallet.rules.ranking import windows
from wallet.rules.schemes.boards import Ranked

_INSTANT = timedelta(microseconds=1)

R = TypeVar("R", bound=Ranked)
R_co = TypeVar("R_co", bound=Ranked, covariant=True)


@dataclass(frozen=True, slots=True)
class Round(Generic[R_co]):
    """A window of a board or a contest, and the version that holds in it."""

    scheme_id: UUID
    version_id: UUID
    definition: R_co
    window: windows.Window

    @property
    def final_at(self) -> datetime:
        """From when on nothing changes its ranking."""
        return self.window.ends_at + timedelta(days=self.definition.settle_days)


def opened(entry: schemes.Entry, kind: type[R], at: datetime, zone: str) -> Iterator[Round[R]]:
    """The rounds whose scores may change at an instant, the newest first."""
    seen = set[str]()
    for one in entry.spells(at):
        if not isinstance(one.version.definition, kind):
            continue
        for window in windows.open_at(one.version.definition, at, zone):
            found = _own(entry, one, kind, window, at)
            if found is not None and window.key not in seen:
                seen.add(window.key)
                yield found


def back(entry: schemes.Entry, kind: type[R], at: datetime, zone: str) -> Iterator[Round[R]]:
    """The rounds that have begun, from the one of now back to the first."""
    seen = set[str]()
    for one in entry.spells(at):
        definition = one.version.definition
        if not isinstance(definition, kind):
            continue
        window = windows.latest(definition, one.last, zone)
        while window is not None and window.last >= one.version.valid_from:
            found = _own(entry, one, kind, window, at)
            if found is not None and window.key not in seen:
                seen.add(window.key)
                yield found
            if definition.window == "once":
                break
            window = windows.latest(definition, window.starts_at - _INSTANT, zone)


def named(
    entry: schemes.Entry, kind: type[R], period: str, at: datetime, zone: str
) -> Round[R] | None:
    """The round with this name, one that is to come included; None where no version has it."""
    for one in entry.spells(at):
        if not isinstance(one.version.definition, kind):
            continue
        window = windows.named(one.version.definition, period, zone)
        found = None if window is None else _own(entry, one, kind, window, at)
        if found is not None:
            return found
    return None


def shown(entry: schemes.Entry, kind: type[R], at: datetime, zone: str) -> Round[R] | None:
    """The round of now, or the last one; where none has begun, the one that waits."""
    begun = next(back(entry, kind, at, zone), None)
    return named(entry, kind, "once", at, zone) if begun is None else begun


def _own(
    entry: schemes.Entry, spell: schemes.Spell, kind: type[R], window: windows.Window, at: datetime
) -> Round[R] | None:
    """A window as a round of this version; None if another one holds at its end."""
    definition = spell.version.definition
    assert isinstance(definition, kind)
    if not spell.version.valid_from <= min(at, window.last) <= spell.last:
        return None
    return Round(entry.scheme_id, spell.version.version_id, definition, window)
