"""A partner's authorization server on a real socket: discovery, PKCE, rotation, revocation.

It keeps what it was asked, and does to the next answers what a test wants: another `iss`, no id
token, a reset connection. Whoever opens its authorization page has consented.
"""

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import secrets
import socket
import time
import urllib.parse
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.identity.provider import new_key

SECRET = "shop-client-secret-0123456789"


@dataclasses.dataclass
class Authority:
    """The running server. `user` is who is signed in there: subject and name."""

    issuer: str
    key: jwk.Key
    user: tuple[str, str] = ("shopper-1", "Ana at the shop")
    life_seconds: int | None = 3600
    names_itself: bool = True
    asked: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)
    headers: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)
    codes: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    access: dict[str, str] = dataclasses.field(default_factory=dict)
    refresh: dict[str, str] = dataclasses.field(default_factory=dict)
    revoked: list[str] = dataclasses.field(default_factory=list)
    given: list[str] = dataclasses.field(default_factory=list)
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    claims: dict[str, Any] = dataclasses.field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    answers: dict[str, Callable[[], Response]] = dataclasses.field(default_factory=dict)
    before_token: Callable[[], Any] | None = None

    @property
    def host(self) -> str:
        """As `private` names it."""
        return urllib.parse.urlsplit(self.issuer).netloc

    def times(self, path: str) -> int:
        """How often a path was asked."""
        return sum(one == path for one, _ in self.asked)

    def discovery(self) -> dict[str, Any]:
        """The metadata."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "userinfo_endpoint": f"{self.issuer}/account",
            "jwks_uri": f"{self.issuer}/keys",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self.names_itself,
        } | self.metadata

    def grant(self, nonce: str | None = None) -> dict[str, Any]:
        """New tokens for whoever is signed in."""
        access, refresh = (self._new(kind) for kind in ("access", "refresh"))
        self.access[access] = self.refresh[refresh] = self.user[0]
        told: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "refresh_token": refresh,
        }
        if self.life_seconds is not None:
            told["expires_in"] = self.life_seconds
        if nonce is not None:
            told["id_token"] = self._identity(nonce)
        return told

    def _new(self, kind: str) -> str:
        made = f"shop-{kind}-{secrets.token_urlsafe(16)}"
        self.given.append(made)
        return made

    def _identity(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "wallet",
            "sub": self.user[0],
            "name": self.user[1],
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)


@contextlib.asynccontextmanager
async def serve() -> AsyncIterator[Authority]:
    """Serve one on a free port of loopback until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        running = Authority(issuer, new_key())
        pages = {
            "/.well-known/oauth-authorization-server": _metadata,
            "/authorize": _authorize,
            "/token": _token,
            "/revoke": _revoke,
            "/account": _account,
            "/keys": _keys,
        }
        routes = [
            Route(path, _noted(running, page), methods=["GET", "POST"])
            for path, page in pages.items()
        ]
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), lifespan="off", log_level="warning")
        )
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server tells by this flag only
            await asyncio.sleep(0.01)
        try:
            yield running
        finally:
            server.should_exit = True
            await task


def _noted(running: Authority, page: Callable[..., Response]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        told = dict(request.query_params)
        if request.method == "POST":
            told |= dict(urllib.parse.parse_qsl((await request.body()).decode()))
        running.asked.append((request.url.path, told))
        running.headers.append((request.url.path, dict(request.headers)))
        if request.url.path in running.answers:
            return running.answers[request.url.path]()
        if request.url.path == "/token" and running.before_token is not None:
            await running.before_token()
        return page(running, told, request)

    return answer


def _metadata(running: Authority, _told: dict[str, str], _request: Request) -> Response:
    return JSONResponse(running.discovery())


def _keys(running: Authority, _told: dict[str, str], _request: Request) -> Response:
    return JSONResponse({"keys": [running.key.as_dict(private=False)]})


def _authorize(running: Authority, told: dict[str, str], _request: Request) -> Response:
    code = running._new("code")
    running.codes[code] = told
    back = {"code": code, "state": told["state"]}
    if running.names_itself:
        back["iss"] = running.issuer
    return RedirectResponse(f"{told['redirect_uri']}?{urllib.parse.urlencode(back)}", 303)


def _token(running: Authority, told: dict[str, str], request: Request) -> Response:
    expected = base64.b64encode(f"wallet:{SECRET}".encode()).decode()
    if request.headers.get("authorization") != f"Basic {expected}":
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    if told.get("grant_type") == "refresh_token":
        if running.refresh.pop(told.get("refresh_token", ""), None) is None:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(running.grant())
    begun = running.codes.pop(told.get("code", ""), None)
    digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if (
        begun is None
        or begun["code_challenge"] != challenge
        or begun["redirect_uri"] != told.get("redirect_uri")
    ):
        return JSONResponse({"error": "invalid_grant"}, status_code=400)
    openid = "openid" in begun.get("scope", "").split()
    return JSONResponse(running.grant(begun.get("nonce") if openid else None))


def _revoke(running: Authority, told: dict[str, str], _request: Request) -> Response:
    running.revoked.append(told.get("token", ""))
    running.refresh.pop(told.get("token", ""), None)
    return Response()


def _account(running: Authority, _told: dict[str, str], request: Request) -> Response:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in running.access:
        return JSONResponse({"error": "invalid_token"}, status_code=401)
    return JSONResponse({"sub": running.user[0], "name": running.user[1]})
