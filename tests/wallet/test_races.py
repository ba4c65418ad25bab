"""Many clients at once: whatever the order, the books come out as if it had been one by one."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.wallet import factories, giving
from tests.wallet.factories import DAY, EUR, NOON, Coalition, refused
from wallet import audit, donate, earn, errors, ids, merchants, redeem
from wallet.database import Database
from wallet.rules import purchases, returns

POOLS = 3
CLIENTS = 20
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def crowd(coalition: Coalition, dsn: str) -> AsyncIterator[list[Coalition]]:
    """The same coalition as seen by several servers, each with connections of its own."""
    async with AsyncExitStack() as stack:
        doors = [coalition]
        for _ in range(POOLS - 1):
            db = await Database.connect(dsn, size=8)
            stack.push_async_callback(db.close)
            doors.append(replace(coalition, db=db))
        yield doors


async def all_at_once(attempts: Sequence[Awaitable[Any]]) -> list[Any]:
    """The answer or refusal of each; anything else fails the test."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, errors.Refusal):
            raise answer
    return list(answers)


def codes(answers: Sequence[Any]) -> set[str]:
    return {answer.code for answer in answers if isinstance(answer, errors.Refusal)}


async def test_no_more_leaves_a_wallet_than_is_in_it(crowd: list[Coalition]) -> None:
    door = crowd[0]
    charity_id = await giving.charity(door)
    rosa, ana = await door.merchant(), await door.member()
    await door.fill(ana, 200)

    answers = await all_at_once(
        [
            crowd[one % POOLS].spend(ana, rosa, 10)
            if one % 2
            else crowd[one % POOLS].give(ana, charity_id, 10)
            for one in range(3 * CLIENTS)
        ]
    )

    spent, given = await door.position(rosa, "honoured"), await door.position(charity_id, "due")
    assert {"INSUFFICIENT_FUNDS"} == codes(answers)
    assert 20 == sum(not isinstance(answer, errors.Refusal) for answer in answers)
    assert 200 == spent + given
    assert 0 == (await door.faces(ana)).available


