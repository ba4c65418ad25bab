"""What stores are told, in the shapes of the protocol: amounts are JSON numbers, exact to the cent.

An address names a thing below this door, so that a store may follow it wherever we are reached.
"""

import datetime
from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.giftcards import failing
from wallet import ids, money
from wallet.cards import cards, payments

PLACE: Final = "/giftcards"
HIDDEN: Final = "*" * (2 + cards.LETTERS - cards.ENDING)
OPERATIONS: Final = {"debit": "Debit", "credit": "Credit"}


def answer(document: object, **headers: str) -> Response:
    """Return a yes."""
    return Response(
        orjson.dumps(document),
        media_type="application/json",
        headers={**failing.NOT_STORED, **headers},
    )


def found(card: cards.Card, *, provider: str) -> dict[str, Any]:
    """A card as a search shows it."""
    return {
        "id": card_id(card),
        "provider": provider,
        "balance": _number(card.balance_minor, card.asset),
        "_self": {"href": f"{PLACE}/{card_id(card)}"},
    }


def whole(card: cards.Card) -> dict[str, Any]:
    """A card as its own address shows it; of its number only the last letters are known."""
    return {
        "id": card_id(card),
        "redemptionToken": card.token,
        "redemptionCode": f"{HIDDEN}{card.ending}",
        "balance": _number(card.balance_minor, card.asset),
        "emissionDate": _instant(card.created_at),
        "expiringDate": _instant(card.ended_at or card.expires_at),
        "currencyCode": card.asset.code,
        "discount": False,
        "transactions": {"href": f"{PLACE}/{card_id(card)}/transactions"},
    }


def reference(card: cards.Card, operation: payments.Operation) -> dict[str, Any]:
    """A transaction as a list names it."""
    return {
        "cardId": card_id(card),
        "id": operation_id(operation),
        "_self": {"href": _href(card, operation)},
    }


def transaction(card: cards.Card, operation: payments.Operation) -> dict[str, Any]:
    """A transaction as its own address shows it."""
    place = _href(card, operation)
    return {
        "value": _number(operation.amount_minor, card.asset),
        "description": operation.about,
        "date": _instant(operation.happened_at),
        "requestId": operation.request,
        "settlement": {"href": f"{place}/settlements"},
        "cancellation": {"href": f"{place}/cancellations"},
        "authorization": {"href": f"{place}/authorization"},
        "operation": OPERATIONS[operation.kind],
    }


def step(card: cards.Card, operation: payments.Operation) -> dict[str, Any]:
    """A settlement, a cancellation or an authorization."""
    return {
        "oid": operation_id(operation),
        "value": _number(operation.amount_minor, card.asset),
        "date": _instant(operation.happened_at),
    }


def steps(card: cards.Card, operations: Sequence[payments.Operation]) -> list[dict[str, Any]]:
    """Several of those."""
    return [step(card, one) for one in operations]


def card_id(card: cards.Card) -> str:
    """The id of a card, as a store knows it."""
    return ids.show("gca", card.card_id)


def operation_id(operation: payments.Operation) -> str:
    """The id of what was asked: a hold has that of its redemption, as in the whole API."""
    return ids.show("red" if operation.kind == "debit" else "cop", operation.operation_id)


def _href(card: cards.Card, operation: payments.Operation) -> str:
    return f"{PLACE}/{card_id(card)}/transactions/{operation_id(operation)}"


def _number(minor: int, asset: money.Asset) -> orjson.Fragment:
    return orjson.Fragment(money.show(minor, asset))


def _instant(at: datetime.datetime) -> str:
    return f"{at.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
