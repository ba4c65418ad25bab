"""Why a campaign gave nothing to this member, in our three languages: who they are or are not."""

from typing import Any, Final

REASONS: Final[list[tuple[dict[str, Any], str, str, str]]] = [
    (
        {"if": "segment", "any_of": ["families"], "had": None},
        "It is not for every member.",
        "No es para todos los miembros.",
        "Não é para todos os participantes.",
    ),
    (
        {"if": "tier", "any_of": ["gold", "platinum"], "had": "silver"},
        "Only for the tier gold or platinum.",
        "Solo para el nivel gold o platinum.",
        "Só para o nível gold ou platinum.",
    ),
    (
        {"if": "membership", "any_of": ["VIP", "Gold"]},
        "Only with the membership VIP or Gold.",
        "Solo con la membresía VIP o Gold.",
        "Só com a assinatura de membro VIP ou Gold.",
    ),
    (
        {"if": "membership", "any_of": []},
        "Only with a paid membership.",
        "Solo con una membresía de pago.",
        "Só com uma assinatura de membro paga.",
    ),
    (
        {"if": "membership", "any_of": ["VIP"], "unless": True},
        "Not for members who pay for a membership.",
        "No es para quienes pagan una membresía.",
        "Não é para quem paga uma assinatura de membro.",
    ),
    (
        {"if": "joined", "within_days": 30, "days": 45},
        "Only within 30 days of joining; you joined 45 days before.",
        "Solo hasta 30 días después de inscribirse; te inscribiste 45 días antes.",
        "Só até 30 dias depois da inscrição; você se inscreveu 45 dias antes.",
    ),
    (
        {"if": "joined", "within_days": 30, "days": None},
        "Only within 30 days of joining.",
        "Solo hasta 30 días después de inscribirse.",
        "Só até 30 dias depois da inscrição.",
    ),
]
