"""What a client may be registered with: addresses, scopes, ways to prove itself, public keys.

Pure: values in, values out, CLIENT_INVALID with the field at fault. An address is compared
character by character when a code is sent to it, so only one spelling of it is taken here, and
nothing that a browser might read in another way than we do.
"""

import re
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import orjson
from joserfc import errors as jose_errors
from joserfc import jwk

from api.identity import bearer
from wallet import errors

Kind: TypeAlias = Literal["app", "merchant", "resource", "store"]
AuthMethod: TypeAlias = Literal[
    "none", "client_secret_basic", "client_secret_post", "private_key_jwt", "app_token"
]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# How each kind proves itself; the first is taken when none is named. An app on a phone can not
# keep a secret, so it has none and shows with PKCE that it is the one who began. A store shows its
# secret at the gift-card door alone, in a header of the store's protocol, and gets no token.
AUTH_METHODS: Final[dict[Kind, tuple[AuthMethod, ...]]] = {
    "app": ("none",),
    "merchant": ("client_secret_basic", "client_secret_post", "private_key_jwt"),
    "resource": ("client_secret_basic", "client_secret_post"),
    "store": ("app_token",),
}
WITH_SECRET: Final[frozenset[AuthMethod]] = frozenset(
    {"client_secret_basic", "client_secret_post", "app_token"}
)

# What each kind may ask for. A resource server only introspects, and a store has a door of its own.
SCOPES: Final[dict[Kind, frozenset[str]]] = {
    "app": frozenset({"openid", "offline_access", "profile", "email", "member"}),
    "merchant": bearer.SCOPES["merchant"],
    "resource": frozenset(),
    "store": frozenset(),
}

REDIRECTS_MAX: Final = 10  # an app has one for each platform and each stage; ten are plenty
REDIRECT_CHARS_MAX: Final = 500  # longer ones hold parameters that belong into `state`
RATE_MAX: Final = 100_000_000  # as the setting cost_per_minute
KEYS_MAX: Final = 8  # two are needed to rotate
JWKS_BYTES_MAX: Final = 16 * 1024
RSA_BITS_MIN: Final = 2048  # RFC 7518, section 3.3

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+")
WRITTEN: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+", re.ASCII)  # RFC 3986 less # *
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+", re.ASCII)


def redirects(told: Iterable[str], kind: Kind) -> tuple[str, ...]:
    """Return the redirect addresses of a client, each looked at; only an app has any."""
    given = tuple(told)
    if kind != "app":
        if given:
            raise _invalid("Only an app has redirect addresses. Leave them out.", "redirect_uris")
        return ()
    if not given or len(given) > REDIRECTS_MAX or len(set(given)) != len(given):
        raise _invalid(
            f"An app has 1 to {REDIRECTS_MAX} redirect addresses, each once. Correct the list.",
            "redirect_uris",
        )
    for place, one in enumerate(given):
        fault = redirect_fault(one)
        if fault:
            raise _invalid(f"{fault} Correct this address.", "redirect_uris", str(place))
    return given


def redirect_fault(uri: str) -> str | None:
    """Say in a sentence what is wrong with a redirect address; None if nothing is."""
    if len(uri) > REDIRECT_CHARS_MAX:
        return f"A redirect address has at most {REDIRECT_CHARS_MAX} characters."
    if not WRITTEN.fullmatch(uri):
        return "A redirect address is plain ASCII without fragment, wildcard and spaces."
    try:
        parts = urllib.parse.urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This cannot be read as an address."
    if "@" in parts.netloc:
        return "A redirect address names no user."
    if not uri.startswith(f"{parts.scheme}:") or any(
        step in (".", "..") for step in urllib.parse.unquote(parts.path).split("/")
    ):
        return "A redirect address has a scheme in lower case, and no dots for steps of its path."
    if parts.scheme in ("https", "http"):
        return _web_fault(parts, host, port)
    if not PRIVATE_SCHEME.fullmatch(parts.scheme):
        return "A redirect address begins with https://, http://127.0.0.1 or com.example.app:/."
    if not parts.netloc and not parts.path.startswith("/"):
        return "After the scheme of its own an app's address goes on with a slash."
    return None


