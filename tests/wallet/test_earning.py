"""Reporting purchases: what is credited, what is refused, and what a retry is answered."""

from datetime import timedelta

import pytest

from tests.wallet import factories
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids, members, merchants, previews
from wallet.rules import purchases


async def test_a_purchase_credits_what_its_lines_earn(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought = factories.purchase(
        lines=(
            factories.line(1, 1999),
            factories.line(2, 1234, category="Beauty"),
            factories.line(3, 500, category="tobacco"),
            factories.line(4, 499, kind="shipping"),
        )
    )

    reported = await coalition.report(rosa, ana, bought)

    assert not reported.replayed
    assert factories.Faces(pending=223, available=0, held=0, version=1) == await coalition.faces(
        ana
    )
    assert -223 == await coalition.position(rosa, "contingent")


async def test_each_line_keeps_its_decision_and_its_sentence(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought = factories.purchase(lines=(factories.line(7, 1234, category="Beauty"),))
    promised = await previews.preview(coalition.db, merchant_id=rosa, purchase=bought, now=NOON)

    reported = await coalition.report(rosa, ana, bought)

    row = await coalition.db.fetchrow(
        "select l.*, p.contract_id from ledger.purchase_line l join ledger.purchase p"
        " using (bucket, purchase_id) where purchase_id = $1",
        reported.purchase_id,
    )
    assert row is not None
    (line,) = promised.contract.lines
    assert promised.contract.contract_id == row["contract_id"]
    assert (7, "category:beauty", 1234, 1000, 123) == (
        row["line_no"],
        row["rule"],
        row["base_minor"],
        row["rate_bps"],
        row["credited_minor"],
    )
    assert line.sentence == row["sentence"]
    assert "10 % of 12.34 EUR" in row["sentence"]


async def test_a_purchase_that_earns_nothing_stands_without_a_movement(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()

    reported = await coalition.report(rosa, ana, factories.purchase(0))
    again = await coalition.give_back(rosa, reported.purchase_id)

    assert factories.Faces(0, 0, 0, 0) == await coalition.faces(ana)
    assert [] == await coalition.lots(ana)
    assert again.purchase_id == reported.purchase_id


async def test_a_retry_gets_the_first_answer_and_credits_nothing(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought, key = factories.purchase(10_000), ids.new()
    first = await coalition.report(rosa, ana, bought, key=key)

    again = await coalition.report(rosa, ana, bought, key=key, now=NOON + 400 * DAY)

    assert (first.purchase_id, True) == (again.purchase_id, again.replayed)
    assert 500 == (await coalition.faces(ana)).pending


async def test_the_same_sale_under_another_key_is_the_same_purchase(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought = factories.purchase(10_000)
    first = await coalition.report(rosa, ana, bought)

    again = await coalition.report(rosa, ana, bought)

    assert (first.purchase_id, True) == (again.purchase_id, again.replayed)
    assert 500 == (await coalition.faces(ana)).pending


async def test_a_key_used_before_with_other_contents_is_refused(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    key = ids.new()
    await coalition.report(rosa, ana, factories.purchase(10_000), key=key)

    refusal = await refused(coalition.report(rosa, ana, factories.purchase(10_000), key=key))

    assert "IDEMPOTENCY_KEY_REUSED" == refusal.code
    assert "first_used_at" in refusal.data
    assert 500 == (await coalition.faces(ana)).pending


async def test_a_reference_caught_under_a_reused_key_is_free_for_its_own_sale(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    key, second = ids.new(), factories.purchase(2000)
    await coalition.report(rosa, ana, factories.purchase(10_000), key=key)
    await refused(coalition.report(rosa, ana, second, key=key))

    reported = await coalition.report(rosa, ana, second)

    assert not reported.replayed
    assert 600 == (await coalition.faces(ana)).pending


async def test_a_reference_credits_one_member_only(coalition: Coalition) -> None:
    rosa, ana, ben = await coalition.merchant(), await coalition.member(), await coalition.member()
    bought = factories.purchase(10_000)
    await coalition.report(rosa, ana, bought)

    refusal = await refused(coalition.report(rosa, ben, bought))

    assert ("REFERENCE_USED", ("reference",)) == (refusal.code, refusal.path)
    assert 0 == (await coalition.faces(ben)).version


async def test_a_reference_stands_for_one_content_only(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.report(rosa, ana, factories.purchase(10_000, reference="A-1"))

    refusal = await refused(
        coalition.report(rosa, ana, factories.purchase(10_001, reference="A-1"))
    )

    assert "REFERENCE_USED" == refusal.code


async def test_two_merchants_may_use_the_same_reference(coalition: Coalition) -> None:
    rosa, nuno, ana = (
        await coalition.merchant(),
        await coalition.merchant(),
        await coalition.member(),
    )
    await coalition.report(rosa, ana, factories.purchase(10_000, reference="A-1"))

    reported = await coalition.report(nuno, ana, factories.purchase(10_000, reference="A-1"))

    assert not reported.replayed
    assert 1000 == (await coalition.faces(ana)).pending


async def test_an_unknown_member_is_refused_at_its_place(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    stranger = members.Member(ids.new(), ids.new(), "Nobody", "x@example.org", "active", NOON)

    refusal = await refused(coalition.report(rosa, stranger, factories.purchase(100)))

    assert ("NOT_FOUND", ("memberId",)) == (refusal.code, refusal.path)


async def test_an_unknown_store_is_refused_and_a_known_one_is_kept(coalition: Coalition) -> None:
    rosa, ana, store_id = await coalition.merchant(), await coalition.member(), ids.new()
    await merchants.store_add(
        coalition.db,
        store_id=store_id,
        merchant_id=rosa,
        external_id="17",
        name="Baixa",
        channel="shop",
    )

    refusal = await refused(coalition.report(rosa, ana, factories.purchase(100, store="18")))
    reported = await coalition.report(rosa, ana, factories.purchase(100, store="17"))

    assert ("PURCHASE_INVALID", ("store",)) == (refusal.code, refusal.path)
    assert store_id == await coalition.db.fetchval(
        "select store_id from ledger.purchase where purchase_id = $1", reported.purchase_id
    )


async def test_another_currency_than_the_contract_is_refused(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()

    refusal = await refused(coalition.report(rosa, ana, factories.purchase(100, asset="USD")))

    assert ("CURRENCY_MISMATCH", ("asset",)) == (refusal.code, refusal.path)


async def test_a_suspended_merchant_can_not_report(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late invoices", actor=audit.SYSTEM
    )

    refusal = await refused(coalition.report(rosa, ana, factories.purchase(100)))

    assert "MERCHANT_SUSPENDED" == refusal.code


async def test_a_suspended_member_earns_nothing_and_the_sale_can_be_reported_later(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought, key = factories.purchase(10_000), ids.new()
    await members.suspend(coalition.db, ana.member_id, reason="stolen phone", actor=audit.SYSTEM)
    first = await refused(coalition.report(rosa, ana, bought, key=key))
    await members.reinstate(coalition.db, ana.member_id, reason="found it", actor=audit.SYSTEM)

    same_key = await refused(coalition.report(rosa, ana, bought, key=key))
    new_key = await coalition.report(rosa, ana, bought)

    assert ["MEMBER_SUSPENDED", "MEMBER_SUSPENDED"] == [first.code, same_key.code]
    assert not new_key.replayed
    assert 500 == (await coalition.faces(ana)).pending


async def test_the_contract_of_the_day_of_the_purchase_decides(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.publish(rosa, NOON, rates={"default_bps": 700})
    await coalition.publish(rosa, NOON + 30 * DAY, rates={"default_bps": 100})
    moment = timedelta(microseconds=1)
    earned = []
    for at in (NOON - moment, NOON, NOON + 30 * DAY - moment, NOON + 30 * DAY):
        before = (await coalition.faces(ana)).pending
        bought = factories.purchase(10_000, purchased_at=at)
        await coalition.report(rosa, ana, bought, now=NOON + 40 * DAY)
        earned.append((await coalition.faces(ana)).pending - before)

    assert [500, 700, 700, 100] == earned


async def test_a_purchase_older_than_any_contract_is_refused(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    old = factories.purchase(100, purchased_at=NOON - 901 * DAY)

    refusal = await refused(coalition.report(rosa, ana, old))

    assert ("CONTRACT_MISSING", ("purchasedAt",)) == (refusal.code, refusal.path)


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        (
            factories.purchase(lines=(factories.line(1, -1),)),
            "AMOUNT_INVALID",
            ("lines", "0", "amount"),
        ),
        (factories.purchase(lines=()), "PURCHASE_INVALID", ("lines",)),
        (factories.purchase(10**12, 1), "AMOUNT_INVALID", ("lines",)),
        (factories.purchase(2**63 - 1), "AMOUNT_INVALID", ("lines", "0", "amount")),
        (factories.purchase(100, reference=" "), "TEXT_INVALID", ("reference",)),
        (
            factories.purchase(lines=(factories.line(1, 100, quantity_milli=0),)),
            "PURCHASE_INVALID",
            ("lines", "0", "quantity"),
        ),
        (
            factories.purchase(100, paid_with_cashback_minor=101),
            "AMOUNT_INVALID",
            ("paid_with_cashback",),
        ),
    ],
)
async def test_a_purchase_that_can_not_be_is_refused_with_the_place(
    coalition: Coalition, wrong: purchases.Purchase, code: str, path: tuple[str, ...]
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()

    refusal = await refused(coalition.report(rosa, ana, wrong))

    assert (code, path) == (refusal.code, refusal.path)
    assert 0 == (await coalition.faces(ana)).version


async def test_the_largest_purchase_is_credited_to_the_cent(coalition: Coalition) -> None:
    ana = await coalition.member()

    await coalition.fill(ana, 10**12)

    assert 10**12 == (await coalition.faces(ana)).available


async def test_an_unknown_merchant_is_refused(coalition: Coalition) -> None:
    ana = await coalition.member()

    refusal = await refused(coalition.report(ids.new(), ana, factories.purchase(100)))

    assert isinstance(refusal, errors.NotFound)


async def test_a_purchase_paid_with_cashback_earns_on_the_rest(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()

    await coalition.report(rosa, ana, factories.purchase(10_000, paid_with_cashback_minor=4000))

    assert 300 == (await coalition.faces(ana)).pending
