"""Activities through the door: what a merchant reports, and what the member sees of it."""

from datetime import UTC, datetime
from typing import Any, get_args

from api.graphql import activities as shown
from api.graphql import awards as awards_shown
from tests.api import client
from tests.wallet import factories
from tests.wallet.test_activities import welcome
from wallet import ids, members
from wallet.campaigns import winnings
from wallet.rules import activities as rules

NOW = datetime.now(UTC)
REPORT = """mutation Report($input: ActivityReportInput!) { activityReport(input: $input) {
  awardId awards { id kind reference granted { amount currency } explanation }
  granted { amount currency } benefits { id kind name } explanation replayed
  errors { __typename ... on UserError { code path message }
    ... on IdempotencyKeyReused { firstUsedAt } } } }"""
MINE = """query Mine($first: Int! = 20, $after: Cursor) { viewer {
  awards(first: $first, after: $after) {
    edges { node {
      id kind reference granted { amount currency } awardedAt reversedAt explanation } }
    pageInfo { hasNextPage endCursor } }
  balances { available { amount currency } pending { amount currency } held { amount } } } }"""
MOVED = """query Moved($currency: CurrencyCode) { viewer { wallet {
  movements(currency: $currency) { edges { node { amount { amount } } } }
  lots(currency: $currency) { edges { node { amount { amount } } } } } } }"""
AWARD = "query A($id: ID!) { node(id: $id) { id ... on Award { kind reference } } }"


async def report(
    caller: client.Client, member: client.Client, *, headers: Any = None, **told: Any
) -> Any:
    plain = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", member.principal_id),
        "kind": "VISIT",
        "reference": f"door-{next(client.numbers)}",
        "happenedAt": NOW.isoformat(),
    }
    more = {"headers": headers} if headers else {}
    answer = await caller.ask(REPORT, {"input": {**plain, **told}}, **more)
    return answer.data["activityReport"]


async def test_a_visit_is_rewarded_once_and_explained(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client
) -> None:
    await welcome(coalition, name="Come and see")
    key = client.key()

    first = await report(rosa, ana, idempotencyKey=key, reference="door-1")
    again = await report(rosa, ana, idempotencyKey=key, reference="door-1")
    other = await report(rosa, ana, idempotencyKey=key, reference="door-1", name="x")

    assert first["errors"] == []
    assert first["granted"] == [{"amount": "1.00", "currency": "EUR"}]
    assert first["awardId"] == first["awards"][0]["id"]
    assert first["explanation"] == ["With Come and see: 1.00 EUR. You came by."]
    assert (first["replayed"], again) == (False, {**first, "replayed": True})
    assert [(one["__typename"], one["code"]) for one in other["errors"]] == [
        ("IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED")
    ]


async def test_the_limit_is_a_refusal_and_no_campaign_is_none(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, ben: client.Client
) -> None:
    await welcome(coalition, name="Come and see")
    await welcome(coalition, name="Know it", on={"kind": "quiz", "score_min": 90})
    await report(rosa, ana)

    limit = await report(rosa, ana)
    low = await report(rosa, ben, kind="QUIZ", score=10)
    nothing = await report(rosa, ben, kind="SHARE", proof="https://example.org/1")

    assert [one["code"] for one in limit["errors"]] == ["ACTIVITY_LIMIT"]
    assert (low["errors"], low["awardId"], low["granted"]) == ([], None, [])
    assert low["explanation"] == ["Know it: the score is too low."]
    assert (nothing["errors"], nothing["explanation"]) == ([], [])


async def test_what_is_wrong_is_refused_at_the_field_as_it_was_sent(
    coalition: factories.Coalition, rosa: client.Client, bakery: client.Client, ana: client.Client
) -> None:
    await welcome(coalition, on={"kind": "review"})
    member = await members.find(coalition.db, ana.principal_id)
    bought = await coalition.report(rosa.principal_id, member, factories.purchase(500))
    review = {
        "kind": "REVIEW",
        "proof": "https://example.org/1",
        "purchaseId": ids.show("pur", bought.purchase_id),
        "lineNumber": 1,
        "stars": 2,
    }

    wrong = [
        await report(rosa, ana, **{**review, "lineNumber": 2}),
        await report(bakery, ana, **review),
        await report(rosa, ana, **{**review, "stars": 9}),
        await report(rosa, ana, **{**review, "proof": None}),
        await report(rosa, ana, memberId=ids.show("mem", ids.new())),
        await report(rosa, ana, **{**review, "purchaseId": "pur_x"}),
    ]
    right = await report(rosa, ana, **review)
    twice = await report(rosa, ana, **review)

    assert [(one["errors"][0]["code"], one["errors"][0]["path"]) for one in wrong] == [
        ("ACTIVITY_INVALID", ["lineNumber"]),
        ("ACTIVITY_INVALID", ["lineNumber"]),
        ("ACTIVITY_INVALID", ["stars"]),
        ("ACTIVITY_INVALID", ["proof"]),
        ("NOT_FOUND", ["memberId"]),
        ("NOT_FOUND", ["purchaseId"]),
    ]
    (award,) = right["awards"]
    assert (award["kind"], award["reference"]) == ("REVIEW", f"{review['purchaseId']}/1")
    assert [one["code"] for one in twice["errors"]] == ["ACTIVITY_LIMIT"]


