"""Referrals: what a code is, who may still be invited, and what becomes of an invitation next.

A reward is a promise about a purchase that stayed: nothing is paid before the friend has bought for
enough, the time for returns is over and the purchase's own cashback is no longer pending; and what
comes back later takes the rewards with it. Whether it is all in earnest is asked in `suspicion`.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from wallet import errors
from wallet.rules import local
from wallet.rules.campaigns import definition

CODE_LETTERS: Final = 8
"""37 bits: short enough to say on the telephone, and nobody guesses a stranger's by trying."""
RANDOM_BYTES: Final = 16
"""Chance for one code; so much more than 37 bits that no letter is likelier than another."""
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ34679"
"""No vowels, so no code is a word; of letters that look alike only one, the others are read as it.
"""
_MISREAD: Final = str.maketrans("01258IOU", "QLZSBLQV", " -")

NEWCOMER_DAYS: Final = 30
"""Who joined longer ago was not brought by the invitation: a month lets a letter lie for a while.
"""
LATE: Final = timedelta(days=3)
"""A purchase may be reported late, by a till without a line over a weekend: only then it lapses."""
LOOK: Final = timedelta(hours=1)
"""How often the books are asked whether a friend has bought, and whether it is confirmed."""
LOOK_AGAIN: Final = timedelta(days=1)
"""How often it is asked whether a purchase has come back."""
WATCH: Final = timedelta(days=400)
"""How long rewards follow what comes back: a year's right of return, and late reports of it."""

State: TypeAlias = Literal[
    "waiting", "qualified", "quarantined", "paid", "refused", "reversed", "lapsed"
]
Confirmed: TypeAlias = Literal["yes", "not_yet", "never"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one version of a campaign asks of an invitation; amounts of the programme's asset."""

    purchase_min_minor: int
    within_days: int
    clear_days: int
    referrer_minor: int
    most_per_year: int


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who was invited, as they stand when they accept."""

    member_id: uuid.UUID
    joined_at: datetime
    has_bought: bool
    has_referrer: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """The purchase that an invitation rests on; `kept` is paid in money and has not come back."""

    purchase_id: uuid.UUID
    merchant_id: uuid.UUID
    purchased_at: datetime
    kept_minor: int
    confirmed: Confirmed
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An invitation as it stands when it is looked at."""

    state: State
    accepted_at: datetime
    decided: bool
    decided_at: datetime | None
    bought: Bought | None


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with an invitation now, and when to look at it again (None: never)."""

    act: Literal["look", "lapse", "qualify", "disqualify", "decide", "pay", "reverse"]
    look_at: datetime | None = None


def code(random: bytes) -> str:
    """Make a code out of random bytes, as it is stored: `BCDFGHJK`."""
    assert len(random) == RANDOM_BYTES
    rest, letters = int.from_bytes(random, "big"), []
    for _ in range(CODE_LETTERS):
        rest, place = divmod(rest, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def show(plain: str) -> str:
    """Write a code for people: `BCDF-GHJK`."""
    return f"{plain[:4]}-{plain[4:]}"


def read(told: str) -> str:
    """Read a code as somebody typed it; REFERRAL_INVALID for what cannot be one."""
    plain = told.strip().upper().translate(_MISREAD)
    if len(plain) != CODE_LETTERS or not set(plain) <= set(ALPHABET):
        raise errors.ReferralInvalid(path=("code",))
    return plain


def terms(version: definition.Definition) -> Terms:
    """What a campaign's version asks; it must be one that answers to referrals."""
    on = version.on
    assert isinstance(on, definition.OnReferral), version.name
    return Terms(
        purchase_min_minor=on.purchase_min_minor,
        within_days=on.within_days,
        clear_days=on.clear_days,
        referrer_minor=on.referrer_minor,
        most_per_year=on.most_per_year,
    )


def takes_invitations(version: definition.Definition) -> bool:
    """Whether a campaign takes invitations, while it is in force.

    Conditions on a basket or its lines are asked of purchases; an invitation has neither, so a
    version that has any invites nobody.
    """
    if not isinstance(version.on, definition.OnReferral) or version.when or version.lines:
        return False
    # An invitation is made nowhere, so there is no merchant where it was made.
    return all(share.funder != "merchant" for share in version.funding)


def check(friend: Newcomer, referrer_id: uuid.UUID | None, *, at: datetime) -> None:
    """Refuse an invitation that does not count.

    REFERRAL_INVALID for a code of nobody or one's own, REFERRAL_CLOSED for whoever is no newcomer
    or has been invited by somebody already.
    """
    if referrer_id is None or referrer_id == friend.member_id:
        raise errors.ReferralInvalid(path=("code",))
    if friend.has_referrer or friend.has_bought:
        raise errors.ReferralClosed()
    if at - friend.joined_at > timedelta(days=NEWCOMER_DAYS):
        raise errors.ReferralClosed()


def friend_minor(version: definition.Definition) -> int:
    """What the friend gets, in the campaign's asset; a coupon or a benefit is no amount: zero."""
    return version.give.minor if isinstance(version.give, definition.Amount) else 0


def year_of(instant: datetime, zone: str) -> int:
    """The year of the programme's calendar in which a reward counts."""
    return local.day(instant, zone).year


def seat(taken: Collection[int], most: int) -> int | None:
    """The first free seat among the referrer's rewards of a year; None if all are taken."""
    return next((one for one in range(1, most + 1) if one not in taken), None)


def clears_at(bought: Bought, asked: Terms) -> datetime:
    """When a purchase has stayed long enough: the return window, and its own cashback's clock."""
    window_ends = bought.purchased_at + timedelta(days=asked.clear_days)
    return window_ends if bought.due_at is None else max(window_ends, bought.due_at)


def step(it: Standing, asked: Terms, *, at: datetime) -> Step:
    """Say what an invitation needs now; whatever is not due yet is only looked at again."""
    match it.state:
        case "waiting":
            return _waiting(it, asked, at)
        case "qualified":
            return _qualified(it, asked, at)
        case "quarantined" if not stands(it.bought, asked):
            return Step("disqualify", at)
        case "quarantined":
            return Step("look", at + LOOK_AGAIN)
        case "paid" if not stands(it.bought, asked):
            return Step("reverse")
        case "paid":
            assert it.decided_at is not None
            again = at + LOOK_AGAIN
            return Step("look", again if again < it.decided_at + WATCH else None)
        case "refused" | "reversed" | "lapsed":
            return Step("look")


def _waiting(it: Standing, asked: Terms, at: datetime) -> Step:
    if it.bought is not None:
        return Step("qualify", clears_at(it.bought, asked))
    if at >= it.accepted_at + timedelta(days=asked.within_days) + LATE:
        return Step("lapse")
    return Step("look", at + LOOK)


def _qualified(it: Standing, asked: Terms, at: datetime) -> Step:
    bought = it.bought
    # What was decided is carried out, even if goods come back meanwhile: the next look reverses it.
    if it.decided:
        return Step("pay")
    if bought is None or not stands(bought, asked):
        return Step("disqualify", at)
    if at < (clears := clears_at(bought, asked)):
        return Step("look", clears)
    if bought.confirmed == "not_yet":
        return Step("look", at + LOOK)
    return Step("decide")


def stands(bought: Bought | None, asked: Terms) -> bool:
    """Whether a purchase is, still, what the campaign asked for."""
    if bought is None or bought.confirmed == "never":
        return False
    return bought.kept_minor >= asked.purchase_min_minor
