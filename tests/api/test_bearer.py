"""Tokens: shown once, stored as a hash, and dead the moment they should be."""

import datetime
import hashlib
from typing import Any

import pytest

from api.identity import bearer
from tests.identity import relying
from wallet import audit, database, ids, staff


async def test_only_the_hash_of_a_token_is_stored(db: database.Database, owner: Any) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=ids.new())

    row = await owner.fetchrow("select * from identity.token")

    assert minted.text.startswith("cp_at_")
    assert row["token_hash"] == hashlib.sha256(minted.text.encode()).digest()
    assert minted.text not in str(dict(row))


async def test_a_token_speaks_for_its_principal_with_its_scopes(db: database.Database) -> None:
    merchant_id = ids.new()
    minted = await bearer.mint(
        db, kind="merchant", principal_id=merchant_id, scopes=["purchases:read"]
    )

    found = await bearer.find(db, minted.text)

    assert found is not None
    assert (found.token_id, found.kind) == (minted.token_id, "merchant")
    assert (found.principal_id, found.scopes) == (merchant_id, frozenset({"purchases:read"}))
    assert (found.client_id, found.role, found.member) == (None, None, None)


async def test_a_revoked_token_opens_nothing_from_then_on(db: database.Database) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=ids.new())

    assert await bearer.revoke(db, minted.token_id) is True
    assert await bearer.revoke(db, minted.token_id) is False
    assert await bearer.find(db, minted.text) is None


async def test_an_expired_token_opens_nothing(db: database.Database, owner: Any) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=ids.new())

    await owner.execute("update identity.token set expires_at = clock_timestamp()")

    assert await bearer.find(db, minted.text) is None


async def test_a_token_for_another_audience_opens_nothing(db: database.Database) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=ids.new(), audience="elsewhere")

    assert await bearer.find(db, minted.text) is None
    assert await bearer.find(db, minted.text, audience="elsewhere") is not None


async def test_a_token_is_found_by_all_of_its_text_only(db: database.Database) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=ids.new())

    for text in (minted.text[:-1], minted.text + "A", minted.text.upper(), " " + minted.text, "é"):
        assert await bearer.find(db, text) is None


async def test_a_kind_is_never_given_the_scope_of_another(db: database.Database) -> None:
    cases: list[tuple[bearer.Kind, str]] = [
        ("member", "support:read"),
        ("merchant", "member"),
        ("staff", "member"),
    ]
    for kind, scope in cases:
        with pytest.raises(ValueError, match="may have"):
            await bearer.mint(db, kind=kind, principal_id=ids.new(), scopes=[scope])


async def test_no_token_lives_for_ever(db: database.Database) -> None:
    for life in (datetime.timedelta(0), bearer.LIFE_MAX + datetime.timedelta(seconds=1)):
        with pytest.raises(ValueError, match="lives at most"):
            await bearer.mint(db, kind="member", principal_id=ids.new(), life=life)


async def test_a_role_limits_its_tokens_also_when_it_is_lowered_later(
    db: database.Database,
) -> None:
    staff_id = ids.new()
    await staff.add(
        db,
        staff_id=staff_id,
        name="Oscar",
        email="oscar@example.org",
        role="operator",
        actor=audit.SYSTEM,
    )
    minted = await bearer.mint(db, kind="staff", principal_id=staff_id)
    before = await bearer.find(db, minted.text)
    await db.execute("update coalition.staff set role = 'support' where staff_id = $1", staff_id)
    after = await bearer.find(db, minted.text)

    assert before is not None and "merchants:write" in before.scopes
    assert after is not None and after.scopes == bearer.ROLE_SCOPES["support"]
    with pytest.raises(ValueError, match="A support token may have"):
        await bearer.mint(db, kind="staff", principal_id=staff_id, scopes=["merchants:write"])


async def granted(db: database.Database) -> str:
    """Return an access token of a member's app, as the authorization server stores it."""
    client = await relying.register(db)
    grant_id, text = ids.new(), "cp_at_" + "A" * 43
    await db.execute(
        "insert into identity.access_grant (grant_id, client_id, principal_kind, principal_id,"
        " scopes, amr, authenticated_at)"
        " values ($1, $2, 'member', $3, '{member}', '{pwd}', clock_timestamp() - interval '1 h')",
        grant_id,
        client.client.client_id,
        ids.new(),
    )
    await db.execute(
        "insert into identity.token (token_id, token_hash, principal_kind, principal_id, scopes,"
        " audience, client_id, grant_id, expires_at)"
        " select $1, $2, principal_kind, principal_id, scopes, 'commonpurse', client_id, grant_id,"
        " clock_timestamp() + interval '10 min' from identity.access_grant where grant_id = $3",
        ids.new(),
        hashlib.sha256(text.encode()).digest(),
        grant_id,
    )
    return text


async def test_a_token_of_a_consent_knows_when_the_person_signed_in(db: database.Database) -> None:
    found = await bearer.find(db, await granted(db))

    assert found is not None and found.authenticated_at is not None
    age = datetime.datetime.now(datetime.UTC) - found.authenticated_at
    assert datetime.timedelta(minutes=59) < age < datetime.timedelta(minutes=61)


@pytest.mark.parametrize(
    "change",
    [
        "update identity.access_grant set revoked_at = clock_timestamp()",
        "delete from identity.access_grant",
        "update identity.client set status = 'suspended'",
        "delete from identity.client",
        "update identity.token set revoked_at = clock_timestamp()",
        "update identity.token set expires_at = clock_timestamp()",
        "update identity.token set audience = 'elsewhere'",
    ],
)
async def test_a_token_of_a_consent_is_worth_no_more_than_the_consent_and_the_client(
    db: database.Database, change: str
) -> None:
    text = await granted(db)
    before = await bearer.find(db, text)

    await db.execute(change)

    assert before is not None
    assert await bearer.find(db, text) is None
