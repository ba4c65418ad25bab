"""Tiers that a milestone reaches, in the books: once, for campaigns too, and taken back with it."""

import asyncio
from typing import Any
from uuid import UUID

from tests.wallet import climbing, promotions, reaching, taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_tiers import DOUBLE, MINUTE, granted, shop
from wallet import ids
from wallet.progress import advance, standings


def by(milestone: UUID, place: int = 1) -> list[dict[str, Any]]:
    """The tiers of the plain ladder, of which one is reached by a milestone too."""
    tiers: list[dict[str, Any]] = [dict(one) for one in climbing.SEPHORA["tiers"]]
    tiers[place]["milestone"] = str(milestone)
    return tiers


async def test_whoever_reaches_a_milestone_has_its_tier_and_what_campaigns_give_for_it(
    coalition: Coalition,
) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    milestone = await reaching.milestone(coalition, pays=False)
    await climbing.publish(coalition, tiers=by(milestone))
    await promotions.promote(coalition, **DOUBLE)
    for n in (0, 1):
        await reaching.buy(coalition, rosa, ana, at=NOON + n * MINUTE)
    await reaching.look(coalition, ana, now=NOON + MINUTE)
    later = await reaching.buy(coalition, rosa, ana, at=NOON + 2 * MINUTE)

    assert await granted(coalition, later) == 100
    (held,) = (await standings.of(coalition.db, ana.wallet_id, now=NOON + DAY)).held
    assert (held.tier, held.qualifying, held.since) == ("vib", 3_000, NOON + MINUTE)
    (change, *_) = await standings.changes(
        coalition.db, ana.wallet_id, held.scheme_id, first=10, before=None
    )
    assert (change.why, change.causes) == ("milestone", tuple(change.completions))
    assert len(change.completions) == 1
    assert (await climbing.told(coalition, ana.wallet_id))[0] == (
        "You are VIB now in Beauty Insider: you reached a milestone."
    )


async def test_whoever_reads_a_tier_after_a_look_at_milestones_gets_the_one_they_reached(
    coalition: Coalition,
) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await climbing.publish(coalition, tiers=by(await reaching.milestone(coalition)))
    for _ in range(2):
        await reaching.buy(coalition, rosa, ana)
    await climbing.look(coalition, ana.wallet_id, at=NOON)
    before = await climbing.stands(coalition, ana.wallet_id, NOON)
    await asyncio.gather(
        *(advance.settle(coalition.db, [ana.wallet_id], now=NOON) for _ in range(4)),
        *(climbing.look(coalition, ana.wallet_id, at=NOON) for _ in range(2)),
    )

    assert before == [("insider", 2_000)]
    assert await climbing.stands(coalition, ana.wallet_id, NOON) == [("vib", 2_000)]
    history = await climbing.history(coalition, ana.wallet_id)
    assert [why for why, _ in history].count("milestone") + [why for why, _ in history].count(
        "restated"
    ) == 1


async def test_a_milestone_that_is_taken_back_takes_its_tier_along(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    milestone = await reaching.milestone(coalition, pays=False, on_return="take_back")
    await climbing.publish(coalition, tiers=by(milestone))
    bought = [await reaching.buy(coalition, rosa, ana, at=NOON + n * MINUTE) for n in (0, 1)]
    await reaching.look(coalition, ana, now=NOON + MINUTE)
    await coalition.give_back(rosa, bought[0], now=NOON + DAY)
    await reaching.look(coalition, ana, now=NOON + DAY)

    assert await climbing.stands(coalition, ana.wallet_id, NOON + 2 * DAY) == [("insider", 1_000)]
    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("milestone", "vib"),
        ("return", "insider"),
    ]


async def test_a_ladder_names_milestones_that_are_there(coalition: Coalition) -> None:
    milestone = (await taking_part.scheme(coalition)).entry.scheme_id
    ladder = await climbing.publish(coalition)
    found = [
        await refused(climbing.publish(coalition, tiers=tiers))
        for tiers in (by(ids.new()), by(ladder), by(milestone, place=0))
    ]

    assert [(one.code, one.path) for one in found] == [
        ("SCHEME_INVALID", ("definition", "tiers", "1", "milestone")),
        ("SCHEME_INVALID", ("definition", "tiers", "1", "milestone")),
        ("SCHEME_INVALID", ("definition", "tiers", "0", "milestone")),
    ]
