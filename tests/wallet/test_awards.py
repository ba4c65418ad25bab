"""Awards: what is earned without a purchase, once for each reference, and taken back whole."""

import asyncio

from tests.conftest import Connection
from tests.wallet import factories, granting
from tests.wallet.factories import DAY, NOON, Coalition
from tests.wallet.granting import Gift
from wallet import earn, errors, expire, ids, ledger, money
from wallet.campaigns import budgets


def gift(funder: object, minor: int = 100, **facts: object) -> Gift:
    return Gift(minor, {funder: 1}, line_no=0, **facts)  # type: ignore[dict-item, arg-type]


async def test_an_award_is_free_to_spend_when_its_day_comes(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()

    posted = await granting.award(coalition, ana, gift(rosa), partner_id=rosa, reference="r-1")
    pending = (await coalition.faces(ana)).pending
    await earn.mature(coalition.db, now=NOON)

    assert ("posted", 100) == (posted.code, pending)
    assert 100 == (await coalition.faces(ana)).available
    assert 1 == await granting.facts_of(coalition, ana)


async def test_an_award_of_points_opens_their_wallet(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    points = gift(rosa, 40, asset=money.PTS)

    await granting.award(coalition, ana, points, partner_id=rosa, reference="r-1")

    assert (40, 0) == await granting.faces(coalition, ana, money.PTS)


async def test_a_replay_gives_the_first_answer(coalition: Coalition, owner: Connection) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    one = gift(rosa)
    await granting.award(coalition, ana, one, partner_id=rosa, reference="r-1", key=key)

    again = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-1", key=key)
    other = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-2", key=key)

    assert True is again.answer["replayed"]
    assert "idempotency_key_reused" == other.code
    assert 1 == await owner.fetchval("select count(*) from ledger.award")


async def test_a_reference_stands_for_one_award_even_in_a_race(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    people = [await coalition.member(bucket=6) for _ in range(6)]

    posted = await asyncio.gather(
        *(
            granting.award(coalition, who, gift(rosa), partner_id=rosa, reference="r-1")
            for who in people
        )
    )

    assert ["posted", *["reference_used"] * 5] == sorted(one.code for one in posted)


async def test_a_decision_on_old_facts_is_stale(coalition: Coalition, owner: Connection) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await granting.award(coalition, ana, gift(rosa), partner_id=rosa, reference="r-1")

    stale = await granting.award(
        coalition, ana, gift(rosa), partner_id=rosa, reference="r-2", facts_version=0
    )

    assert {"code": "stale", "replayed": False} == stale.answer
    assert 1 == await owner.fetchval("select count(*) from ledger.award")


async def test_a_suspended_member_is_awarded_nothing_and_that_stands(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    bucket = ledger.bucket(ana.wallet_id)

    async def set_to(status: str, state: str) -> None:
        await coalition.db.execute("update coalition.member set status = $1", status)
        await coalition.db.call(
            "select ledger.set_wallet_state($1, $2, $3)", bucket, ana.wallet_id, state
        )

    one = gift(rosa)
    await set_to("suspended", "suspended")
    first = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-1", key=key)
    await set_to("active", "open")
    again = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-1", key=key)

    assert ["member_suspended"] * 2 == [first.code, again.code]
    assert (False, True) == (first.answer["replayed"], again.answer["replayed"])


async def test_an_award_draws_on_its_budget_and_gives_back_when_reversed(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    budget = await granting.budget(coalition, 150, bucket=1, need_minor=150)
    one = gift(rosa, budgets=(budget,))
    first = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-1")

    full = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-2")
    await granting.undo(coalition, first.purchase_id)
    again = await granting.award(coalition, ana, one, partner_id=rosa, reference="r-2")

    assert ["posted", "stale", "posted"] == [first.code, full.code, again.code]
    assert 50 == (await budgets.standing(coalition.db, [budget]))[budget].left_minor


async def test_a_reversal_takes_an_award_from_wherever_it_is(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    charity, brand = ids.new(), ids.new()
    shared = Gift(100, {rosa: 1, brand: 1}, charity_id=charity, charity_minor=20, line_no=0)
    posted = await granting.award(coalition, ana, shared, partner_id=rosa, reference="r-1")
    await earn.mature(coalition.db, now=NOON)
    await coalition.spend(ana, rosa, 30)
    await expire.sweep(coalition.db, now=NOON + 100 * DAY)

    answer = await granting.undo(coalition, posted.purchase_id, now=NOON + 101 * DAY)

    assert "posted" == answer["code"]
    row = await coalition.db.fetchrow(
        "select sum(from_given_minor)::int, sum(from_expired_minor)::int,"
        " sum(deficit_minor)::int from ledger.return_lot"
    )
    assert row is not None and (20, 50, 30) == tuple(row)
    assert 0 == await coalition.position(charity, "due")
    assert -30 == (await coalition.faces(ana)).available


async def test_a_reversal_is_done_once_whoever_asks(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    posted = await granting.award(coalition, ana, gift(rosa), partner_id=rosa, reference="r-1")

    answers = await asyncio.gather(
        *(granting.undo(coalition, posted.purchase_id) for _ in range(5))
    )

    assert [False, True, True, True, True] == sorted(one["replayed"] for one in answers)
    assert 1 == len({one["return_id"] for one in answers})
    assert 0 == (await coalition.faces(ana)).pending


async def test_an_award_that_is_not_there_is_not_reversed(coalition: Coalition) -> None:
    answer = await granting.undo(coalition, ids.new())

    assert "not_found" == answer["code"]
    assert isinstance(ledger.refusal(answer), errors.NotFound)


async def test_a_points_only_return_and_an_award_meet_without_deadlock(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    points = gift(rosa, 40, asset=money.PTS)
    await granting.award(coalition, ana, points, partner_id=rosa, reference="r-0")

    done = await asyncio.gather(
        *(
            granting.award(coalition, ana, points, partner_id=rosa, reference=f"r-{place}")
            for place in range(1, 6)
        ),
        *(
            granting.post(coalition, rosa, ana, factories.purchase(1000), Gift(9, {rosa: 1}))
            for _ in range(5)
        ),
    )

    assert {"posted"} == {one.code for one in done}
    assert (240, 0) == await granting.faces(coalition, ana, money.PTS)