def _web_fault(parts: urllib.parse.SplitResult, host: str | None, port: int | None) -> str | None:
    if not host or not HOST.fullmatch(host) or ".." in host:
        return "A redirect address names its host in plain letters."
    # What is left besides the host and the port would be read by each parser in its own way.
    shown = f"[{host}]" if ":" in host else host
    if parts.netloc != (shown if port is None else f"{shown}:{port}") or port == 0:
        return "A redirect address has its host in lower case, and a port that exists."
    if parts.scheme == "http" and host not in LOOPBACK:
        return "Only 127.0.0.1 and [::1] may go without TLS: begin with https://."
    if not parts.path.startswith("/"):
        return "A redirect address has a path, if only a slash."
    return None


def scopes(told: Iterable[str], kind: Kind) -> frozenset[str]:
    """Return the scopes of a client; what its kind may not have is refused, never dropped."""
    given = frozenset(told)
    allowed = SCOPES[kind]
    if not allowed and given:
        raise _invalid("A client of this kind asks for no token: give it no scopes.", "scopes")
    if allowed and not given:
        raise _invalid(f"Choose at least one scope of: {', '.join(sorted(allowed))}.", "scopes")
    if not given <= allowed:
        raise _invalid(f"A client of this kind may have: {', '.join(sorted(allowed))}.", "scopes")
    return given


def auth_method(told: str | None, kind: Kind) -> AuthMethod:
    """Return how a client proves itself; the usual way of its kind if none is named."""
    allowed = AUTH_METHODS[kind]
    for one in allowed:
        if told in (None, one):
            return one
    raise _invalid(f"A client of this kind proves itself by: {', '.join(allowed)}.", "auth_method")


def rate(told: int | None) -> int | None:
    """Return the client's own limit, in points a minute."""
    if told is not None and not 1 <= told <= RATE_MAX:
        raise _invalid(f"A limit is 1 to {RATE_MAX:,} points a minute.", "rate_per_minute")
    return told


def jwks(told: object, method: AuthMethod) -> dict[str, Any] | None:
    """Return the public keys (JWKS) by which a client signs; each with a `kid`, none private."""
    if method != "private_key_jwt":
        if told is not None:
            raise _invalid("Only a client of private_key_jwt has keys. Leave them out.", "jwks")
        return None
    entries = told.get("keys") if isinstance(told, Mapping) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= KEYS_MAX:
        raise _invalid(f'Send a JWKS, {{"keys": [...]}}, of 1 to {KEYS_MAX} public keys.', "jwks")
    try:
        size = len(orjson.dumps(told))
    except (TypeError, ValueError):
        size = JWKS_BYTES_MAX + 1
    if size > JWKS_BYTES_MAX:
        raise _invalid(f"A JWKS has at most {JWKS_BYTES_MAX} bytes of JSON. Shorten it.", "jwks")
    keys = [_public(entry, place) for place, entry in enumerate(entries)]
    if len({key["kid"] for key in keys}) != len(keys):
        raise _invalid("Each key needs a `kid` of its own. Rename one.", "jwks")
    return {"keys": keys}


def _public(entry: object, place: int) -> dict[str, Any]:
    path = ("jwks", "keys", str(place))
    if not isinstance(entry, dict) or entry.get("kty") not in ("EC", "RSA", "OKP"):
        raise _invalid("A key is of kty EC, RSA or OKP. A shared secret is no public key.", *path)
    try:
        key = jwk.import_key(entry)
        private = key.is_private
        key.ensure_kid()
    except (jose_errors.JoseError, ValueError, KeyError, TypeError):
        # The library's own words may quote the key.
        raise _invalid("This key cannot be read. Export it again as a public JWK.", *path) from None
    if private:
        raise _invalid(
            "This is a private key. Keep it, make a new pair if it was sent, and send the public"
            " key.",
            *path,
        )
    if isinstance(key, jwk.RSAKey) and key.raw_value.key_size < RSA_BITS_MIN:
        raise _invalid(f"An RSA key has at least {RSA_BITS_MIN} bits. Make a longer one.", *path)
    if entry.get("use", "sig") != "sig":
        raise _invalid("A key to prove a client with is for signatures (use: sig).", *path)
    return dict(key.as_dict(private=False))


def _invalid(message: str, *path: str) -> errors.ClientInvalid:
    return errors.ClientInvalid(message, path=path)
