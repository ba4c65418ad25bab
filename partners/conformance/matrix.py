"""The matrix of faults: each fault at each request of a question, judged by what really happened.

Which request has the effect is found first, by losing the answer of one after the other: whether an
adapter may say that nothing has happened depends on it.
"""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from partners import adapter, faulty
from partners.conformance import verdicts
from partners.conformance.running import Bench, expect, fail

STEPS_MAX: Final = 6
"""Requests of one question: an adapter that needs more does the saga's work."""
NAP_SECONDS: Final = 1.0
"""An adapter that takes longer over a request that failed at once is waiting by itself."""
_LOST: Final = next(one for one in faulty.FAULTS if one.act == "cut" and one.after)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was answered, and whether it has really happened."""

    answer: object
    happened: bool
    order: adapter.Order


Try: TypeAlias = Callable[[Bench, Callable[[], None]], Awaitable[Attempt]]
"""Makes an attempt; it calls what it is given when the failing request is about to come."""
After: TypeAlias = Callable[[Bench, Attempt], Awaitable[None]]


async def effects(what: str, bench: Bench, fault: faulty.Fault, attempt: Try, after: After) -> None:
    """Let issue or reverse meet a fault at each of its requests."""
    decisive = await _decisive(bench, attempt)
    for number in range(STEPS_MAX):
        tried = await attempt(bench, functools.partial(bench.failing.arm, fault, number))
        _kept_still(what, bench, fault)
        if not bench.failing.struck:
            return
        verdicts.on_effect(
            what, fault, tried.answer, happened=tried.happened, decisive=number == decisive
        )
        await after(bench, tried)
    fail(f"{what}() sends more than {STEPS_MAX} requests. What waits or tries again is the saga.")


async def looks(bench: Bench, fault: faulty.Fault, order: adapter.Order) -> None:
    """Let find meet a fault at each of its requests."""
    for number in range(STEPS_MAX):
        bench.failing.arm(fault, number)
        answer = await bench.ask("find", bench.adapter.find(order))
        _kept_still("find", bench, fault)
        if not bench.failing.struck:
            return
        verdicts.on_look(fault, answer)
    fail(f"find() sends more than {STEPS_MAX} requests. Ask the partner for the one order.")


async def _decisive(bench: Bench, attempt: Try) -> int:
    """The number of the request that has the effect."""
    for number in range(STEPS_MAX):
        tried = await attempt(bench, functools.partial(bench.failing.arm, _LOST, number))
        bench.failing.disarm()
        if tried.happened or not bench.failing.struck:
            return number
    return 0


def _kept_still(what: str, bench: Bench, fault: faulty.Fault) -> None:
    seconds = bench.failing.disarm()
    expect(
        seconds < NAP_SECONDS + bench.subject.seconds / 10,
        f"{what}() took {seconds:.1f} s over a fault that came at once ({fault.about}). An adapter"
        " never waits: the saga does.",
    )
    lost = fault.act in ("unreachable", "silent", "cut")
    expect(
        not (bench.failing.struck and lost and bench.failing.went_on),
        f"{what}() sent another request after a fault ({fault.about}). An adapter never tries"
        " again: it answers, and the saga looks first.",
    )
