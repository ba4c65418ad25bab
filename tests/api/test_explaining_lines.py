"""Contract decisions in words: in English the stored sentence, elsewhere the same facts."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given

from api import explaining, texts
from tests.rules import test_cashback as examples
from tests.rules.strategies import cases
from wallet import money
from wallet.rules import cashback, contracts, purchases

FIGURES = re.compile(r"\d[\d.,]*")
GENERAL = (
    "Nothing earned: this basket is below the minimum of the offer.",
    "Nothing earned: nothing of this line counts at Rosa Drugstore.",
)


@dataclass(frozen=True)
class Row:
    """A line as it is stored, with its decision."""

    number: int
    kind: str
    category: str
    amount_minor: int
    discount_minor: int
    tax_minor: int
    rule: str
    base_minor: int
    rate_bps: int
    credited_minor: int


def _rows(bought: purchases.Purchase, decision: cashback.Decision) -> list[Row]:
    return [
        Row(
            number=sold.number,
            kind=sold.kind,
            category=sold.category,
            amount_minor=sold.amount_minor,
            discount_minor=sold.discount_minor,
            tax_minor=sold.tax_minor,
            rule=one.rule,
            base_minor=one.base_minor,
            rate_bps=one.rate_bps,
            credited_minor=one.credited_minor,
        )
        for sold, one in zip(bought.lines, decision.lines, strict=True)
    ]


def _said(
    bought: purchases.Purchase, under: contracts.Contract, language: str, *, terms: bool = True
) -> list[str]:
    rows = _rows(bought, cashback.decide(bought, under))
    of = explaining.Bought(
        lines=rows,
        asset=money.asset(bought.asset),
        merchant=under.merchant_name,
        paid_with_cashback_minor=bought.paid_with_cashback_minor,
        terms=under.terms if terms else None,
    )
    return [explaining.line(one, of, language=language) for one in rows]


def _digits(figures: list[str]) -> list[str]:
    return sorted(re.sub(r"[.,]", "", one).rstrip("0") for one in figures)


@given(cases())
def test_in_english_a_line_is_said_as_it_was_stored(case: examples.Case) -> None:
    stored = [one.sentence for one in cashback.decide(*case).lines]

    assert stored == _said(*case, "en")


@given(cases())
def test_other_languages_say_the_same_figures(case: examples.Case) -> None:
    stored = [_digits(FIGURES.findall(one)) for one in _said(*case, "en")]
    for language in ("es", "pt"):
        said = _said(*case, language)

        assert stored == [_digits(FIGURES.findall(one)) for one in said]
        assert all(len(one) <= explaining.SENTENCE_CHARS_MAX for one in said)


@given(cases())
def test_without_the_terms_a_line_says_less_but_nothing_else(case: examples.Case) -> None:
    stored = [one.sentence for one in cashback.decide(*case).lines]
    measures = " before discounts and without tax| before discounts| without tax"

    for whole, said in zip(stored, _said(*case, "en", terms=False), strict=True):
        plain = re.sub(rf"({measures})(?=( in | for | at ))", "", whole, count=1)
        assert said in GENERAL or plain.startswith(said)


SPOKEN = [
    (
        "5 % of 12.34 EUR in Beauty at Rosa Drugstore: 0.62 EUR.",
        "5 % de 12,34 EUR en la categoría Beauty en Rosa Drugstore: 0,62 EUR.",
        "5% de 12,34 EUR na categoria Beauty em Rosa Drugstore: 0,62 EUR.",
    ),
    (
        "1 % of 12.34 EUR for shipping at Rosa Drugstore: 0.12 EUR.",
        "1 % de 12,34 EUR de envío en Rosa Drugstore: 0,12 EUR.",
        "1% de 12,34 EUR de frete em Rosa Drugstore: 0,12 EUR.",
    ),
    (
        (
            "Nothing earned: this basket is 18.00 EUR, the offer starts at 20.00 EUR."
            " 2.00 EUR was missing."
        ),
        (
            "Sin cashback: esta compra es de 18,00 EUR y la oferta empieza en 20,00 EUR."
            " Faltaba: 2,00 EUR."
        ),
        (
            "Sem cashback: esta compra é de 18,00 EUR e a oferta começa em 20,00 EUR."
            " Faltou: 2,00 EUR."
        ),
    ),
    (
        "5 % of 200 points in Beauty at Rosa Drugstore: 10 points.",
        "5 % de 200 puntos en la categoría Beauty en Rosa Drugstore: 10 puntos.",
        "5% de 200 pontos na categoria Beauty em Rosa Drugstore: 10 pontos.",
    ),
]


@pytest.mark.parametrize(("en", "es", "pt"), SPOKEN)
def test_a_member_reads_why_in_their_language(en: str, es: str, pt: str) -> None:
    bought, under = next((one, other) for one, other, says in examples.SENTENCES if says == en)

    assert [en, es, pt] == [_said(bought, under, one)[0] for one in ("en", "es", "pt")]


@pytest.mark.parametrize(("bought", "under", "says"), examples.SENTENCES)
def test_no_english_is_left_in_another_language(
    bought: purchases.Purchase, under: contracts.Contract, says: str
) -> None:
    said = {one: _said(bought, under, one)[0] for one in texts.LANGUAGES}

    assert len(texts.LANGUAGES) == len(set(said.values()))
    assert says == said["en"]
    for one in ("es", "pt"):
        assert not re.search(r"\b(the|of|at|was|and|this|earned)\b", said[one])
