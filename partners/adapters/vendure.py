"""Coupons of a Vendure shop: a promotion each, with a code of ours, good for one order.

Run against Vendure 3.7.3 from npm (`make e2e`); what the double in the tests answers was written
down there. Vendure takes one code for many promotions, so an order is looked for before it is sent
again. A promotion does not tell whether it was used: it is disabled first, and then the orders
since are read for its code, which takes the permission to read them. An order that is being paid
for in that very second may still use it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect, graphql
from wallet import money

PAGE: Final = 100
ORDERS_PAGES_MAX: Final = 4
"""Of orders that are read for one coupon; in a busier shop a person looks."""
ACTION: Final = "order_fixed_discount"
EARLIER: Final = timedelta(hours=1)
"""How far the shop's clock may be behind ours when its orders are read."""
FIELDS: Final = """
fragment Fields on Promotion {
  id createdAt couponCode enabled description actions { code args { name value } }
}
"""
CREATE: Final = f"""
mutation Create($input: CreatePromotionInput!) {{
  createPromotion(input: $input) {{ ...Fields ... on ErrorResult {{ errorCode message }} }}
}}
{FIELDS}"""
UPDATE: Final = f"""
mutation Update($input: UpdatePromotionInput!) {{
  updatePromotion(input: $input) {{ ...Fields ... on ErrorResult {{ errorCode message }} }}
}}
{FIELDS}"""
LOOK: Final = f"""
query Look($options: PromotionListOptions) {{
  promotions(options: $options) {{ items {{ ...Fields }} totalItems }}
}}
{FIELDS}"""
ORDERS: Final = """
query Orders($options: OrderListOptions) {
  orders(options: $options) { items { couponCodes orderPlacedAt } totalItems }
}
"""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the shop's server is, its default currency, and the language that it names things in.

    The secret is an API key (Vendure 3.6 and later) whose role may create, read and update
    promotions and read orders.
    """

    address: dialect.Origin
    currency: str
    language: str = "en"
    path: str = "/admin-api"

    def __post_init__(self) -> None:
        money.asset(self.currency)  # ValueError for one that we do not keep.


class Vendure(adapter.Adapter):
    """A promotion with a code of ours."""

    name: ClassVar[str] = "vendure"
    about: ClassVar[str] = "Coupons of a Vendure shop."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("coupon",), idempotency=adapter.Idempotency.NONE, lists=True
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential(
        header="vendure-api-key", prefix=""
    )
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._url = f"{config.address}{config.path}"
        self._asset = money.asset(config.currency)
        self._language = config.language

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """The shop's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One mutation; Vendure does it again if it is asked again."""
        if order.money.asset != self._asset:
            told = f"the shop is in {self._asset.code}"
            return adapter.Refused(told, code="currency")
        # The name is shown to whoever uses the code, the description to the shop's people.
        named = {
            "languageCode": self._language,
            "name": order.memo or "Cashback",
            "description": dialect.note(order),
        }
        discount = {"name": "discount", "value": str(order.money.amount_minor)}
        wanted: dict[str, object] = {
            "enabled": True,
            "couponCode": order.code,
            "usageLimit": 1,
            "conditions": [],
            "actions": [{"code": ACTION, "arguments": [discount]}],
            "translations": [named],
        }
        if order.expires_at is not None:
            wanted["endsAt"] = order.expires_at.isoformat()
        made = await self._changed(CREATE, "createPromotion", wanted)
        if not isinstance(made, _Promotion):
            return made
        receipt = self._receipt(made, "live")
        if receipt is None or (receipt.key, receipt.money) != (order.key, order.money):
            return adapter.Unknown("the answer is not the promotion that was ordered")
        return adapter.Issued(receipt)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The promotion with the order's code and key; of a disabled one, whether it was used."""
        options = {"filter": {"couponCode": {"eq": order.code}}, "take": PAGE}
        page = await self._page(options)
        if not isinstance(page, _Page):
            return page
        ours = next((one for one in page.items if one.key == order.key), None)
        if ours is None:
            return adapter.Absent()
        state = "live" if ours.enabled else await self._ended(order)
        if isinstance(state, adapter.NotSent | adapter.Unknown):
            return state
        return self._receipt(ours, state) or adapter.Unknown("the promotion has no amount")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """Disable the promotion, then see whether it was used before: then it was too late."""
        wanted: dict[str, object] = {"id": receipt.ref, "enabled": False}
        ended = await self._changed(UPDATE, "updatePromotion", wanted)
        if not isinstance(ended, _Promotion):
            return ended
        stands = self._receipt(ended, "void")
        if stands is None or (stands.key, stands.money) != (order.key, receipt.money):
            return adapter.Unknown("the answer is not the promotion that was to be disabled")
        state = await self._ended(order)
        if isinstance(state, adapter.NotSent | adapter.Unknown):
            return adapter.Unknown("it is disabled, and nobody told whether it was used")
        if ended.enabled or state == "spent":
            reply = faults.Reply(200, None, {})
            return faults.refused(reply, "the coupon was used", code="spent")
        return adapter.Issued(stands)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every promotion of the span that has a key of ours in its description."""
        # Where the shop keeps whole seconds, one of the first second seems to be before it.
        began = since.replace(microsecond=0)
        span = {"start": _at(began), "end": _at(until)}
        options = {"filter": {"createdAt": {"between": span}}, "take": PAGE}
        found: list[adapter.Receipt] = []
        skip = 0
        for _ in range(dialect.PAGES_MAX):
            page = await self._page({**options, "sort": {"createdAt": "ASC"}, "skip": skip})
            if not isinstance(page, _Page):
                return page
            within = [one for one in page.items if began <= one.created_at < until and one.key]
            receipts = [self._receipt(one, "live") for one in within]
            if None in receipts:
                return adapter.Unknown("a promotion of ours has no amount")
            found += filter(None, receipts)
            skip += len(page.items)
            if skip >= page.total or not page.items:
                return found
        return adapter.Unknown("the list has no end")

    async def _changed(
        self, query: str, field: str, wanted: dict[str, object]
    ) -> "_Promotion | adapter.Refused | adapter.NotSent | adapter.Unknown":
        """One mutation of a promotion; an error result is the shop's no."""
        data = await graphql.ask(self._http, self._url, query, {"input": wanted})
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        no = dialect.converted(data.get(field), _No)
        if no is not None:
            reply = faults.Reply(200, None, {})
            return faults.refused(reply, f"{no.code} {no.message}")
        made = dialect.converted(data.get(field), _Promotion)
        return made or adapter.Unknown("the answer is no promotion")

    async def _page(self, options: dict[str, Any]) -> "_Page | adapter.NotSent | adapter.Unknown":
        data = await graphql.ask(self._http, self._url, LOOK, {"options": options})
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        page = dialect.converted(data.get("promotions"), _Page)
        return page or adapter.Unknown("the answer is no page of promotions")

    async def _ended(
        self, order: adapter.Order
    ) -> adapter.State | adapter.NotSent | adapter.Unknown:
        """Whether a coupon that ended had been used: by the orders that were placed since."""
        since = {"after": _at(order.created_at - EARLIER)}
        options = {"filter": {"orderPlacedAt": since}, "sort": {"orderPlacedAt": "ASC"}}
        for number in range(ORDERS_PAGES_MAX):
            part = {**options, "take": PAGE, "skip": number * PAGE}
            data = await graphql.ask(self._http, self._url, ORDERS, {"options": part})
            if isinstance(data, adapter.NotSent | adapter.Unknown):
                return data
            page = dialect.converted(data.get("orders"), _Orders)
            if page is None:
                return adapter.Unknown("the answer is no page of orders")
            if any(order.code in one.codes and one.placed_at for one in page.items):
                return "spent"
            if (number + 1) * PAGE >= page.total:
                return "void"
        return adapter.Unknown(f"more than {ORDERS_PAGES_MAX * PAGE} orders to read")

    def _receipt(self, made: "_Promotion", state: adapter.State) -> adapter.Receipt | None:
        """A promotion in the words of the port; None for one without a fixed amount."""
        if made.amount_minor is None:
            return None
        worth = adapter.Money(made.amount_minor, self._asset)
        return adapter.Receipt(made.id, worth, state, made.key, made.code, made.created_at)


