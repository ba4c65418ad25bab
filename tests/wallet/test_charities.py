"""The directory of charities, and the agreements without which no campaign promises a gift."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import giving, promotions
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, ids
from wallet.charities import agreements, directory
from wallet.rules import charities as rules

STAFF = audit.Actor("staff", ids.new())
HALF: list[dict[str, Any]] = [
    {"funder": "merchant", "bps": 5_000},
    {"funder": "operator", "bps": 5_000},
]


async def save(
    coalition: Coalition,
    facts: rules.Facts,
    *,
    charity_id: UUID | None = None,
    key: UUID | None = None,
    reason: str = "a member asked for it",
) -> directory.Changed:
    return await directory.save(
        coalition.db,
        request_id=key or ids.new(),
        charity_id=charity_id,
        facts=facts,
        reason=reason,
        actor=STAFF,
        now=NOON,
    )


async def test_a_charity_is_proposed_verified_suspended_and_closed(coalition: Coalition) -> None:
    key = (await save(coalition, giving.facts())).charity.charity_id
    await giving.verify(coalition, key, now=NOON)
    await giving.suspend(coalition, key, now=NOON)
    closed = await directory.close(
        coalition.db, request_id=ids.new(), charity_id=key, reason="wound up", actor=STAFF, now=NOON
    )

    steps = (await directory.changes(coalition.db, [key]))[key]
    assert ["proposed", "verified", "suspended", "closed"] == [one.state for one in steps]
    assert "the register's page of today" == steps[1].evidence
    assert (4, "closed") == (closed.charity.version, closed.charity.state)
    assert ("staff", STAFF.actor_id, "wound up") == (
        *(steps[-1].actor_kind, steps[-1].actor_id, steps[-1].reason),
    )


async def test_a_charity_saved_twice_under_one_key_is_saved_once(coalition: Coalition) -> None:
    facts, key = giving.facts(), ids.new()

    first, again = await save(coalition, facts, key=key), await save(coalition, facts, key=key)
    other = await refused(save(coalition, giving.facts(), key=key))

    assert (False, True, first.charity) == (first.replayed, again.replayed, again.charity)
    assert "IDEMPOTENCY_KEY_REUSED" == other.code


async def test_two_charities_do_not_have_one_registration(coalition: Coalition) -> None:
    await save(coalition, giving.facts(registration="17/2009"))

    refusal = await refused(save(coalition, giving.facts(registration="17/2009")))

    assert ("REFERENCE_USED", ("registration",)) == (refusal.code, refusal.path)


async def test_verification_needs_evidence(coalition: Coalition) -> None:
    key = await giving.proposed(coalition)

    refusal = await refused(
        directory.verify(
            coalition.db,
            request_id=ids.new(),
            charity_id=key,
            evidence=" ",
            reason="sure",
            actor=STAFF,
        )
    )

    assert ("REASON_MISSING", ("evidence",)) == (refusal.code, refusal.path)
    assert "proposed" == (await directory.find(coalition.db, key)).state


async def test_a_verified_charity_with_another_name_is_proposed_again(
    coalition: Coalition,
) -> None:
    key = await giving.charity(coalition)

    renamed = await save(coalition, giving.facts(name="Sea Fund"), charity_id=key)

    assert ("proposed", "Sea Fund") == (renamed.charity.state, renamed.charity.name)


async def test_of_many_steps_at_once_one_is_taken(coalition: Coalition) -> None:
    key = await giving.charity(coalition)

    outcomes = await asyncio.gather(
        *(giving.suspend(coalition, key) for _ in range(8)), return_exceptions=True
    )

    assert 1 == outcomes.count(None)
    assert 7 == sum(getattr(one, "code", None) == "CHARITY_CLOSED" for one in outcomes)
    assert 3 == (await directory.find(coalition.db, key)).version


async def test_one_step_sent_many_times_at_once_is_taken_once(coalition: Coalition) -> None:
    facts, key = giving.facts(), ids.new()

    outcomes = await asyncio.gather(*(save(coalition, facts, key=key) for _ in range(8)))

    assert 1 == len({one.charity.charity_id for one in outcomes})
    assert 1 == [one.replayed for one in outcomes].count(False)


async def test_only_a_verified_charity_may_receive(coalition: Coalition) -> None:
    proposed, verified = await giving.proposed(coalition), await giving.charity(coalition)
    suspended = await giving.charity(coalition)
    await giving.suspend(coalition, suspended)

    refusals = [
        await refused(directory.require_receiver(coalition.db, one))
        for one in (proposed, suspended, ids.new())
    ]

    assert ["CHARITY_UNVERIFIED", "CHARITY_UNVERIFIED", "CHARITY_UNKNOWN"] == [
        one.code for one in refusals
    ]
    assert verified == (await directory.require_receiver(coalition.db, verified)).charity_id


async def test_the_directory_is_paged_by_name_and_asked_by_category_country_and_state(
    coalition: Coalition,
) -> None:
    for name, changes in (
        ("Ant Aid", {"category": "animals"}),
        ("Bee Aid", {"category": "animals", "country": "ES"}),
        ("Cat Aid", {"category": "animals"}),
    ):
        await giving.charity(coalition, name=name, **changes)
    await giving.proposed(coalition, name="Dog Aid", category="animals")

    async def names(**asked: Any) -> list[str]:
        told = {"first": 10, "after": None, **asked}
        return [one.name for one in await directory.page(coalition.db, **told)]

    first = await directory.page(coalition.db, first=2, after=None)
    assert ["Ant Aid", "Bee Aid"] == [one.name for one in first]
    assert ["Cat Aid"] == await names(after=(first[-1].name, first[-1].charity_id))
    assert ["Bee Aid"] == await names(category="animals", country="ES")
    assert ["Dog Aid"] == await names(state="proposed")
    assert 4 == len(await names(state=None))


async def test_who_a_charity_was_is_known_for_any_day(coalition: Coalition) -> None:
    key = await giving.charity(coalition, name="Old Name")
    await save(coalition, giving.facts(name="New Name"), charity_id=key)

    async def name(at: datetime) -> str:
        return (await directory.as_of(coalition.db, [key], at))[key].name

    assert "Old Name" == await name(NOON - DAY)
    assert "New Name" == await name(NOON + DAY)
    assert "Old Name" == await name(giving.AGES_AGO - DAY)


async def test_each_step_of_a_charity_is_in_the_audit_log(
    coalition: Coalition, owner: Connection
) -> None:
    key = await giving.charity(coalition)
    await giving.suspend(coalition, key)

    acts = await owner.fetch(
        "select act, detail from coalition.audit where subject_id = $1 order by happened_at", key
    )

    assert ["charity.save", "charity.verify", "charity.suspend"] == [row["act"] for row in acts]


@pytest.mark.parametrize("table", ["charity_change", "charity_agreement"])
async def test_what_was_done_and_agreed_is_never_changed(
    table: str, coalition: Coalition, owner: Connection
) -> None:
    key = await giving.charity(coalition)
    await giving.agree(coalition, key, coalition.operator_id)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(f"update coalition.{table} set reason = 'another'")


async def test_an_agreement_names_who_pays_and_is_recorded_once(coalition: Coalition) -> None:
    charity_id, rosa, key = await giving.charity(coalition), await coalition.merchant(), ids.new()

    async def record(funder_id: UUID, reference: str = "R-1") -> agreements.Recorded:
        return await agreements.record(
            coalition.db,
            agreement_id=key,
            charity_id=charity_id,
            funder_id=funder_id,
            reference=reference,
            statement={"en": "One euro of each bottle.", "pt": "Um euro por garrafa."},
            valid_from=NOON,
            valid_until=None,
            reason="signed today",
            actor=STAFF,
        )

    first, again = await record(rosa), await record(rosa)

    assert (False, True, first.agreement) == (first.replayed, again.replayed, again.agreement)
    assert "IDEMPOTENCY_KEY_REUSED" == (await refused(record(rosa, "R-2"))).code
    assert "NOT_FOUND" == (await refused(record(ids.new()))).code
    assert [first.agreement] == (await agreements.of(coalition.db, [charity_id]))[charity_id]


async def test_a_charity_has_so_many_agreements_and_each_is_still_answered_again(
    coalition: Coalition, owner: Connection
) -> None:
    charity_id, rosa, key = await giving.charity(coalition), await coalition.merchant(), ids.new()

    async def record(agreement_id: UUID) -> agreements.Recorded:
        return await agreements.record(
            coalition.db,
            agreement_id=agreement_id,
            charity_id=charity_id,
            funder_id=rosa,
            reference="R-1",
            statement={"en": "One euro of each bottle."},
            valid_from=NOON,
            valid_until=None,
            reason="signed today",
            actor=STAFF,
        )

    first = await record(key)
    await owner.execute(
        "insert into coalition.charity_agreement (agreement_id, charity_id, funder_id, reference,"
        " statement, valid_from, reason, actor_kind) select gen_random_uuid(), charity_id,"
        " funder_id, reference, statement, valid_from, reason, actor_kind"
        " from coalition.charity_agreement, generate_series(2, $1)",
        agreements.AGREEMENTS_MAX,
    )

    assert "TOO_MANY" == (await refused(record(ids.new()))).code
    assert agreements.Recorded(first.agreement, replayed=True) == await record(key)


async def test_a_campaign_with_a_charity_starts_only_with_everybodys_agreement(
    coalition: Coalition,
) -> None:
    rosa, charity_id = await coalition.merchant(), await giving.charity(coalition)
    share = {"charity_id": str(charity_id), "bps": 5_000}

    async def start() -> promotions.Promotion:
        return await promotions.promote(
            coalition, charity=share, funding=HALF, merchants=[str(rosa)], agreed=False
        )

    nobody = await refused(start())
    await giving.agree(coalition, charity_id, rosa)
    one = await refused(start())
    await giving.agree(coalition, charity_id, coalition.operator_id)

    at = ("version_id", "definition", "charity", "charity_id")
    assert [("AGREEMENT_MISSING", at)] * 2 == [(each.code, each.path) for each in (nobody, one)]
    assert ("Rosa", "Common purse") == (nobody.data["funder"], one.data["funder"])
    assert "Rosa has no agreement with River Fund" in nobody.message
    assert isinstance(await start(), promotions.Promotion)


async def test_a_campaign_for_everywhere_needs_the_agreement_of_every_merchant(
    coalition: Coalition,
) -> None:
    await coalition.merchant()
    charity_id = await giving.charity(coalition)
    share = {"charity_id": str(charity_id), "bps": 5_000}
    await giving.agree(coalition, charity_id, coalition.mint)

    refusal = await refused(promotions.promote(coalition, charity=share, agreed=False))

    assert "AGREEMENT_MISSING" == refusal.code


async def test_an_agreement_covers_all_of_the_campaigns_time(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    told: dict[str, Any] = {
        "charity": {"charity_id": str(charity_id), "bps": 5_000},
        "funding": [{"funder": "operator", "bps": 10_000}],
        "at": NOON,
        "agreed": False,
    }
    await giving.agree(coalition, charity_id, coalition.operator_id, until=NOON + 10 * DAY)
    later = (NOON + 11 * DAY).isoformat()

    for_ever = await refused(promotions.promote(coalition, **told))
    too_long = await refused(promotions.promote(coalition, **told, ends_at=later))
    await giving.agree(
        coalition, charity_id, coalition.operator_id, since=NOON + 10 * DAY, until=NOON + 12 * DAY
    )

    assert [(NOON + 10 * DAY).isoformat()] * 2 == [
        one.data["since"] for one in (for_ever, too_long)
    ]
    assert isinstance(
        await promotions.promote(coalition, **told, ends_at=later), promotions.Promotion
    )


async def test_a_campaign_for_a_charity_that_is_not_verified_does_not_start(
    coalition: Coalition,
) -> None:
    charity_id = await giving.proposed(coalition)
    await giving.agree_all(coalition, charity_id)
    share = {"charity_id": str(charity_id), "bps": 5_000}

    refusal = await refused(promotions.promote(coalition, charity=share, agreed=False))

    assert "CHARITY_UNVERIFIED" == refusal.code


async def test_a_campaign_names_a_charity_of_the_directory(coalition: Coalition) -> None:
    share = {"charity_id": str(ids.new()), "bps": 5_000}

    refusal = await refused(promotions.promote(coalition, charity=share, agreed=False))

    at = ("definition", "charity", "charity_id")
    assert ("CAMPAIGN_INVALID", at) == (refusal.code, refusal.path)
