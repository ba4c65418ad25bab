"""Campaigns through the door: from a draft to the archive, who did it and why, and each refusal."""

import asyncio
import datetime
from typing import Any, get_args

import pytest

from api.graphql import campaign_acts, campaigns, profiles
from tests.api import client
from tests.api.test_staff import acts
from wallet import database, ids
from wallet.campaigns import profiles as profile_facts
from wallet.rules.campaigns import programme, timeline

ERRORS = "errors { __typename ... on UserError { code path message } }"
CAMPAIGN = """campaign { id name status changes { act version replacedVersion reason effectiveAt
  recordedAt by { name role } } versions { id version } }"""
SAVE = f"""mutation S($input: CampaignDraftSaveInput!) {{ campaignDraftSave(input: $input) {{
  replayed campaign {{ id name status merchant {{ name }} }} version {{ id version name startsAt
  endsAt currency group priority note savedBy {{ name }} definition terms {{ language text }} }}
  {ERRORS} }} }}"""
PUBLISH = f"""mutation P($input: CampaignPublishInput!) {{ campaignPublish(input: $input) {{
  replayed {CAMPAIGN} {ERRORS} }} }}"""
LIST = """query L($first: Int, $after: Cursor, $status: CampaignStatus) {
  campaigns(first: $first, after: $after, status: $status) {
    edges { node { id name status } } pageInfo { hasNextPage endCursor } } }"""
RUNNING = """{ runningCampaigns { name endsAt needsAcceptance merchants { name }
  terms { id language text accepted } } }"""
ACCEPT = f"""mutation A($input: TermsAcceptInput!) {{ termsAccept(input: $input) {{
  accepted replayed {ERRORS} }} }}"""


async def written(db: database.Database, **changes: Any) -> dict[str, Any]:
    """5 % on beauty from now on, but for what is given."""
    now: datetime.datetime = await db.fetchval("select clock_timestamp()")
    plain: dict[str, Any] = {
        "name": "Beauty week",
        "asset": "EUR",
        "starts_at": now.isoformat(),
        "ends_at": (now + datetime.timedelta(days=7)).isoformat(),
        "lines": [{"if": "category", "any_of": ["BEAUTY "]}],
        "give": {"give": "rate", "bps": 500},
        "stack": {"group": "bonus", "priority": 1},
        "funding": [{"funder": "operator", "bps": 10_000}],
        "terms": {"text": {"en": "Five per cent.", "pt": "Cinco por cento."}},
    }
    return {**plain, **changes}


async def save(
    caller: client.Client, definition: Any, note: str = "for spring", **told: Any
) -> Any:
    plain = {"idempotencyKey": client.key(), "definition": definition, "note": note}
    return (await caller.ask(SAVE, {"input": {**plain, **told}})).data["campaignDraftSave"]


async def publish(caller: client.Client, saved: Any, **told: Any) -> Any:
    plain = {
        "idempotencyKey": client.key(),
        "campaignId": saved["campaign"]["id"],
        "versionId": saved["version"]["id"],
        "reason": "the board agreed",
    }
    return (await caller.ask(PUBLISH, {"input": {**plain, **told}})).data["campaignPublish"]


async def step(caller: client.Client, name: str, campaign: str, **told: Any) -> Any:
    query = f"mutation S($input: CampaignStepInput!) {{ {name}(input: $input) {{"
    query += f" replayed {CAMPAIGN} {ERRORS} }} }}"
    plain = {"idempotencyKey": client.key(), "campaignId": campaign, "reason": name}
    return (await caller.ask(query, {"input": {**plain, **told}})).data[name]


def refused(answer: Any) -> list[tuple[str, list[str]]]:
    return [(one["code"], one["path"]) for one in answer["errors"]]


async def test_a_campaign_goes_from_draft_to_archive_and_the_log_says_who_and_why(
    operator: client.Client, db: database.Database, owner: Any
) -> None:
    saved = await save(operator, await written(db))
    shown = saved["campaign"]["id"]

    names = ("campaignPause", "campaignResume", "campaignEnd", "campaignArchive")
    live = await publish(operator, saved)
    answers = [live, *[await step(operator, name, shown) for name in names]]

    assert [] == saved["errors"]
    assert ("DRAFT", None) == (saved["campaign"]["status"], saved["campaign"]["merchant"])
    version = saved["version"]
    assert (1, "Beauty week", "EUR", "bonus", 1, "for spring", {"name": "Oscar"}) == tuple(
        version[name]
        for name in ("version", "name", "currency", "group", "priority", "note", "savedBy")
    )
    assert ["beauty"] == version["definition"]["lines"][0]["any_of"]
    assert ["en", "pt"] == [one["language"] for one in version["terms"]]
    statuses = [one["campaign"]["status"] for one in answers]
    assert ["LIVE", "PAUSED", "LIVE", "ENDED", "ARCHIVED"] == statuses
    changes = answers[-1]["campaign"]["changes"]
    assert ["PUBLISH", "PAUSE", "RESUME", "END", "ARCHIVE"] == [one["act"] for one in changes]
    assert [1, None, None, None, None] == [one["version"] for one in changes]
    assert ["the board agreed", "campaignPause"] == [one["reason"] for one in changes[:2]]
    assert {("Oscar", "OPERATOR")} == {(one["by"]["name"], one["by"]["role"]) for one in changes}
    steps = ["save", "publish", "pause", "resume", "end", "archive"]
    assert [f"campaign.{one}" for one in steps] == await acts(owner, operator)


