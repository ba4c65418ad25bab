"""Points of a Smile.io loyalty programme, by its REST API v1.

Not run against Smile. It follows "Points Transactions", "Cursor pagination" and "Errors" of
dev.smile.io as they stood in November 2026. Smile has no idempotency key: our key stands in the
note that only the merchant sees, and an order is looked for before it is sent again, and before it
is taken back. Points are one heap: those that we gave are not told from others, and a reversal is
refused when the heap is smaller. Smile tells nothing of points by itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect
from wallet import money

PAGE: Final = 250
"""The most that Smile gives."""
EARLIER: Final = timedelta(hours=1)
"""How far Smile's clock may be behind ours when we look for an order from its beginning."""
LOOK_PAGES_MAX: Final = 5
"""Pages of one customer since the order: a customer with a thousand changes is a robot."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The currency that is redeemed, and how many points one minor unit of it is.

    `oauth` is where members link the account whose name, at the shop, is the Smile customer's id.
    """

    currency: str
    points_per_minor: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    description: Annotated[str, msgspec.Meta(max_length=200)] = "Cashback redeemed"
    oauth: dict[str, Any] | None = None
    address: dialect.Origin = "https://api.smile.io"

    def __post_init__(self) -> None:
        money.asset(self.currency)  # ValueError for one that we do not keep.


