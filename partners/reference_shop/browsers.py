"""Browsers: a cookie with a random name, and who has signed in behind it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from partners.reference_shop import shelf, shop, shoppers

COOKIE: Final = "juniper_session"


def name(request: Request) -> str:
    """The name that this browser shows, or nothing."""
    return request.cookies.get(COOKIE, "")


def hashed(request: Request) -> str:
    """What a sign-in under way remembers of its browser."""
    return shelf.hashed(name(request))


def shopper(at: shop.Shop, request: Request) -> shoppers.Shopper | None:
    """Who has signed in with this browser."""
    session = at.sessions.get(name(request), at.now())
    return None if session is None or session.subject is None else at.shoppers.find(session.subject)


def known(at: shop.Shop, request: Request) -> bool:
    """True if we have given this browser its name."""
    return at.sessions.get(name(request), at.now()) is not None


def remember(at: shop.Shop, response: Response, secret: str) -> None:
    """Let the browser show a name from now on."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(shop.SESSION_LIFE.total_seconds()),
        path="/",
        secure=at.origin.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def forget(response: Response) -> None:
    """Let the browser show no name."""
    response.delete_cookie(COOKIE, path="/")
