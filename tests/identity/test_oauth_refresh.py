"""Refresh tokens: each works once; the second use of one ends the family, but for a lost answer."""

import asyncio
import dataclasses
import datetime
from typing import Any

import pytest

from api.identity import consents
from api.oauth import refreshing
from tests.identity import relying
from wallet import database, members


async def error_of(party: relying.Party, tokens: dict[str, Any], **changed: str) -> str:
    response = await party.refresh(tokens, **changed)
    assert (400, "no-store") == (response.status_code, response.headers["cache-control"])
    error: str = response.json()["error"]
    return error


async def renewed(party: relying.Party, tokens: dict[str, Any], **changed: str) -> dict[str, Any]:
    response = await party.refresh(tokens, **changed)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


async def pass_by(db: database.Database, seconds: float) -> None:
    """Let time pass since every rotation."""
    await db.execute(
        "update identity.refresh_token set rotated_at = rotated_at - $1::interval",
        datetime.timedelta(seconds=seconds),
    )


async def leaves(db: database.Database) -> int:
    """Return how many refresh tokens still open anything."""
    found: int = await db.fetchval(
        "select count(*) from identity.refresh_token r"
        " join identity.access_grant g using (grant_id)"
        " where g.revoked_at is null and r.rotated_at is null and r.retired_at is null"
    )
    return found


@pytest.fixture
async def tokens(phone: relying.Browser, app_client: relying.Party) -> dict[str, Any]:
    return await app_client.sign_in(phone)


