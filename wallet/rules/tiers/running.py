"""Ladders that run, and whether a standing that was worked out once still holds.

A standing comes as the row that keeps it, because it is read beside other facts of a decision.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import standing
from wallet.rules.tiers.facts import Edition

Row: TypeAlias = Mapping[str, Any]
"""A row of `ledger.standing` as JSON."""


@dataclass(frozen=True, slots=True)
class Running:
    """A ladder with all its editions in order, and when it ended or will end."""

    scheme_id: uuid.UUID
    editions: tuple[Edition, ...]
    ends_at: datetime | None = None

    @property
    def ladder(self) -> Ladder:
        """The newest edition."""
        return self.editions[-1].ladder

    def edition(self, at: datetime) -> Edition | None:
        """The edition in force at an instant; None before the first and after the end."""
        if self.ends_at is not None and self.ends_at <= at:
            return None
        found = [one for one in self.editions if one.since <= at]
        return found[-1] if found else None


def house(running: Sequence[Running], at: datetime) -> Running | None:
    """The programme's own ladder at an instant: the oldest that holds everywhere."""
    for one in running:
        edition = one.edition(at)
        if edition is not None and not edition.ladder.merchants:
            return one
    return None


def is_fresh(one: Running, row: Row | None, facts_version: int, at: datetime) -> bool:
    """True if a standing decides a purchase of this instant without another look."""
    if one.edition(at) is None:
        return True
    if row is None or row["facts_seen"] != facts_version:
        return False
    if row["look_at"] is not None and datetime.fromisoformat(row["look_at"]) <= at:
        return False
    edition = one.edition(max(at, datetime.fromisoformat(row["looked_at"])))
    return edition is None or uuid.UUID(row["version_id"]) == edition.version_id


def tier_at(one: Running, row: Row | None, at: datetime) -> str | None:
    """The tier by which a purchase of an instant is decided; None where the ladder did not hold.

    Who has no history by then begins at the bottom: a first purchase is decided by the first tier.
    """
    edition = one.edition(at)
    if edition is None:
        return None
    steps = [] if row is None else row["detail"]["steps"]
    found = standing.tier_among(
        [(word, datetime.fromisoformat(since), after) for word, since, after in steps], at
    )
    return found or edition.ladder.tiers[0].word
