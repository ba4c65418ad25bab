"""Deciding a basket: 20 lines against 200 live campaigns, and against one.

Only the rule is measured, by the processor time of this process: the contract, the campaigns and
the explanation that is stored, as a report and a preview ask for them. The campaigns are a mix, as
a large coalition runs them at one merchant: most ask for categories, products or brands, others for
a shop, an hour, a segment, a payment instrument or a minimum. Once more with campaigns of which
half count every line, which no coalition would run, to see what the worst costs.
"""

import functools
import random
import time
import uuid
from datetime import datetime
from typing import Any, Final

import msgspec

from bench import findings, rounds, stage
from wallet import money
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import compiled, decide, facts, outcome, programme
from wallet.rules.campaigns.definition import Definition

MANY: Final = 200
LINES: Final = 20
BAR_MS: Final = 2.0
CATEGORIES: Final = [f"category {number}" for number in range(40)]
PLACE: Final = facts.Place(uuid.UUID(int=1), uuid.UUID(int=2), "Europe/Lisbon")
EFFECTS: Final[tuple[dict[str, Any], ...]] = (
    {"give": "rate", "bps": 250},
    {"give": "rate", "bps": 300},
    {"give": "amount", "minor": 50},
    {"give": "multiplier", "times_milli": 2000},
)


async def measure(on: stage.Stage) -> findings.Finding:
    """Milliseconds of processor time for one basket."""
    few = 5 if on.plan.times else 300
    sides = [
        _side(on, "1 campaign", 1, few, worst=False),
        _side(on, f"{MANY} campaigns", MANY, few, worst=False),
        _side(on, f"{MANY} campaigns, half of which count every line", MANY, few, worst=True),
    ]
    played = await on.play(sides)
    finding = findings.Finding(
        f"A basket of {LINES} lines against campaigns", (__doc__ or "").partition("\n\n")[2].strip()
    )
    for result in played.values():
        times = rounds.Result(result.name, [1000 / rate for rate in result.rates])
        finding.add(times, "ms")
    one, many, worst = (played[side.name].median for side in sides)
    finding.ratios = [
        findings.Ratio(f"{MANY} campaigns against 1", one / many, "x"),
        findings.Ratio(
            f"{MANY} campaigns, part of {BAR_MS:g} ms of processor time",
            100 * (1000 / many) / BAR_MS,
            "%",
            100.0,
            "at most",
        ),
        findings.Ratio(
            f"{MANY} campaigns, half of which count every line, against 1", one / worst, "x"
        ),
    ]
    return finding


def _side(on: stage.Stage, name: str, count: int, times: int, *, worst: bool) -> rounds.Side:
    chance = random.Random(7)
    basket, contract = _basket(chance), _contract()
    versions = [_version(number, chance, worst=worst) for number in range(count)]
    ready = compiled.compile_set(versions, programme.DEFAULT)

    async def play() -> rounds.Turn:
        began = time.process_time()
        for _ in range(times):
            decided = cashback.decide(basket, contract)
            found = decide.decide(basket, decided, ready, place=PLACE, member=facts.Member())
            outcome.document(found)
        return rounds.Turn(times, time.process_time() - began)

    return rounds.Side(name, play, on.wallet, None)


def _basket(chance: random.Random) -> purchases.Purchase:
    lines = tuple(
        purchases.Line(
            number=number,
            external_id=None,
            product=f"product {chance.randrange(5_000)}",
            description=None,
            kind="item",
            category=chance.choice(CATEGORIES),
            labels=("new", "local"),
            quantity_milli=1000,
            amount_minor=500 + 37 * number,
            discount_minor=0,
            tax_minor=0,
            brand=f"brand {chance.randrange(50)}",
        )
        for number in range(1, LINES + 1)
    )
    return purchases.Purchase(
        reference="till-1/1",
        asset="EUR",
        channel="shop",
        store="17",
        purchased_at=datetime.fromisoformat("2026-03-10T12:00:00+00:00"),
        lines=lines,
        paid_with_cashback_minor=0,
        events=(),
    )


@functools.cache
def _contract() -> contracts.Contract:
    terms = contracts.Terms(
        asset="EUR",
        rates=contracts.Rates(default_bps=100),
        base=contracts.Base(discounts="net", tax="with", shipping=False),
        rounding=money.Rounding.HALF_EVEN,
        pending=contracts.Pending("reported", 0, 0, "mature"),
        expiry=contracts.Expiry(days=365),
        deficit=contracts.Deficit("merchant_bears", 0),
        breakage="operator",
    )
    return contracts.Contract(uuid.UUID(int=7), 1, terms, "Rosa")


def _version(number: int, chance: random.Random, *, worst: bool) -> facts.Version:
    when, lines = _conditions(number % 20, chance)
    if worst and number % 2:
        when, lines = [], []
    if number % 3 == 0:
        when = [*when, {"if": "minimum", "amount_minor": 1_000 * (number % 50 + 1)}]
    definition = {
        "name": f"Campaign {number}",
        "asset": "EUR",
        "starts_at": "2026-01-01T00:00:00Z",
        "when": when,
        "lines": lines,
        "give": EFFECTS[number % len(EFFECTS)],
        "stack": {"group": "bonus" if number % 2 else "offers", "priority": number},
        "caps": {"purchase_minor": 500},
        "funding": [{"funder": "merchant", "bps": 6000}, {"funder": "operator", "bps": 4000}],
        "terms": {"text": {"en": "As agreed."}},
    }
    return facts.Version(
        uuid.UUID(int=number + 1),
        uuid.UUID(int=number + 1_001),
        msgspec.convert(definition, Definition),
    )


def _conditions(
    kind: int, chance: random.Random
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    if kind < 8:
        return [], [{"if": "category", "any_of": [chance.choice(CATEGORIES)]}]
    if kind < 12:
        products = [f"product {chance.randrange(5_000)}" for _ in range(20)]
        return [], [{"if": "product", "any_of": products}]
    if kind < 14:
        return [], [{"if": "brand", "any_of": [f"brand {chance.randrange(50)}"]}]
    when: list[list[dict[str, Any]]] = [
        [{"if": "store", "any_of": [chance.choice(["17", "18"])]}],
        [{"if": "schedule", "days": ["sat", "sun"]}],
        [{"if": "segment", "any_of": ["parents"]}],
        [{"if": "instrument", "any_of": ["card:aurora"]}],
        [{"if": "minimum", "amount_minor": 100_000}],
        [],
    ]
    return when[kind - 14], []
