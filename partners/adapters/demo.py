"""The demo partner's adapter: the plainest that keeps the contract, to copy and to try things with.

It speaks to `partners.demo_partner`, which is a program of ours, so everything here is proven by
running it. There are three of it, one for each kind of idempotency that partners have.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults, signatures
from wallet import money
from wallet.rules import orders

HEADER: Final = "demo-signature"
_KINDS: Final[tuple[orders.Kind, ...]] = ("gift_card", "store_credit", "coupon")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the demo partner runs, and which of its shops is meant: each name is one of its own."""

    address: str = "http://127.0.0.1:8900"
    shop: str = "corner"


class _Row(msgspec.Struct):
    """An issue, as the shop says it."""

    ref: str
    key: str
    amount: str
    currency: str
    state: adapter.State
    code: str
    issued_at: datetime

    def receipt(self) -> adapter.Receipt | None:
        """In our words; None if it is in no money of ours."""
        try:
            asset = money.asset(self.currency)
            worth = adapter.Money(money.parse(self.amount, asset), asset)
        except ValueError:
            return None
        return adapter.Receipt(
            self.ref, worth, self.state, self.key, self.code or None, self.issued_at
        )


class _Rows(msgspec.Struct):
    issues: list[_Row]


class _No(msgspec.Struct):
    error: str
    message: str = ""


class _Told(msgspec.Struct):
    """What a webhook says."""

    id: str
    at: datetime
    state: adapter.State
    key: str
    ref: str


class Demo(adapter.Adapter):
    """Our key is known there for a day, and answered as it was the first time."""

    name: ClassVar[str] = "demo"
    about: ClassVar[str] = "A shop to try things with: magic amounts, our key is remembered."
    flavour: ClassVar[str] = "keyed"
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=_KINDS,
        idempotency=adapter.Idempotency.KEYED,
        key_lasts=timedelta(hours=24),
        settles=timedelta(seconds=2),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential()
    Config: ClassVar[type[Any]] = Settings

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._shop = f"{config.address.rstrip('/')}/{self.flavour}/{config.shop}"

    @staticmethod
    def hosts(config: Settings) -> frozenset[str]:
        """The one host of the address."""
        return frozenset({httpx2.URL(config.address).netloc.decode("ascii")})

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One request; a shop of the natural kind is asked what it has if it says `exists`."""
        reply = await self._ask("POST", "/issues", order.key, json=_told(order))
        if not isinstance(reply, faults.Reply):
            return reply
        no = None if reply.ok else reply.read(_No)
        if no is not None and no.error == "exists":
            found = await self.find(order)
            if isinstance(found, adapter.Receipt):
                return adapter.Issued(found, replayed=True)
            return adapter.Unknown("it exists, and cannot be found")
        return _result(reply, order.money)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """All that the shop keeps under our key; the first, should it have done it twice."""
        reply = await self._ask("GET", "/issues", params={"key": order.key})
        if not isinstance(reply, faults.Reply):
            return reply
        found = _receipts(reply)
        if found is None:
            return adapter.Unknown("the answer is no list of issues")
        return found[0] if found else adapter.Absent()

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """One request; the shop keeps one reversal of an issue, and answers it again."""
        body = {"amount": money.show(receipt.money.amount_minor, receipt.money.asset)}
        reply = await self._ask("POST", f"/issues/{receipt.ref}/reversals", order.key, json=body)
        return _result(reply, receipt.money) if isinstance(reply, faults.Reply) else reply

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """The shop's list, which is never longer than one answer."""
        span = {"since": since.isoformat(), "until": until.isoformat()}
        reply = await self._ask("GET", "/issues", params=span)
        if not isinstance(reply, faults.Reply):
            return reply
        found = _receipts(reply)
        return adapter.Unknown("the answer is no list of issues") if found is None else found

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """One fact in each message, signed as `t=<seconds>,v1=<hex>` over seconds and body."""
        verify(delivery)
        try:
            told = msgspec.json.decode(delivery.body, type=_Told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return []  # Signed, and not in our words: a later version of theirs.
        return [adapter.PartnerEvent(told.id, told.state, told.at, told.key, told.ref)]

    async def _ask(
        self, method: str, path: str, key: str = "", **request: Any
    ) -> faults.Reply | adapter.NotSent | adapter.Unknown:
        headers = {"Idempotency-Key": key} if key else {}
        return await faults.ask(
            self._http, method, f"{self._shop}{path}", headers=headers, **request
        )


class DemoNatural(Demo):
    """Our reference is unique there: the second one is told that it exists."""

    name = "demo-natural"
    about = "A shop to try things with: magic amounts, our reference is unique."
    flavour = "natural"
    caps = adapter.Capabilities(
        kinds=_KINDS,
        idempotency=adapter.Idempotency.NATURAL,
        settles=timedelta(seconds=2),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )


class DemoNone(Demo):
    """It does again whatever it is asked again."""

    name = "demo-none"
    about = "A shop to try things with: magic amounts, it does twice what it is asked twice."
    flavour = "none"
    caps = adapter.Capabilities(
        kinds=_KINDS,
        idempotency=adapter.Idempotency.NONE,
        settles=timedelta(seconds=2),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )


def signed(body: bytes, *, secret: str, now: datetime) -> str:
    """The value of the signature's header for a body."""
    seconds = f"{now.timestamp():.0f}"
    return f"t={seconds},v1={hmac.digest(secret.encode(), _signed(seconds, body), 'sha256').hex()}"


def verify(delivery: adapter.Delivery) -> None:
    """Raise SignatureInvalid unless one of the secrets has signed this body lately."""
    seconds, _, told = delivery.headers.get(HEADER, "").removeprefix("t=").partition(",")
    fresh = signatures.is_fresh(seconds, now=delivery.now)
    message = _signed(seconds, delivery.body)
    if not fresh or not signatures.matches(
        told, message=message, secrets=delivery.secrets, encoding="hex", prefix="v1="
    ):
        raise adapter.SignatureInvalid


def _signed(seconds: str, body: bytes) -> bytes:
    return f"{seconds}.".encode() + body


def _told(order: adapter.Order) -> dict[str, object]:
    return {
        "key": order.key,
        "kind": order.kind,
        "amount": money.show(order.money.amount_minor, order.money.asset),
        "currency": order.money.asset.code,
        "account": order.subject,
        "code": order.code,
        "memo": order.memo,
    }


def _result(reply: faults.Reply, asked: adapter.Money) -> adapter.Result:
    if not reply.ok:
        no = reply.read(_No)
        if no is None:
            return faults.refused(reply)
        return faults.refused(
            reply, no.message, code="spent" if no.error == "spent" else "rejected"
        )
    row = reply.read(_Row)
    found = None if row is None else row.receipt()
    if found is None or found.money != asked:
        return adapter.Unknown("the answer is not what was ordered")
    replayed = reply.headers.get("idempotency-replayed") == "true"
    return adapter.Issued(found, replayed=replayed)


def _receipts(reply: faults.Reply) -> list[adapter.Receipt] | None:
    """The list in an answer; None for what is none."""
    rows = reply.read(_Rows) if reply.ok else None
    found = [row.receipt() for row in rows.issues] if rows is not None else [None]
    return None if None in found else [one for one in found if one is not None]
