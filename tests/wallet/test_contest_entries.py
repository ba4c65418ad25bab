"""Entering a contest: once, while it is open, by whom it is for, as known at that moment."""

import asyncio
from datetime import date, timedelta

import pytest

from tests.wallet import factories, test_games, test_quizzes
from tests.wallet.factories import DAY, NOON, Coalition
from tests.wallet.test_contests import enter, publish
from wallet import audit, errors, ids, members, play_limits
from wallet.campaigns import profiles, segments
from wallet.progress import appearances, publishing


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member."""
    return await coalition.member()


@pytest.fixture
async def ben(coalition: Coalition) -> members.Member:
    """Another."""
    return await coalition.member()


async def test_entering_twice_is_entering_once(coalition: Coalition, ana: members.Member) -> None:
    key, request = await publish(coalition), ids.new()
    entered = await asyncio.gather(
        *(enter(coalition, key, ana, request_id=request) for _ in range(4)),
        *(enter(coalition, key, ana) for _ in range(4)),
    )

    assert 1 == sum(not one.replayed for one in entered)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.contest_entry")


async def test_a_retry_answers_for_the_round_that_was_entered_whenever_it_comes(
    coalition: Coalition, ana: members.Member
) -> None:
    db, request = coalition.db, ids.new()
    key = await publish(coalition)
    entered = await enter(coalition, key, ana, request_id=request)
    april = await enter(coalition, key, ana, request_id=request, now=NOON + 30 * DAY)
    await publishing.end(
        db,
        request_id=ids.new(),
        scheme_id=key,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + 60 * DAY,
    )
    after_end = await enter(coalition, key, ana, request_id=request, now=NOON + 90 * DAY)

    assert [True, True] == [april.replayed, after_end.replayed]
    assert [entered.round] * 2 == [april.round, after_end.round]
    assert 1 == await db.fetchval("select count(*) from ledger.contest_entry")
    closed = await factories.refused(enter(coalition, key, ana, now=NOON + 90 * DAY))
    assert isinstance(closed, errors.ContestClosed)


async def test_a_key_that_entered_one_contest_enters_no_other(
    coalition: Coalition, ana: members.Member
) -> None:
    one, other, request = await publish(coalition), await publish(coalition), ids.new()
    await enter(coalition, one, ana, request_id=request)

    refusal = await factories.refused(enter(coalition, other, ana, request_id=request))
    assert isinstance(refusal, errors.IdempotencyKeyReused)


async def test_a_contest_closes_at_its_last_instant_and_stays_closed_for_a_refused_key(
    coalition: Coalition, ana: members.Member, ben: members.Member
) -> None:
    key = await publish(
        coalition,
        window="once",
        from_at=NOON.isoformat(),
        until_at=(NOON + DAY).isoformat(),
    )
    instant, request = timedelta(microseconds=1), ids.new()
    early = await factories.refused(enter(coalition, key, ana, now=NOON - instant))
    late = await factories.refused(enter(coalition, key, ana, now=NOON + DAY, request_id=request))
    sticky = await factories.refused(enter(coalition, key, ana, request_id=request))
    await enter(coalition, key, ben, now=NOON + DAY - instant)

    assert [errors.ContestClosed] * 3 == [type(one) for one in (early, late, sticky)]
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.contest_entry")


async def test_an_entry_that_races_the_closing_instant_is_in_or_out_and_never_both(
    coalition: Coalition,
) -> None:
    people = [await coalition.member() for _ in range(16)]
    now = await coalition.db.fetchval("select clock_timestamp()")
    ends = now + timedelta(milliseconds=400)
    key = await publish(
        coalition, now=now, window="once", from_at=now.isoformat(), until_at=ends.isoformat()
    )

    async def try_at(place: int, member: members.Member) -> bool:
        await asyncio.sleep(0.04 * place)
        try:
            await enter(coalition, key, member, now=None)
        except errors.ContestClosed:
            return False
        return True

    inside = await asyncio.gather(*(try_at(*one) for one in enumerate(people)))
    rows = await coalition.db.fetch("select wallet_id, entered_at from ledger.contest_entry")
    assert {one.wallet_id for one, was in zip(people, inside, strict=True) if was} == {
        row["wallet_id"] for row in rows
    }
    assert all(row["entered_at"] < ends for row in rows)
    assert not inside[-1]


async def test_who_may_enter_is_judged_as_they_are_and_told_why_not(
    coalition: Coalition, ana: members.Member, ben: members.Member
) -> None:
    db = coalition.db
    made = await segments.create(
        db, segment_id=ids.new(), name="vip", about="x", reason="x", actor=audit.SYSTEM
    )
    who = {"segment": "vip", "tier": "gold", "age_min": 18}
    key = await publish(coalition, who=who)
    told = []
    for step in (
        None,
        segments.add(
            db,
            segment_id=made.segment.segment_id,
            member_ids=[ana.member_id],
            reason="x",
            actor=audit.SYSTEM,
            now=NOON - DAY,
        ),
        profiles.update(db, ana.member_id, actor=audit.SYSTEM, tier="gold"),
        profiles.update(
            db, ana.member_id, actor=audit.SYSTEM, birth_date=date(2008, 3, 11), now=NOON
        ),
        appearances.leave(db, ana),
    ):
        if step is not None:
            await step
        told.append(await factories.refused(enter(coalition, key, ana)))
    await appearances.join(db, ana)
    entered = await enter(coalition, key, ana, now=NOON + DAY)
    await profiles.update(db, ana.member_id, actor=audit.SYSTEM, tier=None)

    assert {errors.NotEligible} == {type(one) for one in told}
    assert 5 == len({one.message for one in told})
    assert not entered.replayed
    known = await db.fetchval("select known::text from ledger.contest_entry")
    assert '{"age": 18, "tier": "gold", "segment": "vip"}' == known


async def test_a_member_who_has_shut_themselves_out_enters_plays_and_begins_nothing(
    coalition: Coalition, ana: members.Member
) -> None:
    db, rosa = coalition.db, await coalition.merchant()
    contest = await publish(coalition)
    game = await test_games.publish(coalition, rosa)
    quiz = await test_quizzes.publish(coalition)
    await play_limits.exclude(db, member=ana, until=None, actor=audit.SYSTEM, now=NOON - DAY)

    refused = [
        await factories.refused(attempt)
        for attempt in (
            enter(coalition, contest, ana),
            test_games.play(coalition, rosa, ana, game, 1),
            test_quizzes.start(coalition, ana, quiz),
        )
    ]
    assert [errors.SelfExcluded] * 3 == [type(one) for one in refused]


async def test_who_is_refused_stays_refused_under_that_key(
    coalition: Coalition, ana: members.Member
) -> None:
    key, request = await publish(coalition, who={"tier": "gold"}), ids.new()
    first = await factories.refused(enter(coalition, key, ana, request_id=request))
    await profiles.update(coalition.db, ana.member_id, actor=audit.SYSTEM, tier="gold")

    assert first == await factories.refused(enter(coalition, key, ana, request_id=request))
    assert not (await enter(coalition, key, ana)).replayed
