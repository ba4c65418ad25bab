"""The shoppers' own pages: signing in and out, and what is on an account."""

import dataclasses
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import browsers, pages, reading, shelf, shop, shoppers

CONSENT: Final = "/oauth/consent?request="
_ONWARD: Final = re.compile(re.escape(CONSENT) + r"([A-Za-z0-9_-]{20,100})", re.ASCII)


def routes(at: shop.Shop) -> list[BaseRoute]:
    """Return the addresses of the pages."""

    async def home(request: Request) -> Response:
        person = browsers.shopper(at, request)
        if person is None:
            return RedirectResponse("/signin", 303)
        return pages.render(
            "home.html",
            shopper=person,
            balances=at.book.balances(person.subject),
            redemptions=list(reversed(at.book.of(person.subject)))[:50],
            linked=at.consents.linked(person.subject),
        )

    async def signin(request: Request) -> Response:
        if request.method != "POST":
            return _page(at, onward=request.query_params.get("next", ""))
        form = await reading.form(request)
        onward = form.get("next", "")
        if not reading.from_us(request, at.origin):
            return _page(at, onward=onward, problem="Please sign in on this page.", status=403)
        person = at.shoppers.sign_in(form.get("email", ""), form.get("password", ""))
        if person is None:
            return _page(at, onward=onward, problem="No account has this e-mail and password.")
        return _signed_in(at, request, person, onward)

    async def signout(request: Request) -> Response:
        if not reading.from_us(request, at.origin):
            return pages.problem("This form was not sent from here.", 403)
        at.sessions.take(browsers.name(request), at.now())
        answer = RedirectResponse("/signin", 303)
        browsers.forget(answer)
        return answer

    return [
        Route("/", home),
        Route("/signin", signin, methods=["GET", "POST"]),
        Route("/signout", signout, methods=["POST"]),
    ]


def _page(at: shop.Shop, *, onward: str, problem: str = "", status: int = 200) -> Response:
    return pages.render(
        "signin.html",
        status=status,
        onward=onward if _ONWARD.fullmatch(onward) else "",
        problem=problem,
        people=[one.email for one, _ in zip(at.shoppers.all(), range(5), strict=False)],
        password=shoppers.PASSWORD,
    )


def _signed_in(at: shop.Shop, request: Request, person: shoppers.Shopper, onward: str) -> Response:
    """Begin a session under a new name: one that was planted before is worth nothing now."""
    now = at.now()
    at.sessions.take(browsers.name(request), now)
    name = at.sessions.put(shop.Session(person.subject), now)
    answer = RedirectResponse(_onward(at, request, name, onward), 303)
    browsers.remember(at, answer, name)
    return answer


def _onward(at: shop.Shop, request: Request, name: str, onward: str) -> str:
    """Where a person goes on; the consent that was begun moves to the new session."""
    found = _ONWARD.fullmatch(onward)
    if found is None:
        return "/"
    now = at.now()
    asked = at.asked.get(found[1], now)
    if asked is None or asked.browser != browsers.hashed(request):
        return onward  # not theirs: the page there says so
    at.asked.take(found[1], now)
    moved = dataclasses.replace(asked, browser=shelf.hashed(name))
    return CONSENT + at.asked.put(moved, now)
