"""5 % on everything: ties of half a unit, in currencies with two, no and three decimals."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.field import stage
from tests.field.stage import credited, line
from wallet import database, money

FIVE: dict[str, Any] = {"give": {"give": "rate", "bps": 500}}
TIES = [1, 3, 5, 7, 9]
"""Half a unit, one and a half, and so on, once 5 % are taken of ten times as many units."""


@pytest.mark.parametrize("asset", [money.EUR, money.JPY, money.KWD], ids=lambda one: one.code)
@pytest.mark.parametrize(
    ("rounding", "paid"),
    [
        ("half_even", [0, 2, 2, 4, 4]),
        ("half_up", [1, 2, 3, 4, 5]),
        ("down", [0, 1, 2, 3, 4]),
        ("up", [1, 2, 3, 4, 5]),
    ],
)
async def test_a_tie_is_rounded_as_the_campaign_says_in_every_currency(
    db: database.Database,
    http: httpx2.AsyncClient,
    asset: money.Asset,
    rounding: str,
    paid: list[int],
) -> None:
    scene = await stage.build(db, http, asset=asset)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Five", rounding=rounding, **FIVE)
    lines = [line(place, money.show(10 * tie, asset)) for place, tie in enumerate(TIES, 1)]

    promised = await scene.preview(rosa, ana, *lines)
    bought = await scene.report(rosa, ana, *lines)

    (grant,) = bought["campaigns"]["matched"]
    # A line that came to nothing won nothing, and is not among those that did.
    assert [(one["number"], one["granted"]["amount"]) for one in grant["lines"]] == [
        (place, money.show(minor, asset)) for place, minor in enumerate(paid, 1) if minor
    ]
    assert credited(promised) == credited(bought) == money.show(sum(paid), asset)
    assert await scene.wallet(ana) == (money.show(0, asset), money.show(sum(paid), asset))


async def test_lines_that_come_back_one_by_one_leave_nothing_of_any_tie(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Five", rounding="half_up", **FIVE)
    lines = [line(place, money.show(10 * tie, money.EUR)) for place, tie in enumerate(TIES, 1)]
    bought = await scene.report(rosa, ana, *lines)
    await scene.mature()

    for one in lines:
        bought = await scene.give_back(rosa, bought, {"number": one["number"]})

    taken = [Decimal(one["reversed"]["amount"]) for one in bought["returns"]]
    assert sorted(taken) == [Decimal(one) / 100 for one in (1, 2, 3, 4, 5)]
    assert await scene.wallet(ana) == ("0.00", "0.00")


async def test_on_everything_is_also_on_what_the_contract_gives_for(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(rates={"default_bps": 100}), await scene.member()
    await scene.campaign("Five", **FIVE)

    bought = await scene.report(
        rosa, ana, line(1, "10.00"), line(2, "20.00", "Tobacco"), line(3, "30.00", "Beauty")
    )

    # What a merchant's contract does not count, tobacco here, no campaign counts either.
    (grant,) = bought["campaigns"]["matched"]
    assert [one["number"] for one in grant["lines"]] == [1, 3]
    assert [one["decision"]["credited"]["amount"] for one in bought["lines"]] == [
        "0.10",
        "0.00",
        "3.00",
    ]
    assert credited(bought) == "5.10"
