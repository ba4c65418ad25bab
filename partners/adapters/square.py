"""Gift cards of Square, by its Gift Cards API and its Gift Card Activities API.

Not run against Square. It follows the pages "Sell Square Gift Cards", "Gift Card Activities API",
"Gift Card Webhooks" and "Verify and validate an event notification" of developer.squareup.com as
they stood in November 2026. A card is made first and is worth nothing; activating it is what makes
value spendable. Both requests carry a key of ours, and a card can be activated only once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults, signatures
from partners.adapters import dialect

VERSION: Final = "2025-01-23"
"""Of the API: Square answers in the words of this day, whatever it becomes."""
PAGE: Final = 50
PREFIX: Final = "CP"
"""Square takes no number that begins like that of a bank's card, and a code may."""
TAKEN_BACK: Final = "PURCHASE_WAS_REFUNDED"
"""Our reason for taking value off a card; the seller's own people have others."""
CLOSED: Final = frozenset(
    {"UNAUTHORIZED", "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_REVOKED", "FORBIDDEN"}
    | {"INSUFFICIENT_SCOPES", "CLIENT_DISABLED"}
)
"""Turned away before it was looked at, with 401 or 403."""
REFUSALS: Final[Mapping[str, adapter.RefusedCode]] = {
    "INSUFFICIENT_FUNDS": "spent",
    "GIFT_CARD_AVAILABLE_AMOUNT": "spent",
    "VALUE_TOO_HIGH": "amount",
    "VALUE_TOO_LOW": "amount",
    "AMOUNT_TOO_HIGH": "amount",
    "CURRENCY_MISMATCH": "currency",
    "INVALID_CURRENCY": "currency",
    "LOCATION_MISMATCH": "unavailable",
}
"""Our words for theirs; every other code of a no is just a no."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The location whose cards they are; sandboxes are at https://connect.squareupsandbox.com."""

    location_id: dialect.Ref
    address: dialect.Origin = "https://connect.squareup.com"


