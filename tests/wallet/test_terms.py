"""Terms in words: sets that are published for the programme and for contracts, and who agreed."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_campaign_lives import VERA, WHY, publish, save
from wallet import ids, members
from wallet.campaigns import consents, live, segments, terms

WORDS = {"en": "Be fair.", "pt": "Seja justo."}


async def say(it: Coalition, **told: Any) -> terms.Published:
    """Publish the terms of the programme at noon, but for what is given."""
    plain: dict[str, Any] = {
        "request_id": ids.new(),
        "subject_kind": "programme",
        "subject_id": it.operator_id,
        "texts": WORDS,
        "acceptance": True,
        "reason": WHY,
        "now": NOON,
    }
    return await terms.publish(it.db, actor=VERA, **{**plain, **told})


async def asked(it: Coalition, member: members.Member) -> list[str]:
    """What a member is to accept at noon, in English."""
    found = await consents.waiting(it.db, member.member_id, NOON)
    return [one.text for each in found for one in each if one.language == "en"]


def texts(found: tuple[terms.Document, ...]) -> dict[str, str]:
    return {one.language: one.text for one in found}


async def test_a_set_is_published_once_per_request_and_logged_with_who_and_why(
    coalition: Coalition, owner: Connection
) -> None:
    key = ids.new()

    first = await say(coalition, request_id=key)
    again = await say(coalition, request_id=key, now=NOON + DAY)
    others = [
        await refused(say(coalition, request_id=key, **changes))
        for changes in (
            {"texts": {"en": "Be fair."}},
            {"acceptance": False},
            {"reason": "another"},
        )
    ]

    assert (False, True) == (first.replayed, again.replayed)
    assert first.documents == again.documents
    assert ["en", "pt"] == [one.language for one in first.documents]
    assert ["IDEMPOTENCY_KEY_REUSED"] * 3 == [one.code for one in others]
    assert 2 == await owner.fetchval("select count(*) from coalition.terms_document")
    (row,) = await owner.fetch(
        "select actor_id, subject_id, reason from coalition.audit where act = 'terms.publish'"
    )
    assert (VERA.actor_id, coalition.operator_id, WHY) == tuple(row)
    for one in first.documents:
        assert one == await terms.find(coalition.db, one.document_id)


async def test_the_newest_set_is_in_force_also_when_it_says_what_an_earlier_one_said(
    coalition: Coalition, owner: Connection
) -> None:
    async def at(days: int) -> dict[str, str]:
        found = await terms.in_force(
            coalition.db, "programme", [coalition.operator_id], NOON + days * DAY
        )
        return texts(found[coalition.operator_id])

    first = await say(coalition)
    await say(coalition, texts={"en": "Be kind."}, now=NOON + DAY)
    third = await say(coalition, now=NOON + 2 * DAY)

    assert first.documents == third.documents
    assert [{}, WORDS, {"en": "Be kind."}, WORDS] == [await at(days) for days in (-1, 0, 1, 2)]
    assert 3 == await owner.fetchval("select count(*) from coalition.terms_document")


async def test_the_words_of_a_contract_are_those_of_its_version_in_force(
    coalition: Coalition,
) -> None:
    rosa, mint = await coalition.merchant(), coalition.mint
    second = await coalition.publish(rosa, valid_from=NOON + 5 * DAY)
    third = await coalition.publish(rosa, valid_from=NOON + 9 * DAY)
    contract = {"subject_kind": "contract", "acceptance": False}
    await say(coalition, **contract, subject_id=second)

    missing = await refused(say(coalition, **contract, subject_id=ids.new()))

    async def at(days: int) -> list[dict[str, str]]:
        found = await terms.in_force(coalition.db, "merchant", [rosa, mint], NOON + days * DAY)
        return [texts(found[one]) for one in (rosa, mint)]

    assert ("NOT_FOUND", ("contract_id",)) == (missing.code, missing.path)
    assert [[{}, {}], [WORDS, {}], [{}, {}]] == [await at(days) for days in (4, 5, 9)]
    found = await terms.in_force(coalition.db, "contract", [second, third], NOON)
    assert [WORDS, {}] == [texts(found[one]) for one in (second, third)]


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({}, ("texts",)),
        ({"pt": "Seja justo."}, ("texts",)),
        ({"en": "Be fair.", "fr": "Soyez justes."}, ("texts",)),
        ({"en": " "}, ("texts", "en")),
        ({"en": "Be fair.", "es": "a\x00"}, ("texts", "es")),
        ({"en": "x" * 20_001}, ("texts", "en")),
    ],
)
async def test_what_can_not_be_published_is_refused_and_nothing_is_kept(
    told: dict[str, str], path: tuple[str, ...], coalition: Coalition, owner: Connection
) -> None:
    refusal = await refused(say(coalition, texts=told))

    assert ("TEXT_INVALID", path) == (refusal.code, refusal.path)
    assert 0 == await owner.fetchval("select count(*) from coalition.terms_document")


async def test_the_same_request_at_once_is_published_once(
    coalition: Coalition, owner: Connection
) -> None:
    key = ids.new()

    answers = await asyncio.gather(*(say(coalition, request_id=key) for _ in range(8)))

    assert 1 == sum(not one.replayed for one in answers)
    assert 1 == await owner.fetchval("select count(*) from coalition.terms_publication")


async def test_a_member_is_asked_once_for_each_set_and_again_for_other_words(
    coalition: Coalition, owner: Connection
) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    campaign = await save(
        coalition, terms={"text": {"en": "Share.", "es": "a"}, "acceptance": True}
    )
    await publish(coalition, campaign)
    await publish(coalition, await save(coalition, stack={"group": "offers", "priority": 1}))
    english, portuguese = (await say(coalition)).documents
    before = await asked(coalition, ana)
    begun = await owner.fetchval("select clock_timestamp()")

    async def accept(document_id: UUID) -> bool:
        return await terms.accept(coalition.db, member_id=ana.member_id, document_id=document_id)

    replays = [await accept(portuguese.document_id) for _ in range(2)]
    after = await asked(coalition, ana)
    evidence = await terms.acceptances(coalition.db, ana.member_id)
    await say(coalition, texts={**WORDS, "pt": "Sê justo."}, now=NOON)
    english_only = await asked(coalition, ana)
    await accept(english.document_id)

    assert (["Be fair.", "Share."], ["Share."]) == (before, after)
    assert [False, True] == replays
    assert [portuguese.document_id] == list(evidence)
    assert begun <= evidence[portuguese.document_id] <= begun + timedelta(minutes=1)
    # The Portuguese words are others now; the English ones are what they were.
    assert ["Be fair.", "Share."] == english_only
    assert ["Share."] == await asked(coalition, ana)
    assert ["Be fair.", "Share."] == await asked(coalition, ben)
    await say(coalition, acceptance=False)
    assert ["Share."] == await asked(coalition, ben)


async def test_a_campaign_for_chosen_members_asks_nobody_else(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    segment = await segments.create(
        coalition.db, segment_id=ids.new(), name="lapsed", about="x", reason=WHY, actor=VERA
    )
    await segments.add(
        coalition.db,
        segment_id=segment.segment.segment_id,
        member_ids=[ana.member_id],
        reason=WHY,
        actor=VERA,
        now=NOON - DAY,
    )
    for place, unless in enumerate((False, True)):
        words = {"text": {"en": f"Unless {unless}."}, "acceptance": True}
        when = [{"if": "segment", "any_of": ["lapsed"], "unless": unless}]
        stack = {"group": "bonus", "priority": place}
        await publish(coalition, await save(coalition, terms=words, when=when, stack=stack))

    assert ["Unless False."] == await asked(coalition, ana)
    assert ["Unless True."] == await asked(coalition, ben)


async def test_the_words_of_a_draft_are_not_public_until_it_is_published(
    coalition: Coalition,
) -> None:
    saved = await save(coalition)
    (document, *_) = terms.documents(saved.campaign.campaign_id, saved.version.definition)
    (programme, *_) = (await say(coalition)).documents

    draft = (await live.moment(coalition.db, NOON)).book
    await publish(coalition, saved)
    published = (await live.moment(coalition.db, NOON)).book

    assert [False, True] == [consents.is_public(one, document) for one in (draft, published)]
    assert consents.is_public(draft, programme)


async def test_what_was_published_is_not_changed_even_by_the_owner(
    coalition: Coalition, owner: Connection
) -> None:
    await say(coalition)

    for attempt in (
        "update coalition.terms_publication set reason = 'x'",
        "delete from coalition.terms_publication",
        "truncate coalition.terms_publication",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(attempt)
