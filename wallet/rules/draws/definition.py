"""Wheels and raffles as data: prizes, gates, how tickets are earned, and when all of it happens.

A wheel draws at each spin, by weights; a raffle draws once, from the list of its entries. Whoever
gives tickets with purchases must give some without: that is what makes it no lottery.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet import errors
from wallet.rules import text
from wallet.rules.campaigns import conditions
from wallet.rules.draws import sampler
from wallet.rules.schemes.definition import Scheme, refuse

PRIZES_MAX: Final = 50
"""More could not be shown with their odds on a telephone."""
PLACES_MAX: Final = 1_000
"""Winners or alternates of a raffle; each is paid by itself."""
TICKETS_MAX: Final = 100
SPINS_MAX: Final = 10_000
"""Spins of one epoch: what is revealed together is checked together, in a second."""
HOURS_MAX: Final = 24 * 7
VALUE_CHARS_MAX: Final = 256
"""The value of public randomness: a beacon's is 64 or 128 hexadecimal digits."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9 ._:/-]{1,120}$")]
Period: TypeAlias = Literal["day", "week", "month", "draw"]
"""Of the programme's calendar; a week begins on Monday, `draw` is all of its life."""


class Most(conditions.Part, frozen=True):
    """So many times in a period, for each member."""

    times: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    per: Period


class Gates(conditions.Part, frozen=True):
    """Who may play: from an age on, and in which countries (ISO 3166, two letters)."""

    age_min: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    countries: Annotated[tuple[Country, ...], msgspec.Meta(min_length=1, max_length=250)] | None = (
        None
    )


class PerPurchase(conditions.Part, frozen=True):
    """One ticket for each purchase of which at least this much is kept, in the house's currency."""

    min_minor: conditions.Minor


class FreeEntry(conditions.Part, frozen=True):
    """So many tickets for whoever asks, once in each period; nothing needs to be bought."""

    tickets: Annotated[int, msgspec.Meta(ge=1, le=TICKETS_MAX)] = 1
    per: Period = "draw"


class Tickets(conditions.Part, frozen=True):
    """How tickets are earned, besides those that milestones and the staff give.

    A ticket lives for `days`, and never longer than its draw is open.
    """

    per_purchase: PerPurchase | None = None
    free_entry: FreeEntry | None = None
    days: conditions.Days | None = None


class Prize(conditions.Part, frozen=True):
    """One field of a wheel: its weight, how many there are (none: no end), and what pays it.

    The campaign is one for rewards; without one, what the field says is all there is.
    """

    name: conditions.Name
    weight: Annotated[int, msgspec.Meta(ge=1, le=sampler.BELOW_MAX)]
    stock: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    campaign_id: uuid.UUID | None = None


class Epochs(conditions.Part, frozen=True):
    """How long one seed is used: so many hours or so many spins, whatever comes first."""

    hours: Annotated[int, msgspec.Meta(ge=1, le=HOURS_MAX)] = 24
    spins: Annotated[int, msgspec.Meta(ge=1, le=SPINS_MAX)] = SPINS_MAX


class RafflePrize(conditions.Part, frozen=True):
    """What so many winners of a raffle get; the first prize goes to the first that are drawn."""

    name: conditions.Name
    winners: Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)] = 1
    campaign_id: uuid.UUID | None = None


class Randomness(conditions.Part, frozen=True):
    """Chance that nobody here makes: whose, and which of it, named before anybody enters."""

    source: Word
    round: Word


class Wheel(Scheme, frozen=True, kw_only=True, tag="wheel"):
    """A spin wheel. What is drawn of a prize that is gone becomes the consolation."""

    opens_at: Instant
    closes_at: Instant
    prizes: Annotated[tuple[Prize, ...], msgspec.Meta(min_length=1, max_length=PRIZES_MAX)]
    consolation: conditions.Name | None = None
    tickets: Tickets = Tickets()
    gates: Gates = Gates()
    most: Most | None = None
    epochs: Epochs = Epochs()

    @property
    def total(self) -> int:
        """The sum of the weights."""
        return sum(one.weight for one in self.prizes)

    def check(self) -> None:
        """SCHEME_INVALID where it contradicts itself."""
        _refuse(self)

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The campaigns that pay its prizes."""
        return _campaigns(self.prizes)


class Raffle(Scheme, frozen=True, kw_only=True, tag="raffle"):
    """A raffle: entries until it closes, then the list is frozen, then it is drawn.

    Alternates take the place of winners whose prize cannot be given. With `publish_names` the
    results show the names of those who agreed to it when they entered.
    """

    opens_at: Instant
    closes_at: Instant
    draw_at: Instant
    prizes: Annotated[tuple[RafflePrize, ...], msgspec.Meta(min_length=1, max_length=PRIZES_MAX)]
    alternates: Annotated[int, msgspec.Meta(ge=0, le=PLACES_MAX)] = 0
    publish_names: bool = False
    randomness: Randomness | None = None
    tickets: Tickets = Tickets()
    gates: Gates = Gates()
    most: Most | None = None

    @property
    def winners(self) -> int:
        """How many tickets win."""
        return sum(one.winners for one in self.prizes)

    def check(self) -> None:
        """SCHEME_INVALID where it contradicts itself."""
        _refuse(self)

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The campaigns that pay its prizes."""
        return _campaigns(self.prizes)


