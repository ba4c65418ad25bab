"""What members did and got, kept in memory while their purchases stream by in order of time.

It answers what the books would answer at that moment: how many purchases were kept in a window and
what they came to, and what a member used of a campaign by local day. Running sums make a question
cost two searches for each merchant that the member knows, however long the history is.
"""

import bisect
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

from wallet.rules.campaigns import facts


@dataclass(frozen=True, slots=True)
class Kept:
    """Which purchase of a member it is, so that goods of it can come back later."""

    member_id: uuid.UUID
    merchant_id: uuid.UUID
    place: int


@dataclass(slots=True)
class _Track:
    """A member's purchases at one merchant; the sums run up to and with each place."""

    at: list[datetime] = field(default_factory=list)
    kept_minor: list[int] = field(default_factory=list)
    purchases: list[int] = field(default_factory=list)
    sums_minor: list[int] = field(default_factory=list)


class History:
    """One for each world that is played through; purchases come in order of time."""

    def __init__(self) -> None:
        self._tracks: dict[uuid.UUID, dict[uuid.UUID, _Track]] = {}
        self._used: dict[tuple[uuid.UUID, uuid.UUID], list[facts.Used]] = {}

    def bought(
        self, member_id: uuid.UUID, merchant_id: uuid.UUID, at: datetime, total_minor: int
    ) -> Kept:
        """Remember a purchase; none may come that is older than one before it."""
        tracks = self._tracks.setdefault(member_id, {})
        track = tracks.get(merchant_id)
        if track is None:
            track = tracks[merchant_id] = _Track()
        place = len(track.at)
        assert place == 0 or track.at[-1] <= at, "purchases come in order of time"
        track.at.append(at)
        track.kept_minor.append(total_minor)
        before = (track.purchases[-1], track.sums_minor[-1]) if place else (0, 0)
        track.purchases.append(before[0] + (total_minor > 0))
        track.sums_minor.append(before[1] + total_minor)
        return Kept(member_id, merchant_id, place)

    def returned(self, kept: Kept, amount_minor: int) -> None:
        """Take what came back out of a purchase; what comes back whole does not count any more."""
        track = self._tracks[kept.member_id][kept.merchant_id]
        was_minor = track.kept_minor[kept.place]
        left_minor = was_minor - amount_minor
        assert left_minor >= 0, "more came back than was bought"
        track.kept_minor[kept.place] = left_minor
        gone = (was_minor > 0) - (left_minor > 0)
        for place in range(kept.place, len(track.at)):
            track.purchases[place] -= gone
            track.sums_minor[place] -= amount_minor

    def measured(self, member_id: uuid.UUID, asked: facts.Measure) -> facts.Measured:
        """Answer a question about everything that came so far."""
        purchases = kept_minor = 0
        for merchant_id, track in self._tracks.get(member_id, {}).items():
            if asked.merchants is not None and merchant_id not in asked.merchants:
                continue
            purchases += track.purchases[-1]
            kept_minor += track.sums_minor[-1]
            before = 0 if asked.since is None else bisect.bisect_left(track.at, asked.since)
            if before:
                purchases -= track.purchases[before - 1]
                kept_minor -= track.sums_minor[before - 1]
        return facts.Measured(purchases, kept_minor)

    def took(
        self, member_id: uuid.UUID, campaign_id: uuid.UUID, day: date, granted_minor: int
    ) -> None:
        """Remember what a campaign gave in one purchase of a local day; no day goes back."""
        used = self._used.setdefault((member_id, campaign_id), [])
        if used and used[-1].day >= day:
            last = used[-1]
            assert last.day == day, "days come in order"
            used[-1] = facts.Used(day, last.granted_minor + granted_minor, last.times + 1)
        else:
            used.append(facts.Used(day, granted_minor, 1))

    def used(
        self, member_id: uuid.UUID, campaign_id: uuid.UUID, since: date | None
    ) -> tuple[facts.Used, ...]:
        """Say what a member got of a campaign from a local day on (None: ever), day by day."""
        used = self._used.get((member_id, campaign_id), [])
        first = 0 if since is None else bisect.bisect_left(used, since, key=_day)
        return tuple(used[first:])


def _day(used: facts.Used) -> date:
    return used.day
