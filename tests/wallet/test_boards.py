"""Boards: scores follow the books, places are counted right, and nobody is shown who said no."""

import asyncio
import random
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import climbing, factories, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, errors, ids, ledger, members, notices
from wallet.campaigns import profiles, segments
from wallet.progress import advance, appearances, boards, publishing, rankings
from wallet.rules import returns

SPEND: dict[str, Any] = {
    "kind": "board",
    "name": "Spring",
    "metric": "amount",
    "window": "month",
    "caps": {"purchase_minor": 10_000, "day_minor": 15_000},
}
COUNTING: dict[str, Any] = {**SPEND, "metric": "purchases", "caps": None}
MARCH = "2026-03"


async def publish(coalition: Coalition, **changes: Any) -> UUID:
    made = await taking_part.scheme(coalition, plain=SPEND, **changes)
    return made.entry.scheme_id


async def look(coalition: Coalition, *, now: datetime = NOON + DAY) -> None:
    """Let the worker do what it does all day."""
    while await notices.drain(coalition.db):
        pass
    done = await advance.advance(coalition.db, now=now, stories=[boards])

    assert [] == done.failures


async def board(
    coalition: Coalition, board_id: UUID, period: str = MARCH
) -> list[tuple[UUID, int]]:
    rows = await rankings.top(coalition.db, board_id, period, first=100)
    return [(one.wallet_id, one.score) for one in rows]


