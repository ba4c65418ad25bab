"""Charities through the API: the directory, its agreements, gifts and pledges of members."""

import typing
from typing import Any, Final

import pytest

from api.graphql import charities, shapes
from api.graphql import giving as giving_types
from api.journey import charities as demo
from tests.api import client
from tests.conftest import Connection
from tests.wallet import factories, giving, promotions
from wallet import ids, members
from wallet.charities import donations, pledges
from wallet.rules import charities as rules
from wallet.rules import pledges as pledge_rules

ERRORS: Final = "errors { ... on UserError { code path message } }"
SAVE: Final = f"""mutation Save($input: CharitySaveInput!) {{ charitySave(input: $input) {{
  charity {{ id name state category country }} replayed {ERRORS} }} }}"""
VERIFY: Final = f"""mutation Verify($input: CharityVerifyInput!) {{ charityVerify(input: $input) {{
  charity {{ id state }} {ERRORS} }} }}"""
AGREE: Final = f"""mutation Agree($input: CharityAgreementRecordInput!) {{
  charityAgreementRecord(input: $input) {{
  agreement {{ id reference statement validUntil merchant {{ name }} }} {ERRORS} }} }}"""
GIVE: Final = """mutation Give($input: DonationCreateInput!) { donationCreate(input: $input) {
  donation { id kind amount { amount currency } receipt charity { id name } } replayed
  errors { ... on UserError { code path message }
    ... on InsufficientFunds { available { amount } } } } }"""
PLEDGE: Final = f"""mutation Pledge($input: PledgeSetInput!) {{ pledgeSet(input: $input) {{
  pledge {{ id kind percent roundUpTo {{ amount }} isPaused charity {{ name }} }} replayed
  {ERRORS} }} }}"""
END: Final = f"""mutation End($input: PledgeEndInput!) {{ pledgeEnd(input: $input) {{
  pledge {{ id endedAt }} replayed {ERRORS} }} }}"""
MINE: Final = """query Mine { viewer {
  donations { edges { node { id amount { amount } charity { name } } } }
  pledges { id kind isPaused given { amount } }
  wallet { movements(first: 1) { edges { node { kind reason merchant { name } } } } } } }"""
RIVER: Final = {
    "name": "River Fund",
    "about": "Clean rivers.",
    "category": "ENVIRONMENT",
    "country": "PT",
    "registrar": "Registo de IPSS",
    "registration": "17/2009",
    "website": "https://river.example",
    "reason": "a member asked for it",
}


@pytest.fixture
async def member(coalition: factories.Coalition, ana: client.Client) -> members.Member:
    """Ana, who has 20.00 EUR."""
    return await members.find(coalition.db, ana.principal_id)


def refusal(answer: client.Answer) -> Any:
    """The one refusal of a mutation."""
    (payload,) = answer.data.values()
    (one,) = payload["errors"]
    return one


def told(**said: Any) -> dict[str, Any]:
    return {"input": {"idempotencyKey": client.key(), **said}}


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def test_the_words_are_those_of_the_rules() -> None:
    assert [shapes.value(one) for one in charities.CharityCategory] == [
        *typing.get_args(rules.Category)
    ]
    assert [shapes.value(one) for one in charities.CharityState] == [*typing.get_args(rules.State)]
    assert [shapes.value(one) for one in charities.CharityAct] == [*typing.get_args(rules.Act)]
    assert [shapes.value(one) for one in giving_types.DonationKind] == [
        *typing.get_args(donations.Kind)
    ]
    assert [shapes.value(one) for one in giving_types.PledgeKind] == [
        *typing.get_args(pledge_rules.Kind)
    ]


async def test_an_operator_proposes_verifies_and_agrees_and_everybody_finds_it(
    operator: client.Client, ana: client.Client, coalition: factories.Coalition
) -> None:
    saved = (await operator.ask(SAVE, told(**RIVER))).data["charitySave"]
    key = saved["charity"]["id"]
    before = (await ana.ask("{ charities { edges { node { id } } } }")).data["charities"]
    verified = await operator.ask(
        VERIFY, told(charityId=key, evidence="the register's page", reason="it is there")
    )
    agreed = await operator.ask(
        AGREE,
        told(
            charityId=key,
            reference="R-1",
            statements=[
                {"language": "EN", "text": "One euro of each bottle."},
                {"language": "PT", "text": "Um euro por garrafa."},
            ],
            validFrom="2026-01-01T00:00:00Z",
            reason="signed",
        ),
    )
    after = (await ana.ask('{ charities(country: "PT") { edges { node { id } } } }')).data
    steps = await operator.ask(
        "query S($id: ID!) { charitySteps(charityId: $id) { act state evidence }"
        " charityAgreements(charityId: $id) { reference statement } }",
        {"id": key},
    )

    assert ("PROPOSED", [], []) == (saved["charity"]["state"], saved["errors"], before["edges"])
    assert "VERIFIED" == verified.data["charityVerify"]["charity"]["state"]
    assert [] == agreed.data["charityAgreementRecord"]["errors"]
    assert agreed.data["charityAgreementRecord"]["agreement"]["merchant"] is None
    assert [{"node": {"id": key}}] == after["charities"]["edges"]
    assert [("SAVE", None), ("VERIFY", "the register's page")] == [
        (one["act"], one["evidence"]) for one in steps.data["charitySteps"]
    ]
    assert ["R-1"] == [one["reference"] for one in steps.data["charityAgreements"]]


