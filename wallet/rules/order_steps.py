"""The life of an order at a partner: what is asked next, and what an answer does. A pure rule.

Only an acknowledged answer moves money. Where nobody knows, the rule looks before it asks again,
and no span of time ever releases what is held: after a day a person decides, with evidence.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from wallet.rules.order_states import ENDS, Aim, Asked, Said, State

LOOKS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""The pauses before the looks at what nobody knows: soon for the member who waits, then rarely."""
TRIES: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
)
"""The pauses before something is sent again that provably never arrived."""
UNRESOLVED_AFTER: Final = timedelta(hours=24)
"""After so long a partner's systems will not tell any more: a person has to ask its people."""
AGREEING: Final = 2
"""One look may read a copy that lags behind; two that agree, late enough, are believed."""
SENDS_IN_DOUBT_MAX: Final = 2
"""What is not there is sent once more where it is unique there; then the value goes back."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the rule waits; tests and demos are in more of a hurry than shops."""

    looks: tuple[timedelta, ...] = LOOKS
    tries: tuple[timedelta, ...] = TRIES
    unresolved_after: timedelta = UNRESOLVED_AFTER

    @property
    def sends_max(self) -> int:
        """How often one thing is sent at most."""
        return len(self.tries) + 1


class Able(Protocol):
    """What the rule must know of a partner; see `partners.adapter.Capabilities`."""

    @property
    def idempotency(self) -> str:
        """Return "keyed", "natural" or "none"."""
        ...

    @property
    def key_lasts(self) -> timedelta | None:
        """How long the partner remembers our key; None for as long as we ask."""
        ...

    @property
    def settles(self) -> timedelta:
        """How long a request may still take effect after we gave up on it."""
        ...

    @property
    def finds(self) -> bool:
        """Whether we can look."""
        ...

    @property
    def reverses(self) -> bool:
        """Whether it takes back."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """An order as it stands when an answer comes.

    `ask` is what is next, or is being asked while it is `leased`. `sends`, `lookups` and `agreed`
    count within the aim; `doubted` if anything was sent of which nobody knows; `refused` if the
    partner said no to a try while an earlier one was in doubt. `there` is what the last look saw,
    `settled` what the order was before it turned out that value stands there.
    """

    state: State
    aim: Aim
    ask: Asked | None
    leased: bool
    sends: int
    lookups: int
    agreed: int
    doubted: bool
    refused: bool
    aimed_at: datetime
    sent_at: datetime | None = None
    first_sent_at: datetime | None = None
    there: str | None = None
    settled: Literal["released", "reversed"] = "released"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said, and what pause the partner asked for; `final` if trying again is in vain."""

    said: Said
    pause: timedelta = timedelta(0)
    final: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Where an order goes, and what is asked there after which wait; None where nothing is."""

    state: State
    ask: Asked | None = None
    wait: timedelta = timedelta(0)
    lookups: int = 0
    agreed: int = 0
    doubted: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Ends:
    """What the same answers mean for an aim: its doubt, the value there, and the value gone."""

    doubt: State
    there: State
    gone: State
    wants: Literal["there", "gone"]
    effect: Literal["issue", "reverse"]
    waiting: State


def due(facts: Facts, able: Able, now: datetime, pace: Pace) -> Step | None:
    """What the clock alone does to what was to be asked now; None to ask it."""
    late = now - facts.aimed_at >= pace.unresolved_after
    if facts.state == "held":
        return Step("released") if late else None  # Nobody waits for it any more.
    if facts.ask == "find" or not facts.doubted or facts.agreed >= AGREEING:
        return None
    if not late and _keyed(facts, able, now):
        return None
    # To be sent again in doubt, but the partner may have forgotten our key.
    if able.finds:
        return Step(_ends(facts).doubt, "find", doubted=True, refused=facts.refused)
    return Step("attention", doubted=True, refused=facts.refused)


def decide(facts: Facts, answer: Answer, able: Able, now: datetime, pace: Pace) -> Step:
    """Return where an order goes by what was said to what it asked."""
    assert facts.ask is not None, facts.state
    if answer.said == "differs":
        # Something exists that is not what was asked for: no rule may put a price on that.
        return Step("attention", doubted=facts.doubted, refused=facts.refused)
    step = (
        _looked(facts, answer, able, now, pace)
        if facts.ask == "find"
        else _sent(facts, answer, able, now, pace)
    )
    if step.ask is None or step.state == "held":
        return step
    left = facts.aimed_at + pace.unresolved_after - now
    if left <= timedelta(0):
        return Step("attention", doubted=step.doubted, refused=step.refused)
    return replace(step, wait=min(step.wait, left))


def heard(facts: Facts, said: Said, able: Able) -> Step | None:
    """What an order does that a partner told of by itself; None where it is nothing new.

    Where we can look, what is told is a reason to look, whoever told it in whatever order.
    """
    live = said in ("live", "spent")
    if facts.state in ("released", "reversed"):
        return _late(able) if live else None
    if facts.state in ENDS or (facts.state == "held" and not live):
        return None
    ends = _ends(facts)
    calling = facts.leased and facts.ask != "find"
    if able.finds:
        # While something is being sent, nothing else is asked: its answer comes, or a look.
        return None if calling else Step(ends.doubt, "find", doubted=True, refused=facts.refused)
    if live:
        return Step(ends.there) if facts.aim == "issue" and facts.state != "held" else None
    return Step(ends.gone) if said == "void" and not calling else None


def _late(able: Able) -> Step:
    """Value exists that nobody pays for: look whether it is so, then take it back."""
    if able.finds:
        return Step("late", "find")
    return Step("late", "reverse") if able.reverses else Step("suspense")


def _sent(facts: Facts, answer: Answer, able: Able, now: datetime, pace: Pace) -> Step:
    """What follows an attempt to issue or to take back."""
    ends = _ends(facts)
    match answer.said:
        case "live" | "spent" if ends.wants == "there":
            return Step(ends.there)
        case "void":
            return Step(ends.gone)
        case "refused":
            return _declined(facts, ends, able, now, pace)
        case "not_sent":
            return _not_sent(facts, ends, answer, able, now, pace)
    return _doubt(facts, ends, able, now, pace)


def _declined(facts: Facts, ends: _Ends, able: Able, now: datetime, pace: Pace) -> Step:
    """The partner's no. While an earlier try is in doubt it proves nothing about that one."""
    if not facts.doubted:
        return Step(_unmoved(ends))
    if able.finds:
        return Step(ends.doubt, "find", pace.looks[0], doubted=True, refused=True)
    if facts.refused:
        return Step(_unmoved(ends))
    # The same key is asked once more, when whatever was on its way has arrived: two times no.
    step = _doubt(facts, ends, able, now, pace)
    return replace(step, wait=max(step.wait, able.settles), refused=True)


