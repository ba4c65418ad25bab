"""What the staff gives for a time, what a tier gives at a till, and what an edit would do."""

import asyncio
from datetime import datetime
from typing import Any

from tests.wallet import climbing, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition, purchase, refused
from tests.wallet.test_tiers import DOUBLE, MINUTE, granted, shop
from wallet import approvals, audit, credit, errors, ids, members, proposals
from wallet.progress import entitlements, impact, standings

MAKER, CHECKER = ids.new(), ids.new()


async def propose(
    coalition: Coalition, member: members.Member, ladder: Any, **changes: Any
) -> approvals.Approval:
    """Propose to make a member Rouge for ten days, but for what is given."""
    told: dict[str, Any] = {"tier": "rouge", "until": NOON + 10 * DAY, **changes}
    proposed = await proposals.tier(
        coalition.db,
        staff_id=MAKER,
        actor=audit.SYSTEM,
        request_id=ids.new(),
        member_id=member.member_id,
        scheme_id=ladder,
        reason="a parcel was lost twice",
        now=NOON,
        **told,
    )
    return proposed.approval


async def approve(coalition: Coalition, proposed: approvals.Approval, now: datetime = NOON) -> Any:
    return await approvals.decide(
        coalition.db,
        approval_id=proposed.approval_id,
        checker=credit.Staff(CHECKER, "supervisor"),
        actor=audit.SYSTEM,
        decision="approved",
        reason="checked with the carrier",
        now=now,
    )


