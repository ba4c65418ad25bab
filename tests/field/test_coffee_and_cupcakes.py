"""Coffee here, cupcakes there: a campaign of two merchants, and a bundle in one basket."""

from datetime import timedelta
from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line
from wallet import ids


async def funders(scene: stage.Stage, purchase: Any) -> list[tuple[Any, int]]:
    """Who paid how much of a purchase's cashback."""
    rows = await scene.db.fetch(
        "select funder_id, amount from ledger.lot where cause_id = $1 order by amount desc",
        ids.parse("pur", purchase["id"]),
    )
    return [(row["funder_id"], row["amount"]) for row in rows if row["amount"]]


async def together(scene: stage.Stage, roaster: client.Client, oven: client.Client) -> None:
    """10 % on cupcakes at the oven for whoever bought at the roaster, paid by both in halves."""
    await scene.campaign(
        "Coffee and cupcakes",
        merchants=[str(oven.principal_id)],
        when=[{"if": "bought_at", "any_of": [str(roaster.principal_id)], "within_days": 7}],
        lines=[{"if": "category", "any_of": ["Cupcakes"]}],
        funding=[
            {"funder": str(roaster.principal_id), "bps": 5000},
            {"funder": str(oven.principal_id), "bps": 5000},
        ],
    )


async def test_coffee_at_one_lifts_cupcakes_at_the_other_within_seven_days(
    scene: stage.Stage,
) -> None:
    roaster, oven = await scene.merchant(), await scene.merchant()
    ana, ben = await scene.member(), await scene.member()
    await together(scene, roaster, oven)
    today = await scene.now()
    cupcakes = [line(1, "8.00", "Cupcakes"), line(2, "5.00", "Bread")]
    without = await scene.report(oven, ana, *cupcakes)
    await scene.report(roaster, ana, line(1, "3.00", "Coffee"), at=today - timedelta(days=7))
    await scene.report(roaster, ben, line(1, "3.00", "Coffee"), at=today - timedelta(days=8))

    promised = await scene.preview(oven, ana, *cupcakes)
    bought = await scene.report(oven, ana, *cupcakes)
    late = await scene.report(oven, ben, *cupcakes)
    coffee = await scene.report(roaster, ana, line(1, "3.00", "Cupcakes"))

    assert [credited(one) for one in (without, late, coffee)] == ["0.00", "0.00", "0.00"]
    assert credited(promised) == credited(bought) == "0.80"
    assert (await scene.seen(ana, without))["campaigns"]["missed"][0]["sentence"] == (
        "Coffee and cupcakes: only within 7 days of a purchase at Rosa."
    )
    for reader, kind in ((ana, "BOUGHT_AT"), (oven, "PERSONAL")):
        (grant,) = (await scene.seen(reader, bought))["campaigns"]["matched"]
        assert [one["kind"] for one in grant["because"]] == [kind]


async def test_coffee_that_came_back_opens_nothing(scene: stage.Stage) -> None:
    roaster, oven, ana = await scene.merchant(), await scene.merchant(), await scene.member()
    await together(scene, roaster, oven)
    coffee = await scene.report(roaster, ana, line(1, "3.00", "Coffee"))
    await scene.give_back(roaster, coffee)

    bought = await scene.report(oven, ana, line(1, "8.00", "Cupcakes"))

    assert credited(bought) == "0.00"


async def test_both_pay_half_and_the_odd_cent_falls_to_the_first(scene: stage.Stage) -> None:
    roaster, oven, ana = await scene.merchant(), await scene.merchant(), await scene.member()
    await together(scene, roaster, oven)
    await scene.report(roaster, ana, line(1, "3.00", "Coffee"))

    even = await scene.report(oven, ana, line(1, "8.00", "Cupcakes"))
    odd = await scene.report(oven, ana, line(1, "8.10", "Cupcakes"))
    cent = await scene.report(oven, ana, line(1, "0.10", "Cupcakes"))

    halves = [sorted(minor for _, minor in await funders(scene, one)) for one in (even, odd)]
    assert halves == [[40, 40], [40, 41]]
    assert await funders(scene, cent) == [(roaster.principal_id, 1)]
    assert dict(await funders(scene, odd))[roaster.principal_id] == 41
    await scene.mature()
    back = await scene.give_back(oven, odd)
    assert back["reversed"]["amount"] == "0.81"
    issued = [await scene.coalition.position(one.principal_id, "issued") for one in (roaster, oven)]
    assert issued == [-41, -40]


async def test_as_a_bundle_one_of_the_two_that_comes_back_takes_all(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign(
        "Breakfast",
        give={"give": "rate", "bps": 2000},
        when=[{"if": "bundle", "all_of": ["coffee", "CUPCAKES"]}],
        lines=[{"if": "category", "any_of": ["cupcakes"]}],
    )
    coffee, cupcakes = line(1, "3.00", "Coffee"), line(2, "8.00", "Cupcakes", quantity="4")
    alone = await scene.preview(rosa, ana, cupcakes)

    first = await scene.report(rosa, ana, coffee, cupcakes)
    second = await scene.report(rosa, ana, coffee, cupcakes)
    await scene.mature()
    without_coffee = await scene.give_back(rosa, first, {"number": 1})
    some = await scene.give_back(rosa, second, {"number": 2, "quantity": "1"})
    without_cupcakes = await scene.give_back(rosa, second, {"number": 2})

    assert alone["campaigns"]["missed"][0]["sentence"] == (
        "Breakfast: still missing in the basket: coffee."
    )
    assert granted(first) == granted(second) == {"Breakfast": "1.60"}
    assert without_coffee["reversed"]["amount"] == "1.60"
    assert (some["reversed"]["amount"], without_cupcakes["reversed"]["amount"]) == ("0.40", "1.60")
    assert await scene.wallet(ana) == ("0.00", "0.00")
    told = await scene.notices(ana)
    whole = "What you kept is not enough for Breakfast: all of its 1.60 EUR went back."
    assert [whole in one for one in told[:3]] == [False, False, True]
