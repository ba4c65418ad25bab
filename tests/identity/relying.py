"""A members' app and a person's browser, as far as the authorization server sees either of them.

Both speak HTTP to a served installation. The app keeps its verifier and state, the browser its
cookies; a test changes one thing of a request and looks at what comes back.
"""

import base64
import dataclasses
import hashlib
import html
import re
import secrets
import urllib.parse
import uuid
from typing import Any

import httpx2
from starlette.requests import Request

from api.identity import clients, sessions
from tests import serving
from wallet import audit, database, ids

REDIRECT = "https://app.example/signed-in"
LOOPBACK = "http://127.0.0.1/signed-in"
SCOPE = "openid offline_access profile email member"
NOBODY = Request({"type": "http", "headers": []})
HIDDEN = re.compile(r'<input type="hidden" name="request" value="([^"]*)">')


@dataclasses.dataclass(frozen=True, slots=True)
class Browser:
    """One person's browser: it follows redirects within the house, and no further."""

    http: httpx2.AsyncClient
    house: serving.House

    async def get(self, url: str) -> httpx2.Response:
        """Open an address, until a page comes or the way leads out of the house."""
        for _ in range(5):
            response = await self.http.get(url)
            if response.status_code != 303:
                return response
            url = response.headers["location"]
            if not url.startswith(self.house.origin):
                return response
        raise AssertionError("redirected in a circle")

    async def answer(
        self, page: httpx2.Response, decision: str = "allow", **more: str
    ) -> httpx2.Response:
        """Press a button of the consent page."""
        return await self.http.post(
            f"{self.house.origin}/oauth/authorize",
            data={"request": key(page), "decision": decision, **more},
            headers={"Origin": self.house.origin, "Sec-Fetch-Site": "same-origin"},
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """A client program: what it is registered as, and the one sign-in that it has begun."""

    http: httpx2.AsyncClient
    house: serving.House
    client_id: str
    redirect_uri: str = REDIRECT
    secret: str | None = None
    verifier: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "a b&c=d/é"
    nonce: str = "a-nonce"

    def address(self, **changed: str | None) -> str:
        """Return the address to open in a browser; None leaves a parameter out."""
        told: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        query = {name: value for name, value in (told | changed).items() if value is not None}
        return f"{self.house.origin}/oauth/authorize?{urllib.parse.urlencode(query)}"

    async def code(self, browser: Browser, **changed: str | None) -> str:
        """Let the person allow everything, and return the code."""
        page = await browser.get(self.address(**changed))
        back = returned(await browser.answer(page))
        assert self.house.origin == back["iss"]
        assert back.get("state") == (changed.get("state", self.state))
        return back["code"]

    async def sign_in(self, browser: Browser, **changed: str | None) -> dict[str, Any]:
        """Go all the way, and return the tokens."""
        response = await self.redeem(await self.code(browser, **changed))
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens

    async def redeem(self, code: str, **changed: str | None) -> httpx2.Response:
        """Exchange a code for tokens."""
        told: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.ask("token", **(told | changed))

    async def refresh(self, tokens: dict[str, Any], **changed: str | None) -> httpx2.Response:
        """Exchange a refresh token for the next one."""
        told: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
        }
        return await self.ask("token", **(told | changed))

    async def ask(self, endpoint: str, **told: str | None) -> httpx2.Response:
        """Send a form as this client; one with a secret proves itself by it."""
        headers = {}
        if self.secret is None:
            told.setdefault("client_id", self.client_id)
        else:
            headers["Authorization"] = basic(self.client_id, self.secret)
        form = {name: value for name, value in told.items() if value is not None}
        return await self.http.post(
            f"{self.house.origin}/oauth/{endpoint}", data=form, headers=headers
        )

    async def opens(self, tokens: dict[str, Any]) -> bool:
        """True if the access token is good for anything."""
        response = await self.http.get(
            f"{self.house.origin}/oauth/userinfo",
            headers={"Authorization": f"Bearer {tokens['access_token']}"},
        )
        assert response.status_code in (200, 401), response.text
        return response.status_code == 200


def basic(client_id: str, secret: str) -> str:
    """Return the header by which a client with a secret proves itself."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode("ascii")


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return encoded(hashlib.sha256(verifier.encode("ascii")).digest())


def encoded(value: bytes) -> str:
    """Write bytes as JOSE does: base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def key(page: httpx2.Response) -> str:
    """Return the key that the consent page carries."""
    found = HIDDEN.search(page.text)
    assert found is not None, f"{page.status_code} {page.text}"
    return html.unescape(found[1])


def returned(response: httpx2.Response, to: str = REDIRECT) -> dict[str, str]:
    """Return what the client's address was told; each parameter is there once."""
    assert response.status_code == 303, response.text
    before, _, query = response.headers["location"].partition("?")
    assert to == before
    told = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(told)) == len(told)
    return dict(told)


async def asked(browser: Browser, party: Party, **changed: str | None) -> str:
    """Ask, and return the error that the app was told."""
    told = returned(await browser.get(party.address(**changed)))
    assert "code" not in told
    assert (browser.house.origin, party.state) == (told["iss"], told.get("state"))
    return told["error"]


def signed_in(house: serving.House, secret: str) -> dict[str, str]:
    """Return the cookie of a session."""
    return {sessions.cookie_name(house.settings): secret}


async def open_session(
    db: database.Database, member_id: uuid.UUID, *, before: sessions.Session | None = None
) -> sessions.Opened:
    """Sign a member in, as the page does when the password was right."""
    return await sessions.sign_in(
        db, NOBODY, before=before, kind="member", principal_id=member_id, amr=("pwd",)
    )


async def register(
    db: database.Database, kind: Any = "app", name: str = "Wallet app", **facts: Any
) -> clients.Given:
    """Register a client; an app with every scope that an app may have."""
    if kind == "app":
        facts = {"scopes": SCOPE.split(), "redirect_uris": [REDIRECT, LOOPBACK]} | facts
    return await clients.register(
        db, key=ids.new(), kind=kind, name=name, actor=audit.SYSTEM, **facts
    )
