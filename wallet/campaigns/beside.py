"""What else was in force while a draft is played: the campaigns and the rules of the programme.

Between two edges of the book the same is in force, so a year asks it a few dozen times.
"""

import bisect
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.campaigns import live, playback
from wallet.database import Database
from wallet.rules.campaigns import facts, programme
from wallet.rules.campaigns.definition import OnPurchase


@dataclass(frozen=True, slots=True)
class Beside:
    """`others` is None where no other campaign was in force in all that time."""

    rules: programme.Rules
    others: playback.Live | None


async def of(
    db: Database,
    *,
    since: datetime,
    until: datetime | None = None,
    without: uuid.UUID | None = None,
) -> Beside:
    """Find what was in force by what is known now; `without` leaves out the draft's own campaign.

    The rules are those at the end: by these the draft would stand beside the others.
    """
    moment = await live.moment(db)
    book, known_at = moment.book, moment.at
    end = until or known_at
    rules = book.rules_at(end, known_at=known_at)
    if not any(
        one[0] != without
        for at in (since, *(edge for edge in book.edges if since <= edge < end))
        for one in book.versions_at(at, known_at=known_at)
    ):
        return Beside(rules, None)
    spans: dict[int, tuple[facts.Version, ...]] = {}
    places: dict[tuple[int, uuid.UUID], tuple[facts.Version, ...]] = {}

    def others(merchant_id: uuid.UUID, at: datetime) -> Sequence[facts.Version]:
        span = bisect.bisect_right(book.edges, at)
        found = places.get((span, merchant_id))
        if found is None:
            if span not in spans:
                spans[span] = tuple(
                    facts.Version(*one)
                    for one in book.versions_at(at, known_at=known_at)
                    if one[0] != without and isinstance(one[2].on, OnPurchase)
                )
            found = places[span, merchant_id] = tuple(
                one
                for one in spans[span]
                if not one.definition.merchants or merchant_id in one.definition.merchants
            )
        return found

    return Beside(rules, others)
