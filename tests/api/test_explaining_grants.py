"""What campaigns gave, said in the reader's language: every effect, every cut, every condition."""

import uuid
from typing import Any

import pytest

from api import explaining
from api.explaining import held
from tests.api.explained import MATCHED, NAMES, ROSA
from wallet import money

CHARITY = uuid.UUID(int=9)

EFFECTS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {},
        "10 % of 250.00 EUR with Big Basket: 25.00 EUR.",
        "10 % de 250,00 EUR con Big Basket: 25,00 EUR.",
        "10% de 250,00 EUR com Big Basket: 25,00 EUR.",
    ),
    (
        {"desired_minor": 2501},
        "10 % of 250.00 EUR with Big Basket, line by line: 25.01 EUR.",
        "10 % de 250,00 EUR con Big Basket, línea por línea: 25,01 EUR.",
        "10% de 250,00 EUR com Big Basket, linha por linha: 25,01 EUR.",
    ),
    (
        {"effect": {"give": "amount", "minor": 2500, "per": "purchase"}},
        "25.00 EUR for this purchase with Big Basket.",
        "25,00 EUR por esta compra con Big Basket.",
        "25,00 EUR por esta compra com Big Basket.",
    ),
    (
        {"effect": {"give": "amount", "minor": 50, "per": "unit"}},
        "0.50 EUR for each unit with Big Basket: 25.00 EUR.",
        "0,50 EUR por cada unidad con Big Basket: 25,00 EUR.",
        "0,50 EUR por unidade com Big Basket: 25,00 EUR.",
    ),
    (
        {"effect": {"give": "points", "units": 1, "per_minor": 10}, "asset": "PTS"},
        "1 point for each 0.10 EUR with Big Basket: 2500 points.",
        "1 punto por cada 0,10 EUR con Big Basket: 2.500 puntos.",
        "1 ponto a cada 0,10 EUR com Big Basket: 2.500 pontos.",
    ),
    (
        {"effect": {"give": "multiplier", "times_milli": 2500, "of": "contract"}},
        "2.5 times the cashback with Big Basket: 25.00 EUR more.",
        "2,5 veces el cashback con Big Basket: 25,00 EUR más.",
        "2,5 vezes o cashback com Big Basket: mais 25,00 EUR.",
    ),
    (
        {"effect": {"give": "multiplier", "times_milli": 2000, "of": "seasonal"}},
        "2 times what seasonal gives with Big Basket: 25.00 EUR more.",
        "2 veces lo que da seasonal con Big Basket: 25,00 EUR más.",
        "2 vezes o que seasonal dá com Big Basket: mais 25,00 EUR.",
    ),
    (
        {"effect": {"give": "personal", "bps_max": 1500}},
        "10 % of 250.00 EUR, your own rate with Big Basket: 25.00 EUR.",
        "10 % de 250,00 EUR, tu tasa personal con Big Basket: 25,00 EUR.",
        "10% de 250,00 EUR, sua taxa pessoal com Big Basket: 25,00 EUR.",
    ),
    (
        {
            "effect": {"give": "personal", "bps_max": 1500},
            "lines": [{"base_minor": 1, "bps": 1}, {"base_minor": 2, "bps": 2}],
        },
        "Your own rates on 0.03 EUR with Big Basket: 25.00 EUR.",
        "Tus tasas personales sobre 0,03 EUR con Big Basket: 25,00 EUR.",
        "Suas taxas pessoais sobre 0,03 EUR com Big Basket: 25,00 EUR.",
    ),
    (
        {"effect": {"give": "coupon", "name": "TEA-5"}},
        "A coupon for you from Big Basket: TEA-5.",
        "Un cupón para ti de Big Basket: TEA-5.",
        "Um cupom para você de Big Basket: TEA-5.",
    ),
    (
        {"effect": {"give": "benefit", "name": "Gift", "about": "A cup of tea."}},
        "For you from Big Basket: Gift (A cup of tea).",
        "Para ti de Big Basket: Gift (A cup of tea).",
        "Para você de Big Basket: Gift (A cup of tea).",
    ),
    (
        {"effect": {"give": "a pony"}},
        "With Big Basket: 20.00 EUR.",
        "Con Big Basket: 20,00 EUR.",
        "Com Big Basket: 20,00 EUR.",
    ),
    (
        {"effect": None, "asset": "a shell"},
        "Big Basket counts here.",
        "Big Basket vale aquí.",
        "Big Basket vale aqui.",
    ),
]


