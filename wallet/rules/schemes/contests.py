"""Contests: members who enter are ranked by a score, and the best places win."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from wallet.rules.campaigns.conditions import Name, Part
from wallet.rules.schemes.boards import Group, Ranked
from wallet.rules.schemes.definition import refuse

PRIZES_MAX: Final = 20
"""Prizes of one contest; a prize may be for many places."""
PLACES_MAX: Final = 100
"""Places that win: each is a payment of its own."""
AGE_MAX: Final = 120


class Prize(Part, frozen=True, kw_only=True):
    """What the places of a range win each: the campaign that pays."""

    first: Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)]
    last: Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)]
    reward: uuid.UUID


class Eligible(Part, frozen=True, kw_only=True):
    """Who may enter: members of a segment, of a tier, of an age; all that is named must hold."""

    segment: Name | None = None
    tier: Name | None = None
    age_min: Annotated[int, msgspec.Meta(ge=1, le=AGE_MAX)] | None = None


class Contest(Ranked, frozen=True, kw_only=True, tag="contest"):
    """One contest for each window: entered while it lasts, final `settle_days` later, then paid.

    Who enters is judged once, at the entry, and ranked by all that counts in the window.
    """

    who: Eligible = Eligible()
    prizes: Annotated[tuple[Prize, ...], msgspec.Meta(min_length=1, max_length=PRIZES_MAX)]

    def check(self) -> None:
        """See to it that each place wins one prize, and that entrants are the only group."""
        super().check()
        if self.group != Group():
            refuse("those who enter are ranked: say in `who` who may", "group")
        won = 0
        for place, prize in enumerate(self.prizes):
            if prize.first <= won or prize.last < prize.first:
                refuse("prizes name their places in order, each once", "prizes", str(place))
            won = prize.last

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The campaign of each prize."""
        return {
            ("prizes", str(place), "reward"): one.reward for place, one in enumerate(self.prizes)
        }

    def prize_of(self, place: int) -> Prize | None:
        """What a place wins."""
        return next((one for one in self.prizes if one.first <= place <= one.last), None)
