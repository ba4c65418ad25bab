"""The addresses of the gift-card door: each request is read, becomes one verb, and is shown.

The merchant is always that of the credentials, never of an argument: another merchant's card or
transaction is answered like one that is not there.
"""

import datetime
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api import settings
from api.giftcards import failing, reading, showing, stores
from api.graphql import failures, rates
from wallet import errors, ids, merchants, programme
from wallet.cards import cards, payments
from wallet.database import Database

Answer: TypeAlias = Callable[[Request, stores.Store], Awaitable[Response]]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NUMBER_CHARS_MIN: Final = 6  # the protocol's own: what is shorter is no number


def routes(house: settings.Settings, db: Database) -> list[BaseRoute]:
    """Return the addresses of this door."""
    door = _Door(house, db)
    card, transaction = "/{card}", "/{card}/transactions/{transaction}"
    places: list[tuple[str, dict[str, Answer]]] = [
        ("", {"POST": door.create}),
        ("/_search", {"POST": door.search}),
        (card, {"GET": door.card}),
        (f"{card}/transactions", {"GET": door.transactions, "POST": door.transact}),
        (transaction, {"GET": door.transaction}),
        (f"{transaction}/authorization", {"GET": door.authorization}),
        (f"{transaction}/settlements", {"GET": door.settlements, "POST": door.settle}),
        (f"{transaction}/cancellations", {"GET": door.cancellations, "POST": door.cancel}),
        ("/{rest:path}", {}),
    ]
    return [
        Route(f"{showing.PLACE}{place}", door.opened(verbs), methods=list(METHODS))
        for place, verbs in places
    ]


