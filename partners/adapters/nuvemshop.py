"""Coupons of a Nuvemshop or Tiendanube store, by its REST API 2025-03.

Not run against Nuvemshop. It follows "Getting Started", "Coupons" and "Webhooks" of
tiendanube.github.io/api-documentation as they stood in November 2026. The documentation does not
say that a code is unique, so an order is looked for before it is sent again; and a coupon has no
field for our key, so what is ours is known by how its code begins. Their messages name an order by
its number and no coupon, so there is nothing in them for us and none is believed.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect
from wallet import money

VERSION: Final = "2025-03"
PAGE: Final = 200
"""The most that Nuvemshop gives."""
PREFIX: Final = "CP"
_OURS: Final = re.compile(rf"{PREFIX}[0-9A-Z]{{14,40}}")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The store's number and currency, and whom Nuvemshop can write to: it asks for an address.

    Tiendanube's stores are at https://api.tiendanube.com.
    """

    store_id: Annotated[int, msgspec.Meta(gt=0)]
    contact: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{3,200}$")]
    currency: str = "BRL"
    address: dialect.Origin = "https://api.nuvemshop.com.br"

    def __post_init__(self) -> None:
        money.asset(self.currency)  # ValueError for one that we do not keep.


class Nuvemshop(adapter.Adapter):
    """A coupon of a fixed amount, good for one order, with a code of ours."""

    name: ClassVar[str] = "nuvemshop"
    about: ClassVar[str] = "Coupons of a Nuvemshop or Tiendanube store."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("coupon",), idempotency=adapter.Idempotency.NONE, lists=True
    )
    # The header is called so; `Authorization` is not looked at.
    credential: ClassVar[adapter.Credential] = adapter.Credential(
        header="Authentication", prefix="bearer "
    )
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = f"{config.address}/{VERSION}/{config.store_id}/coupons"
        self._asset = money.asset(config.currency)
        self._agent = f"Commonpurse ({config.contact})"

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """Nuvemshop's one host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One request; should the code exist already, it is ours."""
        if order.money.asset != self._asset:
            told = f"the store is in {self._asset.code}"
            return adapter.Refused(told, code="currency")
        reply = await self._ask("POST", "", json=_wanted(order))
        if not isinstance(reply, faults.Reply):
            return reply
        if reply.status == 422 and dialect.converted(reply.document, _CodeInvalid) is not None:
            found = await self.find(order)
            if isinstance(found, adapter.Receipt):
                return adapter.Issued(found, replayed=True)
            return _no(reply) if isinstance(found, adapter.Absent) else found
        if not reply.ok:
            return _no(reply)
        receipt = self._receipt(reply.read(_Coupon))
        if receipt is None or (receipt.code, receipt.money) != (_code(order), order.money):
            return adapter.Unknown("the answer is not the coupon that was ordered")
        return adapter.Issued(receipt)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The coupon with the order's code, among those that its filter finds."""
        reply = await self._ask("GET", "", params={"q": _code(order), "per_page": str(PAGE)})
        if not isinstance(reply, faults.Reply):
            return reply
        coupons = _page(reply)
        if coupons is None:
            return _not_sent(reply) or adapter.Unknown(f"answered {reply.status} without a list")
        ours = next((one for one in coupons if one.code == _code(order)), None)
        if ours is None:
            return adapter.Absent()
        return self._receipt(ours) or adapter.Unknown("the code is there, and not by us")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """Disable the coupon. The answer tells whether it was used before: then it was too late."""
        reply = await self._ask("PUT", f"/{receipt.ref}", json={"valid": False})
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _no(reply)
        ended = self._receipt(reply.read(_Coupon))
        if ended is None or (ended.code, ended.money) != (_code(order), receipt.money):
            return adapter.Unknown("the answer is not the coupon that was to be disabled")
        if ended.state == "spent":
            return faults.refused(reply, "the coupon was used", code="spent")
        if ended.state != "void":
            return adapter.Unknown("the coupon is not disabled")
        return adapter.Issued(ended)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every coupon of the span whose code begins as ours do."""
        # An instant is cut to what the store reads: one step later, so that none is cut off.
        end = until + timedelta(milliseconds=1)
        asked = {
            "created_at_min": since.isoformat(timespec="milliseconds"),
            "created_at_max": end.isoformat(timespec="milliseconds"),
            "per_page": str(PAGE),
        }
        found: list[adapter.Receipt] = []
        for number in range(1, dialect.PAGES_MAX + 1):
            reply = await self._ask("GET", "", params={**asked, "page": str(number)})
            if not isinstance(reply, faults.Reply):
                return reply
            page = _page(reply)
            if page is None:
                return _not_sent(reply) or adapter.Unknown("the answer is no page of coupons")
            receipts = [self._receipt(one) for one in page if _OURS.fullmatch(one.code)]
            if None in receipts:
                return adapter.Unknown("a coupon of ours has no amount")
            found += filter(None, receipts)
            if 'rel="next"' not in reply.headers.get("link", ""):
                return found
        return adapter.Unknown("the list has no end")

    def _receipt(self, coupon: "_Coupon | None") -> adapter.Receipt | None:
        """A coupon in the words of the port; None for one that is not of a fixed amount."""
        if coupon is None or coupon.type != "absolute":
            return None
        worth = dialect.worth(coupon.value, self._asset.code)
        if worth is None:
            return None
        return adapter.Receipt(str(coupon.id), worth, coupon.state, code=coupon.code)

    async def _ask(
        self, method: str, path: str, **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        headers = {"User-Agent": self._agent}
        return await faults.ask(
            self._http, method, f"{self._address}{path}", headers=headers, **request
        )


class _Coupon(msgspec.Struct):
    id: int
    code: str
    type: str
    value: str
    valid: bool
    used: int

    @property
    def state(self) -> adapter.State:
        """What it is worth: it is good for one use."""
        if self.used:
            return "spent"
        return "live" if self.valid else "void"


class _CodeInvalid(msgspec.Struct):
    """What is wrong with the field `code`; in other errors it is a number."""

    code: list[str]


class _No(msgspec.Struct):
    """An error as a whole; one of a field names the field instead."""

    message: str
    description: str = ""


def _code(order: adapter.Order) -> str:
    return f"{PREFIX}{order.code}"


def _wanted(order: adapter.Order) -> dict[str, object]:
    wanted: dict[str, object] = {
        "code": _code(order),
        "type": "absolute",
        "value": money.show(order.money.amount_minor, order.money.asset),
        "max_uses": 1,
    }
    if order.expires_at is not None:
        wanted["end_date"] = order.expires_at.date().isoformat()
    return wanted


def _page(reply: faults.Reply) -> list[_Coupon] | None:
    """A page of a list; Nuvemshop answers 404 where an empty one would be."""
    if reply.ok:
        return dialect.converted(reply.document, list[_Coupon])
    no = reply.read(_No)
    if reply.status == 404 and no is not None and no.description.startswith("Last page is"):
        return []
    return None


def _not_sent(reply: faults.Reply) -> adapter.NotSent | None:
    """A store that has not paid for its plan, and an app without the scope, are turned away."""
    if reply.status == 402:
        return adapter.NotSent("the store's API is suspended for want of payment")
    if reply.status == 403:
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    return None


def _no(reply: faults.Reply) -> adapter.Refused | adapter.NotSent | adapter.Unknown:
    """Nuvemshop's no: a message, or what is wrong with each field."""
    fields = dialect.converted(reply.document, dict[str, list[str]])
    no = reply.read(_No)
    if _not_sent(reply) is None and no is None and not fields:
        return adapter.Unknown(f"answered {reply.status} without a reason")
    first = next(iter((fields or {}).items()), ("", [""]))
    told = (no.description or no.message) if no else f"{first[0]} {' '.join(first[1])}"
    code: adapter.RefusedCode = "amount" if first[0] == "value" else "rejected"
    return _not_sent(reply) or faults.refused(reply, told.strip(), code=code)
