"""Members' own limits on games, as the database keeps them."""

import asyncio
from datetime import datetime

from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, members, play_limits
from wallet.rules import play_limits as rules


async def limit(
    coalition: Coalition, member: members.Member, limits: rules.Limits
) -> rules.Standing:
    return await play_limits.set_limits(
        coalition.db,
        member=member,
        limits=limits,
        actor=audit.Actor("member", member.member_id),
        now=NOON,
    )


async def exclude(
    coalition: Coalition, member: members.Member, until: datetime | None
) -> rules.Standing:
    return await play_limits.exclude(
        coalition.db,
        member=member,
        until=until,
        actor=audit.Actor("member", member.member_id),
        now=NOON,
    )


async def test_limits_are_kept_as_they_were_said(coalition: Coalition) -> None:
    ana = await coalition.member()
    await limit(coalition, ana, rules.Limits(day=2, month=9))
    said = await limit(coalition, ana, rules.Limits(day=5, month=9))

    kept = await play_limits.of(coalition.db, ana.wallet_id)

    assert said == kept
    assert (2, 5) == (kept.at(NOON).day, kept.at(NOON + DAY).day)


async def test_whoever_shut_themselves_out_may_not_play_until_that_day(
    coalition: Coalition,
) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    await exclude(coalition, ana, NOON + DAY)

    assert errors.SelfExcluded() == await refused(play_limits.check(coalition.db, ana, NOON))
    await play_limits.check(coalition.db, ana, NOON + DAY)
    await play_limits.check(coalition.db, ben, NOON)


async def test_an_exclusion_stays_as_long_as_it_was_said(coalition: Coalition) -> None:
    ana = await coalition.member()
    await exclude(coalition, ana, None)

    shorter = await refused(exclude(coalition, ana, NOON + DAY))

    assert errors.SelfExcluded() == shorter
    assert errors.SelfExcluded() == await refused(
        play_limits.check(coalition.db, ana, NOON + 999 * DAY)
    )


async def test_a_list_names_those_who_are_out(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    await exclude(coalition, ana, NOON + DAY)

    out = await play_limits.excluded(coalition.db, [ana.wallet_id, ben.wallet_id], NOON)

    assert {ana.wallet_id} == out
    assert set() == await play_limits.excluded(coalition.db, [ana.wallet_id], NOON + DAY)


async def test_of_many_limits_at_once_the_tightest_holds(coalition: Coalition) -> None:
    ana = await coalition.member()
    await asyncio.gather(*(limit(coalition, ana, rules.Limits(day=most)) for most in (4, 3, 2)))

    assert 2 == (await play_limits.of(coalition.db, ana.wallet_id)).at(NOON).day


async def test_each_change_is_in_the_log_and_a_repetition_is_none(coalition: Coalition) -> None:
    ana = await coalition.member()
    await limit(coalition, ana, rules.Limits(day=2))
    await limit(coalition, ana, rules.Limits(day=2))
    await exclude(coalition, ana, None)

    trail = await audit.trail(coalition.db, ana.member_id, first=9, before=None)

    assert ["play.exclude", "play.limit", "member.enrol"] == [one.act for one in trail]
