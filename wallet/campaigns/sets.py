"""Sets of campaigns, ready to decide with: compiled once, kept as long as nothing changes.

A set is what was in force at one merchant at one instant, as known at another. The same versions
under the same rules are compiled once in a process, whoever asks.
"""

import bisect
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wallet import money
from wallet.campaigns import budgets, live
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


def at(
    db: Database,
    book: live.Book,
    *,
    at: datetime,
    known_at: datetime,
    merchant_id: uuid.UUID,
    operator_id: uuid.UUID,
) -> Ready:
    """What was in force at a merchant at an instant, as known at another; compiled or found so."""
    found = _kept(db, "campaign moments")
    key = (book.epoch, _between(book, at), known_at >= book.recorded_at or known_at, merchant_id)
    kept = found.get(key)
    if isinstance(kept, Ready):
        return kept
    versions = [
        facts.Version(campaign_id, version_id, definition)
        for campaign_id, version_id, definition in book.versions_at(at, known_at=known_at)
    ]
    rules = book.rules_at(at, known_at=known_at)
    fresh = ready(db, versions, rules, merchant_id=merchant_id, operator_id=operator_id)
    _keep(found, key, fresh)
    return fresh


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
    kept = _kept(db, "campaign sets")
    key = (merchant_id, rules, tuple(one.version_id for one in mine))
    found = kept.get(key)
    if isinstance(found, Ready):
        return found
    made = compiled.compile_set(mine, rules)
    place = facts.Place(merchant_id, operator_id, "UTC")
    fresh = Ready(made, needs.of(made.versions), rules, _budgets(made.versions, place))
    _keep(kept, key, fresh)
    return fresh


def _between(book: live.Book, at: datetime) -> int:
    """Between which two instants, at which anything begins or ends, this one lies."""
    return bisect.bisect_right(book.edges, at)


def _kept(db: Database, name: str) -> dict[object, object]:
    found = db.known.setdefault(name, {})
    assert isinstance(found, dict)
    return found


def _keep(kept: dict[object, object], key: object, value: Ready) -> None:
    while len(kept) >= KEPT_MAX:
        kept.pop(next(iter(kept)))
    kept[key] = value


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
