"""Step-up: the first code at a merchant needs a sign-in of a moment ago, later ones do not."""

import datetime
from typing import Any

import pytest

from api.identity import bearer, stepup
from tests.api import client
from tests.wallet import factories
from tests.wallet.factories import NOON
from wallet import database, errors, ids, members

CODE = """mutation Code($at: ID!) { redemptionCodeCreate(merchantId: $at) {
  code { code } errors { code message path } } }"""
MOMENT = datetime.timedelta(microseconds=1)
MINUTE = datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ago", "fresh"),
    [
        (0 * MINUTE, True),
        (5 * MINUTE, True),
        (5 * MINUTE + MOMENT, False),
        (400 * factories.DAY, False),
        (-1 * MINUTE, True),
        (-1 * MINUTE - MOMENT, False),
    ],
)
def test_a_sign_in_is_fresh_for_five_minutes_and_a_clock_may_be_a_minute_ahead(
    ago: datetime.timedelta, fresh: bool
) -> None:
    assert stepup.is_fresh(NOON - ago, now=NOON) is fresh


def test_a_sign_in_that_nobody_knows_of_is_not_fresh() -> None:
    assert not stepup.is_fresh(None, now=NOON)


def test_a_known_way_needs_no_fresh_sign_in() -> None:
    stepup.check(None, now=NOON, signs=())

    with pytest.raises(errors.StepUpRequired, match="max_age=300"):
        stepup.check(None, now=NOON, signs=("new_partner",))


async def ask(caller: client.Client, merchant: Any) -> Any:
    """Ask for a code at a merchant."""
    shown = ids.show("mer", getattr(merchant, "principal_id", merchant))
    return (await caller.ask(CODE, {"at": shown})).data["redemptionCodeCreate"]


async def age(owner: Any, caller: client.Client, minutes: float) -> None:
    """Let a token be as old as that."""
    await owner.execute(
        "update identity.token set created_at = clock_timestamp() - $2::interval"
        " where principal_id = $1",
        caller.principal_id,
        datetime.timedelta(minutes=minutes),
    )


async def test_a_fresh_token_opens_a_new_merchant_and_an_old_one_does_not(
    ana: client.Client, rosa: client.Client, owner: Any
) -> None:
    await age(owner, ana, 4.9)
    fresh = await ask(ana, rosa)
    await age(owner, ana, 5.1)
    stale = await ask(ana, rosa)

    assert (fresh["errors"], len(fresh["code"]["code"])) == ([], 14)
    assert stale["code"] is None
    assert stale["errors"] == [
        {
            "code": "STEP_UP_REQUIRED",
            "message": "This is the first time at this merchant. Sign in again with max_age=300,"
            " then send this again.",
            "path": ["merchantId"],
        }
    ]


async def test_where_a_member_has_spent_before_an_old_sign_in_is_enough(
    ana: client.Client,
    rosa: client.Client,
    bakery: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
    owner: Any,
) -> None:
    member = await members.find(db, ana.principal_id)
    await coalition.spend(member, rosa.principal_id, 300)
    await coalition.release(await coalition.hold(member, bakery.principal_id, 300))
    await age(owner, ana, 60)

    known, released = await ask(ana, rosa), await ask(ana, bakery)

    assert known["errors"] == []
    assert [one["code"] for one in released["errors"]] == ["STEP_UP_REQUIRED"]


async def test_what_somebody_else_spent_there_does_not_count(
    ana: client.Client,
    rosa: client.Client,
    coalition: factories.Coalition,
    owner: Any,
) -> None:
    eva = await coalition.member()
    await coalition.fill(eva, 500)
    await coalition.spend(eva, rosa.principal_id, 300)
    await age(owner, ana, 60)

    assert [one["code"] for one in (await ask(ana, rosa))["errors"]] == ["STEP_UP_REQUIRED"]


async def test_a_sign_in_counts_from_when_the_person_signed_in_not_from_the_tokens_birth(
    ana: client.Client, rosa: client.Client, db: database.Database, owner: Any
) -> None:
    """A token that was refreshed a second ago is as old as the sign-in of its grant."""
    grant_id = ids.new()
    await owner.execute(
        "insert into identity.client (client_id, kind, name, auth_method, redirect_uris, scopes)"
        " values ('purse-app', 'app', 'Purse', 'none', '{}', '{member}')"
    )
    await owner.execute(
        "insert into identity.access_grant (grant_id, client_id, principal_kind, principal_id,"
        " scopes, amr, authenticated_at) values ($1, 'purse-app', 'member', $2, '{member}',"
        " '{pwd}', clock_timestamp() - interval '6 minutes')",
        grant_id,
        ana.principal_id,
    )
    await owner.execute(
        "update identity.token set client_id = 'purse-app', grant_id = $2 where principal_id = $1",
        ana.principal_id,
        grant_id,
    )

    stale = await ask(ana, rosa)
    await owner.execute("update identity.access_grant set authenticated_at = clock_timestamp()")
    fresh = await ask(ana, rosa)

    assert [one["code"] for one in stale["errors"]] == ["STEP_UP_REQUIRED"]
    assert fresh["errors"] == []


async def test_a_merchant_that_is_not_there_is_not_found_however_old_the_sign_in_is(
    ana: client.Client, owner: Any, db: database.Database
) -> None:
    await age(owner, ana, 60)
    fresh = await bearer.mint(db, kind="member", principal_id=ana.principal_id)

    old = await ask(ana, ids.new())
    new = await ask(client.Client(ana.http, fresh.text, ana.principal_id), ids.new())

    assert [one["code"] for one in old["errors"]] == ["NOT_FOUND"]
    assert old == new