class Square(adapter.Adapter):
    """A card with a number of ours, activated once."""

    name: ClassVar[str] = "square"
    about: ClassVar[str] = "Gift cards of Square, for sellers with a Square location."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("gift_card",),
        idempotency=adapter.Idempotency.KEYED,
        # Square does not say how long it remembers; a day is what others promise.
        key_lasts=timedelta(hours=24),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential()
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = config.address
        self._location = config.location_id

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """Square's one host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """Make the card, then activate it with the amount."""
        wanted = {"type": "DIGITAL", "gan_source": "OTHER", "gan": _gan(order)}
        body = {"location_id": self._location, "gift_card": wanted}
        reply = await self._ask("POST", "", json={"idempotency_key": f"{order.key}-card", **body})
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _no(reply)
        made = reply.read(_CardSaid)
        if made is None or made.gift_card.gan != _gan(order):
            return adapter.Unknown("the answer is not the card that was ordered")
        details = {
            "amount_money": _money(order.money),
            "reference_id": order.key,
            "buyer_payment_instrument_ids": ["commonpurse"],
        }
        return await self._act("ACTIVATE", made.gift_card.id, order.key, details, order)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The card by its number, and what became of it; one without an activation is worth nil."""
        reply = await self._ask("POST", "/from-gan", json={"gan": _gan(order)})
        if not isinstance(reply, faults.Reply):
            return reply
        if reply.status == 404 and "NOT_FOUND" in _codes(reply):
            return adapter.Absent()
        said = reply.read(_CardSaid) if reply.ok else None
        if said is None or said.gift_card.gan != _gan(order):
            return _not_sent(reply) or adapter.Unknown(f"answered {reply.status}, and with no card")
        card = said.gift_card
        if card.state == "PENDING":
            return adapter.Absent()
        asked = {"gift_card_id": card.id, "limit": str(PAGE), "sort_order": "ASC"}
        reply = await self._ask("GET", "/activities", params=asked)
        if not isinstance(reply, faults.Reply):
            return reply
        # Its first page tells: nothing stands before the activation, and little before a refund.
        acts = reply.read(_ActivitiesSaid) if reply.ok else None
        receipt = None if acts is None else _standing(card, acts.gift_card_activities)
        if receipt is None or receipt.key != order.key:
            return adapter.Unknown("the card is there, and not activated by us")
        return receipt

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """Take the amount off the card: Square says no if less than that is left."""
        details = {"amount_money": _money(receipt.money), "reason": TAKEN_BACK}
        return await self._act(
            "ADJUST_DECREMENT", receipt.ref, f"{order.key}-back", details, order, receipt.money
        )

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every activation at the location that carries a key of ours."""
        asked = {
            "type": "ACTIVATE",
            "location_id": self._location,
            "begin_time": since.isoformat(),
            "end_time": until.isoformat(),
            "limit": str(PAGE),
        }
        found: list[adapter.Receipt] = []
        for _ in range(dialect.PAGES_MAX):
            reply = await self._ask("GET", "/activities", params=asked)
            if not isinstance(reply, faults.Reply):
                return reply
            page = reply.read(_ActivitiesSaid) if reply.ok else None
            if page is None:
                return _not_sent(reply) or adapter.Unknown("the answer is no page of activities")
            # The end that Square takes is within its span.
            within = [one for one in page.gift_card_activities if one.created_at < until]
            receipts = [one.receipt() for one in within if one.is_ours]
            if None in receipts:
                return adapter.Unknown("a card of ours is in a currency that is not ours")
            found += filter(None, receipts)
            if not page.cursor:
                return found
            asked["cursor"] = page.cursor
        return adapter.Unknown("the list has no end")

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """One activity in each message; what is signed is our address and then the body."""
        if not signatures.matches(
            delivery.headers.get("x-square-hmacsha256-signature", ""),
            message=delivery.url.encode() + delivery.body,
            secrets=delivery.secrets,
        ):
            raise adapter.SignatureInvalid
        event = dialect.told(delivery.body, _Event)
        activity = None if event is None else event.data.object.gift_card_activity
        if event is None or activity is None or activity.state is None:
            return []
        return [
            adapter.PartnerEvent(
                event_id=event.event_id,
                state=activity.state,
                happened_at=activity.created_at,
                key=activity.key,
                ref=activity.gift_card_id,
            )
        ]

    async def _act(
        self,
        kind: str,
        card: str,
        key: str,
        details: Mapping[str, object],
        order: adapter.Order,
        back: adapter.Money | None = None,
    ) -> adapter.Result:
        """One activity of a card, which has its effect once for a key."""
        activity = {
            "type": kind,
            "location_id": self._location,
            "gift_card_id": card,
            f"{kind.lower()}_activity_details": details,
        }
        body = {"idempotency_key": key, "gift_card_activity": activity}
        reply = await self._ask("POST", "/activities", json=body)
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _no(reply)
        said = reply.read(_ActivitySaid)
        done = None if said is None else said.gift_card_activity
        asked = back or order.money
        if done is None or (done.type, done.gift_card_id, done.worth) != (kind, card, asked):
            return adapter.Unknown("the answer is not what was asked")
        return adapter.Issued(
            adapter.Receipt(
                ref=card,
                money=asked,
                state="live" if back is None else "void",
                key=order.key,
                code=_gan(order),
                issued_at=done.created_at,
            )
        )

    async def _ask(
        self, method: str, path: str, **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        return await faults.ask(
            self._http,
            method,
            f"{self._address}/v2/gift-cards{path}",
            headers={"Square-Version": VERSION},
            **request,
        )


class _Money(msgspec.Struct):
    amount: int
    currency: str


class _Details(msgspec.Struct):
    """What is common to the details of an activation and of a correction."""

    amount_money: _Money | None = None
    reference_id: str | None = None
    reason: str | None = None


class _Activity(msgspec.Struct):
    """Something that changed a card."""

    type: str
    gift_card_id: dialect.Ref
    created_at: datetime
    gift_card_balance_money: _Money | None = None
    activate_activity_details: _Details | None = None
    adjust_decrement_activity_details: _Details | None = None

    @property
    def details(self) -> _Details:
        """What it was in particular."""
        return (
            self.activate_activity_details or self.adjust_decrement_activity_details or _Details()
        )

    @property
    def worth(self) -> adapter.Money | None:
        """How much it moved, for those kinds of it that we make."""
        told = self.details.amount_money
        return None if told is None else dialect.minor(told.amount, told.currency)

    @property
    def key(self) -> str | None:
        """Our key, which its activation carries."""
        told = self.details.reference_id
        return told if dialect.is_key(told) else None

    @property
    def is_ours(self) -> bool:
        """True for a card that we made worth something."""
        return self.type == "ACTIVATE" and self.key is not None

    @property
    def state(self) -> adapter.State | None:
        """What it makes of the card; None if the card stays what it was."""
        left = self.gift_card_balance_money
        empty = left is not None and left.amount == 0
        match self.type:
            case "ACTIVATE":
                return "live"
            case "REDEEM" if empty:
                return "spent"
            case "DEACTIVATE":
                return "void"
            case "ADJUST_DECREMENT" if empty and self.details.reason == TAKEN_BACK:
                return "void"
            case _:
                return None

    def receipt(self) -> adapter.Receipt | None:
        """An activation in the words of the port."""
        if self.worth is None:
            return None
        return adapter.Receipt(
            self.gift_card_id, self.worth, key=self.key, issued_at=self.created_at
        )


class _Card(msgspec.Struct):
    id: dialect.Ref
    gan: str
    state: str
    balance_money: _Money | None = None


class _CardSaid(msgspec.Struct):
    gift_card: _Card


class _ActivitySaid(msgspec.Struct):
    gift_card_activity: _Activity


class _ActivitiesSaid(msgspec.Struct):
    """A page of a list; Square leaves out what would be empty, so `errors` tells a page from it."""

    gift_card_activities: list[_Activity] = []
    cursor: str | None = None


class _Error(msgspec.Struct):
    code: str
    detail: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error]


class _Object(msgspec.Struct):
    gift_card_activity: _Activity | None = None


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    event_id: dialect.Ref
    data: _Data


def _gan(order: adapter.Order) -> str:
    """The number of an order's card: 8 to 20 letters and digits, unique for a seller."""
    return f"{PREFIX}{order.code}"


