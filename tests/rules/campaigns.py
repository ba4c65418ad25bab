"""Campaigns to start from: each test names only what it is about and takes the rest from here."""

import uuid
from typing import Any

import msgspec

from tests.rules.examples import contract, purchase
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import compiled, decide, facts, outcome, programme
from wallet.rules.campaigns.definition import Definition

ROSA = uuid.UUID(int=0xA05A)
OPERATOR = uuid.UUID(int=0x0E)
ZONE = "Europe/Lisbon"
PLACE = facts.Place(ROSA, OPERATOR, ZONE)
NOBODY = facts.Member()
ROOMY = programme.Rules(
    (
        programme.Group("bonus", "all"),
        programme.Group("offers", "best"),
        programme.Group("first", "first"),
    )
)
SIMPLE: dict[str, Any] = {
    "name": "Five per cent",
    "asset": "EUR",
    "starts_at": "2026-01-01T00:00:00Z",
    "give": {"give": "rate", "bps": 500},
    "stack": {"group": "bonus", "priority": 10},
    "funding": [{"funder": "merchant", "bps": 10_000}],
    "terms": {"text": {"en": "Five per cent on everything."}},
}


def version(number: int = 1, **changes: Any) -> facts.Version:
    """A version that gives 5 % on everything, but for what is given."""
    stack = {**SIMPLE["stack"], "priority": 10 + number, **changes.pop("stack", {})}
    raw = {**SIMPLE, "name": f"Campaign {number}", "stack": stack, **changes}
    return facts.Version(
        campaign_id=uuid.UUID(int=number),
        version_id=uuid.UUID(int=number + 1000),
        definition=msgspec.convert(raw, Definition),
    )


def given(
    *versions: facts.Version,
    bought: purchases.Purchase | None = None,
    under: contracts.Contract | None = None,
    place: facts.Place = PLACE,
    member: facts.Member | None = NOBODY,
    room: facts.Room | None = None,
    rules: programme.Rules = ROOMY,
) -> outcome.Outcome:
    """What these versions give for a purchase at Rosa's, whose contract gives nothing by itself."""
    bought = purchase() if bought is None else bought
    decided = cashback.decide(
        bought, contract(rates=contracts.Rates(0)) if under is None else under
    )
    ready = compiled.compile_set(versions, rules)
    return decide.decide(bought, decided, ready, place=place, member=member, room=room)


def amounts(found: outcome.Outcome) -> dict[str, int]:
    """What each campaign granted, by name."""
    return {one.version.definition.name: one.granted_minor for one in found.granted}


def why(found: outcome.Outcome, name: str = "Campaign 1") -> list[str]:
    """The kinds of reasons for which a campaign gave nothing."""
    (missed,) = [one for one in found.missed if one.version.definition.name == name]
    return [reason["if"] for reason in missed.reasons]