async def test_two_of_the_staff_give_a_tier_that_ends_by_itself(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    ladder = await climbing.publish(coalition)
    await climbing.look(coalition, ana.wallet_id, at=NOON)
    proposed = await propose(coalition, ana, ladder)
    before = await climbing.stands(coalition, ana.wallet_id, NOON)
    await approve(coalition, proposed)
    await coalition.earned(rosa, ana, 35_000, now=NOON + DAY)
    during = (await standings.of(coalition.db, ana.wallet_id, now=NOON + 9 * DAY)).held[0]
    after = await climbing.stands(coalition, ana.wallet_id, NOON + 10 * DAY)

    assert (before, after) == ([("insider", 0)], [("vib", 35_000)])
    assert (during.tier, during.earned, during.given_until) == ("rouge", "vib", NOON + 10 * DAY)
    assert await climbing.history(coalition, ana.wallet_id) == [
        ("began", "insider"),
        ("override", "rouge"),
        ("override_ended", "vib"),
    ]


async def test_approving_twice_gives_a_tier_once(coalition: Coalition) -> None:
    ana = await coalition.member()
    ladder = await climbing.publish(coalition)
    proposed = await propose(coalition, ana, ladder)
    await asyncio.gather(*(approve(coalition, proposed) for _ in range(4)))

    assert await coalition.db.fetchval("select count(*) from ledger.tier_override") == 1


async def test_a_tier_that_is_not_there_or_ends_too_late_is_refused(coalition: Coalition) -> None:
    ana = await coalition.member()
    ladder = await climbing.publish(coalition)
    found = [
        await refused(propose(coalition, ana, ladder, **changes))
        for changes in (
            {"tier": "platinum"},
            {"until": NOON},
            {"until": NOON + 367 * DAY},
        )
    ]
    nowhere = await refused(propose(coalition, ana, ids.new()))

    assert [(one.code, one.path) for one in found] == [
        ("TIER_OVERRIDE_INVALID", ("tier",)),
        ("TIER_OVERRIDE_INVALID", ("until",)),
        ("TIER_OVERRIDE_INVALID", ("until",)),
    ]
    assert isinstance(nowhere, errors.NotFound)


async def test_a_tier_whose_end_has_passed_is_not_given_any_more(coalition: Coalition) -> None:
    ana = await coalition.member()
    proposed = await propose(coalition, ana, await climbing.publish(coalition), until=NOON + DAY)

    refusal = await refused(approve(coalition, proposed, now=NOON + 2 * DAY))

    assert refusal.code == "TIER_OVERRIDE_INVALID"


async def test_purchases_around_the_end_of_an_override_are_decided_by_their_instant(
    coalition: Coalition,
) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    ladder = await climbing.publish(coalition)
    await promotions.promote(coalition, **DOUBLE)
    await approve(coalition, await propose(coalition, ana, ladder, until=NOON + DAY))
    bought = [purchase(1_000, purchased_at=NOON + DAY + n * MINUTE) for n in (-2, -1, 0, 1)]
    reported = await asyncio.gather(
        *(coalition.report(rosa, ana, one, now=NOON + 2 * DAY) for one in bought),
        climbing.look(coalition, ana.wallet_id, at=NOON + DAY + MINUTE),
    )
    found = [await granted(coalition, one.purchase_id) for one in reported if one is not None]

    assert found == [100, 100, 0, 0]
    assert await climbing.stands(coalition, ana.wallet_id, NOON + 2 * DAY) == [("insider", 4_000)]


# Entitlements.


async def test_a_till_sees_what_the_member_s_tiers_give_there(coalition: Coalition) -> None:
    rosa, other = await shop(coalition), await shop(coalition)
    ana = await coalition.member()
    await climbing.publish(coalition)
    await climbing.publish(coalition, merchants=[str(other)], name="Other's own")
    await coalition.earned(rosa, ana, 100_000)
    await coalition.earned(other, ana, 35_000)
    at = NOON + MINUTE
    found = [
        [
            one.word
            for one in await entitlements.of(coalition.db, ana.wallet_id, merchant_id=key, now=at)
        ]
        for key in (rosa, other)
    ]

    assert found == [["free_shipping"], ["free_shipping", "birthday_gift"]]


# What an edit would do.

CHEAPER = [dict(tier, threshold=tier["threshold"] // 2) for tier in climbing.SEPHORA["tiers"]]
DEARER = [dict(tier, threshold=tier["threshold"] * 2) for tier in climbing.SEPHORA["tiers"]]


async def preview(coalition: Coalition, ladder: Any, **changes: Any) -> impact.Impact:
    return await impact.of(
        coalition.db,
        raw={**climbing.SEPHORA, **changes},
        scheme_id=ladder,
        late=lambda: False,
        now=NOON + DAY,
    )


async def test_an_edit_is_tried_out_before_it_is_published(coalition: Coalition) -> None:
    rosa = await coalition.merchant(pending=AT_ONCE)
    ladder = await climbing.publish(coalition)
    for amount in (20_000, 20_000, 40_000):
        await coalition.earned(rosa, await coalition.member(), amount)
    cheaper = await preview(coalition, ladder, tiers=CHEAPER)
    dearer = await preview(coalition, ladder, tiers=DEARER)
    strict = await preview(coalition, ladder, tiers=DEARER, edits="at_once")

    assert (cheaper.members, cheaper.looked_at, cheaper.complete) == (3, 3, True)
    assert (cheaper.moves, cheaper.kept) == ({("insider", "vib"): 2}, {})
    assert (dearer.moves, dearer.kept) == ({}, {("vib", "insider"): 1})
    assert (strict.moves, strict.kept) == ({("vib", "insider"): 1}, {})


async def test_a_new_ladder_is_tried_out_with_everybody_on_it(coalition: Coalition) -> None:
    rosa, ana = await shop(coalition), await coalition.member()
    await coalition.member()
    await coalition.earned(rosa, ana, 35_000)

    found = await preview(coalition, None)

    assert found.moves == {(None, "vib"): 1, (None, "insider"): 1}


async def test_what_was_left_out_is_said_when_time_is_up(coalition: Coalition) -> None:
    for _ in range(impact.BATCH + 1):
        await coalition.member()
    found = await impact.of(
        coalition.db, raw=climbing.SEPHORA, scheme_id=None, late=lambda: True, now=NOON
    )

    assert (found.members, found.looked_at, found.complete) == (
        impact.BATCH + 1,
        impact.BATCH,
        False,
    )
    assert sum(found.moves.values()) == impact.BATCH
