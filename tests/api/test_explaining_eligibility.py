"""Why nothing can be redeemed at a partner, in our three languages."""

import typing

import pytest

from api.explaining import eligibility as sentences
from api.explaining import tongue
from wallet import money
from wallet.rules import eligibility, orders

OFFER = orders.Offer("gift_card", 1_050, 10_000)
REASONS: dict[eligibility.Reason, tuple[str, str, str]] = {
    "member_suspended": (
        "Your membership is suspended. Ask support.",
        "Tu membresía está suspendida. Habla con soporte.",
        "A sua participação está suspensa. Fale com o suporte.",
    ),
    "spend_locked": (
        "Your wallet is locked for spending. Unlock it first.",
        "Tu cartera está bloqueada para gastos. Desbloquéala primero.",
        "A sua carteira está bloqueada para gastos. Desbloqueie-a primeiro.",
    ),
    "partner_closed": (
        "This partner takes no orders at the moment.",
        "Este comercio no acepta pedidos en este momento.",
        "Este parceiro não aceita pedidos no momento.",
    ),
    "not_accepted": (
        "Value of this coalition cannot be spent at this partner.",
        "El valor de esta coalición no se puede gastar en este comercio.",
        "O valor desta coalizão não pode ser gasto neste parceiro.",
    ),
    "territory": (
        "This partner is not for members of your country.",
        "Este comercio no es para miembros de tu país.",
        "Este parceiro não é para participantes do seu país.",
    ),
    "country_unknown": (
        "This partner is for some countries only. Say in your profile where you live.",
        "Este comercio es solo para algunos países. Di en tu perfil dónde vives.",
        "Este parceiro é só para alguns países. Diga no seu perfil onde você mora.",
    ),
    "link_needed": (
        "Connect your account at this partner first.",
        "Conecta primero tu cuenta en este comercio.",
        "Conecte primeiro a sua conta neste parceiro.",
    ),
    "link_again": (
        "This partner no longer accepts us. Connect your account again.",
        "Este comercio ya no nos acepta. Conecta tu cuenta de nuevo.",
        "Este parceiro não nos aceita mais. Conecte a sua conta de novo.",
    ),
    "too_little": (
        "You need at least 10.50 EUR to redeem here.",
        "Necesitas al menos 10,50 EUR para canjear aquí.",
        "Você precisa de pelo menos 10,50 EUR para resgatar aqui.",
    ),
    "limit": (
        "10.50 EUR, the least of this partner, is more than may be spent at once.",
        "10,50 EUR, lo mínimo de este comercio, es más de lo que se puede gastar de una vez.",
        "10,50 EUR, o mínimo deste parceiro, é mais do que se pode gastar de uma vez.",
    ),
}


def test_every_reason_has_its_sentence() -> None:
    assert set(typing.get_args(eligibility.Reason)) == set(REASONS)


@pytest.mark.parametrize("why", REASONS)
def test_a_reason_is_said_in_three_languages(why: eligibility.Reason) -> None:
    said = tuple(
        sentences.reason(why, OFFER, tongue.Tongue(language), asset=money.EUR)
        for language in ("en", "es", "pt")
    )

    assert REASONS[why] == said
