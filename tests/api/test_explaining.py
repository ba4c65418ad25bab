"""Decisions in the reader's language: every kind, every language, and nothing that breaks it."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages import catalog, extract, pofile
from hypothesis import given
from hypothesis import strategies as st

from api import explaining, texts
from api.explaining import reasons, tongue
from tests.api.explained import MATCHED, NAMES, REASONS
from tests.conftest import ROOT
from wallet import money

SOURCES = Path(explaining.__file__).parent
OTHERS = [one for one in texts.LANGUAGES if one != texts.SOURCE]

# The catalogues


def _written() -> set[str | tuple[str, ...]]:
    """Every sentence of the source."""
    found: set[str | tuple[str, ...]] = set()
    for path in sorted(SOURCES.glob("*.py")):
        with path.open("rb") as file:
            keywords = {"say": None, "many": (1, 2)}
            found |= {one[1] for one in extract.extract("python", file, keywords=keywords)}
    return found


def _catalogue(language: str, name: str = "explanations") -> catalog.Catalog:
    path = ROOT / "api" / "locale" / language / "LC_MESSAGES" / f"{name}.po"
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def _plain(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [""])


def _holes(text: str) -> list[str]:
    return sorted(re.findall(r"{\w*}", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    known = {
        message.id if isinstance(message.id, str) else tuple(message.id): message
        for message in _catalogue(language)
        if message.id
    }

    assert _written() == set(known)
    assert [] == [one for one, said in known.items() if said.fuzzy or not all(_plain(said.string))]


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_and_the_edges_of_its_sentence(language: str) -> None:
    wrong = [
        (message.id, said)
        for message in _catalogue(language)
        for said in _plain(message.string)
        if message.id
        and (
            not set(_holes(said)) <= set(_holes(source := _plain(message.id)[-1]))
            or set(_holes(source)) - set(_holes(said)) - {"{count}"}
            or said[0].isspace() != source[0].isspace()
            or (said[-1] == ".") != (source[-1] == ".")
        )
    ]

    assert [] == wrong


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_stands_in_two_catalogues(language: str) -> None:
    folder = ROOT / "api" / "locale" / language / "LC_MESSAGES"
    seen = [
        _plain(message.id)[0]
        for path in sorted(folder.glob("*.po"))
        for message in _catalogue(language, path.stem)
        if message.id
    ]

    assert sorted(set(seen)) == sorted(seen)


# Why not


@pytest.mark.parametrize(("reason", "en", "es", "pt"), REASONS)
def test_every_reason_is_said_in_every_language(
    reason: dict[str, Any], en: str, es: str, pt: str
) -> None:
    said = [
        explaining.why_not(reason, language, asset=money.EUR, names=NAMES)
        for language in ("en", "es", "pt")
    ]

    assert [en, es, pt] == said


def test_every_kind_of_reason_is_in_the_table_above() -> None:
    assert {*reasons.KINDS} == {one["if"] for one, *_ in REASONS} - {"phase_of_the_moon"}


def test_a_reason_follows_the_name_of_its_campaign() -> None:
    weekend = {"if": "schedule", "days": ["sat", "sun"], "since": "00:00", "until": "24:00"}

    said = [
        explaining.why_not(weekend, language, campaign="Double Weekend")
        for language in ("en", "es", "pt")
    ]

    assert said == [
        "Double Weekend: only on Saturday and Sunday.",
        "Double Weekend: solo los sábados y los domingos.",
        "Double Weekend: só aos sábados e aos domingos.",
    ]


PLACES = st.sampled_from([*MATCHED])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.data())
def test_a_document_of_another_version_is_said_in_general_words(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([one for one, *_ in REASONS]))
    changed = {name: data.draw(st.just(value) | ANYTHING) for name, value in whole.items()}
    language = data.draw(st.sampled_from([*texts.LANGUAGES]))
    document = {
        "matched": [data.draw(ANYTHING), {**MATCHED, data.draw(PLACES): data.draw(ANYTHING)}],
        "missed": [{"name": data.draw(ANYTHING), "reasons": [changed, data.draw(ANYTHING)]}],
        "next": data.draw(ANYTHING),
    }

    said = explaining.sentences(document, language=language, asset=money.EUR)
    everything = [*said.matched, *said.missed]

    assert all(one.sentences for one in everything)
    for one in [each for entry in everything for each in (*entry.sentences, entry.sentence)]:
        assert 0 < len(one) <= explaining.SENTENCE_CHARS_MAX
        assert "\n" not in one


# The whole document


def test_a_miss_names_what_a_little_more_would_bring() -> None:
    document = {
        "matched": [],
        "missed": [
            {
                "name": "Big Basket",
                "effect": {"give": "rate", "bps": 1000},
                "reasons": [REASONS[0][0], {"if": "channel", "any_of": ["shop"]}],
            }
        ],
        "next": {"name": "Big Basket", "missing_minor": 1240, "gain_minor": 2500, "asset": "EUR"},
    }

    said = {one: explaining.sentences(document, language=one) for one in texts.LANGUAGES}

    assert "Big Basket: 12.40 EUR more and you get 10 %." == said["en"].missed[0].sentences[0]
    assert "Big Basket: con 12,40 EUR más obtienes 10 %." == said["es"].missed[0].sentences[0]
    assert "Big Basket: com mais 12,40 EUR você ganha 10%." == said["pt"].missed[0].sentences[0]
    assert all(2 == len(one.missed[0].sentences) for one in said.values())
    assert ["Add 12.40 EUR for 25.00 EUR more.", "Añade 12,40 EUR para ganar 25,00 EUR más.",
            "Acrescente 12,40 EUR para ganhar mais 25,00 EUR."] == [
        one.next for one in said.values()
    ]  # fmt: skip


def test_what_two_reasons_say_alike_is_read_once() -> None:
    twice = {"name": "Gold", "reasons": [{"if": "member"}, {"if": "member"}]}

    (said,) = explaining.sentences({"missed": [twice]}, language="en").missed

    assert 2 == len(said.sentences)
    assert "Gold: it depends on which member buys." == said.sentence


def test_points_are_gained_for_money() -> None:
    document = {"next": {"missing_minor": 1240, "gain_minor": 1, "asset": "PTS"}}

    assert "Add 12.40 EUR for 1 point more." == (
        explaining.sentences(document, language="en", asset=money.EUR).next
    )
    assert explaining.sentences(document, language="en").next is None


def test_the_longest_names_still_make_a_text_of_bounded_length() -> None:
    long = "ŉ \n" * 500
    grant = {
        "name": long,
        "effect": {"give": "benefit", "name": long, "about": long},
        "because": [{"if": "category", "any_of": [long] * 900}] * 20,
    }
    document = {"matched": [{**MATCHED, **grant}], "missed": [], "next": None}

    for language in texts.LANGUAGES:
        (said,) = explaining.sentences(document, language=language).matched
        assert all(len(one) <= explaining.SENTENCE_CHARS_MAX for one in said.sentences)
        assert len(said.sentence) <= explaining.SENTENCE_CHARS_MAX
        assert said.sentence.startswith(said.sentences[0])


def test_a_name_with_braces_is_a_name() -> None:
    assert "{0.__class__}: it does not apply to this purchase." == (
        explaining.why_not({}, "en", campaign="{0.__class__}")
    )


def test_there_is_no_language_but_ours() -> None:
    with pytest.raises(KeyError):
        explaining.why_not({}, "fr")


@pytest.mark.parametrize(
    ("minor", "asset", "es", "pt"),
    [
        (1234, money.EUR, "12,34 EUR", "12,34 EUR"),
        (123456789, money.BRL, "1.234.567,89 BRL", "1.234.567,89 BRL"),
        (-5, money.EUR, "-0,05 EUR", "-0,05 EUR"),
        (1500, money.JPY, "1.500 JPY", "1.500 JPY"),
        (1234, money.KWD, "1,234 KWD", "1,234 KWD"),
        (250, money.PTS, "250 puntos", "250 pontos"),
        (1, money.PTS, "1 punto", "1 ponto"),
        (0, money.PTS, "0 puntos", "0 pontos"),
    ],
)
def test_an_amount_is_written_as_its_reader_writes_it(
    minor: int, asset: money.Asset, es: str, pt: str
) -> None:
    said = [tongue.of(language).amount(minor, asset) for language in ("en", "es", "pt")]

    assert [money.phrase(minor, asset), es, pt] == said


def test_what_is_no_document_explains_nothing() -> None:
    assert explaining.sentences(None, language="en") == explaining.Explained((), (), None)
