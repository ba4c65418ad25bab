"""Who sends a request: a bearer token, or the session of a person of the staff in a browser.

A browser sends its cookie along whoever asks it to, so the cookie alone opens nothing here. It
counts only beside a header that a foreign page cannot send without asking us first, and only from
a page of our own origin. A token counts wherever it comes from: no browser adds one by itself.
"""

from typing import Final

from starlette.requests import HTTPConnection

from api import settings
from api.graphql import failures
from api.identity import bearer, external, sessions
from wallet import database

PREFLIGHT: Final = "graphql-require-preflight"
"""A header that makes a browser ask before it sends a request to another origin."""
OWN_SITE: Final = frozenset({"same-origin", "none"})  # none: typed into the address bar


async def of(
    db: database.Database, house: settings.Settings, connection: HTTPConnection
) -> bearer.Principal:
    """Return who sends this request. Raises failures.Failure UNAUTHENTICATED."""
    if "authorization" in connection.headers:
        scheme, _, token = connection.headers["authorization"].partition(" ")
        if scheme.lower() == "bearer":
            return await of_token(db, house, token.strip())
    elif _from_our_page(house, connection):
        session = await sessions.find(db, house, connection)
        if session is not None and session.kind == "staff":
            principal = await bearer.of_session(db, session)
            if principal is not None:
                return principal
    raise _unauthenticated('Bearer realm="commonpurse"')


async def of_token(db: database.Database, house: settings.Settings, token: str) -> bearer.Principal:
    """Return whom a token speaks for. Raises failures.Failure UNAUTHENTICATED."""
    principal = await bearer.find(db, token) or await external.find(db, house, token)
    if principal is not None:
        return principal
    raise _unauthenticated('Bearer realm="commonpurse", error="invalid_token"')


def _from_our_page(house: settings.Settings, connection: HTTPConnection) -> bool:
    headers = connection.headers
    ours = house.web_origin
    return (
        bool(headers.get(PREFLIGHT))
        and headers.get("origin", ours) == ours
        and headers.get("sec-fetch-site", "same-origin") in OWN_SITE
    )


def _unauthenticated(challenge: str) -> failures.Failure:
    return failures.Failure(
        "UNAUTHENTICATED",
        "Send a valid token: Authorization: Bearer cp_at_…",
        headers={"WWW-Authenticate": challenge},
    )
