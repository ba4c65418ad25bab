"""The registry of clients: who is found in it, and the life of a secret."""

import asyncio
import datetime
import uuid
from typing import Any

import pytest
from joserfc import jwk

from api.identity import clients, rotation
from tests.conftest import Connection
from tests.wallet import factories
from wallet import audit, database, errors, ids

NONE = datetime.timedelta(0)
DAY = datetime.timedelta(days=1)


async def shop(
    db: database.Database, merchant_id: uuid.UUID, key: uuid.UUID | None = None, **more: Any
) -> clients.Given:
    facts: dict[str, Any] = {"name": "Rosa's till", "scopes": ["purchases:report"]} | more
    return await clients.register(
        db,
        key=key or ids.new(),
        kind="merchant",
        merchant_id=merchant_id,
        actor=audit.SYSTEM,
        **facts,
    )


async def app(db: database.Database, *redirects: str, **more: Any) -> clients.Given:
    return await clients.register(
        db,
        key=ids.new(),
        kind="app",
        name="Wallet",
        scopes=more.pop("scopes", ["openid", "member"]),
        redirect_uris=redirects or ("https://app.example/back",),
        actor=audit.SYSTEM,
        **more,
    )


def public(key: jwk.Key) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


@pytest.fixture
async def merchant_id(db: database.Database) -> uuid.UUID:
    return await (await factories.open_coalition(db)).merchant()


