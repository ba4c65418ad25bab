"""The account's page: sessions, apps and the password, each of them the owner's alone."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.identity import sessions
from api.signin import accounts
from tests.identity import visitor
from tests.wallet import factories
from wallet import database, ids

NEW = "quite another set of words"


@pytest.fixture
async def phone(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> AsyncIterator[visitor.Visitor]:
    """Ana's other browser, signed in."""
    async with visitor.visit(db, tmp_path) as opened:
        opened.http.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Safari/1"
        await opened.sign_in(ana.email)
        yield opened


async def _sessions(owner: Any, person: accounts.Person) -> dict[str, str]:
    rows = await owner.fetch(
        "select session_id::text, browser from identity.session where principal_id = $1"
        " and revoked_at is null",
        person.principal_id,
    )
    return {row["browser"].partition("/")[0]: row["session_id"] for row in rows}


async def test_one_sees_where_one_is_signed_in(
    browser: visitor.Visitor, phone: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)

    page = (await browser.get("/account")).text

    assert "Chrome, Android" in page
    assert "Firefox, Linux" in page
    assert page.count("this one") == 1


async def test_one_browser_is_signed_out_from_another(
    browser: visitor.Visitor, phone: visitor.Visitor, owner: Any, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    session_id = (await _sessions(owner, ana))["Mozilla"]

    answer = await browser.post("/account/sessions/end", session=session_id)

    assert answer.headers["location"] == "/account?said=ended"
    assert (await phone.get("/account")).status_code == 303
    assert (await browser.get("/account")).status_code == 200


async def test_everywhere_else_means_browsers_and_apps(
    browser: visitor.Visitor,
    phone: visitor.Visitor,
    db: database.Database,
    owner: Any,
    ana: accounts.Person,
) -> None:
    await browser.sign_in(ana.email)
    grant_id = await _connect(owner, ana)

    answer = await browser.post("/account/sessions/end-all")

    assert answer.headers["location"] == "/account?said=everywhere"
    assert (await phone.get("/account")).status_code == 303
    assert (await browser.get("/account")).status_code == 200
    why = await owner.fetchval(
        "select revoked_why from identity.access_grant where grant_id = $1", grant_id
    )
    assert why == "sign-out everywhere"


async def test_an_app_is_shown_and_disconnected(
    browser: visitor.Visitor, owner: Any, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    grant_id = await _connect(owner, ana)
    before = (await browser.get("/account")).text

    answer = await browser.post("/account/apps/disconnect", app=str(grant_id))

    assert "Harvest Row app" in before
    assert answer.headers["location"] == "/account?said=app"
    after = (await browser.get("/account?said=app")).text
    assert "Harvest Row app" not in after
    assert "The app is disconnected" in after


async def test_what_belongs_to_somebody_else_is_not_there(
    browser: visitor.Visitor,
    phone: visitor.Visitor,
    db: database.Database,
    owner: Any,
    ana: accounts.Person,
    coalition: factories.Coalition,
) -> None:
    ben = await visitor.give_password(db, "member", (await coalition.member()).member_id)
    await browser.sign_in(ben.email)
    grant_id = await _connect(owner, ana)
    session_id = (await _sessions(owner, ana))["Mozilla"]

    answers = [
        await browser.post("/account/sessions/end", session=session_id),
        await browser.post("/account/apps/disconnect", app=str(grant_id)),
        await browser.post("/account/sessions/end", session=str(ids.new())),
        await browser.post("/account/sessions/end", session="nonsense"),
        await browser.post("/account/apps/disconnect"),
    ]
    everywhere = await browser.post("/account/sessions/end-all")

    assert [404] * 5 == [one.status_code for one in answers]
    assert everywhere.status_code == 303
    assert (await phone.get("/account")).status_code == 200
    assert ana.name in (await phone.get("/account")).text


async def test_a_new_password_signs_the_other_browsers_out(
    browser: visitor.Visitor, phone: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)

    poor = await browser.post("/account/password", password="short")
    answer = await browser.post("/account/password", password=NEW)
    letter = await browser.letter()

    assert poor.status_code == 422
    assert answer.headers["location"] == "/account?said=password"
    assert "Your password was changed" in letter
    assert (await phone.get("/account")).status_code == 303
    await browser.post("/signout")
    assert (await browser.sign_in(ana.email)).status_code == 422
    assert (await browser.post("/signin", email=ana.email, password=NEW)).status_code == 303


async def test_staff_have_an_account_too_without_apps(
    browser: visitor.Visitor, db: database.Database
) -> None:
    robin = await visitor.give_password(db, "staff", await visitor.add_staff(db))
    await browser.sign_in(robin.email, path="/staff/signin")

    page = await browser.get("/account")

    assert page.status_code == 200
    assert "Robin" in page.text
    assert "Connected apps" not in page.text


async def test_a_session_ends_by_itself(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    left = await db.fetchval(
        "select expires_at - clock_timestamp() from identity.session where principal_id = $1",
        ana.principal_id,
    )
    await db.execute("update identity.session set expires_at = clock_timestamp()")

    assert left <= sessions.LIFE["member"]
    assert (await browser.get("/account")).headers["location"] == "/signin?next=/account"


async def test_a_copy_of_the_database_opens_nothing(
    browser: visitor.Visitor, db: database.Database, owner: Any, ana: accounts.Person
) -> None:
    await visitor.link(browser, db, ana, "recover")
    await browser.http.post("/signin/challenge", headers=visitor.OWN)
    await browser.sign_in(ana.email)
    cookie = browser.http.cookies["commonpurse"]
    tables = await owner.fetch(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('identity', 'coalition') and table_type = 'BASE TABLE'"
    )
    dump = "\n".join(
        [
            str(await owner.fetch(f"select t::text from {schema}.{table} t"))
            for schema, table in tables
        ]
    )

    assert visitor.PASSWORD not in dump
    assert cookie not in dump
    for found in set(_secrets(dump)):
        answer = await browser.get("/account", headers={"Cookie": f"commonpurse={found}"})
        assert answer.status_code == 303
        assert (await browser.get(f"/verify?key={found}")).status_code == 410


def _secrets(dump: str) -> list[str]:
    """Everything in a dump that has the form of a secret, and hashes written as one."""
    hashes = [bytes.fromhex(one) for one in re.findall(r"\\\\x([0-9a-f]{64})", dump)]
    written = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in hashes]
    assert len(written) >= 3
    return [*written, *re.findall(r"(?<![\w-])[\w-]{43}(?![\w-])", dump)]


async def _connect(owner: Any, person: accounts.Person) -> Any:
    """Connect an app as its sign-in leaves it: a consent, and a token that lives."""
    grant_id = ids.new()
    await owner.execute(
        "insert into identity.client (client_id, kind, name, auth_method, redirect_uris, scopes)"
        " values ('harvest', 'app', 'Harvest Row app', 'none', '{}', '{member}')"
    )
    await owner.execute(
        "insert into identity.access_grant (grant_id, client_id, principal_kind, principal_id,"
        " scopes, amr) values ($1, 'harvest', 'member', $2, '{member}', '{pwd}')",
        grant_id,
        person.principal_id,
    )
    await owner.execute(
        "insert into identity.token (token_id, token_hash, principal_kind, principal_id, scopes,"
        " audience, client_id, grant_id, expires_at) values ($1, '\\x00', 'member', $2,"
        " '{member}', 'commonpurse', 'harvest', $3, clock_timestamp() + interval '10 minutes')",
        ids.new(),
        person.principal_id,
        grant_id,
    )
    return grant_id
