"""What-if: a history answers as the books would, and a tally adds up what was decided."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import hypothesis
from hypothesis import strategies as st

from tests.rules import campaigns as examples
from tests.rules.examples import line, purchase
from wallet.rules import local
from wallet.rules.campaigns import facts, history, needs, relevant, whatif

MEMBERS = [uuid.UUID(int=number) for number in (1, 2)]
MERCHANTS = [uuid.UUID(int=number) for number in (11, 12, 13)]
CAMPAIGNS = [uuid.UUID(int=number) for number in (21, 22)]
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

hours = st.integers(0, 400)
bought = st.tuples(
    hours,
    st.sampled_from(MEMBERS),
    st.sampled_from(MERCHANTS),
    st.integers(0, 5_000),
    st.integers(0, 100),
)
asked = st.builds(
    facts.Measure,
    st.none() | st.frozensets(st.sampled_from(MERCHANTS), min_size=1),
    st.none() | hours.map(lambda hour: START + hour * HOUR),
)


@hypothesis.given(st.lists(bought, max_size=30), st.lists(asked, min_size=1, max_size=5))
def test_a_history_answers_as_adding_everything_up_would(
    told: list[tuple[int, uuid.UUID, uuid.UUID, int, int]], questions: list[facts.Measure]
) -> None:
    past = history.History()
    kept = []
    for hour, member_id, merchant_id, total_minor, percent in sorted(told, key=lambda one: one[0]):
        at = START + hour * HOUR
        place = past.bought(member_id, merchant_id, at, total_minor)
        back_minor = total_minor * percent // 100
        kept.append((at, member_id, merchant_id, total_minor - back_minor))
        past.returned(place, back_minor)
    for question in questions:
        for member_id in MEMBERS:
            wanted = [
                left
                for at, who, merchant_id, left in kept
                if who == member_id
                and (question.merchants is None or merchant_id in question.merchants)
                and (question.since is None or at >= question.since)
            ]
            expected = facts.Measured(sum(left > 0 for left in wanted), sum(wanted))

            assert expected == past.measured(member_id, question)


@hypothesis.given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from(MEMBERS),
            st.sampled_from(CAMPAIGNS),
            st.integers(0, 900),
        ),
        max_size=30,
    ),
    st.none() | st.integers(0, 40),
)
def test_what_a_campaign_gave_is_known_by_local_day(
    told: list[tuple[int, uuid.UUID, uuid.UUID, int]], since: int | None
) -> None:
    first = date(2026, 3, 1)
    start = None if since is None else first + timedelta(days=since)
    past = history.History()
    told.sort(key=lambda one: one[0])
    for day, member_id, campaign_id, minor in told:
        past.took(member_id, campaign_id, first + timedelta(days=day), minor)
    for member_id in MEMBERS:
        for campaign_id in CAMPAIGNS:
            by_day: dict[date, tuple[int, int]] = {}
            for day, who, which, minor in told:
                on = first + timedelta(days=day)
                if (who, which) == (member_id, campaign_id) and (start is None or on >= start):
                    before = by_day.get(on, (0, 0))
                    by_day[on] = (before[0] + minor, before[1] + 1)
            expected = tuple(facts.Used(on, *sums) for on, sums in sorted(by_day.items()))

            assert expected == past.used(member_id, campaign_id, start)


def told_of(*amounts: int) -> whatif.Tally:
    """A tally that was told of one purchase of each amount, of members in turn."""
    draft = examples.version(
        caps={"purchase_minor": 100}, funding=[{"funder": "operator", "bps": 10_000}]
    )
    tally = whatif.Tally(draft)
    for place, amount in enumerate(amounts):
        found = examples.given(draft, bought=purchase(line(amount_minor=amount)))
        seen = whatif.Bought(
            uuid.UUID(int=place), MEMBERS[place % 2], examples.ROSA, amount, "2026-03"
        )
        for one in found.granted:
            tally.granted(seen, one)
        for missed in found.missed:
            tally.missed(missed)
    return tally


def test_a_tally_adds_up_what_was_granted_and_what_was_cut() -> None:
    result = told_of(1_000, 4_000, 600).result(7)

    assert (50 + 100 + 30, 50 + 200 + 30) == (result.granted_minor, result.desired_minor)
    assert (3, 2, 3, 7) == (result.reached, result.members, result.lines, result.considered)
    assert (whatif.Part(examples.OPERATOR, 3, 180),) == result.funders
    assert (whatif.Part(examples.ROSA, 3, 180),) == result.merchants
    assert (whatif.Part("2026-03", 3, 180),) == result.months
    assert (whatif.Cuts("purchase_cap", 1, 100),) == result.cuts
    assert [(MEMBERS[1], 100), (MEMBERS[0], 80)] == [
        (one.member_id, one.granted_minor) for one in result.winners
    ]


def test_the_dearest_and_the_steepest_purchases_are_named_and_no_more_than_ten() -> None:
    result = told_of(*range(100, 3_100, 100)).result(30)

    assert 10 == len(result.dearest) == len(result.steepest)
    # From 2,000 on the cap cuts, and of equals the earlier ones stay.
    assert 100 == result.dearest[0].granted_minor
    assert 2_000 == result.dearest[0].total_minor
    assert 500 == result.steepest[0].share_bps


def test_purchases_without_a_line_that_counts_are_missed_for_the_line() -> None:
    draft = examples.version(lines=[{"if": "category", "any_of": ["beauty"]}])
    tally = whatif.Tally(draft)

    tally.unmatched(12)

    assert (whatif.Miss("category", 12, 0),) == tally.result(12).misses


def question(*drafts: facts.Version, every: bool = False) -> relevant.Question:
    """What is asked of the books for drafts."""
    return relevant.of(drafts, needs.of(drafts), since=START, zone=examples.ZONE, every=every)


def test_only_words_that_every_draft_names_narrow_what_is_asked() -> None:
    beauty = examples.version(1, lines=[{"if": "category", "any_of": ["beauty"]}])
    food = examples.version(2, lines=[{"if": "category", "any_of": ["food"]}])
    all_of_it = examples.version(3)

    assert question(beauty, food).categories == frozenset({"beauty", "food"})
    assert question(beauty, all_of_it).categories is None
    assert question(beauty, every=True).categories is None


def test_columns_are_asked_only_where_a_condition_or_an_effect_looks_at_them() -> None:
    plain = examples.version(1)
    rich = examples.version(
        2,
        lines=[{"if": "label", "any_of": ["organic"]}, {"if": "product", "any_of": ["1"]}],
        when=[{"if": "quantity", "at_least_milli": 2000}],
        give={"give": "multiplier", "times_milli": 2000},
    )

    assert question(plain).columns == frozenset()
    assert question(rich).columns == {"labels", "products", "quantities", "credits"}


def test_purchases_are_remembered_as_far_back_as_a_condition_looks() -> None:
    bought_at = {"if": "bought_at", "any_of": [str(MERCHANTS[0])], "within_days": 30}
    recent = examples.version(1, when=[bought_at])
    ever = examples.version(2, when=[{"if": "nth_purchase", "n": 3}])

    assert question(examples.version(3)).since == START
    assert question(recent).since == local.midnight(date(2026, 1, 30), examples.ZONE)
    assert question(ever).since is None


def test_a_frozen_result_is_not_changed_by_what_comes_later() -> None:
    tally = told_of(1_000)
    before = tally.result(1)

    tally.unmatched(1)

    assert before == replace(tally.result(1), misses=())
