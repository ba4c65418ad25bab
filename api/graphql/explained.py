"""The words of an explanation, as enums: what was given, what cut it, what did not hold.

A stored document may hold a word that this version does not know: it is shown as OTHER, and its
sentence says the rest.
"""

import enum
from typing import TypeVar

import strawberry

from api.graphql import shapes

Word = TypeVar("Word", bound=enum.Enum)


@strawberry.enum(description="What a campaign gives.")
class ExplainedEffectKind(enum.Enum):
    """As the field `give` of a definition."""

    RATE = strawberry.enum_value("rate", description="A share of what counts.")
    AMOUNT = strawberry.enum_value("amount", description="A fixed amount, for all or each unit.")
    POINTS = strawberry.enum_value("points", description="Units for each amount that counts.")
    MULTIPLIER = strawberry.enum_value("multiplier", description="Times what is given anyway.")
    PERSONAL = strawberry.enum_value("personal", description="The member's own rates.")
    COUPON = strawberry.enum_value("coupon", description="A coupon for later.")
    BENEFIT = strawberry.enum_value("benefit", description="Something that is no money.")
    OTHER = strawberry.enum_value("other", description="Of a kind that came later.")


@strawberry.enum(description="What cut a grant to less.")
class ExplainedCutKind(enum.Enum):
    """As the field `by` of a cut."""

    PURCHASE_CAP = strawberry.enum_value("purchase_cap", description="The most of one purchase.")
    MEMBER_CAP = strawberry.enum_value("member_cap", description="The most of one member.")
    PROGRAMME_CAP = strawberry.enum_value(
        "programme_cap", description="The most of one purchase from all campaigns together."
    )
    BUDGET = strawberry.enum_value("budget", description="The budget of the campaign.")
    MERCHANT_BUDGET = strawberry.enum_value(
        "merchant_budget", description="The budget of the merchant."
    )
    FUNDER_BUDGET = strawberry.enum_value(
        "funder_budget", description="The budget of who pays for it."
    )
    TOPS_UP = strawberry.enum_value("tops_up", description="What the contract gives already.")
    OTHER = strawberry.enum_value("other", description="Of a kind that came later.")


@strawberry.enum(description="Over which time something is counted.")
class ExplainedPeriod(enum.Enum):
    """As the periods of conditions and caps."""

    DAY = strawberry.enum_value("day", description="A day of the programme's calendar.")
    WEEK = strawberry.enum_value("week", description="A week, from Monday.")
    MONTH = strawberry.enum_value("month", description="A month.")
    YEAR = strawberry.enum_value("year", description="A year.")
    CAMPAIGN = strawberry.enum_value("campaign", description="All of the campaign's life.")


@strawberry.enum(description="A condition of a campaign, or what else stood in its way.")
class ExplainedReasonKind(enum.Enum):
    """As the field `if` of a reason."""

    MINIMUM = strawberry.enum_value("minimum", description="How much counts.")
    STORE = strawberry.enum_value("store", description="In which shop it was bought.")
    CHANNEL = strawberry.enum_value("channel", description="Online, in a shop or in an app.")
    INSTRUMENT = strawberry.enum_value("instrument", description="What it was paid with.")
    CATEGORY = strawberry.enum_value("category", description="The category of a line.")
    PRODUCT = strawberry.enum_value("product", description="The product of a line.")
    LABEL = strawberry.enum_value("label", description="The label of a line.")
    BRAND = strawberry.enum_value("brand", description="The brand of a line.")
    CERTIFIED = strawberry.enum_value("certified", description="A label with its evidence.")
    FAVOURITE = strawberry.enum_value("favourite", description="The member's favourites.")
    QUANTITY = strawberry.enum_value("quantity", description="How many units count.")
    BUNDLE = strawberry.enum_value("bundle", description="What must be bought together.")
    NTH_PURCHASE = strawberry.enum_value("nth_purchase", description="The how manieth purchase.")
    SPENT = strawberry.enum_value("spent", description="What was spent in a period.")
    BOUGHT_AT = strawberry.enum_value("bought_at", description="An earlier purchase.")
    SCHEDULE = strawberry.enum_value("schedule", description="The day and the time.")
    BIRTHDAY = strawberry.enum_value("birthday", description="The member's birthday.")
    SEGMENT = strawberry.enum_value("segment", description="The segments of the member.")
    TIER = strawberry.enum_value("tier", description="The tier of the member.")
    MEMBERSHIP = strawberry.enum_value("membership", description="A paid membership of the member.")
    JOINED = strawberry.enum_value("joined", description="When the member joined.")
    COUPON = strawberry.enum_value("coupon", description="A coupon of the member.")
    SUBSCRIPTION = strawberry.enum_value("subscription", description="A subscription's delivery.")
    EXPERIMENT = strawberry.enum_value("experiment", description="An arm of an experiment.")
    TERMS = strawberry.enum_value("terms", description="Terms to accept first.")
    MEMBER = strawberry.enum_value("member", description="Nobody is known yet.")
    ACTIVITY = strawberry.enum_value("activity", description="What the member did.")
    BEATEN = strawberry.enum_value("beaten", description="Another of its group counts.")
    EXCLUDED = strawberry.enum_value("excluded", description="Another one stands alone.")
    EXHAUSTED = strawberry.enum_value("exhausted", description="A cap or a budget is reached.")
    PERSONAL = strawberry.enum_value(
        "personal", description="Something about the member, which a merchant is not told."
    )
    NOTHING_LEFT = strawberry.enum_value("nothing_left", description="It rounds to nothing.")
    OTHER = strawberry.enum_value("other", description="Of a kind that came later.")


def word(kinds: type[Word], told: str | None) -> Word | None:
    """Return the enum value of a stored word, or None if there is none of that name."""
    return next((one for one in kinds if shapes.value(one) == told), None)
