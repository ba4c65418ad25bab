"""openid-client, a certified relying party, against the served authorization server, unchanged.

Each scenario of `tests/clients/openid.mjs` runs in one process of node and tells what happened; a
member who is signed in answers the consent page. The attacks are those that the library can drive.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jwk

from tests import node, serving
from tests.identity import relying
from tests.wallet import factories
from wallet import database, ids, members


class Foreign:
    """A served installation with an app and a member, and the library in front of it."""

    def __init__(self, db: database.Database, house: serving.House, facts: dict[str, Any]) -> None:
        self.db = db
        self.house = house
        self.facts = facts

    async def run(self, scenario: str, **more: Any) -> Any:
        told = await node.run("openid.mjs", scenario, json.dumps(self.facts | more))
        return json.loads(told)


@pytest.fixture
async def foreign(db: database.Database, member: members.Member) -> AsyncIterator[Foreign]:
    """One app, and the browser of a member who has signed in just now."""
    app = await relying.register(db)
    opened = await relying.open_session(db, member.member_id)
    async with serving.serve(db, documents="open") as house:
        ((name, secret),) = relying.signed_in(house, opened.secret).items()
        facts = {
            "issuer": house.origin,
            "cookie": f"{name}={secret}",
            "app": app.client.client_id,
        }
        yield Foreign(db, house, facts)


async def test_an_app_signs_a_member_in_and_stays_signed_in(
    foreign: Foreign, member: members.Member
) -> None:
    told = await foreign.run("flow")

    shown = ids.show("mem", member.member_id)
    viewer = {"data": {"viewer": {"id": shown, "displayName": member.display_name}}}
    assert (foreign.house.origin, shown) == (told["issuer"], told["claims"]["sub"])
    assert {"sub": shown, "name": member.display_name, "email": member.email}.items() <= told[
        "info"
    ].items()
    assert set(relying.SCOPE.split()) == set(told["scope"].split())
    assert 0 < told["seconds"] <= 600
    assert [viewer, viewer] == [
        {"data": told[name]["body"]["data"]} for name in ("before", "after")
    ]
    assert told["renewed"]
    assert ("invalid_grant", 401, "none") == (told["revoked"], told["closed"], told["unknown"])


async def test_a_member_may_say_no(foreign: Foreign) -> None:
    told = await foreign.run("refused")

    assert "access_denied" == told["error"]
    assert "access_denied" == told["client"]
    assert told["to"].startswith("http://127.0.0.1:")


async def test_an_app_that_may_not_ask_learns_that_nobody_is_signed_in(foreign: Foreign) -> None:
    told = await foreign.run("silent")

    assert "login_required" == told["error"]


async def test_the_library_finds_what_it_checks(foreign: Foreign) -> None:
    told = await foreign.run("watchful")

    assert {
        "foreignIssuer": True,
        "noIssuer": True,
        "state": True,
        "nonce": True,
        "maxAge": "none",
    } == told


async def test_no_code_is_given_without_a_challenge(foreign: Foreign) -> None:
    told = await foreign.run("challenges")

    assert {
        "none": "invalid_request",
        "plain": "invalid_request",
        "nameless": "invalid_request",
        "token": "unsupported_response_type",
        "scope": "invalid_scope",
    } == {name: one["error"] for name, one in told.items()}


async def test_the_browser_is_never_sent_to_an_address_that_was_not_registered(
    foreign: Foreign,
) -> None:
    told = await foreign.run(
        "redirects",
        redirects=[
            "http://127.0.0.1:53682/signed-in/more",
            "http://127.0.0.1:53682/signed-in?more=1",
            "http://127.0.0.1:53682/Signed-In",
            "http://127.0.0.1:53682/signed-in#fragment",
            "http://127.0.0.1:53682@evil.example/signed-in",
            "http://127.0.0.1.evil.example/signed-in",
            "http://localhost:53682/signed-in",
            "https://127.0.0.1:53682/signed-in",
            "javascript:alert(1)",
            "",
        ],
    )

    assert {400} == {one.get("status") for one in told.values()}, told


async def test_a_parameter_comes_once(foreign: Foreign) -> None:
    told = await foreign.run("twice")

    assert {"redirect": 400, "scope": "invalid_request", "state": "invalid_request"} == {
        name: one.get("error") or one["status"] for name, one in told.items()
    }


async def test_a_code_needs_the_verifier_it_was_made_for(foreign: Foreign) -> None:
    told = await foreign.run("verifier")

    assert "invalid_grant" == told["wrong"]
    assert told["none"] in {"invalid_request", "invalid_grant"}


async def test_a_code_that_comes_twice_closes_what_it_opened(foreign: Foreign) -> None:
    told = await foreign.run("replay")

    assert {
        "before": 200,
        "replay": "invalid_grant",
        "after": 401,
        "refresh": "invalid_grant",
    } == told


async def test_one_of_eight_who_come_with_a_code_at_once_gets_tokens(foreign: Foreign) -> None:
    told = await foreign.run("race")

    assert told["won"] <= 1


async def test_what_was_given_to_one_app_is_of_no_use_to_another(foreign: Foreign) -> None:
    other = await relying.register(foreign.db, name="Other")

    told = await foreign.run("stolen", other=other.client.client_id)

    assert {
        "thief": "invalid_grant",
        "refresh": "invalid_grant",
        "revoke": "invalid_grant",
        "harmless": "none",
    } == told


async def test_a_code_is_bound_to_its_address(foreign: Foreign) -> None:
    told = await foreign.run("mismatch")

    assert "invalid_grant" == told["token"]


async def test_a_lost_answer_is_forgiven_once_and_a_thief_is_not(foreign: Foreign) -> None:
    told = await foreign.run("reuse")

    assert {
        "grown": "invalid_scope",
        "thief": "invalid_grant",
        "family": "invalid_grant",
        "access": 401,
    } == told


async def test_a_merchants_server_shows_who_it_is_in_each_way(
    foreign: Foreign, coalition: factories.Coalition
) -> None:
    merchant_id = await coalition.merchant()
    key = jwk.ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    facts: dict[str, Any] = {"scopes": ["purchases:report"], "merchant_id": merchant_id}
    basic = await relying.register(foreign.db, "merchant", "Basic", **facts)
    post = await relying.register(
        foreign.db, "merchant", "Post", auth_method="client_secret_post", **facts
    )
    signed = await relying.register(
        foreign.db,
        "merchant",
        "Signed",
        auth_method="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
        **facts,
    )

    told = await foreign.run(
        "merchant",
        basic={"id": basic.client.client_id, "secret": basic.secret},
        post={"id": post.client.client_id, "secret": post.secret},
        signed=signed.client.client_id,
        privateKey=key.as_dict(private=True),
    )

    assert {
        name: {
            "scope": "purchases:report",
            "refresh": None,
            "active": [True, False],
            "client": made.client.client_id,
            "status": 200,
        }
        for name, made in (("basic", basic), ("post", post), ("signed", signed))
    } == told["told"]
    assert {"active": False} == told["foreign"]
    # A wrong secret is answered 401 with a challenge, which the library shows as what it is.
    assert ("invalid_scope", "OAUTH_WWW_AUTHENTICATE_CHALLENGE") == (
        told["tooMuch"],
        told["wrong"],
    )


async def test_a_resource_server_may_ask_about_any_token(
    foreign: Foreign, member: members.Member
) -> None:
    server = await relying.register(foreign.db, "resource", "Reports")

    told = await foreign.run(
        "resource", server={"id": server.client.client_id, "secret": server.secret}
    )

    assert told["access"]["active"]
    assert ids.show("mem", member.member_id) == told["access"]["sub"]
    assert {"active": False} == told["nonsense"]
    assert "none" != told["app"]
