"""A faulty double: any adapter's HTTP, with a fault before or after the effect, as often as wanted.

It stands between an adapter and the real way to a partner, so it works with a shop in a test, with
a process and with a sandbox on the internet alike. A fault *after* lets the request through and
loses the answer; one *before* loses the request. Nothing waits: a silence is over at once.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import httpx2

from partners import http

Act: TypeAlias = Literal[
    "unreachable",
    "turned_away",
    "slowed_down",
    "silent",
    "cut",
    "broken",
    "gateway",
    "conflict",
    "babble",
    "truncated",
    "empty",
]
RETRY_SECONDS: Final = 7
"""The pause that a partner asks for when it slows us down."""
PAGE: Final = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `nothing_happened` if that is provable from what came back."""

    act: Act
    about: str
    after: bool = False
    nothing_happened: bool = False

    @property
    def name(self) -> str:
        """As a test is called by it: `silent_after`."""
        return f"{self.act}_{'after' if self.after else 'before'}"


FAULTS: Final = (
    Fault("unreachable", "nobody listened at the address", nothing_happened=True),
    Fault("turned_away", "401: the credentials were not taken", nothing_happened=True),
    Fault("slowed_down", "429 with Retry-After", nothing_happened=True),
    Fault("silent", "no answer within the time"),
    Fault("silent", "no answer within the time", after=True),
    Fault("cut", "the connection was reset"),
    Fault("cut", "the connection was reset", after=True),
    Fault("broken", "500"),
    Fault("broken", "500", after=True),
    Fault("gateway", "502 with a proxy's page"),
    Fault("gateway", "502 with a proxy's page", after=True),
    Fault("conflict", "409"),
    Fault("conflict", "409", after=True),
    Fault("babble", "200 with a web page", after=True),
    Fault("truncated", "half of the answer's body", after=True),
    Fault("empty", "200 with {} for a body", after=True),
)
"""Each of them happens in life; every adapter meets all of them in the contract suite."""

Choose: TypeAlias = Callable[[int, httpx2.Request], Fault | None]
"""Says what happens to a request; the number counts the requests from 0."""


def never(_number: int, _request: httpx2.Request) -> None:
    """No fault at all: a transport that only counts."""


def at(fault: Fault, number: int = 0) -> Choose:
    """One fault, at the request with that number."""
    return lambda place, _request: fault if place == number else None


def sometimes(per_mille: int, *, seed: str = "") -> Choose:
    """A fault at so many of a thousand requests, each kind in turn; the same for one seed."""

    def choose(number: int, _request: httpx2.Request) -> Fault | None:
        digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
        if int.from_bytes(digest[:4], "big") % 1000 >= per_mille:
            return None
        return FAULTS[int.from_bytes(digest[4:8], "big") % len(FAULTS)]

    return choose


@dataclass
class Faulty(httpx2.AsyncBaseTransport):
    """A transport with faults; `hosts` and `counts` tell what was asked and what was done to it."""

    real: httpx2.AsyncBaseTransport
    choose: Choose = never
    hosts: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return len(self.hosts)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let a request through, or not, and its answer back, or not."""
        number = len(self.hosts)
        self.hosts.append(request.url.netloc.decode("ascii"))
        fault = self.choose(number, request)
        if fault is None:
            return await self.real.handle_async_request(request)
        self.counts[fault.name] += 1
        body = b""
        if fault.after:
            answer = await self.real.handle_async_request(request)
            body = await answer.aread()
            await answer.aclose()
        return _happens(fault.act, body, request)

    async def aclose(self) -> None:
        """Close what is behind it."""
        await self.real.aclose()


def client(choose: Choose) -> Callable[..., httpx2.AsyncClient]:
    """What makes clients with faults, where `http.client` makes them without."""

    def make(
        *,
        hosts: Collection[str],
        private: Collection[str] = (),
        timeout_seconds: float = 10.0,
        auth: httpx2.Auth | None = None,
        **more: Any,
    ) -> httpx2.AsyncClient:
        real = http.Guarded(hosts=hosts, private=private, timeout_seconds=timeout_seconds)
        return httpx2.AsyncClient(
            transport=Faulty(real, choose), auth=auth, trust_env=False, **more
        )

    return make


def _happens(act: Act, body: bytes, request: httpx2.Request) -> httpx2.Response:
    match act:
        case "unreachable":
            raise httpx2.ConnectError("nobody listens", request=request)
        case "silent":
            raise httpx2.ReadTimeout("no answer", request=request)
        case "cut":
            raise httpx2.ReadError("reset", request=request)
        case "turned_away":
            return httpx2.Response(401, json={"error": "unauthorized"})
        case "slowed_down":
            return httpx2.Response(429, headers={"Retry-After": str(RETRY_SECONDS)})
        case "broken":
            return httpx2.Response(500, json={"error": "internal"})
        case "gateway":
            return httpx2.Response(502, content=PAGE, headers={"Content-Type": "text/html"})
        case "conflict":
            return httpx2.Response(409, json={"error": "conflict"})
        case "babble":
            return httpx2.Response(200, content=PAGE, headers={"Content-Type": "text/html"})
        case "truncated":
            return httpx2.Response(200, content=body[: len(body) // 2] or b"{")
        case "empty":
            return httpx2.Response(200, json={})
