"""The token endpoint and what belongs to it: for programs, never for browsers.

The client has a secret and proves it by HTTP Basic or in the form. Nothing is put into an address,
no answer is kept by any cache, and a family of tokens ends with the first sign of a copy.
"""

import base64
import binascii
import hashlib
import hmac
import re
import urllib.parse
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import authorize, consents, faults, reading, shop

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
PROOFS: Final = ["client_secret_basic", "client_secret_post"]


class Wrong(Exception):
    """A request that gives no token, in the words of RFC 6749, section 5.2."""

    def __init__(self, error: str, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.error = error
        self.status = status


def routes(at: shop.Shop, switch: faults.Switch) -> list[BaseRoute]:
    """Return the addresses that the client's program calls, and the document that names them."""

    async def token(request: Request) -> Response:
        try:
            form = await _proven(at, request)
            return _answer(_tokens(at, form))
        except Wrong as wrong:
            return _refused(wrong)

    async def revoke(request: Request) -> Response:
        try:
            form = await _proven(at, request)
        except Wrong as wrong:
            return _refused(wrong)
        at.consents.end_by_token(form.get("token", ""))
        return Response(status_code=200)  # also for what was never a token: RFC 7009, 2.2

    async def metadata(_request: Request) -> Response:
        return JSONResponse(document(at))

    return [
        Route("/oauth/token", faults.under(switch, "token", token), methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", metadata),
    ]


def document(at: shop.Shop) -> dict[str, object]:
    """Return what this server can do (RFC 8414); every address begins with our own."""
    return {
        "issuer": at.origin,
        "authorization_endpoint": f"{at.origin}/oauth/authorize",
        "token_endpoint": f"{at.origin}/oauth/token",
        "revocation_endpoint": f"{at.origin}/oauth/revoke",
        "userinfo_endpoint": f"{at.origin}{shop.PROTOCOL}/account",
        "scopes_supported": [*authorize.SCOPES],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": PROOFS,
        "revocation_endpoint_auth_methods_supported": PROOFS,
        "authorization_response_iss_parameter_supported": True,
    }


async def _proven(at: shop.Shop, request: Request) -> dict[str, str]:
    """Read the form of a client that has shown its secret, in one way and not in two."""
    try:
        form = await reading.form(request)
    except reading.Unreadable as unreadable:
        raise Wrong("invalid_request", str(unreadable)) from unreadable
    basic = _basic(request.headers.get("authorization"))
    if basic is not None and "client_secret" in form:
        raise Wrong("invalid_request", "Show the secret in one way.")
    name, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
    known = (at.keys.client_id, at.keys.client_secret)
    if not hmac.compare_digest(f"{name}\n{secret}".encode(), "\n".join(known).encode()):
        raise Wrong("invalid_client", "The client or its secret is wrong.", 401)
    return form


def _basic(header: str | None) -> tuple[str, str] | None:
    """Read HTTP Basic, whose parts are encoded as in a form (RFC 6749, section 2.3.1)."""
    if header is None:
        return None
    scheme, _, text = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, secret = "", ""
    if scheme.lower() != "basic":
        raise Wrong("invalid_client", "Use HTTP Basic.", 401)
    return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(secret)


def _tokens(at: shop.Shop, form: dict[str, str]) -> consents.Tokens:
    """Give tokens for a code, or for the refresh token before."""
    now = at.now()
    if form.get("grant_type") == "authorization_code":
        verifier = form.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier):
            raise Wrong("invalid_request", "Send the code_verifier of 43 to 128 characters.")
        grant = authorize.redeem(
            at,
            code=form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            challenge=_challenge(verifier),
            now=now,
        )
        if grant is None:
            raise Wrong("invalid_grant", "The code is not good for this.")
        return at.consents.give(grant, now)
    if form.get("grant_type") == "refresh_token":
        tokens = at.consents.refresh(form.get("refresh_token", ""), now)
        if tokens is None:
            raise Wrong("invalid_grant", "The refresh token is not good any more.")
        return tokens
    if not form.get("grant_type"):
        raise Wrong("invalid_request", "Send a grant_type.")
    raise Wrong("unsupported_grant_type", "There are authorization_code and refresh_token.")


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _answer(tokens: consents.Tokens) -> Response:
    return JSONResponse(
        {
            "token_type": "Bearer",
            "access_token": tokens.access,
            "expires_in": tokens.seconds,
            "refresh_token": tokens.refresh,
            "scope": " ".join(tokens.scopes),
        }
    )


def _refused(wrong: Wrong) -> Response:
    challenge = {"WWW-Authenticate": 'Basic realm="shop"'} if wrong.status == 401 else {}
    said = {"error": wrong.error, "error_description": str(wrong)}
    return JSONResponse(said, wrong.status, headers=challenge)