async def test_a_replay_is_the_first_answer_and_a_key_for_something_else_is_refused(
    operator: client.Client, db: database.Database
) -> None:
    definition, key = await written(db), client.key()

    first = await save(operator, definition, idempotencyKey=key)
    again = await save(operator, definition, idempotencyKey=key)
    reused = await save(operator, {**definition, "name": "Other"}, idempotencyKey=key)
    live = [await publish(operator, first, idempotencyKey=key) for _ in range(2)]
    other = await publish(operator, first, idempotencyKey=key, reason="another")

    assert again == {**first, "replayed": True}
    assert [False, True] == [one["replayed"] for one in live]
    assert live[0]["campaign"] == live[1]["campaign"]
    assert ["IdempotencyKeyReused"] * 2 == [
        one["errors"][0]["__typename"] for one in (reused, other)
    ]


async def test_what_can_not_run_is_refused_at_its_place_in_the_json(
    operator: client.Client, db: database.Database
) -> None:
    nobody = str(ids.new())
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"starts_at": "2020-01-01T00:00:00Z"}, ["starts_at"]),
        ({"expiryDays": 3}, ["expiryDays"]),
        ({"asset": "USD"}, ["asset"]),
        ({"stack": {"group": "mine", "priority": 1}}, ["stack", "group"]),
        ({"caps": {"purchase_minor": 9}, "budget": {"minor": 8}}, ["caps", "purchase_minor"]),
        ({"merchants": [nobody]}, ["merchants", "0"]),
        ({"when": [{"if": "segment", "any_of": ["x"]}]}, ["when", "0", "any_of", "0"]),
    ]

    answers = [await save(operator, await written(db, **changes)) for changes, _ in cases]

    assert [[("CAMPAIGN_INVALID", ["definition", *path])] for _, path in cases] == [
        refused(one) for one in answers
    ]
    assert all(one["campaign"] is one["version"] is None for one in answers)
    assert [("REASON_MISSING", ["note"])] == refused(await save(operator, {}, note=" "))
    assert [("NOT_FOUND", ["campaignId"])] == refused(
        await save(operator, await written(db), campaignId=ids.show("cam", ids.new()))
    )


@pytest.mark.parametrize("definition", ["deep", "large"])
async def test_json_that_is_too_large_or_too_deep_is_no_input_at_all(
    definition: str, operator: client.Client
) -> None:
    deep: Any = {}
    for _ in range(21):
        deep = {"more": deep}
    told = {"deep": deep, "large": {"name": "x" * 300_000}}

    answer = await operator.ask(
        SAVE,
        {"input": {"idempotencyKey": client.key(), "definition": told[definition], "note": "x"}},
    )

    assert ["BAD_USER_INPUT"] == answer.codes


async def test_campaigns_without_an_order_are_refused_when_saved_and_when_published(
    operator: client.Client, db: database.Database
) -> None:
    first, second = [await save(operator, await written(db, name=name)) for name in "AB"]
    await publish(operator, first)

    published = await publish(operator, second)
    saved = await save(operator, await written(db))

    place = ["definition", "stack", "priority"]
    assert [("CAMPAIGN_INVALID", ["versionId", *place])] == refused(published)
    assert [("CAMPAIGN_INVALID", place)] == refused(saved)
    assert "'A'" in published["errors"][0]["message"]


async def test_of_two_that_are_published_at_once_one_wins(
    operator: client.Client, db: database.Database
) -> None:
    drafts = [await save(operator, await written(db, name=name)) for name in "ABCD"]

    answers = await asyncio.gather(*(publish(operator, one) for one in drafts))

    assert 1 == sum(not one["errors"] for one in answers)
    assert 1 == len((await operator.ask(RUNNING)).data["runningCampaigns"])


