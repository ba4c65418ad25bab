"""Gifts to charities that a merchant pays: for face covers, for runs, and a pair for each pair."""

from typing import Any
from uuid import UUID

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, line
from tests.wallet import factories, giving
from wallet import ids, money

MERCHANT: list[dict[str, Any]] = [{"funder": "merchant", "bps": 10_000}]
ACTIVITY = """mutation A($input: ActivityReportInput!) { activityReport(input: $input) {
  awardId granted { amount } explanation errors { ... on UserError { code path } } } }"""
AWAITED: dict[str, Any] = {
    "event": "reported",
    "days": 30,
    "wait_days_max": 30,
    "on_wait_end": "mature",
}


async def due(scene: stage.Stage, charity_id: UUID) -> int:
    """What is due to a charity."""
    return int(
        await scene.db.fetchval(
            "select coalesce(sum(credited - debited), 0) from ledger.position"
            " where owner_id = $1 and kind = 'due'",
            charity_id,
        )
    )


async def agreed(scene: stage.Stage, merchant: client.Client, name: str) -> UUID:
    """A charity that is verified and has agreed with a merchant."""
    charity_id = await giving.charity(scene.coalition, name=name)
    await giving.agree(scene.coalition, charity_id, merchant.principal_id)
    return charity_id


def covers(merchant: client.Client, charity_id: UUID, **more: Any) -> dict[str, Any]:
    """2.00 for each face cover, paid by the merchant who sells it."""
    give = {"give": "donation", "charity_id": str(charity_id), "minor": 200, "per": "unit"}
    return {
        "give": give,
        "funding": MERCHANT,
        "merchants": [str(merchant.principal_id)],
        "lines": [{"if": "category", "any_of": ["Face covers"]}],
        **more,
    }


async def test_each_face_cover_gives_two_and_each_activity_in_the_app_gives_one(
    scene: stage.Stage,
) -> None:
    adidas, ana = await scene.merchant(pending=AWAITED), await scene.member()
    save = await agreed(scene, adidas, "Save the Children")
    plastic = await agreed(scene, adidas, "Parley for the Oceans")
    await scene.began("Face covers", **covers(adidas, save))
    await scene.campaign(
        "Run for the Oceans",
        on={"on": "activity", "kind": "custom", "name": "run", "most": 30, "per": "month"},
        give={"give": "donation", "charity_id": str(plastic), "minor": 100},
        funding=MERCHANT,
        merchants=[str(adidas.principal_id)],
    )
    basket = [line(1, "30.00", "Face covers", quantity="3"), line(2, "50.00", "Shoes")]

    promised = await scene.preview(adidas, ana, *basket)
    bought = await scene.report(adidas, ana, *basket)
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "kind": "CUSTOM",
        "name": "run",
        "reference": "run-1",
        "happenedAt": (await scene.now()).isoformat(),
        "proof": "https://runtastic.example/1",
    }
    ran = (await adidas.ask(ACTIVITY, {"input": told})).data["activityReport"]
    early = await due(scene, save)
    await scene.mature()
    soon = (await due(scene, save), await due(scene, plastic))
    await scene.mature(later=31 * factories.DAY)

    assert credited(promised) == credited(bought) == "0.00"
    for one in (promised, bought):
        (given,) = one["campaigns"]["matched"]
        assert (given["granted"]["amount"], given["charity"]["amount"]) == ("6.00", "6.00")
    assert (ran["errors"], ran["granted"]) == ([], [])
    assert ran["explanation"][0].startswith(
        "1.00 EUR to Parley for the Oceans with Run for the Oceans, paid by Rosa."
    )
    assert (early, soon) == (0, (0, 100)), "a purchase may come back, a run can not"
    assert (await due(scene, save), await due(scene, plastic)) == (600, 100)
    assert await scene.wallet(ana) == ("0.00", "0.00")


