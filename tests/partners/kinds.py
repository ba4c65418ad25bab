"""Kinds of shops that the demo has not: those that cannot be asked what became of an order."""

from dataclasses import replace
from importlib import metadata
from typing import Final

from partners import adapter
from partners.adapters import demo

GROUP: Final = "commonpurse.adapters"


class BlindKeyed(demo.Demo):
    """It remembers our keys, and nothing can be looked up."""

    name = "blind-keyed"
    caps = replace(demo.Demo.caps, finds=False)


class BlindNone(demo.DemoNone):
    """It does again what it is asked again, and nothing can be looked up."""

    name = "blind-none"
    caps = replace(demo.DemoNone.caps, finds=False, lists=False)


class Keeping(demo.Demo):
    """It takes nothing back."""

    name = "keeping"
    caps = replace(demo.Demo.caps, reverses=False, reverses_in_part=False)


class Listless(demo.Demo):
    """It has no lists: each order is asked about."""

    name = "listless"
    caps = replace(demo.Demo.caps, lists=False)


class Choosing(demo.Demo):
    """It chooses its codes itself, and repeats them when it refuses to take something back."""

    name = "choosing"

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """Order without a code of ours."""
        return await super().issue(replace(order, code=""))

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """Say no, with more words than it should."""
        return adapter.Refused(f"{receipt.code} is spent, as is {order.code}", code="spent")


ALL: Final = {one.name: one for one in (BlindKeyed, BlindNone, Choosing, Keeping, Listless)}


def points() -> list[metadata.EntryPoint]:
    """As a distribution beside ours would offer them."""
    return [
        metadata.EntryPoint(name, f"{__name__}:{one.__name__}", GROUP) for name, one in ALL.items()
    ]
