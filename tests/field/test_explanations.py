"""What members read of what they got, in their language, and that it stays what it was."""

from typing import Any

import orjson
import pytest

from tests.api import client
from tests.field import stage
from tests.field.stage import line
from tests.wallet import promotions

LANGUAGES = ("en", "pt", "es")
BIG: dict[str, Any] = {
    "when": [{"if": "minimum", "amount_minor": 20_000}],
    "caps": {"purchase_minor": 2_200},
}


async def said(scene: stage.Stage, reader: client.Client, purchase: Any, kind: str) -> list[str]:
    """The first sentence of its kind, in every language."""
    found = [await scene.seen(reader, purchase, language) for language in LANGUAGES]
    return [one["campaigns"][kind][0]["sentence"] for one in found]


async def test_what_was_given_is_said_in_three_languages(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Big Basket", **BIG)
    bought = await scene.report(rosa, ana, line(1, "210.00"))

    assert await said(scene, ana, bought, "matched") == [
        (
            "10 % of 210.00 EUR with Big Basket: 21.00 EUR."
            " 210.00 EUR counts, and 200.00 EUR was needed."
        ),
        (
            "10% de 210,00 EUR com Big Basket: 21,00 EUR."
            " Contam 210,00 EUR, e eram necessários 200,00 EUR."
        ),
        (
            "10 % de 210,00 EUR con Big Basket: 21,00 EUR."
            " Cuentan 210,00 EUR y hacían falta 200,00 EUR."
        ),
    ]


async def test_what_was_cut_is_said_with_both_numbers(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Big Basket", **BIG)
    bought = await scene.report(rosa, ana, line(1, "1234.50"))

    sentences = await said(scene, ana, bought, "matched")
    assert [one.rpartition(". ")[0] + "." for one in sentences] == [
        (
            "10 % of 1234.50 EUR with Big Basket: 123.45 EUR."
            " Cut from 123.45 EUR to 22.00 EUR: the most of one purchase."
        ),
        (
            "10% de 1.234,50 EUR com Big Basket: 123,45 EUR."
            " Reduzido de 123,45 EUR para 22,00 EUR: é o máximo por compra."
        ),
        (
            "10 % de 1.234,50 EUR con Big Basket: 123,45 EUR."
            " Recortado de 123,45 EUR a 22,00 EUR: es el máximo por compra."
        ),
    ]


async def test_what_was_missed_is_said_with_what_was_missing(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Big Basket", **BIG)
    bought = await scene.report(rosa, ana, line(1, "187.60"))

    assert await said(scene, ana, bought, "missed") == [
        "Big Basket: 12.40 EUR more and you get 10 %.",
        "Big Basket: com mais 12,40 EUR você ganha 10%.",
        "Big Basket: con 12,40 EUR más obtienes 10 %.",
    ]


async def test_a_preview_says_what_a_little_more_brings_in_three_languages(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Big Basket", **BIG)

    seen = [
        await scene.preview(rosa, ana, line(1, "187.60"), headers={"Accept-Language": language})
        for language in LANGUAGES
    ]

    assert [one["campaigns"]["next"]["sentence"] for one in seen] == [
        "Add 12.40 EUR for 20.00 EUR more.",
        "Acrescente 12,40 EUR para ganhar mais 20,00 EUR.",
        "Añade 12,40 EUR para ganar 20,00 EUR más.",
    ]


async def test_points_of_a_surprise_that_ran_out_are_said_in_three_languages(
    scene: stage.Stage,
) -> None:
    await promotions.govern(scene.coalition, ("points", "all"), ("bonus", "all"))
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign(
        "Points",
        asset="PTS",
        give={"give": "points", "units": 1, "per_minor": 100},
        stack={"group": "points"},
    )
    await scene.campaign(
        "Rain",
        asset="PTS",
        give={"give": "multiplier", "times_milli": 5000, "of": "points"},
        budget={"minor": 24},
    )
    bought = await scene.report(rosa, ana, line(1, "19.99"))

    found = [await scene.seen(ana, bought, language) for language in LANGUAGES]
    assert [one["campaigns"]["matched"][1]["sentence"] for one in found] == [
        (
            "5 times what points gives with Rain: 76 points more."
            " Cut from 76 points to 24 points: nothing more is left of the campaign's budget."
        ),
        (
            "5 vezes o que points dá com Rain: mais 76 pontos."
            " Reduzido de 76 pontos para 24 pontos: não resta mais do orçamento da campanha."
        ),
        (
            "5 veces lo que da points con Rain: 76 puntos más."
            " Recortado de 76 puntos a 24 puntos: no queda más presupuesto de la campaña."
        ),
    ]


@pytest.mark.parametrize(
    ("condition", "sentences"),
    [
        (
            {"if": "birthday"},
            [
                "Treat: we do not know your birthday.",
                "Treat: não sabemos quando é o seu aniversário.",
                "Treat: no sabemos cuándo es tu cumpleaños.",
            ],
        ),
        (
            {"if": "instrument", "any_of": ["card:aurora/"]},
            [
                "Treat: only if paid with card:aurora/.",
                "Treat: só se for pago com card:aurora/.",
                "Treat: solo si se paga con card:aurora/.",
            ],
        ),
        (
            {"if": "bundle", "all_of": ["Coffee", "Cupcakes"]},
            [
                "Treat: still missing in the basket: coffee and cupcakes.",
                "Treat: falta pôr na cesta: coffee e cupcakes.",
                "Treat: falta añadir a la cesta: coffee y cupcakes.",
            ],
        ),
        (
            {"if": "coupon", "name": "SIXTY"},
            [
                "Treat: only with the coupon SIXTY.",
                "Treat: só com o cupom SIXTY.",
                "Treat: solo con el cupón SIXTY.",
            ],
        ),
    ],
)
async def test_other_stories_say_why_nothing_was_given(
    scene: stage.Stage, condition: dict[str, Any], sentences: list[str]
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Treat", when=[condition])
    bought = await scene.report(rosa, ana)

    assert await said(scene, ana, bought, "missed") == sentences


async def test_what_was_explained_stays_whatever_becomes_of_the_campaign(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    big = await scene.campaign("Big Basket", **BIG)
    purchases = [
        await scene.report(rosa, ana, line(1, amount)) for amount in ("210.00", "500.00", "187.60")
    ]
    before = await documents(scene), [await everything(scene, ana, one) for one in purchases]

    await scene.campaign("Another name", campaign_id=big, give={"give": "rate", "bps": 1})
    found = [(await documents(scene), [await everything(scene, ana, one) for one in purchases])]
    for act, status in (
        ("Pause", "PAUSED"),
        ("Resume", "LIVE"),
        ("End", "ENDED"),
        ("Archive", "ARCHIVED"),
    ):
        assert await scene.step(act, big) == status
        seen = [await everything(scene, ana, one) for one in purchases]
        found.append((await documents(scene), seen))
    returned = await scene.give_back(rosa, purchases[0])
    found.append((await documents(scene), before[1]))

    assert [before] * 6 == found
    assert returned["reversed"]["amount"] == "21.00"
    assert returned["campaigns"] == (before[1][0][0])


async def documents(scene: stage.Stage) -> list[Any]:
    """Every document that is stored, and the facts beside it."""
    rows = await scene.db.fetch(
        "select cause_id, document, facts from ledger.explanation order by cause_id"
    )
    return [(row[0], orjson.loads(row[1]), orjson.loads(row[2])) for row in rows]


async def everything(scene: stage.Stage, reader: client.Client, purchase: Any) -> list[Any]:
    """What a purchase says, in every language."""
    return [(await scene.seen(reader, purchase, language))["campaigns"] for language in LANGUAGES]
