"""Gift cards as GraphQL: a member's leave for one merchant's web shop to be paid from the wallet.

Whoever holds a `GiftCard` was allowed to load it: its member, or support. A card's number is in one
answer only, that of the mutation which made it.
"""

import datetime
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, merchants, permissions, refusals, scalars, shapes, step_up
from wallet import ids, money
from wallet.cards import cards


@strawberry.enum(description="Whether a gift card can be used.")
class GiftCardStatus(enum.Enum):
    """As cards.Card.status; a test compares both."""

    ACTIVE = strawberry.enum_value("active", description="It can hold value.")
    ENDED = strawberry.enum_value("ended", description="Its member ended or replaced it.")
    EXPIRED = strawberry.enum_value("expired", description="Its last day has passed.")


@strawberry.type(description="A member's leave for one merchant's web shop to be paid.")
class GiftCard(shapes.Node):
    """As cards.Card, without what a store shows."""

    status: GiftCardStatus = strawberry.field(description="Whether it can be used.")
    ending: str = strawberry.field(description="The last letters of its number, to know it by.")
    is_listed: bool = strawberry.field(
        description="True if the merchant also finds it by the member's address."
    )
    maximum: shapes.Money | None = strawberry.field(
        description="The most that it may have in use at once; null for no bound but the wallet."
    )
    used: shapes.Money = strawberry.field(
        description="What it has in use: held, or spent and not given back."
    )
    available: shapes.Money = strawberry.field(
        description="What it may hold now; the merchant can see this."
    )
    created_at: scalars.DateTime = strawberry.field(description="When it was made.")
    expires_at: scalars.DateTime = strawberry.field(
        description="The first instant at which it can no longer hold value."
    )
    ended_at: scalars.DateTime | None = strawberry.field(
        description="When its member ended or replaced it; null while neither happened."
    )
    merchant_id: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]

    @shapes.resolved("merchant", "Where it can be used, and nowhere else.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read only when asked for."""
        return await merchants.load(info, self.merchant_id)


@strawberry.type(description="Outcome of an act about a gift card.")
class GiftCardPayload:
    """The card as it stands after it."""

    card: GiftCard | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    number: str | None = strawberry.field(
        default=None, description="Its number, this once; null if none was made."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if the card had been ended before."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="A new gift card for one merchant.")
class GiftCardCreateInput:
    """It ends the one that the member had there, so a lost answer is repaired by another."""

    merchant_id: strawberry.ID = strawberry.field(description="Where it is to be used.")
    is_listed: bool = strawberry.field(
        default=False,
        description=(
            "True to let the merchant find it by your e-mail address. Its shop then decides who"
            " you are."
        ),
    )
    maximum: shapes.MoneyInput | None = strawberry.field(
        default=None, description="The most that it may have in use at once."
    )
    days: int = strawberry.field(
        default=cards.DAYS, description="How many days it lives, this one aside; 1 to 366."
    )


@strawberry.input(description="The end of a gift card.")
class GiftCardEndInput:
    """Repeating it changes nothing, so it needs no key."""

    gift_card_id: strawberry.ID = strawberry.field(description="Which card.")


MAXIMUM: Final = ("maximum", "amount")


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.giftCardCreate",
        "Let one merchant's web shop be paid from the wallet without a code each time; the card's"
        " number is in this answer only. A first one at a merchant or from a device, or one with no"
        " maximum or a high one, needs a sign-in of the last five minutes.",
    )
    @refusals.answered(GiftCardPayload)
    async def gift_card_create(
        self,
        info: context.Info,
        told: Annotated[
            GiftCardCreateInput, strawberry.argument(name="input", description="The card.")
        ],
    ) -> GiftCardPayload | None:
        """Moves nothing: a store's hold does."""
        merchant_id = shapes.key("mer", told.merchant_id, path=("merchant_id",))
        asset = maximum_minor = None
        if told.maximum is not None:
            asset = shapes.asset(told.maximum.currency, path=("maximum", "currency"))
            maximum_minor = shapes.minor(told.maximum.amount, asset, path=MAXIMUM)
        most = money.AMOUNT_MAX_MINOR if maximum_minor is None else maximum_minor
        await step_up.at_merchant(info, merchant_id, amount_minor=most)
        made = await cards.make(
            info.context.db,
            member_id=info.context.principal.principal_id,
            merchant_id=merchant_id,
            listed=told.is_listed,
            maximum_minor=maximum_minor,
            asset=asset,
            days=told.days,
        )
        await step_up.passed(info)
        return GiftCardPayload(card=show(made.card), number=made.number)

    @permissions.root(
        "Mutation.giftCardEnd",
        "End a gift card at once: nothing new is held by it. What is held stays with its order.",
    )
    @refusals.answered(GiftCardPayload)
    async def gift_card_end(
        self,
        info: context.Info,
        told: Annotated[
            GiftCardEndInput, strawberry.argument(name="input", description="Which card.")
        ],
    ) -> GiftCardPayload | None:
        """Nothing of what is held moves."""
        ended = await cards.end(
            info.context.db,
            wallet_id=context.member(info).wallet_id,
            card_id=shapes.key("gca", told.gift_card_id, path=("gift_card_id",)),
        )
        return GiftCardPayload(card=show(ended.card), replayed=ended.replayed)


def show(card: cards.Card) -> GiftCard:
    """Return a card as GraphQL."""
    maximum = card.maximum_minor
    return GiftCard(
        id=strawberry.ID(ids.show("gca", card.card_id)),
        status=GiftCardStatus(card.status),
        ending=card.ending,
        is_listed=card.listed,
        maximum=None if maximum is None else shapes.show(maximum, card.asset),
        used=shapes.show(card.used_minor, card.asset),
        available=shapes.show(card.balance_minor, card.asset),
        created_at=scalars.DateTime(card.created_at),
        expires_at=scalars.DateTime(card.expires_at),
        ended_at=scalars.instant(card.ended_at),
        merchant_id=card.merchant_id,
        key=card.card_id,
    )


async def page(
    info: context.Info, wallet_id: uuid.UUID, *, first: int, after: str | None
) -> shapes.Connection[GiftCard]:
    """Return a page of a wallet's cards to whoever may see the wallet."""
    shapes.first_of(first)
    before = shapes.place_of(after, datetime.datetime)
    rows = await cards.page(info.context.page, wallet_id, first=first + 1, before=before)
    return shapes.page(
        [show(row) for row in rows],
        first=first,
        after=after,
        cursor=lambda row: scalars.cursor(row.created_at, row.key),
    )


async def node(info: context.Info, card_id: uuid.UUID) -> GiftCard | None:
    """Return a card to its member or support."""
    found = await cards.find(info.context.db, card_id)
    return show(found) if context.may_see(info, wallet_id=found.wallet_id) else None
