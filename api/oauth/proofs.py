"""How a client proves who it is: a secret, a signed assertion, or nothing if it can keep none.

Exactly one way may be used in a request, and it must be the one the client was registered with, at
every endpoint. Whoever fails is told one and the same sentence, whatever was wrong.
"""

import base64
import binascii
import hashlib
import math
import time
import urllib.parse
import warnings
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson
from authlib.oauth2.rfc6749 import errors
from joserfc import errors as jose_errors
from joserfc import jwk, jws, jwt

from api.identity import clients, registration
from api.oauth import bridge, parameters

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "PS256", "RS256", "EdDSA", "Ed25519")  # never one with a shared key
ASSERTION_SECONDS_MAX: Final = 300  # an assertion is made for one request
SKEW_SECONDS: Final = 10  # clocks of servers agree to within seconds
JTI_CHARS_MAX: Final = 200

_ONCE: Final = """
    insert into identity.client_assertion (client_id, jti_hash, expires_at)
    values ($1, $2, to_timestamp($3))
    on conflict do nothing
    returning client_id
"""


class Unproven(errors.InvalidClientError):
    """The client is not known, or did not prove that it is the one it names.

    `allowance` is whose failures these count as: only registered clients have a count of their own.
    """

    def __init__(self, allowance: str = "unknown") -> None:
        super().__init__(
            description="The client is unknown, or did not prove who it is.", status_code=401
        )
        self.allowance = allowance


def check(
    rows: bridge.Rows, request: parameters.Asked, *, audiences: Collection[str]
) -> tuple[clients.Client, registration.AuthMethod]:
    """Return the client that a request comes from, and how it proved that; Unproven otherwise.

    An assertion must name one of `audiences`.
    """
    method, client_id, proof = _presented(request)
    client = rows.wait(clients.find(rows.connection, client_id))
    if client is None:
        raise Unproven
    if not client.active or client.auth_method != method:
        raise Unproven(client_id)
    match method:
        case "none":
            proven = True
        case "private_key_jwt":
            proven = _signed(rows, client, proof, audiences)
        case _:
            proven = rows.wait(clients.check_secret(rows.connection, client_id, proof))
    if not proven:
        raise Unproven(client_id)
    rows.wait(clients.touch(rows.connection, client_id))
    return client, method


def _presented(request: parameters.Asked) -> tuple[registration.AuthMethod, str, str]:
    """Say which way was used, by whom, and the proof itself."""
    told = request.form
    header = request.headers.get("authorization")
    if (header is not None) + ("client_secret" in told) + ("client_assertion" in told) > 1:
        raise errors.InvalidRequestError("Prove who you are in one way only.")
    named = told.get("client_id")
    if header is not None:
        client_id, secret = _basic(header)
        if named not in (None, client_id):
            raise errors.InvalidRequestError("The header and the body name two clients.")
        return "client_secret_basic", client_id, secret
    if "client_assertion" in told:
        if told.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.InvalidRequestError(f"client_assertion_type must be {ASSERTION_TYPE}.")
        assertion = told["client_assertion"]
        return "private_key_jwt", named or _subject(assertion), assertion
    if named is None:
        raise Unproven
    if "client_secret" in told:
        return "client_secret_post", named, told["client_secret"]
    return "none", named, ""


def _basic(header: str) -> tuple[str, str]:
    """Read RFC 6749, section 2.3.1: both halves are form-encoded before they are joined."""
    scheme, _, rest = header.partition(" ")
    try:
        both = base64.b64decode(rest.strip(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise Unproven from None
    client_id, colon, secret = both.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Unproven
    try:
        return (
            urllib.parse.unquote_plus(client_id, errors="strict"),
            urllib.parse.unquote_plus(secret, errors="strict"),
        )
    except UnicodeError:
        raise Unproven from None


def _subject(assertion: str) -> str:
    """Say whom an assertion speaks of; believed only once its signature is checked."""
    try:
        claims = orjson.loads(jws.extract_compact(assertion.encode("ascii")).payload)
    except (jose_errors.JoseError, ValueError, TypeError):
        raise Unproven from None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str):
        raise Unproven
    return subject


def _signed(
    rows: bridge.Rows, client: clients.Client, assertion: str, audiences: Collection[str]
) -> bool:
    """Check an assertion (RFC 7523) against the client's public keys, and use up its `jti`."""
    if client.jwks is None:
        return False
    try:
        keys = jwk.KeySet.import_key_set(client.jwks)  # type: ignore[arg-type]
        with warnings.catch_warnings():
            # The name EdDSA is being replaced by Ed25519 (RFC 9864); both mean the same here.
            warnings.simplefilter("ignore", jose_errors.SecurityWarning)
            token = jwt.decode(assertion, keys, algorithms=ALGORITHMS)
    except (jose_errors.JoseError, ValueError, TypeError, KeyError):
        return False
    expires_at = _expiry(token.claims, client.client_id, audiences, now=time.time())
    jti = token.claims.get("jti")
    if expires_at is None or not isinstance(jti, str) or not 1 <= len(jti) <= JTI_CHARS_MAX:
        return False
    jti_hash = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest()
    kept = expires_at + SKEW_SECONDS
    return rows.row(_ONCE, client.client_id, jti_hash, kept) is not None


def _expiry(
    claims: Mapping[str, Any], client_id: str, audiences: Collection[str], *, now: float
) -> float | None:
    """Return when an assertion expires, None if it says anything that it must not."""
    told = claims.get("aud")
    # One that is meant for somebody else too could be played back here by that one.
    named = told if isinstance(told, list) else [told]
    if not named or any(one not in audiences for one in named if isinstance(one, str)):
        return None
    if not all(isinstance(one, str) for one in named):
        return None
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return None
    ends, begins = _instant(claims.get("exp")), _instant(claims.get("nbf", 0))
    if ends is None or begins is None or begins > now + SKEW_SECONDS:
        return None
    if not now - SKEW_SECONDS < ends <= now + ASSERTION_SECONDS_MAX + SKEW_SECONDS:
        return None
    return ends


def _instant(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        return None
    return float(told)
