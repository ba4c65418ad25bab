"""Ladders and pasts to climb with; the plain one is Sephora's, in a calendar year."""

import uuid
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from wallet.rules.schemes import ladders
from wallet.rules.tiers import facts, standing

OPENED = datetime(2025, 1, 1, tzinfo=UTC)
ROSA = UUID(int=0xA)
NAMES = (("insider", "Insider", 0), ("vib", "VIB", 35_000), ("rouge", "Rouge", 100_000))


def ladder(**changes: Any) -> ladders.Ladder:
    """Insider 0, VIB 350.00, Rouge 1,000.00 in a calendar year, but for what is given."""
    tiers = tuple(ladders.Tier(word=word, name=name, threshold=n) for word, name, n in NAMES)
    plain: dict[str, Any] = {
        "name": "Beauty Insider",
        "tiers": tiers,
        "window": ladders.CalendarYear(),
    }
    return ladders.Ladder(**{**plain, **changes})


def edition(since: datetime = OPENED, **changes: Any) -> facts.Edition:
    """A ladder in force from an instant on."""
    return facts.Edition(uuid.uuid5(ROSA, f"{since} {changes}"), ladder(**changes), since)


def bought(at: str | datetime, amount: int, *returns: tuple[str, int], **more: Any) -> facts.Entry:
    """A purchase at Rosa's, and what came back of it when."""
    when = instant(at)
    plain: dict[str, Any] = {
        "entry_id": uuid.uuid5(ROSA, f"{when} {amount}"),
        "at": when,
        "merchant_id": ROSA,
        "amount": amount,
        "returns": tuple((instant(day), minor) for day, minor in returns),
    }
    return facts.Entry(**{**plain, **more})


def instant(text: str | datetime) -> datetime:
    """An instant in UTC; a day alone is its noon."""
    if isinstance(text, datetime):
        return text
    full = f"{text}T12:00:00" if len(text) == 10 else text
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


def stand(
    *entries: facts.Entry,
    at: str | datetime,
    editions: list[facts.Edition] | None = None,
    given: tuple[facts.Given, ...] = (),
    joined: str | datetime = "2025-01-01",
    zone: str = "UTC",
    **changes: Any,
) -> facts.Standing:
    """Where somebody stands who joined with the ladder, but for what is given."""
    past = facts.Past(instant(joined), entries, given)
    found = standing.stand(editions or [edition(**changes)], past, zone=zone, at=instant(at))
    assert found is not None
    return found


def told(found: facts.Standing) -> list[tuple[str, str, str]]:
    """Its history: when, why, and to which tier."""
    return [(f"{one.since:%Y-%m-%d}", one.why, one.tier) for one in found.steps]