class _Door:
    """The door, and how much each store has asked in the last minute."""

    def __init__(self, house: settings.Settings, db: Database) -> None:
        self._db = db
        self._span = datetime.timedelta(hours=house.gift_card_hold_hours)
        self._rates = rates.Rates(house.cost_per_minute)

    def opened(self, verbs: Mapping[str, Answer]) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers an address: first who asks, then whether it is there, then what."""

        async def answered(request: Request) -> Response:
            try:
                store = await stores.of(self._db, self._rates, request)
                if not verbs:
                    raise failing.Failed("NOT_FOUND")
                if request.method not in verbs:
                    allowed = {"Allow": ", ".join(sorted(verbs))}
                    raise failing.Failed("METHOD_NOT_ALLOWED", headers=allowed)
                return await verbs[request.method](request, store)
            except (
                failing.Failed,
                failures.Failure,
                errors.Refusal,
                errors.Unavailable,
            ) as problem:
                return failing.answer(problem)

        return answered

    async def create(self, _request: Request, _store: stores.Store) -> Response:
        """POST /giftcards: no. Value is earned here, and its member alone gives leave to spend."""
        raise failing.Failed("CREATION_UNSUPPORTED")

    async def search(self, request: Request, store: stores.Store) -> Response:
        """POST /giftcards/_search: the card of a number, or the one listed under an address.

        A number that was typed is the only thing looked for, so that nobody is shown another's.
        """
        rows = reading.rows(request)
        asked = reading.search(await reading.body(request))
        await self._active(store)
        if len(asked.number) >= NUMBER_CHARS_MIN:
            one = await cards.by_number(self._db, store.merchant_id, asked.number)
        else:
            one = await cards.by_email(self._db, store.merchant_id, asked.email)
        provider = (await programme.of(self._db)).name
        every = [] if one is None else [showing.found(one, provider=provider)]
        shown = every[rows.first : rows.last + 1]
        last = rows.first + max(len(shown) - 1, 0)
        content = f"resources {rows.first}-{last}/{len(every)}"
        return showing.answer(shown, **{"REST-Content-Range": content})

    async def card(self, request: Request, store: stores.Store) -> Response:
        """GET /giftcards/{id}."""
        await self._active(store)
        return showing.answer(showing.whole(await self._card(request, store)))

    async def transactions(self, request: Request, store: stores.Store) -> Response:
        """GET /giftcards/{id}/transactions: the newest first."""
        card = await self._card(request, store)
        found = await payments.transactions(self._db, card)
        return showing.answer([showing.reference(card, one) for one in found])

    async def transact(self, request: Request, store: stores.Store) -> Response:
        """POST /giftcards/{id}/transactions: a Debit holds, a Credit gives back."""
        card = await self._card(request, store)
        told = reading.transaction(await reading.body(request))
        asked = payments.Request(store.merchant_id, card.card_id, told.request)
        proof = payments.Proof(told.token, told.number)
        amount_minor = reading.minor(told.value, card.asset)
        if told.operation == "debit":
            done = await payments.hold(
                self._db,
                asked,
                proof=proof,
                amount_minor=amount_minor,
                reference=told.reference,
                about=told.about,
                span=self._span,
            )
        else:
            done = await payments.credit(
                self._db,
                asked,
                proof=proof,
                amount_minor=amount_minor,
                reference=told.reference,
                about=told.about,
            )
        return showing.answer(showing.reference(card, done))

    async def transaction(self, request: Request, store: stores.Store) -> Response:
        """GET /giftcards/{id}/transactions/{tid}."""
        return showing.answer(showing.transaction(*await self._found(request, store)))

    async def authorization(self, request: Request, store: stores.Store) -> Response:
        """GET …/authorization: what was held, or given back, when the transaction was made."""
        return showing.answer(showing.step(*await self._found(request, store)))

    async def settlements(self, request: Request, store: stores.Store) -> Response:
        """GET …/settlements: the parts captured so far."""
        card, found = await self._found(request, store)
        return showing.answer(
            showing.steps(card, await payments.steps(self._db, found, "settlement"))
        )

    async def cancellations(self, request: Request, store: stores.Store) -> Response:
        """GET …/cancellations: the parts let go or given back so far."""
        card, found = await self._found(request, store)
        return showing.answer(
            showing.steps(card, await payments.steps(self._db, found, "cancellation"))
        )

    async def settle(self, request: Request, store: stores.Store) -> Response:
        """POST …/settlements: a part is captured, the rest stays held."""
        return await self._step(request, store, payments.settle)

    async def cancel(self, request: Request, store: stores.Store) -> Response:
        """POST …/cancellations: what is held is let go, what was captured is given back."""
        return await self._step(request, store, payments.cancel)

    async def _step(
        self,
        request: Request,
        store: stores.Store,
        verb: Callable[..., Awaitable[payments.Operation]],
    ) -> Response:
        card, of = await self._found(request, store)
        told = reading.step(await reading.body(request))
        if of.kind != "debit":
            raise errors.RedemptionClosed("A credit is complete at once. Make another transaction.")
        done = await verb(
            self._db,
            payments.Request(store.merchant_id, card.card_id, told.request),
            redemption_id=of.redemption_id,
            amount_minor=reading.minor(told.value, card.asset),
        )
        return showing.answer(showing.step(card, done))

    async def _active(self, store: stores.Store) -> None:
        """A suspended merchant learns nothing new of members; what it holds it may still end."""
        if (await merchants.find(self._db, store.merchant_id)).status != "active":
            raise errors.MerchantSuspended()

    async def _card(self, request: Request, store: stores.Store) -> cards.Card:
        return await cards.at(self._db, store.merchant_id, _id("gca", request.path_params["card"]))

    async def _found(
        self, request: Request, store: stores.Store
    ) -> tuple[cards.Card, payments.Operation]:
        """The card and the transaction that the address names."""
        card = await self._card(request, store)
        text = request.path_params["transaction"]
        key = _id("red" if text.startswith("red_") else "cop", text)
        found = await payments.find(
            self._db, payments.Request(store.merchant_id, card.card_id, ""), key
        )
        if text != showing.operation_id(found) or found.kind not in showing.OPERATIONS:
            raise errors.NotFound()
        return card, found


def _id(prefix: str, text: str) -> UUID:
    try:
        return ids.parse(prefix, text)
    except ValueError:
        raise errors.NotFound() from None
