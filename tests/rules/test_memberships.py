"""Paid memberships, without a database: what a payment buys and what goes back, to the cent."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from wallet import errors
from wallet.rules import local
from wallet.rules.progress import memberships as rules
from wallet.rules.schemes import memberships as plans

LISBON = "Europe/Lisbon"
PLAN: dict[str, Any] = {
    "name": "VIP",
    "seller": "operator",
    "asset": "EUR",
    "price_minor": 3650,
    "term": plans.Term(count=1, unit="year"),
}
PRO_RATA = plans.Cancelling(refund="pro_rata_days", entitled="at_once")
IN_TIME = plans.Cancelling(refund="full_within_days", days=14, entitled="at_once")
MONTHLY = plans.Term(count=1, unit="month")


def plan(**changes: Any) -> plans.Membership:
    made = plans.Membership(**{**PLAN, **changes})
    made.check()
    return made


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def begun(one: plans.Membership, day: str, paid_minor: int = 3650, zone: str = LISBON) -> rules.Act:
    return rules.start(one, paid_at=noon(day), paid_minor=paid_minor, zone=zone)


def standing(*acts: rules.Act, last_at: datetime | None = None) -> rules.Standing:
    """How a membership stands after acts, as the books would have it."""
    last = acts[-1]
    assert last.paid is not None
    return rules.Standing(
        closed=None,
        last_at=last_at or noon(acts[0].anchor.isoformat()),
        anchor=last.anchor,
        entitled_until=last.entitled_until,
        terms=tuple(act.paid for act in acts if act.paid is not None),
    )


def renewed(
    one: plans.Membership, before: rules.Standing, at: str, paid_minor: int = 3650
) -> rules.Act:
    return rules.renew(
        one, before, paid_at=noon(at), now=noon(at), paid_minor=paid_minor, zone=LISBON
    )


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        # Paid an hour before midnight in London, the day after in Lisbon's summer and in Tokyo.
        ("Europe/Lisbon", ("2026-03-30", "2027-03-29T23:00:00+00:00")),
        ("Asia/Tokyo", ("2026-03-30", "2027-03-29T15:00:00+00:00")),
        ("America/Sao_Paulo", ("2026-03-29", "2027-03-29T03:00:00+00:00")),
    ],
)
def test_days_are_the_programmes_also_when_its_clocks_change(
    zone: str, expected: tuple[str, str]
) -> None:
    paid_at = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)

    act = rules.start(plan(), paid_at=paid_at, paid_minor=3650, zone=zone)

    assert act.paid is not None
    found = act.paid.from_day.isoformat(), act.entitled_until.astimezone(UTC).isoformat()
    assert expected == found


def test_grace_lets_in_after_the_end_and_nobody_else_is() -> None:
    act = begun(plan(grace_days=7), "2026-03-10")
    ends = local.midnight(date(2027, 3, 17), LISBON)

    assert (date(2027, 3, 10), ends) == (act.until_day, act.entitled_until)
    shown = [
        rules.state(None, act.until_day, act.entitled_until, now=now, zone=LISBON)
        for now in (noon("2027-03-09"), noon("2027-03-10"), ends)
    ]
    assert ["active", "in_grace", "lapsed"] == shown


def test_a_payment_in_time_or_in_grace_goes_on_where_the_last_term_ended() -> None:
    one = plan(grace_days=7)
    before = standing(begun(one, "2026-03-10"))
    terms = [renewed(one, before, day) for day in ("2027-02-20", "2027-03-14")]

    expected = rules.Paid(date(2027, 3, 10), date(2028, 3, 10), 3650)
    assert [("renewed", expected)] * 2 == [(act.kind, act.paid) for act in terms]


def test_a_payment_after_grace_begins_anew_and_leaves_the_days_between_unpaid() -> None:
    one = plan(grace_days=7)

    act = renewed(one, standing(begun(one, "2026-03-10")), "2027-04-02")

    assert ("reinstated", date(2027, 4, 2)) == (act.kind, act.anchor)
    assert rules.Paid(date(2027, 4, 2), date(2028, 4, 2), 3650) == act.paid


def test_a_payment_made_in_grace_and_reported_after_it_leaves_no_gap() -> None:
    one = plan(grace_days=7)

    act = rules.renew(
        one,
        standing(begun(one, "2026-03-10")),
        paid_at=noon("2027-03-16"),
        now=noon("2027-03-18"),
        paid_minor=3650,
        zone=LISBON,
    )

    assert ("reinstated", date(2027, 3, 10)) == (act.kind, act.paid and act.paid.from_day)


def test_terms_may_be_paid_ahead_but_not_without_end() -> None:
    one = plan(term=MONTHLY)
    acts = [begun(one, "2026-03-10")]
    for _ in range(rules.TERMS_AHEAD_MAX):
        acts.append(renewed(one, standing(*acts), "2026-03-11"))

    assert date(2026, 6, 10) == acts[-1].until_day
    with pytest.raises(errors.MembershipInvalid):
        renewed(one, standing(*acts), "2026-03-12")


def test_payments_are_reported_in_order_and_soon() -> None:
    one = plan()
    late = standing(begun(one, "2026-03-10"), last_at=noon("2026-03-12"))
    with pytest.raises(errors.MembershipInvalid) as caught:
        renewed(one, late, "2026-03-11")
    now = noon("2026-03-12")
    for paid_at in (now + timedelta(hours=1), now - timedelta(days=8)):
        with pytest.raises(errors.MembershipInvalid):
            rules.check_time(paid_at, known_at=now)

    assert ("paid_at",) == caught.value.path


@pytest.mark.parametrize("paid_minor", [-1, 3651])
def test_no_more_than_the_price_is_taken(paid_minor: int) -> None:
    with pytest.raises(errors.AmountInvalid) as caught:
        begun(plan(), "2026-03-10", paid_minor)

    assert "This plan costs 36.50 EUR. Report what was paid for it, at most that." == str(
        caught.value
    )


@pytest.mark.parametrize(
    ("said", "day", "expected"),
    [
        # 10.00 for each of 365 days; the day of cancelling is used.
        (PRO_RATA, "2026-03-10", (3640, "days_left")),
        (PRO_RATA, "2026-03-19", (3550, "days_left")),
        (PRO_RATA, "2027-03-08", (10, "days_left")),
        (PRO_RATA, "2027-03-09", (0, "used_up")),
        (PRO_RATA, "2027-04-09", (0, "used_up")),
        (IN_TIME, "2026-03-23", (3650, "whole")),
        (IN_TIME, "2026-03-24", (3500, "days_left")),
        (plans.Cancelling(), "2026-03-10", (0, "no_refund")),
    ],
)
def test_cancelling_gives_back_what_the_plan_says(
    said: plans.Cancelling, day: str, expected: tuple[int, rules.Why]
) -> None:
    one = plan(cancelling=said, grace_days=60)

    act = rules.cancel(one, standing(begun(one, "2026-03-10")), now=noon(day), zone=LISBON)

    assert expected == (act.refund_minor, act.why)


def test_a_term_that_has_not_begun_goes_back_whole() -> None:
    one = plan(cancelling=PRO_RATA)
    first = begun(one, "2026-03-10")
    second = renewed(one, standing(first), "2027-03-01", 3000)

    act = rules.cancel(one, standing(first, second), now=noon("2027-03-08"), zone=LISBON)

    assert (3010, "days_left") == (act.refund_minor, act.why)


def test_with_a_refund_it_ends_with_the_day_and_without_one_it_is_used_up() -> None:
    ends = []
    for said in (PRO_RATA, plans.Cancelling()):
        one = plan(cancelling=said, grace_days=7)
        act = rules.cancel(
            one, standing(begun(one, "2026-03-10")), now=noon("2026-05-10"), zone=LISBON
        )
        ends.append(act.entitled_until)

    expected = [date(2026, 5, 11), date(2027, 3, 10)]
    assert [local.midnight(day, LISBON) for day in expected] == ends


def test_who_cancels_in_grace_is_out_at_once() -> None:
    one, now = plan(grace_days=7), noon("2027-03-12")

    act = rules.cancel(one, standing(begun(one, "2026-03-10")), now=now, zone=LISBON)

    assert now == act.entitled_until


def test_an_upgrade_counts_what_is_left_and_asks_for_the_rest() -> None:
    old, new = plan(), plan(name="VIP Gold", price_minor=7300)
    before = standing(begun(old, "2026-03-10"))
    at = {"paid_at": noon("2026-03-20"), "now": noon("2026-03-20"), "zone": LISBON}
    with pytest.raises(errors.AmountInvalid) as caught:
        rules.change(old, new, before, paid_minor=3650, **at)  # type: ignore[arg-type]

    act = rules.change(old, new, before, paid_minor=3750, **at)  # type: ignore[arg-type]

    assert "37.50 EUR" in caught.value.message
    assert (3550, 3750, 0) == (act.credit_minor, act.paid_minor, act.refund_minor)
    assert rules.Paid(date(2026, 3, 20), date(2027, 3, 20), 7300) == act.paid


def test_a_smaller_plan_gives_back_what_is_over() -> None:
    old, new = plan(), plan(name="VIP Light", price_minor=1000)
    before = standing(begun(old, "2026-03-10"))
    now = noon("2026-03-20")

    act = rules.change(old, new, before, paid_at=now, now=now, paid_minor=0, zone=LISBON)

    assert (3550, 0, 2550) == (act.credit_minor, act.paid_minor, act.refund_minor)


def test_a_plan_that_counts_nothing_is_paid_anew_in_full() -> None:
    old, new = plan(change="none"), plan(name="VIP Gold", price_minor=7300)
    before = standing(begun(old, "2026-03-10"))
    now = noon("2026-03-20")

    act = rules.change(old, new, before, paid_at=now, now=now, paid_minor=None, zone=LISBON)

    assert (0, 7300) == (act.credit_minor, act.paid_minor)


def test_nothing_goes_on_that_has_ended() -> None:
    one = plan()
    ended = rules.Standing(
        "cancelled", noon("2026-03-10"), date(2026, 3, 10), noon("2026-03-12"), ()
    )
    at = {"paid_at": noon("2026-03-20"), "now": noon("2026-03-20"), "zone": LISBON}
    attempts: list[Callable[[], rules.Act]] = [
        lambda: rules.renew(one, ended, paid_minor=0, **at),  # type: ignore[arg-type]
        lambda: rules.change(one, one, ended, paid_minor=0, **at),  # type: ignore[arg-type]
        lambda: rules.cancel(one, ended, now=noon("2026-03-20"), zone=LISBON),
    ]
    for attempt in attempts:
        with pytest.raises(errors.MembershipClosed) as caught:
            attempt()

        assert {"state": "cancelled"} == caught.value.data


def test_a_plan_of_another_seller_is_no_change() -> None:
    old, new = plan(), plan(seller="01a00000-0000-7000-8000-000000000001")
    before, now = standing(begun(old, "2026-03-10")), noon("2026-03-20")

    with pytest.raises(errors.MembershipInvalid) as caught:
        rules.change(old, new, before, paid_at=now, now=now, paid_minor=0, zone=LISBON)

    assert ("plan_id",) == caught.value.path


def test_it_lapses_when_its_time_is_over_and_not_before() -> None:
    before = standing(begun(plan(grace_days=7), "2026-03-10"))
    ends = before.entitled_until

    acts = [rules.lapse(before, now=now) for now in (ends - timedelta(microseconds=1), ends)]

    assert [None, ("lapsed", ends)] == [one and (one.kind, one.entitled_until) for one in acts]


DAYS = st.dates(date(2023, 12, 1), date(2029, 3, 1))
TERMS = st.one_of(
    st.builds(plans.Term, count=st.integers(1, 400), unit=st.just("day")),
    st.builds(plans.Term, count=st.integers(1, 24), unit=st.just("month")),
    st.builds(plans.Term, count=st.integers(1, 3), unit=st.just("year")),
)
REFUNDS = st.one_of(
    st.just(plans.Cancelling()),
    st.just(PRO_RATA),
    st.builds(
        plans.Cancelling,
        refund=st.just("full_within_days"),
        days=st.integers(1, 60),
        entitled=st.just("at_once"),
    ),
)


@hypothesis.given(anchor=DAYS, term=TERMS, after=st.integers(0, 900))
def test_each_term_begins_where_the_last_one_ended(
    anchor: date, term: plans.Term, after: int
) -> None:
    first = rules.until(anchor, term, after=anchor + timedelta(days=after))
    second = rules.until(anchor, term, after=first)

    assert anchor + timedelta(days=after) < first < second
    assert rules.until(anchor, term, after=first - timedelta(days=1)) == first
    assert (second - first).days >= term.days_min


@hypothesis.given(
    day=DAYS,
    terms=st.lists(TERMS, min_size=1, max_size=3),
    paid=st.lists(st.integers(0, 10**9), min_size=3, max_size=3),
    away=st.integers(0, 1200),
    said=REFUNDS,
)
def test_no_refund_is_above_what_was_paid_and_it_never_grows_with_the_days(
    day: date, terms: list[plans.Term], paid: list[int], away: int, said: plans.Cancelling
) -> None:
    bought: list[rules.Paid] = []
    for term, minor in zip(terms, paid, strict=False):
        begins = bought[-1].until_day if bought else day
        bought.append(rules.Paid(begins, rules.until(begins, term, after=begins), minor))
    on = day + timedelta(days=away)

    today = rules.refund(bought, on, said).minor
    tomorrow = rules.refund(bought, on + timedelta(days=1), said).minor

    assert 0 <= tomorrow <= today <= sum(one.worth_minor for one in bought)


@hypothesis.given(
    day=DAYS, term=TERMS, worth=st.integers(0, 10**9), away=st.integers(0, 1200), price=REFUNDS
)
def test_what_is_used_and_what_goes_back_are_what_was_paid(
    day: date, term: plans.Term, worth: int, away: int, price: plans.Cancelling
) -> None:
    """Going over to another plan moves value and makes none: what came in, went out or is kept."""
    old, new = plan(term=term, price_minor=10**9, remind_days=0), plan(price_minor=5 * 10**8)
    before = standing(
        rules.start(old, paid_at=noon(day.isoformat()), paid_minor=worth, zone=LISBON)
    )
    now = noon((day + timedelta(days=away)).isoformat())
    hypothesis.assume(now < before.entitled_until)

    act = rules.change(old, new, before, paid_at=now, now=now, paid_minor=None, zone=LISBON)

    assert act.paid is not None
    assert act.paid.worth_minor == act.credit_minor + act.paid_minor - act.refund_minor
    assert 0 <= act.credit_minor <= worth
    assert 0 in (act.paid_minor, act.refund_minor)
