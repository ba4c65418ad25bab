"""Passkeys: what opens the door, and everything that must not."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import pytest
from hypothesis import strategies as st
from webauthn import helpers

from api.signin import accounts, passkeys
from tests.identity import authenticator, visitor
from tests.wallet import factories
from wallet import database

_REFUSED = """
    select count(*) from coalition.audit
    where act = 'session.refuse' and subject_id = $1 and detail ->> 'how' = 'hwk'
"""


async def _challenge(browser: visitor.Visitor, path: str = "/signin/challenge") -> dict[str, Any]:
    answer = await browser.http.post(path, headers=visitor.OWN)
    assert answer.status_code == 200
    options: dict[str, Any] = answer.json()
    return options


async def _add(
    browser: visitor.Visitor, key: authenticator.Authenticator, **lies: Any
) -> httpx2.Response:
    options = await _challenge(browser, "/account/passkeys/challenge")
    return await browser.post("/account/passkeys", credential=key.make(options, **lies), name="K")


async def _use(
    browser: visitor.Visitor, key: authenticator.Authenticator, **lies: Any
) -> httpx2.Response:
    options = await _challenge(browser)
    return await browser.post("/signin/passkey", credential=key.sign(options, **lies))


@pytest.fixture
async def key(browser: visitor.Visitor, ana: accounts.Person) -> authenticator.Authenticator:
    """Ana's passkey; she has signed out again."""
    made = authenticator.Authenticator()
    await browser.sign_in(ana.email)
    assert (await _add(browser, made)).headers["location"] == "/account?said=passkey_added"
    await browser.post("/signout")
    return made


async def test_a_passkey_is_all_one_needs(
    browser: visitor.Visitor, db: database.Database, key: authenticator.Authenticator
) -> None:
    answer = await _use(browser, key)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    amr = await db.fetchval("select amr from identity.session where revoked_at is null")
    assert amr == ["hwk"]


async def test_what_the_browser_is_told_binds_the_passkey_to_us_and_the_person(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)

    made = await _challenge(browser, "/account/passkeys/challenge")
    used = await _challenge(browser)

    assert made["rp"]["id"] == used["rpId"] == "localhost"
    assert made["user"]["id"] == helpers.bytes_to_base64url(ana.principal_id.bytes)
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert used["userVerification"] == "required"
    assert "allowCredentials" not in used or used["allowCredentials"] == []


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8001"},
        {"host": "evil.example"},
        {"flags": authenticator.PRESENT},
        {"flags": authenticator.VERIFIED},
        {"type": "webauthn.create"},
        {"challenge": "A" * 43},
        {"challenge": ""},
        {"signature": b"nonsense"},
        {"user_id": b"somebody else's id"},
        {"count": 1},
        {"count": 0},
    ],
    ids=str,
)
async def test_a_false_answer_opens_nothing(
    browser: visitor.Visitor, key: authenticator.Authenticator, lies: dict[str, Any]
) -> None:
    answer = await _use(browser, key, **lies)

    assert answer.status_code == 422
    assert (await browser.get("/account")).status_code == 303


async def test_a_counter_that_stands_still_gives_a_copy_away(
    browser: visitor.Visitor,
    db: database.Database,
    ana: accounts.Person,
    key: authenticator.Authenticator,
) -> None:
    await _use(browser, key)
    await browser.post("/signout")

    copy = await _use(browser, key, count=key.count)
    real = await _use(browser, key, count=key.count + 1)

    assert [422, 303] == [copy.status_code, real.status_code]
    async with asyncio.timeout(5):
        while not await db.fetchval(_REFUSED, ana.principal_id):  # noqa: ASYNC110 - noted later
            await asyncio.sleep(0.02)


async def test_an_authenticator_without_a_counter_works(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    key = authenticator.Authenticator()
    await browser.sign_in(ana.email)
    await _add(browser, key, count=0)

    for _ in range(2):
        await browser.post("/signout")
        answer = await _use(browser, key, count=0)
        assert answer.status_code == 303


async def test_an_answer_works_once(
    browser: visitor.Visitor, key: authenticator.Authenticator
) -> None:
    options = await _challenge(browser)
    credential = key.sign(options)
    first = await browser.post("/signin/passkey", credential=credential)
    await browser.post("/signout")

    again = await browser.post("/signin/passkey", credential=credential)
    await _challenge(browser)
    in_a_new_session = await browser.post("/signin/passkey", credential=credential)

    assert [303, 422, 422] == [first.status_code, again.status_code, in_a_new_session.status_code]


async def test_a_challenge_belongs_to_one_browser(
    browser: visitor.Visitor,
    db: database.Database,
    tmp_path: Path,
    key: authenticator.Authenticator,
) -> None:
    options = await _challenge(browser)

    async with visitor.visit(db, tmp_path) as other:
        await _challenge(other)
        answer = await other.post("/signin/passkey", credential=key.sign(options))

    assert answer.status_code == 422


async def test_a_challenge_to_sign_in_does_not_add_a_passkey(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    options = await _challenge(browser, "/account/passkeys/challenge")
    options["challenge"] = (await _challenge(browser))["challenge"]

    answer = await browser.post(
        "/account/passkeys", credential=authenticator.Authenticator().make(options)
    )

    assert answer.status_code == 422
    assert "did not work" in answer.text


async def test_an_old_challenge_is_over(
    browser: visitor.Visitor, db: database.Database, key: authenticator.Authenticator
) -> None:
    options = await _challenge(browser)
    await db.execute("update identity.once set expires_at = clock_timestamp()")

    answer = await browser.post("/signin/passkey", credential=key.sign(options))

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"flags": authenticator.PRESENT},
        {"type": "webauthn.get"},
        {"challenge": "A" * 43},
    ],
    ids=str,
)
async def test_a_false_passkey_is_not_kept(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person, lies: dict[str, Any]
) -> None:
    await browser.sign_in(ana.email)

    answer = await _add(browser, authenticator.Authenticator(), **lies)

    assert answer.status_code == 422
    assert await db.fetchval("select count(*) from identity.passkey") == 0


