"""Consent in a browser: OAuth 2.1, code with PKCE by S256, for the one client that we know.

What is asked for is checked before anybody signs in, and kept here: the page that asks the shopper
carries only a name for it. Whatever is wrong with the client or the address is said to the person,
and to nobody else; all other answers go to the registered address, and name us (RFC 9207).
"""

import hmac
import re
import urllib.parse
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import browsers, pages, reading, shelf, shop, shoppers, signin

SCOPES: Final = {
    "account": "see your name here",
    "redeem": "put store credit and points on your account",
}
STATE_CHARS_MAX: Final = 1_000
"""It comes back in an address, and addresses have an end."""
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Wrong(Exception):
    """What the client asked for is not possible; it is told so at its own address."""

    def __init__(self, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error = error


def routes(at: shop.Shop) -> list[BaseRoute]:
    """Return the two addresses that a browser comes to."""

    async def authorize(request: Request) -> Response:
        told = reading.once(request.query_params.multi_items())
        if told.get("client_id") != at.keys.client_id:
            return pages.problem("The program that sent you here is not known to this shop.")
        redirect_uri = told.get("redirect_uri", "")
        if redirect_uri not in at.partner.redirect_uris:
            return pages.problem("The program that sent you here gave an address we do not know.")
        now = at.now()
        name = browsers.name(request)
        if not browsers.known(at, request):
            name = at.sessions.put(shop.Session(), now)
        try:
            asked = _asked(told, redirect_uri, name)
        except Wrong as wrong:
            error = {"error": wrong.error, "error_description": str(wrong)}
            return _back(at, redirect_uri, told.get("state"), error)
        answer = RedirectResponse(signin.CONSENT + at.asked.put(asked, now), 303)
        browsers.remember(at, answer, name)
        return answer

    async def consent(request: Request) -> Response:
        if request.method == "POST":
            return await _decided(at, request)
        name = request.query_params.get("request", "")
        asked = _theirs(at, request, name)
        if asked is None:
            return pages.problem("This page is over. Go back to the program that sent you here.")
        person = browsers.shopper(at, request)
        if person is None:
            onward = urllib.parse.quote(signin.CONSENT + name, safe="")
            return RedirectResponse(f"/signin?next={onward}", 303)
        return pages.render(
            "consent.html",
            redirect_uri=asked.redirect_uri,
            client="Commonpurse",
            host=urllib.parse.urlsplit(asked.redirect_uri).netloc,
            name=name,
            onward=signin.CONSENT + name,
            shopper=person,
            sentences=[SCOPES[scope] for scope in asked.scopes],
        )

    return [
        Route("/oauth/authorize", authorize),
        Route("/oauth/consent", consent, methods=["GET", "POST"]),
    ]


def redeem(
    at: shop.Shop, *, code: str, redirect_uri: str, challenge: str, now: datetime
) -> str | None:
    """Exchange a code for its consent, once; a second time ends what the first one began."""
    found = at.codes.get(code, now)
    if found is None:
        return None
    if found.grant is not None:
        at.consents.end(found.grant)
        return None
    right = hmac.compare_digest(found.asked.challenge, challenge)
    if not right or found.asked.redirect_uri != redirect_uri or found.expires_at <= now:
        return None
    found.grant = at.consents.start(found.subject, found.asked.scopes, now)
    return found.grant


def _asked(told: dict[str, str], redirect_uri: str, name: str) -> shop.Asked:
    """Read what is asked for, beyond who asks."""
    if told.get("response_type") != "code":
        raise Wrong("unsupported_response_type", "Ask with response_type=code.")
    challenge = told.get("code_challenge", "")
    if told.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Wrong("invalid_request", "Send code_challenge and code_challenge_method=S256.")
    state = told.get("state")
    if state is not None and len(state) > STATE_CHARS_MAX:
        raise Wrong("invalid_request", f"A state has at most {STATE_CHARS_MAX} characters.")
    scopes = tuple(dict.fromkeys(told.get("scope", "").split())) or tuple(SCOPES)
    if not set(scopes) <= set(SCOPES):
        raise Wrong("invalid_scope", f"There are: {' '.join(SCOPES)}.")
    return shop.Asked(
        browser=shelf.hashed(name),
        redirect_uri=redirect_uri,
        state=state,
        scopes=scopes,
        challenge=challenge,
    )


async def _decided(at: shop.Shop, request: Request) -> Response:
    """Take the shopper's answer; the request it is for is over with it."""
    form = await reading.form(request)
    if not reading.from_us(request, at.origin):
        return pages.problem("This form was not sent from here.", 403)
    name = form.get("request", "")
    asked = _theirs(at, request, name)
    person = browsers.shopper(at, request)
    if asked is None or person is None:
        return pages.problem("This page is over. Go back to the program that sent you here.")
    at.asked.take(name, at.now())
    if form.get("decision") != "allow":
        denied = {"error": "access_denied", "error_description": "The shopper said no."}
        return _back(at, asked.redirect_uri, asked.state, denied)
    return _back(at, asked.redirect_uri, asked.state, {"code": _code(at, asked, person)})


def _theirs(at: shop.Shop, request: Request, name: str) -> shop.Asked | None:
    asked = at.asked.get(name, at.now())
    if asked is None or not hmac.compare_digest(asked.browser, browsers.hashed(request)):
        return None
    return asked


def _code(at: shop.Shop, asked: shop.Asked, person: shoppers.Shopper) -> str:
    now = at.now()
    return at.codes.put(shop.Code(person.subject, asked, now + shop.CODE_LIFE), now)


def _back(at: shop.Shop, redirect_uri: str, state: str | None, told: dict[str, str]) -> Response:
    """Send the browser to the client; 303, so that it does not post our form there."""
    query = {**told, **({} if state is None else {"state": state}), "iss": at.origin}
    joint = "&" if "?" in redirect_uri else "?"
    answer = Response(status_code=303)
    answer.headers["Location"] = f"{redirect_uri}{joint}{urllib.parse.urlencode(query)}"
    return answer