async def test_each_use_gives_the_next_one(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    second = await renewed(app_client, tokens)
    third = await renewed(app_client, second)

    texts = {one[name] for one in (tokens, second, third) for name in one if "en" in name[-5:]}
    assert {"token_type", "access_token", "refresh_token", "expires_in", "scope"} == set(third)
    assert relying.SCOPE == third["scope"]
    assert len(texts) >= 6
    assert await app_client.opens(third)
    assert 1 == await leaves(db)


async def test_a_second_use_ends_the_family(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    second = await renewed(app_client, tokens)
    await pass_by(db, 11)

    assert "invalid_grant" == await error_of(app_client, tokens)
    assert "invalid_grant" == await error_of(app_client, second)
    assert [False, False] == [await app_client.opens(tokens), await app_client.opens(second)]
    why = await db.fetchval("select revoked_why from identity.access_grant")
    assert "a refresh token was presented twice" == why


async def test_a_lost_answer_is_given_again_once(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    lost = await renewed(app_client, tokens)

    given = await renewed(app_client, tokens)

    assert await app_client.opens(given)
    assert not await app_client.opens(lost)
    assert 1 == await leaves(db)
    third = await renewed(app_client, given)
    assert await app_client.opens(third)


async def test_a_lost_answer_is_not_given_a_third_time(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    await renewed(app_client, tokens)
    given = await renewed(app_client, tokens)

    assert "invalid_grant" == await error_of(app_client, tokens)
    assert not await app_client.opens(given)
    assert "invalid_grant" == await error_of(app_client, given)


async def test_whoever_holds_the_retired_one_gives_themselves_away(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    stolen = await renewed(app_client, tokens)
    given = await renewed(app_client, tokens)

    assert "invalid_grant" == await error_of(app_client, stolen)
    assert not await app_client.opens(given)


async def test_there_is_no_grace_once_the_answer_was_seen(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    second = await renewed(app_client, tokens)
    third = await renewed(app_client, second)

    assert "invalid_grant" == await error_of(app_client, tokens)
    assert not await app_client.opens(third)


async def test_grace_ends_after_ten_seconds(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    await renewed(app_client, tokens)
    await pass_by(db, 9)
    await renewed(app_client, tokens)

    assert datetime.timedelta(seconds=10) == refreshing.GRACE


async def test_a_client_with_a_secret_has_no_grace(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    shop = await relying.register(db, "resource", "Holds the secret")
    assert shop.secret is not None
    client_id = app_client.client_id
    await db.execute(
        "update identity.client_secret set client_id = $1 where client_id = $2",
        client_id,
        shop.client.client_id,
    )
    await db.execute(
        "update identity.client set auth_method = 'client_secret_basic' where client_id = $1",
        client_id,
    )
    party = dataclasses.replace(app_client, secret=shop.secret)
    tokens = await party.sign_in(phone)
    second = await renewed(party, tokens)

    assert "invalid_grant" == await error_of(party, tokens)
    assert not await party.opens(second)


async def test_another_client_can_neither_use_it_nor_end_the_family(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    other = await relying.register(db, name="Other app")
    thief = dataclasses.replace(app_client, client_id=other.client.client_id)
    second = await renewed(app_client, tokens)
    await pass_by(db, 60)

    assert "invalid_grant" == await error_of(thief, second)
    assert "invalid_grant" == await error_of(thief, tokens)
    assert await app_client.opens(second)
    assert await app_client.opens(await renewed(app_client, second))


async def test_it_never_grows(phone: relying.Browser, app_client: relying.Party) -> None:
    tokens = await app_client.sign_in(phone, scope="openid offline_access")

    assert "invalid_scope" == await error_of(app_client, tokens, scope="openid member")
    # The refused request has used nothing up.
    assert "openid offline_access" == (await renewed(app_client, tokens))["scope"]


async def test_an_access_token_may_do_less_and_the_next_one_all_again(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    less = await renewed(app_client, tokens, scope="openid")
    all_again = await renewed(app_client, less)

    assert ("openid", relying.SCOPE) == (less["scope"], all_again["scope"])


async def test_a_scope_that_the_client_has_lost_is_left_out(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    await db.execute("update identity.client set scopes = array_remove(scopes, 'email')")

    second = await renewed(app_client, tokens)

    assert "email" not in second["scope"].split()
    assert "invalid_scope" == await error_of(app_client, second, scope="email")


async def test_of_eight_at_once_at_most_one_chain_goes_on(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(app_client.refresh(tokens) for _ in range(8)))

    statuses = sorted(answer.status_code for answer in answers)
    # The first one, the one lost answer that is forgiven, and then the verdict.
    assert [200, 200] + [400] * 6 == statuses
    assert 0 == await leaves(db)


async def test_of_two_at_once_one_chain_goes_on(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(app_client.refresh(tokens) for _ in range(2)))

    assert [200, 200] == [answer.status_code for answer in answers]
    assert 1 == await leaves(db)


async def test_it_ends_after_thirty_days_without_use(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    life = await db.fetchval("select expires_at - created_at from identity.refresh_token")
    await db.execute("update identity.refresh_token set expires_at = clock_timestamp()")

    assert life < datetime.timedelta(days=30, seconds=1)
    assert "invalid_grant" == await error_of(app_client, tokens)


async def test_what_is_no_refresh_token_is_refused(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    for text in (tokens["access_token"], "cp_rt_" + "A" * 43, "x", '"\\é'):
        assert "invalid_grant" == await error_of(app_client, {"refresh_token": text})
    missing = await app_client.ask("token", grant_type="refresh_token")
    assert "invalid_request" == missing.json()["error"]
    assert await app_client.opens(tokens)


async def test_a_member_who_disconnects_the_app_ends_all_of_it(
    db: database.Database,
    app_client: relying.Party,
    tokens: dict[str, Any],
    member: members.Member,
    coalition: Any,
) -> None:
    second = await renewed(app_client, tokens)
    (consent,) = await consents.of(db, member.member_id)
    other = await coalition.member()

    theirs = await consents.revoke(
        db, consent.grant_id, principal_id=other.member_id, why="not theirs"
    )
    before = await app_client.opens(second)
    mine = await consents.revoke(
        db, consent.grant_id, principal_id=member.member_id, why="the member disconnected it"
    )

    assert ("Wallet app", app_client.client_id) == (consent.client_name, consent.client_id)
    assert frozenset(relying.SCOPE.split()) == consent.scopes
    assert (False, True, True) == (theirs, before, mine)
    assert not await app_client.opens(second)
    assert "invalid_grant" == await error_of(app_client, second)
    assert [] == await consents.of(db, member.member_id)


async def test_a_sign_in_that_was_never_finished_is_no_connection(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    member: members.Member,
) -> None:
    await app_client.code(phone)

    assert [] == await consents.of(db, member.member_id)


async def test_every_app_of_a_person_can_be_disconnected_at_once(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    member: members.Member,
) -> None:
    both = [await app_client.sign_in(phone), await app_client.sign_in(phone)]

    ended = await consents.revoke_all(db, member.member_id, why="a lost phone")

    assert 2 == ended
    assert [False, False] == [await app_client.opens(tokens) for tokens in both]
