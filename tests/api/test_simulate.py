"""Simulating at the door: the mutation, the stream that tells how far it is, and the command."""

import datetime
import io
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import rich.console

from api.simulation import command
from tests import serving
from tests.api import client, following
from tests.wallet import factories, promotions
from wallet import database, errors, ids
from wallet.campaigns import simulate

END: Final = factories.NOON + factories.DAY
RESULT: Final = """
    complete considered reached members lines gifts assumed exhaustedOn
    cost { amount currency } desired { amount } paid { amount }
    funders { purchases amount { amount } merchant { name } }
    places { purchases amount { amount } merchant { name } }
    months { month purchases amount { amount } }
    cuts { by purchases amount { amount } }
    winners { memberId purchases amount { amount } }
    dearest { purchaseId memberId paid { amount } amount { amount } shareBps }
    misses { kind purchases nearly }
    losses { name purchases amount { amount } }
"""
SIMULATE: Final = f"""
    mutation Simulate($input: CampaignSimulateInput!) {{
      campaignSimulate(input: $input) {{
        simulation {{ {RESULT} }}
        errors {{ ... on UserError {{ code path }} }}
      }}
    }}
"""
FOLLOW: Final = f"""
    subscription Simulated($input: CampaignSimulateInput!) {{
      campaignSimulated(input: $input) {{
        done total
        simulation {{ {RESULT} }}
        errors {{ ... on UserError {{ code path }} }}
      }}
    }}
"""


def definition(**changes: Any) -> dict[str, Any]:
    """A draft that gives 10 % on everything, of which the operator pays a quarter."""
    return {
        **promotions.SIMPLE,
        "name": "Draft",
        "starts_at": "2027-01-01T00:00:00Z",
        "stack": {"group": "bonus", "priority": 10},
        "funding": [
            {"funder": "merchant", "bps": 7_500},
            {"funder": "operator", "bps": 2_500},
        ],
        **changes,
    }


def told(**changes: Any) -> dict[str, Any]:
    """The input of a simulation of thirty days."""
    return {"definition": definition(), "days": 30, "until": END.isoformat(), **changes}


@pytest.fixture
async def bought(coalition: factories.Coalition) -> str:
    """Three purchases of two members, 100.00 each; gives the id of who bought twice."""
    merchant_id = await coalition.merchant()
    ana, ben = await coalition.member(), await coalition.member()
    for member in (ana, ben, ana):
        await coalition.report(merchant_id, member, factories.purchase(10_000))
    return ids.show("mem", ana.member_id)


async def ask(operator: client.Client, **changes: Any) -> Any:
    """Ask for a simulation and give its payload."""
    answer = await operator.ask(SIMULATE, {"input": told(**changes)})
    return answer.data["campaignSimulate"]


async def test_a_draft_is_simulated_and_its_cost_and_reach_are_said(
    operator: client.Client, bought: str
) -> None:
    payload = await ask(operator)

    found = payload["simulation"]
    assert [] == payload["errors"]
    assert {"amount": "30.00", "currency": "EUR"} == found["cost"]
    assert (3, 3, 2, 3) == tuple(found[of] for of in ("considered", "reached", "members", "lines"))
    assert [("Rosa", "22.50"), (None, "7.50")] == [
        (one["merchant"] and one["merchant"]["name"], one["amount"]["amount"])
        for one in found["funders"]
    ]
    assert [{"month": "2026-03", "purchases": 3, "amount": {"amount": "30.00"}}] == found["months"]
    assert {"memberId": bought, "purchases": 2, "amount": {"amount": "20.00"}} == (
        found["winners"][0]
    )
    assert 1_000 == found["dearest"][0]["shareBps"]


async def test_a_version_that_is_saved_is_simulated_by_its_id(
    coalition: factories.Coalition, operator: client.Client, bought: str
) -> None:
    promotion = await promotions.promote(coalition, give={"give": "amount", "minor": 250})

    payload = await ask(operator, definition=None, versionId=ids.show("ver", promotion.version_id))

    assert {"amount": "7.50", "currency": "EUR"} == payload["simulation"]["cost"]


