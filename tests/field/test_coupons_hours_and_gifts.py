"""A coupon of one's own, a happy hour, a gift for chosen members, and a share for charity."""

import asyncio
from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line, missed
from tests.wallet import giving
from wallet import ids

SEGMENT = """mutation Make($input: SegmentSaveInput!) { segmentSave(input: $input) {
  segment { id } errors { ... on UserError { code } } } }"""
ADD = """mutation Add($input: SegmentMembersInput!) { segmentMembersAdd(input: $input) {
  changed errors { ... on UserError { code } } } }"""
OWN = "{ viewer { benefits { id kind name usedAt } } }"
INVALID = [{"code": "COUPON_INVALID", "path": ["coupons", "0"]}]


async def sixty(scene: stage.Stage) -> None:
    """A coupon with the first purchase; it brings back 60 % of another one."""
    await scene.campaign(
        "Welcome",
        give={"give": "coupon", "name": "SIXTY", "days": 30},
        when=[{"if": "nth_purchase", "n": 1}],
    )
    await scene.campaign(
        "Sixty", give={"give": "rate", "bps": 6000}, when=[{"if": "coupon", "name": "SIXTY"}]
    )


async def coupon_of(owner: client.Client) -> str:
    """The id of a member's coupon."""
    (found,) = (await owner.ask(OWN)).data["viewer"]["benefits"]
    assert (found["kind"], found["name"], found["usedAt"]) == ("COUPON", "SIXTY", None)
    return str(found["id"])


async def test_a_coupon_gives_sixty_per_cent_once_and_to_its_owner_only(
    scene: stage.Stage,
) -> None:
    await sixty(scene)
    rosa, ana, ben = await scene.merchant(), await scene.member(), await scene.member()
    first = await scene.report(rosa, ana, line(1, "10.00"))
    coupon = await coupon_of(ana)
    shown = {"coupons": [coupon]}

    promised = await scene.preview(rosa, ana, line(1, "49.99"), **shown)
    stolen = await scene.send(rosa, ben, line(1, "49.99"), **shown)
    without = await scene.report(rosa, ana, line(1, "49.99"))
    bought = await scene.report(rosa, ana, line(1, "49.99"), **shown)
    again = await scene.send(rosa, ana, line(1, "49.99"), **shown)
    (used,) = (await ana.ask(OWN)).data["viewer"]["benefits"]

    (gift,) = first["campaigns"]["matched"]
    assert gift["sentence"].startswith("A coupon for you from Welcome: SIXTY.")
    assert (missed(without, "Sixty"), credited(without)) == (["COUPON"], "0.00")
    assert credited(promised) == credited(bought) == "29.99"
    assert stolen["errors"] == again["errors"] == INVALID
    assert used["usedAt"] is not None


