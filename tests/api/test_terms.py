"""Terms in words through the door: the programme's, a contract's, and what a member accepts."""

import datetime
from typing import Any

import pytest

from tests.api import client, test_operator
from tests.api.test_campaigns import ACCEPT, ERRORS, refused, save, written
from tests.api.test_campaigns import publish as publish_campaign
from tests.api.test_staff import acts
from wallet import database, ids, merchants

DOCUMENT = "id language text needsAcceptance accepted acceptedAt"
PUBLISH = f"""mutation T($input: TermsPublishInput!) {{ termsPublish(input: $input) {{
  replayed documents {{ {DOCUMENT} }} {ERRORS} }} }}"""
CONTRACT = f"""mutation P($input: ContractPublishInput!) {{ contractPublish(input: $input) {{
  replayed contractId version documents {{ id text needsAcceptance }} {ERRORS} }} }}"""
TERMS = f"{{ programmeTerms {{ {DOCUMENT} digest }} }}"
WAITING = "{ viewer { termsToAccept { id text } } }"
SHOWN = (
    "query M($id: ID!) { node(id: $id) { ... on Merchant { contractTerms { language text } } } }"
)
NODE = f"query N($id: ID!) {{ node(id: $id) {{ ... on TermsDocument {{ {DOCUMENT} }} }} }}"
TEXTS = [{"language": "EN", "text": "Be fair."}, {"language": "PT", "text": "Seja justo."}]
PORTUGUESE = {"Accept-Language": "pt"}


async def say(operator: client.Client, **told: Any) -> Any:
    """Publish the terms of the programme, to be accepted, but for what is given."""
    plain = {
        "idempotencyKey": client.key(),
        "programme": True,
        "texts": TEXTS,
        "acceptance": True,
        "reason": "the board agreed",
    }
    return (await operator.ask(PUBLISH, {"input": {**plain, **told}})).data["termsPublish"]


async def contract(operator: client.Client, merchant: client.Client, **told: Any) -> Any:
    """Publish a contract version."""
    plain = {
        "idempotencyKey": client.key(),
        "merchantId": ids.show("mer", merchant.principal_id),
        "validFrom": "2026-01-01T00:00:00Z",
        "note": "as agreed",
        "terms": test_operator.TERMS,
    }
    return (await operator.ask(CONTRACT, {"input": {**plain, **told}})).data["contractPublish"]


async def waiting(member: client.Client, **headers: str) -> list[str]:
    found = (await member.ask(WAITING, headers=headers)).data["viewer"]["termsToAccept"]
    return [one["text"] for one in found]


async def test_the_terms_of_the_programme_are_read_in_the_language_of_the_request(
    operator: client.Client, ana: client.Client, rosa: client.Client, owner: Any
) -> None:
    before = (await ana.ask(TERMS)).data["programmeTerms"]
    key = client.key()

    first, again = [await say(operator, idempotencyKey=key) for _ in range(2)]
    others = [
        await say(operator, idempotencyKey=key, **changes)
        for changes in ({"texts": TEXTS[:1]}, {"acceptance": False}, {"reason": "another"})
    ]
    read = [
        (await caller.ask(TERMS, headers={"Accept-Language": language})).data["programmeTerms"]
        for caller, language in ((ana, "pt"), (ana, "es"), (rosa, "en"))
    ]

    assert before is None
    assert again == {**first, "replayed": True}
    assert (False, [], ["en", "pt"]) == (
        first["replayed"],
        first["errors"],
        [one["language"] for one in first["documents"]],
    )
    assert ["IdempotencyKeyReused"] * 3 == [one["errors"][0]["__typename"] for one in others]
    assert [("Seja justo.", False), ("Be fair.", False), ("Be fair.", None)] == [
        (one["text"], one["accepted"]) for one in read
    ]
    assert {True} == {one["needsAcceptance"] for one in read}
    assert ["terms.publish"] == await acts(owner, operator)


async def test_a_member_accepts_in_one_language_and_the_instant_is_the_evidence(
    operator: client.Client, ana: client.Client, ben: client.Client, db: database.Database
) -> None:
    await say(operator)
    words = {"text": {"en": "You agree."}, "acceptance": True}
    await publish_campaign(operator, await save(operator, await written(db, terms=words)))
    before, portuguese = await waiting(ana), await waiting(ana, **PORTUGUESE)
    shown = (await ana.ask(TERMS, headers=PORTUGUESE)).data["programmeTerms"]
    begun: datetime.datetime = await db.fetchval("select clock_timestamp()")

    accept = {"input": {"documentId": shown["id"]}}
    answers = [(await ana.ask(ACCEPT, accept)).data["termsAccept"] for _ in range(2)]
    after = (await ana.ask(TERMS, headers=PORTUGUESE)).data["programmeTerms"]
    again = (await ana.ask(TERMS, headers=PORTUGUESE)).data["programmeTerms"]

    assert ["Be fair.", "You agree."] == before
    assert ["Seja justo.", "You agree."] == portuguese
    assert [(True, False), (True, True)] == [(one["accepted"], one["replayed"]) for one in answers]
    assert (False, None, True) == (shown["accepted"], shown["acceptedAt"], after["accepted"])
    at = datetime.datetime.fromisoformat(after["acceptedAt"])
    assert begun <= at <= begun + datetime.timedelta(minutes=1)
    assert after == again
    assert ["You agree."] == await waiting(ana)
    assert before == await waiting(ben)


