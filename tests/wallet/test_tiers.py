"""Tiers in the books: reached once, told once, never late for a campaign, and right in a race."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.wallet import climbing, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition, purchase, refused
from tests.wallet.test_simulate import draft
from wallet import audit, earn, ids, ledger, notices
from wallet.campaigns import simulate
from wallet.progress import advance, publishing, standings

MINUTE = timedelta(minutes=1)
NOTHING = {"default_bps": 0, "by_category": {}}


async def shop(coalition: Coalition) -> UUID:
    """A merchant whose contract gives nothing."""
    return await coalition.merchant(rates=NOTHING, pending=AT_ONCE)


async def granted(coalition: Coalition, purchase_id: UUID) -> int:
    """What campaigns gave for a purchase."""
    return int(
        await coalition.db.fetchval(
            "select coalesce(sum(granted_minor), 0) from ledger.grant"
            " where bucket = $1 and cause_id = $2",
            ledger.bucket(purchase_id),
            purchase_id,
        )
    )


async def test_a_purchase_reaches_a_tier_when_the_worker_looks(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    bought = await coalition.earned(rosa, ana, 35_000)
    await climbing.look(coalition, ana.wallet_id, at=NOON + MINUTE)

    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("upgrade", "vib"),
    ]
    (held,) = (await standings.of(coalition.db, ana.wallet_id, now=NOON + MINUTE)).held
    (change, _) = await standings.changes(
        coalition.db, ana.wallet_id, held.scheme_id, first=10, before=None
    )
    assert (change.causes, change.from_tier, change.qualifying) == ((bought,), "insider", 35_000)
    assert (held.tier, held.since, held.qualifying) == ("vib", NOON, 35_000)


async def test_whoever_reads_a_standing_gets_what_the_books_say_now(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)

    seen = [await climbing.stands(coalition, ana.wallet_id, NOON)]
    for n, amount in enumerate((34_999, 1), 1):
        await coalition.earned(rosa, ana, amount, now=NOON + n * MINUTE)
        seen.append(await climbing.stands(coalition, ana.wallet_id, NOON + n * MINUTE))

    assert seen == [[("insider", 0)], [("insider", 34_999)], [("vib", 35_000)]]


async def test_a_member_is_told_of_a_change_once(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await coalition.earned(rosa, ana, 35_000)
    for n in (1, 2, 3):
        await climbing.look(coalition, ana.wallet_id, at=NOON + n * MINUTE)

    assert await climbing.told(coalition, ana.wallet_id) == [
        "You are VIB now in Beauty Insider: you reached it with your purchases."
    ]


async def test_a_return_lowers_the_tier_and_the_member_is_told_why(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    bought = await coalition.earned(rosa, ana, 35_000)
    await climbing.look(coalition, ana.wallet_id, at=NOON + MINUTE)
    await coalition.give_back(rosa, bought, now=NOON + DAY)
    await climbing.look(coalition, ana.wallet_id, at=NOON + DAY)

    assert (await climbing.history(coalition, ana.wallet_id))[-1] == ("return", "insider")
    assert (await climbing.told(coalition, ana.wallet_id))[0] == (
        "You are Insider again in Beauty Insider, no longer VIB, because goods went back."
        " What you were given before stays yours."
    )


async def test_spending_never_lowers_a_tier(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await coalition.fill(ana, 35_000)
    await coalition.spend(ana, rosa, 35_000)

    assert await climbing.stands(coalition, ana.wallet_id, NOON + MINUTE) == [("vib", 35_000)]


async def test_a_warning_comes_once_in_a_window(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await coalition.earned(rosa, ana, 35_000)
    await climbing.look(coalition, ana.wallet_id, at=NOON + MINUTE)
    december = NOON.replace(year=2027, month=12, day=10)
    for n in (0, 1, 2):
        await climbing.look(coalition, ana.wallet_id, at=december + n * DAY)
    await climbing.look(coalition, ana.wallet_id, at=december.replace(year=2028, month=1))

    assert await climbing.told(coalition, ana.wallet_id) == [
        "You are Insider again in Beauty Insider, no longer VIB: the time to stay has passed.",
        (
            "Spend 350.00 EUR more by 31 December 2027 to stay VIB in Beauty Insider;"
            " after that you are Insider."
        ),
        "You are VIB now in Beauty Insider: you reached it with your purchases.",
    ]


async def test_points_may_count_instead_of_money(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition, metric="points")
    await promotions.govern(coalition, ("points", "all"))
    await promotions.promote(
        coalition,
        asset="PTS",
        give={"give": "points", "units": 100, "per_minor": 100},
        stack={"group": "points"},
    )
    await coalition.earned(rosa, ana, 35_000)

    assert await climbing.stands(coalition, ana.wallet_id, NOON + MINUTE) == [("vib", 35_000)]


# Campaigns that ask for a tier.

DOUBLE: dict[str, Any] = {"when": [{"if": "tier", "any_of": ["vib", "rouge"]}]}


async def test_a_campaign_sees_an_upgrade_though_the_worker_is_away(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await promotions.promote(coalition, **DOUBLE)
    bought = [
        await coalition.earned(rosa, ana, 35_000, now=NOON),
        await coalition.earned(rosa, ana, 1_000, now=NOON + MINUTE),
    ]

    # The purchase that reaches the tier is decided by the one before it.
    assert [await granted(coalition, one) for one in bought] == [0, 100]


async def test_a_purchase_that_is_reported_late_is_decided_by_the_tier_of_its_day(
    coalition: Coalition,
) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await promotions.promote(coalition, **DOUBLE)
    await coalition.earned(rosa, ana, 35_000, now=NOON)
    early = purchase(1_000, purchased_at=NOON - DAY)
    later = purchase(1_000, purchased_at=NOON + DAY)
    found = [
        await granted(
            coalition,
            (await coalition.report(rosa, ana, one, now=NOON + 2 * DAY)).purchase_id,
        )
        for one in (early, later)
    ]

    assert found == [0, 100]


async def test_purchases_of_one_call_are_decided_one_after_the_other(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await promotions.promote(coalition, **DOUBLE)
    items = [
        earn.Report(ids.new(), ana.member_id, purchase(20_000, purchased_at=NOON + n * MINUTE))
        for n in range(3)
    ]
    answers = await earn.report(coalition.db, merchant_id=rosa, items=items, now=NOON + DAY)

    reported = [one.purchase_id for one in answers if isinstance(one, earn.Reported)]
    assert [await granted(coalition, one) for one in reported] == [0, 0, 2_000]


async def test_a_campaign_may_name_the_ladder_that_it_means(coalition: Coalition) -> None:
    rosa, other = await shop(coalition), await shop(coalition)
    ana = await coalition.member()
    await climbing.publish(coalition)
    own = await climbing.publish(coalition, merchants=[str(other)], name="Other's own")
    await promotions.promote(
        coalition, when=[{"if": "tier", "any_of": ["vib"], "ladder": str(own)}]
    )
    bought = [
        await coalition.earned(rosa, ana, 35_000, now=NOON),
        await coalition.earned(other, ana, 35_000, now=NOON + MINUTE),
        await coalition.earned(rosa, ana, 1_000, now=NOON + 2 * MINUTE),
    ]

    assert [await granted(coalition, one) for one in bought] == [0, 0, 100]


async def test_a_campaign_can_not_name_a_ladder_that_is_not_there(coalition: Coalition) -> None:
    when = [{"if": "tier", "any_of": ["vib"], "ladder": str(ids.new())}]

    refusal = await refused(promotions.promote(coalition, when=when))

    assert (refusal.code, refusal.path) == (
        "CAMPAIGN_INVALID",
        ("definition", "when", "0", "ladder"),
    )


async def test_without_a_ladder_the_word_on_the_profile_counts(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await promotions.promote(coalition, **DOUBLE)
    await coalition.db.execute(
        "insert into coalition.profile (member_id, tier, updated_at) values ($1, 'vib', now())",
        ana.member_id,
    )

    assert await granted(coalition, await coalition.earned(rosa, ana, 1_000)) == 100


async def test_a_simulation_knows_who_is_in_which_tier(coalition: Coalition) -> None:
    rosa, ana, ben = await shop(coalition), await coalition.member(), await coalition.member()
    await climbing.publish(coalition)
    for n, buyer in enumerate((ana, ben, ana, ben)):
        await coalition.earned(rosa, buyer, 20_000 if buyer is ana else 10_000, now=NOON + n * DAY)
    for wallet_id in (ana.wallet_id, ben.wallet_id):
        await climbing.look(coalition, wallet_id, at=NOON + 5 * DAY)
    found = await simulate.simulate(
        coalition.db,
        definition=draft(**DOUBLE),
        days=30,
        until=NOON + 5 * DAY,
    )

    assert found.reached == {ana.member_id}


# Races.


async def test_purchases_that_cross_at_once_rise_once(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await promotions.promote(coalition, **DOUBLE)
    await asyncio.gather(
        *(coalition.earned(rosa, ana, 30_000, now=NOON + n * MINUTE) for n in range(6)),
        *(climbing.look(coalition, ana.wallet_id, at=NOON + DAY) for _ in range(4)),
    )
    await climbing.look(coalition, ana.wallet_id, at=NOON + DAY)

    found = await climbing.history(coalition, ana.wallet_id)
    assert [to for _, to in found] in (
        ["insider", "vib", "rouge"],
        ["insider", "rouge"],
        ["vib", "rouge"],
        ["rouge"],
    )
    assert await climbing.stands(coalition, ana.wallet_id, NOON + DAY) == [("rouge", 180_000)]


async def test_a_return_and_a_purchase_at_once_end_where_the_books_end(
    coalition: Coalition,
) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    first = await coalition.earned(rosa, ana, 35_000)
    await asyncio.gather(
        coalition.give_back(rosa, first, now=NOON + DAY),
        coalition.earned(rosa, ana, 34_999, now=NOON + DAY),
        climbing.look(coalition, ana.wallet_id, at=NOON + DAY),
        climbing.look(coalition, ana.wallet_id, at=NOON + DAY),
    )

    assert await climbing.stands(coalition, ana.wallet_id, NOON + 2 * DAY) == [("insider", 34_999)]


async def test_two_workers_at_once_write_each_change_once(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await coalition.earned(rosa, ana, 35_000)
    while await notices.drain(coalition.db):
        pass
    await asyncio.gather(*(advance.advance(coalition.db, now=NOON + MINUTE) for _ in range(4)))
    await advance.advance(coalition.db, now=NOON + DAY)

    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("upgrade", "vib"),
    ]
    assert len(await climbing.told(coalition, ana.wallet_id)) == 1


async def test_the_worker_looks_again_when_the_year_ends(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition)
    await coalition.earned(rosa, ana, 35_000)
    while await notices.drain(coalition.db):
        pass
    for at in (NOON + MINUTE, NOON.replace(year=2027, month=12, day=20)):
        await advance.advance(coalition.db, now=at)
    await advance.advance(coalition.db, now=NOON.replace(year=2028, month=1, day=2))

    assert (await climbing.history(coalition, ana.wallet_id))[-1] == ("downgrade", "insider")


async def test_a_new_version_has_everybody_looked_at_again(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    scheme_id = await climbing.publish(coalition)
    await coalition.earned(rosa, ana, 30_000)
    await climbing.look(coalition, ana.wallet_id, at=NOON + MINUTE)
    cheaper = [dict(tier, threshold=tier["threshold"] // 2) for tier in climbing.SEPHORA["tiers"]]
    await climbing.publish(coalition, at=NOON + DAY, scheme_id=scheme_id, tiers=cheaper)
    await advance.advance(coalition.db, now=NOON + DAY + MINUTE)

    assert (await climbing.history(coalition, ana.wallet_id))[-1] == ("edited", "vib")


async def test_a_ladder_that_ended_is_shown_no_more(coalition: Coalition) -> None:
    ana = await coalition.member()
    scheme_id = await climbing.publish(coalition)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=scheme_id,
        note="over",
        actor=audit.SYSTEM,
        now=NOON,
    )

    assert await climbing.stands(coalition, ana.wallet_id, NOON + MINUTE) == []