async def place(
    coalition: Coalition, board_id: UUID, member: members.Member, period: str = MARCH
) -> list[int]:
    rows = await rankings.around(coalition.db, board_id, period, member.wallet_id)
    return [one.place for one in rows]


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member."""
    return await coalition.member()


@pytest.fixture
async def ben(coalition: Coalition) -> members.Member:
    """Another."""
    return await coalition.member()


async def test_who_kept_more_stands_higher_and_a_return_moves_them_down(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    bought = await coalition.report(rosa, ana, factories.purchase(9_000))
    await coalition.report(rosa, ben, factories.purchase(8_000))
    await look(coalition)
    before = await board(coalition, key)

    await coalition.give_back(rosa, bought.purchase_id, returns.ReturnLine(1, None, 2_000))
    await look(coalition)
    assert [(ana.wallet_id, 9_000), (ben.wallet_id, 8_000)] == before
    assert [(ben.wallet_id, 8_000), (ana.wallet_id, 7_000)] == await board(coalition, key)
    assert [1, 2] == await place(coalition, key, ana)


async def test_what_is_given_back_whole_takes_its_member_off_the_board(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    bought = await coalition.report(rosa, ana, factories.purchase(9_000))
    await look(coalition)
    await coalition.give_back(rosa, bought.purchase_id)
    await look(coalition)

    assert ([], []) == (await board(coalition, key), await place(coalition, key, ana))


async def test_of_two_equal_scores_the_first_to_reach_it_is_the_better(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    late, early = NOON - DAY, NOON - 2 * DAY
    await coalition.report(rosa, ana, factories.purchase(500, purchased_at=late))
    await coalition.report(rosa, ben, factories.purchase(500, purchased_at=early))
    await look(coalition)

    assert [ben.wallet_id, ana.wallet_id] == [one for one, _ in await board(coalition, key)]


async def test_equal_scores_of_one_instant_stand_in_the_order_of_their_opaque_ids(
    coalition: Coalition, rosa: UUID
) -> None:
    key = await publish(coalition, **{**COUNTING, "name": "x"})
    people = [await coalition.member() for _ in range(5)]
    for one in people:
        await coalition.report(rosa, one, factories.purchase(500))
    await look(coalition)

    expected = sorted(one.wallet_id for one in people)
    assert expected == [one for one, _ in await board(coalition, key)]
    places = {one.wallet_id: await place(coalition, key, one) for one in people}
    assert [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5], [3, 4, 5]] == [
        places[one] for one in expected
    ]


async def test_a_return_after_the_window_still_counts_until_the_window_is_final(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition, settle_days=14)
    bought = await coalition.report(rosa, ana, factories.purchase(9_000))
    await look(coalition)

    april = datetime.fromisoformat("2026-04-10T00:00:00Z")
    line = returns.ReturnLine(1, None, 2_000)
    await coalition.give_back(rosa, bought.purchase_id, line, now=april)
    await look(coalition, now=april + DAY)
    assert [(ana.wallet_id, 7_000)] == await board(coalition, key)

    await coalition.give_back(rosa, bought.purchase_id, line, now=april + 9 * DAY)
    await look(coalition, now=april + 10 * DAY)
    assert [(ana.wallet_id, 7_000)] == await board(coalition, key)


async def test_every_place_is_what_counting_one_by_one_says(
    coalition: Coalition, rosa: UUID
) -> None:
    """Many scores, small and large, with and without ties, moved at once by two workers."""
    chance = random.Random(7)
    large = await publish(coalition)
    small = await publish(coalition, **{**COUNTING, "name": "x"})
    people = [await coalition.member() for _ in range(24)]
    for one in people:
        for _ in range(chance.randint(1, 4)):
            at = NOON - chance.randint(0, 8) * DAY
            bought = factories.purchase(
                chance.choice([100, 127, 128, 500, 501, 5_000]), purchased_at=at
            )
            reported = await coalition.report(rosa, one, bought)
            if chance.random() < 0.2:
                await coalition.give_back(rosa, reported.purchase_id)
    while await notices.drain(coalition.db):
        pass
    await asyncio.gather(
        *(advance.advance(coalition.db, now=NOON + DAY, stories=[boards]) for _ in range(3))
    )

    for key in (large, small):
        order = [one for one, _ in await board(coalition, key)]
        assert 20 <= len(order)
        for one in people:
            rows = await rankings.around(coalition.db, key, MARCH, one.wallet_id)
            mine = [row.place for row in rows if row.wallet_id == one.wallet_id]
            expected = [order.index(one.wallet_id) + 1] if one.wallet_id in order else []
            assert expected == mine
            assert [order[row.place - 1] for row in rows] == [row.wallet_id for row in rows]


async def test_a_board_that_is_rebuilt_from_the_books_says_the_same(
    coalition: Coalition, rosa: UUID
) -> None:
    key = await publish(coalition)
    people = [await coalition.member() for _ in range(6)]
    for number, one in enumerate(people):
        bought = await coalition.report(rosa, one, factories.purchase(1_000 + 100 * number))
        if number % 2:
            line = returns.ReturnLine(1, None, 700)
            await coalition.give_back(rosa, bought.purchase_id, line)
        await look(coalition)
    before = await rankings.top(coalition.db, key, MARCH, first=100)
    for one in people:
        await appearances.leave(coalition.db, one)
    empty = await board(coalition, key)
    for one in reversed(people):
        await appearances.join(coalition.db, one, now=NOON + DAY)

    assert [] == empty
    assert before == await rankings.top(coalition.db, key, MARCH, first=100)


async def test_only_members_of_the_group_are_ranked(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    db, bakery = coalition.db, await coalition.merchant()
    made = await segments.create(
        db, segment_id=ids.new(), name="vip", about="x", reason="x", actor=audit.SYSTEM
    )
    await segments.add(
        db,
        segment_id=made.segment.segment_id,
        member_ids=[ana.member_id],
        reason="x",
        actor=audit.SYSTEM,
    )
    await profiles.update(db, ben.member_id, actor=audit.SYSTEM, tier="gold")
    groups: list[dict[str, Any]] = [
        {},
        {"segment": "vip"},
        {"tier": "gold"},
        {"customers_of": str(bakery)},
        {"segment": "vip", "tier": "gold"},
    ]
    keys = [await publish(coalition, group=one) for one in groups]
    await coalition.report(rosa, ana, factories.purchase(500))
    await coalition.report(rosa, ben, factories.purchase(400))
    await coalition.report(bakery, ben, factories.purchase(50))
    await look(coalition)

    one, other = (ana.wallet_id, 500), (ben.wallet_id, 450)
    expected = [[one, other], [one], [other], [other], []]
    assert expected == [await board(coalition, key) for key in keys]


async def test_a_group_of_a_tier_is_those_whom_the_ladder_of_the_programme_puts_there(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    await climbing.publish(coalition)
    await profiles.update(coalition.db, ben.member_id, actor=audit.SYSTEM, tier="vib")
    key = await publish(coalition, group={"tier": "vib"})
    await coalition.report(rosa, ana, factories.purchase(40_000))
    await coalition.report(rosa, ben, factories.purchase(500))
    await look(coalition)

    assert [(ana.wallet_id, 10_000)] == await board(coalition, key)


async def test_a_member_is_shown_by_the_name_they_chose_and_by_none_before(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition)
    told: list[str | None] = []
    for name in (None, "Ana da Praia", None):
        await appearances.set_name(coalition.db, ana, name)
        (row,) = await rankings.top(coalition.db, key, MARCH, first=10)
        told.append(row.name)

    assert [None, "Ana da Praia", None] == told
    refusal = await factories.refused(appearances.set_name(coalition.db, ana, "Support"))
    assert (errors.TextInvalid, ("name",)) == (type(refusal), refusal.path)


async def test_who_leaves_boards_is_off_them_at_once_and_is_not_put_back(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    for one in (ana, ben):
        await coalition.report(rosa, one, factories.purchase(500))
    await look(coalition)
    await appearances.set_name(coalition.db, ana, "Ana")
    left = await appearances.leave(coalition.db, ana)
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition)

    assert appearances.Shown("Ana", left=True) == left
    assert [ben.wallet_id] == [one for one, _ in await board(coalition, key)]
    joined = await appearances.join(coalition.db, ana, now=NOON + DAY)
    assert appearances.Shown("Ana", left=False) == joined
    assert [(ana.wallet_id, 1_000), (ben.wallet_id, 500)] == await board(coalition, key)


async def test_who_leaves_while_they_are_scored_is_off_the_board(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await coalition.report(rosa, ana, factories.purchase(500))
    while await notices.drain(coalition.db):
        pass
    for _ in range(4):
        await asyncio.gather(
            appearances.leave(coalition.db, ana),
            *(advance.settle(coalition.db, [ana.wallet_id], now=NOON + DAY) for _ in range(3)),
        )
        assert [] == await board(coalition, key)
        await appearances.join(coalition.db, ana, now=NOON + DAY)


async def test_a_score_of_facts_that_have_moved_is_not_written(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    answer = await coalition.db.call(
        "select ledger.score_board($1, $2, $3, 7, $4, '2026-03', 5, 5::smallint, 0::smallint, $5)",
        *(ledger.bucket(ana.wallet_id), ana.wallet_id, coalition.asset.number, key, NOON),
    )

    assert "stale" == answer["code"]
    assert [] == await board(coalition, key)


async def test_a_window_is_scored_by_the_version_that_holds_at_its_end(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition)
    await publish(coalition, scheme_id=key, now=NOON + DAY, **COUNTING)
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition, now=NOON + 2 * DAY)

    assert [(ana.wallet_id, 2)] == await board(coalition, key)


async def test_what_is_announced_of_a_board_does_not_change_how_it_is_scored_before(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await publish(coalition, scheme_id=key, from_at=NOON + 30 * DAY, window="week", settle_days=0)
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition)

    assert [(ana.wallet_id, 500)] == await board(coalition, key)


async def test_a_window_settles_as_long_as_the_version_says_that_held_at_its_end(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key, april = await publish(coalition), datetime.fromisoformat("2026-04-02T12:00:00Z")
    await coalition.report(rosa, ana, factories.purchase(500))
    await publish(coalition, scheme_id=key, now=april, window="week", settle_days=0)
    await look(coalition, now=april + DAY)

    assert [(ana.wallet_id, 500)] == await board(coalition, key)


async def test_a_board_that_has_ended_scores_nobody_any_more(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=key,
        note="enough",
        actor=audit.SYSTEM,
        now=promotions.BEGUN + DAY,
    )
    await coalition.report(rosa, ana, factories.purchase(500))
    await look(coalition)

    assert [] == await board(coalition, key)
