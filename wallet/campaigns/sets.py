"""Sets of campaigns, ready to decide with: compiled once, kept as long as nothing changes.

A set is what was in force at one merchant at one instant, as known at another. The same versions
under the same rules are compiled once in a process, whoever asks.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wallet import money
from wallet.campaigns import budgets
from wallet.database import Database
from wallet.rules.campaigns import compiled, facts, limits, needs, programme
from wallet.rules.campaigns.definition import OnPurchase

KEPT_MAX: Final = 512
"""Sets that a process keeps: ten merchants over a year of changes; beyond it the oldest go."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A compiled set, what it asks, and the budgets that it may draw on, by their ids."""

    set: compiled.Set
    needs: needs.Needs
    rules: programme.Rules
    budgets: Mapping[uuid.UUID, facts.Budget]


def ready(
    db: Database,
    versions: Iterable[facts.Version],
    rules: programme.Rules,
    *,
    merchant_id: uuid.UUID,
    operator_id: uuid.UUID,
) -> Ready:
    """Compile the versions that hold for purchases at a merchant, or find them compiled."""
    mine = tuple(
        one
        for one in versions
        if isinstance(one.definition.on, OnPurchase)
        and (not one.definition.merchants or merchant_id in one.definition.merchants)
    )
    kept = db.known.setdefault("campaign sets", {})
    assert isinstance(kept, dict)
    key = (merchant_id, rules, tuple(one.version_id for one in mine))
    found = kept.get(key)
    if isinstance(found, Ready):
        return found
    made = compiled.compile_set(mine, rules)
    place = facts.Place(merchant_id, operator_id, "UTC")
    fresh = Ready(made, needs.of(made.versions), rules, _budgets(made.versions, place))
    while len(kept) >= KEPT_MAX:
        kept.pop(next(iter(kept)))
    kept[key] = fresh
    return fresh


def _budgets(
    versions: Iterable[facts.Version], place: facts.Place
) -> dict[uuid.UUID, facts.Budget]:
    """Name every budget that these versions could draw on; which of them exist, the books know."""
    found: set[facts.Budget] = set()
    for version in versions:
        asset = version.definition.asset
        found.add(("campaign", version.campaign_id, asset))
        found.add(("merchant", place.merchant_id, asset))
        for share in version.definition.funding:
            found.add(("funder", limits.funder_of(share, place), asset))
    return {
        budgets.budget_id(kind, subject_id, money.asset(asset)): (kind, subject_id, asset)
        for kind, subject_id, asset in sorted(found)
    }
