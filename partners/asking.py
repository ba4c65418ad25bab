"""Asking a partner about an order, once, and putting its answer into the words of the rule.

Whatever happens here is an answer: what could not be opened was not sent, what took too long or
broke in between is not known. A partner's own words are cut, and our codes are struck out of them.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from partners import adapter, opening
from partners.adapter import Absent, Issued, NotSent, Receipt, Refused, Unknown
from wallet import orders
from wallet.rules import order_states
from wallet.rules.order_steps import Able, Answer

log: Final = structlog.get_logger("partners.asking")

OPENING_SECONDS: Final = 10
"""For tokens and clients, before anything is sent."""
MEMO: Final = "Paid with cashback"
STRUCK: Final = "(code)"


class Shop(Protocol):
    """A partner that is open: its adapter, whose answers are values."""

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """Make the value spendable there."""
        ...

    async def find(self, order: adapter.Order) -> adapter.Found:
        """Look what became of an order."""
        ...

    async def reverse(self, order: adapter.Order, receipt: Receipt) -> adapter.Result:
        """Take back what was issued."""
        ...

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[Receipt] | NotSent | Unknown:
        """All that the shop says we had issued in a span."""
        ...


class Opening(Protocol):
    """Who opens the partner of an order, for the account that it is for."""

    async def able(self, order: orders.Order) -> Able:
        """What the rule must know of this partner. Raises opening.Closed."""
        ...

    def open(self, order: orders.Order) -> contextlib.AbstractAsyncContextManager[Shop]:
        """The partner for the length of a block. Raises opening.Closed."""
        ...


async def ask(
    opener: Opening, order: orders.Order, *, code: str, chosen: str | None, seconds: float
) -> tuple[Answer, orders.Heard, str | None]:
    """Ask what the order wants asked: the answer, what is kept of it, and a code if one came.

    `code` is ours, the same at every try; `chosen` the partner's, where it gave one.
    """
    began = time.monotonic()
    stack = contextlib.AsyncExitStack()
    try:
        result = await _opened(stack, opener, order, code, chosen, seconds)
    finally:
        with contextlib.suppress(Exception):  # What goes wrong while closing changes no answer.
            await stack.aclose()
    answer, reason = understand(result, order)
    told = result.receipt if isinstance(result, Issued) else result
    receipt = told if isinstance(told, Receipt) else None
    came = receipt.code if receipt is not None and receipt.code != code else None
    heard = orders.Heard(
        asked=str(order.facts.ask),
        said=answer.said,
        reason=_scrubbed(reason, code, chosen, came),
        took_ms=int((time.monotonic() - began) * 1000),
        reference=None if receipt is None else receipt.ref,
    )
    return answer, heard, came


def understand(
    result: adapter.Result | adapter.Found, order: orders.Order
) -> tuple[Answer, str | None]:
    """What a partner's answer says, in the words of the rule, and its reason."""
    match result:
        case Issued(receipt=receipt):
            return Answer(_standing(receipt, order)), None
        case Receipt():
            return Answer(_standing(result, order)), None
        case Absent():
            return Answer("absent"), None
        case Refused(reason=reason, code=code):
            return Answer("refused"), f"{code}: {reason}"
        case NotSent(reason=reason, retry_after=pause, reauthorize=final):
            return Answer("not_sent", pause or timedelta(0), final), reason
        case Unknown(reason=reason):
            return Answer("unknown"), reason


def spoken(order: orders.Order, code: str) -> adapter.Order:
    """An order as its adapter is told it: the same at every try."""
    return adapter.Order(
        key=order.key,
        kind=order.kind,
        money=adapter.Money(order.amount_minor, order.asset),
        created_at=order.created_at,
        subject=order.subject,
        code=code,
        memo=MEMO,
    )


async def _opened(
    stack: contextlib.AsyncExitStack,
    opener: Opening,
    order: orders.Order,
    code: str,
    chosen: str | None,
    seconds: float,
) -> adapter.Result | adapter.Found:
    try:
        async with asyncio.timeout(OPENING_SECONDS):
            shop = await stack.enter_async_context(opener.open(order))
    except opening.Closed as closed:
        return NotSent(closed.reason, reauthorize=closed.final)
    except TimeoutError:
        return NotSent("it could not be opened in time")
    told = spoken(order, code)
    receipt = Receipt(order.reference or order.key, told.money, key=order.key, code=chosen or code)
    try:
        async with asyncio.timeout(seconds):
            match order.facts.ask:
                case "issue":
                    return await shop.issue(told)
                case "find":
                    return await shop.find(told)
                case _:
                    return await shop.reverse(told, receipt)
    except TimeoutError:
        return Unknown("no answer in time")
    except Exception as error:  # whatever somebody's adapter does
        log.error("adapter.raised", order=order.key, error=type(error).__name__)
        return Unknown(f"the adapter raised {type(error).__name__}")


def _standing(receipt: Receipt, order: orders.Order) -> order_states.Said:
    """What stands there; something of another amount is not what was asked for."""
    asked = adapter.Money(order.amount_minor, order.asset)
    return receipt.state if receipt.money == asked else "differs"


def _scrubbed(reason: str | None, *secrets: str | None) -> str | None:
    if reason is None:
        return None
    for secret in filter(None, secrets):
        reason = reason.replace(secret, STRUCK)
    plain = "".join(one for one in reason if one.isprintable())
    return plain[: adapter.REASON_CHARS_MAX]
