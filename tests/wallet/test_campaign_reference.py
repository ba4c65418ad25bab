"""What campaigns go by: the programme's rules, segments, profiles, terms, and evidence."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_campaign_lives import VERA, WHY, publish, save
from wallet import ids
from wallet.campaigns import evidence, live, profiles, rules, segments, terms


async def test_the_rules_of_the_programme_change_from_an_instant_on_and_never_below_a_campaign(
    coalition: Coalition,
) -> None:
    groups = [{"name": "bonus", "mode": "first"}, {"name": "local", "mode": "best"}]

    async def change(key: UUID, days: int, **told: Any) -> rules.Published:
        return await rules.publish(
            coalition.db,
            request_id=key,
            raw={"groups": groups, **told},
            valid_from=NOON + days * DAY,
            note=WHY,
            actor=VERA,
            now=NOON,
        )

    await publish(coalition, await save(coalition))
    key = ids.new()
    first = await change(key, 5, purchase_cap_minor=900)
    again = await change(key, 5, purchase_cap_minor=900)
    reused = await refused(change(key, 6))
    past = await refused(change(ids.new(), -1))
    below = await refused(change(ids.new(), 1, groups=groups[1:]))
    too_early = await refused(
        save(coalition, name="Offer", stack={"group": "offers", "priority": 1})
    )

    assert (1, False, True) == (first.version.version, first.replayed, again.replayed)
    assert "IDEMPOTENCY_KEY_REUSED" == reused.code
    assert (("valid_from",), ("groups",)) == (past.path, below.path)
    assert "'March bonus'" in below.message
    # The group `offers` will be gone in five days, and the campaign would still run.
    assert ("definition", "stack", "group") == too_early.path
    book = (await live.moment(coalition.db)).book
    before = book.rules_at(NOON + 4 * DAY, known_at=NOON)
    after = book.rules_at(NOON + 5 * DAY, known_at=NOON)
    assert (("bonus", "offers"), None) == (before.names(), before.purchase_cap_minor)
    assert (("bonus", "local"), 900) == (after.names(), after.purchase_cap_minor)


async def test_members_belong_to_a_segment_from_when_to_when(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    db, key = coalition.db, ids.new()

    async def create(name: str, key: UUID) -> segments.Created:
        return await segments.create(
            db, segment_id=key, name=name, about="bought nothing", reason=WHY, actor=VERA
        )

    async def change(verb: Any, *member_ids: UUID, day: int = 0) -> int:
        number: int = await verb(
            db,
            segment_id=key,
            member_ids=member_ids,
            reason=WHY,
            actor=VERA,
            now=NOON + day * DAY,
        )
        return number

    made, again = await create("lapsed", key), await create("lapsed", key)
    taken = await refused(create("lapsed", ids.new()))
    added = [await change(segments.add, ana.member_id, ben.member_id) for _ in range(2)]
    removed = await change(segments.remove, ana.member_id, day=2)
    back = await change(segments.add, ana.member_id, day=4)
    nobody = await refused(change(segments.add, ana.member_id, ids.new()))
    many = await refused(change(segments.add, *[ids.new()] * (segments.MEMBERS_MAX + 1)))

    assert (False, True) == (made.replayed, again.replayed)
    assert ("REFERENCE_USED", ("name",)) == (taken.code, taken.path)
    assert ([2, 0], 1, 1) == (added, removed, back)
    assert ("NOT_FOUND", ("member_ids", "1")) == (nobody.code, nobody.path)
    assert "TOO_MANY" == many.code
    for day, named in ((-1, set()), (0, {"lapsed"}), (2, set()), (4, {"lapsed"})):
        found = await segments.of(db, [ana.member_id], NOON + day * DAY)
        assert named == set(found[ana.member_id])
    assert {key: 2} == await segments.sizes(db, [key])


async def test_a_profile_keeps_what_is_not_named_and_refuses_what_can_not_be(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()

    async def update(**told: Any) -> profiles.Profile:
        return await profiles.update(coalition.db, ana.member_id, actor=VERA, now=NOON, **told)

    await update(birth_date=date(1990, 3, 10), language="pt")
    kept = await update(tier="gold", favourites_off=True)
    forgotten = await update(language=None)
    wrong = [
        await refused(update(birth_date=date(2026, 3, 11))),
        await refused(update(birth_date=date(1895, 3, 10))),
        await refused(update(language="fr")),
        await refused(update(tier=" gold")),
    ]

    assert profiles.Profile(date(1990, 3, 10), "pt", "gold", True) == kept
    assert profiles.Profile(date(1990, 3, 10), None, "gold", True) == forgotten
    assert [
        ("PROFILE_INVALID", (name,)) for name in ("birth_date", "birth_date", "language", "tier")
    ] == [(one.code, one.path) for one in wrong]
    assert "1990" not in str(
        await owner.fetch("select detail from coalition.audit where act = 'member.profile'")
    )


async def test_terms_are_accepted_once_and_a_new_wording_is_another_document(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    text = {"en": "You agree.", "pt": "Aceita."}
    first = await save(coalition, terms={"text": text, "acceptance": True})
    campaign_id = first.campaign.campaign_id
    same = await save(coalition, campaign_id, terms={"text": text, "acceptance": True}, name="B")
    other = await save(
        coalition, campaign_id, terms={"text": {**text, "pt": "Concorda."}, "acceptance": True}
    )
    english, portuguese = terms.documents(campaign_id, first.version.definition)

    async def accept(document_id: UUID) -> bool:
        return await terms.accept(coalition.db, member_id=ana.member_id, document_id=document_id)

    replays = [await accept(portuguese.document_id) for _ in range(2)]
    nothing = await refused(accept(ids.new()))
    accepted = await terms.accepted(coalition.db, ana.member_id)

    assert ([False, True], ("document_id",)) == (replays, nothing.path)
    assert {portuguese.document_id} == accepted
    assert [True, True, False] == [
        terms.bind(campaign_id, one.version.definition, accepted) for one in (first, same, other)
    ]
    assert english == await terms.find(coalition.db, english.document_id)


async def test_evidence_counts_on_its_days(coalition: Coalition) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    async def record(evidence_id: UUID, **told: Any) -> evidence.Recorded:
        plain: dict[str, Any] = {
            "label": "organic",
            "merchant_id": rosa,
            "product": "bread-7",
            "source": "Ecocert",
            "reference": "PT-1",
            "valid_from": date(2026, 3, 1),
            "valid_until": date(2026, 3, 31),
        }
        return await evidence.record(
            coalition.db, evidence_id=evidence_id, reason=WHY, actor=VERA, **{**plain, **told}
        )

    first, again = await record(key), await record(key)
    reused = await refused(record(key, product="bread-8"))
    reversed_ = await refused(record(ids.new(), valid_until=date(2026, 2, 28)))
    nobody = await refused(record(ids.new(), merchant_id=ids.new()))

    assert (False, True) == (first.replayed, again.replayed)
    assert ["IDEMPOTENCY_KEY_REUSED", "CAMPAIGN_INVALID", "NOT_FOUND"] == [
        one.code for one in (reused, reversed_, nobody)
    ]
    book = (await live.moment(coalition.db)).book
    assert [False, True, True, False] == [
        book.certified(merchant_id=rosa, product="bread-7", label="organic", day=day)
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    ]
    assert not book.certified(
        merchant_id=coalition.mint, product="bread-7", label="organic", day=date(2026, 3, 1)
    )


async def test_what_was_saved_or_decided_is_not_changed_even_by_the_owner(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    saved = await save(coalition)
    await publish(coalition, saved)
    await rules.publish(
        coalition.db,
        request_id=ids.new(),
        raw={"groups": [{"name": "bonus", "mode": "all"}]},
        valid_from=NOON,
        note=WHY,
        actor=VERA,
        now=NOON,
    )
    (document, _) = terms.documents(saved.campaign.campaign_id, saved.version.definition)
    await terms.accept(coalition.db, member_id=ana.member_id, document_id=document.document_id)
    for table in (
        "campaign_version",
        "campaign_change",
        "programme_version",
        "terms_document",
        "terms_acceptance",
    ):
        column = await owner.fetchval(
            "select attname from pg_attribute where attrelid = $1::regclass and attnum = 1",
            f"coalition.{table}",
        )
        for attempt in (
            f"update coalition.{table} set {column} = {column}",
            f"delete from coalition.{table}",
            f"truncate coalition.{table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(attempt)


async def test_the_words_of_a_version_are_kept_with_their_hash(
    coalition: Coalition, owner: Connection
) -> None:
    saved = await save(coalition)

    row = await owner.fetchrow(
        "select language, text, digest = sha256(convert_to(text, 'UTF8')) as same, subject_id"
        " from coalition.terms_document where language = 'pt'"
    )

    assert ("pt", "Cinco por cento.", True, saved.campaign.campaign_id) == tuple(row or ())
    stored = await owner.fetchval("select definition from coalition.campaign_version")
    assert NOON == datetime.fromisoformat(json.loads(stored)["starts_at"]).astimezone(UTC)
