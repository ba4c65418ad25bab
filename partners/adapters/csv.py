"""A shop without an API: it gives us a file of its own codes, and an order takes one of them.

A code that is taken can be spent at once, because the shop knew it before we did. What cannot be
done at once is taking one back: the shop must be told to void it, and it may have been spent
meanwhile. So `reverse` answers Unknown until the shop's next file says which it was.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import httpx2
import msgspec

from partners import adapter
from wallet import errors, money

Back: TypeAlias = Literal["returning", "void", "spent"]
"""What became of a code that is to be taken back: the shop is to be told, or has told us."""


class Shelf(Protocol):
    """Where the codes of one shop lie. All of it may raise errors.Unavailable."""

    async def take(self, order: adapter.Order) -> tuple[adapter.Receipt, bool] | None:
        """Take a code for an order, the same one each time; True if it was taken before."""
        ...

    async def find(self, key: str) -> adapter.Receipt | None:
        """The code that was taken for an order."""
        ...

    async def give_back(self, key: str) -> Back | None:
        """Put the code of an order on the list of those that the shop is to void."""
        ...

    async def taken_between(self, since: datetime, until: datetime) -> Sequence[adapter.Receipt]:
        """What was taken in a span; the end is out."""
        ...


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is to be set: the codes are loaded with `commonpurse stock load`."""


class Csv(adapter.Adapter):
    """It speaks to nobody: it is given a shelf."""

    name: ClassVar[str] = "csv"
    about: ClassVar[str] = "A shop without an API: its own codes from a file, one for each order."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("gift_card", "coupon"),
        idempotency=adapter.Idempotency.KEYED,
        settles=timedelta(0),
        lists=True,
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential(whose="nobody")
    needs_shelf: ClassVar[bool] = True
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, _config: Settings, _http: httpx2.AsyncClient, shelf: Shelf) -> None:
        self._shelf = shelf

    @staticmethod
    def hosts(_config: Settings) -> frozenset[str]:
        """None."""
        return frozenset()

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """Take a code of exactly the amount; Refused if none is left."""
        try:
            taken = await self._shelf.take(order)
        except errors.Unavailable:
            return adapter.Unknown("the shelf is away")
        if taken is None:
            worth = money.phrase(order.money.amount_minor, order.money.asset)
            return adapter.Refused(f"no code of {worth} is left", "unavailable")
        receipt, replayed = taken
        return adapter.Issued(receipt, replayed=replayed)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The code that was taken, as the shop last said that it stands."""
        try:
            return await self._shelf.find(order.key) or adapter.Absent()
        except errors.Unavailable:
            return adapter.NotSent("the shelf is away")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """Let the shop be told to void it; it is taken back when the shop says so."""
        if receipt.money != order.money:
            return adapter.Refused("a code is taken back as a whole", "amount")
        try:
            back = await self._shelf.give_back(order.key)
        except errors.Unavailable:
            return adapter.Unknown("the shelf is away")
        match back:
            case "void":
                void = adapter.Receipt(receipt.ref, receipt.money, "void", order.key)
                return adapter.Issued(void, replayed=True)
            case "spent":
                return adapter.Refused("the shop says that it is spent", "spent")
            case "returning":
                return adapter.Unknown("the shop has not said yet that it is void")
            case None:
                return adapter.Refused("no code was taken for this order")

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """What was taken from the shelf: the shop itself has no list."""
        try:
            return await self._shelf.taken_between(since, until)
        except errors.Unavailable:
            return adapter.NotSent("the shelf is away")
