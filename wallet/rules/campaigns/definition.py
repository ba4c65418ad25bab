"""What a campaign is, as data: conditions, an effect, how it stacks, its caps and who pays.

A definition is JSON that an operator can read; no code is ever stored. Amounts are minor units,
rates basis points, times thousandths, days calendar days of the programme's time zone. Merchants,
charities and experiments are named by their UUID. `drafts.parse` reads it strictly.
"""

import uuid
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

import msgspec

from wallet import money
from wallet.rules.campaigns.conditions import (
    CONDITIONS_MAX,
    NAMES_MAX,
    BasketCondition,
    Bps,
    Count,
    Days,
    LineCondition,
    Minor,
    Name,
    Part,
    Period,
)

FUNDERS_MAX: Final = 8
"""Who may share the cost of one campaign: each of them is a lot in the member's wallet."""
CAPS_MAX: Final = 4
ALERTS_MAX: Final = 5
DAYS_MAX: Final = 3650

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Effect(Part, frozen=True, tag_field="give"):
    """What is given when all conditions hold; `give` says which kind."""


class Rate(Effect, frozen=True, tag="rate"):
    """A share of the base of each line that counts."""

    bps: Bps


class Amount(Effect, frozen=True, tag="amount"):
    """A fixed amount for the purchase, shared over the lines that count; or for each unit."""

    minor: Minor
    per: Literal["purchase", "unit"] = "purchase"


class Points(Effect, frozen=True, tag="points"):
    """So many units of the campaign's asset for each `per_minor` of the base, whole ones only."""

    units: Count
    per_minor: Minor


class Multiplier(Effect, frozen=True, tag="multiplier"):
    """Makes what `of` gives on the line so many times as much (2000 is double): it adds the rest.

    `of` is `contract`, or the name of a stacking group whose campaigns come first.
    """

    times_milli: Annotated[int, msgspec.Meta(ge=1001, le=100_000)]
    of: Name = "contract"


class Personal(Effect, frozen=True, tag="personal"):
    """The rate that the member's own offers name for a line's category, `bps_max` at the most."""

    bps_max: Bps


class GiveCoupon(Effect, frozen=True, tag="coupon"):
    """A coupon bound to the member; a campaign with the condition `coupon` says what it does."""

    name: Name
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] = 30


class Benefit(Effect, frozen=True, tag="benefit"):
    """Something that is no money: free shipping, early access, a gift."""

    name: Name
    about: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] = 30


class Donation(Effect, frozen=True, tag="donation"):
    """A gift to a charity for the purchase, or for each unit, beside what the member gets.

    `in_kind` says what the charity does with each `minor`: a pair of shoes, a meal.
    """

    charity_id: uuid.UUID
    minor: Minor
    per: Literal["purchase", "unit"] = "purchase"
    in_kind: Name | None = None


class Badge(Effect, frozen=True, tag="badge"):
    """A sign of what the member did, and whatever it opens: lasting, or shown once like a coupon.

    `days` None is for ever.
    """

    name: Name
    about: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] | None = None
    single_use: bool = False


AnyEffect: TypeAlias = (
    Rate | Amount | Points | Multiplier | Personal | GiveCoupon | Benefit | Badge | Donation
)
MONEYLESS: Final = (GiveCoupon, Benefit, Badge)
"""Effects that give no money but a benefit."""


class Trigger(Part, frozen=True, tag_field="on"):
    """What the campaign answers to; `on` says which kind."""


class OnPurchase(Trigger, frozen=True, tag="purchase"):
    """A purchase."""


class OnActivity(Trigger, frozen=True, tag="activity"):
    """Something else a member did, reported with proof by the merchant: a review, a share, a visit.

    `most` of them count in each `per`; a review counts once for each order line, whatever its
    stars; a quiz counts from `score_min` on.
    """

    kind: Literal["review", "share", "visit", "quiz", "custom"]
    name: Name | None = None
    most: Count = 1
    per: Period = "month"
    score_min: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None