async def test_what_others_lose_is_said_if_it_is_asked(
    coalition: factories.Coalition, operator: client.Client
) -> None:
    merchant_id, member = await coalition.merchant(), await coalition.member()
    await promotions.promote(coalition, name="Standing", stack={"group": "offers"})
    await coalition.report(merchant_id, member, factories.purchase(10_000))
    better = definition(
        give={"give": "rate", "bps": 2_000}, stack={"group": "offers", "priority": 9_999}
    )

    payload = await ask(operator, definition=better, compare=True)

    assert [{"name": "Standing", "purchases": 1, "amount": {"amount": "10.00"}}] == (
        payload["simulation"]["losses"]
    )


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"definition": {"name": "x"}}, "CAMPAIGN_INVALID", ["definition"]),
        ({"definition": None}, "CAMPAIGN_INVALID", ["definition"]),
        ({"days": 0}, "TOO_MANY", ["days"]),
        ({"definition": None, "versionId": "ver_nonsense"}, "NOT_FOUND", ["versionId"]),
    ],
    ids=["not a campaign", "nothing", "no days", "no version"],
)
async def test_what_cannot_be_simulated_is_refused_with_its_place(
    operator: client.Client, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    payload = await ask(operator, **changes)

    assert payload["simulation"] is None
    (error,) = payload["errors"]
    assert (code, path) == (error["code"], error["path"][: len(path)])


async def test_support_does_not_simulate(support: client.Client) -> None:
    answer = await support.ask(SIMULATE, {"input": told()})

    assert ["FORBIDDEN"] == answer.codes


async def test_a_stream_tells_how_far_it_is_and_ends_with_the_result(
    db: database.Database, operator: client.Client, bought: str
) -> None:
    async with (
        serving.serve(db) as house,
        following.follow(house, operator.token, FOLLOW, input=told()) as events,
    ):
        steps = []
        while (one := await events.next()) != "complete":
            assert isinstance(one, dict) and "errors" not in one, one
            steps.append(one["data"]["campaignSimulated"])

    assert {"done": 0, "total": 0, "simulation": None, "errors": []} == steps[0]
    assert (3, 3) == (steps[-1]["done"], steps[-1]["total"])
    assert "30.00" == steps[-1]["simulation"]["cost"]["amount"]
    assert bought == steps[-1]["simulation"]["winners"][0]["memberId"]


async def test_a_stream_ends_with_the_refusal(
    db: database.Database, operator: client.Client
) -> None:
    async with (
        serving.serve(db) as house,
        following.follow(house, operator.token, FOLLOW, input=told(days=0)) as events,
    ):
        first, last = await events.next(), await events.next()
        end = await events.next()

    assert isinstance(first, dict) and isinstance(last, dict)
    assert "TOO_MANY" == last["data"]["campaignSimulated"]["errors"][0]["code"]
    assert "complete" == end


async def printed(db: database.Database, path: Path, **more: Any) -> str:
    """What the command prints of the draft in a file."""
    console = rich.console.Console(file=io.StringIO(), width=140)
    until = END.date()
    await command.run(db, command.read(path), days=30, until=until, console=console, **more)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_the_command_reads_a_file_and_prints_tables(
    db: database.Database, bought: str, tmp_path: Path
) -> None:
    path = tmp_path / "draft.json"
    path.write_bytes(orjson.dumps(definition(budget={"minor": 1_500})))

    text = await printed(db, path)

    for words in ("Draft", "15.00 EUR", "the operator", "Rosa", "2026-03", bought, "budget"):
        assert words in text, words
    assert f"The budget first fell short on {factories.NOON.date()}." in text


async def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    path.write_text("{")
    with pytest.raises(errors.CampaignInvalid, match="not JSON"):
        command.read(path)

    path.write_bytes(orjson.dumps(definition(give={"give": "rate", "bps": 0})))
    with pytest.raises(errors.CampaignInvalid, match=r"^give\.bps: "):
        command.read(path)


async def test_a_day_ends_at_midnight_of_the_programme(
    db: database.Database, coalition: factories.Coalition
) -> None:
    end = await command.end_of(db, datetime.date(2026, 3, 10))

    assert end is not None
    assert datetime.datetime(2026, 3, 11, tzinfo=end.tzinfo) == end
    assert simulate.DAYS_MAX >= 90