async def test_a_passkey_is_one_persons_only(
    browser: visitor.Visitor,
    db: database.Database,
    tmp_path: Path,
    coalition: factories.Coalition,
    key: authenticator.Authenticator,
) -> None:
    ben = await visitor.give_password(db, "member", (await coalition.member()).member_id)
    async with visitor.visit(db, tmp_path) as other:
        await other.sign_in(ben.email)
        taken = await _add(other, key)
        shown_id = helpers.bytes_to_base64url(key.credential_id)
        changes = [
            await other.post("/account/passkeys/remove", passkey=shown_id),
            await other.post("/account/passkeys/rename", passkey=shown_id, name="Mine"),
        ]

    assert taken.status_code == 422
    assert [404, 404] == [one.status_code for one in changes]
    names = await db.fetch("select name from identity.passkey")
    assert ["K"] == [row["name"] for row in names]


async def test_a_members_passkey_opens_no_staff_door(
    browser: visitor.Visitor, key: authenticator.Authenticator
) -> None:
    options = await _challenge(browser)

    answer = await browser.post("/staff/signin/passkey", credential=key.sign(options))

    assert answer.status_code == 422


async def test_staff_sign_in_with_passkeys_too(
    browser: visitor.Visitor, db: database.Database
) -> None:
    robin = await visitor.give_password(db, "staff", await visitor.add_staff(db))
    key = authenticator.Authenticator()
    await browser.sign_in(robin.email, path="/staff/signin")
    await _add(browser, key)
    await browser.post("/signout")

    options = await _challenge(browser)
    answer = await browser.post("/staff/signin/passkey", credential=key.sign(options))

    assert answer.headers["location"] == "/console"


async def test_a_passkey_is_renamed_and_removed(
    browser: visitor.Visitor,
    db: database.Database,
    ana: accounts.Person,
    key: authenticator.Authenticator,
) -> None:
    shown_id = helpers.bytes_to_base64url(key.credential_id)
    await browser.sign_in(ana.email)

    await browser.post("/account/passkeys/rename", passkey=shown_id, name=" Blue \n phone ")
    named = await browser.get("/account")
    removed = await browser.post("/account/passkeys/remove", passkey=shown_id)
    await browser.post("/signout")
    after = await _use(browser, key)

    acts = await db.fetch(
        "select act from coalition.audit where actor_id = $1 and act like 'passkey.%'",
        ana.principal_id,
    )
    assert {"passkey.add", "passkey.remove"} == {row["act"] for row in acts}
    assert "Blue phone" in named.text
    assert removed.headers["location"] == "/account?said=passkey_removed"
    assert after.status_code == 422


async def test_an_account_holds_only_so_many(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    await db.execute(
        "insert into identity.passkey (credential_id, principal_kind, principal_id, public_key,"
        " name, transports) select decode(lpad(to_hex(n), 4, '0'), 'hex'), 'member', $1, '', 'x',"
        " '{}' from generate_series(1, $2) n",
        ana.principal_id,
        passkeys.EACH_MAX,
    )

    answer = await _add(browser, authenticator.Authenticator())

    assert answer.status_code == 422
    assert "as many passkeys" in answer.text


async def test_who_signed_in_long_ago_signs_in_again_first(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    options = await _challenge(browser, "/account/passkeys/challenge")
    await db.execute(
        "update identity.session set signed_in_at = signed_in_at - interval '6 minutes'"
    )

    challenge = await browser.http.post("/account/passkeys/challenge", headers=visitor.OWN)
    credential = authenticator.Authenticator().make(options)
    answers = [
        await browser.post("/account/passkeys", credential=credential),
        await browser.post("/account/passkeys/remove", passkey="AAAA"),
        await browser.post("/account/password", password="another set of words"),
    ]

    assert challenge.status_code == 403
    assert ["/signin?next=/account"] * 3 == [one.headers["location"] for one in answers]
    assert await db.fetchval("select count(*) from identity.passkey") == 0
    again = await browser.get("/signin?next=/account")
    assert "Please sign in again" in again.text
    assert f'value="{ana.email}"' in again.text


FIELDS = [
    ("response", name)
    for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle")
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@hypothesis.settings(
    max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(data=st.data())
async def test_nonsense_from_an_authenticator_is_refused(
    browser: visitor.Visitor,
    db: database.Database,
    key: authenticator.Authenticator,
    data: st.DataObject,
) -> None:
    await db.execute("delete from identity.throttle")
    credential = json.loads(key.sign(await _challenge(browser)))
    part = data.draw(st.sampled_from([(), ("id",), ("rawId",), ("type",), ("response",), *FIELDS]))
    value = data.draw(JSON | st.binary().map(helpers.bytes_to_base64url))
    if len(part) == 2:
        credential["response"][part[1]] = value
    elif part:
        credential[part[0]] = value
    else:
        credential = value

    answer = await browser.post("/signin/passkey", credential=json.dumps(credential))

    # Without a user handle, the credential's id alone says whose it is.
    harmless = part == ("response", "userHandle") and value is None
    assert answer.status_code == (303 if harmless else 422)


@pytest.mark.parametrize("credential", ["", "{", "[" * 9_000, '"\\ud800"', "{}", "null", "1e999"])
async def test_what_is_no_answer_at_all_is_refused(
    browser: visitor.Visitor, credential: str
) -> None:
    await _challenge(browser)

    answer = await browser.post("/signin/passkey", credential=credential)

    assert answer.status_code == 422
