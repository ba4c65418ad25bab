"""Where a member stands: the tiers of their purchases, what came back, what was given.

Each return is looked at with hindsight: from its instant on, the member stands where they would
have stood had the goods never been bought. What they had before stays in the history, and what it
gave stays theirs.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from wallet.rules.schemes import ladders
from wallet.rules.tiers import climb, projection
from wallet.rules.tiers.facts import Edition, Entry, Given, Past, Standing, Step, Why

Climbed: TypeAlias = Callable[[datetime, datetime], climb.Climb]
"""How far somebody has come until an instant, with what came back until another."""

RETURNS_MAX: Final = 12
"""Instants of returns that are looked at one by one, the last ones: each is a climb of its own.
What came back before is taken as never bought, which changes nothing but how old history would be
told today; what was written down of it stays."""
STEPS_MAX: Final = 40
"""Changes that a standing carries with it, the last ones: a purchase is never reported so late."""


def stand(editions: Sequence[Edition], past: Past, *, zone: str, at: datetime) -> Standing | None:
    """Where somebody stands at an instant; None if the ladder has not begun by then."""
    entries = sorted(past.entries, key=lambda one: (one.at, one.entry_id))
    start = climb.starts_at(editions, past.joined_at, entries)
    if start > at:
        return None

    def climbed(until: datetime, known: datetime) -> climb.Climb:
        return climb.climb(
            editions, entries, known=known, joined_at=past.joined_at, zone=zone, at=until
        )

    steps, last = _with_returns(entries, climbed, start=start, at=at)
    shown = _with_given(steps, past.given, editions, climbed, at=at)
    ladder = last.ladder
    active = _active(past.given, at, ladder)
    lifted = active is not None and _rank(ladder, active.tier) > last.place
    advice = projection.advise(last, zone=zone, at=at, lifted=lifted)
    edges = [
        *(one.since for one in editions),
        *(edge for one in past.given for edge in (one.since, one.until)),
        *(one.at for one in entries),
        *(when for one in entries for when, _ in one.returns),
        *advice.edges,
    ]
    return Standing(
        tier=shown[-1].tier,
        since=shown[-1].since,
        earned=ladder.tiers[last.place].word,
        total=last.total,
        opens_at=last.opens_at,
        closes_at=last.closes_at,
        lifetime=last.lifetime,
        given=active if lifted else None,
        next=advice.next,
        stay=advice.stay,
        falls_to=advice.falls_to,
        warn=advice.warn,
        steps=tuple(shown[-STEPS_MAX:]),
        version_id=last.edition.version_id,
        look_at=min((edge for edge in edges if edge > at), default=None),
    )


def tier_among(steps: Iterable[tuple[str, datetime, bool]], at: datetime) -> str | None:
    """Which tier decides a purchase of an instant: the one before whatever it reaches itself.

    A step is a tier, since when, and whether the purchase of that very instant had the one before.
    """
    found = None
    for tier, since, after in steps:
        if since < at or (since == at and not after):
            found = tier
    return found


def tier_at(steps: Iterable[Step], at: datetime) -> str | None:
    """Which tier decides a purchase of an instant, by a history."""
    return tier_among([(one.tier, one.since, one.after) for one in steps], at)


def _with_returns(
    entries: Sequence[Entry], climbed: Climbed, *, start: datetime, at: datetime
) -> tuple[list[Step], climb.Climb]:
    """Climb once for each instant at which something came back, and keep what held until then."""
    returns = sorted({when for one in entries for when, _ in one.returns if when <= at})
    earlier = returns[:-RETURNS_MAX]
    later = [when for when in returns[-RETURNS_MAX:] if when > start]
    moments = [max([start, *earlier]), *later]
    steps: list[Step] = []
    last = climbed(at, moments[-1])
    for known, following in itertools.zip_longest(moments, later):
        told = last if following is None else climbed(following, known)
        if not steps:
            steps += [one for one in told.steps if one.since <= known]
        elif (back := _came_back(entries, told, climbed, known)).tier != steps[-1].tier:
            steps.append(back)
        steps += [
            one
            for one in told.steps
            if one.since > known and (following is None or one.since < following)
        ]
    return steps, last


def _came_back(
    entries: Sequence[Entry], last: climb.Climb, climbed: Climbed, known: datetime
) -> Step:
    """Where somebody stands from the instant of a return on."""
    (*_, now) = [one for one in last.steps if one.since <= known]
    state = climbed(known, known)
    back = [one.entry_id for one in entries if known in {when for when, _ in one.returns}]
    return replace(_at(state, now, known), why="return", causes=tuple(back[: climb.CAUSES_MAX]))


def _at(state: climb.Climb, step: Step, at: datetime) -> Step:
    """A step that is taken at an instant of its own, with what counted then."""
    return replace(
        step,
        since=at,
        total=state.total,
        opens_at=state.opens_at,
        closes_at=state.closes_at,
        causes=(),
        after=False,
    )


def _with_given(
    steps: Sequence[Step],
    given: Sequence[Given],
    editions: Sequence[Edition],
    climbed: Climbed,
    *,
    at: datetime,
) -> list[Step]:
    """Lay what was given over what was earned: the higher of the two holds."""
    edges = {edge for one in given for edge in (one.since, one.until) if edge <= at}
    if not edges:
        return list(steps)
    first = steps[0].since
    # An edition may leave a word out, and what was given is worth nothing from then on.
    turns = {*edges, *(one.since for one in editions if one.since <= at)}
    moments = sorted({*(one.since for one in steps), *(turn for turn in turns if turn >= first)})
    shown: list[Step] = []
    for moment in moments:
        ladder = _ladder_at(editions, moment)
        active = _active(given, moment, ladder)
        for earned in _earned_at(steps, moment):
            lifts = active is not None and _rank(ladder, active.tier) > _rank(ladder, earned.tier)
            lifted = active if lifts else None
            tier = earned.tier if lifted is None else lifted.tier
            own = earned.since == moment
            if shown and tier == shown[-1].tier and not (own and earned.why == "lifetime"):
                continue
            step = replace(earned, tier=tier)
            if not own or (lifted is not None and (moment in edges or not shown)):
                why = _why(given, lifted, moment, ladder)
                step = replace(_at(climbed(moment, moment), step, moment), why=why)
            shown.append(step)
    return shown


def _why(
    given: Sequence[Given], lifted: Given | None, moment: datetime, ladder: ladders.Ladder
) -> Why:
    """Why a tier changed at an instant at which nothing was earned."""
    if lifted is not None:
        return lifted.by
    ended = [one for one in given if one.until == moment]
    if not ended:
        return "edited"
    by = max(ended, key=lambda one: _rank(ladder, one.tier)).by
    return "override_ended" if by == "override" else "membership_ended"


def _earned_at(steps: Sequence[Step], moment: datetime) -> list[Step]:
    """What was earned by an instant; of steps at that very instant, one after the other."""
    here = [one for one in steps if one.since == moment]
    return here or [one for one in steps if one.since < moment][-1:]


def _active(given: Sequence[Given], at: datetime, ladder: ladders.Ladder) -> Given | None:
    """What is given at an instant, the highest if there are several."""
    found = [one for one in given if one.since <= at < one.until]
    return max(found, key=lambda one: _rank(ladder, one.tier), default=None)


def _rank(ladder: ladders.Ladder, tier: str) -> int:
    """Where a tier stands; a word that an edition left out stands nowhere."""
    found = ladder.place(tier)
    return -1 if found is None else found


def _ladder_at(editions: Sequence[Edition], at: datetime) -> ladders.Ladder:
    return [one for one in editions if one.since <= at][-1].ladder
