"""What follows: how much is missing to rise, how much to stay, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.rules import local
from wallet.rules.schemes import ladders
from wallet.rules.tiers import climb
from wallet.rules.tiers.facts import Goal


@dataclass(frozen=True, slots=True)
class Advice:
    """What a member should know, and the instants at which it may change by time alone."""

    next: Goal | None
    stay: Goal | None
    falls_to: str | None
    warn: bool
    edges: tuple[datetime, ...]


def advise(it: climb.Climb, *, zone: str, at: datetime, lifted: bool) -> Advice:
    """Look ahead from where somebody stands; there is nothing to keep if what is given `lifted`."""
    ladder = it.ladder
    up = None
    if it.place < ladder.top:
        tier = ladder.tiers[it.place + 1]
        # Above the threshold and not there: a step down was not earned back yet.
        up = Goal(tier.word, max(0, tier.threshold - it.total), it.closes_at)
    stay, fall = (None, None) if lifted else _stay(it)
    edges = [it.closes_at, None if it.low is None else it.low[0]]
    if isinstance(ladder.window, ladders.Rolling) and it.counted:
        edges.append(it.counted[0].when)
    warn = False
    if stay is not None and stay.remaining > 0 and stay.until is not None:
        day = local.day(stay.until, zone) - timedelta(days=ladder.warn_days)
        warn_at = local.midnight(day, zone)
        warn = warn_at <= at < stay.until and ladder.warn_days > 0
        edges.append(warn_at)
    return Advice(up, stay, fall, warn, tuple(one for one in edges if one is not None))


def _stay(it: climb.Climb) -> tuple[Goal | None, str | None]:
    """What is left to do to keep the tier, and what follows otherwise."""
    ladder, tier = it.ladder, it.ladder.tiers[it.place]
    if ladder.downgrade == "none" or it.lifetime or it.place == 0:
        return None, None
    if it.low is not None:
        until, target = it.low
        if isinstance(ladder.window, ladders.Rolling):
            target = climb.falls_to(ladder, it.place, it.reached)
        fall = max(target, it.reached)
        if fall < it.place:
            return Goal(tier.word, tier.threshold - it.total, until), ladder.tiers[fall].word
    if not isinstance(ladder.window, ladders.Rolling):
        fall = climb.falls_to(ladder, it.place, it.reached)
        enough = it.reached >= it.place
        remaining = 0 if enough else max(0, tier.threshold - it.total)
        return Goal(tier.word, remaining, it.closes_at), ladder.tiers[fall].word
    left, milestones = it.total, it.milestones.copy()
    for place, one in enumerate(it.counted):
        left -= one.counts
        if one.milestone is not None:
            milestones[one.milestone] -= 1
        more = place + 1 < len(it.counted) and it.counted[place + 1].when == one.when
        if more or left >= tier.threshold:
            continue
        reached = ladder.reached(left, milestones)
        if reached < it.place:
            fall = climb.falls_to(ladder, it.place, reached)
            return Goal(tier.word, tier.threshold - left, one.when), ladder.tiers[fall].word
    return None, None
