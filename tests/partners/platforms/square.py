"""Square's gift cards, played: cards, what happens to them, keys, cursors and signatures."""

import base64
import hmac
import itertools
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.partners.platforms import loopback

TOKEN: Final = "EAAAl-square-access-token"
LOCATION: Final = "L88917AVBK2S5"
BALANCE_MAX: Final = 200_000
"""The most that a card of Square's may hold, in minor units."""
LENGTH_MIN, LENGTH_MAX = 8, 20


class Shop:
    """A seller: its cards, what happened to them, and what was answered under each key."""

    def __init__(self) -> None:
        self.cards: dict[str, dict[str, Any]] = {}
        self.activities: list[dict[str, Any]] = []
        self._answers: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self._numbers = itertools.count(1)

    def made(self, wanted: dict[str, Any]) -> dict[str, Any] | str:
        """A new card, worth nothing yet; the code of an error instead."""
        gan = wanted["gan"]
        if not (LENGTH_MIN <= len(gan) <= LENGTH_MAX and gan.isalnum()) or gan[0].isdigit():
            return "INVALID_VALUE"
        if any(card["gan"] == gan for card in self.cards.values()):
            return "BAD_REQUEST"
        card = {
            "id": f"gftc:{next(self._numbers):032x}",
            "type": wanted["type"],
            "gan_source": wanted["gan_source"],
            "state": "PENDING",
            "balance_money": {"amount": 0, "currency": "EUR"},
            "gan": gan,
            "created_at": loopback.now(),
        }
        self.cards[card["id"]] = card
        return {"gift_card": card}

    def acted(self, wanted: dict[str, Any]) -> dict[str, Any] | str:
        """One activity, as far as the card allows it; the code of an error instead."""
        card = self.cards.get(wanted["gift_card_id"])
        if card is None:
            return "NOT_FOUND"
        kind = wanted["type"]
        details = wanted.get(f"{kind.lower()}_activity_details", {})
        amount = details.get("amount_money", {"amount": 0, "currency": "EUR"})
        assert isinstance(amount["amount"], int)
        held = card["balance_money"]
        if amount["currency"] != held["currency"]:
            return "CURRENCY_MISMATCH"
        match kind:
            case "ACTIVATE":
                if card["state"] != "PENDING":
                    return "BAD_REQUEST"
                if amount["amount"] > BALANCE_MAX:
                    return "VALUE_TOO_HIGH"
                card["state"], left = "ACTIVE", amount["amount"]
            case "ADJUST_DECREMENT" | "REDEEM":
                if card["state"] != "ACTIVE" or amount["amount"] > held["amount"]:
                    return "INSUFFICIENT_FUNDS"
                left = held["amount"] - amount["amount"]
            case _:
                card["state"], left = "DEACTIVATED", 0
        card["balance_money"] = {"amount": left, "currency": held["currency"]}
        activity = {
            **wanted,
            "id": f"gcact_{next(self._numbers):032x}",
            "created_at": loopback.now(),
            "gift_card_gan": card["gan"],
            "gift_card_balance_money": card["balance_money"],
        }
        self.activities.append(activity)
        return {"gift_card_activity": activity}

    def once(self, body: dict[str, Any], raw: bytes, act: Any) -> JSONResponse:
        """Do it once for a key; the same key with another request is an error."""
        known = self._answers.get(body["idempotency_key"])
        if known is not None:
            return JSONResponse(known[1]) if known[0] == raw else _no("IDEMPOTENCY_KEY_REUSED")
        answer = act()
        if isinstance(answer, str):
            return _no(answer)
        # As it was answered then: what happens to the card later does not change it.
        self._answers[body["idempotency_key"]] = (
            raw,
            msgspec.json.decode(msgspec.json.encode(answer)),
        )
        return JSONResponse(answer)

    def of(self, code: str, kind: str) -> list[dict[str, Any]]:
        """The activities of a kind of the card with this number."""
        ids = {card["id"] for card in self.cards.values() if card["gan"] == code}
        return [a for a in self.activities if a["gift_card_id"] in ids and a["type"] == kind]


def create(shop: Shop) -> Starlette:
    """The application."""

    async def make(request: Request) -> JSONResponse:
        raw = await request.body()
        body = msgspec.json.decode(raw)
        if body["location_id"] != LOCATION:
            return _no("NOT_FOUND")
        return shop.once(body, raw, lambda: shop.made(body["gift_card"]))

    async def by_number(request: Request) -> JSONResponse:
        gan = (await request.json())["gan"]
        found = [card for card in shop.cards.values() if card["gan"] == gan]
        return JSONResponse({"gift_card": found[0]}) if found else _no("NOT_FOUND", 404)

    async def activities(request: Request) -> JSONResponse:
        if request.method == "POST":
            raw = await request.body()
            body = msgspec.json.decode(raw)
            return shop.once(body, raw, lambda: shop.acted(body["gift_card_activity"]))
        asked = request.query_params
        found = [
            one
            for one in shop.activities
            if asked.get("gift_card_id", one["gift_card_id"]) == one["gift_card_id"]
            and asked.get("type", one["type"]) == one["type"]
            and asked.get("begin_time", "") <= one["created_at"]
            and one["created_at"] <= asked.get("end_time", "9")
        ]
        # Small pages, so that every list has several.
        begin, size = int(asked.get("cursor", "0")), min(2, int(asked["limit"]))
        if "gift_card_id" in asked:
            size = int(asked["limit"])
        page: dict[str, Any] = {"gift_card_activities": found[begin : begin + size]}
        if begin + size < len(found):
            page["cursor"] = str(begin + size)
        return JSONResponse(page if page["gift_card_activities"] else {})

    told = {"header": "authorization", "says": f"Bearer {TOKEN}"}
    return Starlette(
        routes=[
            loopback.route("/v2/gift-cards", make, "POST", **told),
            loopback.route("/v2/gift-cards/from-gan", by_number, "POST", **told),
            loopback.route("/v2/gift-cards/activities", activities, "GET", "POST", **told),
        ]
    )


def signature(url: str, body: bytes, secret: str) -> str:
    """As Square signs what it sends."""
    digest = hmac.digest(secret.encode(), url.encode() + body, "sha256")
    return base64.b64encode(digest).decode()


def message(activity: dict[str, Any]) -> bytes:
    """A notification of an activity."""
    return msgspec.json.encode(
        {
            "merchant_id": "DJREAYPRBMSSFAB4TGAR2",
            "type": "gift_card.activity.created",
            "event_id": f"evt-{activity['id']}",
            "created_at": activity["created_at"],
            "data": {
                "type": "gift_card_activity",
                "id": activity["id"],
                "object": {"gift_card_activity": activity},
            },
        }
    )


def _no(code: str, status: int = 400) -> JSONResponse:
    category = "INVALID_REQUEST_ERROR"
    return JSONResponse(
        {"errors": [{"category": category, "code": code, "detail": "Not so."}]}, status
    )
