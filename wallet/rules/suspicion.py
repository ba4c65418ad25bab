"""How likely it is that an invitation is none: a score that can be read out, point by point.

Each reason is a fact with its points, so a person who looks at it sees what the rule saw. The rule
never turns anybody down for a likelihood: from the threshold on a person decides. It refuses only
what is certain, that somebody invited themselves. Reasons name neither addresses nor dates of
birth, because they are kept for longer than those.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from wallet.rules import text

THRESHOLD: Final = 50
"""One strong sign is enough, weak ones only together: a false alarm costs a supervisor a minute,
a missed ring costs every reward it can make until somebody looks.
"""
RING_MAX: Final = 5
"""The longest ring that is looked for; who finds six people to agree has found six customers."""
HOUR_MOST: Final = 5
"""So many friends in one hour is no talk over coffee: it is a list, or a machine."""
DAY_MOST: Final = 12
"""A wedding or a fair may bring a dozen friends in a day, hardly anybody else does."""
ALIKE_LEAST: Final = 3
"""So many purchases for the same sum at the same merchant are made for the reward."""
NEAR_BPS: Final = 11_000
"""Up to a tenth above the minimum a purchase was made to reach it."""
NOTED_MAX: Final = 200
"""Acceptances and purchases around one invitation that are looked at; more say nothing new."""

MAILBOX_POINTS: Final = 100
RING_POINTS: Final = 100
SUSPENDED_POINTS: Final = 100
PERSON_POINTS: Final = 80
"""A birthday and a name in common: twins, or one person with two addresses."""
INSTRUMENT_POINTS: Final = 60
"""One card for two members: a household, which is one customer, or one person."""
HOUR_POINTS: Final = 60
DAY_POINTS: Final = 50
ALIKE_POINTS: Final = 50
SURNAME_POINTS: Final = 15
"""Families invite each other, and may: alone it is nothing, with three more signs it is one."""

_ALIASES: Final = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
}
"""Domains whose letters reach the same mailbox."""

Name: TypeAlias = Literal[
    "self",
    "mailbox",
    "person",
    "instrument",
    "surname",
    "ring",
    "hour",
    "day",
    "alike",
    "suspended",
]
Decision: TypeAlias = Literal["pay", "quarantine", "refuse"]


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as far as two members can be the same person."""

    member_id: uuid.UUID
    email: str
    display_name: str
    birth_date: date | None
    instruments: frozenset[str]
    suspended: bool


