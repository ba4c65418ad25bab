"""What is written down of a standing: each change once, and nothing that was told is taken back."""

from tests.rules.ladders import bought, stand
from wallet.rules.tiers import facts, history


def last_of(found: facts.Standing, number: int = 1) -> history.Last:
    step = found.steps[-1]
    return history.Last(step.tier, number, step.since, found.lifetime)


def test_the_first_look_writes_all_that_happened() -> None:
    found = stand(bought("2025-03-01", 35_000), at="2025-04-01")

    assert history.following(found, None) == found.steps


def test_a_second_look_writes_nothing_again() -> None:
    found = stand(bought("2025-03-01", 35_000), at="2025-04-01")

    assert history.following(found, last_of(found)) == []


def test_a_later_look_writes_what_happened_since() -> None:
    entries = [bought("2025-03-01", 35_000), bought("2025-04-01", 65_000)]
    before, after = stand(entries[0], at="2025-03-05"), stand(*entries, at="2025-05-01")

    assert history.following(after, last_of(before)) == [after.steps[-1]]


def test_a_purchase_that_is_reported_late_leads_on_from_what_was_told() -> None:
    told = stand(bought("2025-03-01", 35_000), at="2027-02-01")
    late = stand(bought("2025-03-01", 35_000), bought("2026-12-30", 35_000), at="2027-02-01")

    (change,) = history.following(late, last_of(told))
    assert (told.tier, change.why, change.tier) == ("insider", "restated", "vib")


def test_a_purchase_that_would_have_risen_earlier_changes_no_history() -> None:
    told = stand(bought("2025-03-01", 20_000), bought("2025-05-01", 20_000), at="2025-06-01")
    late = stand(
        bought("2025-03-01", 20_000),
        bought("2025-04-01", 20_000),
        bought("2025-05-01", 20_000),
        at="2025-06-01",
    )

    assert (late.since < told.since, history.following(late, last_of(told))) == (True, [])
