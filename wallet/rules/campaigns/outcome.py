"""What campaigns gave for a purchase, what they did not, and why: the numbers and the document.

The document is stored with the decision and never rewritten. It holds facts, not words: whoever
shows it says them in the reader's language.
"""

import heapq
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from wallet.rules.campaigns import facts
from wallet.rules.campaigns.checks import Reason
from wallet.rules.campaigns.definition import Donation

MISSES_MAX: Final = 10
"""Near misses kept of one purchase: the nearest ones; nobody reads about the two-hundredth."""


class LineGrant(NamedTuple):
    """What one campaign gave on one line: `desired` by its effect, `granted` after all cuts."""

    number: int
    base_minor: int
    bps: int | None
    desired_minor: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A limit that took something away, in the order in which they were asked."""

    by: str
    from_minor: int
    to_minor: int
    limit_minor: int
    per: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """What one campaign gave for a purchase; funders and charity share out what was granted."""

    version: facts.Version
    lines: tuple[LineGrant, ...]
    desired_minor: int
    granted_minor: int
    because: tuple[Reason, ...]
    cuts: tuple[Cut, ...]
    funders: tuple[tuple[uuid.UUID, int], ...]
    charity_minor: int

    @property
    def is_gift(self) -> bool:
        """True where a charity gets it, and nothing of it the member."""
        return isinstance(self.version.definition.give, Donation)


@dataclass(frozen=True, slots=True)
class Given:
    """A benefit that is no money: a coupon or something else, and why."""

    version: facts.Version
    lines: tuple[int, ...]
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A campaign that gave nothing: the reasons, and the lines that it would have counted."""

    version: facts.Version
    lines: tuple[int, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it. `draws` is what it takes out of budgets, `short` the budgets that cut it."""

    granted: tuple[Granted, ...]
    given: tuple[Given, ...]
    missed: tuple[Missed, ...]
    draws: dict[facts.Budget, int]
    short: frozenset[facts.Budget]
    coupons: tuple[uuid.UUID, ...]

    def total_minor(self, asset: str) -> int:
        """Add up what was granted to the member in one asset."""
        return self.totals().get(asset, 0)

    def totals(self) -> dict[str, int]:
        """What was granted to the member in each asset; gifts to charities are not theirs."""
        found: dict[str, int] = {}
        for one in self.granted:
            if not one.is_gift:
                asset = one.version.definition.asset
                found[asset] = found.get(asset, 0) + one.granted_minor
        return found


NOTHING: Final = Outcome((), (), (), {}, frozenset(), ())


def document(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome as the JSON that is stored: what matched, and the nearest misses."""
    given = [*map(_granted, outcome.granted), *map(_given, outcome.given)]
    nearest = heapq.nsmallest(MISSES_MAX, outcome.missed, key=_distance)
    return {"matched": given, "missed": [_missed(one) for one in nearest]}


def matched(
    version: facts.Version,
    lines: Iterable[LineGrant],
    *,
    desired_minor: int = 0,
    granted_minor: int = 0,
    because: Iterable[Reason] = (),
    cuts: Iterable[Cut] = (),
    funders: Iterable[tuple[uuid.UUID, int]] = (),
    charity_minor: int | None = None,
) -> dict[str, Any]:
    """Write what one version gave, as it stands in a document of a purchase or of an award."""
    definition = version.definition
    charity = None
    if isinstance(definition.give, Donation):
        charity = {"charity": str(definition.give.charity_id), "minor": granted_minor}
    elif definition.charity is not None and charity_minor is not None:
        charity = {"charity": str(definition.charity.charity_id), "minor": charity_minor}
    return _named(version) | {
        "effect": msgspec.to_builtins(definition.give),
        "rounding": definition.rounding.value,
        "lines": [
            {
                "line": line.number,
                "base_minor": line.base_minor,
                "bps": line.bps,
                "desired_minor": line.desired_minor,
                "granted_minor": line.granted_minor,
            }
            for line in lines
        ],
        "desired_minor": desired_minor,
        "granted_minor": granted_minor,
        "because": list(because),
        "cuts": [
            {
                "by": cut.by,
                "from_minor": cut.from_minor,
                "to_minor": cut.to_minor,
                "limit_minor": cut.limit_minor,
                "per": cut.per,
            }
            for cut in cuts
        ],
        "funders": [{"funder": str(funder), "minor": minor} for funder, minor in funders],
        "charity": charity,
    }


def _named(version: facts.Version) -> dict[str, Any]:
    return {
        "version": str(version.version_id),
        "campaign": str(version.campaign_id),
        "name": version.definition.name,
        "asset": version.definition.asset,
    }


def _granted(one: Granted) -> dict[str, Any]:
    return matched(
        one.version,
        one.lines,
        desired_minor=one.desired_minor,
        granted_minor=one.granted_minor,
        because=one.because,
        cuts=one.cuts,
        funders=one.funders,
        charity_minor=one.charity_minor,
    )


def _given(one: Given) -> dict[str, Any]:
    lines = (LineGrant(number, 0, None, 0, 0) for number in one.lines)
    return matched(one.version, lines, because=one.because)


def _missed(one: Missed) -> dict[str, Any]:
    return _named(one.version) | {
        "effect": msgspec.to_builtins(one.version.definition.give),
        "lines": list(one.lines),
        "reasons": list(one.reasons),
    }


_SOON: Final = ("minimum", "quantity", "bundle", "spent", "beaten", "exhausted")


def _distance(one: Missed) -> tuple[int, int, int, int]:
    # The fewer reasons the nearer; what another item would mend is nearer than another day.
    first = one.reasons[0]["if"]
    soon = _SOON.index(first) if first in _SOON else len(_SOON)
    stack = one.version.definition.stack
    return len(one.reasons), soon, stack.priority, one.version.campaign_id.int