async def test_a_charity_that_is_none_is_refused_at_its_field(operator: client.Client) -> None:
    wrong = await operator.ask(SAVE, told(**{**RIVER, "website": "http://river.example"}))

    assert ("CHARITY_INVALID", ["website"]) == (refusal(wrong)["code"], refusal(wrong)["path"])


async def test_a_member_gives_once_whatever_is_retried(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    river = ids.show("cha", await giving.charity(coalition, name="River Fund"))
    gift = told(charityId=river, amount=euros("5.00"))

    first, again = [(await ana.ask(GIVE, gift)).data["donationCreate"] for _ in range(2)]
    short = await ana.ask(GIVE, told(charityId=river, amount=euros("15.01")))
    mine = (await ana.ask(MINE)).data["viewer"]

    assert first["errors"] == []
    assert (False, True, first["donation"]) == (
        *(first["replayed"], again["replayed"]),
        again["donation"],
    )
    shown = first["donation"]
    assert ("ONCE", {"amount": "5.00", "currency": "EUR"}) == (shown["kind"], shown["amount"])
    assert shown["receipt"].endswith(f"/receipts/{shown['id']}.pdf")
    assert ("INSUFFICIENT_FUNDS", "15.00") == (
        *(refusal(short)["code"], refusal(short)["available"]["amount"]),
    )
    assert [shown["id"]] == [one["node"]["id"] for one in mine["donations"]["edges"]]
    assert [{"kind": "DONATE", "reason": "5.00 EUR given to River Fund.", "merchant": None}] == [
        one["node"] for one in mine["wallet"]["movements"]["edges"]
    ]


async def test_a_gift_is_refused_with_what_is_wrong(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    river = ids.show("cha", await giving.charity(coalition))
    proposed = ids.show("cha", await giving.proposed(coalition))
    dollars = {"amount": "1.00", "currency": "USD"}

    found = [
        refusal(await ana.ask(GIVE, told(**said)))
        for said in (
            {"charityId": ids.show("cha", ids.new()), "amount": euros("1.00")},
            {"charityId": proposed, "amount": euros("1.00")},
            {"charityId": river, "amount": dollars},
            {"charityId": river, "amount": euros("0.00")},
            {"charityId": river},
            {"charityId": river, "lotId": ids.show("lot", ids.new())},
        )
    ]

    assert [
        ("CHARITY_UNKNOWN", ["charityId"]),
        ("CHARITY_UNVERIFIED", ["charityId"]),
        ("CURRENCY_MISMATCH", []),
        ("AMOUNT_INVALID", ["amount"]),
        ("AMOUNT_INVALID", ["amount"]),
        ("NOT_FOUND", ["lotId"]),
    ] == [(one["code"], one["path"]) for one in found]


async def test_all_of_a_lot_is_given_when_no_amount_is_named(
    ana: client.Client, coalition: factories.Coalition, owner: Connection
) -> None:
    river = ids.show("cha", await giving.charity(coalition))
    lot = ids.show("lot", await owner.fetchval("select lot_id from ledger.lot"))

    given = (await ana.ask(GIVE, told(charityId=river, lotId=lot))).data["donationCreate"]

    assert ("EXPIRING", "20.00") == (
        *(given["donation"]["kind"], given["donation"]["amount"]["amount"]),
    )


async def test_the_first_gift_to_a_charity_needs_a_fresh_sign_in(
    ana: client.Client, coalition: factories.Coalition, owner: Connection
) -> None:
    river = ids.show("cha", await giving.charity(coalition))
    late = "update identity.token set created_at = created_at - interval '1 hour'"
    await owner.execute(late)

    stale = await ana.ask(GIVE, told(charityId=river, amount=euros("1.00")))
    pledged = await ana.ask(PLEDGE, told(kind="SHARE", charityId=river, percent="10"))
    await owner.execute("update identity.token set created_at = clock_timestamp()")
    fresh = (await ana.ask(GIVE, told(charityId=river, amount=euros("1.00")))).data
    await owner.execute(late)
    known = (await ana.ask(GIVE, told(charityId=river, amount=euros("1.00")))).data

    assert ["STEP_UP_REQUIRED"] * 2 == [refusal(stale)["code"], refusal(pledged)["code"]]
    assert [[], []] == [one["donationCreate"]["errors"] for one in (fresh, known)]


async def test_a_member_pledges_sees_it_paused_and_ends_it(
    ana: client.Client, coalition: factories.Coalition, member: members.Member
) -> None:
    charity_id = await giving.charity(coalition, name="River Fund")
    river = ids.show("cha", charity_id)
    share = (await ana.ask(PLEDGE, told(kind="SHARE", charityId=river, percent="5.25"))).data
    rounds = (await ana.ask(PLEDGE, told(kind="ROUND_UP", charityId=river))).data
    await coalition.fill(member, 1_000)
    await pledges.carry_out(coalition.db, member.wallet_id)
    await giving.suspend(coalition, charity_id)

    mine = (await ana.ask(MINE)).data["viewer"]["pledges"]
    key = share["pledgeSet"]["pledge"]["id"]
    ended, again = [
        (await ana.ask(END, {"input": {"pledgeId": key}})).data["pledgeEnd"] for _ in range(2)
    ]
    left = (await ana.ask(MINE)).data["viewer"]["pledges"]

    assert ("5.25", None) == (
        *(share["pledgeSet"]["pledge"]["percent"], share["pledgeSet"]["pledge"]["roundUpTo"]),
    )
    assert {"amount": "1.00"} == rounds["pledgeSet"]["pledge"]["roundUpTo"]
    assert [("SHARE", True, "0.52"), ("ROUND_UP", True, "0.00")] == [
        (one["kind"], one["isPaused"], one["given"]["amount"]) for one in mine
    ]
    assert (False, True) == (ended["replayed"], again["replayed"])
    assert ended["pledge"]["endedAt"] is not None
    assert ["ROUND_UP"] == [one["kind"] for one in left]


async def test_a_pledge_is_refused_at_the_field_as_the_api_names_it(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    river = ids.show("cha", await giving.charity(coalition))

    found = [
        refusal(await ana.ask(PLEDGE, told(charityId=river, **said)))
        for said in (
            {"kind": "SHARE"},
            {"kind": "SHARE", "percent": "100.01"},
            {"kind": "SHARE", "percent": "1.234"},
            {"kind": "ROUND_UP", "roundUpTo": "100.01"},
        )
    ]

    assert [["percent"]] * 3 + [["roundUpTo"]] == [one["path"] for one in found]
    assert {"PLEDGE_INVALID"} == {one["code"] for one in found}


async def test_a_campaign_shows_everybody_its_charity_and_what_is_promised(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    charity_id, rosa = await giving.charity(coalition, name="River Fund"), coalition.mint
    words: dict[rules.Language, str] = {"en": "Half of it.", "es": "La mitad."}
    await giving.agree(coalition, charity_id, rosa, statement=words)
    half = {"charity_id": str(charity_id), "bps": 5_000}
    await promotions.promote(coalition, merchants=[str(rosa)], charity=half, agreed=False)
    query = "{ runningCampaigns { charity { name } charityStatements } }"

    english = (await ana.ask(query)).data["runningCampaigns"]
    spanish = (await ana.ask(query, headers={"Accept-Language": "es"})).data["runningCampaigns"]

    assert [{"charity": {"name": "River Fund"}, "charityStatements": ["Half of it."]}] == english
    assert ["La mitad."] == spanish[0]["charityStatements"]


async def test_the_sentence_of_a_campaign_names_its_charity(
    ana: client.Client, coalition: factories.Coalition, member: members.Member
) -> None:
    rosa, charity_id = await coalition.merchant(), await giving.charity(coalition, name="River")
    half = {"charity_id": str(charity_id), "bps": 5_000}
    await promotions.promote(coalition, charity=half)
    bought = await coalition.report(rosa, member, factories.purchase(10_000))

    found = await ana.ask(
        "query P($id: ID!) { node(id: $id) { ... on Purchase { campaigns { matched {"
        " sentence charityName } } } } }",
        {"id": ids.show("pur", bought.purchase_id)},
    )

    (grant,) = found.data["node"]["campaigns"]["matched"]
    assert "River" == grant["charityName"]
    assert "of it goes to River." in grant["sentence"]


async def test_the_demo_has_charities_to_give_to_however_often_it_starts(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    for _ in range(2):
        await demo.run(coalition.db, factories.NOON)

    found = (await ana.ask("{ charities { edges { node { name state } } } }")).data["charities"]

    assert [("Meals for Neighbours", "VERIFIED"), ("River Fund", "VERIFIED")] == [
        (one["node"]["name"], one["node"]["state"]) for one in found["edges"]
    ]
