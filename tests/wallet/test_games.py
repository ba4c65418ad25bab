"""Games: a round counts once, an impossible score is refused, and limits leave what is left."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import factories, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from tests.wallet.test_boards import SPEND, board, look
from wallet import audit, errors, ids, members, merchants, notices
from wallet.campaigns import earned, lives
from wallet.progress import advance, games, plays, schemes

MINUTE = timedelta(minutes=1)
LIMITS: dict[str, Any] = {
    "points_per_unit": 100,
    "most_round": 5,
    "most_day": 8,
    "most_month": 10,
}


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant with a game."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who plays."""
    return await coalition.member()


async def cents(coalition: Coalition, **told: Any) -> promotions.Promotion:
    """A campaign that gives three cents for each unit."""
    give = {"give": "amount", "minor": 3, "per": "unit"}
    return await taking_part.reward(coalition, **{"give": give, **told})


async def publish(
    coalition: Coalition, rosa: UUID, paying: promotions.Promotion | None = None, **told: Any
) -> UUID:
    plain = {
        "kind": "game",
        "name": "Catch the bean",
        "merchants": [str(rosa)],
        "points_max": 10_000,
        "seconds_min": 30,
    }
    if paying is not None:
        plain |= {**LIMITS, "reward": str(paying.campaign_id)}
    made = await taking_part.scheme(coalition, plain={**plain, **told})
    return made.entry.scheme_id


async def play(
    coalition: Coalition,
    rosa: UUID,
    member: members.Member,
    game_id: UUID,
    points: int,
    *,
    at: datetime = NOON,
    round_id: str | None = None,
    key: UUID | None = None,
    now: datetime | None = None,
) -> games.Reported:
    name = round_id or f"round-{next(factories.numbers)}"
    return await games.report(
        coalition.db,
        merchant_id=rosa,
        request_id=key or ids.new(),
        member_id=member.member_id,
        told=games.Round(game_id, name, points, at),
        now=now or at + MINUTE,
    )


async def given(coalition: Coalition, member: members.Member) -> list[int]:
    rows = await earned.awards(coalition.db, member.wallet_id, first=100, before=None)
    return [one.granted_minor for one in reversed(rows)]