async def test_the_member_reads_awards_page_by_page_and_balances_of_every_asset(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client
) -> None:
    await welcome(coalition, on={"most": 9})
    await welcome(coalition, on={"most": 9}, asset="PTS", give={"give": "amount", "minor": 40})
    for _ in range(3):
        await report(rosa, ana)

    whole = (await ana.ask(MINE)).data["viewer"]
    first = (await ana.ask(MINE, {"first": 4})).data["viewer"]["awards"]
    after = first["pageInfo"]["endCursor"]
    rest = (await ana.ask(MINE, {"first": 9, "after": after})).data["viewer"]["awards"]

    assert len(whole["awards"]["edges"]) == 6
    assert first["edges"] + rest["edges"] == whole["awards"]["edges"]
    assert first["pageInfo"]["hasNextPage"]
    assert whole["balances"] == [
        {
            "available": {"amount": "20.00", "currency": "EUR"},
            "pending": {"amount": "3.00", "currency": "EUR"},
            "held": {"amount": "0.00"},
        },
        {
            "available": {"amount": "0", "currency": "PTS"},
            "pending": {"amount": "120", "currency": "PTS"},
            "held": {"amount": "0"},
        },
    ]


async def test_points_have_movements_and_lots_of_their_own(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, ben: client.Client
) -> None:
    await welcome(coalition, asset="PTS", give={"give": "amount", "minor": 40})
    await report(rosa, ana)

    def of(answer: client.Answer) -> list[list[str]]:
        wallet = answer.data["viewer"]["wallet"]
        return [
            [edge["node"]["amount"]["amount"] for edge in wallet[name]["edges"]]
            for name in ("movements", "lots")
        ]

    assert of(await ana.ask(MOVED, {"currency": "PTS"})) == [["40"], ["40"]]
    assert of(await ana.ask(MOVED))[1] == ["20.00"]
    assert of(await ben.ask(MOVED, {"currency": "PTS"})) == [[], []]
    assert (await ana.ask(MOVED, {"currency": "XXX"})).codes[0] == "BAD_USER_INPUT"


async def test_an_award_is_seen_by_its_member_its_merchant_and_support(
    coalition: factories.Coalition,
    rosa: client.Client,
    bakery: client.Client,
    ana: client.Client,
    ben: client.Client,
    support: client.Client,
) -> None:
    await welcome(coalition)
    key = (await report(rosa, ana))["awardId"]

    seen = {
        name: (await caller.ask(AWARD, {"id": key})).data["node"] is not None
        for name, caller in {
            "rosa": rosa,
            "bakery": bakery,
            "ana": ana,
            "ben": ben,
            "support": support,
        }.items()
    }

    assert seen == {"rosa": True, "bakery": False, "ana": True, "ben": False, "support": True}


async def test_an_activity_is_explained_in_the_language_of_the_request(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client
) -> None:
    await welcome(coalition, name="Visita", on={"kind": "quiz", "score_min": 90})

    said = {
        language: (
            await report(rosa, ana, kind="QUIZ", score=1, headers={"Accept-Language": language})
        )["explanation"]
        for language in ("pt", "es")
    }

    assert all(one and one[0].startswith("Visita: ") for one in said.values())
    assert said["pt"] != said["es"]


async def test_only_a_merchant_that_may_report_does(
    coalition: factories.Coalition, ana: client.Client, operator: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "kind": "VISIT",
        "reference": "door-1",
        "happenedAt": NOW.isoformat(),
    }
    for caller in (ana, operator):
        assert (await caller.ask(REPORT, {"input": told})).codes == ["FORBIDDEN"]


def test_the_enums_are_those_of_the_rules() -> None:
    def words(kind: Any) -> set[Any]:
        return {one.value for one in kind}

    assert words(shown.ActivityKind) == set(get_args(rules.Kind))
    assert words(awards_shown.AwardKind) == {*get_args(rules.Kind), "referral", *winnings.KINDS}
