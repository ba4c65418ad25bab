"""Tiers that a plan gives: from joining until it is over, whatever is bought meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import belonging, climbing, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_tiers import DOUBLE, granted, shop
from wallet import ids, ledger, members, sql
from wallet.progress import advance, entitlements, looks, standings
from wallet.progress import membership_acts as acts

ENDS = datetime(2027, 3, 17, tzinfo=UTC)  # a year after NOON's day, and seven days of grace
TICK = timedelta(microseconds=1)


@pytest.fixture
async def ladder(coalition: Coalition) -> UUID:
    """Insider, VIB and Rouge."""
    return await climbing.publish(coalition)


@pytest.fixture
async def ana(coalition: Coalition, ladder: UUID) -> members.Member:
    """A member who begins as Insider."""
    member = await coalition.member()
    await climbing.look(coalition, member.wallet_id, at=NOON - DAY)
    return member


@pytest.fixture
async def club(coalition: Coalition, ladder: UUID) -> belonging.Shop:
    """A merchant who sells a year of VIB for 36.50."""
    return await belonging.shop(coalition, tier=gives(ladder))


def gives(ladder: UUID, tier: str = "vib") -> dict[str, Any]:
    """What a plan says that gives a tier."""
    return {"ladder": str(ladder), "tier": tier}


async def tier(coalition: Coalition, member: members.Member, at: datetime) -> str:
    ((found, _),) = await climbing.stands(coalition, member.wallet_id, at)
    return found


async def test_a_plan_gives_its_tier_at_once_and_until_its_very_end(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    await club.start(ana)
    during = (await standings.of(coalition.db, ana.wallet_id, now=NOON)).held[0]
    found = [await tier(coalition, ana, at) for at in (ENDS - TICK, ENDS)]

    assert ("vib", "insider", "membership", ENDS) == (
        *(during.tier, during.earned, during.given_by, during.given_until),
    )
    assert found == ["vib", "insider"]
    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("membership", "vib"),
        ("membership_ended", "insider"),
    ]
    over, joined = await climbing.told(coalition, ana.wallet_id)
    assert over == (
        "You are Insider again in Beauty Insider, no longer VIB: what your membership gave you is"
        " over."
    )
    assert joined == "You are VIB now in Beauty Insider: it is in your membership."


async def test_purchases_around_a_membership_are_decided_by_their_instants(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    rosa = await shop(coalition)
    await promotions.promote(coalition, **DOUBLE)
    before = await coalition.earned(rosa, ana, 1_000, now=NOON - TICK)
    await club.start(ana)
    # No worker comes by.
    bought = [await coalition.earned(rosa, ana, 1_000, now=at) for at in (NOON, ENDS - TICK, ENDS)]

    assert [await granted(coalition, one) for one in (before, *bought)] == [0, 100, 100, 0]


async def test_whoever_reached_more_has_more_and_what_they_reached_stays(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    rosa = await shop(coalition)
    await club.start(ana)
    await coalition.earned(rosa, ana, 35_000, now=NOON + DAY)
    vib = (await standings.of(coalition.db, ana.wallet_id, now=NOON + 2 * DAY)).held[0]
    await coalition.earned(rosa, ana, 65_000, now=NOON + 3 * DAY)
    after = [await tier(coalition, ana, at) for at in (NOON + 4 * DAY, ENDS)]

    assert ("vib", "vib", None) == (vib.tier, vib.earned, vib.given_by)
    assert after == ["rouge", "rouge"]
    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("membership", "vib"),
        ("upgrade", "rouge"),
    ]


async def test_what_is_cancelled_gives_its_tier_to_the_end_of_the_day(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    key = (await club.start(ana)).membership.membership_id
    ended = await club.cancel(key, now=NOON + 9 * DAY)
    ends = datetime(2026, 3, 20, tzinfo=UTC)
    given = await entitlements.of(coalition.db, ana.wallet_id, now=NOON + 9 * DAY)
    found = [await tier(coalition, ana, at) for at in (ends - TICK, ends)]

    assert ends == ended.membership.entitled_until
    assert ("birthday_gift", "tier", ends) in [(one.word, one.source, one.until) for one in given]
    assert found == ["vib", "insider"]


async def test_another_plan_may_give_another_tier(
    coalition: Coalition, ladder: UUID, club: belonging.Shop, ana: members.Member
) -> None:
    gold = await belonging.plan(
        coalition, club.merchant_id, name="Gold", price_minor=7_300, tier=gives(ladder, "rouge")
    )
    plain = await belonging.plan(coalition, club.merchant_id, name="Plain", price_minor=7_400)
    key = (await club.start(ana)).membership.membership_id
    await club.change(key, gold, now=NOON + 10 * DAY, minor=3_750)
    await climbing.look(coalition, ana.wallet_id, at=NOON + 10 * DAY)
    await club.change(key, plain, now=NOON + 20 * DAY, minor=300)
    found = [await tier(coalition, ana, NOON + days * DAY) for days in (10, 20)]

    assert found == ["rouge", "insider"]
    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("membership", "vib"),
        ("membership", "rouge"),
        ("membership_ended", "insider"),
    ]


async def test_the_worker_looks_when_a_membership_ends(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    await club.start(ana)
    await belonging.pass_days(coalition, NOON, ENDS)

    assert (await climbing.history(coalition, ana.wallet_id))[1:] == [
        ("membership", "vib"),
        ("membership_ended", "insider"),
    ]
    assert [] == await looks.due(coalition.db, now=ENDS + DAY, limit=1)


async def test_a_tier_goes_on_where_a_payment_came_in_time_and_was_reported_late(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    key = (await club.start(ana)).membership.membership_id
    await belonging.pass_days(coalition, NOON, ENDS)
    await club.renew(key, now=ENDS + DAY, paid_at=ENDS - DAY)
    found = [await tier(coalition, ana, at) for at in (ENDS + DAY, ENDS + 365 * DAY)]

    assert found == ["vib", "vib"]
    assert (await climbing.history(coalition, ana.wallet_id))[-1] == ("restated", "vib")
    assert (await climbing.told(coalition, ana.wallet_id))[0] == (
        "You are VIB now in Beauty Insider: something was reported late."
    )


async def test_of_a_renewal_and_the_end_at_once_the_tier_is_what_the_payment_says(
    coalition: Coalition, club: belonging.Shop, ladder: UUID
) -> None:
    for number in range(6):
        member = await coalition.member()
        key = (await club.start(member)).membership.membership_id
        await climbing.look(coalition, member.wallet_id, at=NOON)
        paid_at = ENDS - DAY * (number % 2)

        renewed, *_ = await asyncio.gather(
            club.renew(key, now=ENDS, paid_at=paid_at),
            advance.settle(coalition.db, [member.wallet_id], now=ENDS),
            climbing.look(coalition, member.wallet_id, at=ENDS),
        )

        assert isinstance(renewed, acts.Acted)
        assert await tier(coalition, member, ENDS + DAY) == "vib"
        assert await tier(coalition, member, renewed.membership.entitled_until) == "insider"


async def test_the_staff_and_a_plan_give_the_higher_of_both(
    coalition: Coalition, club: belonging.Shop, ladder: UUID, ana: members.Member, owner: Connection
) -> None:
    await club.start(ana)
    await owner.execute(
        "insert into ledger.tier_override (bucket, override_id, wallet_id, scheme_id, tier, since,"
        " until, reason, maker_id, checker_id, fingerprint)"
        " values ($1, $2, $3, $4, 'rouge', $5, $6, 'a parcel was lost', $7, $8, $2)",
        ledger.bucket(ana.wallet_id),
        ids.placed(ids.new(), ledger.bucket(ana.wallet_id)),
        *(ana.wallet_id, ladder, NOON + DAY, NOON + 2 * DAY, ids.new(), ids.new()),
    )
    for days in (0, 1, 2):
        await climbing.look(coalition, ana.wallet_id, at=NOON + days * DAY)

    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("membership", "vib"),
        ("override", "rouge"),
        ("membership", "vib"),
    ]


async def test_a_plan_names_a_tier_that_is_there(coalition: Coalition, ladder: UUID) -> None:
    seller = await coalition.merchant()
    milestone = (await taking_part.scheme(coalition)).entry.scheme_id
    found = [
        await refused(belonging.plan(coalition, seller, tier=named))
        for named in (gives(ids.new()), gives(milestone), gives(ladder, "platinum"))
    ]

    assert [(one.code, one.path) for one in found] == [
        ("SCHEME_INVALID", ("definition", "tier", "ladder")),
        ("SCHEME_INVALID", ("definition", "tier", "ladder")),
        ("SCHEME_INVALID", ("definition", "tier", "tier")),
    ]
    assert "insider, vib, rouge" in found[2].message


async def test_a_law_sees_a_tier_of_a_plan_that_nobody_paid_for(
    coalition: Coalition, club: belonging.Shop, ana: members.Member, owner: Connection
) -> None:
    await club.start(ana)
    await climbing.look(coalition, ana.wallet_id, at=NOON)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table ledger.membership_act disable trigger user")
    await owner.execute("update ledger.membership_act set entitled_until = effective_at")

    found = await owner.fetch(sql.load("laws/26_tiers_are_their_members_own"))
    await transaction.rollback()

    assert ["membership"] == [row["what"] for row in found]


async def test_a_purchase_that_comes_back_takes_nothing_of_what_a_plan_gives(
    coalition: Coalition, club: belonging.Shop, ana: members.Member
) -> None:
    rosa = await shop(coalition)
    await club.start(ana)
    bought = await coalition.earned(rosa, ana, 35_000, now=NOON + DAY)
    await coalition.give_back(rosa, bought, now=NOON + 2 * DAY)
    held = (await standings.of(coalition.db, ana.wallet_id, now=NOON + 3 * DAY)).held[0]

    assert ("vib", "insider", 0) == (held.tier, held.earned, held.qualifying)
