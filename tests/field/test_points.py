"""Points for every euro, and surprise days on which they are five to ten times as many."""

from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line

PER_EURO: dict[str, Any] = {
    "asset": "PTS",
    "give": {"give": "points", "units": 1, "per_minor": 100},
    "stack": {"group": "points"},
}
RULES = """mutation Rules($input: ProgrammeRulesPublishInput!) {
  programmeRulesPublish(input: $input) { rules { groups { name } }
    errors { ... on UserError { code path } } } }"""
VERSIONS = """query Versions($id: ID!) { node(id: $id) {
  ... on Campaign { versions { note } changes { reason } } } }"""
BALANCES = "{ viewer { balances { available { amount currency } } } }"


def surprise(times: int, **changes: Any) -> dict[str, Any]:
    """So many times the points."""
    give = {"give": "multiplier", "times_milli": times * 1000, "of": "points"}
    return {"asset": "PTS", "give": give, "stack": {"group": "surprise"}, **changes}


async def open_points(scene: stage.Stage) -> None:
    """Let points come before what multiplies them, of which the best one counts."""
    told = {
        "idempotencyKey": client.key(),
        "groups": [
            {"name": "points", "mode": "ALL"},
            {"name": "surprise", "mode": "BEST"},
            {"name": "bonus", "mode": "ALL"},
        ],
        "validFrom": (await scene.now()).isoformat(),
        "note": "as agreed",
    }
    answer = await scene.operator.ask(RULES, {"input": told})
    assert answer.data["programmeRulesPublish"]["errors"] == []


def others(bought: Any) -> list[tuple[str, str]]:
    return [(one["credited"]["amount"], one["reversed"]["amount"]) for one in bought["others"]]


async def test_a_point_for_each_whole_euro_of_the_purchase(scene: stage.Stage) -> None:
    await open_points(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Points", **PER_EURO)

    promised = await scene.preview(rosa, ana, line(1, "10.50"), line(2, "9.49"))
    bought = await scene.report(rosa, ana, line(1, "10.50"), line(2, "9.49"))
    small = await scene.report(rosa, ana, line(1, "0.99"))

    assert promised["others"] == [{"amount": "19", "currency": "PTS"}]
    assert bought["others"][0]["credited"] == {"amount": "19", "currency": "PTS"}
    assert (credited(bought), small["others"]) == ("0.00", [])
    assert stage.missed(small, "Points") == ["NOTHING_LEFT"]
    # Points are no money: the wallet that pays at a till does not see them.
    assert await scene.wallet(ana) == ("0.00", "0.00")
    await scene.mature()
    held = (await ana.ask(BALANCES)).data["viewer"]["balances"]
    assert [one["available"] for one in held] == [
        {"amount": "0.00", "currency": "EUR"},
        {"amount": "19", "currency": "PTS"},
    ]


async def test_on_a_surprise_day_the_best_of_the_multipliers_counts(scene: stage.Stage) -> None:
    await open_points(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Points", **PER_EURO)
    await scene.campaign("Fivefold", **surprise(5))
    tenfold = await scene.campaign("Tenfold", **surprise(10))

    best = await scene.report(rosa, ana, line(1, "12.34"))
    await scene.step("Pause", tenfold)
    then = await scene.report(rosa, ana, line(1, "12.34"))

    assert granted(best) == {"Points": "12", "Tenfold": "108"}
    assert stage.missed(best, "Fivefold") == ["BEATEN"]
    assert granted(then) == {"Points": "12", "Fivefold": "48"}
    assert (others(best), others(then)) == ([("120", "0")], [("60", "0")])


async def test_a_surprise_has_a_reason_on_record_and_ends_with_its_budget(
    scene: stage.Stage,
) -> None:
    await open_points(scene)
    rosa, ana, ben = await scene.merchant(), await scene.member(), await scene.member()
    why = "Rain all week: a treat for whoever comes all the same."
    await scene.campaign("Points", **PER_EURO)
    rain = await scene.campaign("Rain", note=why, **surprise(5, budget={"minor": 100}))

    first = await scene.report(rosa, ana, line(1, "19.99"))
    promised = await scene.preview(rosa, ben, line(1, "19.99"))
    second = await scene.report(rosa, ben, line(1, "19.99"))
    third = await scene.report(rosa, ben, line(1, "19.99"))
    kept = (await scene.operator.ask(VERSIONS, {"id": rain})).data["node"]

    assert granted(first) == {"Points": "19", "Rain": "76"}
    assert granted(promised) == granted(second) == {"Points": "19", "Rain": "24"}
    (cut,) = second["campaigns"]["matched"][1]["cuts"]
    assert (cut["by"], cut["from"]["amount"], cut["to"]["amount"]) == ("BUDGET", "76", "24")
    assert "Cut from 76 points to 24 points" in second["campaigns"]["matched"][1]["sentence"]
    assert others(third) == [("19", "0")]
    assert [one["note"] for one in kept["versions"]] == [why]


async def test_points_that_come_back_are_told_and_free_their_budget(scene: stage.Stage) -> None:
    await open_points(scene)
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.campaign("Points", **PER_EURO)
    await scene.campaign("Rain", **surprise(10, budget={"minor": 90}))
    bought = await scene.report(rosa, ana, line(1, "10.00"))
    await scene.mature()

    after = await scene.give_back(rosa, bought)
    again = await scene.report(rosa, ana, line(1, "10.00"))

    assert (others(after), after["reversed"]["amount"]) == ([("100", "100")], "0.00")
    assert others(again) == [("100", "0")]
    assert (await scene.notices(ana))[0] == (
        "100 points were taken back because goods went back to Rosa (did not fit)."
    )
