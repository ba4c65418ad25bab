"""Leaks: a secret, or a code that works like money, where somebody could read it."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from partners import faulty
from partners.conformance import subject as subjects
from partners.conformance.running import Bench, expect

QUIET: Final = ("httpx2", "httpcore2", "asyncio", "authlib")
"""What the product lets log warnings only: they print whole addresses."""


class Heard(logging.Handler):
    """Keeps every record, and whatever else it is given."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self.codes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as it would be printed."""
        if not record.name.startswith(QUIET):
            self.said.append(self.format(record))


@contextlib.contextmanager
def heard() -> Iterator[Heard]:
    """Listen to all that is logged within a block, at any level."""
    listener, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield listener
    finally:
        root.setLevel(level)
        root.removeHandler(listener)


async def provoke(bench: Bench, listener: Heard) -> None:
    """Issue, look, take back and fail, and keep how all of it shows itself."""
    answers: list[object] = [bench.adapter]
    order = bench.subject.order()
    listener.codes.append(order.code)
    answers += [order, await bench.ask("issue", bench.adapter.issue(order))]
    answers.append(await bench.ask("find", bench.adapter.find(order)))
    for fault in faulty.FAULTS:
        failed = bench.subject.order()
        listener.codes.append(failed.code)
        bench.failing.arm(fault, 0)
        answers.append(await bench.ask("issue", bench.adapter.issue(failed)))
        bench.failing.disarm()
    if bench.subject.refused_minor is not None:
        no = bench.subject.order(bench.subject.refused_minor)
        listener.codes.append(no.code)
        answers.append(await bench.ask("issue", bench.adapter.issue(no)))
    listener.said += [repr(one) for one in answers]


def judge(subject: subjects.Subject, listener: Heard, printed: str) -> None:
    """Fail if a secret or a code is in anything that was kept."""
    text = "\n".join([*listener.said, printed])
    for name, secret in (("secret", subject.secret), ("webhook secret", subject.webhook_secret)):
        expect(
            not secret or secret not in text,
            f"The {name} shows in a repr, a log or on the terminal. An adapter is not given it:"
            " leave the header to the client.",
        )
    for code in listener.codes:
        expect(
            not code or code not in text,
            "An order's code shows in a repr, a log or on the terminal. It is money: put it into"
            " Receipt.code, never into `ref` or a reason.",
        )
