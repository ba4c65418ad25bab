"""What holds for every ladder and every member, whatever is bought and comes back when."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from tests.rules import ladders as examples
from wallet.rules.schemes import ladders
from wallet.rules.tiers import facts, standing

TICK = timedelta(microseconds=1)
END = datetime(2028, 6, 1, tzinfo=UTC)
ZONES = st.sampled_from(
    ["UTC", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/Sao_Paulo", "Europe/Lisbon"]
)
WINDOWS = st.sampled_from(
    [
        ladders.CalendarYear(),
        ladders.Anniversary(),
        ladders.Rolling(days=90),
        ladders.Rolling(months=5),
        ladders.SinceChange(days=200),
    ]
)


@st.composite
def entry(draw: st.DrawFn) -> facts.Entry:
    """A purchase of three years, and up to two returns of parts of it."""
    day = draw(st.integers(0, 1_000))
    at = examples.OPENED + timedelta(days=day, hours=draw(st.integers(0, 23)))
    amount = draw(st.integers(1, 60_000))
    first = draw(st.integers(0, amount))
    cuts = [first, draw(st.integers(0, amount - first))]
    returns = tuple(
        (at + timedelta(days=draw(st.integers(1, 300))), cut) for cut in cuts if cut > 0
    )
    paid = draw(st.integers(0, amount))
    return (
        examples.bought(at, amount, paid=paid, entry_id=draw(st.uuids()))
        if (not returns)
        else facts.Entry(draw(st.uuids()), at, examples.ROSA, amount, paid, returns)
    )


@st.composite
def one_ladder(draw: st.DrawFn) -> ladders.Ladder:
    """A ladder with any window and policy."""
    return examples.ladder(
        window=draw(WINDOWS),
        downgrade=(down := draw(st.sampled_from(["none", "one_step", "full"]))),
        grace_days=0 if down == "none" else draw(st.sampled_from([0, 1, 30])),
        counts_cashback_paid=draw(st.booleans()),
    )


ENTRIES = st.lists(entry(), max_size=standing.RETURNS_MAX // 2)
"""With two returns of each, all of them are looked at."""


def of(it: ladders.Ladder, entries: list[facts.Entry], zone: str, at: datetime) -> facts.Standing:
    editions = [facts.Edition(examples.ROSA, it, examples.OPENED)]
    found = standing.stand(editions, facts.Past(examples.OPENED, entries), zone=zone, at=at)
    assert found is not None
    return found


@given(one_ladder(), ENTRIES, ZONES, st.randoms())
def test_the_order_of_reports_does_not_matter(
    it: ladders.Ladder, entries: list[facts.Entry], zone: str, chance: random.Random
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)

    assert of(it, entries, zone, END) == of(it, shuffled, zone, END)


@given(one_ladder(), ENTRIES, ZONES, st.integers(1, 1_200))
def test_history_is_a_beginning_of_every_later_one(
    it: ladders.Ladder, entries: list[facts.Entry], zone: str, days: int
) -> None:
    at = examples.OPENED + timedelta(days=days)
    known = [one for one in entries if one.at <= at]
    then = of(it, known, zone, at)
    later = of(it, entries, zone, END)
    hypothesis.event(f"{min(len(then.steps), 4)} steps")

    assert then.steps == later.steps[: len(then.steps)]


@given(one_ladder(), ENTRIES, ZONES)
def test_time_alone_changes_nothing_before_the_next_look(
    it: ladders.Ladder, entries: list[facts.Entry], zone: str
) -> None:
    at = examples.OPENED + timedelta(days=500)
    known = [one for one in entries if one.at <= at]
    now = of(it, known, zone, at)
    look_at = now.look_at or END
    before = of(it, known, zone, max(at, look_at - TICK))

    assert (now.steps, now.next, now.stay, now.total) == (
        before.steps,
        before.next,
        before.stay,
        before.total,
    )


@given(one_ladder(), ENTRIES, entry(), ZONES)
def test_one_more_purchase_never_lowers_anybody_by_itself(
    it: ladders.Ladder, entries: list[facts.Entry], more: facts.Entry, zone: str
) -> None:
    hypothesis.assume(not isinstance(it.window, ladders.SinceChange))
    words = [one.word for one in it.tiers]
    kept = facts.Entry(more.entry_id, more.at, more.merchant_id, more.amount)
    without, with_it = of(it, entries, zone, END), of(it, [*entries, kept], zone, END)

    assert words.index(without.tier) <= words.index(with_it.tier)


@given(one_ladder(), ENTRIES, ZONES)
def test_each_change_leads_from_where_the_one_before_led(
    it: ladders.Ladder, entries: list[facts.Entry], zone: str
) -> None:
    steps = of(it, entries, zone, END).steps
    hypothesis.event(", ".join(sorted({one.why for one in steps})))

    assert all(one.tier != other.tier for one, other in itertools.pairwise(steps))
    assert all(one.since <= other.since for one, other in itertools.pairwise(steps))
