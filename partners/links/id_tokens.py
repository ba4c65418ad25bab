"""Id tokens of partners: who the member is there, if everything about the token is right.

The algorithm is one of a fixed list of public-key ones and the key is found by its id in the set
that the server publishes at its own origin: nothing that the token brings along chooses either.
"""

from collections.abc import Mapping
from typing import Any, Final

import joserfc.errors
from joserfc import jwk, jws, jwt

# Public keys only: with a shared secret in the list, a public key could be passed off as one.
ALGORITHMS: Final = (
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
)
RULES: Final = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
KEYS_MAX: Final = 64
"""A server publishes two or three."""
RSA_BITS_MIN: Final = 2048
LEEWAY_SECONDS: Final = 60
"""How far two clocks may be apart."""


def read(
    text: str, published: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str
) -> dict[str, Any] | None:
    """Return the claims of a token that is for us, of this attempt, and signed; None otherwise."""
    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
        key = _key(published, header)
        if key is None:
            return None
        claims: dict[str, Any] = jwt.decode(text, key, registry=RULES).claims
        _expected(issuer, client_id, nonce).validate(claims)
    except (joserfc.errors.JoseError, ValueError, TypeError, KeyError):
        return None
    # With several audiences the token must say that it was made for us (OpenID Connect, 3.1.3.7).
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        return None
    return claims


def _expected(issuer: str, client_id: str, nonce: str) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )


def _key(published: Mapping[str, Any], header: Mapping[str, Any]) -> jwk.Key | None:
    if header.get("alg") not in ALGORITHMS:
        return None
    entries = published.get("keys")
    entries = entries[:KEYS_MAX] if isinstance(entries, list) else []
    found = [key for entry in entries if (key := _readable(entry)) is not None]
    if "kid" in header:
        return next((key for key in found if key.kid == header["kid"]), None)
    return found[0] if len(found) == 1 else None


def _readable(entry: object) -> jwk.Key | None:
    """Return a public key for signatures; others in the set are none of our business."""
    if not isinstance(entry, dict) or entry.get("kty") not in ("EC", "RSA", "OKP"):
        return None
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwk.import_key(entry)
    except (joserfc.errors.JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, jwk.RSAKey) and key.raw_value.key_size < RSA_BITS_MIN:
        return None
    return key
