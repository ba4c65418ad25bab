"""The next better option of a basket: how little more would make how much more come back.

Nothing is promised that would not be paid: the basket with the addition is decided by the very same
rules, and the difference is what is named.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from wallet.rules import purchases
from wallet.rules.campaigns import facts
from wallet.rules.campaigns.outcome import Granted, Missed, Outcome

Decide: TypeAlias = Callable[[purchases.Purchase], tuple[int, Outcome]]
"""What a basket is credited in all, in its asset, and what campaigns gave of it."""
TRIED_MAX: Final = 3
"""Near misses that are tried out: each one is another decision of the basket."""
STEPS_MAX: Final = 5
"""How often what is still missing is added; almost always once is enough."""


@dataclass(frozen=True, slots=True)
class Next:
    """Add `missing_minor` of what the campaign counts, and `gain_minor` more comes back."""

    version: facts.Version
    missing_minor: int
    gain_minor: int


def best(
    purchase: purchases.Purchase,
    outcome: Outcome,
    credited_minor: int,
    decide: Decide,
) -> Next | None:
    """Find the near miss whose missing amount brings back the most for what it asks."""
    near = _near(outcome, purchase.asset)[:TRIED_MAX]
    tried = [_option(purchase, missed, credited_minor, decide) for missed in near]
    found = [one for one in tried if one is not None]
    # The best return on the addition; of equals the smaller addition, then the older campaign.
    found.sort(
        key=lambda one: (
            -one.gain_minor * 10_000 // one.missing_minor,
            one.missing_minor,
            one.version.campaign_id.int,
        )
    )
    return found[0] if found else None


def document(option: Next) -> dict[str, Any]:
    """Write an option as it stands in an explanation."""
    return {
        "campaign": str(option.version.campaign_id),
        "name": option.version.definition.name,
        "missing_minor": option.missing_minor,
        "gain_minor": option.gain_minor,
        "asset": option.version.definition.asset,
    }


def _option(
    purchase: purchases.Purchase, missed: Missed, credited_minor: int, decide: Decide
) -> Next | None:
    """Try how much more it takes until the campaign gives something, and what comes back then.

    Where a part is paid with cashback, an addition takes a share of that part from the other
    lines, and counts for less than it costs; so what is still missing is added too.
    """
    asked = missed.reasons[0]["if"]
    missing_minor, still_minor = 0, int(missed.reasons[0]["missing_minor"])
    for _ in range(STEPS_MAX):
        missing_minor += still_minor
        more_minor, then = decide(_with_more(purchase, missed, missing_minor))
        gain_minor = more_minor - credited_minor
        if any(one.granted_minor > 0 and _same(one, missed) for one in then.granted):
            return Next(missed.version, missing_minor, gain_minor) if gain_minor > 0 else None
        reasons = [reason for one in then.missed if _same(one, missed) for reason in one.reasons]
        if [reason["if"] for reason in reasons] != [asked]:
            return None
        still_minor = int(reasons[0]["missing_minor"])
    return None


def _same(one: Granted | Missed, missed: Missed) -> bool:
    return one.version.version_id == missed.version.version_id


def _near(outcome: Outcome, asset: str) -> list[Missed]:
    near = [
        one
        for one in outcome.missed
        if len(one.reasons) == 1
        and one.reasons[0]["if"] in ("minimum", "spent")
        and one.version.definition.asset == asset
        and one.lines
    ]
    return sorted(
        near, key=lambda one: (one.reasons[0]["missing_minor"], one.version.campaign_id.int)
    )


def _with_more(
    purchase: purchases.Purchase, missed: Missed, missing_minor: int
) -> purchases.Purchase:
    """The same basket with a dearer line, of those that the campaign counts."""
    number = missed.lines[0]
    return replace(
        purchase,
        lines=tuple(
            replace(line, amount_minor=line.amount_minor + missing_minor)
            if line.number == number
            else line
            for line in purchase.lines
        ),
    )
