"""Favourites and personal offers as GraphQL: what was worked out for a member, and why.

They hang below a `Member`, so whoever reads them was allowed to load that member.
"""

import strawberry

from api.graphql import merchants, scalars
from wallet.campaigns import offers
from wallet.rules import favourites


@strawberry.type(description="A category that the member buys again and again.")
class Favourite:
    """As of the last look at the member's purchases, a week ago at the most."""

    place: int = strawberry.field(description="1 is the dearest.")
    category: str = strawberry.field(description="The category, in small letters.")
    reason: str = strawberry.field(description="Why, in a sentence.")


@strawberry.type(description="The member's own rate in a category, on top of what all get.")
class Offer:
    """What a campaign pays by it is decided when something is bought, by its other conditions."""

    category: str = strawberry.field(description="The category, in small letters.")
    percent: scalars.Decimal = strawberry.field(description="Of the price, 5.00 is 5 %.")
    reason: str = strawberry.field(description="Why, in a sentence.")
    valid_until: scalars.DateTime = strawberry.field(description="It holds until before then.")


def show_favourite(one: favourites.Favourite) -> Favourite:
    """Return a favourite as GraphQL."""
    return Favourite(
        place=one.place,
        category=one.category,
        reason=favourites.sentence(one.category, one.reason),
    )


def show_offer(one: offers.Offer) -> Offer:
    """Return an offer as GraphQL."""
    return Offer(
        category=one.category,
        percent=merchants.percent(one.bps),
        reason=one.sentence,
        valid_until=scalars.DateTime(one.valid_until),
    )
