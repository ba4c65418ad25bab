"""An OpenID provider of the operator's, whose access tokens speak for members instead of ours.

A token is taken when a key that the provider publishes has signed it for our audience, and it names
a member. The algorithm is one of a fixed list and the key is found by its id in the provider's own
set: nothing that the token brings along chooses either. What the provider publishes is kept for an
hour, and asked for earlier only when a key is unknown, at most once a minute. Such a token can not
be revoked here, so one that lives longer than a day is not taken at all.
"""

import asyncio
import dataclasses
import datetime
import re
import time
import uuid
from typing import Any, Final, cast

import httpx2
import joserfc.errors
import orjson
import structlog
from joserfc import jwk, jws, jwt

from api import settings
from api.identity import bearer, registration
from partners import addresses, http
from wallet import database, errors, ids, members

log: Final = structlog.get_logger("api.identity.external")

# Public keys only: with a shared secret in the list, a public key could be passed off as one.
ALGORITHMS: Final = (
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
)
# A header that nobody has heard of says nothing, unless the token calls it critical (RFC 7515, 4).
RULES: Final = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
TYPES: Final = frozenset({"at+jwt", "application/at+jwt", "jwt"})  # RFC 9068, and who came before
SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
TOKEN_CHARS_MAX: Final = 8 * 1024  # as much as servers take in one header
LIFE_MAX: Final = datetime.timedelta(days=1)
LEEWAY_SECONDS: Final = 60  # how far two clocks may be apart

ANSWER_BYTES_MAX: Final = 256 * 1024
ANSWER_SECONDS_MAX: Final = 5.0  # for connecting, sending and reading together
KEYS_MAX: Final = 64  # a provider publishes two or three
KEPT_SECONDS: Final = 3600.0
KEPT_SECONDS_MAX: Final = 24 * 3600.0  # while it is away: by then it may have withdrawn a key
AGAIN_SECONDS: Final = 60.0  # between two questions about an unknown key
AWAY_SECONDS: Final = 5.0  # between two questions to a provider that is away


class Unreachable(Exception):
    """The provider did not answer with what it has to publish."""


@dataclasses.dataclass(frozen=True, slots=True)
class Published:
    """What a provider says of itself: its name as tokens spell it, and its keys by their ids."""

    issuer: str
    keys: dict[str, jwk.Key]
    only: jwk.Key | None  # for tokens without a key's id, if there is a single key