async def test_a_merchants_client_is_found_as_it_was_registered(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    made = await shop(db, merchant_id, rate_per_minute=500)

    found = await clients.find(db, made.client.client_id)

    assert made.client == found
    assert (found.kind, found.auth_method, found.merchant_id) == (
        "merchant",
        "client_secret_basic",
        merchant_id,
    )
    assert found.active and not found.may_introspect and found.rate_per_minute == 500


async def test_an_unknown_client_is_none(db: database.Database) -> None:
    assert await clients.find(db, "cli_unknown") is None
    assert await clients.find(db, "nul\x00") is None
    assert not await clients.check_secret(db, "nul\x00", clients.new_secret())


async def test_a_secret_opens_its_own_client_only_and_is_not_kept(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    one, other = await shop(db, merchant_id), await shop(db, merchant_id)
    assert one.secret is not None and clients.SHAPE.fullmatch(one.secret)

    assert await clients.check_secret(db, one.client.client_id, one.secret)
    assert not await clients.check_secret(db, other.client.client_id, one.secret)
    assert not await clients.check_secret(db, one.client.client_id, one.secret[:-1])
    assert not await clients.check_secret(db, one.client.client_id, clients.new_secret())
    assert not await clients.check_secret(db, "cli_unknown", one.secret)
    for table in ("identity.client", "identity.client_secret", "coalition.audit"):
        kept = await owner.fetchval(f"select string_agg(x::text, '') from {table} x")
        assert one.secret not in kept


async def test_a_repeated_registration_is_the_same_client_and_shows_no_secret(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    key = ids.new()
    first = await shop(db, merchant_id, key)
    second = await shop(db, merchant_id, key)

    assert (second.client, second.secret, second.replayed) == (first.client, None, True)
    assert await owner.fetchval("select count(*) from identity.client_secret") == 1
    assert await owner.fetchval("select count(*) from coalition.audit where subject_id=$1", key)
    with pytest.raises(errors.IdempotencyKeyReused):
        await shop(db, merchant_id, key, scopes=["purchases:read"])


async def test_an_app_has_no_secret(db: database.Database) -> None:
    made = await app(db)

    assert (made.secret, made.client.auth_method) == (None, "none")
    with pytest.raises(errors.ClientInvalid):
        await rotation.secret_add(
            db, made.client.client_id, secret_id=ids.new(), actor=audit.SYSTEM
        )


async def test_a_resource_server_may_introspect_and_nothing_else(db: database.Database) -> None:
    made = await clients.register(
        db, key=ids.new(), kind="resource", name="Reports", actor=audit.SYSTEM
    )

    assert made.client.may_introspect and made.client.scopes == frozenset()
    assert made.secret and await clients.check_secret(db, made.client.client_id, made.secret)


async def test_two_secrets_open_the_door_until_the_old_one_ends(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    made = await shop(db, merchant_id)
    client_id = made.client.client_id
    new = await rotation.secret_add(db, client_id, secret_id=ids.new(), actor=audit.SYSTEM)
    assert made.secret and new.secret

    assert await clients.check_secret(db, client_id, made.secret)
    assert await clients.check_secret(db, client_id, new.secret)
    old, young = (await rotation.secrets_of(db, [client_id]))[client_id]
    assert old.expires_at is not None and young.expires_at is None
    left = old.expires_at - datetime.datetime.now(datetime.UTC)
    assert DAY - datetime.timedelta(minutes=1) < left <= DAY

    await owner.execute(
        "update identity.client_secret set expires_at = clock_timestamp() where secret_id = $1",
        old.secret_id,
    )
    assert not await clients.check_secret(db, client_id, made.secret)
    assert await clients.check_secret(db, client_id, new.secret)


async def test_a_repeated_rotation_changes_nothing_and_shows_no_secret(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    one, other = await shop(db, merchant_id), await shop(db, merchant_id)
    client_id, key = one.client.client_id, ids.new()
    await rotation.secret_add(db, client_id, secret_id=key, actor=audit.SYSTEM)
    before = await rotation.secrets_of(db, [client_id])

    again = await rotation.secret_add(
        db, client_id, secret_id=key, overlap=NONE, actor=audit.SYSTEM
    )

    assert (again.secret, again.replayed) == (None, True)
    assert before == await rotation.secrets_of(db, [client_id])
    with pytest.raises(errors.IdempotencyKeyReused):
        await rotation.secret_add(db, other.client.client_id, secret_id=key, actor=audit.SYSTEM)


async def test_a_third_live_secret_is_refused_and_a_leak_ends_both(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    made = await shop(db, merchant_id)
    client_id = made.client.client_id
    second = await rotation.secret_add(
        db, client_id, secret_id=ids.new(), overlap=None, actor=audit.SYSTEM
    )
    for overlap in (DAY, None):
        with pytest.raises(errors.SecretLimit):
            await rotation.secret_add(
                db, client_id, secret_id=ids.new(), overlap=overlap, actor=audit.SYSTEM
            )
    # A refusal rolls back: the old secrets did not begin to end.
    assert [one.expires_at for one in (await rotation.secrets_of(db, [client_id]))[client_id]] == [
        None,
        None,
    ]

    third = await rotation.secret_add(
        db, client_id, secret_id=ids.new(), overlap=NONE, actor=audit.SYSTEM
    )

    assert made.secret and second.secret and third.secret
    assert [
        await clients.check_secret(db, client_id, secret)
        for secret in (made.secret, second.secret, third.secret)
    ] == [False, False, True]


async def test_rotations_at_once_leave_two_live_secrets(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    client_id = (await shop(db, merchant_id)).client.client_id

    outcomes = await asyncio.gather(
        *(
            rotation.secret_add(db, client_id, secret_id=ids.new(), actor=audit.SYSTEM)
            for _ in range(6)
        ),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["Given"] + ["SecretLimit"] * 5
    assert len((await rotation.secrets_of(db, [client_id]))[client_id]) == rotation.SECRETS_MAX


async def test_a_revoked_secret_opens_nothing(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    made = await shop(db, merchant_id)
    client_id = made.client.client_id
    ((secret,),) = (await rotation.secrets_of(db, [client_id])).values()

    assert not await rotation.secret_revoke(db, "cli_x", secret.secret_id, actor=audit.SYSTEM)
    assert await rotation.secret_revoke(db, client_id, secret.secret_id, actor=audit.SYSTEM)
    assert not await rotation.secret_revoke(db, client_id, secret.secret_id, actor=audit.SYSTEM)
    assert made.secret and not await clients.check_secret(db, client_id, made.secret)


async def test_the_last_use_is_noted_once_a_minute(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    made = await shop(db, merchant_id, rate_per_minute=7)
    client_id = made.client.client_id
    assert made.client.last_used_at is None and made.secret
    await clients.touch(db, client_id)
    await clients.check_secret(db, client_id, made.secret)

    async def seen() -> list[Any]:
        return await owner.fetchrow(  # type: ignore[return-value]
            "select c.last_used_at, s.last_used_at from identity.client c"
            " join identity.client_secret s using (client_id)"
        )

    first = await seen()
    await clients.touch(db, client_id)
    await clients.check_secret(db, client_id, made.secret)
    assert None not in first and first == await seen()
    for table in ("client", "client_secret"):
        await owner.execute(
            f"update identity.{table} set last_used_at = last_used_at - interval '61 s'"
        )
    assert await clients.rate(db, client_id) == 7  # which also notes the use
    await clients.check_secret(db, client_id, made.secret)
    assert all(later > earlier for later, earlier in zip(await seen(), first, strict=True))


async def test_the_limit_of_a_client_is_read_once_a_minute(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    client_id = (await shop(db, merchant_id, rate_per_minute=7)).client.client_id
    free = (await shop(db, merchant_id)).client.client_id

    assert await clients.rate(db, client_id) == 7
    assert await clients.rate(db, free) is None
    assert await clients.rate(db, "cli_unknown") is None
    await owner.execute("update identity.client set rate_per_minute = 9")
    assert await clients.rate(db, client_id) == 7


async def test_a_client_is_suspended_and_reinstated_with_a_reason(
    db: database.Database, owner: Connection, merchant_id: uuid.UUID
) -> None:
    client_id = (await shop(db, merchant_id)).client.client_id

    suspended = await clients.suspend(db, client_id, actor=audit.SYSTEM, reason="A leak.")
    reinstated = await clients.reinstate(db, client_id, actor=audit.SYSTEM, reason="Mended.")

    assert (suspended.active, reinstated.active) == (False, True)
    with pytest.raises(errors.ReasonMissing):
        await clients.suspend(db, client_id, actor=audit.SYSTEM, reason=" ")
    with pytest.raises(errors.NotFound):
        await clients.suspend(db, "cli_unknown", actor=audit.SYSTEM, reason="Why.")
    acts = await owner.fetch(
        "select act, reason from coalition.audit where act like 'client.%' order by happened_at"
    )
    assert [tuple(row) for row in acts] == [
        ("client.register", None),
        ("client.suspended", "A leak."),
        ("client.active", "Mended."),
    ]


async def test_the_list_is_of_one_merchant_or_of_all(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    theirs = await shop(db, merchant_id)
    phone = await app(db)

    assert [theirs.client] == await clients.list_of(db, merchant_id)
    assert [phone.client, theirs.client] == await clients.list_of(db)
    assert [] == await clients.list_of(db, ids.new())


async def test_a_client_of_keys_has_public_keys_and_no_secret(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    old, new = jwk.generate_key("EC", "P-256"), jwk.generate_key("EC", "P-256")
    made = await shop(db, merchant_id, auth_method="private_key_jwt", jwks={"keys": [public(old)]})
    assert made.secret is None and made.client.jwks is not None

    both = {"keys": [public(old), public(new)]}
    replaced = await rotation.jwks_replace(db, made.client.client_id, both, actor=audit.SYSTEM)

    assert replaced.jwks is not None
    assert [key["kid"] for key in replaced.jwks["keys"]] == [old.thumbprint(), new.thumbprint()]
    with pytest.raises(errors.ClientInvalid):
        await rotation.jwks_replace(
            db, (await shop(db, merchant_id)).client.client_id, both, actor=audit.SYSTEM
        )


async def test_a_merchants_client_names_a_merchant_that_exists(
    db: database.Database, merchant_id: uuid.UUID
) -> None:
    with pytest.raises(errors.NotFound):
        await shop(db, ids.new())
    with pytest.raises(errors.ClientInvalid):
        await app(db, merchant_id=merchant_id)
    with pytest.raises(errors.ClientInvalid):
        await shop(db, merchant_id, rate_per_minute=0)
    with pytest.raises(errors.TextInvalid):
        await shop(db, merchant_id, name="")
