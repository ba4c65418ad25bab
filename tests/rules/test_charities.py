"""Charities as rules: what is told of one, which steps it takes, what agreements cover."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wallet import errors
from wallet.rules import charities
from wallet.rules.charities import Span

FACTS = charities.Facts(
    name="River Fund",
    about="Clean rivers.",
    category="environment",
    country="PT",
    registrar="Registo de IPSS",
    registration="17/2009",
    website="https://river.example/en",
)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
JULY = datetime(2026, 7, 1, tzinfo=UTC)
SPEAKS: dict[charities.Language, str] = {"en": "One euro of each bottle."}


def changed(**changes: Any) -> charities.Facts:
    return dataclasses.replace(FACTS, **changes)


def test_a_charity_with_all_its_facts_is_accepted() -> None:
    charities.check(FACTS)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("name", "", "TEXT_INVALID"),
        ("name", " River", "TEXT_INVALID"),
        ("name", "x" * 121, "TEXT_INVALID"),
        ("about", "\x00", "TEXT_INVALID"),
        ("registration", "  ", "TEXT_INVALID"),
        ("country", "pt", "CHARITY_INVALID"),
        ("country", "XX", "CHARITY_INVALID"),
        ("website", "http://river.example", "CHARITY_INVALID"),
        ("website", "https://", "CHARITY_INVALID"),
        ("website", "https://river", "CHARITY_INVALID"),
        ("website", "https://bank.example@river.example", "CHARITY_INVALID"),
        ("website", "https://river.example/a b", "CHARITY_INVALID"),
        ("website", "https://[river", "CHARITY_INVALID"),
        ("website", "javascript:alert(1)", "CHARITY_INVALID"),
    ],
)
def test_what_cannot_be_a_charity_is_refused_at_its_field(name: str, value: str, code: str) -> None:
    with pytest.raises(errors.Refusal) as refused:
        charities.check(changed(**{name: value}))

    assert (code, (name,)) == (refused.value.code, refused.value.path)


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        ("proposed", "verify", "verified"),
        ("verified", "suspend", "suspended"),
        ("suspended", "verify", "verified"),
        ("proposed", "close", "closed"),
        ("verified", "close", "closed"),
        ("suspended", "close", "closed"),
    ],
)
def test_each_step_leads_where_it_says(
    state: charities.State, act: charities.Act, after: charities.State
) -> None:
    assert after == charities.stepped(state, act)


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("proposed", "suspend"),
        ("suspended", "suspend"),
        ("verified", "verify"),
        ("closed", "verify"),
        ("closed", "suspend"),
        ("closed", "close"),
    ],
)
def test_a_step_from_elsewhere_is_refused(state: charities.State, act: charities.Act) -> None:
    with pytest.raises(errors.CharityClosed) as refused:
        charities.stepped(state, act)

    assert {"status": state} == refused.value.data


def test_a_verified_charity_stays_so_when_only_its_words_change() -> None:
    words = changed(about="Cleaner rivers.", website="https://rivers.example", category="other")

    assert "verified" == charities.saved("verified", before=FACTS, facts=words)


@pytest.mark.parametrize("name", ["name", "country", "registrar", "registration"])
def test_who_was_verified_is_asked_again_when_it_is_another(name: str) -> None:
    other = changed(**{name: "ES"})

    assert "proposed" == charities.saved("verified", before=FACTS, facts=other)
    assert "suspended" == charities.saved("suspended", before=FACTS, facts=other)


def test_a_closed_charity_is_not_changed() -> None:
    with pytest.raises(errors.CharityClosed):
        charities.saved("closed", before=FACTS, facts=FACTS)


def test_an_agreement_says_in_english_what_the_public_is_told() -> None:
    charities.check_agreement("R-1", {**SPEAKS, "pt": "Um euro."}, Span(MAY, JUNE))

    with pytest.raises(errors.CharityInvalid) as refused:
        charities.check_agreement("R-1", {"pt": "Um euro."}, Span(MAY, JUNE))
    assert ("statement", "en") == refused.value.path


def test_an_agreement_ends_after_it_begins() -> None:
    with pytest.raises(errors.CharityInvalid) as refused:
        charities.check_agreement("R-1", SPEAKS, Span(JUNE, JUNE))

    assert ("valid_until",) == refused.value.path


def test_an_agreement_has_a_reference() -> None:
    with pytest.raises(errors.TextInvalid) as refused:
        charities.check_agreement(" ", SPEAKS, Span(MAY, None))

    assert ("reference",) == refused.value.path


MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("spans", "gap"),
    [
        ([], MAY),
        ([Span(MAY, JULY)], None),
        ([Span(MAY, None)], None),
        ([Span(MAY, JUNE)], JUNE),
        ([Span(MAY + MOMENT, None)], MAY),
        ([Span(JUNE, JULY), Span(MAY, JUNE)], None),
        ([Span(MAY, JUNE), Span(JUNE + MOMENT, JULY)], JUNE),
        ([Span(MAY - MOMENT, JULY), Span(MAY, JUNE)], None),
        ([Span(MAY - 2 * MOMENT, MAY - MOMENT)], MAY),
        ([Span(MAY, JULY - MOMENT)], JULY - MOMENT),
    ],
)
def test_agreements_cover_a_time_together_or_leave_a_gap(
    spans: list[Span], gap: datetime | None
) -> None:
    assert gap == charities.uncovered(spans, since=MAY, until=JULY)


def test_a_time_without_an_end_needs_an_agreement_without_one() -> None:
    assert JULY == charities.uncovered([Span(MAY, JULY)], since=MAY, until=None)
    assert charities.uncovered([Span(MAY, JUNE), Span(JUNE, None)], since=MAY, until=None) is None