class Smile(adapter.Adapter):
    """Points onto the balance of a customer."""

    name: ClassVar[str] = "smile"
    about: ClassVar[str] = "Points of a Smile.io loyalty programme."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("points",), idempotency=adapter.Idempotency.NONE, lists=True, linked=("points",)
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential()
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = f"{config.address}/v1/points_transactions"
        self._asset = money.asset(config.currency)
        self._points = config.points_per_minor
        self._description = config.description

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """Smile's one host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One transaction; Smile does it again if it is asked again."""
        if order.money.asset != self._asset:
            told = f"the programme gives points for {self._asset.code}"
            return adapter.Refused(told, code="currency")
        customer = _customer(order)
        if customer is None:
            return adapter.Refused("the linked account is no Smile customer", code="not_linked")
        points = order.money.amount_minor * self._points
        return await self._change(order, customer, points, order.money)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The transactions of the customer since the order, read to their end."""
        found = await self._of(order)
        if not isinstance(found, list):
            return found
        given = [one for one in found if one.points_change > 0]
        if not given:
            return adapter.Absent()
        receipt = self._receipt(given[-1], order.money.asset)
        if receipt is None or receipt.money != order.money:
            return receipt or adapter.Unknown("the points are no whole amount")
        back = -sum(one.points_change for one in found if one.points_change < 0)
        if back < sum(one.points_change for one in given):
            return receipt
        return given[-1].receipt(receipt.money, "void")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """The opposite transaction, unless it is there already."""
        found = await self._of(order)
        if not isinstance(found, list):
            return found
        customer = _customer(order)
        if customer is None or not found:
            return adapter.Unknown("the points that are to be taken back are not found")
        taken = next((one for one in found if one.points_change < 0), None)
        if taken is not None:
            told = _renamed(taken.receipt(receipt.money, "void"), receipt.ref)
            return adapter.Issued(told, replayed=True)
        points = -receipt.money.amount_minor * self._points
        return await self._change(order, customer, points, receipt.money, ref=receipt.ref)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every transaction of the span that gave points under a key of ours."""
        found = await self._read({"updated_at_min": _at(since)}, dialect.PAGES_MAX)
        if not isinstance(found, list):
            return found
        ours = [one for one in found if one.points_change > 0 and one.key is not None]
        within = [one for one in ours if since <= one.created_at < until]
        receipts = [self._receipt(one, self._asset) for one in within]
        if None in receipts:
            return adapter.Unknown("points of ours are no whole amount")
        return [one for one in receipts if one is not None]

    async def _change(
        self,
        order: adapter.Order,
        customer: int,
        points: int,
        worth: adapter.Money,
        *,
        ref: str | None = None,
    ) -> adapter.Result:
        """Give points, or take them, which Smile refuses where fewer are left."""
        body = {
            "customer_id": customer,
            "points_change": points,
            "description": self._description,
            "internal_note": dialect.note(order),
        }
        reply = await self._ask("POST", json={"points_transaction": body})
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _no(reply, taking=points < 0)
        said = reply.read(_Said)
        made = None if said is None else said.points_transaction
        if made is None or (made.key, made.points_change) != (order.key, points):
            return adapter.Unknown("the answer is not the transaction that was asked")
        receipt = made.receipt(worth, "live" if points > 0 else "void")
        return adapter.Issued(receipt if ref is None else _renamed(receipt, ref))

    async def _of(
        self, order: adapter.Order
    ) -> "list[_Transaction] | adapter.NotSent | adapter.Unknown":
        """Every transaction of an order's customer that carries the order's key."""
        # Whoever has no number is nobody's customer, and Smile is asked all the same.
        customer = _customer(order) or 0
        asked = {"customer_id": str(customer), "updated_at_min": _at(order.created_at - EARLIER)}
        found = await self._read(asked, LOOK_PAGES_MAX)
        return [one for one in found if one.key == order.key] if isinstance(found, list) else found

    async def _read(
        self, asked: dict[str, str], pages_max: int
    ) -> "list[_Transaction] | adapter.NotSent | adapter.Unknown":
        """A list to its end, the newest first."""
        found: list[_Transaction] = []
        asked = {**asked, "limit": str(PAGE)}
        for _ in range(pages_max):
            reply = await self._ask("GET", params=asked)
            if not isinstance(reply, faults.Reply):
                return reply
            page = reply.read(_Page) if reply.ok else None
            if page is None:
                return _not_sent(reply) or adapter.Unknown(f"answered {reply.status}, and no list")
            found += page.points_transactions
            if not page.metadata.next_cursor:
                return found
            asked["cursor"] = page.metadata.next_cursor
        return adapter.Unknown("the list has no end")

    def _receipt(self, given: "_Transaction", asset: money.Asset) -> adapter.Receipt | None:
        """Points in the words of the port; None if they are no whole minor units."""
        amount_minor, rest = divmod(given.points_change, self._points)
        return None if rest else given.receipt(adapter.Money(amount_minor, asset), "live")

    async def _ask(
        self, method: str, **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        return await faults.ask(self._http, method, self._address, **request)


class _Transaction(msgspec.Struct):
    id: int
    points_change: int
    created_at: datetime
    internal_note: str | None = None

    @property
    def key(self) -> str | None:
        """Our key, if we made it."""
        return dialect.key_in(self.internal_note)

    def receipt(self, worth: adapter.Money, state: adapter.State) -> adapter.Receipt:
        """The same in the words of the port."""
        return adapter.Receipt(str(self.id), worth, state, self.key, issued_at=self.created_at)


class _Said(msgspec.Struct):
    points_transaction: _Transaction


class _Metadata(msgspec.Struct):
    next_cursor: str | None = None


class _Page(msgspec.Struct):
    points_transactions: list[_Transaction]
    metadata: _Metadata


class _Error(msgspec.Struct):
    message: str


class _No(msgspec.Struct):
    error: _Error


def _customer(order: adapter.Order) -> int | None:
    """The linked account as Smile numbers its customers."""
    told = order.subject or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None


def _renamed(receipt: adapter.Receipt, ref: str) -> adapter.Receipt:
    """A reversal is told of under the name of what it reversed."""
    return adapter.Receipt(
        ref, receipt.money, receipt.state, receipt.key, issued_at=receipt.issued_at
    )


def _at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _not_sent(reply: faults.Reply) -> adapter.NotSent | None:
    """A key without the scope is turned away."""
    if reply.status == 403:
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    return None


def _no(
    reply: faults.Reply, *, taking: bool
) -> adapter.Refused | adapter.NotSent | adapter.Unknown:
    """Smile's no: it has no codes, so the status tells what it was about."""
    no = reply.read(_No)
    if no is None:
        return _not_sent(reply) or adapter.Unknown(f"answered {reply.status} without a reason")
    code: adapter.RefusedCode = "rejected"
    if reply.status == 404:
        code = "not_linked"
    elif reply.status == 422 and taking:
        code = "spent"
    return _not_sent(reply) or faults.refused(reply, no.error.message, code=code)
