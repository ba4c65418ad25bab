"""Explanations in GraphQL: the structure as stored, the sentences in the caller's language."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from api.explaining import reasons
from api.graphql import cost, explained, explanations, scalars, shapes, wording
from tests.api.explained import MATCHED, NAMES, REASONS
from wallet import ids, money

CHARITY = uuid.UUID(int=9)
DOCUMENT: dict[str, Any] = {
    "matched": [
        {
            **MATCHED,
            "cuts": [
                {
                    "by": "member_cap",
                    "from_minor": 2500,
                    "to_minor": 2000,
                    "limit_minor": 9000,
                    "per": "month",
                }
            ],
            "because": [{"if": "minimum", "needed_minor": 20000, "had_minor": 25000}],
            "charity": {"charity": str(CHARITY), "minor": 200},
        }
    ],
    "missed": [
        {
            "campaign": str(uuid.UUID(int=7)),
            "name": "Double Weekend",
            "lines": [1, 2],
            "reasons": [one for one, *_ in REASONS],
        }
    ],
    "next": {
        "campaign": str(uuid.UUID(int=7)),
        "name": "Feast",
        "missing_minor": 1240,
        "gain_minor": 2500,
        "asset": "EUR",
    },
}
REASON = (
    "kind needed { amount } had { amount } missing { amount } neededQuantity hadQuantity"
    " missingQuantity names hadName by cut limit { amount } withinDays per sentence"
)
ASKED = f"""{{ explanation {{
  matched {{
    campaignId campaignName sentence charityName
    effect {{ kind percent amount {{ amount }} each {{ amount }} perUnit times name about }}
    base {{ amount currency }} desired {{ amount }} granted {{ amount }} charity {{ amount }}
    lines {{ number base {{ amount }} percent desired {{ amount }} granted {{ amount }} }}
    cuts {{ by from {{ amount }} to {{ amount }} limit {{ amount }} per }}
    because {{ {REASON} }}
  }}
  missed {{ campaignId campaignName lineNumbers sentence reasons {{ {REASON} }} }}
  next {{ campaignId campaignName missing {{ amount }} gain {{ amount }} sentence }}
}} }}"""


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    wording.answer_in(None)


def _ask(document: object, language: str = "en") -> Any:
    """What a caller in that language gets of a document."""
    wording.answer_in(language)
    names = {CHARITY: "River Fund", **NAMES}

    @strawberry.type
    class Query:
        """One explanation."""

        @strawberry.field
        def explanation(self) -> explanations.Explanation:
            """As a purchase will show it."""
            return explanations.show(document, names, asset=money.EUR)

    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=scalars.SCALARS))
    cost.check(schema._schema)
    answer = schema.execute_sync(ASKED)
    assert answer.errors is None
    assert answer.data is not None
    return answer.data["explanation"]


def test_a_grant_shows_its_figures() -> None:
    (grant,) = _ask(DOCUMENT)["matched"]

    assert ids.show("cam", uuid.UUID(int=6)) == grant["campaignId"]
    assert ("RATE", "10.00") == (grant["effect"]["kind"], grant["effect"]["percent"])
    assert {"amount": "250.00", "currency": "EUR"} == grant["base"]
    assert ["25.00", "20.00", "2.00"] == [
        grant[name]["amount"] for name in ("desired", "granted", "charity")
    ]
    assert [(1, "200.00"), (2, "50.00")] == [
        (one["number"], one["base"]["amount"]) for one in grant["lines"]
    ]
    (cut,) = grant["cuts"]
    assert ("MEMBER_CAP", "MONTH") == (cut["by"], cut["per"])
    assert ["25.00", "20.00", "90.00"] == [cut[name]["amount"] for name in ("from", "to", "limit")]
    (held,) = grant["because"]
    assert ("MINIMUM", "200.00") == (held["kind"], held["needed"]["amount"])
    assert "250.00 EUR counts, and 200.00 EUR was needed." == held["sentence"]


@pytest.mark.parametrize(
    ("language", "sentence", "better"),
    [
        (
            "en",
            (
                "10 % of 250.00 EUR with Big Basket: 25.00 EUR. Cut from 25.00 EUR to 20.00 EUR: a"
                " member gets at most 90.00 EUR in one month. 250.00 EUR counts, and 200.00 EUR was"
                " needed. 2.00 EUR of it goes to River Fund."
            ),
            "Add 12.40 EUR for 25.00 EUR more.",
        ),
        (
            "es-MX",
            (
                "10 % de 250,00 EUR con Big Basket: 25,00 EUR. Recortado de 25,00 EUR a 20,00 EUR:"
                " cada miembro recibe como máximo 90,00 EUR en un mes. Cuentan 250,00 EUR y hacían"
                " falta 200,00 EUR. De ello, 2,00 EUR va a River Fund."
            ),
            "Añade 12,40 EUR para ganar 25,00 EUR más.",
        ),
        (
            "pt-BR",
            (
                "10% de 250,00 EUR com Big Basket: 25,00 EUR. Reduzido de 25,00 EUR para 20,00 EUR:"
                " cada participante recebe no máximo 90,00 EUR em um mês. Contam 250,00 EUR, e eram"
                " necessários 200,00 EUR. Disso, 2,00 EUR vai para River Fund."
            ),
            "Acrescente 12,40 EUR para ganhar mais 25,00 EUR.",
        ),
    ],
)
def test_the_sentences_are_in_the_language_of_the_request(
    language: str, sentence: str, better: str
) -> None:
    said = _ask(DOCUMENT, language)

    assert sentence == said["matched"][0]["sentence"]
    assert better == said["next"]["sentence"]


def test_every_reason_has_its_kind_and_its_sentence() -> None:
    (miss,) = _ask(DOCUMENT)["missed"]

    assert [1, 2] == miss["lineNumbers"]
    assert len(REASONS) == len(miss["reasons"])
    for one, (stored, *_) in zip(miss["reasons"], REASONS, strict=True):
        assert one["kind"] in (stored["if"].upper(), "OTHER")
        assert one["sentence"].startswith("Double Weekend: ")
    minimum, nth = (
        miss["reasons"][0],
        next(one for one in miss["reasons"] if one["kind"] == "NTH_PURCHASE"),
    )
    assert ["200.00", "187.60", "12.40"] == [
        minimum[name]["amount"] for name in ("needed", "had", "missing")
    ]
    assert ("1", "4") == (nth["neededQuantity"], nth["hadQuantity"])
    assert {"MEMBER_CAP", "PROGRAMME_CAP", "BUDGET", None} == {
        one["cut"] for one in miss["reasons"]
    }
    assert {"Double Weekend", None} == {one["by"] for one in miss["reasons"]}


def test_the_names_of_segments_stay_with_the_operator() -> None:
    reason = {"if": "segment", "any_of": ["about to leave"], "had": "about to leave"}

    assert "about to leave" not in str(_ask({"missed": [{"name": "x", "reasons": [reason]}]}))


def test_every_kind_of_reason_has_a_word_of_its_own() -> None:
    words = {shapes.value(one) for one in explained.ExplainedReasonKind}

    assert {*reasons.KINDS} == words - {"other"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.data())
def test_a_document_of_another_version_is_shown_as_far_as_it_is_understood(
    data: st.DataObject,
) -> None:
    broken = {name: data.draw(ANYTHING) for name in DOCUMENT if data.draw(st.booleans())}
    grant = {**DOCUMENT["matched"][0], data.draw(st.sampled_from([*MATCHED])): data.draw(ANYTHING)}
    reason = {**data.draw(st.sampled_from([one for one, *_ in REASONS]))}
    reason[data.draw(st.sampled_from([*reason]))] = data.draw(ANYTHING)
    miss = {"name": "x", "lines": data.draw(ANYTHING), "reasons": [reason, data.draw(ANYTHING)]}

    shown = _ask({**DOCUMENT, "matched": [grant], "missed": [miss], **broken})

    assert all(one["sentence"] for one in [*shown["matched"], *shown["missed"]])
    assert {"matched": [], "missed": [], "next": None} == _ask(
        data.draw(st.sampled_from([None, 1]))
    )