class _Argument(msgspec.Struct):
    name: str
    value: str


class _Action(msgspec.Struct):
    code: str
    args: list[_Argument]


class _Promotion(msgspec.Struct):
    id: dialect.Ref
    created_at: datetime = msgspec.field(name="createdAt")
    code: str | None = msgspec.field(name="couponCode")
    enabled: bool
    description: str
    actions: list[_Action]

    @property
    def key(self) -> str | None:
        """Our key, if we made it."""
        return dialect.key_in(self.description)

    @property
    def amount_minor(self) -> int | None:
        """What it takes off an order; None if that is no plain amount."""
        told = [arg.value for one in self.actions if one.code == ACTION for arg in one.args]
        plain = len(told) == 1 and told[0].isascii() and told[0].isdigit() and len(told[0]) < 16
        return int(told[0]) if plain else None


class _No(msgspec.Struct):
    code: str = msgspec.field(name="errorCode")
    message: str


class _Page(msgspec.Struct):
    items: list[_Promotion]
    total: int = msgspec.field(name="totalItems")


class _Order(msgspec.Struct):
    codes: list[str] = msgspec.field(name="couponCodes")
    placed_at: datetime | None = msgspec.field(name="orderPlacedAt")


class _Orders(msgspec.Struct):
    items: list[_Order]
    total: int = msgspec.field(name="totalItems")


def _at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
