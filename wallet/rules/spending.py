"""Safe spending as rules: what the coalition permits, and when a member must prove who they are.

The books check limits under the wallet's lock; here they are read, and here it is said once which
ways of spending are new or unusual enough that a stolen phone or token must not be enough.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wallet import errors
from wallet.rules import redemption

COUNT_MAX: Final = 10_000
"""A limit of more spends in a day than a person has seconds for would limit nobody."""
MERCHANTS_MAX: Final = 1_000
"""Merchants that one list names: it is read at every spend."""
TERRITORIES_MAX: Final = 250
"""There are no more countries."""
UNUSUAL_TIMES: Final = 3
"""So many times the most a member ever spent at once is no usual amount of theirs."""
COUNTRY: Final = re.compile("[A-Z]{2}")

Passed: TypeAlias = Literal["one", "day", "hour_count", "day_count"]
"""Which limit a spend passed: its own amount, the day's sum, or how many in an hour or a day."""
PASSED: Final[tuple[Passed, ...]] = ("one", "day", "hour_count", "day_count")
Sign: TypeAlias = Literal["new_partner", "new_device", "unusual_amount"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What may leave a wallet without a person's look; amounts in minor units, None for no limit.

    `one_minor` is the most of one spend, `day_minor` of 24 hours; `hour_most` and `day_most` count
    spends. `merchants` are the only ones where value may be spent, None for all of the coalition;
    `territories` the countries where it may be redeemed at partners, none for everywhere.
    """

    one_minor: int | None = None
    day_minor: int | None = None
    hour_most: int = 10
    day_most: int = 50
    merchants: tuple[uuid.UUID, ...] | None = None
    territories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How value is about to leave: whether it left this way before, and how much ever at once.

    `largest_minor` is the most that this member has spent at once so far, 0 for never.
    """

    partner_known: bool
    device_known: bool
    amount_minor: int | None = None
    largest_minor: int = 0


def check(rules: Rules) -> None:
    """Refuse rules that cannot be: AMOUNT_INVALID, TOO_MANY or TEXT_INVALID at the field."""
    for name in ("one_minor", "day_minor"):
        if getattr(rules, name) is not None:
            redemption.check_amount(getattr(rules, name), name)
    for name in ("hour_most", "day_most"):
        if not 1 <= getattr(rules, name) <= COUNT_MAX:
            raise errors.AmountInvalid(
                f"This is between 1 and {COUNT_MAX} spends. Correct it.", path=(name,)
            )
    if rules.merchants is not None and len(rules.merchants) > MERCHANTS_MAX:
        raise errors.TooMany(path=("merchants",))
    if len(rules.territories) > TERRITORIES_MAX:
        raise errors.TooMany(path=("territories",))
    for place, code in enumerate(rules.territories):
        if not COUNTRY.fullmatch(code):
            raise errors.TextInvalid(
                "A country is two capital letters, such as PT. Correct it.",
                path=("territories", str(place)),
            )


def signs(way: Way) -> tuple[Sign, ...]:
    """What is new or unusual about a spend; none for one like the others."""
    unusual = (
        way.amount_minor is not None and 0 < way.largest_minor * UNUSUAL_TIMES < way.amount_minor
    )
    found: list[tuple[Sign, bool]] = [
        ("new_partner", not way.partner_known),
        ("new_device", not way.device_known),
        ("unusual_amount", unusual),
    ]
    return tuple(sign for sign, there in found if there)


def permits(territories: Sequence[str], country: str | None) -> bool:
    """Whether a member of a country may redeem where only these count; none counts everywhere.

    Who has not said where they live may not, because nobody could show that they may.
    """
    return not territories or country in territories
