"""What an author tells of an adapter, so that the contract suite can ask it everything.

The partner may be a program in the test, a process on this machine or a sandbox on the internet.
What matters is that it can be asked, by another way than the adapter's, what really happened.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import httpx2

from partners import http, registry
from partners.adapter import Adapter, Money, Order, Receipt
from wallet import ids, money
from wallet.rules import orders

AMOUNTS_MINOR: Final = (435, 820, 1999)
"""As decimals they are 4.35, 8.20 and 19.99, which a float times 100 makes one less."""


class Subject:
    """An adapter under test. Say what is asked for first; the rest has answers that often hold."""

    adapter_class: ClassVar[type[Adapter]]
    config: Mapping[str, object] = {}
    """What an operator would set."""

    async def issued(self, order: Order) -> Sequence[int]:
        """Each amount, in minor units, that the partner ever made spendable for an order."""
        raise NotImplementedError("say how the partner tells what it has issued")

    async def live(self, order: Order) -> int:
        """How much of that can still be spent; asked only where `caps.reverses`."""
        raise NotImplementedError("say how the partner tells what is left")

    refused_minor: int | None = None
    """An amount that the partner says no to; None if it takes every one."""
    secret: str = ""
    """What the credential's header carries; it must appear nowhere."""
    asset: money.Asset = money.EUR
    amounts_minor: Sequence[int] = AMOUNTS_MINOR
    """Amounts that it takes, at least three: the first is used most, with different keys."""
    account: str | None = None
    """The linked account that orders are for; None where no link is needed."""
    seconds: float = 10.0
    """The longest that one question may take; a sandbox far away needs more."""

    webhook_secret: str = ""
    webhook_url: str = "https://wallet.example/partners/events"

    def webhook(self, order: Order, receipt: Receipt) -> bytes:
        """The body of a message about an order, as the partner sends it; where `caps.reports`."""
        raise NotImplementedError("say what the partner sends")

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        """The headers that the partner sends with a body."""
        raise NotImplementedError("say how the partner signs")

    async def reset(self) -> None:
        """Begin anew; called before each test. Keys are new each time, so it may do nothing."""

    async def settle(self) -> None:
        """Let the partner do what it does later, such as a person's work on a list."""

    async def close(self) -> None:
        """Let go of what `reset` has opened; called after each test."""

    def transport(self) -> httpx2.AsyncBaseTransport:
        """The way to the partner; for one within the test: `httpx2.ASGITransport(app)`."""
        hosts = self.adapter_class.hosts(self.read_config())
        return http.Guarded(hosts=hosts, private=hosts, timeout_seconds=self.seconds)

    def make(self, client: httpx2.AsyncClient) -> Adapter:
        """The adapter as the product makes it."""
        return self.adapter_class(self.read_config(), client)

    def read_config(self) -> Any:
        """The configuration, read strictly."""
        return registry.configured(self.adapter_class, self.config)

    def order(self, amount_minor: int | None = None, *, kind: orders.Kind | None = None) -> Order:
        """A new order that the partner takes; override it for what it wants besides."""
        key = ids.new().hex
        return Order(
            key=key,
            kind=kind or self.adapter_class.caps.kinds[0],
            money=Money(amount_minor or self.amounts_minor[0], self.asset),
            created_at=datetime.now(UTC),
            subject=self.account,
            code=f"CP{key[-14:].upper()}",
            memo="Contract suite",
        )
