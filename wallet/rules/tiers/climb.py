"""Climbing: from purchases in order of time to the tiers they give, and nothing else.

What came back is taken off the purchases before they are given to `climb`, so within a window a
member only rises. A window's end, the end of a grace, a purchase that is forgotten and a new
edition each come before a purchase of the same instant.
"""

import bisect
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from wallet.rules.schemes import ladders
from wallet.rules.tiers import windows
from wallet.rules.tiers.facts import Edition, Entry, Step, Why

CAUSES_MAX: Final = 50
"""Purchases that one change names, the last ones: a member reads a handful."""


class Counted(NamedTuple):
    """An entry that counts in the window; in a rolling one `when` is when it is forgotten."""

    when: datetime
    counts: int
    entry_id: uuid.UUID
    milestone: uuid.UUID | None


@dataclass(slots=True)
class Climb:
    """How far somebody has come; `low` is a step down that waits for its day."""

    edition: Edition
    place: int
    opens_at: datetime | None
    closes_at: datetime | None
    counted: list[Counted] = field(default_factory=list)
    total: int = 0
    milestones: Counter[uuid.UUID] = field(default_factory=Counter)
    ever: int = 0
    windows_at_top: int = 0
    lifetime: bool = False
    low: tuple[datetime, int] | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def ladder(self) -> ladders.Ladder:
        """The definition in force."""
        return self.edition.ladder

    @property
    def reached(self) -> int:
        """The place that the window reaches."""
        return self.ladder.reached(self.total, self.milestones)

    def clear(self) -> None:
        """Begin to count anew."""
        self.counted, self.total, self.milestones = [], 0, Counter()


def starts_at(
    editions: Sequence[Edition], joined_at: datetime, entries: Sequence[Entry]
) -> datetime:
    """When somebody comes onto a ladder: when it began, or they joined or first bought later."""
    first = min([joined_at, *(one.at for one in entries)])
    return max(editions[0].since, first)


def climb(
    editions: Sequence[Edition],
    entries: Sequence[Entry],
    *,
    known: datetime,
    joined_at: datetime,
    zone: str,
    at: datetime,
) -> Climb:
    """Climb until an instant, with what came back until `known`; entries in order of time."""
    start = starts_at(editions, joined_at, entries)
    place = bisect.bisect_right([one.since for one in editions], start) - 1
    edition = editions[place]
    opens_at, closes_at = windows.around(
        edition.ladder.window, start, joined_at=joined_at, zone=zone
    )
    it = Climb(edition, 0, opens_at, closes_at)
    walk = _Walk(it, zone, joined_at, [one for one in editions if one.since > start])
    before = bisect.bisect_left(entries, start, key=lambda one: one.at)
    walk.recount(entries[:before], start, known)
    walk.begin(start)
    for one in entries[before:]:
        if one.at > at:
            break
        walk.until(one.at, entries, known)
        walk.bought(one, known)
    walk.until(at, entries, known)
    return it