def _said(language: str, grant: dict[str, Any], **more: Any) -> tuple[str, ...]:
    """The sentences on one grant."""
    document = {"matched": [{**MATCHED, **grant}], "missed": [], "next": None}
    names = {CHARITY: "River Fund", **NAMES}
    (one,) = explaining.sentences(
        document, language=language, names=names, asset=money.EUR, **more
    ).matched
    return one.sentences


@pytest.mark.parametrize(("grant", "en", "es", "pt"), EFFECTS)
def test_every_effect_is_said_in_every_language(
    grant: dict[str, Any], en: str, es: str, pt: str
) -> None:
    assert [(en,), (es,), (pt,)] == [_said(language, grant) for language in ("en", "es", "pt")]


def test_a_line_that_another_campaign_won_is_no_part_of_the_base() -> None:
    lost = {"line": 3, "base_minor": 900, "bps": None, "desired_minor": 0, "granted_minor": 0}

    (said,) = _said("en", {"lines": [*MATCHED["lines"], lost]})

    assert "10 % of 250.00 EUR with Big Basket: 25.00 EUR." == said


def test_what_is_topped_up_is_said_before_the_part_of_the_contract_is_taken_off() -> None:
    cut = {"by": "tops_up", "from_minor": 2500, "to_minor": 1300, "limit_minor": 1200, "per": None}

    said = _said("en", {"desired_minor": 1300, "granted_minor": 1300, "cuts": [cut]})

    assert said == (
        "10 % of 250.00 EUR with Big Basket: 25.00 EUR.",
        "Cut from 25.00 EUR to 13.00 EUR: the rest is in the cashback that you get anyway.",
    )


CUTS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"by": "purchase_cap"},
        ": the most of one purchase.",
        ": es el máximo por compra.",
        ": é o máximo por compra.",
    ),
    (
        {"by": "programme_cap"},
        ": the most of one purchase from all campaigns together.",
        ": es el máximo por compra de todas las campañas juntas.",
        ": é o máximo por compra de todas as campanhas juntas.",
    ),
    (
        {"by": "member_cap", "limit_minor": 5000, "per": "month"},
        ": a member gets at most 50.00 EUR in one month.",
        ": cada miembro recibe como máximo 50,00 EUR en un mes.",
        ": cada participante recebe no máximo 50,00 EUR em um mês.",
    ),
    (
        {"by": "member_cap", "per": None},
        ": the most that a member gets.",
        ": es el máximo por miembro.",
        ": é o máximo por participante.",
    ),
    (
        {"by": "budget"},
        ": nothing more is left of the campaign's budget.",
        ": no queda más presupuesto de la campaña.",
        ": não resta mais do orçamento da campanha.",
    ),
    (
        {"by": "merchant_budget"},
        ": nothing more is left of the merchant's budget.",
        ": no queda más presupuesto del comercio.",
        ": não resta mais do orçamento do parceiro.",
    ),
    (
        {"by": "funder_budget"},
        ": nothing more is left of the budget of who pays for it.",
        ": no queda más presupuesto de quien lo paga.",
        ": não resta mais do orçamento de quem paga.",
    ),
    (
        {"by": "tops_up"},
        ": the rest is in the cashback that you get anyway.",
        ": el resto ya está en el cashback que recibes de todos modos.",
        ": o resto já está no cashback que você recebe de qualquer forma.",
    ),
    ({"by": "the moon"}, ".", ".", "."),
]


@pytest.mark.parametrize(("cut", "en", "es", "pt"), CUTS)
def test_every_cut_is_said_in_every_language(
    cut: dict[str, Any], en: str, es: str, pt: str
) -> None:
    grant = {"cuts": [{"from_minor": 2500, "to_minor": 2000, **cut}]}

    said = [_said(language, grant)[1] for language in ("en", "es", "pt")]

    assert said == [
        f"Cut from 25.00 EUR to 20.00 EUR{en}",
        f"Recortado de 25,00 EUR a 20,00 EUR{es}",
        f"Reduzido de 25,00 EUR para 20,00 EUR{pt}",
    ]


