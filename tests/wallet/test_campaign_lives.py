"""The life of campaigns in the database: versions, steps, races, replays, and what is in force."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids
from wallet.campaigns import live, lives, shelf

VERA = audit.Actor("staff", ids.new())
WHY = "as the board decided"


def written(**changes: Any) -> dict[str, Any]:
    """5 % for a month from noon on, but for what is given."""
    plain: dict[str, Any] = {
        "name": "March bonus",
        "asset": "EUR",
        "starts_at": NOON.isoformat(),
        "ends_at": (NOON + 30 * DAY).isoformat(),
        "give": {"give": "rate", "bps": 500},
        "stack": {"group": "bonus", "priority": 10},
        "funding": [{"funder": "operator", "bps": 10_000}],
        "terms": {"text": {"en": "Five per cent.", "pt": "Cinco por cento."}},
    }
    return {**plain, **changes}


async def save(
    it: Coalition, campaign_id: UUID | None = None, *, key: UUID | None = None, **changes: Any
) -> lives.Saved:
    """Save a draft at noon."""
    options = {"merchant_id": changes.pop("merchant", None), "now": changes.pop("now", NOON)}
    return await lives.save_draft(
        it.db,
        request_id=key or ids.new(),
        campaign_id=campaign_id,
        raw=written(**changes),
        note=WHY,
        actor=VERA,
        **options,
    )


async def publish(
    it: Coalition,
    saved: lives.Saved,
    *,
    key: UUID | None = None,
    from_at: datetime | None = None,
    now: datetime = NOON,
) -> lives.Changed:
    """Publish what was saved, at noon."""
    return await lives.publish(
        it.db,
        request_id=key or ids.new(),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=from_at,
        reason=WHY,
        actor=VERA,
        now=now,
    )


async def step(
    it: Coalition, act: str, campaign_id: UUID, days: int = 0, key: UUID | None = None
) -> lives.Changed:
    """Take another step, so many days after noon."""
    changed: lives.Changed = await getattr(lives, act)(
        it.db,
        request_id=key or ids.new(),
        campaign_id=campaign_id,
        reason=WHY,
        actor=VERA,
        now=NOON + days * DAY,
    )
    return changed


async def in_force(it: Coalition, at: datetime, known_at: datetime | None = None) -> list[UUID]:
    book = (await live.moment(it.db)).book
    found = book.versions_at(at, known_at=known_at or NOON + 900 * DAY)
    return [version_id for _, version_id, _ in found]


async def test_a_campaign_goes_from_draft_to_archive_and_every_step_says_who_and_why(
    coalition: Coalition, owner: Connection
) -> None:
    saved = await save(coalition)
    campaign_id = saved.campaign.campaign_id

    statuses = [(await publish(coalition, saved)).status]
    for day, act in enumerate(("pause", "resume", "end", "archive"), start=1):
        statuses.append((await step(coalition, act, campaign_id, day)).status)

    assert ["live", "paused", "live", "ended", "archived"] == statuses
    changes = (await live.moment(coalition.db)).book.changes_of(campaign_id)
    assert ["publish", "pause", "resume", "end", "archive"] == [one.act for one in changes]
    assert {(WHY, "staff", VERA.actor_id)} == {
        (one.reason, one.actor_kind, one.actor_id) for one in changes
    }
    rows = await owner.fetch(
        "select act, reason, actor_id from coalition.audit where subject_id = $1"
        " order by happened_at",
        campaign_id,
    )
    acts = ["save", "publish", "pause", "resume", "end", "archive"]
    assert [(f"campaign.{act}", WHY, VERA.actor_id) for act in acts] == [tuple(one) for one in rows]


async def test_a_version_never_changes_and_each_save_makes_the_next(coalition: Coalition) -> None:
    first = await save(coalition)
    campaign_id = first.campaign.campaign_id

    second = await save(coalition, campaign_id, name="Spring")

    assert (1, 2) == (first.version.version, second.version.version)
    assert "Spring" == second.campaign.name
    kept = (await shelf.versions(coalition.db, [campaign_id]))[campaign_id]
    assert [second.version, first.version] == kept


async def test_the_same_id_saves_and_publishes_once_and_other_contents_are_refused(
    coalition: Coalition,
) -> None:
    save_key, key = ids.new(), ids.new()

    saved = await save(coalition, key=save_key)
    again = await save(coalition, key=save_key, now=NOON + 3 * DAY)
    other = await refused(save(coalition, key=save_key, name="Other"))
    once = await publish(coalition, saved, key=key)
    twice = await publish(coalition, saved, key=key, now=NOON + DAY)
    third = await refused(step(coalition, "end", saved.campaign.campaign_id, key=key))

    assert (saved.version, False, True) == (again.version, saved.replayed, again.replayed)
    assert (once.change, False, True) == (twice.change, once.replayed, twice.replayed)
    assert ["IDEMPOTENCY_KEY_REUSED"] * 2 == [other.code, third.code]


async def test_a_new_version_takes_over_at_its_instant_and_the_change_names_both(
    coalition: Coalition,
) -> None:
    old = await save(coalition)
    await publish(coalition, old)
    start = NOON + 5 * DAY
    new = await save(coalition, old.campaign.campaign_id, starts_at=start.isoformat())

    changed = await publish(coalition, new, now=NOON + DAY)

    assert "live" == changed.status
    assert (old.version.version_id, new.version.version_id, start) == (
        changed.change.replaced_id,
        changed.change.version_id,
        changed.change.effective_at,
    )
    assert [old.version.version_id] == await in_force(coalition, start - timedelta(seconds=1))
    assert [new.version.version_id] == await in_force(coalition, start)


async def test_a_purchase_that_is_reported_late_finds_what_was_in_force_when_it_was_made(
    coalition: Coalition,
) -> None:
    saved = await save(coalition)
    await publish(coalition, saved, from_at=NOON + DAY)
    await step(coalition, "pause", saved.campaign.campaign_id, 3)
    await step(coalition, "resume", saved.campaign.campaign_id, 5)

    found = [bool(await in_force(coalition, NOON + day * DAY)) for day in range(7)]

    assert [False, True, True, False, False, True, True] == found
    assert [] == await in_force(coalition, NOON + 30 * DAY)
    # What was known on the fourth day: the pause, and not yet its end.
    assert [] == await in_force(coalition, NOON + 6 * DAY, NOON + 4 * DAY)


@pytest.mark.parametrize(
    ("done", "act", "status"),
    [
        ([], "pause", "draft"),
        ([], "end", "draft"),
        (["publish"], "resume", "live"),
        (["publish"], "archive", "live"),
        (["publish", "end"], "publish", "ended"),
        (["publish", "end"], "end", "ended"),
        (["archive"], "publish", "archived"),
    ],
)
async def test_a_step_that_the_status_forbids_is_refused_with_it(
    coalition: Coalition, done: list[str], act: str, status: str
) -> None:
    saved = await save(coalition)

    async def take(name: str) -> object:
        if name == "publish":
            return await publish(coalition, saved)
        return await step(coalition, name, saved.campaign.campaign_id)

    for name in done:
        await take(name)

    refusal = await refused(take(act))

    assert ("CAMPAIGN_CLOSED", {"status": status}) == (refusal.code, refusal.data)


async def test_what_ended_takes_no_more_versions(coalition: Coalition) -> None:
    saved = await save(coalition)
    await publish(coalition, saved)
    await step(coalition, "end", saved.campaign.campaign_id)

    refusal = await refused(save(coalition, saved.campaign.campaign_id))

    assert ("CAMPAIGN_CLOSED", {"status": "ended"}) == (refusal.code, refusal.data)


async def test_a_draft_is_judged_again_when_it_is_published(coalition: Coalition) -> None:
    first, second = await save(coalition), await save(coalition, name="Spring")
    await publish(coalition, first)

    ambiguous = await refused(publish(coalition, second))
    late = await refused(save(coalition, now=NOON + DAY))
    saved_too = await refused(save(coalition))

    assert ("version_id", "definition", "stack", "priority") == ambiguous.path
    assert "'March bonus'" in ambiguous.message
    assert ("definition", "starts_at") == late.path
    assert ("definition", "stack", "priority") == saved_too.path


async def test_an_instant_that_has_passed_or_comes_after_the_end_is_refused(
    coalition: Coalition,
) -> None:
    saved = await save(coalition)

    passed = await refused(publish(coalition, saved, from_at=NOON - DAY))
    after = await refused(publish(coalition, saved, from_at=NOON + 30 * DAY))

    assert [("CAMPAIGN_INVALID", ("from_at",))] * 2 == [
        (one.code, one.path) for one in (passed, after)
    ]


async def test_of_campaigns_without_an_order_that_are_published_at_once_one_wins(
    coalition: Coalition,
) -> None:
    drafts = [await save(coalition, name=f"Race {number}") for number in range(6)]

    outcomes = await asyncio.gather(
        *(publish(coalition, one) for one in drafts), return_exceptions=True
    )

    won = [one for one in outcomes if isinstance(one, lives.Changed)]
    lost = [one for one in outcomes if isinstance(one, errors.CampaignInvalid)]
    assert (1, 5) == (len(won), len(lost))
    assert {("version_id", "definition", "stack", "priority")} == {one.path for one in lost}
    assert 1 == len(await in_force(coalition, NOON))


async def test_whoever_loses_the_race_to_publish_has_set_no_budget(
    coalition: Coalition, owner: Connection
) -> None:
    drafts = [
        await save(coalition, name=f"Race {number}", budget={"minor": 1_000 + number})
        for number in range(6)
    ]

    await asyncio.gather(*(publish(coalition, one) for one in drafts), return_exceptions=True)

    (won,) = (await live.moment(coalition.db, NOON)).book.campaigns.values()
    (budget,) = await owner.fetch("select subject_id, cap_minor from coalition.budget")
    assert won.campaign_id == budget["subject_id"]
    assert f"Race {budget['cap_minor'] - 1_000}" == won.name


async def test_one_request_that_is_sent_many_times_at_once_is_one_step(
    coalition: Coalition, owner: Connection
) -> None:
    saved, key = await save(coalition), ids.new()
    before = await owner.fetchval("select epoch from coalition.programme")

    published = await asyncio.gather(*(publish(coalition, saved, key=key) for _ in range(5)))

    assert 1 == len({one.change.change_id for one in published})
    assert [False] + [True] * 4 == sorted(one.replayed for one in published)
    assert before + 1 == await owner.fetchval("select epoch from coalition.programme")


async def test_versions_that_are_saved_at_once_get_numbers_of_their_own(
    coalition: Coalition,
) -> None:
    first = await save(coalition)

    saved = await asyncio.gather(*(save(coalition, first.campaign.campaign_id) for _ in range(5)))

    assert [2, 3, 4, 5, 6] == sorted(one.version.version for one in saved)


async def test_another_process_sees_a_change_by_the_epoch(coalition: Coalition, dsn: str) -> None:
    other = await type(coalition.db).connect(dsn, size=1)
    try:
        before = await live.moment(other, NOON)
        saved = await save(coalition)
        await publish(coalition, saved)

        after = await live.moment(other, NOON)

        assert [] == before.book.versions_at(NOON, known_at=NOON)
        assert 1 == len(after.book.versions_at(NOON, known_at=NOON))
        assert before.book.epoch < after.book.epoch
        assert after.book is (await live.moment(other, NOON)).book
    finally:
        await other.close()


async def test_what_a_campaign_names_must_be_there(coalition: Coalition) -> None:
    rosa, nobody = await coalition.merchant(), str(ids.new())
    cases: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"merchants": [str(rosa), nobody]}, ("merchants", "1")),
        ({"funding": [{"funder": nobody, "bps": 10_000}]}, ("funding", "0", "funder")),
        (
            {"when": [{"if": "bought_at", "any_of": [nobody], "within_days": 30}]},
            ("when", "0", "any_of", "0"),
        ),
        ({"when": [{"if": "segment", "any_of": ["lapsed"]}]}, ("when", "0", "any_of", "0")),
        ({"merchant": rosa}, ("merchants",)),
    ]

    paths = [(await refused(save(coalition, **changes))).path for changes, _ in cases]

    assert [("definition", *path) for _, path in cases] == paths
    own = await save(coalition, merchant=rosa, merchants=[str(rosa)])
    assert rosa == own.campaign.merchant_id


async def test_campaigns_are_listed_by_where_they_stand(coalition: Coalition) -> None:
    drafted = await save(coalition, name="Draft", stack={"group": "bonus", "priority": 1})
    running = await save(coalition, name="Running", now=NOON + timedelta(seconds=1))
    await publish(coalition, running)
    await step(coalition, "archive", drafted.campaign.campaign_id)
    waiting = await save(coalition, name="Waiting", stack={"group": "bonus", "priority": 2})

    async def names(status: Any) -> list[str]:
        found = await shelf.page(coalition.db, first=10, before=None, status=status, now=NOON)
        return [one.name for one in found]

    assert {"Draft", "Running", "Waiting"} == set(await names(None))
    assert [["Draft"], ["Running"], ["Waiting"], []] == [
        await names(status) for status in ("archived", "live", "draft", "paused")
    ]
    assert waiting.campaign == await shelf.find(coalition.db, waiting.campaign.campaign_id)