@dataclass(slots=True)
class _Walk:
    """Moves a climb through time."""

    it: Climb
    zone: str
    joined_at: datetime
    editions: list[Edition]

    def begin(self, at: datetime) -> None:
        """Take the tier that the window's purchases gave before the ladder began."""
        self.it.place = self.it.reached
        self._step("began", at)
        self._for_life(at)

    def until(self, at: datetime, entries: Sequence[Entry], known: datetime) -> None:
        """Let everything happen that time alone brings, up to and with an instant."""

        def edit(when: datetime) -> None:
            self._edit(when, entries, known)

        while True:
            it = self.it
            due = [
                (it.counted[0].when if self._rolling() and it.counted else None, self._forget),
                (it.closes_at, self._close),
                (None if it.low is None else it.low[0], self._fall),
                (self.editions[0].since if self.editions else None, edit),
            ]
            moments = [(when, act) for when, act in due if when is not None]
            if not moments:
                return
            when, act = min(moments, key=lambda one: one[0])
            if when > at:
                return
            act(when)

    def bought(self, entry: Entry, known: datetime) -> None:
        """Count a purchase; the tier that it reaches holds for what comes after it."""
        it = self.it
        counts = entry.counts(it.ladder, known)
        if counts == 0 and not entry.reaches(it.ladder, known):
            return
        self._count(entry, counts)
        it.ever += counts
        reached = it.reached
        if it.low is not None and self._rolling() and reached >= it.place:
            it.low = None
        if reached > it.place:
            it.place, it.low = reached, None
            why: Why = "upgrade" if entry.milestone is None else "milestone"
            self._step(why, entry.at, after=True)
            if isinstance(it.ladder.window, ladders.SinceChange):
                self._open(entry.at)
        self._for_life(entry.at, after=True)

    def recount(self, entries: Sequence[Entry], at: datetime, known: datetime) -> None:
        """Count the window anew by the definition in force, and all that was before it."""
        it = self.it
        it.clear()
        it.ever = 0
        for one in entries:
            if one.at >= at:
                break
            counts = one.counts(it.ladder, known)
            it.ever += counts
            if (counts or one.reaches(it.ladder, known)) and self._holds(one.at, at):
                self._count(one, counts)

    def _holds(self, bought_at: datetime, at: datetime) -> bool:
        window = self.it.ladder.window
        if isinstance(window, ladders.Rolling):
            return windows.forgotten_at(window, bought_at, self.zone) > at
        assert self.it.opens_at is not None
        return bought_at >= self.it.opens_at

    def _count(self, entry: Entry, counts: int) -> None:
        window = self.it.ladder.window
        when = entry.at
        if isinstance(window, ladders.Rolling):
            when = windows.forgotten_at(window, entry.at, self.zone)
        self.it.counted.append(Counted(when, counts, entry.entry_id, entry.milestone))
        self.it.total += counts
        if entry.milestone is not None:
            self.it.milestones[entry.milestone] += 1

    def _rolling(self) -> bool:
        return isinstance(self.it.ladder.window, ladders.Rolling)

    def _forget(self, at: datetime) -> None:
        it = self.it
        one = it.counted.pop(0)
        it.total -= one.counts
        if one.milestone is not None:
            it.milestones[one.milestone] -= 1
        more = bool(it.counted) and it.counted[0].when == at
        if not more and it.low is None and it.reached < it.place:
            self._lower(at)

    def _close(self, at: datetime) -> None:
        """Judge the window that ends here, and open the next one."""
        it = self.it
        reached = it.reached
        if reached == it.ladder.top:
            it.windows_at_top += 1
            self._for_life(at)
        if reached < it.place:
            self._lower(at)
        self._open(at)

    def _lower(self, at: datetime) -> None:
        it = self.it
        if it.ladder.downgrade == "none" or it.lifetime:
            return
        target = falls_to(it.ladder, it.place, it.reached)
        it.low = (windows.days_after(at, it.ladder.grace_days, self.zone), target)

    def _fall(self, at: datetime) -> None:
        """Step down, unless what was bought meanwhile is enough."""
        it = self.it
        assert it.low is not None
        _, target = it.low
        it.low = None
        reached = it.reached
        rolling = it.ladder.window if isinstance(it.ladder.window, ladders.Rolling) else None
        if rolling is not None:
            target = falls_to(it.ladder, it.place, reached)
        place = max(target, reached)
        if place >= it.place:
            return
        it.place = place
        self._step("downgrade", at)
        if rolling is not None and reached < it.place:
            # Each further step leaves the length of a window to earn it back.
            turn = windows.next_turn(rolling, at, self.zone)
            it.low = (turn, it.place)

    def _open(self, at: datetime) -> None:
        it = self.it
        it.opens_at, it.closes_at = windows.around(
            it.ladder.window, at, joined_at=self.joined_at, zone=self.zone
        )
        if not self._rolling():
            it.clear()

    def _edit(self, at: datetime, entries: Sequence[Entry], known: datetime) -> None:
        """Go on by another edition: up at once, down only if it says so."""
        it, old = self.it, self.it.ladder
        it.edition = self.editions.pop(0)
        word = old.tiers[it.place].word
        it.place = carried(old, it.place, it.ladder)
        if it.low is not None:
            it.low = (it.low[0], carried(old, it.low[1], it.ladder))
        if it.ladder.window != old.window:
            self._open(at)
        if it.ladder.downgrade == "none":
            it.low = None
        self.recount(entries, at, known)
        reached = it.reached
        if it.lifetime:
            it.place = it.ladder.top
        elif reached > it.place or it.ladder.edits == "at_once":
            it.place, it.low = reached, None
        if it.ladder.tiers[it.place].word != word:
            self._step("edited", at)
        self._for_life(at)

    def _for_life(self, at: datetime, *, after: bool = False) -> None:
        it = self.it
        earned = False
        match it.ladder.lifetime_after:
            case ladders.AfterSum(sum=enough):
                earned = it.ever >= enough
            case ladders.AfterWindows(windows=enough):
                earned = it.windows_at_top >= enough
        if earned and not it.lifetime:
            it.lifetime, it.low, it.place = True, None, it.ladder.top
            self._step("lifetime", at, after=after)

    def _step(self, why: Why, at: datetime, *, after: bool = False) -> None:
        it = self.it
        causes: Sequence[Counted] = it.counted[-CAUSES_MAX:]
        if why in ("downgrade", "edited"):
            causes = ()
        elif why == "milestone":
            causes = it.counted[-1:]
        it.steps.append(
            Step(
                tier=it.ladder.tiers[it.place].word,
                since=at,
                why=why,
                total=it.total,
                opens_at=it.opens_at,
                closes_at=it.closes_at,
                causes=tuple(one.entry_id for one in causes),
                version_id=it.edition.version_id,
                after=after,
            )
        )


def falls_to(ladder: ladders.Ladder, place: int, reached: int) -> int:
    """Where somebody comes down to who did not reach their place again."""
    match ladder.downgrade:
        case "none":
            return place
        case "one_step":
            return max(place - 1, reached)
        case "full":
            return min(place, reached)


def carried(old: ladders.Ladder, place: int, new: ladders.Ladder) -> int:
    """Where a tier of one edition stands in the next: by its word, else by what it needed."""
    tier = old.tiers[place]
    found = new.place(tier.word)
    return new.reached(tier.threshold) if found is None else found
