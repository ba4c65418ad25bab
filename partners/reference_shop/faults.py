"""The switch for faults: what goes wrong between two machines, on purpose and at a known rate.

Each fault strikes before the effect or after it, and whoever asked cannot tell which: that is the
point. What strikes is drawn from the seed, the operation, the key and which try it is, so a run of
the same orders has the same faults, whatever comes first.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from partners.reference_shop import hanging_up, problems

Operation = Literal["issue", "find", "reverse", "list", "account", "token"]
FAULTS: Final[Mapping[str, str]] = {
    "drop_before": "hangs up without a word, and does nothing",
    "drop_after": "does it, and hangs up without a word",
    "error_before": "answers 500 with a page of a proxy, and does nothing",
    "error_after": "does it, and answers 500 with a page of a proxy",
    "slow_before": "waits, and does it when nobody waits for the answer any more",
    "slow_after": "does it, and waits with the answer",
    "busy": "answers 429 with Retry-After, and does nothing",
    "away": "answers 503, and does nothing",
    "unauthorized": "answers 401, and does nothing",
    "garbage": "does it, and answers 200 with something that is no JSON",
    "cut": "does it, and hangs up in the middle of the answer",
    "redirect": "does it, and answers with an address elsewhere",
    "huge": "does it, and answers with two megabytes",
    "other_currency": "does it, and answers with another currency",
    "told_twice": "tells the fact by webhook twice",
}
"""Each fault, and what it does."""
TWICE: Final = "told_twice"
WHOLE_BPS: Final = 10_000
HUGE_BYTES: Final = 2 * 1024 * 1024
PAGE: Final = b"<html><head><title>Oops</title></head><body>The upstream is not well.</body></html>"

Door = Callable[[Request], Awaitable[Response]]
Rate = Annotated[int, msgspec.Meta(ge=0, le=WHOLE_BPS)]


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the switch stands: rates in basis points, of the requests of some operations."""

    seed: int = 0
    rates_bps: dict[str, Rate] = {}
    on: tuple[Operation, ...] = ("issue", "find", "reverse")
    slow_ms: Annotated[int, msgspec.Meta(ge=0, le=120_000)] = 15_000
    retry_after_seconds: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 1

    def __post_init__(self) -> None:
        if not set(self.rates_bps) <= set(FAULTS):
            raise ValueError(f"there are: {', '.join(FAULTS)}")
        # That a webhook is sent twice is drawn beside what strikes a request.
        struck = sum(rate for name, rate in self.rates_bps.items() if name != TWICE)
        if struck > WHOLE_BPS:
            raise ValueError("the rates are more than all requests together")


class Switch:
    """The switch itself."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.struck: Counter[str] = Counter()
        self.drawn = 0
        self.under_way = 0
        self._tries: Counter[str] = Counter()

    def turn(self, setting: Setting) -> None:
        """Set new rates; counting begins again."""
        self.setting = setting
        self.drawn = 0
        self.struck.clear()
        self._tries.clear()

    def draw(self, operation: str, key: str) -> str | None:
        """Say what strikes this request, if anything does."""
        if operation not in self.setting.on:
            return None
        self.drawn += 1
        name = f"{operation}:{key}"
        self._tries[name] += 1
        drawn = self._number(f"{name}:{self._tries[name]}")
        for fault, rate_bps in sorted(self.setting.rates_bps.items()):
            if fault == TWICE:
                continue
            if drawn < rate_bps:
                self.struck[fault] += 1
                return fault
            drawn -= rate_bps
        return None

    def twice(self, event_id: str) -> bool:
        """True if a webhook is to be sent twice."""
        if self._number(event_id) >= self.setting.rates_bps.get(TWICE, 0):
            return False
        self.struck[TWICE] += 1
        return True

    def _number(self, text: str) -> int:
        digest = hashlib.sha256(f"{self.setting.seed}:{text}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % WHOLE_BPS


def under(switch: Switch, operation: Operation | str, door: Door) -> Door:
    """Put a door under the switch."""

    async def faulty(request: Request) -> Response:
        key = request.path_params.get("key") or request.headers.get("idempotency-key", "")
        fault = switch.draw(operation, key)
        if fault is None:
            return await door(request)
        switch.under_way += 1
        try:
            before = await _before(switch.setting, fault, request)
            return before or await _after(switch.setting, fault, request, await door(request))
        finally:
            switch.under_way -= 1

    return faulty


async def _before(setting: Setting, fault: str, request: Request) -> Response | None:
    """Strike before the effect: an answer, unless the effect is only late."""
    if fault == "drop_before":
        return await hanging_up.hang_up(request)
    if fault == "error_before":
        return Response(PAGE, 500, media_type="text/html")
    if fault == "busy":
        return problems.answer(
            "slow_down", headers={"Retry-After": str(setting.retry_after_seconds)}
        )
    if fault == "away":
        return problems.answer("unavailable")
    if fault == "unauthorized":
        return problems.answer("unauthorized")
    if fault == "slow_before":
        await request.body()  # the connection may be gone when it is wanted
        await asyncio.sleep(setting.slow_ms / 1000)
    return None


async def _after(setting: Setting, fault: str, request: Request, right: Response) -> Response:
    """Strike after the effect: what is answered in place of the right answer."""
    if fault == "drop_after":
        return await hanging_up.hang_up(request)
    if fault == "slow_after":
        await asyncio.sleep(setting.slow_ms / 1000)
    wrong = {
        "error_after": Response(PAGE, 500, media_type="text/html"),
        "garbage": Response(PAGE, 200, media_type="text/html"),
        "redirect": Response(status_code=302, headers={"Location": "http://elsewhere.example/"}),
        "huge": Response(b" " * HUGE_BYTES, 200, media_type="application/json"),
    }.get(fault)
    if wrong is not None:
        return wrong
    if fault == "cut":
        return hanging_up.Cut(bytes(right.body), right.status_code)
    if fault == "other_currency":
        body = bytes(right.body).replace(b'"currency":"', b'"currency":"X')
        return Response(body, right.status_code, media_type="application/json")
    return right
