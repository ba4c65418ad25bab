"""What is said to a partner's authorization server, and what its answers mean.

The steps of a member's link (RFC 6749 with PKCE, S256 always) are spoken by Authlib's client over
our guarded transport, which reaches the one host of the server and no other: a token of one partner
cannot be sent to another. An answer is a value. Nothing here is logged, and no secret is in a repr.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeGuard

import httpx2
import msgspec
from authlib.integrations import base_client, httpx_client

from partners import faults, http
from partners.adapter import NotSent, Unknown

SECONDS_MAX: Final = 10.0
"""For one exchange: a person waits for it, or an order does."""
TOKEN_CHARS_MAX: Final = 16 * 1024
"""No header would carry a longer one."""
LIFE_SECONDS_MAX: Final = 10 * 366 * 24 * 3600
"""Some say that a token lives for ever by a number; a larger one is nonsense."""
ERROR_CHARS_MAX: Final = 60
"""The code of an error is a word of the standard; whatever is longer is not read out."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a partner's authorization server is spoken to: `oauth` of the partner's registration.

    With `authorization_endpoint` and `token_endpoint` nothing is asked about; otherwise the rest is
    read from the metadata that the issuer publishes (RFC 8414). Who the member is there is told by
    the id token if `openid` is among the scopes; else by a JSON answer of `account_endpoint`, by
    its fields `account_subject` and `account_name`.
    """

    issuer: str
    client_id: str
    scopes: tuple[str, ...] = ()
    auth_method: Literal["client_secret_basic", "client_secret_post", "none"] = (
        "client_secret_basic"
    )
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    revocation_endpoint: str | None = None
    account_endpoint: str | None = None
    jwks_uri: str | None = None
    names_itself: bool = False
    account_subject: str = "sub"
    account_name: str = "name"

    @property
    def openid(self) -> bool:
        """True if an id token says who the member is."""
        return "openid" in self.scopes


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the server answers; `names_itself` if it sends `iss` with every answer (RFC 9207)."""

    authorization: str
    token: str
    revocation: str | None
    account: str | None
    jwks: str | None
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Party:
    """Us, as one partner's server knows us, and which hosts may be reached for it."""

    settings: Settings
    secret: str | None = field(repr=False)
    redirect_uri: str
    hosts: frozenset[str]
    private: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a server gave. `lives_seconds` is None where it did not say."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    lives_seconds: int | None
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Denied:
    """The server's own no, in the standard's word for it."""

    error: str


Answer: TypeAlias = Tokens | Denied | NotSent | Unknown


async def address(
    party: Party, to: Endpoints, *, state: str, verifier: str, nonce: str | None
) -> str:
    """Return where the member's browser goes to consent; nothing is sent by us."""
    more = {} if nonce is None else {"nonce": nonce}
    async with _client(party) as client:
        url, _ = client.create_authorization_url(
            to.authorization, state=state, code_verifier=verifier, **more
        )
    return str(url)


async def exchange(party: Party, to: Endpoints, *, code: str, verifier: str) -> Answer:
    """Turn a code into tokens."""
    async with _client(party) as client:
        return await _answered(
            client.fetch_token(
                to.token, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        )


async def refresh(party: Party, to: Endpoints, token: str) -> Answer:
    """Turn a refresh token into new tokens; the old one is carried on if no new one came."""
    async with _client(party) as client:
        answer = await _answered(
            # Without the scopes: what was granted is asked for again, whatever is configured now.
            client.refresh_token(to.token, refresh_token=token, scope=None)
        )
    if isinstance(answer, Tokens) and answer.refresh is None:
        return Tokens(answer.access, token, answer.lives_seconds)
    return answer


async def revoke(party: Party, endpoint: str, token: str, *, hint: str) -> bool:
    """Give a token back (RFC 7009); False if it is worth another try."""
    try:
        async with _client(party) as client:
            answer = await client.revoke_token(endpoint, token=token, token_type_hint=hint)
    except (httpx2.HTTPError, TimeoutError, OSError):
        return False
    # An unknown token is answered 200; what the server does not support will not get better.
    return answer.status_code < 500 and answer.status_code not in (401, 408, 429)


async def document(party: Party, url: str, *, token: str | None = None) -> dict[str, Any] | None:
    """Read a JSON object: what the server publishes, or with a token who the member is there."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with http.client(
        hosts=party.hosts, private=party.private, timeout_seconds=SECONDS_MAX
    ) as client:
        reply = await faults.ask(client, "GET", url, headers=headers)
    if isinstance(reply, faults.Reply) and reply.ok and isinstance(reply.document, dict):
        return reply.document
    return None


def _client(party: Party) -> Any:
    """Authlib's client, which has no types; it is given no token, so it never adds one by itself.

    It is closed by whoever sends something with it.
    """
    told = party.settings
    return httpx_client.AsyncOAuth2Client(
        client_id=told.client_id,
        client_secret=party.secret,
        token_endpoint_auth_method=told.auth_method,
        revocation_endpoint_auth_method=told.auth_method,
        scope=" ".join(told.scopes) or None,
        redirect_uri=party.redirect_uri,
        code_challenge_method="S256",
        transport=http.Guarded(
            hosts=party.hosts, private=party.private, timeout_seconds=SECONDS_MAX
        ),
        trust_env=False,
        follow_redirects=False,
    )


async def _answered(call: Awaitable[Any]) -> Answer:
    """What came of a question to the token endpoint, and what its absence means."""
    try:
        said = await call
    except base_client.OAuthError as error:
        return Denied(str(error.error)[:ERROR_CHARS_MAX])
    except (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        http.Forbidden,
    ) as error:
        return NotSent(type(error).__name__)
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        return NotSent("asked to slow down") if status == 429 else Unknown(f"answered {status}")
    except (httpx2.HTTPError, ValueError, TypeError, TimeoutError, OSError) as error:
        return Unknown(type(error).__name__)
    return _tokens(said)


def _tokens(said: dict[str, Any]) -> Tokens | Unknown:
    access, kind = said.get("access_token"), said.get("token_type", "bearer")
    if not _is_token(access) or not isinstance(kind, str) or kind.lower() != "bearer":
        return Unknown("answered without a bearer token")
    renewed, identity = said.get("refresh_token"), said.get("id_token")
    return Tokens(
        access=access,
        refresh=renewed if _is_token(renewed) else None,
        lives_seconds=_seconds(said.get("expires_in")),
        id_token=identity if _is_token(identity) else None,
    )


def _is_token(said: object) -> TypeGuard[str]:
    return (
        isinstance(said, str)
        and 0 < len(said) <= TOKEN_CHARS_MAX
        and said.isascii()
        and said.isprintable()
        and " " not in said
    )


def _seconds(said: object) -> int | None:
    """Seconds as a number, or as some write it, as digits."""
    text = str(said)
    if isinstance(said, bool) or not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return min(int(text), LIFE_SECONDS_MAX)
