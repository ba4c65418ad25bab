"""Any shop that speaks the Commonpurse Partner Protocol (`partners/protocol/openapi.json`).

Proven by running it against the reference shop. What an answer must be to count is decided here:
a redemption with our key, our amount and our currency, or problem details with a code. Whatever
else comes may be the page of a proxy or of another shop, and states nothing.
"""

import urllib.parse
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults, signatures
from wallet import money
from wallet.rules import orders

PAGES_MAX: Final = 1_000
"""Pages of one list, with a hundred redemptions each: a day of the busiest shop."""
REFUSALS: Final[Mapping[str, adapter.RefusedCode]] = {
    "amount": "amount",
    "currency": "currency",
    "not_linked": "not_linked",
    "spent": "spent",
    "kind": "unavailable",
}
"""Our words for theirs; every other code of a no is just a no."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the shop serves the protocol; `oauth` is how members link their accounts, if they do.

    The address is whole, such as https://shop.example/commonpurse/v1.
    """

    address: Annotated[str, msgspec.Meta(max_length=1_000)]
    oauth: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.address)
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("the address begins with https:// and the name of a host")
        if parts.query or parts.fragment:
            raise ValueError("the address has a query or a fragment")


class Commonpurse(adapter.Adapter):
    """One address, one credential, all kinds; a key stands for one redemption for ever."""

    name: ClassVar[str] = "commonpurse"
    about: ClassVar[str] = "Any shop that speaks the open Commonpurse Partner Protocol."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=orders.KINDS,
        linked=("store_credit", "points"),
        idempotency=adapter.Idempotency.KEYED,
        key_lasts=timedelta(days=30),
        settles=timedelta(minutes=2),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )
    # The shop knows who has linked an account, so an order names it: a member who has ended the
    # link since does not keep us from looking what became of an order.
    credential: ClassVar[adapter.Credential] = adapter.Credential()
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = config.address.rstrip("/")

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """The one host of the address."""
        return frozenset({httpx2.URL(config.address).netloc.decode("ascii")})

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One request under the order's key."""
        reply = await self._ask(
            "POST", "/redemptions", headers={"Idempotency-Key": order.key}, json=_wanted(order)
        )
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _refused(reply)
        made = _redemption(reply.document)
        if made is None or (made.key, made.money) != (order.key, order.money):
            return adapter.Unknown("the answer is not what was ordered")
        return adapter.Issued(made.receipt(), replayed=reply.status == 200)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """One look under the order's key; only the shop's own `not_found` means that it is not."""
        reply = await self._ask("GET", f"/redemptions/{order.key}")
        if not isinstance(reply, faults.Reply):
            return reply
        if reply.status == 404 and _code(reply) == "not_found":
            return adapter.Absent()
        found = _redemption(reply.document) if reply.ok else None
        if found is None or found.key != order.key:
            return adapter.Unknown(f"answered {reply.status}, and not about the order")
        return found.receipt()

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """One request; a redemption has one reversal, so the same again does nothing more."""
        back = receipt.money
        reply = await self._ask(
            "POST",
            f"/redemptions/{order.key}/reversal",
            json={"amount_minor": back.amount_minor},
        )
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return _refused(reply)
        stands = _redemption(reply.document)
        told = stands and (stands.key, stands.reversed_minor, stands.money.asset)
        if stands is None or told != (order.key, back.amount_minor, back.asset):
            return adapter.Unknown("the answer is not what was to be taken back")
        taken = msgspec.structs.replace(stands, amount_minor=back.amount_minor, state="void")
        return adapter.Issued(taken.receipt(), replayed=reply.status == 200)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every page of the shop's list."""
        span = {"since": since.isoformat(), "until": until.isoformat()}
        found: list[adapter.Receipt] = []
        cursor: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            reply = await self._ask("GET", "/redemptions", params=span | cursor)
            if not isinstance(reply, faults.Reply):
                return reply
            page = _converted(reply.document, _Page) if reply.ok else None
            if page is None or any(one.asset is None for one in page.redemptions):
                return adapter.Unknown("the answer is no page of redemptions")
            found += [one.receipt() for one in page.redemptions]
            if page.next is None:
                return found
            if not page.redemptions or page.next == cursor.get("cursor"):
                break
            cursor = {"cursor": page.next}
        return adapter.Unknown("the list has no end")

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """One fact in each message, signed as Standard Webhooks says."""
        told = delivery.headers
        event_id = told.get("webhook-id", "")
        if not event_id or not signatures.standard_matches(
            message_id=event_id,
            timestamp=told.get("webhook-timestamp", ""),
            told=told.get("webhook-signature", ""),
            body=delivery.body,
            secrets=delivery.secrets,
            now=delivery.now,
        ):
            raise adapter.SignatureInvalid
        try:
            event = msgspec.json.decode(delivery.body, type=_Event)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return []  # Signed, and not in our words: a later version of theirs.
        asset = _asset(event.data.currency)
        return [
            adapter.PartnerEvent(
                event_id=event_id,
                state=event.data.state,
                happened_at=event.timestamp,
                key=event.data.key,
                ref=event.data.ref,
                money=None if asset is None else adapter.Money(event.data.amount_minor, asset),
            )
        ]

    async def _ask(
        self, method: str, path: str, **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        return await faults.ask(self._http, method, f"{self._address}{path}", **request)


_Amount = Annotated[int, msgspec.Meta(ge=0, le=money.AMOUNT_MAX_MINOR)]
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Redemption(msgspec.Struct, frozen=True):
    """A redemption as the shop tells it."""

    key: str
    ref: _Ref
    amount_minor: _Amount
    currency: str
    state: adapter.State
    reversed_minor: _Amount
    issued_at: _Instant
    code: str | None = None

    @property
    def asset(self) -> money.Asset | None:
        """Its currency, None for one that we do not keep."""
        return _asset(self.currency)

    @property
    def money(self) -> adapter.Money:
        """What was issued."""
        assert self.asset is not None
        return adapter.Money(self.amount_minor, self.asset)

    def receipt(self) -> adapter.Receipt:
        """The same in the words of the port."""
        return adapter.Receipt(
            ref=self.ref,
            money=self.money,
            state=self.state,
            key=self.key,
            code=self.code,
            issued_at=self.issued_at,
        )


class _Page(msgspec.Struct, frozen=True):
    redemptions: list[_Redemption]
    next: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None


class _Data(msgspec.Struct, frozen=True):
    key: str
    ref: _Ref
    state: adapter.State
    amount_minor: _Amount
    currency: str


class _Event(msgspec.Struct, frozen=True):
    timestamp: _Instant
    data: _Data


def _wanted(order: adapter.Order) -> dict[str, object]:
    """An order in the words of the protocol; what it does not have is left out."""
    wanted: dict[str, object] = {
        "kind": order.kind,
        "amount_minor": order.money.amount_minor,
        "currency": order.money.asset.code,
    }
    if order.code:
        wanted["code"] = order.code
    if order.subject is not None:
        wanted["subject"] = order.subject
    if order.expires_at is not None:
        wanted["expires_at"] = order.expires_at.isoformat()
    if order.memo:
        wanted["memo"] = order.memo
    return wanted


def _refused(reply: faults.Reply) -> adapter.Refused | adapter.Unknown:
    """The shop's no; JSON that is no problem of the protocol may be anybody's."""
    code = _code(reply)
    if code is None:
        return adapter.Unknown(f"answered {reply.status} without a code")
    said = reply.document.get("detail") or reply.document.get("title")
    return faults.refused(reply, said, code=REFUSALS.get(code, "rejected"))


def _code(reply: faults.Reply) -> str | None:
    told = reply.document.get("code") if isinstance(reply.document, dict) else None
    return told if isinstance(told, str) and told else None


def _redemption(document: object) -> _Redemption | None:
    found = _converted(document, _Redemption)
    return found if found is not None and found.asset is not None else None


def _converted(document: object, kind: type[Any]) -> Any:
    """Read a part of an answer, None for what does not make sense."""
    try:
        return msgspec.convert(document, kind, strict=True)
    except msgspec.ValidationError:
        return None


def _asset(code: str) -> money.Asset | None:
    try:
        return money.asset(code)
    except ValueError:
        return None
