"""Every kind of reason that a campaign may have for giving nothing, and how each language says it.

Each row is a reason as it is stored, and its sentence in English, Spanish and Portuguese. Beside
them a grant as it is stored.
"""

import uuid
from typing import Any

from tests.api import explained_members

ROSA = str(uuid.UUID(int=1))
OTHER = str(uuid.UUID(int=2))
NAMES = {uuid.UUID(ROSA): "Rosa Drugstore"}

MATCHED: dict[str, Any] = {
    "version": str(uuid.UUID(int=5)),
    "campaign": str(uuid.UUID(int=6)),
    "name": "Big Basket",
    "asset": "EUR",
    "effect": {"give": "rate", "bps": 1000},
    "rounding": "half_even",
    "lines": [
        {"line": 1, "base_minor": 20000, "bps": 1000, "desired_minor": 2000, "granted_minor": 1600},
        {"line": 2, "base_minor": 5000, "bps": 1000, "desired_minor": 500, "granted_minor": 400},
    ],
    "desired_minor": 2500,
    "granted_minor": 2000,
    "because": [],
    "cuts": [],
    "funders": [],
    "charity": None,
}

REASONS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {
            "if": "minimum",
            "needed_minor": 20000,
            "had_minor": 18760,
            "missing_minor": 1240,
            "asset": "EUR",
            "above": False,
        },
        "12.40 EUR more and you get it.",
        "Con 12,40 EUR más la obtienes.",
        "Com mais 12,40 EUR ela vale para você.",
    ),
    (
        {
            "if": "minimum",
            "needed_minor": 20000,
            "had_minor": 20000,
            "missing_minor": 1,
            "asset": "EUR",
            "above": True,
        },
        "It starts above 200.00 EUR; 0.01 EUR more and you get it.",
        "Empieza por encima de 200,00 EUR; con 0,01 EUR más la obtienes.",
        "Começa acima de 200,00 EUR; com mais 0,01 EUR ela vale para você.",
    ),
    (
        {"if": "store", "had": None, "any_of": ["berlin-mitte"]},
        "Only in these shops: berlin-mitte.",
        "Solo en estas tiendas: berlin-mitte.",
        "Só nestas lojas: berlin-mitte.",
    ),
    (
        {"if": "channel", "had": "shop", "any_of": ["online", "app"]},
        "Only for what is bought online or in the app.",
        "Solo para lo que se compra en línea o en la aplicación.",
        "Só para o que é comprado pela internet ou no aplicativo.",
    ),
    (
        {"if": "instrument", "had": None, "any_of": ["card:aurora"]},
        "Only if paid with card:aurora.",
        "Solo si se paga con card:aurora.",
        "Só se for pago com card:aurora.",
    ),
    (
        {"if": "category", "any_of": ["Beauty", "Tea"], "unless": False},
        "Only for these categories: Beauty or Tea.",
        "Solo para estas categorías: Beauty o Tea.",
        "Só para estas categorias: Beauty ou Tea.",
    ),
    (
        {"if": "category", "any_of": ["Tobacco"], "unless": True},
        "Not for these categories: Tobacco.",
        "No para estas categorías: Tobacco.",
        "Não para estas categorias: Tobacco.",
    ),
    (
        {"if": "product", "any_of": ["A-1", "A-2", "A-3", "A-4", "A-5"], "unless": False},
        "Only for these products: A-1, A-2, A-3 and more.",
        "Solo para estos productos: A-1, A-2, A-3 y más.",
        "Só para estes produtos: A-1, A-2, A-3 e mais.",
    ),
    (
        {"if": "product", "any_of": ["A-1"], "unless": True},
        "Not for these products: A-1.",
        "No para estos productos: A-1.",
        "Não para estes produtos: A-1.",
    ),
    (
        {"if": "label", "any_of": ["Organic"]},
        "Only for goods with the label Organic.",
        "Solo para artículos con la etiqueta Organic.",
        "Só para artigos com o selo Organic.",
    ),
    (
        {"if": "brand", "any_of": ["Rosa", "Lima", "Sol"]},
        "Only for the brand Rosa, Lima or Sol.",
        "Solo para la marca Rosa, Lima o Sol.",
        "Só para a marca Rosa, Lima ou Sol.",
    ),
    (
        {"if": "certified", "any_of": ["Organic"]},
        "Only for goods whose label Organic is proved.",
        "Solo para artículos con la etiqueta Organic comprobada.",
        "Só para artigos com o selo Organic comprovado.",
    ),
    (
        {"if": "certified", "label": "Organic"},
        "Only for goods whose label Organic is proved.",
        "Solo para artículos con la etiqueta Organic comprobada.",
        "Só para artigos com o selo Organic comprovado.",
    ),
    (
        {"if": "favourite", "any_of": []},
        "Only for your favourite categories.",
        "Solo para tus categorías favoritas.",
        "Só para as suas categorias favoritas.",
    ),
    (
        {"if": "quantity", "needed_milli": 3000, "had_milli": 2000, "missing_milli": 1000},
        "1 unit more and you get it.",
        "Con 1 unidad más la obtienes.",
        "Com mais 1 unidade ela vale para você.",
    ),
    (
        {"if": "quantity", "needed_milli": 3000, "had_milli": 1500, "missing_milli": 1500},
        "1.5 units more and you get it.",
        "Con 1,5 unidades más la obtienes.",
        "Com mais 1,5 unidades ela vale para você.",
    ),
    (
        {"if": "bundle", "missing": ["cupcakes"]},
        "Still missing in the basket: cupcakes.",
        "Falta añadir a la cesta: cupcakes.",
        "Falta pôr na cesta: cupcakes.",
    ),
    (
        {"if": "nth_purchase", "n": 1, "this": 4, "every": False},
        "Only for your first purchase; this is number 4.",
        "Solo para tu primera compra; esta es la número 4.",
        "Só para a sua primeira compra; esta é a número 4.",
    ),
    (
        {"if": "nth_purchase", "n": 5, "this": 4, "every": False},
        "Only for purchase number 5; this is number 4.",
        "Solo para la compra número 5; esta es la número 4.",
        "Só para a compra número 5; esta é a número 4.",
    ),
    (
        {"if": "nth_purchase", "n": 5, "this": 4, "every": True},
        "Once in every 5 purchases; this is number 4.",
        "Una vez cada 5 compras; esta es la número 4.",
        "Uma vez a cada 5 compras; esta é a número 4.",
    ),
    (
        {
            "if": "spent",
            "needed_minor": 150000,
            "had_minor": 148760,
            "missing_minor": 1240,
            "per": "month",
        },
        "It needs 1500.00 EUR spent in one month; 12.40 EUR was missing.",
        "Exige gastar 1.500,00 EUR en un mes; faltaba: 12,40 EUR.",
        "Exige gastar 1.500,00 EUR em um mês; faltou: 12,40 EUR.",
    ),
    (
        {
            "if": "spent",
            "needed_minor": 150000,
            "had_minor": 160000,
            "missing_minor": 0,
            "per": "year",
        },
        "Only for the purchase with which you reach 1500.00 EUR in one year.",
        "Solo para la compra con la que llegas a 1.500,00 EUR en un año.",
        "Só para a compra com que você chega a 1.500,00 EUR em um ano.",
    ),
    (
        {"if": "bought_at", "within_days": 30, "any_of": [ROSA, OTHER]},
        "Only within 30 days of a purchase at Rosa Drugstore or another merchant.",
        "Solo hasta 30 días después de comprar en Rosa Drugstore o otro comercio.",
        "Só até 30 dias depois de comprar em Rosa Drugstore ou outro parceiro.",
    ),
    (
        {"if": "bought_at", "within_days": 1, "any_of": ["Rosa"]},
        "Only within 1 day of a purchase at Rosa.",
        "Solo hasta 1 día después de comprar en Rosa.",
        "Só até 1 dia depois de comprar em Rosa.",
    ),
    (
        {"if": "schedule", "days": ["sun", "sat"], "since": "00:00", "until": "24:00"},
        "Only on Saturday and Sunday.",
        "Solo los sábados y los domingos.",
        "Só aos sábados e aos domingos.",
    ),
    (
        {"if": "schedule", "days": ["mon"], "since": "18:00", "until": "20:00"},
        "Only on Monday from 18:00 to 20:00.",
        "Solo los lunes de 18:00 a 20:00.",
        "Só às segundas-feiras das 18:00 às 20:00.",
    ),
    (
        {"if": "schedule", "days": [], "since": "18:00", "until": "20:00"},
        "Only from 18:00 to 20:00.",
        "Solo de 18:00 a 20:00.",
        "Só das 18:00 às 20:00.",
    ),
    (
        {"if": "birthday", "why": "unknown"},
        "We do not know your birthday.",
        "No sabemos cuándo es tu cumpleaños.",
        "Não sabemos quando é o seu aniversário.",
    ),
    (
        {"if": "birthday", "why": "another_day"},
        "Only around your birthday.",
        "Solo alrededor de tu cumpleaños.",
        "Só perto do seu aniversário.",
    ),
    (
        {"if": "birthday", "why": "used"},
        "You had it already for this birthday.",
        "Ya la recibiste por este cumpleaños.",
        "Você já a recebeu neste aniversário.",
    ),
    *explained_members.REASONS,
    (
        {"if": "coupon", "name": "WELCOME"},
        "Only with the coupon WELCOME.",
        "Solo con el cupón WELCOME.",
        "Só com o cupom WELCOME.",
    ),
    (
        {"if": "subscription", "why": "none"},
        "Only for deliveries of a subscription.",
        "Solo para entregas de una suscripción.",
        "Só para entregas de uma assinatura.",
    ),
    (
        {"if": "subscription", "why": "later"},
        "Only for the first deliveries of a subscription.",
        "Solo para las primeras entregas de una suscripción.",
        "Só para as primeiras entregas de uma assinatura.",
    ),
    (
        {"if": "subscription", "why": "over", "up_to": 3},
        "Only for the first 3 deliveries of a subscription.",
        "Solo para las primeras 3 entregas de una suscripción.",
        "Só para as primeiras 3 entregas de uma assinatura.",
    ),
    (
        {"if": "subscription", "why": "over", "up_to": 1},
        "Only for the first delivery of a subscription.",
        "Solo para la primera entrega de una suscripción.",
        "Só para a primeira entrega de uma assinatura.",
    ),
    (
        {"if": "experiment"},
        "It is being tried with some of the members.",
        "Se está probando con algunos miembros.",
        "Está em teste com alguns participantes.",
    ),
    (
        {"if": "terms", "document": ROSA},
        "You have not accepted its terms.",
        "No has aceptado sus condiciones.",
        "Você não aceitou as condições dela.",
    ),
    (
        {"if": "member"},
        "It depends on which member buys.",
        "Depende de qué miembro compre.",
        "Depende de qual participante compra.",
    ),
    (
        {"if": "personal"},
        "It depends on the member.",
        "Depende de la persona.",
        "Isso depende da pessoa.",
    ),
    (
        {"if": "activity", "why": "limit"},
        "As many as count have been counted.",
        "Ya se contó todo lo que podía contar.",
        "Já foi contado tudo o que podia contar.",
    ),
    (
        {"if": "activity", "why": "score"},
        "The score is too low.",
        "La puntuación es demasiado baja.",
        "A pontuação é baixa demais.",
    ),
    (
        {"if": "activity", "why": "kind"},
        "It is for something else than this.",
        "Es para otra cosa.",
        "É para outra coisa.",
    ),
    (
        {"if": "beaten", "by": "Double Weekend"},
        "Double Weekend counts instead.",
        "En su lugar vale Double Weekend.",
        "No lugar dela vale Double Weekend.",
    ),
    (
        {"if": "excluded", "by": "Double Weekend"},
        "It does not go together with Double Weekend.",
        "No se combina con Double Weekend.",
        "Não combina com Double Weekend.",
    ),
    (
        {
            "if": "exhausted",
            "by": "member_cap",
            "limit_minor": 5000,
            "per": "month",
            "asset": "EUR",
        },
        "You have had the 50.00 EUR that a member gets in one month.",
        "Ya recibiste los 50,00 EUR que recibe cada miembro en un mes.",
        "Você já recebeu os 50,00 EUR que cada participante recebe em um mês.",
    ),
    (
        {"if": "exhausted", "by": "member_cap", "limit_minor": 5000, "per": "week"},
        "You have had the most that a member gets in one week.",
        "Ya recibiste el máximo por miembro en una semana.",
        "Você já recebeu o máximo por participante em uma semana.",
    ),
    (
        {"if": "exhausted", "by": "member_cap", "limit_minor": 5000, "per": None},
        "You have had the most that a member gets.",
        "Ya recibiste el máximo por miembro.",
        "Você já recebeu o máximo por participante.",
    ),
    (
        {"if": "exhausted", "by": "programme_cap", "limit_minor": 5000, "per": None},
        "This purchase has had the most that one purchase gets.",
        "Esta compra ya recibió el máximo por compra.",
        "Esta compra já recebeu o máximo por compra.",
    ),
    (
        {"if": "exhausted", "by": "budget", "limit_minor": 5000, "per": None},
        "Nothing is left of its budget.",
        "No queda nada de su presupuesto.",
        "Não resta nada do orçamento dela.",
    ),
    (
        {"if": "nothing_left"},
        "On this purchase it comes to nothing.",
        "En esta compra no da nada.",
        "Nesta compra não dá nada.",
    ),
    (
        {"if": "phase_of_the_moon"},
        "It does not apply to this purchase.",
        "No se aplica a esta compra.",
        "Não se aplica a esta compra.",
    ),
]
