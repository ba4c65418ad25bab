"""The authorization server's addresses, from discovery to introspection: see docs/identity.md.

Each answers JSON that is never cached, or sends the browser on. A form is read before the database
is asked, a transaction lasts as long as Authlib works, and what goes wrong on our side is told as
503 without a word of why. Failed proofs of a client are counted: beyond the allowance they are
answered 429, while the right secret still opens the door, so that nobody can lock a shop out.
"""

import datetime
import functools
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings
from api.identity import bearer, throttle
from api.oauth import authorize, bridge, families, keys, metadata, parameters, server
from wallet import database, errors

FAILURES: Final = throttle.Allowance(attempts=60, window=datetime.timedelta(minutes=10))
"""More wrong proofs than a deployment with an old secret makes before somebody notices."""
CACHED: Final = {"Cache-Control": "public, max-age=300"}  # a new key is seen within minutes
CLAIMS: Final = """
    select m.display_name, m.email, a.email_verified_at is not null as verified,
           coalesce(a.locale, 'en') as locale
    from coalition.member m left join identity.account a on a.principal_id = m.member_id
    where m.member_id = $1
"""

Answer = Callable[[Request], Awaitable[Response]]


def routes(house: settings.Settings, db: database.Database) -> list[BaseRoute]:
    """Return the addresses of this door."""
    ring = keys.ring(house)
    door = Door(house, db, ring)
    described = JSONResponse(metadata.document(house), headers=CACHED)

    async def discovery(_request: Request) -> Response:
        return described

    async def jwks(_request: Request) -> Response:
        return JSONResponse(ring.read().published, headers=CACHED)

    return [
        Route("/.well-known/openid-configuration", discovery),
        Route("/.well-known/oauth-authorization-server", discovery),
        Route("/oauth/jwks", jwks),
        _route("/oauth/authorize", authorize.Endpoint(house, db, ring), "GET", "POST"),
        _route("/oauth/token", door.token, "POST"),
        _route("/oauth/revoke", door.revoke, "POST"),
        _route("/oauth/introspect", door.introspect, "POST"),
        _route("/oauth/userinfo", door.userinfo, "GET", "POST"),
    ]


class Door:
    """The endpoints that programs call by themselves."""

    def __init__(self, house: settings.Settings, db: database.Database, ring: keys.Ring) -> None:
        self._house = house
        self._db = db
        self._ring = ring

    async def token(self, request: Request) -> Response:
        """Exchange a code, a refresh token or a client's proof for tokens."""
        return await self._run(request, lambda core, asked: core.create_token_response(asked))

    async def revoke(self, request: Request) -> Response:
        """Take a token back."""
        return await self._run(
            request, lambda core, asked: core.create_endpoint_response("revocation", asked)
        )

    async def introspect(self, request: Request) -> Response:
        """Say what a token is worth."""
        return await self._run(
            request, lambda core, asked: core.create_endpoint_response("introspection", asked)
        )

    async def userinfo(self, request: Request) -> Response:
        """Say who the member is, as far as the token's scopes go."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _challenge(401, None)
        principal = await bearer.find(self._db, text.strip())
        if principal is None or principal.kind != "member":
            return _challenge(401, "invalid_token")
        if "openid" not in principal.scopes:
            return _challenge(403, "insufficient_scope")
        row = await self._db.fetchrow(CLAIMS, principal.principal_id)
        if row is None:
            return _challenge(401, "invalid_token")
        person = families.Person(kind="member", principal_id=principal.principal_id)
        claims: dict[str, object] = {"sub": person.subject}
        if "profile" in principal.scopes:
            claims |= {"name": row["display_name"], "locale": row["locale"]}
        if "email" in principal.scopes and row["email"] is not None:
            claims |= {"email": row["email"], "email_verified": row["verified"]}
        return JSONResponse(claims, headers=server.NOT_STORED)

    async def _run(
        self, request: Request, act: Callable[[server.Server, parameters.Asked], Response]
    ) -> Response:
        """Read the form, let Authlib answer in one transaction, and count a failed proof."""
        try:
            told = await parameters.of_form(request)
        except parameters.Refused as refused:
            return server.refused(str(refused))
        asked = parameters.Asked(self._house, told, path=request.url.path, headers=request.headers)

        def answer(rows: bridge.Rows) -> Response:
            asked.unproven = None
            return act(server.Server(self._house, self._ring, rows), asked)

        response = await bridge.run(self._db, answer)
        if asked.unproven is not None:
            wait = await throttle.take(self._db, FAILURES, "client", asked.unproven)
            if wait is not None:
                return server.too_often(wait, error="invalid_client")
        return response


def _route(path: str, answer: Answer, *methods: str) -> Route:
    """Return a route that answers JSON also where another method was used, or the database is away.

    Methods are compared here because the router would answer 405 in plain text.
    """

    @functools.wraps(answer)
    async def endpoint(request: Request) -> Response:
        if request.method not in methods:
            return server.refused(
                f"Use {' or '.join(methods)}.", status=405, headers={"Allow": ", ".join(methods)}
            )
        try:
            return await answer(request)
        except errors.Unavailable:
            return server.refused(
                "We cannot answer for a moment. Try again.",
                error="temporarily_unavailable",
                status=503,
                headers={"Retry-After": "2"},
            )

    return Route(path, endpoint, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])


def _challenge(status: int, error: str | None) -> Response:
    """Refuse a bearer token (RFC 6750, section 3); without one, no error is named."""
    said = 'Bearer realm="commonpurse"' + (f', error="{error}"' if error else "")
    return JSONResponse(
        {"error": error or "invalid_request"},
        status,
        headers={**server.NOT_STORED, "WWW-Authenticate": said},
    )