class OnReferral(Trigger, frozen=True, tag="referral"):
    """A friend who came by invitation and whose first purchase has cleared its return window.

    The effect is what the friend gets, `referrer_minor` what the one who invited gets.
    """

    referrer_minor: Minor
    purchase_min_minor: Minor
    within_days: Days = 90
    """Days from the invitation's acceptance to the friend's first purchase."""
    clear_days: Days = 14
    """Days after that purchase in which nothing of it may come back."""
    most_per_year: Count = 20


class OnReward(Trigger, frozen=True, tag="reward"):
    """Something that names the campaign and says when it is due: a milestone, a contest, a draw."""


AnyTrigger: TypeAlias = OnPurchase | OnActivity | OnReferral | OnReward


class Stack(Part, frozen=True):
    """How the campaign stands with others: by its group of the programme, then by priority.

    A lower number comes first. `exclusive`: where it pays on a line, no later campaign of another
    group does. `tops_up`: it lifts what the contract gives on a line to its own, it adds nothing
    to it.
    """

    group: Name
    priority: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    exclusive: bool = False
    tops_up: bool = False


class Cap(Part, frozen=True):
    """The most that one member gets of the campaign in a period."""

    minor: Minor
    per: Period


class Caps(Part, frozen=True):
    """The most of one purchase and of one member; a grant is cut to it, never refused."""

    purchase_minor: Minor | None = None
    member: Annotated[tuple[Cap, ...], msgspec.Meta(max_length=CAPS_MAX)] = ()


class Budget(Part, frozen=True):
    """The most of the campaign as a whole, and at which shares of it (basis points) to warn."""

    minor: Minor
    alerts_bps: Annotated[tuple[Bps, ...], msgspec.Meta(max_length=ALERTS_MAX)] = (8_000, 9_500)


class Share(Part, frozen=True):
    """Who pays which part: a merchant by its id, `merchant` where it was bought, `operator`."""

    funder: Annotated[str, msgspec.Meta(pattern=f"^(merchant|operator|{_UUID})$")]
    bps: Bps


class CharityShare(Part, frozen=True):
    """The part of each grant that goes to a charity when it becomes free to spend."""

    charity_id: uuid.UUID
    bps: Bps


class TermsText(Part, frozen=True):
    """The terms in words, by language; with `acceptance`, only members who accepted them earn."""

    text: dict[
        Literal["en", "pt", "es"], Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    ]
    acceptance: bool = False


class Definition(Part, frozen=True, kw_only=True):
    """One version of a campaign. Every condition must hold; a line counts if every `lines` does."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    asset: str
    starts_at: datetime
    ends_at: datetime | None = None
    on: AnyTrigger = OnPurchase()
    merchants: Annotated[tuple[uuid.UUID, ...], msgspec.Meta(max_length=NAMES_MAX)] = ()
    """Where it holds; none means everywhere in the coalition."""
    when: Annotated[tuple[BasketCondition, ...], msgspec.Meta(max_length=CONDITIONS_MAX)] = ()
    lines: Annotated[tuple[LineCondition, ...], msgspec.Meta(max_length=CONDITIONS_MAX)] = ()
    give: AnyEffect
    rounding: money.Rounding = money.Rounding.HALF_EVEN
    stack: Stack
    caps: Caps = Caps()
    budget: Budget | None = None
    funding: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=FUNDERS_MAX)]
    charity: CharityShare | None = None
    expiry_days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] | None = None
    """Days of life from availability; None takes what the merchant's contract says."""
    on_return: Literal["recheck", "proportional"] = "recheck"
    """`recheck`: where what is kept no longer meets minimum, quantity or bundle, all goes back."""
    terms: TermsText

    @property
    def receiver(self) -> "Receiver | None":
        """The charity that gets a part of what is given, or all of it."""
        if isinstance(self.give, Donation):
            return Receiver(self.give.charity_id, ("give", "charity_id"))
        if self.charity is not None:
            return Receiver(self.charity.charity_id, ("charity", "charity_id"))
        return None


class Receiver(NamedTuple):
    """A charity, and where a definition names it."""

    charity_id: uuid.UUID
    path: tuple[str, ...]
