"""The conditions of a campaign, as data: on a line, and on the basket, the moment and the member.

Amounts are minor units, quantities thousandths, days calendar days of the programme's time zone.
"""

import uuid
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet import money
from wallet.rules import purchases

CONDITIONS_MAX: Final = 20
"""Conditions of one campaign: more could no longer be explained in a sentence."""
NAMES_MAX: Final = 500
"""Categories, products or stores that one condition names; a longer list is a segment of goods."""
PRODUCTS_MAX: Final = 20_000
"""Products of one condition: the widest coupon of a real chain covers about 14,000 of them."""
WINDOW_DAYS_MAX: Final = 730
"""How far back a condition may look: two years of purchases are still one index scan."""

Bps = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Minor = Annotated[int, msgspec.Meta(ge=1, le=money.AMOUNT_MAX_MINOR)]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Days = Annotated[int, msgspec.Meta(ge=1, le=WINDOW_DAYS_MAX)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=NAMES_MAX)]
Products = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=PRODUCTS_MAX)]
Ids = Annotated[tuple[uuid.UUID, ...], msgspec.Meta(min_length=1, max_length=NAMES_MAX)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Period = Literal["day", "week", "month", "year", "campaign"]
"""Of the programme's calendar; a week begins on Monday, `campaign` is all of its life."""
Scope = Literal["coalition", "merchant", "campaign"]
"""Purchases anywhere, at the merchant of this purchase, or at the campaign's merchants."""


class Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False
):
    """A part of a definition: frozen, its fields named, none unknown."""


class Condition(Part, frozen=True, tag_field="if"):
    """Something that must hold; `if` says which kind."""


# Conditions on a line: they say which lines count.


class OfCategory(Condition, frozen=True, tag="category"):
    """The line's category is one of these (with `unless`, none of them); matched by `text.key`."""

    any_of: Names
    unless: bool = False


class OfProduct(Condition, frozen=True, tag="product"):
    """The line's product number is one of these, as the merchant writes it."""

    any_of: Products
    unless: bool = False


class OfLabel(Condition, frozen=True, tag="label"):
    """The line bears one of these labels."""

    any_of: Names
    unless: bool = False


class OfBrand(Condition, frozen=True, tag="brand"):
    """The line's brand is one of these; matched by `text.key`."""

    any_of: Names
    unless: bool = False


class Certified(Condition, frozen=True, tag="certified"):
    """The line bears this label, and evidence for its product was on record on that day."""

    label: Name


class OfFavourite(Condition, frozen=True, tag="favourite"):
    """The line's category is one of the member's favourites, by their own purchases."""


# Conditions on the basket, the moment and the member.


class Store(Condition, frozen=True, tag="store"):
    """Bought in one of these shops, by the merchant's own numbers."""

    any_of: Names


class Channel(Condition, frozen=True, tag="channel"):
    """Bought online, in a shop or in an app."""

    any_of: Annotated[tuple[purchases.Channel, ...], msgspec.Meta(min_length=1, max_length=3)]


class Instrument(Condition, frozen=True, tag="instrument"):
    """Paid by an instrument whose token is one of these, or is of their kind.

    The parts of a token stand between colons or slashes: `card:aurora:7f3a91` is of the kind
    `card:aurora`, and `card:auroral` is not.
    """

    any_of: Names


class Minimum(Condition, frozen=True, tag="minimum"):
    """The lines that count (or the whole basket) come to this much."""

    amount_minor: Minor
    boundary: Literal["at_least", "above"] = "at_least"
    measured_on: Literal["matching", "basket"] = "matching"


class Quantity(Condition, frozen=True, tag="quantity"):
    """So many units of the lines that count, in thousandths."""

    at_least_milli: Annotated[int, msgspec.Meta(ge=1, le=purchases.QUANTITY_MAX_MILLI)]


class Bundle(Condition, frozen=True, tag="bundle"):
    """A line of each of these categories, such as coffee and cupcakes, is in the basket."""

    all_of: Annotated[tuple[Name, ...], msgspec.Meta(min_length=2, max_length=10)]


class Nth(Condition, frozen=True, tag="nth_purchase"):
    """The member's n-th purchase within the scope (`every`: and each n-th after it), 1 the first.

    Purchases that came back whole do not count.
    """

    n: Count
    every: bool = False
    scope: Scope = "merchant"
    within_days: Days | None = None


class Spent(Condition, frozen=True, tag="spent"):
    """With this purchase the member has spent so much in the period, net of returns.

    `reached`: the purchase that crosses it; `beyond`: that one and all after it in the period.
    """

    at_least_minor: Minor
    per: Period = "month"
    scope: Scope = "campaign"
    when: Literal["reached", "beyond"] = "reached"


class BoughtAt(Condition, frozen=True, tag="bought_at"):
    """Bought before at one of these merchants, so many days back at most, and kept some of it."""

    any_of: Ids
    within_days: Days


class Schedule(Condition, frozen=True, tag="schedule"):
    """On these days of the week, between these times of the programme's clock (until is not in).

    `from` after `until` runs over midnight and belongs to the day on which it began.
    """

    days: Annotated[tuple[Weekday, ...], msgspec.Meta(max_length=7)] = ()
    since: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"
    until: Annotated[str, msgspec.Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")] = "24:00"


class Birthday(Condition, frozen=True, tag="birthday"):
    """Around the member's birthday, once a calendar year, whatever happens to the date on file."""

    days_before: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0
    days_after: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0


class Segment(Condition, frozen=True, tag="segment"):
    """The member belongs to one of these segments on that day (with `unless`, to none)."""

    any_of: Names
    unless: bool = False


class Tier(Condition, frozen=True, tag="tier"):
    """The member is in one of these tiers of a ladder.

    Without a ladder it is the programme's own, the oldest that holds everywhere; where there is
    none, the word on the member's profile.
    """

    any_of: Names
    ladder: uuid.UUID | None = None


class Membership(Condition, frozen=True, tag="membership"):
    """The member has one of these paid memberships at that instant (with `unless`, none of them).

    They are named by the ids of their plans.
    """

    any_of: Ids
    unless: bool = False


class Joined(Condition, frozen=True, tag="joined"):
    """The member joined so many days ago at most."""

    within_days: Days


class Coupon(Condition, frozen=True, tag="coupon"):
    """The purchase presents a coupon of this name that is the member's own and unused."""

    name: Name


class Subscription(Condition, frozen=True, tag="subscription"):
    """The purchase is one delivery of a subscription, the first so many of it if `up_to` says."""

    up_to: Count | None = None


class InExperiment(Condition, frozen=True, tag="experiment"):
    """The member is in this arm of an experiment."""

    experiment_id: uuid.UUID
    arm: Name


LineCondition: TypeAlias = OfCategory | OfProduct | OfLabel | OfBrand | Certified | OfFavourite
BasketCondition: TypeAlias = (
    Store
    | Channel
    | Instrument
    | Minimum
    | Quantity
    | Bundle
    | Nth
    | Spent
    | BoughtAt
    | Schedule
    | Birthday
    | Segment
    | Tier
    | Membership
    | Joined
    | Coupon
    | Subscription
    | InExperiment
)