async def test_the_member_reads_what_was_given_to_whom_and_who_pays(scene: stage.Stage) -> None:
    adidas, ana = await scene.merchant(), await scene.member()
    save = await agreed(scene, adidas, "Save the Children")
    await scene.began("Face covers", **covers(adidas, save))
    bought = await scene.report(adidas, ana, line(1, "30.00", "Face covers", quantity="3"))
    await scene.mature()

    told = (await scene.seen(ana, bought))["campaigns"]["matched"][0]["sentence"]
    portuguese = (await scene.seen(ana, bought, "pt"))["campaigns"]["matched"][0]["sentence"]

    assert (
        "2.00 EUR for each unit to Save the Children with Face covers: 6.00 EUR, paid by Rosa."
    ) == told
    assert portuguese.startswith("2,00 EUR por unidade para Save the Children com Face covers")
    assert await scene.notices(ana) == ["Rosa gave 6.00 EUR to Save the Children, thanks to you."]


async def test_covers_that_come_back_take_their_gift_back_to_the_cent(scene: stage.Stage) -> None:
    adidas, ana = await scene.merchant(pending=AWAITED), await scene.member()
    save = await agreed(scene, adidas, "Save the Children")
    await scene.began("Face covers", **covers(adidas, save))
    cover = line(1, "30.00", "Face covers", quantity="3")
    early = await scene.report(adidas, ana, cover)
    late = await scene.report(adidas, ana, cover)

    await scene.give_back(adidas, early, {"number": 1, "quantity": "1"})
    await scene.mature(later=31 * factories.DAY)
    matured = await due(scene, save)
    await scene.give_back(adidas, late, {"number": 1, "quantity": "2"})

    assert matured == 400 + 600
    assert await due(scene, save) == 400 + 200


async def test_a_pair_of_shoes_for_each_pair_is_counted_in_pairs_and_in_money(
    scene: stage.Stage,
) -> None:
    toms, ana = await scene.merchant(), await scene.member()
    shoes = await agreed(scene, toms, "Friends of Humanity")
    give = {
        "give": "donation",
        "charity_id": str(shoes),
        "minor": 1250,
        "per": "unit",
        "in_kind": "pair of shoes",
    }
    await scene.began(
        "One for one", give=give, funding=MERCHANT, merchants=[str(toms.principal_id)]
    )
    await scene.report(toms, ana, line(1, "120.00", "Shoes", quantity="2"))
    await scene.mature()

    row = await scene.db.fetchrow("select in_kind, given / unit_minor as pairs from ledger.gift")

    assert row is not None
    assert ("pair of shoes", 2) == tuple(row)
    assert 2500 == await due(scene, shoes)


async def test_a_budget_cuts_gifts_and_says_so(scene: stage.Stage) -> None:
    adidas, ana = await scene.merchant(), await scene.member()
    save = await agreed(scene, adidas, "Save the Children")
    await scene.began("Face covers", **covers(adidas, save, budget={"minor": 500}))

    first = await scene.report(adidas, ana, line(1, "20.00", "Face covers", quantity="2"))
    cut = await scene.report(adidas, ana, line(1, "20.00", "Face covers", quantity="2"))
    await scene.give_back(adidas, first)
    again = await scene.report(adidas, ana, line(1, "10.00", "Face covers", quantity="1"))

    assert stage.granted(first) == {"Face covers": "4.00"}
    assert stage.granted(cut) == {"Face covers": "1.00"}
    assert ["BUDGET"] == [one["by"] for one in cut["campaigns"]["matched"][0]["cuts"]]
    assert stage.granted(again) == {"Face covers": "2.00"}


async def test_no_gift_is_promised_without_an_agreement(scene: stage.Stage) -> None:
    adidas = await scene.merchant()
    stranger = await giving.charity(scene.coalition)

    refused = await factories.refused(scene.began("Face covers", **covers(adidas, stranger)))
    unknown = await scene.refused_campaign(**covers(adidas, ids.new()))
    points = await scene.refused_campaign(**covers(adidas, stranger, asset=money.PTS.code))

    assert "AGREEMENT_MISSING" == refused.code
    assert ("version_id", "definition", "give", "charity_id") == refused.path
    assert ["definition", "give", "charity_id"] == unknown["path"]
    assert "points can not be given" in points["message"]