HELD: list[tuple[dict[str, Any], str]] = [
    ({"if": "minimum", "needed_minor": 20000, "had_minor": 25000}, "250.00 EUR counts"),
    ({"if": "store", "had": "berlin"}, "It was bought in the shop berlin."),
    ({"if": "channel", "had": "app"}, "It was bought in the app."),
    ({"if": "instrument", "had": "card:aurora"}, "It was paid with card:aurora."),
    ({"if": "category", "any_of": ["Tea"]}, "There is something of this in the basket: Tea."),
    ({"if": "product", "any_of": ["A"]}, "There is something of this in the basket: A."),
    ({"if": "label", "any_of": ["A"]}, "There is something of this in the basket: A."),
    ({"if": "brand", "any_of": ["A"]}, "There is something of this in the basket: A."),
    ({"if": "certified", "any_of": ["A"]}, "There is something of this in the basket: A."),
    ({"if": "favourite", "any_of": []}, "It is one of your favourite categories."),
    ({"if": "quantity", "needed_milli": 2000, "had_milli": 2500}, "The quantity is 2.5, and 2"),
    ({"if": "bundle"}, "All that belongs together is in the basket."),
    ({"if": "nth_purchase", "n": 5, "this": 5}, "This is your purchase number 5."),
    (
        {"if": "spent", "needed_minor": 5, "had_minor": 6, "per": "year"},
        "You spent 0.06 EUR in one year, and 0.05 EUR was needed.",
    ),
    (
        {"if": "bought_at", "within_days": 30, "any_of": [ROSA]},
        "You bought at Rosa Drugstore within 30 days before.",
    ),
    ({"if": "schedule", "days": ["sat"]}, "It was bought on the right day"),
    ({"if": "birthday"}, "It is around your birthday."),
    ({"if": "tier", "had": "gold"}, "Your tier is gold."),
    ({"if": "membership", "any_of": ["VIP"]}, "You have the membership that it is for."),
    (
        {"if": "membership", "any_of": ["VIP"], "unless": True},
        "It is for members who pay for no membership.",
    ),
    ({"if": "joined", "within_days": 30, "days": 3}, "You joined 3 days before."),
    ({"if": "coupon", "name": "TEA-5"}, "The coupon TEA-5 was used for it."),
    ({"if": "subscription"}, "It is a delivery of a subscription."),
    ({"if": "terms"}, "You accepted the terms."),
    ({"if": "activity", "kind": "review"}, "You reviewed what you had bought."),
    ({"if": "activity", "kind": "share"}, "You recommended it to others."),
    ({"if": "activity", "kind": "visit"}, "You came by."),
    (
        {"if": "referral", "role": "friend"},
        "You came by an invitation and kept what you bought.",
    ),
    ({"if": "referral", "role": "referrer"}, "A friend whom you invited kept what they bought."),
    ({"if": "personal"}, "It depends on the member."),
    ({"if": "activity", "kind": "quiz"}, "You answered the quiz."),
    ({"if": "activity", "kind": "custom", "name": "recycling"}, "You did this: recycling."),
    *(
        ({"if": "reward", "what": what, "name": "Tea"}, begins)
        for what, begins in (
            ("milestone", "You reached the milestone Tea."),
            ("contest", "You won a place in the contest Tea."),
            ("draw", "You won it in the draw Tea."),
            ("game", "You played the game Tea."),
            ("quiz", "You answered the quiz Tea."),
            ("membership", "You joined Tea."),
            ("something", "It is your reward for Tea."),
        )
    ),
]


@pytest.mark.parametrize(("condition", "begins"), HELD)
def test_a_condition_that_held_is_said_in_every_language(
    condition: dict[str, Any], begins: str
) -> None:
    said = [_said(language, {"because": [condition]})[1] for language in ("en", "es", "pt")]

    assert said[0].startswith(begins)
    assert 3 == len(set(said))
    assert {*held.KINDS} == {one["if"] for one, _ in HELD}


def test_what_a_member_is_thought_to_be_is_not_told_as_a_reason() -> None:
    hidden = [{"if": "segment", "any_of": ["big spenders"]}, {"if": "experiment"}, {"if": "new"}]

    assert 1 == len(_said("en", {"because": hidden}))


def test_what_goes_to_a_charity_is_said_with_its_name() -> None:
    given = {"charity": {"charity": str(CHARITY), "minor": 200}}
    unknown = {"charity": {"charity": ROSA[:-1] + "7", "minor": 200}}

    assert "2.00 EUR of it goes to River Fund." == _said("en", given)[-1]
    assert "De ello, 2,00 EUR va a River Fund." == _said("es", given)[-1]
    assert "Disso, 2,00 EUR vai para River Fund." == _said("pt", given)[-1]
    assert "2.00 EUR of it goes to a charity." == _said("en", unknown)[-1]