async def test_each_full_step_of_a_score_is_credited_at_once(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game = await publish(coalition, rosa, await cents(coalition))
    first = await play(coalition, rosa, ana, game, 399)
    none = await play(coalition, rosa, ana, game, 99, at=NOON + MINUTE)

    assert (399, 3, "given", False) == (
        first.play.points,
        first.play.units,
        first.play.outcome,
        first.replayed,
    )
    assert (0, None) == (none.play.units, none.play.outcome)
    assert [9] == await given(coalition, ana)
    assert 9 == (await coalition.faces(ana)).pending


async def test_the_limits_of_a_round_a_day_and_a_month_leave_what_is_left(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game = await publish(coalition, rosa, await cents(coalition))
    units = []
    for days, minutes in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (31, 0)):
        at = NOON + days * DAY + minutes * MINUTE
        reported = await play(coalition, rosa, ana, game, 10_000, at=at)
        units.append(reported.play.units)

    assert [5, 3, 0, 2, 0, 5] == units
    assert [15, 9, 6, 15] == await given(coalition, ana)


async def test_the_budget_of_the_campaign_holds_besides(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game = await publish(coalition, rosa, await cents(coalition, budget={"minor": 10}))
    await play(coalition, rosa, ana, game, 300)
    await play(coalition, rosa, ana, game, 300, at=NOON + MINUTE)

    assert [9, 1] == await given(coalition, ana)


async def test_one_round_counts_once_whoever_reports_it_under_whatever_key(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game, key = await publish(coalition, rosa, await cents(coalition)), ids.new()
    told: dict[str, Any] = {"round_id": "r-1"}
    reported = await asyncio.gather(
        *(play(coalition, rosa, ana, game, 300, key=key, **told) for _ in range(4)),
        *(play(coalition, rosa, ana, game, 300, **told) for _ in range(4)),
    )
    late = [
        await play(coalition, rosa, ana, game, 300, key=one, now=NOON + 9 * DAY, **told)
        for one in (key, ids.new())
    ]

    assert 1 == sum(not one.replayed for one in reported)
    assert 1 == len({one.play.play_id for one in (*reported, *late)})
    assert all(one.replayed for one in late)
    assert [9] == await given(coalition, ana)


async def test_a_round_has_one_score_and_one_member(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game, ben, key = await publish(coalition, rosa), await coalition.member(), ids.new()
    await play(coalition, rosa, ana, game, 300, round_id="r-1", key=key)

    other = await factories.refused(play(coalition, rosa, ana, game, 301, round_id="r-1"))
    whose = await factories.refused(play(coalition, rosa, ben, game, 300, round_id="r-1"))
    reused = await factories.refused(play(coalition, rosa, ana, game, 5, round_id="r-1", key=key))
    assert (errors.ReferenceUsed, ("round_id",)) == (type(other), other.path)
    assert isinstance(whose, errors.ReferenceUsed)
    assert isinstance(reused, errors.IdempotencyKeyReused)


@pytest.mark.parametrize("points", [-1, 10_001])
async def test_a_score_that_the_game_cannot_give_is_refused(
    coalition: Coalition, rosa: UUID, ana: members.Member, points: int
) -> None:
    game = await publish(coalition, rosa)

    refusal = await factories.refused(play(coalition, rosa, ana, game, points))
    assert (errors.GameScoreInvalid, ("points",)) == (type(refusal), refusal.path)


async def test_two_rounds_of_one_member_are_as_far_apart_as_a_round_takes(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game, ben, key = await publish(coalition, rosa), await coalition.member(), ids.new()
    second = timedelta(seconds=1)
    await play(coalition, rosa, ana, game, 1)
    tried = [
        await factories.refused(play(coalition, rosa, ana, game, 1, at=NOON + step, key=key))
        for step in (29 * second, -29 * second)
        for key in [ids.new()]
    ]
    soon: dict[str, Any] = {"at": NOON + 9 * second, "key": key, "round_id": "soon"}
    first = await factories.refused(play(coalition, rosa, ana, game, 1, **soon))
    again = await factories.refused(play(coalition, rosa, ana, game, 1, **soon))
    await play(coalition, rosa, ana, game, 1, at=NOON + 30 * second)
    await play(coalition, rosa, ben, game, 1)

    assert {errors.GameScoreInvalid} == {type(one) for one in (*tried, first, again)}
    assert 3 == await coalition.db.fetchval("select count(*) from ledger.play")


async def test_many_rounds_at_once_never_pass_the_limit_of_the_day(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game = await publish(coalition, rosa, await cents(coalition))
    await asyncio.gather(
        *(play(coalition, rosa, ana, game, 300, at=NOON + n * MINUTE) for n in range(8))
    )
    while await notices.drain(coalition.db):
        pass
    await advance.advance(coalition.db, now=NOON + DAY, stories=[plays])

    assert 24 == sum(await given(coalition, ana))
    assert 8 == await coalition.db.fetchval("select sum(units) from ledger.play")


async def test_a_game_belongs_to_its_merchants_and_runs_while_it_is_published(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    bakery, game = await coalition.merchant(), await publish(coalition, rosa)
    foreign = await factories.refused(play(coalition, bakery, ana, game, 1))
    early = await factories.refused(
        play(coalition, rosa, ana, game, 1, at=promotions.BEGUN - MINUTE)
    )
    nothing = await factories.refused(play(coalition, rosa, ana, ids.new(), 1))
    old = await factories.refused(play(coalition, rosa, ana, game, 1, now=NOON + 2 * DAY))

    assert {(errors.NotFound, ("game_id",))} == {
        (type(one), one.path) for one in (foreign, early, nothing)
    }
    assert (errors.GameScoreInvalid, ("happened_at",)) == (type(old), old.path)


async def test_a_retry_of_a_round_that_counted_is_answered_though_its_merchant_was_suspended(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game, keys = await publish(coalition, rosa), [ids.new(), ids.new()]
    told: dict[str, Any] = {"round_id": "r-1"}
    first = await play(coalition, rosa, ana, game, 300, key=keys[0], **told)
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="x", actor=audit.SYSTEM
    )
    again = [await play(coalition, rosa, ana, game, 300, key=one, **told) for one in keys]

    assert [(True, first.play.play_id)] * 2 == [(one.replayed, one.play.play_id) for one in again]
    refusal = await factories.refused(play(coalition, rosa, ana, game, 300, round_id="r-2"))
    assert isinstance(refusal, errors.MerchantSuspended)


async def test_a_suspended_member_scores_nothing(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game = await publish(coalition, rosa)
    await members.suspend(coalition.db, ana.member_id, reason="x", actor=audit.SYSTEM)

    refusal = await factories.refused(play(coalition, rosa, ana, game, 1))
    assert isinstance(refusal, errors.MemberSuspended)


async def test_what_the_door_did_not_pay_the_worker_pays_once(
    coalition: Coalition, rosa: UUID, ana: members.Member, owner: Connection
) -> None:
    """As after a crash between the play and its payment."""
    game = await publish(coalition, rosa, await cents(coalition))
    reported = await play(coalition, rosa, ana, game, 300)
    await owner.execute("update ledger.play set outcome = null")
    while await notices.drain(coalition.db):
        pass
    await asyncio.gather(
        *(advance.advance(coalition.db, now=NOON + DAY, stories=[plays]) for _ in range(3))
    )

    found = await plays.find(coalition.db, reported.play.play_id)
    assert ("given", [9]) == (found.outcome, await given(coalition, ana))


async def test_more_plays_than_one_look_pays_are_all_paid(
    coalition: Coalition,
    rosa: UUID,
    ana: members.Member,
    owner: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    game = await publish(coalition, rosa, await cents(coalition))
    for number in range(3):
        await play(coalition, rosa, ana, game, 100, at=NOON + number * MINUTE)
    while await notices.drain(coalition.db):
        pass
    await owner.execute("update ledger.play set outcome = null")
    monkeypatch.setattr(plays, "SETTLED_MAX", 2)
    unpaid = []
    for _ in range(2):
        await advance.advance(coalition.db, now=NOON + DAY, stories=[plays])
        unpaid.append(
            await coalition.db.fetchval("select count(*) from ledger.play where outcome is null")
        )

    assert [1, 0] == unpaid


async def test_a_reward_whose_campaign_is_over_is_settled_as_nothing(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await cents(coalition)
    game = await publish(coalition, rosa, paying)
    await lives.end(
        coalition.db,
        request_id=ids.new(),
        campaign_id=paying.campaign_id,
        reason="enough",
        actor=audit.SYSTEM,
        now=NOON - DAY,
    )
    reported = await play(coalition, rosa, ana, game, 300)

    assert ("none", []) == (reported.play.outcome, await given(coalition, ana))


async def test_points_of_games_count_on_a_board(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    game, other = await publish(coalition, rosa), await publish(coalition, rosa)
    made = await taking_part.scheme(
        coalition, plain={**SPEND, "metric": "points", "caps": None, "games": [str(game)]}
    )
    for number, key in enumerate((game, game, other)):
        await play(coalition, rosa, ana, key, 300, at=NOON + number * MINUTE)
    await look(coalition)

    assert [(ana.wallet_id, 600)] == await board(coalition, made.entry.scheme_id)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"merchants": []}, ("definition", "merchants")),
        ({"most_day": 3}, ("definition", "most_day")),
        ({"points_max": 0}, ("definition", "points_max")),
        ({"reward": str(ids.new()), **LIMITS}, ("definition", "reward")),
    ],
)
async def test_a_game_that_contradicts_itself_is_refused(
    coalition: Coalition, rosa: UUID, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    refusal = await factories.refused(publish(coalition, rosa, **changes))

    assert (errors.SchemeInvalid, path) == (type(refusal), refusal.path)
    assert not (await schemes.moment(coalition.db)).book.entries
