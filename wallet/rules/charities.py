"""Charities as rules: what must be told of one, which steps it may take, what an agreement covers.

A charity is proposed, somebody verifies it by evidence, and it may be suspended and verified again;
closed is for ever. What was verified is who it is: with another name, country or registration it is
merely proposed again. Only a verified charity is promised or given anything new.
"""

import re
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from wallet import errors
from wallet.rules import text

Category: TypeAlias = Literal[
    "animals", "environment", "health", "education", "poverty", "arts", "disaster", "other"
]
State: TypeAlias = Literal["proposed", "verified", "suspended", "closed"]
Act: TypeAlias = Literal["save", "verify", "suspend", "close"]
Language: TypeAlias = Literal["en", "pt", "es"]

NAME_CHARS_MAX: Final = 120
ABOUT_CHARS_MAX: Final = 1_000
REGISTRAR_CHARS_MAX: Final = 120
REGISTRATION_CHARS_MAX: Final = 60
WEBSITE_CHARS_MAX: Final = 200
EVIDENCE_CHARS_MAX: Final = 1_000
REFERENCE_CHARS_MAX: Final = 100
STATEMENT_CHARS_MAX: Final = 500
"""A statement stands beside an offer, in an app or on a box; the contract says the rest."""

STEPS: Final[Mapping[Act, Mapping[State, State]]] = {
    "verify": {"proposed": "verified", "suspended": "verified"},
    "suspend": {"verified": "suspended"},
    "close": {"proposed": "closed", "verified": "closed", "suspended": "closed"},
}
"""Where each step leads, from where it may be taken. Saving has a rule of its own."""

COUNTRIES: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()
)
"""ISO 3166-1 alpha-2."""

_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """Who a charity is; `registrar` keeps the register where `registration` is its number."""

    name: str
    about: str
    category: Category
    country: str
    registrar: str
    registration: str
    website: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What whoever verifies it has looked at."""
        return self.name, self.country, self.registrar, self.registration


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when an agreement holds; `until` is out, None is for ever."""

    since: datetime
    until: datetime | None


def check(facts: Facts) -> None:
    """Refuse what cannot be a charity: TEXT_INVALID or CHARITY_INVALID at the field at fault."""
    for name, value, chars_max in (
        ("name", facts.name, NAME_CHARS_MAX),
        ("about", facts.about, ABOUT_CHARS_MAX),
        ("registrar", facts.registrar, REGISTRAR_CHARS_MAX),
        ("registration", facts.registration, REGISTRATION_CHARS_MAX),
        ("website", facts.website, WEBSITE_CHARS_MAX),
    ):
        text.check(value, name, chars_max=chars_max)
        if value != value.strip():
            raise errors.TextInvalid("Remove the spaces around this text.", path=(name,))
    if facts.country not in COUNTRIES:
        raise errors.CharityInvalid(
            "There is no such country. Send its two letters by ISO 3166-1, such as PT.",
            path=("country",),
        )
    if not _is_https(facts.website):
        raise errors.CharityInvalid(
            "A website begins with https:// and names a host. Send such an address.",
            path=("website",),
        )


def saved(state: State, *, before: Facts, facts: Facts) -> State:
    """Where a charity stands after its facts were changed: CHARITY_CLOSED if it is closed."""
    if state == "closed":
        raise errors.CharityClosed(status=state)
    if state == "verified" and before.identity != facts.identity:
        return "proposed"
    return state


def stepped(state: State, act: Act) -> State:
    """Where a step leads: CHARITY_CLOSED if it may not be taken from here."""
    if state not in STEPS[act]:
        raise errors.CharityClosed(status=state)
    return STEPS[act][state]


def refused(state: State | None) -> str | None:
    """The code with which a charity is refused a gift; None if it may receive it."""
    if state is None:
        return "charity_unknown"
    return None if state == "verified" else "charity_unverified"


def check_agreement(reference: str, statement: Mapping[Language, str], span: Span) -> None:
    """Refuse an agreement without its reference, its statement in English, or a time it holds."""
    text.check(reference, "reference", chars_max=REFERENCE_CHARS_MAX)
    if "en" not in statement:
        raise errors.CharityInvalid(
            "What the public is told is needed in English. Write it, then send this again.",
            path=("statement", "en"),
        )
    for language, words in statement.items():
        text.check(words, "statement", language, chars_max=STATEMENT_CHARS_MAX)
    if span.until is not None and span.until <= span.since:
        raise errors.CharityInvalid(
            "This agreement ends before it begins. Correct one of the instants.",
            path=("valid_until",),
        )


def uncovered(spans: Iterable[Span], *, since: datetime, until: datetime | None) -> datetime | None:
    """The first instant of a time that no agreement covers; None if they cover it together."""
    for span in sorted(spans, key=lambda one: one.since):
        if span.since > since:
            break
        if span.until is None:
            return None
        since = max(since, span.until)
    return None if until is not None and since >= until else since


def _is_https(website: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(website)
        host = parts.hostname or ""
    except ValueError:
        return False
    # A user before the host makes one address look like another.
    plain = parts.username is None and not re.search(r"[\s\x00-\x20\x7f]", website)
    return parts.scheme == "https" and plain and _HOST.fullmatch(host) is not None
