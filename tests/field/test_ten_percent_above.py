"""10 % above R$ 200: both sides of the boundary, what a little more brings, and returns."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.field import stage
from tests.field.stage import credited, granted, line, missed
from wallet import database, money


@pytest.fixture
async def brazil(db: database.Database, http: httpx2.AsyncClient) -> stage.Stage:
    """A programme in São Paulo, in reais."""
    return await stage.build(db, http, asset=money.BRL, zone="America/Sao_Paulo")


def minimum(boundary: str = "at_least", **more: Any) -> list[Any]:
    return [{"if": "minimum", "amount_minor": 20_000, "boundary": boundary, **more}]


@pytest.mark.parametrize(
    ("boundary", "paid"),
    [("at_least", ["0.00", "20.00", "20.00"]), ("above", ["0.00", "0.00", "20.00"])],
)
async def test_the_boundary_itself_pays_only_where_the_campaign_says_so(
    brazil: stage.Stage, boundary: str, paid: list[str]
) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum(boundary))

    baskets = [line(1, amount) for amount in ("199.99", "200.00", "200.01")]
    promised = [credited(await brazil.preview(rosa, ana, one)) for one in baskets]
    bought = [await brazil.report(rosa, ana, one) for one in baskets]

    assert promised == [credited(one) for one in bought] == paid
    assert missed(bought[0], "Above 200") == ["MINIMUM"]
    total = sum(Decimal(one) for one in paid)
    assert await brazil.wallet(ana) == ("0.00", f"{total}")
    await brazil.mature()
    assert await brazil.wallet(ana) == (f"{total}", "0.00")


async def test_a_return_below_the_boundary_takes_all_of_it_back_and_the_notice_says_so(
    brazil: stage.Stage,
) -> None:
    rosa = await brazil.merchant(rates={"default_bps": 500, "by_category": {}})
    ana = await brazil.member()
    await brazil.campaign("Above 200", when=minimum())
    bought = await brazil.report(rosa, ana, line(1, "150.00"), line(2, "60.00"))
    await brazil.mature()
    assert (credited(bought), await brazil.wallet(ana)) == ("31.50", ("31.50", "0.00"))

    after = await brazil.give_back(rosa, bought, {"number": 2})

    # 5 % of 60.00 by the contract, and all of the campaign's 21.00.
    assert after["reversed"]["amount"] == "24.00"
    assert await brazil.wallet(ana) == ("7.50", "0.00")
    told = (await brazil.notices(ana))[0]
    assert "24.00 BRL of cashback was taken back" in told
    assert told.endswith(
        "What you kept is not enough for Above 200: all of its 21.00 BRL went back."
    )


async def test_a_return_that_stays_above_takes_only_its_part(brazil: stage.Stage) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum())
    bought = await brazil.report(rosa, ana, line(1, "200.00"), line(2, "60.05"))
    await brazil.mature()

    after = await brazil.give_back(rosa, bought, {"number": 2})

    assert (credited(bought), after["reversed"]["amount"]) == ("26.00", "6.00")
    assert await brazil.wallet(ana) == ("20.00", "0.00")
    (told, *_) = await brazil.notices(ana)
    assert "Above 200" not in told


async def test_a_part_of_a_line_that_comes_back_is_measured_to_the_cent(
    brazil: stage.Stage,
) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum("above"))
    bought = await brazil.report(rosa, ana, line(1, "200.02"))

    first = await brazil.give_back(rosa, bought, {"number": 1, "amount": "0.01"})
    second = await brazil.give_back(rosa, bought, {"number": 1, "amount": "0.01"})

    assert (first["reversed"]["amount"], second["reversed"]["amount"]) == ("0.00", "20.00")


async def test_a_preview_names_what_is_missing_and_adding_it_is_paid_as_promised(
    brazil: stage.Stage,
) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum())

    before = await brazil.preview(rosa, ana, line(1, "100.00"), line(2, "87.60"))
    missing, gain = (before["campaigns"]["next"][one]["amount"] for one in ("missing", "gain"))
    more = str(Decimal("87.60") + Decimal(missing))
    after = await brazil.preview(rosa, ana, line(1, "100.00"), line(2, more))
    bought = await brazil.report(rosa, ana, line(1, "100.00"), line(2, more))

    assert (missing, gain) == ("12.40", "20.00")
    assert before["campaigns"]["next"]["sentence"] == "Add 12.40 BRL for 20.00 BRL more."
    assert before["campaigns"]["missed"][0]["sentence"] == (
        "Above 200: 12.40 BRL more and you get 10 %."
    )
    assert Decimal(credited(before)) + Decimal(gain) == Decimal(credited(after))
    assert credited(after) == credited(bought) == "20.00"
    assert granted(after) == granted(bought) == {"Above 200": "20.00"}


async def test_a_cent_less_than_the_missing_amount_is_not_paid(brazil: stage.Stage) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum("above"))

    before = await brazil.preview(rosa, ana, line(1, "187.60"))
    less = await brazil.report(rosa, ana, line(1, "200.00"))
    exact = await brazil.report(rosa, ana, line(1, "200.01"))

    assert before["campaigns"]["next"]["missing"]["amount"] == "12.41"
    assert (credited(less), credited(exact)) == ("0.00", "20.00")


async def test_what_is_missing_is_named_where_a_part_is_paid_with_cashback(
    brazil: stage.Stage,
) -> None:
    rosa, ana = await brazil.merchant(), await brazil.member()
    await brazil.campaign("Above 200", when=minimum())

    before = await brazil.preview(rosa, ana, line(1, "200.00"), paidWithCashback="12.40")
    more = await brazil.report(rosa, ana, line(1, "212.40"), paidWithCashback="12.40")

    assert before["campaigns"]["next"]["missing"]["amount"] == "12.40"
    assert credited(more) == "20.00"