@dataclass(frozen=True, slots=True)
class Deal:
    """A purchase on which an invitation rests."""

    merchant_id: uuid.UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Facts:
    """An invitation and what surrounds it.

    `accepted` is when the referrer's friends accepted, a day around this one, this one too. `above`
    is who invited the referrer, who invited them, and so on. `deals` are the purchases of the
    referrer's invitations, this one's too, and the one by which the referrer came.
    """

    friend: Person
    referrer: Person
    accepted_at: datetime
    accepted: tuple[datetime, ...]
    above: tuple[uuid.UUID, ...]
    deals: tuple[Deal, ...]
    purchase_min_minor: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign: its name, its points, what was counted, and the sentence that says it."""

    name: Name
    points: int
    counted: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Score:
    """All signs of an invitation; no reasons and no points is the usual case."""

    points: int
    reasons: tuple[Reason, ...]


def score(facts: Facts) -> Score:
    """Add up the signs that two members are one, a ring, or a farm."""
    reasons = (*_same(facts.friend, facts.referrer), *_around(facts))
    return Score(sum(one.points for one in reasons), reasons)


def decide(facts: Facts) -> tuple[Decision, Score]:
    """Pay, let a person look, or refuse; with the score that says why."""
    if facts.friend.member_id == facts.referrer.member_id:
        own = Reason("self", THRESHOLD, 1, "The member used a code of their own.")
        return "refuse", Score(own.points, (own,))
    found = score(facts)
    return ("quarantine" if found.points >= THRESHOLD else "pay"), found


def sentence(points: int, signs: Sequence[str]) -> str:
    """Say a score with its signs, for whoever has to decide."""
    if not signs:
        return "Nothing stands out."
    return f"{points} points, a person decides from {THRESHOLD} on. {' '.join(signs)}"


def mailbox(email: str) -> str:
    """Where a letter arrives: without capitals, dots and what follows a plus, by one domain."""
    name, _, domain = email.strip().casefold().rpartition("@")
    name = name.partition("+")[0].replace(".", "")
    return f"{name}@{_ALIASES.get(domain, domain)}"


def surname(display_name: str) -> str | None:
    """The last word of a name that has more than one, folded as categories are."""
    words = text.key(display_name).split()
    return words[-1] if len(words) > 1 else None


def most_within(times: Sequence[datetime], around: datetime, span: timedelta) -> int:
    """How many of `times` lie in the fullest stretch of that length that holds `around`."""
    near = sorted(one for one in times if abs(one - around) <= span)
    return max(
        (sum(begin <= one <= begin + span for one in near) for begin in near if begin <= around),
        default=0,
    )


def _same(friend: Person, referrer: Person) -> Iterator[Reason]:
    if mailbox(friend.email) == mailbox(referrer.email):
        says = "Letters to both members arrive in the same mailbox."
        yield Reason("mailbox", MAILBOX_POINTS, 1, says)
    named = surname(friend.display_name)
    alike = named is not None and named == surname(referrer.display_name)
    if alike and friend.birth_date is not None and friend.birth_date == referrer.birth_date:
        says = "Both members have the same surname and the same date of birth."
        yield Reason("person", PERSON_POINTS, 1, says)
    elif alike:
        yield Reason("surname", SURNAME_POINTS, 1, "Both members have the same surname.")
    if shared := sum(_is_one(token) for token in friend.instruments & referrer.instruments):
        says = "Both members paid with the same card or account."
        yield Reason("instrument", INSTRUMENT_POINTS, shared, says)
    if friend.suspended or referrer.suspended:
        who = "friend" if friend.suspended else "member who invited"
        yield Reason("suspended", SUSPENDED_POINTS, 1, f"The {who} is suspended.")


def _is_one(token: str) -> bool:
    """Whether a token names one card or account, `card:aurora:7f3a91`, and not a kind of them."""
    return len(token.split(":")) > 2


def _around(facts: Facts) -> Iterator[Reason]:
    if length := _ring(facts):
        says = f"{length} members invited each other in a ring."
        yield Reason("ring", RING_POINTS, length, says)
    in_hour = most_within(facts.accepted, facts.accepted_at, timedelta(hours=1))
    in_day = most_within(facts.accepted, facts.accepted_at, timedelta(days=1))
    if in_hour >= HOUR_MOST:
        says = f"{in_hour} friends of the same member accepted within one hour."
        yield Reason("hour", HOUR_POINTS, in_hour, says)
    elif in_day >= DAY_MOST:
        says = f"{in_day} friends of the same member accepted within one day."
        yield Reason("day", DAY_POINTS, in_day, says)
    merchants = {one.merchant_id for one in facts.deals}
    amounts = {one.amount_minor for one in facts.deals}
    minimal = all(one * 10_000 <= facts.purchase_min_minor * NEAR_BPS for one in amounts)
    if len(facts.deals) >= ALIKE_LEAST and len(merchants) == len(amounts) == 1 and minimal:
        says = (
            f"All {len(facts.deals)} purchases around this member are for the same sum, just at"
            " the minimum, at the same merchant."
        )
        yield Reason("alike", ALIKE_POINTS, len(facts.deals), says)


def _ring(facts: Facts) -> int:
    """The length of the ring in which the two are, or 0: it closes where somebody comes again."""
    walked = [facts.friend.member_id, facts.referrer.member_id]
    for one in facts.above[: RING_MAX - 1]:
        if one in walked:
            return len(walked) - walked.index(one)
        walked.append(one)
    return 0
