"""Running an adapter under test: a way to its partner that counts and can fail, and a bounded time.

Each test opens everything anew in a loop of its own, so the suite needs no plugin for coroutines.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx2
import pytest

from partners import adapter, credentials, faulty
from partners.conformance import subject as subjects


class Failing:
    """Lets one request fail, the n-th from when it is armed; notes when the others begin."""

    def __init__(self) -> None:
        self.fault: faulty.Fault | None = None
        self.number = 0
        self.struck = False
        self._seen = 0
        self._began = 0.0

    def arm(self, fault: faulty.Fault, number: int) -> None:
        """Let the request with this number fail, counted from now."""
        self.fault, self.number, self.struck, self._seen = fault, number, False, 0
        self._began = time.monotonic()

    def disarm(self) -> float:
        """Let nothing fail any more; the seconds since it was armed."""
        self.fault = None
        return time.monotonic() - self._began

    def choose(self, _number: int, _request: httpx2.Request) -> faulty.Fault | None:
        """See `faulty.Choose`."""
        number, self._seen = self._seen, self._seen + 1
        if self.fault is None or number != self.number:
            return None
        self.struck = True
        return self.fault

    @property
    def went_on(self) -> bool:
        """Whether there were requests after the one that failed."""
        return self._seen > self.number + 1


@dataclass
class Bench:
    """An open adapter, what is known of its way to the partner, and what lets it fail."""

    subject: subjects.Subject
    adapter: adapter.Adapter
    way: faulty.Faulty
    failing: Failing

    async def ask(self, what: str, answer: Awaitable[Any]) -> Any:
        """The adapter's answer; an exception and a wait without end are failures of the adapter."""
        try:
            async with asyncio.timeout(self.subject.seconds):
                return await answer
        except TimeoutError:
            fail(
                f"{what}() took longer than {self.subject.seconds:g} s. Ask less, or say `seconds`."
            )
        except Exception as error:
            fail(
                f"{what}() raised {type(error).__name__}: {error}. Whatever a partner does is"
                " answered by a value: send every request with partners.faults.ask, and look at"
                " what it gives before reading it."
            )

    def strangers(self) -> set[str]:
        """Hosts that were spoken to and are not among those that the adapter names."""
        named = {_full(one) for one in self.subject.adapter_class.hosts(self.subject.read_config())}
        return {one for one in self.way.hosts if _full(one) not in named}


def run(subject: subjects.Subject, test: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a test with an adapter that is opened for it, and see that it kept to its hosts."""

    async def all_of_it() -> None:
        await subject.reset()
        try:
            async with opened(subject) as bench:
                await test(bench)
                _kept_to_its_hosts(bench)
        finally:
            await subject.close()

    asyncio.run(all_of_it())


@contextlib.asynccontextmanager
async def opened(subject: subjects.Subject) -> AsyncIterator[Bench]:
    """The adapter with a client as the product gives it, but for the faults."""
    failing = Failing()
    way = faulty.Faulty(subject.transport(), failing.choose)
    secrets = [subject.secret] if subject.secret else []
    auth = credentials.Speaking(subject.adapter_class.credential, secrets) if secrets else None
    async with httpx2.AsyncClient(
        transport=way, auth=auth, follow_redirects=False, trust_env=False
    ) as client:
        yield Bench(subject, subject.make(client), way, failing)


def _kept_to_its_hosts(bench: Bench) -> None:
    strangers = ", ".join(sorted(bench.strangers()))
    if strangers:
        fail(
            f"It spoke to {strangers}, which hosts() does not name. In the product nothing else is"
            " reached: name it, or leave it alone."
        )


def fail(sentence: str) -> NoReturn:
    """Fail with a sentence for the adapter's author, and nothing else."""
    pytest.fail(sentence, pytrace=False)


def expect(holds: object, sentence: str) -> None:
    """Fail with the sentence unless it holds."""
    if not holds:
        fail(sentence)


def _full(host: str) -> str:
    name, _, port = host.lower().partition(":")
    return f"{name}:{port or 443}"
