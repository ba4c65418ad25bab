"""Coupons of a WooCommerce shop, by its REST API v3.

Not run against WooCommerce. It follows "Coupons" and "Webhooks" of the REST API reference at
developer.woocommerce.com and the plugin's own controllers (10.x) as they stood in November 2026. A
code is unique because WooCommerce looks before it inserts: two requests at the very same moment
could both succeed, so what we promise rests on one order being asked for by one attempt at a time.
A coupon is taken back by ending it, not by deleting it, because it is to be found afterwards.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults, signatures
from partners.adapters import dialect
from wallet import money

PAGE: Final = 100
"""The most that WooCommerce gives."""
ENDED: Final = "2000-01-01T00:00:00"
"""The last day of a coupon that we took back: no coupon of ours ends on it otherwise."""
EXISTS: Final = "woocommerce_rest_coupon_code_already_exists"
CLOSED: Final = "woocommerce_rest_cannot_"
"""How the codes begin by which WordPress turns away a key that may not do this."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the shop is, and its currency: its coupons do not name one."""

    address: dialect.Origin
    currency: str
    path: str = "/wp-json/wc/v3"

    def __post_init__(self) -> None:
        money.asset(self.currency)  # ValueError for one that we do not keep.


class WooCommerce(adapter.Adapter):
    """A coupon for the cart, good for one order, with a code of ours."""

    name: ClassVar[str] = "woocommerce"
    about: ClassVar[str] = "Coupons of a WooCommerce shop."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("coupon",),
        idempotency=adapter.Idempotency.NATURAL,
        lists=True,
        reports=True,
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential(basic=True)
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = f"{config.address}{config.path}/coupons"
        self._asset = money.asset(config.currency)

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """The shop's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One request; a code that exists already is looked for, because it is ours."""
        if order.money.asset != self._asset:
            told = f"the shop is in {self._asset.code}"
            return adapter.Refused(told, code="currency")
        reply = await self._ask("POST", "", json=_wanted(order))
        if not isinstance(reply, faults.Reply):
            return reply
        if _code(reply) == EXISTS:
            found = await self.find(order)
            if isinstance(found, adapter.Receipt):
                return adapter.Issued(found, replayed=True)
            return adapter.Unknown("the code exists, and cannot be found")
        if not reply.ok:
            return _no(reply)
        receipt = self._receipt(reply.read(_Coupon), order)
        if receipt is None or receipt.money != order.money:
            return adapter.Unknown("the answer is not the coupon that was ordered")
        return adapter.Issued(receipt)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The coupon with the order's code."""
        reply = await self._ask("GET", "", params={"code": order.code})
        if not isinstance(reply, faults.Reply):
            return reply
        coupons = dialect.converted(reply.document, list[_Coupon]) if reply.ok else None
        if coupons is None:
            return _not_sent(reply) or adapter.Unknown(f"answered {reply.status} without a list")
        if not coupons:
            return adapter.Absent()
        receipt = self._receipt(coupons[0], order)
        return receipt or adapter.Unknown("the code is there, and not by us")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """End the coupon. The answer tells whether it was used before: then it was too late."""
        reply = await self._ask("PUT", f"/{receipt.ref}", json={"date_expires": ENDED})
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _no(reply)
        coupon = reply.read(_Coupon)
        ended = self._receipt(coupon, order)
        if coupon is None or ended is None or ended.money != receipt.money:
            return adapter.Unknown("the answer is not the coupon that was to be ended")
        if coupon.usage_count:
            return faults.refused(reply, "the coupon was used", code="spent")
        if ended.state != "void":
            return adapter.Unknown("the coupon has not ended")
        return adapter.Issued(ended)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every coupon of the span whose description has a key of ours."""
        # Both ends are out for WooCommerce, and its clock shows whole seconds.
        began = since.astimezone(UTC).replace(microsecond=0)
        asked = {
            "after": _gmt(began - timedelta(seconds=1)),
            "before": _gmt(until.astimezone(UTC) + timedelta(seconds=1)),
            "dates_are_gmt": "true",
            "order": "asc",
            "orderby": "id",
            "per_page": str(PAGE),
        }
        found: list[adapter.Receipt] = []
        for number in range(1, dialect.PAGES_MAX + 1):
            reply = await self._ask("GET", "", params={**asked, "page": str(number)})
            if not isinstance(reply, faults.Reply):
                return reply
            page = dialect.converted(reply.document, list[_Coupon]) if reply.ok else None
            if page is None:
                return _not_sent(reply) or adapter.Unknown("the answer is no page of coupons")
            receipts = [self._receipt(one) for one in page if dialect.key_in(one.description)]
            if None in receipts:
                return adapter.Unknown("a coupon of ours has no amount")
            found += [one for one in receipts if one and one.issued_at and one.issued_at < until]
            if number >= _pages(reply):
                return found
        return adapter.Unknown("the list has no end")

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """The coupon as it is now, or only its number if it was deleted."""
        if not signatures.matches(
            delivery.headers.get("x-wc-webhook-signature", ""),
            message=delivery.body,
            secrets=delivery.secrets,
        ):
            raise adapter.SignatureInvalid
        coupon = dialect.told(delivery.body, _Coupon)
        if coupon is None:
            gone = dialect.told(delivery.body, _Deleted)
            if gone is None:
                return []
            ref = str(gone.id)
            return [adapter.PartnerEvent(f"{ref}-deleted", "void", delivery.now, ref=ref)]
        key = dialect.key_in(coupon.description)
        if key is None:
            return []
        return [
            adapter.PartnerEvent(
                # What was signed names the fact; the number of the delivery was not.
                event_id=f"{coupon.id}-{coupon.date_modified_gmt}-{coupon.usage_count}",
                state=coupon.state,
                happened_at=delivery.now,
                key=key,
                ref=str(coupon.id),
            )
        ]

    def _receipt(
        self, coupon: "_Coupon | None", order: adapter.Order | None = None
    ) -> adapter.Receipt | None:
        """A coupon in the words of the port; None if it is not by us, or not for the order."""
        key = None if coupon is None else dialect.key_in(coupon.description)
        if coupon is None or key is None or (order is not None and key != order.key):
            return None
        worth = dialect.worth(coupon.amount, self._asset.code)
        if worth is None or coupon.discount_type != "fixed_cart":
            return None
        # WooCommerce keeps codes in small letters and takes them in either.
        code = coupon.code if order is None else order.code
        return adapter.Receipt(
            str(coupon.id), worth, coupon.state, key, code, coupon.made_at.replace(tzinfo=UTC)
        )

    async def _ask(
        self, method: str, path: str, **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        return await faults.ask(self._http, method, f"{self._address}{path}", **request)


class _Coupon(msgspec.Struct):
    id: int
    code: str
    amount: str
    discount_type: str
    description: str
    usage_count: int
    made_at: datetime = msgspec.field(name="date_created_gmt")
    date_modified_gmt: str | None
    date_expires: str | None

    @property
    def state(self) -> adapter.State:
        """What it is worth: it is good for one use."""
        if self.usage_count:
            return "spent"
        return "void" if self.date_expires == ENDED else "live"


class _Deleted(msgspec.Struct, forbid_unknown_fields=True):
    id: int


class _No(msgspec.Struct):
    code: str
    message: str = ""


def _wanted(order: adapter.Order) -> dict[str, object]:
    wanted: dict[str, object] = {
        "code": order.code,
        "discount_type": "fixed_cart",
        "amount": money.show(order.money.amount_minor, order.money.asset),
        "usage_limit": 1,
        "description": dialect.note(order),
    }
    if order.expires_at is not None:
        # In the shop's time zone, which we do not know: the day after holds in every one.
        wanted["date_expires"] = f"{order.expires_at.date() + timedelta(days=1)}T00:00:00"
    return wanted


def _code(reply: faults.Reply) -> str:
    no = None if reply.ok else reply.read(_No)
    return "" if no is None else no.code


def _not_sent(reply: faults.Reply) -> adapter.NotSent | None:
    """What WordPress turns away for want of rights has had no effect."""
    if reply.status == 403 and _code(reply).startswith(CLOSED):
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    return None


def _no(reply: faults.Reply) -> adapter.Refused | adapter.NotSent | adapter.Unknown:
    """WordPress' no; what is said without a code may be a plugin's or a proxy's."""
    no = reply.read(_No)
    if no is None:
        return adapter.Unknown(f"answered {reply.status} without a code")
    return _not_sent(reply) or faults.refused(reply, no.message or no.code)


def _pages(reply: faults.Reply) -> int:
    """How many pages a list has; without a word of it there is no end that we could know."""
    told = reply.headers.get("x-wp-totalpages", "")
    return int(told) if told.isdecimal() and len(told) < 10 else dialect.PAGES_MAX + 1


def _gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
