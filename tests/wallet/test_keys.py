"""A key belongs to one wallet. Used for two, each keeps its own outcome: nothing lost or doubled.

What a key did is written in the member's bucket, so another bucket cannot know of it, and asking it
would cost a write across buckets. In one bucket the reuse is seen, and refused.
"""

from tests.wallet import factories
from tests.wallet.factories import Coalition, Faces, refused
from wallet import credit, ids

SUPPORT = credit.Staff(ids.new(), "support")


async def test_a_key_of_a_report_used_for_a_member_of_another_bucket_credits_each_sale_once(
    coalition: Coalition,
) -> None:
    rosa, key = await coalition.merchant(), ids.new()
    ana, ben = await coalition.member(bucket=1), await coalition.member(bucket=2)
    hers, his = factories.purchase(10_000), factories.purchase(20_000)

    first = [
        await coalition.report(rosa, who, what, key=key) for who, what in ((ana, hers), (ben, his))
    ]
    again = [
        await coalition.report(rosa, who, what, key=key) for who, what in ((ana, hers), (ben, his))
    ]

    assert [False, False] == [reported.replayed for reported in first]
    assert [True, True] == [reported.replayed for reported in again]
    assert first[0].purchase_id != first[1].purchase_id
    assert [one.purchase_id for one in first] == [one.purchase_id for one in again]
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)
    assert Faces(1000, 0, 0, 1) == await coalition.faces(ben)


async def test_a_key_of_a_report_used_for_another_member_of_one_bucket_is_refused(
    coalition: Coalition,
) -> None:
    rosa, key = await coalition.merchant(), ids.new()
    ana, ben = await coalition.member(bucket=1), await coalition.member(bucket=1)
    bought = factories.purchase(20_000)
    await coalition.report(rosa, ana, factories.purchase(10_000), key=key)

    refusal = await refused(coalition.report(rosa, ben, bought, key=key))
    reported = await coalition.report(rosa, ben, bought)

    assert "IDEMPOTENCY_KEY_REUSED" == refusal.code
    assert not reported.replayed
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)
    assert Faces(1000, 0, 0, 1) == await coalition.faces(ben)


async def test_one_sale_is_never_credited_to_two_members_whatever_its_key(
    coalition: Coalition,
) -> None:
    rosa, key = await coalition.merchant(), ids.new()
    ana = await coalition.member(bucket=1)
    others = [await coalition.member(bucket=bucket) for bucket in (1, 2)]
    bought = factories.purchase(10_000)
    await coalition.report(rosa, ana, bought, key=key)

    same_key = [await refused(coalition.report(rosa, ben, bought, key=key)) for ben in others]
    new_key = [await refused(coalition.report(rosa, ben, bought)) for ben in others]

    assert ["IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED"] == [refusal.code for refusal in same_key]
    assert ["REFERENCE_USED", "REFERENCE_USED"] == [refusal.code for refusal in new_key]
    assert Faces(500, 0, 0, 1) == await coalition.faces(ana)
    assert [Faces(0, 0, 0, 0)] * 2 == [await coalition.faces(ben) for ben in others]


async def test_a_key_of_a_credit_used_for_a_member_of_another_bucket_credits_each_once(
    coalition: Coalition,
) -> None:
    ana, ben = await coalition.member(bucket=1), await coalition.member(bucket=2)
    key = ids.new()

    first = [await coalition.goodwill(who, 700, staff=SUPPORT, key=key) for who in (ana, ben)]
    again = [await coalition.goodwill(who, 700, staff=SUPPORT, key=key) for who in (ana, ben)]

    assert [False, False] == [credited.replayed for credited in first]
    assert [True, True] == [credited.replayed for credited in again]
    assert [one.credit_id for one in first] == [one.credit_id for one in again]
    assert [700, 700] == [(await coalition.faces(who)).available for who in (ana, ben)]
    assert 1400 == await coalition.db.fetchval(
        "select spent from coalition.allowance where staff_id = $1", SUPPORT.staff_id
    )


async def test_a_key_of_a_credit_used_for_another_member_of_one_bucket_is_refused(
    coalition: Coalition,
) -> None:
    ana, ben = await coalition.member(bucket=1), await coalition.member(bucket=1)
    key = ids.new()
    await coalition.goodwill(ana, 700, staff=SUPPORT, key=key)

    refusal = await refused(coalition.goodwill(ben, 700, staff=SUPPORT, key=key))

    assert "IDEMPOTENCY_KEY_REUSED" == refusal.code
    assert [700, 0] == [(await coalition.faces(who)).available for who in (ana, ben)]
    assert 700 == await coalition.db.fetchval(
        "select spent from coalition.allowance where staff_id = $1", SUPPORT.staff_id
    )
