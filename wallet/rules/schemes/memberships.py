"""A plan that members pay for: what it costs and for how long, and what is in it.

Whoever sells it takes the money and reports each payment; the plan says what a payment buys, what
goes back when it ends early, and how long somebody who pays late is still let in.
"""

import uuid
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet import money
from wallet.rules.campaigns.conditions import Minor, Name, Part
from wallet.rules.schemes.definition import Scheme, Word, refuse
from wallet.rules.schemes.ladders import Ladder

ENTITLEMENTS_MAX: Final = 20
"""What one plan holds; more is a page of its own, not what is shown before somebody joins."""
TERM_DAYS_MIN: Final = {"day": 1, "month": 28, "year": 365}
"""The days that a term of a unit has at least."""
TERM_COUNT_MAX: Final = {"day": 730, "month": 60, "year": 5}
"""Five years at most: nobody can say today what a longer membership will be worth."""

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

Days = Annotated[int, msgspec.Meta(ge=0, le=366)]
RefundPolicy: TypeAlias = Literal["none", "pro_rata_days", "full_within_days"]


class Term(Part, frozen=True):
    """How long a payment lasts: so many days, months or years of the programme's calendar."""

    count: Annotated[int, msgspec.Meta(ge=1, le=730)]
    unit: Literal["day", "month", "year"]

    @property
    def days_min(self) -> int:
        """The fewest days that it may come to."""
        return self.count * TERM_DAYS_MIN[self.unit]


class Cancelling(Part, frozen=True):
    """What cancelling gives back, and whether what is paid for is still used up.

    `pro_rata_days` gives back the days that are left; `full_within_days` all of a term that began
    fewer than `days` days ago, and the days that are left of an older one. Where money goes back,
    the membership ends with that day.
    """

    refund: RefundPolicy = "none"
    days: Days = 0
    entitled: Literal["to_the_end", "at_once"] = "to_the_end"


class Entitlement(Part, frozen=True):
    """Something that is in the plan: a word for systems to ask for, and what it is, to read."""

    word: Word
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Rank(Part, frozen=True):
    """A tier of a ladder that members of the plan have while it lasts."""

    ladder: uuid.UUID
    tier: Name


class Membership(Scheme, frozen=True, kw_only=True, tag="membership"):
    """One version of a plan. A member keeps the version that a payment bought until the next one.

    `seller` is the merchant who sells it, or `operator`. `renewal` says whether the seller charges
    the next term by itself; members are reminded `remind_days` before the end, and stay entitled
    for `grace_days` after it while a payment is late. `change` is what of the old plan counts
    towards another one; `welcome` a campaign that gives something for joining.
    """

    seller: Annotated[str, msgspec.Meta(pattern=f"^(operator|{_UUID})$")]
    asset: str
    price_minor: Minor
    term: Term
    renewal: Literal["manual", "by_itself"] = "manual"
    remind_days: Days = 14
    grace_days: Days = 0
    change: Literal["none", "pro_rata_days"] = "pro_rata_days"
    cancelling: Cancelling = Cancelling()
    entitlements: Annotated[tuple[Entitlement, ...], msgspec.Meta(max_length=ENTITLEMENTS_MAX)] = ()
    tier: Rank | None = None
    welcome: uuid.UUID | None = None

    def check(self) -> None:
        """Refuse a plan that contradicts itself."""
        try:
            asset = money.asset(self.asset)
        except ValueError as problem:
            refuse(str(problem), "asset")
        if asset.kind != "money":
            refuse("a membership is paid in money", "asset")
        if self.term.count > TERM_COUNT_MAX[self.term.unit]:
            refuse("it lasts for five years at most, in days for two", "term", "count")
        for name, days in (("grace_days", self.grace_days), ("remind_days", self.remind_days)):
            if days >= self.term.days_min:
                refuse("it must be shorter than the term", name)
        _check_cancelling(self.cancelling)
        words = [one.word for one in self.entitlements]
        for place, word in enumerate(words):
            if word in words[:place]:
                refuse("this word is there twice", "entitlements", str(place), "word")

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The campaign for joining, where there is one."""
        return {} if self.welcome is None else {("welcome",): self.welcome}

    def schemes(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The ladder of the tier that it gives."""
        return {} if self.tier is None else {("tier", "ladder"): self.tier.ladder}

    def check_named(self, others: Mapping[uuid.UUID, Scheme]) -> None:
        """The tier that it gives has to be there."""
        if self.tier is None:
            return
        ladder = others[self.tier.ladder]
        if not isinstance(ladder, Ladder):
            refuse("this is no ladder", "tier", "ladder")
        if ladder.place(self.tier.tier) is None:
            words = ", ".join(one.word for one in ladder.tiers)
            refuse(f"the ladder has no such tier, but {words}", "tier", "tier")

    def partners(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """Where it holds, and who sells it."""
        seller = self.seller_id
        return {**super().partners(), **({} if seller is None else {("seller",): seller})}

    @property
    def seller_id(self) -> uuid.UUID | None:
        """The merchant who sells it; None for the operator."""
        return None if self.seller == "operator" else uuid.UUID(self.seller)


def _check_cancelling(said: Cancelling) -> None:
    if (said.refund == "full_within_days") != (said.days > 0):
        refuse("`full_within_days` goes with days above zero", "cancelling", "days")
    if said.refund != "none" and said.entitled == "to_the_end":
        refuse(
            "what is paid back is not used up: with a refund it ends at once",
            *("cancelling", "entitled"),
        )
