"""Signing in with a password: who gets in, what everybody else is told, and how often they may."""

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import argon2
import pytest
from starlette.requests import Request
from starlette.types import Message

from api import settings
from api.signin import accounts, forms, passwords
from tests.identity import visitor
from tests.wallet import factories
from wallet import database


async def test_a_member_signs_in_and_is_home(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    answer = await browser.sign_in(ana.email)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    account = await browser.get("/account")
    assert account.status_code == 200
    assert ana.name in account.text


async def test_capitals_and_spaces_around_an_address_do_not_matter(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    answer = await browser.sign_in(f" {ana.email.upper()} ")

    assert answer.status_code == 303


async def test_the_cookie_is_for_this_host_and_no_script(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    async with visitor.visit(db, tmp_path, issuer="https://localhost:8000") as browser:
        answer = await browser.sign_in(ana.email)

    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-commonpurse=")
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= set(cookie.split("; "))
    assert "domain" not in cookie


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    wrong = await browser.post("/signin", email=ana.email, password="something else entirely")
    unknown = await browser.post("/signin", email="x" + ana.email, password="something else enti")

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.text == unknown.text.replace("x" + ana.email, ana.email)
    assert dict(wrong.headers).keys() == dict(unknown.headers).keys()


async def test_an_unknown_address_takes_the_same_work(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    async def seconds(email: str) -> float:
        began = time.perf_counter()
        await browser.post("/signin", email=email, password="something else entirely")
        return time.perf_counter() - began

    await seconds("first@example.org")  # what is made once is made now
    known, unknown = [], []
    for number in range(4):
        known.append(await seconds(ana.email))
        unknown.append(await seconds(f"nobody-{number}@example.org"))
        await db.execute("delete from identity.throttle")

    # Without the check it would be less than a tenth.
    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


async def test_a_member_without_a_password_cannot_guess_one(
    browser: visitor.Visitor, coalition: factories.Coalition
) -> None:
    member = await coalition.member()

    for password in ("", " ", "None"):
        answer = await browser.post("/signin", email=member.email, password=password)
        assert answer.status_code == 422


async def test_after_signing_in_one_goes_on_to_what_one_wanted(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    wanted = "/oauth/authorize?request=abcdefghijklmnopqrstuvwxyz"

    answer = await browser.sign_in(ana.email, next=wanted)

    assert answer.headers["location"] == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/oauth/authorize?request=abcdefghijklmnopqrst&x=y",
        "/oauth/authorize?client_id=x",
        "/account/../x",
        "/account\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/graphql",
    ],
)
async def test_nobody_is_sent_anywhere_else(
    browser: visitor.Visitor, ana: accounts.Person, wanted: str
) -> None:
    page = await browser.get("/signin", params={"next": wanted})
    answer = await browser.sign_in(ana.email, next=wanted)

    assert 'name="next"' not in page.text
    assert answer.headers["location"] == "/account"


async def test_a_planted_session_gains_nothing(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.http.post("/signin/challenge", headers=visitor.OWN)
    planted = browser.http.cookies["commonpurse"]

    await browser.sign_in(ana.email)
    after = browser.http.cookies["commonpurse"]
    browser.http.cookies.set("commonpurse", planted, domain="localhost.local", path="/")
    browser.http.cookies.clear()
    as_thief = await browser.get("/account", headers={"Cookie": f"commonpurse={planted}"})

    assert after != planted
    assert as_thief.headers["location"].startswith("/signin")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8000.evil.example"},
        {},
    ],
)
async def test_a_form_from_elsewhere_does_nothing(
    browser: visitor.Visitor, ana: accounts.Person, headers: dict[str, str]
) -> None:
    await browser.sign_in(ana.email)
    fields = {"email": ana.email, "password": visitor.PASSWORD, "language": "pt"}
    forms = ["/signin", "/staff/signin", "/signin/passkey", "/signin/challenge", "/signout"]
    forms += ["/recover", "/verify", "/language", "/account/password", "/account/passkeys"]
    forms += ["/account/passkeys/challenge", "/account/sessions/end-all", "/account/confirm"]

    answers = [await browser.http.post(path, data=fields, headers=headers) for path in forms]

    assert dict.fromkeys(forms, 403) == {
        path: answer.status_code for path, answer in zip(forms, answers, strict=True)
    }
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert (await browser.get("/account")).status_code == 200


async def test_an_old_browser_says_only_where_it_comes_from(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    answer = await browser.http.post(
        "/signin",
        data={"email": ana.email, "password": visitor.PASSWORD},
        headers={"Origin": "http://localhost:8000"},
    )

    assert answer.status_code == 303


async def test_staff_and_members_have_doors_of_their_own(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    staff_id = await visitor.add_staff(db)
    robin = await visitor.give_password(db, "staff", staff_id)

    at_the_wrong_doors = [
        await browser.sign_in(robin.email),
        await browser.sign_in(ana.email, path="/staff/signin"),
    ]
    right = await browser.sign_in(robin.email, path="/staff/signin")

    assert [422, 422] == [one.status_code for one in at_the_wrong_doors]
    assert right.headers["location"] == "/console"


async def test_signing_out_ends_the_session_for_good(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    secret = browser.http.cookies["commonpurse"]

    answer = await browser.post("/signout")

    assert answer.headers["location"] == "/signin"
    assert "commonpurse" not in browser.http.cookies
    again = await browser.get("/account", headers={"Cookie": f"commonpurse={secret}"})
    assert again.headers["location"].startswith("/signin")


async def test_after_five_tries_an_address_has_to_wait(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    tries = [
        await browser.post("/signin", email=ana.email, password=f"wrong number {number}")
        for number in range(6)
    ]

    assert [422] * 5 + [429] == [one.status_code for one in tries]
    assert 1 <= int(tries[-1].headers["retry-after"]) <= 60
    assert "try again in" in tries[-1].text
    right_now = await browser.sign_in(ana.email)
    assert right_now.status_code == 429


async def test_whoever_gets_in_begins_to_count_anew(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    statuses = []
    for _ in range(2):
        for number in range(4):
            await browser.post("/signin", email=ana.email, password=f"wrong number {number}")
        statuses.append((await browser.sign_in(ana.email)).status_code)

    assert [303, 303] == statuses


async def test_one_network_may_not_try_every_address(db: database.Database, tmp_path: Path) -> None:
    async def last(peer: str) -> int:
        async with visitor.visit(db, tmp_path, peer=(peer, 5000)) as browser:
            return (await browser.sign_in("nobody@example.net")).status_code

    async with visitor.visit(db, tmp_path, peer=("2001:db8::1", 5000)) as browser:
        # The check of a password is what takes the time here; an empty one is a try as well.
        tries = [
            (await browser.post("/signin/passkey", credential="")).status_code for _ in range(61)
        ]

    assert [422] * 60 + [429] == tries
    assert 429 == await last("2001:db8::2")  # the same household
    assert 422 == await last("2001:db8:0:1::1")


async def test_a_password_is_stored_anew_when_the_parameters_grow(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    old = weak.hash(visitor.PASSWORD)
    await db.execute("update identity.account set password_hash = $1", old)

    answer = await browser.sign_in(ana.email)

    assert answer.status_code == 303
    new = await db.fetchval("select password_hash from identity.account")
    assert new != old
    assert f"m={passwords.MEMORY_KIB},t={passwords.TIME_COST}" in new
    assert (await passwords.Passwords().check(new, visitor.PASSWORD)).right


async def test_when_too_many_wait_the_rest_come_back() -> None:
    slow = passwords.Passwords(time_cost=1, memory_kib=1024)
    running = [asyncio.ensure_future(slow.check(None, "x")) for _ in range(passwords.WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(passwords.Busy):
        await slow.check(None, "x")
    await asyncio.gather(*running)


@pytest.mark.slow
async def test_a_crowd_at_the_door_is_told_to_come_back(browser: visitor.Visitor) -> None:
    answers = await asyncio.gather(
        *(browser.sign_in(f"somebody-{number}@example.org") for number in range(55))
    )

    told = [one for one in answers if one.status_code == 503]
    assert {422, 503} == {one.status_code for one in answers}
    assert {"5"} == {one.headers["retry-after"] for one in told}
    assert "Too many people" in told[0].text


async def test_the_audit_log_knows_members_and_no_addresses(
    browser: visitor.Visitor, owner: Any, ana: accounts.Person
) -> None:
    await browser.post("/signin", email=ana.email, password="something else entirely")
    await browser.post("/signin", email="somebody@example.net", password="secret in mind 1")
    await browser.sign_in(ana.email)
    await browser.post("/account/sessions/end-all")

    rows = await owner.fetch(
        "select act, subject_id, to_jsonb(audit)::text as text from coalition.audit"
        " where act like 'session.%'"
    )
    assert {"session.refuse", "session.open", "session.end_all"} == {row["act"] for row in rows}
    assert {ana.principal_id} == {row["subject_id"] for row in rows}
    assert "@" not in "".join(row["text"] for row in rows)


async def test_with_an_external_provider_members_do_not_sign_in_here(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    async with visitor.visit(
        db,
        tmp_path,
        external_issuer="https://people.example",
        external_audience="wallet",
    ) as browser:
        answers = [
            await browser.get("/signin"),
            await browser.sign_in(ana.email),
            await browser.get("/recover"),
            await browser.post("/recover", email=ana.email),
            await browser.post("/signin/passkey", credential="{}"),
        ]
        staff = await browser.get("/staff/signin")

    assert [403] * 5 == [one.status_code for one in answers]
    assert all("another service" in one.text for one in answers)
    assert staff.status_code == 200


async def test_a_database_that_is_away_is_said_in_words(
    browser: visitor.Visitor, db: database.Database
) -> None:
    await db.close()

    answer = await browser.sign_in("ana@example.org")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("status", "body", "media_type"),
    [
        (415, b"{}", "application/json"),
        (415, b"email=x", ""),
        (400, b"email=x&email=y", "application/x-www-form-urlencoded"),
        (400, b"email=%00", "application/x-www-form-urlencoded"),
        (400, b"email=%ff", "application/x-www-form-urlencoded"),
        (400, b"email=\xff", "application/x-www-form-urlencoded"),
        (400, b"&".join(b"a%d=1" % one for one in range(30)), "application/x-www-form-urlencoded"),
        (413, b"email=" + b"x" * 40_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_nonsense_is_refused_in_words(
    browser: visitor.Visitor, status: int, body: bytes, media_type: str
) -> None:
    headers = {**visitor.OWN, "Content-Type": media_type}

    answer = await browser.http.post("/signin", content=body, headers=headers)

    assert answer.status_code == status
    assert "Nothing was done" in answer.text or "nothing was done" in answer.text


@pytest.mark.slow
async def test_a_form_that_never_ends_is_let_go() -> None:
    never = asyncio.Event()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError("unreachable")

    headers = {name.lower().encode(): value.encode() for name, value in visitor.FORM.items()}
    request = Request({"type": "http", "method": "POST", "headers": [*headers.items()]}, receive)
    with pytest.raises(forms.Unacceptable) as caught:
        await forms.read(request, settings.Settings(_env_file=None), seconds_max=0.1)

    assert caught.value.status == 408