class Provider:
    """One provider, and what is known of it in this process for `kept_seconds`."""

    def __init__(
        self,
        house: settings.Settings,
        *,
        kept_seconds: float = KEPT_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        assert house.external_issuer is not None and house.external_audience is not None
        self._issuer = house.external_issuer
        self._audience = house.external_audience
        self._claim = house.external_member_claim
        self._private = house.private_hosts
        self._kept_seconds = kept_seconds
        self._again_seconds = again_seconds
        self._published: Published | None = None
        self._read_at = float("-inf")
        self._pause_until = float("-inf")
        self._turn = asyncio.Lock()

    async def claims(self, text: str) -> dict[str, Any] | None:
        """Return what a token says, if everything about it is right; None otherwise.

        Raises errors.Unavailable while nothing fresh enough is known of the provider.
        """
        header = _header(text)
        if header is None:
            return None
        kid = header.get("kid")
        if self._age() > self._kept_seconds or self._key(kid) is None:
            await self._refresh(known=self._key(kid) is not None)
        if self._published is None or self._age() > KEPT_SECONDS_MAX:
            raise errors.Unavailable("The sign-in provider does not answer.")
        key = self._key(kid)
        if key is None:
            return None
        try:
            claims = jwt.decode(text, key, registry=RULES).claims
            self._rules(self._published.issuer).validate(claims)
        except (joserfc.errors.JoseError, ValueError, TypeError, KeyError):
            return None
        return claims if claims["exp"] - claims["iat"] <= LIFE_MAX.total_seconds() else None

    def member(self, claims: dict[str, Any]) -> uuid.UUID | None:
        """Return the member that the claims name."""
        named = claims.get(self._claim)
        try:
            return ids.parse("mem", named) if isinstance(named, str) else None
        except ValueError:
            return None

    def _rules(self, issuer: str) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    def _key(self, kid: object) -> jwk.Key | None:
        if self._published is None:
            return None
        return self._published.keys.get(kid) if isinstance(kid, str) else self._published.only

    def _age(self) -> float:
        return time.monotonic() - self._read_at

    async def _refresh(self, *, known: bool) -> None:
        """Ask the provider again, one of all who wait; what was known stays if it is away.

        Whoever has a known key does not wait for somebody else who asks.
        """
        if known and self._turn.locked():
            return
        async with self._turn:
            # Whoever waited finds the answer; a flood of made-up key ids finds a pause.
            if time.monotonic() < self._pause_until:
                return
            pause = self._again_seconds
            try:
                self._published = await _ask(self._issuer, self._private)
                self._read_at = time.monotonic()
            except Unreachable as away:
                log.warning("provider away", issuer=self._issuer, why=str(away))
                pause = AWAY_SECONDS
            self._pause_until = time.monotonic() + pause


async def find(
    db: database.Database, house: settings.Settings, text: str
) -> bearer.Principal | None:
    """Return the member for whom a token of the configured provider speaks, or None.

    Raises errors.Unavailable while the provider has never answered.
    """
    if house.external_issuer is None or not _looks_like_one(text):
        return None
    provider = cast("Provider | None", db.known.get(Provider))
    if provider is None:
        provider = db.known[Provider] = Provider(house)
    claims = await provider.claims(text)
    member_id = None if claims is None else provider.member(claims)
    if claims is None or member_id is None:
        return None
    try:
        member = await members.find(db, member_id)
    except errors.NotFound:
        return None
    return bearer.Principal(
        token_id=ids.fingerprint("external", text),
        kind="member",
        principal_id=member_id,
        scopes=frozenset({"member"}),
        member=member,
        expires_at=_instant(claims["exp"]),
        authenticated_at=_instant(claims.get("auth_time")),
    )


def _looks_like_one(text: str) -> bool:
    return len(text) <= TOKEN_CHARS_MAX and SHAPE.fullmatch(text) is not None


def _header(text: str) -> dict[str, Any] | None:
    """Return the header of a token that is worth asking for its key; nothing of it is trusted."""
    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
    except (joserfc.errors.JoseError, ValueError, TypeError, KeyError):
        return None
    kind = header.get("typ", "jwt")
    known = isinstance(kind, str) and kind.lower() in TYPES
    return header if known and header.get("alg") in ALGORITHMS else None


def _instant(seconds: object) -> datetime.datetime | None:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None


async def _ask(issuer: str, private: frozenset[str]) -> Published:
    """Read the discovery document and the keys it points to."""
    # The operator has named the issuer, so it may be in their own network; what the issuer names
    # has no such right.
    home = addresses.authority(issuer)
    said = await _json(f"{issuer}/.well-known/openid-configuration", private | {home})
    named = said.get("issuer")
    # Some end their name with a slash; tokens must then spell it so too.
    if not isinstance(named, str) or named.rstrip("/") != issuer:
        raise Unreachable("its discovery document names another issuer")
    address = said.get("jwks_uri")
    # http only where the issuer has it itself, which the settings allow on loopback alone.
    schemes = {"https", issuer.partition(":")[0]}
    if not isinstance(address, str) or address.partition(":")[0] not in schemes:
        raise Unreachable("its jwks_uri is not an https address")
    entries = (await _json(address, private | {home})).get("keys")
    if not isinstance(entries, list):
        raise Unreachable("its JWKS has no keys")
    found = [key for entry in entries[:KEYS_MAX] if (key := _readable(entry)) is not None]
    keys = {key.kid: key for key in found if key.kid is not None}
    return Published(named, keys, only=found[0] if len(found) == 1 else None)


def _readable(entry: object) -> jwk.Key | None:
    """Return a public key for signatures; others in the set are none of our business."""
    if not isinstance(entry, dict) or entry.get("kty") not in ("EC", "RSA", "OKP"):
        return None
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwk.import_key(entry)
        key.ensure_kid()
    except (joserfc.errors.JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, jwk.RSAKey) and key.raw_value.key_size < registration.RSA_BITS_MIN:
        return None
    return key


async def _json(address: str, private: frozenset[str]) -> dict[str, Any]:
    """Read one small JSON object, in bounded time and memory."""
    try:
        async with http.client(
            hosts={addresses.authority(address)},
            private=private,
            timeout_seconds=ANSWER_SECONDS_MAX,
            body_bytes_max=ANSWER_BYTES_MAX,
        ) as client:
            response = await client.get(address, headers={"Accept": "application/json"})
        if response.status_code != 200:
            raise Unreachable(f"{address} answered {response.status_code}")
        read = orjson.loads(response.content)
    except http.TooLarge as error:
        raise Unreachable(f"{address}: {error}") from None
    except http.Forbidden as error:
        raise Unreachable(f"{address} is refused: {error.reason}") from None
    except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreachable(f"{address} did not answer: {type(error).__name__}") from error
    if not isinstance(read, dict):
        raise Unreachable(f"{address} did not answer a JSON object")
    return read
