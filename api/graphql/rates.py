"""How much a caller may ask in a minute: a bucket of points for each, in the memory of a process.

A bucket holds a minute's points and fills evenly; a request takes what its document costs, or
waits. A bucket that is full again is forgotten, so memory goes by the callers of the last minute,
up to a bound. Each process counts for itself: with four processes a caller has up to four times as
much, which is a bound all the same, and costs the request no round trip.
"""

import collections
import dataclasses
import math
import time
from collections.abc import Callable
from typing import Final

from api.graphql import failures

WINDOW_SECONDS: Final = 60.0
BUCKETS_MAX: Final = 50_000  # some 10 MB; beyond it the one that was used longest ago is forgotten


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What is left after a request has paid, and in how many seconds all will be there again."""

    remaining: int
    full_in_seconds: float


@dataclasses.dataclass(slots=True)
class _Bucket:
    points: float
    at: float


class Rates:
    """The buckets of a process."""

    def __init__(
        self,
        per_minute: int,
        *,
        now: Callable[[], float] = time.monotonic,
        buckets_max: int = BUCKETS_MAX,
    ) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets_max = buckets_max
        # Ordered by last use, so those that are full again stand in front.
        self._buckets: collections.OrderedDict[str, _Bucket] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def most(self, per_minute: int | None = None) -> int:
        """Return what a full bucket holds."""
        return self._per_minute if per_minute is None else per_minute

    def take(self, caller: str, points: int, *, per_minute: int | None = None) -> Receipt:
        """Take points out of a caller's bucket, which may have a size of its own.

        Raises failures.Failure RATE_LIMITED, and takes nothing, if there are too few.
        """
        most, now = self.most(per_minute), self._now()
        speed = most / WINDOW_SECONDS
        bucket = self._buckets.get(caller)
        held = float(most) if bucket is None else bucket.points + (now - bucket.at) * speed
        held = min(float(most), held)
        if points > held:
            raise _wait((points - held) / speed)
        left = held - points
        self._buckets[caller] = _Bucket(points=left, at=now)
        self._buckets.move_to_end(caller)
        self._forget(now)
        return Receipt(remaining=int(left), full_in_seconds=(most - left) / speed)

    def _forget(self, now: float) -> None:
        while self._buckets:
            oldest = next(iter(self._buckets.values()))
            if now - oldest.at < WINDOW_SECONDS and len(self._buckets) <= self._buckets_max:
                return
            self._buckets.popitem(last=False)


def _wait(seconds: float) -> failures.Failure:
    whole = max(1, math.ceil(seconds))
    return failures.Failure(
        "RATE_LIMITED",
        f"That was too much for one minute. Send the same request again in {whole} s.",
        headers={"Retry-After": str(whole)},
        extensions={"retryAfter": whole},
    )