def _not_sent(
    facts: Facts, ends: _Ends, answer: Answer, able: Able, now: datetime, pace: Pace
) -> Step:
    """Nothing happened by this try: try again, or give up where no earlier one is in doubt."""
    if facts.doubted:
        if able.finds:
            wait = max(pace.looks[0], answer.pause)
            return Step(ends.doubt, "find", wait, doubted=True, refused=facts.refused)
        step = _doubt(facts, ends, able, now, pace)
        return replace(step, wait=max(step.wait, answer.pause))
    if facts.aim != "undo" and (answer.final or facts.sends >= pace.sends_max):
        return Step(_unmoved(ends))
    wait = max(pace.tries[min(facts.sends, len(pace.tries)) - 1], answer.pause)
    return Step(ends.waiting, ends.effect, wait)


def _doubt(facts: Facts, ends: _Ends, able: Able, now: datetime, pace: Pace) -> Step:
    """Nobody knows: look; where we cannot, send the same key again; else a person must ask."""
    if able.finds:
        return Step(ends.doubt, "find", pace.looks[0], doubted=True, refused=facts.refused)
    if _keyed(facts, able, now):
        wait = pace.looks[min(facts.sends, len(pace.looks)) - 1]
        return Step(ends.doubt, ends.effect, wait, doubted=True)
    return Step("attention", doubted=True, refused=facts.refused)


def _looked(facts: Facts, answer: Answer, able: Able, now: datetime, pace: Pace) -> Step:
    """What follows a look."""
    ends = _ends(facts)
    match answer.said:
        case "void":
            return Step(ends.gone)
        case "spent":
            return Step(ends.there)
        case "live" if ends.wants == "there":
            return Step(ends.there)
        case "live" | "absent":
            return _counted(facts, ends, answer.said, able, now, pace)
    wait = max(pace.looks[min(facts.lookups + 1, len(pace.looks) - 1)], answer.pause)
    return Step(
        ends.doubt,
        "find",
        wait,
        lookups=facts.lookups + 1,
        agreed=facts.agreed,
        doubted=facts.doubted,
        refused=facts.refused,
    )


def _counted(facts: Facts, ends: _Ends, said: Said, able: Able, now: datetime, pace: Pace) -> Step:
    """A look that speaks against what we want, or for it only if others agree with it.

    What was sent may still arrive: only after `settles` does it count that it has not.
    """
    again = ends.wants == "there" or said == "live"
    if again and ends.effect == "reverse" and not able.reverses:
        return Step(ends.there)
    if again and not facts.refused and facts.sends < pace.sends_max:
        untried = facts.sends == 0 and facts.aim != "issue"
        if untried or (facts.sends > 0 and _keyed(facts, able, now)):
            return Step(ends.doubt, ends.effect, doubted=facts.doubted)
    settled = facts.sent_at is None or now >= facts.sent_at + able.settles
    agreed = (facts.agreed if facts.there == said else 0) + 1 if settled else 0
    if agreed >= AGREEING:
        if not again:
            return Step(ends.gone)
        if facts.refused or facts.sends >= SENDS_IN_DOUBT_MAX or able.idempotency == "none":
            # Where a second time would be done again, no look is trusted that much.
            return Step(_unmoved(ends))
        return Step(ends.doubt, ends.effect, agreed=agreed, doubted=facts.doubted)
    wait = pace.looks[min(facts.lookups + 1, len(pace.looks) - 1)]
    if facts.sent_at is not None and not settled:
        wait = min(wait, max(facts.sent_at + able.settles - now, pace.looks[0]))
    elif settled:
        wait = pace.looks[min(1, len(pace.looks) - 1)]
    return Step(
        ends.doubt,
        "find",
        wait,
        lookups=facts.lookups + 1,
        agreed=agreed,
        doubted=facts.doubted,
        refused=facts.refused,
    )


def _ends(facts: Facts) -> _Ends:
    match facts.aim:
        case "issue":
            return _Ends("unknown", "captured", "released", "there", "issue", "held")
        case "reverse":
            return _Ends("reverse_unknown", "captured", "reversed", "gone", "reverse", "reversing")
        case "undo":
            return _Ends("late", "suspense", facts.settled, "gone", "reverse", "late")


def _unmoved(ends: _Ends) -> State:
    """Where an order ends whose wish was not granted."""
    return ends.gone if ends.wants == "there" else ends.there


def _keyed(facts: Facts, able: Able, now: datetime) -> bool:
    """Whether the partner still knows our key, so that sending again cannot do it twice."""
    if able.idempotency != "keyed":
        return False
    first = facts.first_sent_at
    return able.key_lasts is None or (first is not None and now < first + able.key_lasts)
