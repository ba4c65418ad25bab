"""Tiers that a milestone reaches, beside what was bought."""

from typing import Any
from uuid import UUID

from tests.rules.ladders import NAMES, bought, instant, stand, told
from wallet.rules.schemes import ladders
from wallet.rules.tiers import facts

TEN_COFFEES = UUID(int=0x10)
TIERS = tuple(
    ladders.Tier(word=word, name=name, threshold=n, milestone=TEN_COFFEES if n == 35_000 else None)
    for word, name, n in NAMES
)


def reached(at: str, taken_back: str | None = None, milestone: UUID = TEN_COFFEES) -> facts.Entry:
    """A milestone that was reached, and when it was taken back."""
    back = () if taken_back is None else ((instant(taken_back), 1),)
    return bought(at, 1, merchant_id=None, milestone=milestone, returns=back)


def climbs(*entries: facts.Entry, at: str, **changes: Any) -> facts.Standing:
    return stand(*entries, at=at, **{"tiers": TIERS, **changes})


def test_a_milestone_reaches_a_tier_and_counts_for_nothing_else() -> None:
    coffees, bread = reached("2025-04-01"), bought("2025-03-01", 1_000)
    found = climbs(bread, coffees, at="2025-05-01")

    assert (found.tier, found.earned, found.total) == ("vib", "vib", 1_000)
    assert told(found)[1:] == [("2025-04-01", "milestone", "vib")]
    assert found.steps[-1].causes == (coffees.entry_id,)


def test_a_milestone_that_no_tier_names_reaches_none() -> None:
    assert climbs(reached("2025-04-01", milestone=UUID(int=9)), at="2025-05-01").tier == "insider"


def test_a_milestone_adds_nothing_where_purchases_are_counted() -> None:
    found = climbs(
        reached("2025-04-01"), bought("2025-03-01", 1), at="2025-05-01", metric="purchases"
    )

    assert (found.tier, found.total) == ("vib", 1)


def test_whoever_has_a_milestone_climbs_on_by_purchases() -> None:
    found = climbs(reached("2025-04-01"), bought("2025-05-01", 100_000), at="2025-06-01")

    assert told(found)[1:] == [
        ("2025-04-01", "milestone", "vib"),
        ("2025-05-01", "upgrade", "rouge"),
    ]


def test_a_milestone_lasts_as_long_as_a_threshold() -> None:
    entry = reached("2025-06-01")

    assert climbs(entry, at="2026-12-31T23:59:59").tier == "vib"
    assert climbs(entry, at="2027-01-01T00:00:00").tier == "insider"


def test_a_milestone_of_this_window_leaves_nothing_to_do_to_stay() -> None:
    entry = reached("2025-06-01")
    this, following = (climbs(entry, at=f"{year}-12-15") for year in (2025, 2026))

    assert this.stay is not None
    assert (this.stay.remaining, this.warn) == (0, False)
    assert following.stay is not None
    assert (following.stay.remaining, following.falls_to, following.warn) == (
        *(35_000, "insider", True),
    )


def test_a_milestone_that_is_taken_back_leaves_the_member_where_they_would_stand() -> None:
    entry = reached("2025-04-01", taken_back="2025-05-01")
    found = climbs(entry, at="2025-06-01")

    assert told(found)[1:] == [
        ("2025-04-01", "milestone", "vib"),
        ("2025-05-01", "return", "insider"),
    ]
    assert climbs(entry, reached("2025-04-02"), at="2025-06-01").tier == "vib"


def test_a_milestone_is_forgotten_by_a_rolling_window() -> None:
    window = ladders.Rolling(days=30)
    before = climbs(reached("2025-04-01"), at="2025-04-30", window=window)
    after = climbs(reached("2025-04-01"), at="2025-05-01", window=window)

    assert before.stay is not None
    assert (before.stay.remaining, before.falls_to) == (35_000, "insider")
    assert before.stay.until == instant("2025-05-01T00:00:00") == before.look_at
    assert told(after)[1:] == [
        ("2025-04-01", "milestone", "vib"),
        ("2025-05-01", "downgrade", "insider"),
    ]
