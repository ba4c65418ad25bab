"""The first time and the forgotten password: letters, links, and who is signed out by them."""

import asyncio
import datetime
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from api.signin import accounts, once, recovery
from tests.identity import visitor
from tests.wallet import factories
from wallet import database, ids

NEW = "quite another set of words"


async def test_a_new_member_comes_by_letter_and_chooses_a_password(
    browser: visitor.Visitor, db: database.Database, coalition: factories.Coalition
) -> None:
    member = await coalition.member()
    asked = await browser.post("/recover", email=member.email)
    path = visitor.link_in(await browser.letter())

    page = await browser.get(path)
    saved = await browser.post("/verify", key=visitor.key_in(path), password=NEW)

    assert asked.status_code == 200
    assert "Welcome" in page.text
    assert member.email in page.text
    assert saved.headers["location"] == "/account"
    assert "confirmed" in (await browser.get("/account")).text
    person = await accounts.find(db, "member", member.member_id)
    assert person is not None
    assert person.email_verified_at is not None
    await browser.post("/signout")
    again = await browser.post("/signin", email=member.email, password=NEW)
    assert again.status_code == 303


async def test_a_link_lets_one_in_to_add_a_passkey_without_a_password(
    browser: visitor.Visitor, db: database.Database, coalition: factories.Coalition
) -> None:
    person = await accounts.find(db, "member", (await coalition.member()).member_id)
    assert person is not None
    path = await visitor.link(browser, db, person, "recover")

    answer = await browser.post("/verify", key=visitor.key_in(path), how="passkey")

    assert answer.headers["location"] == "/account"
    challenge = await browser.http.post("/account/passkeys/challenge", headers=visitor.OWN)
    assert challenge.status_code == 200
    assert "You have no password" in (await browser.get("/account")).text


