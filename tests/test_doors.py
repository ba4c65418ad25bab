"""What holds at every address: our headers on each answer, and no word of a request in an address.

The addresses are read from the application itself, so a new one is tested on the day it comes.
"""

import asyncio
import itertools
import re
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from api import app, headers, settings
from tests import serving
from tests.identity import relying
from tests.wallet import factories
from wallet import database

ISSUER = "https://wallet.example"
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
UNKNOWN = ("/", "/nothing", "/oauth/nothing", "/assets/../settings", "/console/assets/%2e%2e/x")
NOT_KEPT = re.compile(r"no-store|max-age=\d+")
# What a proxy, or somebody who plays one, may tell about the address that was asked for.
GAMES = (
    {"Host": "evil.example"},
    {"Host": "wallet.example@evil.example"},
    {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "//evil.example",
        "Forwarded": "host=evil.example;proto=http",
        "X-Original-URL": "https://evil.example/",
        "X-Rewrite-URL": "https://evil.example/",
    },
)


def addresses(application: Starlette) -> Iterator[str]:
    """Every path of the application that answers HTTP, with something in place of a parameter."""
    for route in application.routes:
        assert not isinstance(route, Mount), "walk into it"
        if isinstance(route, Route):
            yield re.sub(r"\{\w+(:\w+)?\}", "nothing", route.path)


@pytest.fixture
async def everywhere(db: database.Database, tmp_path: Path) -> list[str]:
    house = settings.Settings(_env_file=None, data_dir=tmp_path)
    found = sorted(set(addresses(app.create_app(house, db))))
    assert {"/graphql", "/oauth/token", "/signin", "/account", "/console", "/readyz"} <= set(found)
    return found


@pytest.fixture
async def outside(db: database.Database, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client in front of an installation whose public address is ISSUER."""
    async with (
        serving.serve(db, data_dir=tmp_path, issuer=ISSUER) as house,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{house.settings.port}") as http,
    ):
        yield http


async def test_every_answer_of_every_address_carries_our_headers(
    outside: httpx2.AsyncClient, everywhere: list[str]
) -> None:
    bare = []
    statuses = set()
    for path, method in itertools.product([*everywhere, *UNKNOWN], METHODS):
        response = await outside.request(method, path)
        statuses.add(response.status_code)
        bare += [
            f"{method} {path} {response.status_code}: {name}"
            for name in [*headers.HEADERS, "Strict-Transport-Security"]
            if name not in response.headers
        ]
        if "server" in response.headers or "x-powered-by" in response.headers:
            bare.append(f"{method} {path} tells what it runs on")

    assert [] == bare
    assert {200, 303, 400, 401, 404, 405} <= statuses
    assert statuses < set(range(500))


async def test_no_page_may_be_framed_or_load_from_elsewhere(
    outside: httpx2.AsyncClient, everywhere: list[str]
) -> None:
    for path in everywhere:
        response = await outside.get(path, headers={"Accept": "text/html"})
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in response.headers["Content-Security-Policy"].split(";")
        )

        assert "'none'" == policy["default-src"], path
        assert "'none'" == policy["frame-ancestors"], path
        assert "DENY" == response.headers["X-Frame-Options"], path
        foreign = re.findall(r"(?:src|href|action)=\"(?:https?:)?//([^/\"]+)", response.text)
        assert set() == {*foreign} - {"wallet.example"}, path


async def test_nothing_personal_is_kept_by_a_cache(
    outside: httpx2.AsyncClient, everywhere: list[str]
) -> None:
    said = {path: (await outside.get(path)).headers.get("Cache-Control", "") for path in everywhere}

    assert {} == {path: one for path, one in said.items() if not NOT_KEPT.search(one)}


@pytest.mark.parametrize("game", GAMES, ids=["host", "user", "proxy"])
async def test_no_header_of_a_request_names_an_address(
    outside: httpx2.AsyncClient, everywhere: list[str], game: dict[str, str]
) -> None:
    told = []
    for path, method in itertools.product(everywhere, ("GET", "POST")):
        response = await outside.request(method, path, headers={**game, "Accept": "text/html"})
        whole = f"{response.headers} {response.text}"
        told += [f"{method} {path}"] * ("evil" in whole)
        location = urllib.parse.urlsplit(response.headers.get("Location", ISSUER))
        assert location.netloc in {"", "wallet.example"}, location

    assert [] == told


@pytest.mark.parametrize("game", GAMES, ids=["host", "user", "proxy"])
async def test_discovery_and_letters_name_the_configured_address(
    outside: httpx2.AsyncClient,
    db: database.Database,
    tmp_path: Path,
    game: dict[str, str],
) -> None:
    metadata = (await outside.get("/.well-known/openid-configuration", headers=game)).json()
    member = await (await factories.open_coalition(db)).member()
    asked = await outside.post(
        "/recover",
        data={"email": member.email},
        headers={**game, "Origin": ISSUER, "Sec-Fetch-Site": "same-origin"},
    )

    assert ISSUER == metadata["issuer"]
    named = {name: one for name, one in metadata.items() if "://" in str(one)}
    assert {ISSUER} == {"/".join(str(one).split("/")[:3]) for one in named.values()}
    assert 200 == asked.status_code
    async with asyncio.timeout(20):
        while not (letters := list(tmp_path.glob("letters/*.txt"))):  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)
    (letter,) = letters
    text = letter.read_text(encoding="utf-8")
    assert f"{ISSUER}/verify?key=" in text
    assert "evil" not in text


async def test_a_redirect_and_a_cookie_are_for_the_configured_address(
    outside: httpx2.AsyncClient, db: database.Database
) -> None:
    given = await relying.register(db)
    parameters = {
        "response_type": "code",
        "client_id": given.client.client_id,
        "redirect_uri": relying.REDIRECT,
        "scope": "openid",
        "code_challenge": relying.challenge("v" * 43),
        "code_challenge_method": "S256",
    }

    response = await outside.get(
        "/oauth/authorize", params=parameters, headers={"Host": "evil.example"}
    )

    assert 303 == response.status_code
    assert response.headers["Location"].startswith((f"{ISSUER}/", "/oauth/authorize?request="))
    (cookie,) = response.headers.get_list("Set-Cookie")
    assert cookie.startswith("__Host-commonpurse=")
    facts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= facts
    assert not any(fact.startswith("domain") for fact in facts)