async def test_a_step_out_of_turn_and_an_id_of_something_else_are_refused(
    operator: client.Client, db: database.Database
) -> None:
    saved, other = await save(operator, await written(db)), await save(operator, await written(db))
    shown = saved["campaign"]["id"]

    early = [await step(operator, name, shown) for name in ("campaignPause", "campaignEnd")]
    nothing = await step(operator, "campaignPause", ids.show("cam", ids.new()))
    foreign = await publish(operator, saved, versionId=other["version"]["id"])
    past = await publish(operator, saved, fromAt="2020-01-01T00:00:00Z")
    silent = await step(operator, "campaignArchive", shown, reason="")

    assert [[("CAMPAIGN_CLOSED", [])]] * 2 == [refused(one) for one in early]
    assert [("NOT_FOUND", ["campaignId"])] == refused(nothing)
    assert [("NOT_FOUND", ["versionId"])] == refused(foreign)
    assert [("CAMPAIGN_INVALID", ["fromAt"])] == refused(past)
    assert [("REASON_MISSING", ["reason"])] == refused(silent)


async def test_campaigns_are_listed_and_only_those_who_may_see_them(
    operator: client.Client,
    supervisor: client.Client,
    support: client.Client,
    db: database.Database,
) -> None:
    saved = [await save(operator, await written(db, name=name)) for name in "ABC"]
    await publish(operator, saved[0])

    page = (await supervisor.ask(LIST, {"first": 2})).data["campaigns"]
    rest = (await supervisor.ask(LIST, {"first": 2, "after": page["pageInfo"]["endCursor"]})).data[
        "campaigns"
    ]
    live = (await supervisor.ask(LIST, {"first": 9, "status": "LIVE"})).data["campaigns"]
    drafts = (await supervisor.ask(LIST, {"first": 9, "status": "DRAFT"})).data["campaigns"]
    refusal = await support.ask(LIST, {"first": 2})
    node = "query N($id: ID!) { node(id: $id) { id } }"
    hidden = [
        (await support.ask(node, {"id": one})).data["node"]
        for one in (saved[0]["campaign"]["id"], saved[0]["version"]["id"])
    ]

    def names(found: Any) -> list[str]:
        return [edge["node"]["name"] for edge in found["edges"]]

    assert [["C", "B"], ["A"], ["A"], ["C", "B"]] == [
        names(one) for one in (page, rest, live, drafts)
    ]
    assert ["FORBIDDEN"] == refusal.codes
    assert [None, None] == hidden


async def test_everybody_reads_what_runs_in_their_language_and_a_member_accepts_it(
    operator: client.Client, ana: client.Client, rosa: client.Client, db: database.Database
) -> None:
    terms = {"text": {"en": "You agree.", "pt": "Aceita."}, "acceptance": True}
    merchants = [str(rosa.principal_id)]
    await publish(operator, await save(operator, await written(db, terms=terms)))
    saved = await save(
        operator,
        await written(db, merchants=merchants, stack={"group": "offers", "priority": 1}),
        merchantId=ids.show("mer", rosa.principal_id),
    )
    await publish(operator, saved)

    there = (await ana.ask(RUNNING, headers={"Accept-Language": "pt"})).data["runningCampaigns"]
    document = there[0]["terms"]["id"]
    first, again = [
        (await ana.ask(ACCEPT, {"input": {"documentId": document}})).data["termsAccept"]
        for _ in range(2)
    ]
    nothing = (await ana.ask(ACCEPT, {"input": {"documentId": ids.show("doc", ids.new())}})).data[
        "termsAccept"
    ]
    after = (await ana.ask(RUNNING, headers={"Accept-Language": "pt"})).data["runningCampaigns"]
    till = (await rosa.ask(RUNNING)).data["runningCampaigns"]

    assert ["Aceita.", "Cinco por cento."] == [one["terms"]["text"] for one in there]
    assert ([True, False], [[], [{"name": "Rosa"}]]) == (
        [one["needsAcceptance"] for one in there],
        [one["merchants"] for one in there],
    )
    assert (True, False, True) == (first["accepted"], first["replayed"], again["replayed"])
    assert [("NOT_FOUND", ["documentId"])] == refused(nothing)
    assert [False, True] == [one[0]["terms"]["accepted"] for one in (there, after)]
    assert [("You agree.", None), ("Five per cent.", None)] == [
        (one["terms"]["text"], one["terms"]["accepted"]) for one in till
    ]
    assert "Rosa" == saved["campaign"]["merchant"]["name"]


async def test_the_schema_of_a_definition_is_served(supervisor: client.Client) -> None:
    found = (await supervisor.ask("{ campaignSchema }")).data["campaignSchema"]

    assert "Definition" in found["$defs"]


def test_the_enums_are_those_of_the_wallet() -> None:
    def words(kind: Any) -> set[Any]:
        return {member.value for member in kind}

    assert words(campaigns.CampaignStatus) == set(get_args(timeline.Status))
    assert words(campaigns.CampaignAct) == set(get_args(timeline.Act))
    assert words(campaign_acts.GroupMode) == set(get_args(programme.Mode))
    assert words(profiles.Language) == set(profile_facts.LANGUAGES)