async def test_of_many_tills_that_see_one_coupon_at_once_one_is_paid(scene: stage.Stage) -> None:
    await sixty(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.report(rosa, ana, line(1, "10.00"))
    shown = {"coupons": [await coupon_of(ana)]}

    answers = await asyncio.gather(
        *[scene.send(rosa, ana, line(1, "10.00"), **shown) for _ in range(4)]
    )

    paid = [one for one in answers if not one["errors"]]
    assert [credited(one["purchase"]) for one in paid] == ["6.00"]
    assert [one["errors"] for one in answers if one["errors"]] == [INVALID] * 3
    assert await scene.wallet(ana) == ("0.00", "6.00")


async def test_a_coupon_that_did_nothing_stays_its_owners(scene: stage.Stage) -> None:
    await sixty(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.report(rosa, ana, line(1, "10.00"))
    shown = {"coupons": [await coupon_of(ana)]}

    nothing = await scene.report(rosa, ana, line(1, "10.00", "Tobacco"), **shown)
    bought = await scene.report(rosa, ana, line(1, "10.00"), **shown)

    assert (credited(nothing), credited(bought)) == ("0.00", "6.00")


async def test_a_happy_hour_is_open_by_the_programmes_clock(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.began("Happy", when=[{"if": "schedule", "since": "17:00", "until": "19:00"}])
    instants = {
        "2026-07-01T15:59:59Z": "0.00",  # 16:59 in Lisbon in summer
        "2026-07-01T16:00:00Z": "1.00",
        "2026-07-01T17:59:59Z": "1.00",
        "2026-07-01T18:00:00Z": "0.00",
        "2026-01-15T17:00:00Z": "1.00",
        "2026-01-15T19:00:00Z": "0.00",
    }

    found = {at: credited(await scene.report(rosa, ana, at=at)) for at in instants}

    assert found == instants


async def test_a_night_belongs_to_the_evening_before_and_an_hour_may_come_twice(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    late = {"if": "schedule", "days": ["sat"], "since": "22:00", "until": "02:00"}
    await scene.began("Night", when=[late])
    instants = {
        "2026-10-24T20:59:59Z": "0.00",
        "2026-10-24T21:00:00Z": "1.00",  # Saturday, 22:00
        "2026-10-25T00:30:00Z": "1.00",  # Sunday, 01:30
        "2026-10-25T01:30:00Z": "1.00",  # 01:30 again
        "2026-10-25T02:00:00Z": "0.00",
        "2026-10-23T23:30:00Z": "0.00",  # the night of Friday
    }

    found = {at: credited(await scene.report(rosa, ana, at=at)) for at in instants}

    assert found == instants


async def surprise(scene: stage.Stage, *chosen: client.Client) -> None:
    """3.00 for members whom somebody chose, out of 5.00."""
    told: dict[str, Any] = {
        "idempotencyKey": client.key(),
        "name": "stood by us",
        "about": "Members who came although the shop was a building site.",
        "reason": "as the board decided",
    }
    made = (await scene.operator.ask(SEGMENT, {"input": told})).data["segmentSave"]
    change = {
        "segmentId": made["segment"]["id"],
        "memberIds": [ids.show("mem", one.principal_id) for one in chosen],
        "reason": "a thank-you",
    }
    added = (await scene.operator.ask(ADD, {"input": change})).data["segmentMembersAdd"]
    assert added == {"changed": len(chosen), "errors": []}
    await scene.campaign(
        "Thank you",
        give={"give": "amount", "minor": 300},
        when=[{"if": "segment", "any_of": ["stood by us"]}],
        caps={"member": [{"minor": 300, "per": "campaign"}]},
        budget={"minor": 500},
    )


async def test_a_surprise_is_for_chosen_members_once_and_within_its_budget(
    scene: stage.Stage,
) -> None:
    rosa, ana, ben = await scene.merchant(), await scene.member(), await scene.member()
    eva = await scene.member()
    await surprise(scene, ana, eva)

    first = await scene.report(rosa, ana)
    other = await scene.report(rosa, ben)
    twice = await scene.report(rosa, ana)
    short = await scene.report(rosa, eva)

    found = [credited(one) for one in (first, other, twice, short)]
    assert found == ["3.00", "0.00", "0.00", "2.00"]
    read = (await scene.seen(ben, other))["campaigns"]["missed"][0]["sentence"]
    assert read == "Thank you: it is not for every member."
    cuts = [one["campaigns"]["matched"][0]["cuts"][0] for one in (twice, short)]
    assert [(one["by"], one["from"]["amount"], one["to"]["amount"]) for one in cuts] == [
        ("MEMBER_CAP", "3.00", "0.00"),
        ("BUDGET", "3.00", "2.00"),
    ]


async def test_a_share_goes_to_charity_when_the_rest_becomes_free(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    river = await giving.charity(scene.coalition)
    await giving.agree_all(scene.coalition, river)
    await scene.campaign("River", charity={"charity_id": str(river), "bps": 5000})

    promised = await scene.preview(rosa, ana, line(1, "10.10"))
    bought = await scene.report(rosa, ana, line(1, "10.10"))
    waiting = await scene.wallet(ana), await scene.coalition.position(river, "due")
    await scene.mature()

    (grant,) = promised["campaigns"]["matched"]
    assert (grant["granted"]["amount"], grant["charity"]["amount"]) == ("1.01", "0.50")
    assert granted(bought) == {"River": "1.01"}
    assert waiting == (("0.00", "1.01"), 0)
    assert await scene.wallet(ana) == ("0.51", "0.00")
    assert await scene.coalition.position(river, "due") == 50
    told = await scene.notices(ana)
    assert any("0.50 EUR of your cashback from" in one for one in told), told


async def test_what_comes_back_is_taken_from_the_charity_too(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    river = await giving.charity(scene.coalition)
    await giving.agree_all(scene.coalition, river)
    await scene.campaign("River", charity={"charity_id": str(river), "bps": 5000})
    bought = await scene.report(rosa, ana, line(1, "10.10"))
    await scene.mature()

    await scene.give_back(rosa, bought)

    assert await scene.wallet(ana) == ("0.00", "0.00")
    assert await scene.coalition.position(river, "due") == 0
