"""Contests: who may enter is judged once, frozen stays frozen, and each place is paid once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import climbing, factories, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from tests.wallet.test_boards import board, look
from wallet import audit, errors, ids, members
from wallet.campaigns import earned, lives, profiles
from wallet.progress import appearances, contests, publishing, schemes
from wallet.rules import returns

APRIL = datetime.fromisoformat("2026-03-31T23:00:00Z")
"""When March is over in Lisbon."""
FINAL = APRIL + 14 * DAY
PLAIN: dict[str, Any] = {
    "kind": "contest",
    "name": "The March walk",
    "metric": "purchases",
    "window": "month",
}


async def publish(
    coalition: Coalition,
    *prizes: promotions.Promotion,
    now: datetime = NOON - 5 * DAY,
    scheme_id: UUID | None = None,
    coming: datetime | None = None,
    **told: Any,
) -> UUID:
    """A contest of each month whose first places win these rewards, one each."""
    if not prizes:
        prizes = (await taking_part.reward(coalition),)
    winning = [
        {"first": place, "last": place, "reward": str(one.campaign_id)}
        for place, one in enumerate(prizes, 1)
    ]
    plain = {**PLAIN, "prizes": winning, **told}
    made = await taking_part.scheme(
        coalition, now=now, scheme_id=scheme_id, from_at=coming, plain=plain
    )
    return made.entry.scheme_id


async def enter(
    coalition: Coalition, contest_id: UUID, member: members.Member, **told: Any
) -> contests.Entered:
    plain = {"request_id": ids.new(), "now": NOON}
    return await contests.enter(
        coalition.db, member=member, contest_id=contest_id, **{**plain, **told}
    )


async def close(coalition: Coalition, now: datetime) -> int:
    """One turn of the worker, in which nothing may fail; how many prizes it paid."""
    done = await contests.close(coalition.db, now=now)

    assert {} == done.failures
    return done.paid


async def final(coalition: Coalition, contest_id: UUID) -> list[tuple[UUID, int]]:
    """The frozen ranking of March."""
    held = await schemes.moment(coalition.db, NOON)
    found = contests.current(held, contest_id, "Europe/Lisbon")
    rows = await contests.results(coalition.db, found, first=100)
    return [(one.wallet_id, one.score) for one in rows]


async def buy(
    coalition: Coalition, rosa: UUID, member: members.Member, times: int, **told: Any
) -> UUID:
    reported = [
        await coalition.report(rosa, member, factories.purchase(500, **told)) for _ in range(times)
    ]
    return reported[-1].purchase_id


async def won(coalition: Coalition, member: members.Member) -> list[int]:
    rows = await earned.awards(coalition.db, member.wallet_id, first=10, before=None)
    return [one.granted_minor for one in rows]


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


async def test_only_who_entered_is_ranked_by_all_that_counts_in_the_window(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    for one in (ana, ben):
        await buy(coalition, rosa, one, 2)
    await look(coalition)
    entered = await enter(coalition, key, ana)
    at_once = await board(coalition, key)
    await buy(coalition, rosa, ana, 1)
    await look(coalition)

    assert (False, "2026-03") == (entered.replayed, entered.round.window.key)
    assert [(ana.wallet_id, 2)] == at_once
    assert [(ana.wallet_id, 3)] == await board(coalition, key)


async def test_a_final_ranking_is_frozen_and_each_place_is_paid_its_prize(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    gold = await taking_part.reward(coalition, give={"give": "amount", "minor": 900})
    silver = await taking_part.reward(coalition, give={"give": "amount", "minor": 400})
    key = await publish(coalition, gold, silver)
    carl = await coalition.member()
    for member, times in ((ana, 2), (ben, 3), (carl, 1)):
        await enter(coalition, key, member)
        await buy(coalition, rosa, member, times)
    await look(coalition)

    early = await close(coalition, FINAL - timedelta(seconds=1))
    paid = await close(coalition, FINAL)
    again = await close(coalition, FINAL + DAY)
    assert (0, 2, 0) == (early, paid, again)
    expected = [(ben.wallet_id, 3), (ana.wallet_id, 2), (carl.wallet_id, 1)]
    assert expected == await final(coalition, key)
    assert ([900], [400], []) == (
        await won(coalition, ben),
        await won(coalition, ana),
        await won(coalition, carl),
    )


async def test_prizes_are_paid_once_by_however_many_workers(
    coalition: Coalition, rosa: UUID
) -> None:
    prizes = [await taking_part.reward(coalition) for _ in range(4)]
    key = await publish(coalition, *prizes)
    people = [await coalition.member() for _ in range(5)]
    for one in people:
        await enter(coalition, key, one)
        await buy(coalition, rosa, one, 1)
    await look(coalition)

    await asyncio.gather(*(close(coalition, FINAL) for _ in range(5)))
    await close(coalition, FINAL)
    given = [await won(coalition, one) for one in people]
    assert [[], [500], [500], [500], [500]] == sorted(given)
    rows = await coalition.db.fetch("select place, outcome from coalition.contest_prize order by 1")
    assert [(place, "given") for place in (1, 2, 3, 4)] == [tuple(row) for row in rows]


async def test_payment_goes_on_where_it_was_stopped(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition, *[await taking_part.reward(coalition) for _ in range(2)])
    for one in (ana, ben):
        await enter(coalition, key, one)
        await buy(coalition, rosa, one, 1)
    await look(coalition)
    held = await schemes.moment(coalition.db, FINAL)
    found = contests.current(await schemes.moment(coalition.db, NOON), key, "Europe/Lisbon")
    frozen = await contests.freeze(coalition.db, found, now=FINAL)
    twice = await contests.freeze(coalition.db, found, now=FINAL)

    done = contests.Closed()
    await contests.pay(coalition.db, held, done, now=FINAL)
    assert (True, False, 2) == (frozen, twice, done.paid)
    assert 0 == await close(coalition, FINAL)


async def test_a_contest_that_cannot_be_closed_keeps_no_other_from_its_prizes(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member, owner: Connection
) -> None:
    keys = [await publish(coalition) for _ in range(2)]
    for key, one in zip(keys, (ana, ben), strict=True):
        await enter(coalition, key, one)
        await buy(coalition, rosa, one, 1)

    async with owner.transaction():
        await owner.execute(
            "select 1 from ledger.wallet where wallet_id = $1 for update", ana.wallet_id
        )
        done = await contests.close(coalition.db, now=FINAL)

    assert (1, keys[:1]) == (done.paid, list(done.failures))
    assert ([], [500]) == (await won(coalition, ana), await won(coalition, ben))
    assert 1 == await close(coalition, FINAL)


async def test_a_return_before_the_end_of_settling_counts_and_one_after_it_does_not(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    for one in (ana, ben):
        await enter(coalition, key, one)
    await buy(coalition, rosa, ana, 3)
    first, last = [await buy(coalition, rosa, ben, 1) for _ in range(2)]
    await look(coalition)
    await coalition.give_back(rosa, last, now=FINAL - DAY)
    found = contests.current(await schemes.moment(coalition.db, NOON), key, "Europe/Lisbon")
    await contests.freeze(coalition.db, found, now=FINAL)
    frozen = await final(coalition, key)

    await coalition.give_back(rosa, first, returns.ReturnLine(1, None, 500), now=FINAL)
    await look(coalition, now=FINAL + DAY)
    await close(coalition, FINAL + DAY)
    assert [(ana.wallet_id, 3), (ben.wallet_id, 1)] == frozen
    assert frozen == await final(coalition, key)
    assert [(ana.wallet_id, 3), (ben.wallet_id, 1)] == await board(coalition, key)
    assert [500] == await won(coalition, ana)


async def test_each_window_is_a_contest_of_its_own(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    april = APRIL + 5 * DAY
    for one, at in ((ana, NOON), (ben, april)):
        await enter(coalition, key, one, now=at)
        bought = factories.purchase(500, purchased_at=at)
        await coalition.report(rosa, one, bought, now=at)
        await look(coalition, now=at)
    await close(coalition, FINAL + 60 * DAY)

    assert ([500], [500]) == (await won(coalition, ana), await won(coalition, ben))
    periods = await coalition.db.fetch("select period from coalition.contest_freeze order by 1")
    assert ["2026-03", "2026-04"] == [row["period"] for row in periods]


async def test_what_is_announced_of_a_contest_decides_neither_who_enters_now_nor_who_is_paid(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    coming = FINAL + 30 * DAY
    await publish(coalition, scheme_id=key, coming=coming, window="week", settle_days=0)
    entered = await enter(coalition, key, ana)
    await buy(coalition, rosa, ana, 1)
    await look(coalition)
    early = await close(coalition, FINAL - timedelta(seconds=1))
    paid = await close(coalition, FINAL)

    assert ("2026-03", 0, 1) == (entered.round.window.key, early, paid)


async def test_the_last_window_before_a_change_is_paid_by_the_version_that_held_in_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await enter(coalition, key, ana)
    await buy(coalition, rosa, ana, 1)
    await publish(coalition, scheme_id=key, now=APRIL + DAY, window="week", settle_days=0)
    early = await close(coalition, FINAL - timedelta(seconds=1))

    assert (0, 1) == (early, await close(coalition, FINAL))
    assert [500] == await won(coalition, ana)


async def test_a_contest_for_a_tier_is_for_whom_the_ladder_of_the_programme_puts_there(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    await climbing.publish(coalition)
    await profiles.update(coalition.db, ben.member_id, actor=audit.SYSTEM, tier="vib")
    key = await publish(coalition, who={"tier": "vib"})
    await coalition.report(rosa, ana, factories.purchase(40_000))
    entered = await enter(coalition, key, ana)
    refusal = await factories.refused(enter(coalition, key, ben))

    assert not entered.replayed
    assert isinstance(refusal, errors.NotEligible)


async def test_a_suspended_member_enters_nothing_and_is_paid_nothing(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    one, other = await publish(coalition), await publish(coalition)
    await enter(coalition, one, ana)
    await buy(coalition, rosa, ana, 1)
    await look(coalition)
    await members.suspend(coalition.db, ana.member_id, reason="x", actor=audit.SYSTEM)

    refusal = await factories.refused(enter(coalition, other, ana))
    await close(coalition, FINAL)
    assert isinstance(refusal, errors.MemberSuspended)
    assert "member_suspended" == await coalition.db.fetchval(
        "select outcome from coalition.contest_prize"
    )
    assert [] == await won(coalition, ana)


async def test_a_prize_whose_campaign_is_over_is_settled_as_nothing(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition)
    key = await publish(coalition, paying)
    await enter(coalition, key, ana)
    await buy(coalition, rosa, ana, 1)
    await look(coalition)
    await lives.end(
        coalition.db,
        request_id=ids.new(),
        campaign_id=paying.campaign_id,
        reason="enough",
        actor=audit.SYSTEM,
        now=APRIL,
    )
    await close(coalition, FINAL)

    assert "none" == await coalition.db.fetchval("select outcome from coalition.contest_prize")


async def test_a_contest_that_the_operator_ends_before_its_window_is_over_pays_nobody(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await enter(coalition, key, ana)
    await buy(coalition, rosa, ana, 1)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=key,
        note="called off",
        actor=audit.SYSTEM,
        now=NOON + DAY,
    )
    refusal = await factories.refused(enter(coalition, key, ana, now=NOON + 2 * DAY))

    assert isinstance(refusal, errors.ContestClosed)
    assert 0 == await close(coalition, FINAL)
    assert 0 == await coalition.db.fetchval("select count(*) from coalition.contest_freeze")


async def test_what_moved_and_was_not_looked_at_is_counted_before_the_ranking_is_frozen(
    coalition: Coalition, rosa: UUID, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(coalition)
    for one in (ana, ben):
        await enter(coalition, key, one)
    await buy(coalition, rosa, ana, 2)
    await buy(coalition, rosa, ben, 1)
    await close(coalition, FINAL)

    assert [(ana.wallet_id, 2), (ben.wallet_id, 1)] == await final(coalition, key)


async def test_a_place_is_named_by_the_name_that_its_member_has_chosen_and_keeps(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = await publish(coalition)
    await enter(coalition, key, ana)
    await buy(coalition, rosa, ana, 1)
    await appearances.set_name(coalition.db, ana, "Ana")
    await close(coalition, FINAL)
    held = await schemes.moment(coalition.db, NOON)
    found = contests.current(held, key, "Europe/Lisbon")
    before = await contests.results(coalition.db, found, first=10)
    await appearances.leave(coalition.db, ana)
    after = await contests.results(coalition.db, found, first=10)

    assert (["Ana"], [None]) == ([one.name for one in before], [one.name for one in after])
    assert 1 == (await final(coalition, key))[0][1]
