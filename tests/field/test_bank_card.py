"""A bank pays a bonus for its card, out of its own budget; no card's number is ever taken."""

import asyncio
from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line, missed
from wallet import ids

SET = """mutation Set($input: BudgetSetInput!) { budgetSet(input: $input) {
  budget { cap { amount } } errors { ... on UserError { code path } } } }"""
OWN = "{ merchantBudget { kind given { amount } left { amount } } }"
CARD = "card:aurora/tok_9f2c41"


async def aurora(scene: stage.Stage, **changes: Any) -> client.Client:
    """A bank that gives 2 % wherever its card pays."""
    bank = await scene.merchant()
    await scene.campaign(
        "Aurora",
        give={"give": "rate", "bps": 200},
        when=[{"if": "instrument", "any_of": ["card:aurora/"]}],
        funding=[{"funder": str(bank.principal_id), "bps": 10_000}],
        **changes,
    )
    return bank


async def test_the_banks_card_earns_more_everywhere_and_the_bank_pays_it(
    scene: stage.Stage,
) -> None:
    bank = await aurora(scene)
    rosa, harvest, ana = await scene.merchant(), await scene.merchant(), await scene.member()

    promised = await scene.preview(rosa, ana, line(1, "50.00"), instrument=CARD)
    bought = [
        await scene.report(rosa, ana, line(1, "50.00"), instrument=token)
        for token in (CARD, "card:other/1", "card:auroral/1", None)
    ]
    await scene.report(harvest, ana, line(1, "50.00"), instrument=CARD)
    await scene.mature()

    assert credited(promised) == credited(bought[0]) == "1.00"
    assert [granted(one) for one in bought[1:]] == [{}, {}, {}]
    assert missed(bought[3], "Aurora") == ["INSTRUMENT"]
    assert await scene.coalition.position(bank.principal_id, "issued") == -200
    assert await scene.coalition.position(rosa.principal_id, "issued") == 0


async def test_a_cards_number_is_refused_however_it_is_written(scene: stage.Stage) -> None:
    await aurora(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    numbers = ["4111111111111111", "card:aurora/4111 1111 1111 1111", "5500-0000-0000-0004"]

    answers = [await scene.send(rosa, ana, instrument=number) for number in numbers]

    assert [one["errors"] for one in answers] == [
        [{"code": "PURCHASE_INVALID", "path": ["instrument"]}]
    ] * 3
    kept = await scene.db.fetchval("select count(*) from ledger.purchase where instrument <> ''")
    assert kept == 0


async def test_the_banks_own_budget_is_given_to_the_last_cent_and_not_beyond(
    scene: stage.Stage,
) -> None:
    bank = await aurora(scene, budget={"minor": 10_000})
    rosa, ana = await scene.merchant(), await scene.member()
    people = [ana, *[await scene.member() for _ in range(3)]]
    told = {
        "idempotencyKey": client.key(),
        "kind": "FUNDER",
        "subjectId": ids.show("mer", bank.principal_id),
        "amount": {"amount": "2.50", "currency": "EUR"},
        "reason": "as the bank wrote",
    }
    done = (await scene.operator.ask(SET, {"input": told})).data["budgetSet"]
    assert done["errors"] == []

    bought = await asyncio.gather(
        *[scene.report(rosa, one, line(1, "50.00"), instrument=CARD) for one in people]
    )
    late = await scene.report(rosa, ana, line(1, "50.00"), instrument=CARD)

    assert sorted(credited(one) for one in bought) == ["0.00", "0.50", "1.00", "1.00"]
    assert credited(late) == "0.00"
    (part,) = [one for one in bought if credited(one) == "0.50"]
    (grant,) = part["campaigns"]["matched"]
    (cut,) = grant["cuts"]
    assert (cut["by"], cut["from"]["amount"], cut["to"]["amount"]) == (
        "FUNDER_BUDGET",
        "1.00",
        "0.50",
    )
    (own,) = (await bank.ask(OWN)).data["merchantBudget"]
    assert own == {"kind": "FUNDER", "given": {"amount": "2.50"}, "left": {"amount": "0.00"}}
