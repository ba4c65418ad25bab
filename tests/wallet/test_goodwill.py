"""Goodwill and giving: the operator's credits within their limits, and the member's donations."""

import asyncio

from tests.wallet import giving
from tests.wallet.factories import DAY, NOON, Coalition, Faces, refused
from wallet import credit, errors, ids, members, notices, statements

SUPPORT = credit.Staff(ids.new(), "support")


async def test_a_credit_is_free_at_once_and_the_operator_pays(coalition: Coalition) -> None:
    ana = await coalition.member()

    credited = await coalition.goodwill(ana, 1500)

    assert (1500, False) == (credited.amount_minor, credited.replayed)
    assert Faces(0, 1500, 0, 1) == await coalition.faces(ana)
    assert -1500 == await coalition.position(coalition.operator_id, "goodwill")
    assert "credit.goodwill" == await coalition.db.fetchval(
        "select act from coalition.audit where subject_id = $1 and actor_kind = 'staff'",
        ana.member_id,
    )


async def test_a_credit_sent_again_is_given_once(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()
    await coalition.goodwill(ana, 1500, key=key)

    again = await coalition.goodwill(ana, 1500, key=key, now=NOON + 99 * DAY)
    other = await refused(coalition.goodwill(ana, 1400, key=key))

    assert again.replayed
    assert "IDEMPOTENCY_KEY_REUSED" == other.code
    assert 1500 == (await coalition.faces(ana)).available


async def test_a_credit_has_a_reason_a_member_and_an_amount(coalition: Coalition) -> None:
    ana = await coalition.member()

    refusals = [
        await refused(coalition.goodwill(ana, 0)),
        await refused(coalition.goodwill(ana, 2001, staff=SUPPORT)),
        await refused(coalition.goodwill(ana, 1, staff=credit.Staff(ids.new(), "nobody"))),
        await refused(
            coalition.goodwill(
                members.Member(ids.new(), ids.new(), "Nobody", "x@example.org", "active", NOON), 1
            )
        ),
    ]

    assert ["AMOUNT_INVALID", "GOODWILL_LIMIT", "GOODWILL_LIMIT", "NOT_FOUND"] == [
        refusal.code for refusal in refusals
    ]
    assert [2000, 0] == [refusal.data["allowed_minor"] for refusal in refusals[1:3]]


async def test_a_member_gets_no_more_in_a_month_whoever_gives(coalition: Coalition) -> None:
    ana = await coalition.member()
    for _ in range(2):
        await coalition.goodwill(ana, 2000, staff=credit.Staff(ids.new(), "support"))

    refusal = await refused(coalition.goodwill(ana, 1001, staff=SUPPORT))
    await coalition.goodwill(ana, 1000, staff=SUPPORT)
    await coalition.goodwill(ana, 1000, staff=SUPPORT, now=NOON + 31 * DAY)

    assert ("GOODWILL_LIMIT", 1000) == (refusal.code, refusal.data["allowed_minor"])
    assert 6000 == (await coalition.faces(ana)).available


async def test_a_colleague_gives_no_more_in_a_day_even_in_a_race(coalition: Coalition) -> None:
    people = [await coalition.member() for _ in range(30)]
    staff = credit.Staff(ids.new(), "support")

    answers = await asyncio.gather(
        *(coalition.goodwill(member, 2000, staff=staff) for member in people),
        return_exceptions=True,
    )

    given = [answer for answer in answers if isinstance(answer, credit.Credited)]
    assert 25 == len(given)
    assert {"GOODWILL_LIMIT"} == {
        answer.code for answer in answers if isinstance(answer, errors.Refusal)
    }
    assert -50_000 == await coalition.position(coalition.operator_id, "goodwill")


async def test_a_race_does_not_pass_the_limit_of_a_member(coalition: Coalition) -> None:
    ana = await coalition.member()

    answers = await asyncio.gather(
        *(
            coalition.goodwill(ana, 1000, staff=credit.Staff(ids.new(), "support"))
            for _ in range(12)
        ),
        return_exceptions=True,
    )

    assert 5 == sum(isinstance(answer, credit.Credited) for answer in answers)
    assert 5000 == (await coalition.faces(ana)).available


async def test_asking_again_for_what_was_refused_uses_up_nothing(coalition: Coalition) -> None:
    ana, ben, staff, key = (
        await coalition.member(),
        await coalition.member(),
        credit.Staff(ids.new(), "support"),
        ids.new(),
    )
    for _ in range(5):
        await coalition.goodwill(ana, 1000, staff=SUPPORT)
    for _ in range(30):
        await refused(coalition.goodwill(ana, 2000, staff=staff, key=key))

    credited = await coalition.goodwill(ben, 2000, staff=staff)

    assert not credited.replayed


async def test_a_donation_leaves_the_wallet_for_the_charity(coalition: Coalition) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    key = ids.new()
    await coalition.fill(ana, 500)

    first = await coalition.give(ana, charity_id, 200, key=key)
    again = await coalition.give(ana, charity_id, 200, key=key)

    assert [False, True] == [first, again]
    assert Faces(0, 300, 0, 3) == await coalition.faces(ana)
    assert 200 == await coalition.position(charity_id, "due")


async def test_a_gift_is_told_with_the_name_of_its_charity(coalition: Coalition) -> None:
    ana = await coalition.member()
    charity_id = await giving.charity(coalition, name="River Fund")
    await coalition.fill(ana, 500)
    await coalition.give(ana, charity_id, 200)

    await notices.drain(coalition.db)
    told = await notices.page(coalition.db, ana.wallet_id, first=10)
    page = await statements.page(coalition.db, ana.wallet_id, asset=coalition.asset, first=1)

    assert "You gave 2.00 EUR to River Fund." in [one.sentence for one in told]
    assert ["2.00 EUR given to River Fund."] == [one.reason for one in page.movements]


async def test_a_donation_is_refused_with_what_is_wrong(coalition: Coalition) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    key = ids.new()
    await coalition.fill(ana, 500)
    await coalition.give(ana, charity_id, 1, key=key)

    refusals = [
        await refused(coalition.give(ana, charity_id, 500)),
        await refused(coalition.give(ana, charity_id, 0)),
        await refused(coalition.give(ana, charity_id, -1)),
        await refused(coalition.give(ana, charity_id, 2, key=key)),
    ]

    assert [
        "INSUFFICIENT_FUNDS",
        "AMOUNT_INVALID",
        "AMOUNT_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
    ] == [refusal.code for refusal in refusals]
    assert 499 == refusals[0].data["available_minor"]
    assert 499 == (await coalition.faces(ana)).available