Draw: TypeAlias = Wheel | Raffle


class Problem(ValueError):
    """What contradicts itself in a definition, and the steps to it."""

    def __init__(self, says: str, *path: str) -> None:
        super().__init__(says)
        self.says = says
        self.path = path


def check(draw: Draw) -> None:
    """See to it that a draw can be run as it is written: Problem at the field at fault."""
    if draw.closes_at <= draw.opens_at:
        raise Problem("it closes before it opens", "closes_at")
    if isinstance(draw, Raffle) and draw.draw_at < draw.closes_at:
        raise Problem("it is drawn before it closes", "draw_at")
    names = [one.name for one in draw.prizes]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise Problem("two prizes have this name", "prizes", str(place), "name")
        if "\n" in name:
            raise Problem("a name is one line", "prizes", str(place), "name")
    if draw.tickets.per_purchase is not None and draw.tickets.free_entry is None:
        raise Problem("tickets come with purchases, so there must be a free entry", "tickets")
    if isinstance(draw, Wheel):
        _check_wheel(draw)
    elif draw.winners > PLACES_MAX:
        raise Problem(f"there are {draw.winners} winners, more than {PLACES_MAX}", "prizes")


def odds(wheel: Wheel) -> list[tuple[str, int, int]]:
    """Each prize with its exact odds, as a numerator over the sum of all weights."""
    return [(one.name, one.weight, wheel.total) for one in wheel.prizes]


def prize_of(raffle: Raffle, place: int) -> RafflePrize | None:
    """What a place of the results wins, counted from 0; None for alternates."""
    for one in raffle.prizes:
        if place < one.winners:
            return one
        place -= one.winners
    return None


def check_value(raffle: Raffle, randomness: str | None) -> None:
    """PLAY_INVALID where the value of the randomness that a raffle named is missing, or is none."""
    if raffle.randomness is None:
        if randomness is not None:
            raise errors.PlayInvalid(
                "This raffle named no public randomness. Draw it without.", path=("randomness",)
            )
        return
    if randomness is None:
        raise errors.PlayInvalid(
            f"This raffle is drawn with {raffle.randomness.source} {raffle.randomness.round}."
            " Send its value.",
            path=("randomness",),
        )
    text.check(randomness, "randomness", chars_max=VALUE_CHARS_MAX)
    if randomness != randomness.strip() or "\n" in randomness:
        raise errors.PlayInvalid(
            "The value is one line without spaces around it. Correct it.", path=("randomness",)
        )


def _refuse(draw: Draw) -> None:
    try:
        check(draw)
    except Problem as problem:
        refuse(problem.says, *problem.path)


def _campaigns(prizes: Iterable[Prize | RafflePrize]) -> Mapping[tuple[str, ...], uuid.UUID]:
    return {
        ("prizes", str(place), "campaign_id"): one.campaign_id
        for place, one in enumerate(prizes)
        if one.campaign_id is not None
    }


def _check_wheel(wheel: Wheel) -> None:
    if wheel.total > sampler.BELOW_MAX:
        raise Problem(f"the weights add up to {wheel.total}, more than 2^40", "prizes")
    if all(one.stock is None for one in wheel.prizes):
        return
    # Something must be left to give when a prize is gone, and it must never be gone itself.
    named = next((one for one in wheel.prizes if one.name == wheel.consolation), None)
    if named is None:
        raise Problem("a prize can run out, so name the prize that takes its place", "consolation")
    if named.stock is not None:
        raise Problem("the prize that takes the place of others may not run out", "consolation")
