"""What a sign-in leaves behind: no text that opens anything, in no log and in no table."""

import logging
from typing import Any

import pytest
import structlog

from api.identity import sweeping
from tests.conftest import Connection
from tests.identity import relying
from wallet import database


async def test_nothing_that_opens_a_door_is_logged_or_stored(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    owner: Connection,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # The clients of this test are not ours: they may say what they send.
    foreign = ("httpx2", "httpcore2")
    for name in foreign:
        caplog.set_level(logging.WARNING, logger=name)
    caplog.set_level(logging.DEBUG)
    shop = await relying.register(db, "resource", "Reports")
    resource = relying.Party(
        app_client.http, app_client.house, shop.client.client_id, secret=shop.secret
    )
    page = await phone.get(app_client.address())
    code = relying.returned(await phone.answer(page))["code"]
    with structlog.testing.capture_logs() as events:
        tokens = (await app_client.redeem(code)).json()
        renewed = (await app_client.refresh(tokens)).json()
        await resource.ask("introspect", token=renewed["access_token"])
        await app_client.redeem(code)
        await app_client.refresh(renewed)
        await app_client.redeem("cp_ac_" + "A" * 43, code_verifier="x" * 50)
        await app_client.ask("revoke", token=renewed["refresh_token"])
    out, err = capfd.readouterr()
    logged = caplog.text + str(caplog.records) + str(events) + out + err
    stored = await dump(owner)

    secrets = {
        "code": code,
        "key": relying.key(page),
        "verifier": app_client.verifier,
        "session": str(phone.http.cookies["commonpurse"]),
        "client secret": str(shop.secret),
        **{name: tokens[name] for name in ("access_token", "refresh_token", "id_token")},
        **{f"second {name}": renewed[name] for name in ("access_token", "refresh_token")},
    }
    assert [] == [name for name, text in secrets.items() if text in logged]
    assert [] == [name for name, text in secrets.items() if text in stored]
    assert "Wallet app" in stored


async def test_what_has_ended_is_forgotten_after_a_day(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    tokens = await app_client.sign_in(phone)
    await phone.get(app_client.address())
    await app_client.ask("token", grant_type="client_credentials")
    kept = await counts(db)

    nothing = await sweeping.sweep(db, limit=100)
    same = await counts(db)
    await age(db, "23 hours")
    await sweeping.sweep(db, limit=100)
    today = await counts(db)
    await age(db, "2 hours")
    # Only then is there nothing left that hangs from the consent.
    swept = [await sweeping.sweep(db, limit=100) for _ in range(3)]

    assert (0, kept) == (nothing, same)
    assert kept == today
    assert swept[0] > 0 and swept[-1] == 0
    assert dict.fromkeys(kept, 0) == await counts(db)
    assert not await app_client.opens(tokens)


async def test_what_is_alive_is_never_swept(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    tokens = await app_client.sign_in(phone)
    await db.execute(
        "update identity.access_grant set created_at = clock_timestamp() - interval '1 year'"
    )

    for _ in range(3):
        await sweeping.sweep(db, limit=100)

    assert await app_client.opens(tokens)
    assert 200 == (await app_client.refresh(tokens)).status_code


TABLES = (
    *("authorization_request", "authorization_code", "refresh_token", "token", "session"),
    *("throttle", "access_grant"),
)


async def counts(db: database.Database) -> dict[str, int]:
    return {table: await db.fetchval(f"select count(*) from identity.{table}") for table in TABLES}


async def age(db: database.Database, span: str) -> None:
    """Let everything have ended this long ago, if it had not ended earlier."""
    for table in TABLES:
        column = {"throttle": "empty_at", "access_grant": "created_at"}.get(table, "expires_at")
        await db.execute(
            f"update identity.{table}"
            f" set {column} = least({column}, clock_timestamp()) - interval '{span}'"
        )


async def dump(owner: Connection) -> str:
    """Return every row of every table as text."""
    tables: Any = await owner.fetch(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('ledger', 'coalition', 'identity')"
        " and table_type = 'BASE TABLE'"
    )
    rows = []
    for schema, table in tables:
        rows += await owner.fetch(f"select t::text from {schema}.{table} t")
    return str(rows)