async def test_other_words_are_to_be_accepted_anew_and_the_old_ones_stay_readable(
    operator: client.Client, ana: client.Client, rosa: client.Client
) -> None:
    old = (await say(operator))["documents"][0]["id"]
    await ana.ask(ACCEPT, {"input": {"documentId": old}})
    none = await waiting(ana)

    await say(operator, texts=[{"language": "EN", "text": "Be kind."}])
    read = [(await one.ask(NODE, {"id": old})).data["node"] for one in (ana, rosa)]

    assert [] == none
    assert ["Be kind."] == await waiting(ana)
    assert "Be kind." == (await ana.ask(TERMS)).data["programmeTerms"]["text"]
    assert ["Be fair.", "Be fair."] == [one["text"] for one in read]
    assert [True, None] == [one["accepted"] for one in read]
    assert (True, True) == (read[0]["acceptedAt"] is not None, read[1]["acceptedAt"] is None)
    # The first words come back, and with them what was accepted of them.
    await say(operator)
    assert [] == await waiting(ana)


async def test_a_contract_is_published_with_its_words_and_everybody_reads_them(
    operator: client.Client, ana: client.Client, rosa: client.Client, bakery: client.Client
) -> None:
    key = client.key()
    told: dict[str, Any] = {"idempotencyKey": key, "texts": TEXTS}
    plain = await contract(operator, rosa)

    first, again = [await contract(operator, rosa, **told) for _ in range(2)]
    changed: list[dict[str, Any]] = [{"texts": TEXTS[:1]}, {"texts": []}, {"acceptance": True}]
    others = [await contract(operator, rosa, **{**told, **changes}) for changes in changed]
    asked = {"id": ids.show("mer", rosa.principal_id)}
    read = [
        (await one.ask(SHOWN, asked, headers=PORTUGUESE)).data["node"]["contractTerms"]
        for one in (ana, rosa, bakery, operator)
    ]

    assert ([], []) == (plain["documents"], plain["errors"])
    assert again == {**first, "replayed": True}
    assert ["Be fair.", "Seja justo."] == [one["text"] for one in first["documents"]]
    assert ["IdempotencyKeyReused"] * 3 == [one["errors"][0]["__typename"] for one in others]
    assert [{"language": "pt", "text": "Seja justo."}] * 4 == read


async def test_the_words_of_a_contract_version_are_published_after_it(
    operator: client.Client, ana: client.Client, rosa: client.Client, db: database.Database
) -> None:
    version = await merchants.contract_at(db, rosa.principal_id, None)
    asked = {"id": ids.show("mer", rosa.principal_id)}
    before = (await ana.ask(SHOWN, asked)).data["node"]["contractTerms"]
    contract_id = ids.show("con", version.contract_id)

    said = await say(operator, programme=False, contractId=contract_id, acceptance=False)
    after = (await ana.ask(SHOWN, asked)).data["node"]["contractTerms"]
    missing = await say(operator, programme=False, contractId=ids.show("con", ids.new()))
    wrong = await say(operator, programme=False, contractId=asked["id"])

    assert (None, "Be fair.") == (before, after["text"])
    assert [False, False] == [one["needsAcceptance"] for one in said["documents"]]
    assert [[("NOT_FOUND", ["contractId"])]] * 2 == [refused(one) for one in (missing, wrong)]
    assert (await ana.ask(TERMS)).data["programmeTerms"] is None


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ([], ["texts"]),
        (TEXTS[1:], ["texts"]),
        ([*TEXTS, TEXTS[1]], ["texts", "2", "language"]),
        ([{"language": "EN", "text": " "}], ["texts", "0", "text"]),
        ([{"language": "EN", "text": "x" * 20_001}], ["texts", "0", "text"]),
    ],
)
async def test_words_that_can_not_be_published_are_refused_at_their_place(
    texts: Any, path: list[str], operator: client.Client, rosa: client.Client, owner: Any
) -> None:
    published = await say(operator, texts=texts)
    before = await owner.fetchval("select count(*) from coalition.contract")
    version = await contract(operator, rosa, texts=texts, acceptance=True)

    assert [("TEXT_INVALID", path)] == refused(published) == refused(version)
    assert (False, []) == (published["replayed"], published["documents"])
    assert before == await owner.fetchval("select count(*) from coalition.contract")


async def test_terms_belong_to_one_thing_and_only_the_operator_publishes_them(
    operator: client.Client, supervisor: client.Client, ana: client.Client
) -> None:
    plain = {"idempotencyKey": client.key(), "texts": TEXTS, "reason": "x"}
    both = {"programme": True, "contractId": ids.show("con", ids.new())}

    answers = [await operator.ask(PUBLISH, {"input": {**plain, **one}}) for one in ({}, both)]
    others = [
        await one.ask(PUBLISH, {"input": {**plain, "programme": True}}) for one in (supervisor, ana)
    ]

    assert [["BAD_USER_INPUT"]] * 2 == [one.codes for one in answers]
    assert [["FORBIDDEN"]] * 2 == [one.codes for one in others]
    assert [("REASON_MISSING", ["reason"])] == refused(await say(operator, reason=" "))


async def test_the_words_of_a_draft_are_found_by_those_who_may_read_drafts(
    operator: client.Client, ana: client.Client, db: database.Database
) -> None:
    saved = await save(operator, await written(db))
    query = "query V($id: ID!) { node(id: $id) { ... on CampaignVersion { terms { id } } } }"
    version = (await operator.ask(query, {"id": saved["version"]["id"]})).data["node"]
    asked = {"id": version["terms"][0]["id"]}

    draft = [(await one.ask(NODE, asked)).data["node"] for one in (operator, ana)]
    await publish_campaign(operator, saved)
    published = (await ana.ask(NODE, asked)).data["node"]

    assert ("Five per cent.", None) == (draft[0]["text"], draft[1])
    assert "Five per cent." == published["text"]
