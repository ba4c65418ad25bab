"""Reporting many purchases in one call: each item has its own answer, and the sum is the same."""

import pytest

from tests.wallet import factories
from tests.wallet.factories import NOON, Coalition, Faces
from wallet import audit, earn, errors, ids, members
from wallet.rules import purchases

Answers = list[earn.Reported | errors.Refusal]


def items(*sales: tuple[members.Member, purchases.Purchase]) -> list[earn.Report]:
    return [earn.Report(ids.new(), member.member_id, bought) for member, bought in sales]


def codes(answers: Answers) -> list[str]:
    return [
        answer.code
        if isinstance(answer, errors.Refusal)
        else "replayed"
        if answer.replayed
        else "posted"
        for answer in answers
    ]


async def test_a_batch_is_the_same_as_one_by_one(coalition: Coalition) -> None:
    rosa, nuno = await coalition.merchant(), await coalition.merchant()
    ana, ben, eva, ivo = [await coalition.member() for _ in range(4)]
    amounts = [1999, 10_000, 333, 0, 4567]
    together = [(ana, amount) for amount in amounts] + [(ben, 777)]
    await earn.report(
        coalition.db,
        merchant_id=rosa,
        items=items(*((who, factories.purchase(amount)) for who, amount in together)),
        now=NOON,
    )
    for who, amount in [(eva, amount) for amount in amounts] + [(ivo, 777)]:
        await coalition.report(nuno, who, factories.purchase(amount))

    assert await coalition.faces(eva) == await coalition.faces(ana)
    assert await coalition.faces(ivo) == await coalition.faces(ben)
    assert await coalition.position(nuno, "contingent") == await coalition.position(
        rosa, "contingent"
    )


async def test_a_bad_item_leaves_the_others_alone(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    ana, ben, eva = [await coalition.member() for _ in range(3)]
    await members.suspend(coalition.db, eva.member_id, reason="stolen phone", actor=audit.SYSTEM)
    batch = items(
        (ana, factories.purchase(10_000)),
        (ana, factories.purchase(-1)),
        (ben, factories.purchase(100, asset="USD")),
        (eva, factories.purchase(10_000)),
        (ben, factories.purchase(10_000)),
    )
    batch.append(earn.Report(ids.new(), ids.new(), factories.purchase(100)))

    answers = await earn.report(coalition.db, merchant_id=rosa, items=batch, now=NOON)

    assert [
        "posted",
        "AMOUNT_INVALID",
        "CURRENCY_MISMATCH",
        "MEMBER_SUSPENDED",
        "posted",
        "NOT_FOUND",
    ] == codes(answers)
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)
    assert Faces(500, 0, 0, 1) == await coalition.faces(ben)


async def test_a_batch_sent_twice_is_credited_once(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    batch = items(*((ana, factories.purchase(amount)) for amount in (100, 200, 300)))
    await earn.report(coalition.db, merchant_id=rosa, items=batch, now=NOON)

    again = await earn.report(coalition.db, merchant_id=rosa, items=list(reversed(batch)), now=NOON)

    assert ["replayed"] * 3 == codes(again)
    assert Faces(30, 0, 0, 3) == await coalition.faces(ana)


async def test_a_batch_may_name_one_sale_twice(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    (first,) = items((ana, factories.purchase(10_000)))
    other_key = earn.Report(ids.new(), first.member_id, first.purchase)

    answers = await earn.report(
        coalition.db, merchant_id=rosa, items=[first, first, other_key], now=NOON
    )

    assert ["posted", "replayed", "replayed"] == codes(answers)
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)


async def test_a_batch_can_not_use_a_key_or_a_reference_for_two_sales(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    key = ids.new()
    batch = [
        earn.Report(key, ana.member_id, factories.purchase(10_000, reference="A")),
        earn.Report(key, ana.member_id, factories.purchase(10_000, reference="B")),
        earn.Report(ids.new(), ana.member_id, factories.purchase(200, reference="A")),
    ]

    answers = await earn.report(coalition.db, merchant_id=rosa, items=batch, now=NOON)

    assert ["posted", "IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED"] == codes(answers)
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)


async def test_a_thousand_purchases_fit_and_one_more_does_not(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    batch = items(*((ana, factories.purchase(100)) for _ in range(purchases.PURCHASES_MAX)))

    answers = await earn.report(coalition.db, merchant_id=rosa, items=batch, now=NOON)
    with pytest.raises(errors.TooMany):
        await earn.report(coalition.db, merchant_id=rosa, items=[*batch, batch[0]], now=NOON)

    assert {"posted"} == set(codes(answers))
    assert Faces(5000, 0, 0, 1000) == await coalition.faces(ana)


async def test_no_purchases_are_no_answers(coalition: Coalition) -> None:
    assert [] == await earn.report(coalition.db, merchant_id=coalition.mint, items=[])
