"""Personal offers: what a scorer may propose for a member, and what of it becomes an offer.

A scorer is somebody's code: it is shown a member's purchases by category and the categories that
may be offered, and proposes rates with reasons, the best first. It never sees or writes the ledger.
Here its answer is judged and bounded: no rate above the campaign's, no offer without a reason, and
a scorer that fails or answers nonsense offers nothing. `RHYTHM` is the one built in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from wallet import errors
from wallet.rules import favourites, text
from wallet.rules.campaigns import conditions, definition

HISTORY_DAYS: Final = 365
"""How far back a scorer sees: a year has each season once."""
OFFERS_MAX: Final = 5
"""Offers of one campaign to one member at a time; a page of them is read by nobody."""
BPS_MAX: Final = 10_000
DATA_MAX: Final = 10
"""Entries of a reason's data: it must fit into one sentence."""
STATED_CHARS_MAX: Final = 200
NUMBER_MAX: Final = 2**31
"""Of a reason: days, counts, hundredths of something. JSON readers keep it exactly."""

CODES: Final = ("favourite", "due", "overdue", "stated")
"""The kinds of reason. `stated` is for scorers that say it themselves: data `sentence`, English."""
_NEEDS: Final[Mapping[str, Mapping[str, type]]] = {
    "favourite": {"times": int, "days": int, "last_on": str},
    "due": {"every_days": int, "last_on": str},
    "overdue": {"every_days": int, "last_on": str},
    "stated": {"sentence": str},
}


@dataclass(frozen=True, slots=True)
class History:
    """What a scorer knows of a member: what they bought in the last `HISTORY_DAYS` days.

    In order of category. No names, no ids, no merchants, no balance.
    """

    bought: tuple[favourites.Bought, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """One proposal: a candidate, a rate on top of what the contract gives, and why."""

    category: str
    uplift_bps: int
    code: str
    data: Mapping[str, int | str] = field(default_factory=dict)


class Scorer(Protocol):
    """The contract. Pure: the same arguments give the same answer, in milliseconds."""

    @property
    def name(self) -> str:
        """A short name, stored with each offer."""

    @property
    def version(self) -> int:
        """Grows with each change that changes answers; 1 to 32767."""

    def score(self, history: History, candidates: Sequence[str], today: date) -> Sequence[Scored]:
        """Propose some of the candidates, the best first.

        Candidates are category keys, those that most members like first.
        """


@dataclass(frozen=True, slots=True)
class Target:
    """What a campaign lets offers be made for: in these categories (None: any), but not in those.

    Its other conditions are asked when something is bought.
    """

    campaign_id: UUID
    bps_max: int
    categories: frozenset[str] | None
    without: frozenset[str]
    favourites_only: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking a scorer: offers, or why it was ignored; never both."""

    offers: tuple[Scored, ...]
    failure: str | None = None


def target(campaign_id: UUID, campaign: definition.Definition) -> Target | None:
    """Find what a campaign wants offers for; None if it does not pay by personal offers."""
    if not isinstance(campaign.give, definition.Personal):
        return None
    categories: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    for condition in campaign.lines:
        if not isinstance(condition, conditions.OfCategory):
            continue
        named = frozenset(text.key(one) for one in condition.any_of)
        if condition.unless:
            without |= named
        else:
            categories = named if categories is None else categories & named
    favourite = any(isinstance(one, conditions.OfFavourite) for one in campaign.lines)
    return Target(campaign_id, campaign.give.bps_max, categories, without, favourite)


def ask(
    scorer: Scorer, history: History, candidates: Sequence[str], today: date, *, bps_max: int
) -> Outcome:
    """Ask a scorer for a member's offers. Whatever it does, it fails nothing but itself."""
    assert 1 <= bps_max <= BPS_MAX, bps_max
    offered = tuple(candidates)
    try:
        answer: object = scorer.score(history, offered, today)
        if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
            return Outcome((), "it did not answer a sequence")
        scored = tuple(answer)
        nonsense = _nonsense(scored, frozenset(offered))
        return Outcome(bound(scored, bps_max)) if nonsense is None else Outcome((), nonsense)
    except Exception as error:  # it is not our code, and one scorer must not stop a sweep
        return Outcome((), f"it raised {type(error).__name__}")


def bound(scored: Sequence[Scored], bps_max: int) -> tuple[Scored, ...]:
    """Clamp rates into 0 to `bps_max`, and drop what is nothing, said twice or too many.

    Asserts a reason for each.
    """
    assert 1 <= bps_max <= BPS_MAX, bps_max
    kept: dict[str, Scored] = {}
    for one in scored:
        assert _unreasoned(one) is None, one
        bps = min(max(one.uplift_bps, 0), bps_max)
        if bps and one.category not in kept and len(kept) < OFFERS_MAX:
            kept[one.category] = Scored(one.category, bps, one.code, dict(one.data))
    return tuple(kept.values())


def sentence(category: str, code: str, data: Mapping[str, int | str]) -> str:
    """Say why an offer is made."""
    named = favourites.named(category)
    match code:
        case "favourite":
            times = favourites.times(int(data["times"]))
            return f"You bought {named} {times} in the last {data['days']} days."
        case "due":
            return f"You buy {named} about every {_every(data)}, so it is time again."
        case "overdue":
            last = _day(str(data["last_on"]))
            return f"You buy {named} about every {_every(data)}; the last time was {last}."
        case "stated":
            return str(data["sentence"])
        case _:
            raise AssertionError(code)


def _nonsense(scored: Sequence[object], candidates: frozenset[str]) -> str | None:
    """Say what is wrong with an answer, or nothing."""
    if len(scored) > len(candidates):
        return "it answered more than it was asked"
    for one in scored:
        if not isinstance(one, Scored):
            return "it answered something that is no Scored"
        if one.category not in candidates:
            return "it scored a category that is no candidate"
        if type(one.uplift_bps) is not int:
            return "it gave a rate that is no whole number"
        unreasoned = _unreasoned(one)
        if unreasoned is not None:
            return unreasoned
    return None


def _unreasoned(one: Scored) -> str | None:
    """Say what is wrong with a reason, or nothing."""
    data: object = one.data
    if one.code not in CODES:
        return "it gave a reason of an unknown kind"
    if not isinstance(data, Mapping) or len(data) > DATA_MAX:
        return "it gave a reason whose data is no short mapping"
    for name, value in data.items():
        if type(name) is not str or type(value) not in (int, str):
            return "it gave a reason with data that is neither number nor text"
        if not _storable(value):
            return "it gave a reason that can not be stored"
    for name, kind in _NEEDS[one.code].items():
        if type(data.get(name)) is not kind:
            return f"it gave a reason without {name}"
    if "last_on" in _NEEDS[one.code] and not _is_day(str(data["last_on"])):
        return "it gave a reason whose last_on is no day"
    return None


def _storable(value: int | str) -> bool:
    if isinstance(value, int):
        return abs(value) <= NUMBER_MAX
    try:
        text.check(value, chars_max=STATED_CHARS_MAX)
    except errors.TextInvalid:
        return False
    return True


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _every(data: Mapping[str, int | str]) -> str:
    return "day" if data["every_days"] == 1 else f"{data['every_days']} days"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"