SPENDER = """
import asyncio, sys
from uuid import UUID
from datetime import datetime
from wallet import donate, errors, ids, money
from wallet.database import Database

async def main(dsn, member, charity):
    db = await Database.connect(dsn, size=6)
    answers = await asyncio.gather(*(
        donate.give(db, member_id=UUID(member), request_id=ids.new(), charity_id=UUID(charity),
                    amount_minor=7, asset=money.EUR) for _ in range(15)), return_exceptions=True)
    await db.close()
    print(*(getattr(answer, "code", answer) for answer in answers), sep="\\n")

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_take_no_more_than_there_is(coalition: Coalition, dsn: str) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 100)

    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SPENDER, dsn, str(ana.member_id), str(charity_id)),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(3)
    ]
    told = [(await one.communicate())[0].decode().split() for one in running]

    answers = [answer for answers in told for answer in answers]
    assert (14, 31) == (answers.count("False"), answers.count("INSUFFICIENT_FUNDS"))
    assert 98 == await coalition.position(charity_id, "due")


async def test_one_report_from_many_clients_is_one_purchase(crowd: list[Coalition]) -> None:
    rosa, ana, key = await crowd[0].merchant(), await crowd[0].member(), ids.new()
    bought = factories.purchase(10_000)

    answers = await all_at_once(
        [crowd[one % POOLS].report(rosa, ana, bought, key=key) for one in range(CLIENTS)]
    )

    assert set() == codes(answers)
    assert 1 == len({answer.purchase_id for answer in answers})
    assert 1 == sum(not answer.replayed for answer in answers)
    assert factories.Faces(500, 0, 0, 1) == await crowd[0].faces(ana)


async def test_one_key_from_many_clients_acts_once_for_every_verb(
    crowd: list[Coalition],
) -> None:
    door = crowd[0]
    rosa, ana = await door.merchant(pending=factories.AT_ONCE), await door.member()
    purchase_id = await door.earned(rosa, ana, 100_000)
    code = await redeem.code_issue(door.db, member_id=ana.member_id, merchant_id=rosa, now=NOON)
    spent = await door.spend(ana, rosa, 1000)
    keys = [ids.new() for _ in range(6)]
    charity_id = await giving.charity(door)

    def hold(at: Coalition) -> Awaitable[Any]:
        return redeem.hold(
            at.db,
            merchant_id=rosa,
            request_id=keys[0],
            code=code.text,
            amount_minor=1000,
            asset=EUR,
            order_reference="order-1",
            now=NOON,
        )

    async def once(verb: Callable[[Coalition], Awaitable[Any]]) -> list[Any]:
        answers = await all_at_once([verb(crowd[one % POOLS]) for one in range(CLIENTS)])
        assert set() == codes(answers)
        return answers

    holds = await once(hold)
    held = holds[0].redemption
    captures = await once(
        lambda at: redeem.capture(
            at.db,
            merchant_id=rosa,
            request_id=keys[1],
            redemption_id=held.redemption_id,
            amount_minor=600,
            now=NOON,
        )
    )
    refunds = await once(
        lambda at: redeem.refund(
            at.db,
            merchant_id=rosa,
            request_id=keys[2],
            redemption_id=spent.redemption_id,
            amount_minor=300,
            now=NOON,
        )
    )
    credited = await once(lambda at: at.goodwill(ana, 100, key=keys[3]))
    back = await once(
        lambda at: at.give_back(rosa, purchase_id, returns.ReturnLine(1, 100), key=keys[4])
    )
    given = await once(lambda at: at.give(ana, charity_id, 50, key=keys[5]))

    for answers in (holds, captures, refunds, credited, back):
        assert 1 == sum(not answer.replayed for answer in answers)
    assert 1 == given.count(False)
    assert 5000 - 1000 - 600 + 300 + 100 - 500 - 50 == (await door.faces(ana)).available


async def test_a_hold_is_captured_or_released_or_expires(crowd: list[Coalition]) -> None:
    door = crowd[0]
    rosa, ana = await door.merchant(), await door.member()
    await door.fill(ana, 1200)
    ends = []
    for _ in range(12):
        held = await door.hold(ana, rosa, 100)
        in_time = held.expires_at - timedelta(seconds=1)
        captured, released, swept = await all_at_once(
            [
                crowd[0].capture(held, now=in_time),
                crowd[1].release(held, now=in_time),
                redeem.sweep(crowd[2].db, now=held.expires_at),
            ]
        )
        won = [
            not isinstance(captured, errors.Refusal),
            not isinstance(released, errors.Refusal),
            swept == 1,
        ]
        ends.append((await redeem.find(door.db, held.redemption_id)).state)
        assert 1 == sum(won)
        assert ends[-1] == ("captured", "released", "expired")[won.index(True)]
        assert codes([captured, released]) <= {"REDEMPTION_CLOSED", "REDEMPTION_EXPIRED"}

    faces = await door.faces(ana)
    assert (1200 - 100 * ends.count("captured"), 0) == (faces.available, faces.held)


async def test_a_code_shown_to_two_tills_pays_at_one(crowd: list[Coalition]) -> None:
    door = crowd[0]
    rosa, ana = await door.merchant(), await door.member()
    await door.fill(ana, 1000)
    code = await redeem.code_issue(door.db, member_id=ana.member_id, merchant_id=rosa, now=NOON)

    answers = await all_at_once(
        [
            redeem.hold(
                crowd[one % POOLS].db,
                merchant_id=rosa,
                request_id=ids.new(),
                code=code.text,
                amount_minor=100,
                asset=EUR,
                order_reference=f"order-{one}",
                now=NOON,
            )
            for one in range(CLIENTS)
        ]
    )

    assert {"REDEMPTION_CODE_USED"} == codes(answers)
    assert 100 == (await door.faces(ana)).held


async def test_a_hot_merchant_counts_every_purchase_without_a_gap(crowd: list[Coalition]) -> None:
    rosa = await crowd[0].merchant()
    people = [await crowd[0].member() for _ in range(20)]

    answers = await all_at_once(
        [
            crowd[place % POOLS].report(rosa, member, factories.purchase(1000))
            for _ in range(5)
            for place, member in enumerate(people)
        ]
    )

    rows = await crowd[0].db.fetch(
        "select p.version, array_agg(t.debit_version order by t.debit_version) as numbers"
        " from ledger.position p join ledger.transfer t on t.bucket = p.bucket"
        " and t.debit_owner = p.owner_id and t.debit_kind = p.kind"
        " where p.owner_id = $1 group by p.bucket, p.version",
        rosa,
    )
    assert set() == codes(answers)
    assert -100 * 50 == await crowd[0].position(rosa, "contingent")
    assert [list(range(1, row["version"] + 1)) for row in rows] == [row["numbers"] for row in rows]


async def test_one_reference_for_two_members_credits_one(crowd: list[Coalition]) -> None:
    rosa = await crowd[0].merchant()
    people = [await crowd[0].member() for _ in range(2)]
    bought = factories.purchase(10_000)

    answers = await all_at_once(
        [crowd[one % POOLS].report(rosa, people[one % 2], bought) for one in range(CLIENTS)]
    )

    posted = [answer for answer in answers if isinstance(answer, earn.Reported)]
    assert {"REFERENCE_USED"} == codes(answers)
    assert CLIENTS // 2 == len(posted)
    assert 1 == len({answer.purchase_id for answer in posted})
    assert 500 == sum([(await crowd[0].faces(member)).pending for member in people])


async def test_one_sale_reported_under_many_keys_is_one_purchase(crowd: list[Coalition]) -> None:
    rosa, ana = await crowd[0].merchant(), await crowd[0].member()
    bought = factories.purchase(10_000)

    answers = await all_at_once(
        [crowd[one % POOLS].report(rosa, ana, bought) for one in range(CLIENTS)]
    )

    assert set() == codes(answers)
    assert 1 == len({answer.purchase_id for answer in answers})
    assert 500 == (await crowd[0].faces(ana)).pending


async def test_returns_of_one_purchase_at_once_add_up(crowd: list[Coalition]) -> None:
    """A return that another one overtook looks again; a till that is told to wait sends again."""
    rosa, ana = await crowd[0].merchant(pending=factories.AT_ONCE), await crowd[0].member()
    purchase_id = await crowd[0].earned(rosa, ana, 9999)

    async def give_back(at: Coalition) -> bool:
        key = ids.new()
        while True:
            try:
                line = returns.ReturnLine(1, 100)
                return (await at.give_back(rosa, purchase_id, line, key=key)).replayed
            except errors.IdempotencyInProgress:
                await asyncio.sleep(0.01)

    answers = await all_at_once([give_back(crowd[one % POOLS]) for one in range(10)])

    assert [False] * 10 == answers
    assert 0 == (await crowd[0].faces(ana)).available
    assert isinstance(
        await refused(crowd[0].give_back(rosa, purchase_id)), errors.ReturnExceedsPurchase
    )


async def test_a_return_and_a_spend_at_once_make_a_debt_or_a_refusal(
    crowd: list[Coalition],
) -> None:
    door = crowd[0]
    charity_id = await giving.charity(door)
    for _ in range(10):
        ana = await door.member()
        purchase_id = await door.fill(ana, 500)

        returned, given = await all_at_once(
            [
                crowd[1].give_back(door.mint, purchase_id),
                donate.give(
                    crowd[2].db,
                    member_id=ana.member_id,
                    request_id=ids.new(),
                    charity_id=charity_id,
                    amount_minor=500,
                    asset=EUR,
                    now=NOON,
                ),
            ]
        )

        spent_first = given is False
        assert isinstance(returned, earn.Returned)
        assert spent_first or "INSUFFICIENT_FUNDS" == given.code
        assert (-500 if spent_first else 0) == (await door.faces(ana)).available


async def test_an_event_and_the_end_of_the_wait_decide_once(crowd: list[Coalition]) -> None:
    door = crowd[0]
    rosa = await door.merchant()
    for _ in range(8):
        ana = await door.member()
        reported = await door.report(rosa, ana, factories.unpaid(10_000))
        late = NOON + 60 * DAY
        await all_at_once(
            [
                earn.mature(crowd[1].db, now=late),
                earn.event(
                    crowd[2].db,
                    merchant_id=rosa,
                    request_id=ids.new(),
                    purchase_id=reported.purchase_id,
                    event=purchases.Event("paid", NOON),
                    now=late,
                ),
            ]
        )
        await earn.mature(door.db, now=late)

        # Either the event came first and it is free, or it lapsed; never both, never neither.
        faces = await door.faces(ana)
        assert (0, 2) == (faces.pending, faces.version)
        assert faces.available in (0, 500)


async def test_contract_versions_published_at_once_are_numbered(crowd: list[Coalition]) -> None:
    rosa = await crowd[0].merchant()

    answers = await all_at_once(
        [
            merchants.contract_publish(
                crowd[one % POOLS].db,
                contract_id=ids.new(),
                merchant_id=rosa,
                terms=factories.terms(rates={"default_bps": one}),
                valid_from=NOON,
                actor=audit.SYSTEM,
                note="as agreed",
            )
            for one in range(6)
        ]
    )

    assert [2, 3, 4, 5, 6, 7] == sorted(published.version.version for published in answers)