def _money(of: adapter.Money) -> dict[str, object]:
    return {"amount": of.amount_minor, "currency": of.asset.code}


def _standing(card: _Card, acts: list[_Activity]) -> adapter.Receipt | None:
    """What a card is by what happened to it; None for one that we cannot have activated."""
    activated = next((one.receipt() for one in acts if one.is_ours), None)
    if activated is None:
        return None
    ours = [one for one in acts if one.details.reason == TAKEN_BACK and one.worth is not None]
    back = sum(one.worth.amount_minor for one in ours if one.worth is not None)
    state: adapter.State = "live"
    if card.state == "DEACTIVATED" or back >= activated.money.amount_minor:
        state = "void"
    elif card.balance_money is None or card.balance_money.amount == 0:
        state = "spent"
    return adapter.Receipt(
        card.id, activated.money, state, activated.key, card.gan, activated.issued_at
    )


def _codes(reply: faults.Reply) -> list[str]:
    told = reply.read(_Errors)
    return [] if told is None else [one.code for one in told.errors]


def _not_sent(reply: faults.Reply) -> adapter.NotSent | None:
    """What was turned away by 403 has had no effect."""
    if reply.status == 403 and CLOSED & {*_codes(reply)}:
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    return None


def _no(reply: faults.Reply) -> adapter.Refused | adapter.NotSent | adapter.Unknown:
    """Square's no; what is said without a code of its own may be anybody's."""
    told = reply.read(_Errors)
    if told is None or not told.errors:
        return adapter.Unknown(f"answered {reply.status} without a code")
    if "IDEMPOTENCY_KEY_REUSED" in _codes(reply):
        return adapter.Unknown("the key stands for another request")
    code = next((REFUSALS[one] for one in _codes(reply) if one in REFUSALS), None)
    first = told.errors[0]
    refusal = faults.refused(reply, f"{first.code} {first.detail}".strip(), code=code or "rejected")
    return _not_sent(reply) or refusal
