"""Who a request comes from: a token anywhere, a cookie only from our own page."""

import uuid
from typing import Any

import httpx2
import pytest

from api.identity import bearer, opaque
from tests.api import client
from wallet import audit, database, ids, staff

OURS = "http://localhost:8000"
HELLO = {"query": "{ __typename }"}
OWN = {"GraphQL_Require_Preflight": "1", "Origin": OURS, "Sec_Fetch_Site": "same-origin"}


async def signed_in(db: database.Database, kind: str, principal_id: uuid.UUID) -> str:
    """The cookie of a browser with which somebody has signed in."""
    secret = opaque.new()
    await db.execute(
        "insert into identity.session (session_id, secret_hash, principal_kind, principal_id, amr,"
        " signed_in_at, expires_at) values ($1, $2, $3, $4, '{pwd}', clock_timestamp(),"
        " clock_timestamp() + interval '1 hour')",
        ids.new(),
        opaque.hash_of(secret),
        kind,
        principal_id,
    )
    return f"commonpurse={secret}"


async def ask(http: httpx2.AsyncClient, cookie: str, query: Any = HELLO, **headers: str) -> Any:
    sent = {"Cookie": cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await http.post("/graphql", json=query, headers=sent)


async def test_a_person_of_the_staff_is_known_by_the_cookie_of_our_own_page(
    db: database.Database, http: httpx2.AsyncClient, support: client.Client
) -> None:
    cookie = await signed_in(db, "staff", support.principal_id)
    query = {"query": '{ member(id: "mem_x") { id } viewer { id } }'}

    answer = await ask(
        http,
        cookie,
        query,
        GraphQL_Require_Preflight="1",
        Origin=OURS,
        Sec_Fetch_Site="same-origin",
    )

    assert answer.json()["data"] == {"member": None, "viewer": None}
    assert [one["path"] for one in answer.json()["errors"]] == [["viewer"]]  # no member's scope


async def test_whoever_has_left_is_nobody_by_token_and_by_cookie(
    db: database.Database, http: httpx2.AsyncClient, support: client.Client
) -> None:
    cookie = await signed_in(db, "staff", support.principal_id)
    before = (await support.ask("{ __typename }"), await ask(http, cookie, **OWN))

    await staff.change_role(
        db, support.principal_id, role="left", reason="moved to Porto", actor=audit.SYSTEM
    )

    after = (await support.ask("{ __typename }"), await ask(http, cookie, **OWN))
    assert [200, 200] == [before[0].status, before[1].status_code]
    assert [401, 401] == [after[0].status, after[1].status_code]
    with pytest.raises(ValueError, match="A left token"):
        await bearer.mint(db, kind="staff", principal_id=support.principal_id)


async def test_a_cookie_counts_only_beside_the_header_that_a_foreign_page_cannot_send(
    db: database.Database, http: httpx2.AsyncClient, support: client.Client
) -> None:
    cookie = await signed_in(db, "staff", support.principal_id)

    assert 200 == (await ask(http, cookie, GraphQL_Require_Preflight="1")).status_code
    for headers in (
        {},
        {"GraphQL_Require_Preflight": ""},
        {"GraphQL_Require_Preflight": "1", "Origin": "https://evil.example"},
        {"GraphQL_Require_Preflight": "1", "Origin": "null"},
        {"GraphQL_Require_Preflight": "1", "Sec_Fetch_Site": "cross-site"},
        {"GraphQL_Require_Preflight": "1", "Sec_Fetch_Site": "same-site"},
    ):
        assert (headers, 401) == (headers, (await ask(http, cookie, **headers)).status_code)


async def test_the_cookie_of_a_member_or_of_nobody_opens_nothing(
    db: database.Database, http: httpx2.AsyncClient, ana: client.Client, support: client.Client
) -> None:
    member = await signed_in(db, "member", ana.principal_id)
    ended = await signed_in(db, "staff", support.principal_id)
    await db.execute(
        "update identity.session set revoked_at = clock_timestamp() where principal_id = $1",
        support.principal_id,
    )
    stranger = await signed_in(db, "staff", ids.new())

    for cookie in (member, ended, stranger, "commonpurse=x", "commonpurse=" + "a" * 43):
        answer = await ask(http, cookie, GraphQL_Require_Preflight="1")
        assert (cookie, 401) == (cookie, answer.status_code)


async def test_a_wrong_token_is_not_replaced_by_a_cookie(
    db: database.Database, http: httpx2.AsyncClient, support: client.Client
) -> None:
    cookie = await signed_in(db, "staff", support.principal_id)
    headers = {"GraphQL_Require_Preflight": "1", "Authorization": "Bearer cp_at_wrong"}

    assert 401 == (await ask(http, cookie, **headers)).status_code


async def test_our_own_page_is_known_whatever_way_its_address_is_written(
    db: database.Database, support: client.Client
) -> None:
    cookie = (await signed_in(db, "staff", support.principal_id)).replace("c", "__Host-c", 1)
    headers = {"GraphQL_Require_Preflight": "1", "Sec_Fetch_Site": "same-origin"}

    async with client.door(db, issuer="https://Wallet.Example:443/shop") as http:
        ours = await ask(http, cookie, **headers, Origin="https://wallet.example")
        other = await ask(http, cookie, **headers, Origin="https://wallet.example:8443")

    assert [200, 401] == [ours.status_code, other.status_code]