async def test_nobody_learns_whether_an_address_is_known(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    known = await browser.post("/recover", email=ana.email)
    unknown = await browser.post("/recover", email="nobody-at-all@example.org")
    await browser.letter()
    await asyncio.sleep(0.2)

    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(ana.email, "") == unknown.text.replace(
        "nobody-at-all@example.org", ""
    )
    assert dict(known.headers).keys() == dict(unknown.headers).keys()
    assert len(list((browser.house.data_dir / "letters").glob("*"))) == 1


async def test_the_answer_does_not_wait_for_the_letter(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    # A server that takes the connection and says nothing: the letter waits, the page must not.
    never = asyncio.Event()

    async def wait(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await never.wait()

    silent = await asyncio.start_server(wait, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    url = f"smtp://127.0.0.1:{port}"
    async with visitor.visit(db, tmp_path, mailer="smtp", smtp_url=url) as browser:
        async with asyncio.timeout(5):
            answer = await browser.post("/recover", email=ana.email)
        silent.close()
        never.set()
        await asyncio.sleep(0.1)

    assert answer.status_code == 200


@pytest.mark.parametrize("purpose", ["recover", "invite"])
async def test_a_link_works_once(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person, purpose: str
) -> None:
    path = await visitor.link(browser, db, ana, purpose)
    key = visitor.key_in(path)
    looked = [(await browser.get(path)).status_code for _ in range(3)]

    answers = await asyncio.gather(
        *(browser.post("/verify", key=key, password=NEW) for _ in range(5))
    )
    later = await browser.get(path)

    assert [200] * 3 == looked
    assert [303, 410, 410, 410, 410] == sorted(one.status_code for one in answers)
    assert later.status_code == 410


async def test_a_link_is_over_after_half_an_hour(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    path = await visitor.link(browser, db, ana, "recover")
    left = await db.fetchval("select max(expires_at) - clock_timestamp() from identity.once")
    await db.execute("update identity.once set expires_at = clock_timestamp()")

    answers = [
        await browser.get(path),
        await browser.post("/verify", key=visitor.key_in(path), password=NEW),
    ]

    assert datetime.timedelta(minutes=29) < left <= datetime.timedelta(minutes=30)
    assert [410, 410] == [one.status_code for one in answers]


async def test_only_the_hash_of_a_link_is_stored(
    browser: visitor.Visitor, db: database.Database, owner: Any, ana: accounts.Person
) -> None:
    path = await visitor.link(browser, db, ana, "recover")

    row = await owner.fetchrow("select * from identity.once")

    assert visitor.key_in(path) not in str(dict(row))


async def test_a_secret_for_one_purpose_serves_no_other(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    challenge = await once.make(
        db, "passkey.use", datetime.timedelta(minutes=5), principal_id=ana.principal_id
    )
    confirm = visitor.key_in(await visitor.link(browser, db, ana, "confirm"))

    as_link = await browser.post("/verify", key=challenge, password=NEW)
    confirmed = await browser.post("/verify", key=confirm, password=NEW)

    assert as_link.status_code == 410
    assert "Address confirmed" in confirmed.text
    assert (await browser.get("/account")).status_code == 303  # a confirmation signs nobody in
    assert (await browser.sign_in(ana.email)).status_code == 303  # nor does it change a password


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("short", "too short"),
        ("x" * 200, "too long"),
        ("aaaaaaaaaaaaaaa", "too easy"),
        ("EMAIL", "too easy"),
    ],
)
async def test_a_poor_password_is_refused_and_the_link_still_works(
    browser: visitor.Visitor,
    db: database.Database,
    ana: accounts.Person,
    password: str,
    word: str,
) -> None:
    key = visitor.key_in(await visitor.link(browser, db, ana, "recover"))

    poor = await browser.post("/verify", key=key, password=password.replace("EMAIL", ana.email))
    better = await browser.post("/verify", key=key, password=NEW)

    assert poor.status_code == 422
    assert word in poor.text
    assert better.status_code == 303


async def test_recovery_signs_everybody_else_out_and_says_so_by_letter(
    browser: visitor.Visitor, db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    other_link = visitor.key_in(await visitor.link(browser, db, ana, "invite"))
    async with visitor.visit(db, tmp_path) as thief:
        await thief.sign_in(ana.email)
        key = visitor.key_in(await visitor.link(browser, db, ana, "recover"))
        await browser.post("/verify", key=key, password=NEW)
        thrown_out = await thief.get("/account")

    letter = await browser.letter()
    old_password = await browser.sign_in(ana.email)
    old_link = await browser.post("/verify", key=other_link, password="thief's own choice")
    acts = await db.fetch("select act from coalition.audit where actor_id = $1", ana.principal_id)
    assert {"account.recover", "password.set", "session.open"} == {row["act"] for row in acts}
    assert thrown_out.status_code == 303
    assert old_password.status_code == 422
    assert old_link.status_code == 410
    assert f"To: {ana.email}" in letter
    assert "opened with a link" in letter


async def test_one_goes_on_to_the_app_that_one_came_from(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    wanted = "/oauth/authorize?request=abcdefghijklmnopqrstuvwxyz"
    page = await browser.get("/recover", params={"next": wanted})
    await browser.post("/recover", email=ana.email, next=wanted)
    key = visitor.key_in(visitor.link_in(await browser.letter()))

    answer = await browser.post("/verify", key=key, password=NEW)

    assert f'name="next" value="{wanted}"' in page.text
    assert answer.headers["location"] == wanted


async def test_letters_to_one_address_are_few(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    answers = [await browser.post("/recover", email=ana.email) for _ in range(4)]

    assert [200, 200, 200, 429] == [one.status_code for one in answers]
    assert 60 < int(answers[-1].headers["retry-after"]) <= 3600


async def test_what_is_no_address_is_said(browser: visitor.Visitor) -> None:
    answer = await browser.post("/recover", email="ana")

    assert answer.status_code == 422
    assert "not an e-mail address" in answer.text


async def test_a_link_from_the_command_line_confirms_no_address(
    browser: visitor.Visitor, db: database.Database
) -> None:
    staff_id = await visitor.add_staff(db)
    made = await recovery.invite(db, browser.house, kind="staff", principal_id=staff_id)
    replaced = await recovery.invite(db, browser.house, kind="staff", principal_id=staff_id)

    first = await browser.get(made.removeprefix(browser.house.origin))
    answer = await browser.post("/verify", key=visitor.key_in(replaced), password=NEW)

    assert first.status_code == 410
    assert answer.headers["location"] == "/console"
    robin = await accounts.find(db, "staff", staff_id)
    assert robin is not None
    assert robin.email_verified_at is None


async def test_the_command_line_prints_a_link(
    browser: visitor.Visitor, db: database.Database, dsn: str
) -> None:
    shown = ids.show("sta", await visitor.add_staff(db))
    environment = {name: value for name, value in os.environ.items() if "COMMONPURSE" not in name}

    async def run(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.cli", "invite", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environment, "DATABASE_URL": dsn},
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode().strip()

    status, link = await run(shown)
    opened = await browser.get(link.removeprefix("http://localhost:8000"))
    nobody, _ = await run(ids.show("mem", ids.new()))
    wrong, _ = await run("mer_x")

    assert (status, opened.status_code) == (0, 200)
    assert "Welcome" in opened.text
    assert (nobody, wrong) == (1, 2)


async def test_a_letter_confirms_the_address_that_it_went_to(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    asked = await browser.post("/account/confirm")
    path = visitor.link_in(await browser.letter())
    page = await browser.get(path)
    await db.execute("update coalition.member set email = 'new@example.org'")
    after_a_change = await browser.post("/verify", key=visitor.key_in(path))
    await db.execute("update coalition.member set email = $1", ana.email)
    confirmed = await browser.post("/verify", key=visitor.key_in(path))

    assert asked.headers["location"] == "/account?said=sent"
    assert ana.email in page.text
    assert after_a_change.status_code == 410
    assert "Address confirmed" in confirmed.text
