"""Where a partner's authorization server is, and as whom we speak to it.

Every endpoint lies at the origin of the issuer that the operator configured. What the issuer's
metadata says of another origin is not believed: a partner's secret, a code or a member's token
would go there. The metadata is read again after an hour, so that a partner may move an endpoint.
"""

import time
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec
import structlog

from partners import vault
from partners.links import oauth
from wallet import database, errors

log: Final = structlog.get_logger("partners.links.servers")

KEPT_SECONDS: Final = 3600.0
URL_CHARS_MAX: Final = 1000
"""An endpoint; one that is longer goes past what browsers and proxies carry."""

_FIND: Final = """
    select p.partner_id, p.slug, p.name, p.status, p.config -> 'oauth' as oauth,
           s.secret_id, s.kid, s.sealed
    from partner.partner p
    left join partner.secret s on s.partner_id = p.partner_id and s.name = 'client' and s.place = 0
    where """
_LINKABLE: Final = """
    select slug, status = 'active' and config ? 'oauth' as linkable
    from partner.partner where partner_id = $1
"""
_BY: Final = {"slug": "p.slug = $1", "partner_id": "p.partner_id = $1"}


class Misconfigured(Exception):
    """What the operator registered of a partner, or what its server publishes, cannot be right."""


@dataclass(frozen=True, slots=True)
class House:
    """What everything here needs: the database, the key ring, our address, the private hosts."""

    db: database.Database
    vault: vault.Vault
    origin: str
    private: frozenset[str] = frozenset()

    def redirect_uri(self, slug: str) -> str:
        """Return the address that one partner's server sends browsers back to, and no other's."""
        return f"{self.origin}/partners/{slug}/callback"


@dataclass(frozen=True, slots=True)
class Server:
    """A partner that members link to. `party` holds what we are to it."""

    partner_id: uuid.UUID
    slug: str
    name: str
    active: bool
    party: oauth.Party

    @property
    def settings(self) -> oauth.Settings:
        """What the operator registered."""
        return self.party.settings


async def by_slug(house: House, slug: str) -> Server | None:
    """Return a partner by its short name, None if members do not or can not link to it."""
    return _server(house, await house.db.fetchrow(_FIND + _BY["slug"], slug))


async def by_id(house: House, partner_id: uuid.UUID) -> Server | None:
    """Return a partner by its id, None if members do not or can not link to it."""
    return _server(house, await house.db.fetchrow(_FIND + _BY["partner_id"], partner_id))


async def linkable(db: database.Database, partner_id: uuid.UUID) -> str:
    """Return the short name of a partner that members may link to; NOT_FOUND, LINK_UNAVAILABLE."""
    row = await db.fetchrow(_LINKABLE, partner_id)
    if row is None:
        raise errors.NotFound("There is no such partner.", path=("partner_id",))
    if not row["linkable"]:
        raise errors.LinkUnavailable(path=("partner_id",))
    return str(row["slug"])


def read(document: object) -> oauth.Settings:
    """Read `oauth` of a partner's registration. Raises Misconfigured for what cannot be right."""
    try:
        settings = msgspec.convert(document, oauth.Settings)
    except msgspec.ValidationError as error:
        raise Misconfigured(str(error)) from None
    issuer = urllib.parse.urlsplit(settings.issuer)
    if issuer.scheme not in ("https", "http") or not issuer.hostname or issuer.username is not None:
        raise Misconfigured("the issuer is not an address")
    if issuer.query or issuer.fragment:
        raise Misconfigured("the issuer has a query or a fragment")
    for name in ("authorization", "token", "revocation", "account"):
        _at_home(getattr(settings, f"{name}_endpoint"), settings.issuer, f"{name}_endpoint")
    _at_home(settings.jwks_uri, settings.issuer, "jwks_uri")
    return settings


async def endpoints(house: House, server: Server) -> oauth.Endpoints | None:
    """Return where a server answers; None while it does not say.

    Raises Misconfigured for metadata that is not believed.
    """
    settings = server.settings
    if settings.authorization_endpoint and settings.token_endpoint:
        return oauth.Endpoints(
            authorization=settings.authorization_endpoint,
            token=settings.token_endpoint,
            revocation=settings.revocation_endpoint,
            account=settings.account_endpoint,
            jwks=settings.jwks_uri,
            names_itself=settings.names_itself,
        )
    kept = cast("_Kept | None", house.db.known.get((_Kept, settings)))
    if kept is not None and time.monotonic() - kept.read_at < KEPT_SECONDS:
        return kept.endpoints
    for url in _published_at(settings.issuer):
        said = await oauth.document(server.party, url)
        if said is not None:
            found = _believed(settings, said)
            house.db.known[(_Kept, settings)] = _Kept(found, time.monotonic())
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a server published, and when it was read."""

    endpoints: oauth.Endpoints
    read_at: float = field(compare=False)


def _server(house: House, row: Any) -> Server | None:
    if row is None or row["oauth"] is None:
        return None
    try:
        settings = read(msgspec.json.decode(row["oauth"]))
        secret = None
        if row["sealed"] is not None:
            sealed = vault.Sealed(row["kid"], row["sealed"])
            secret = house.vault.open(
                sealed, table="partner.secret", row=row["secret_id"], column="sealed"
            ).decode()
    except (Misconfigured, vault.Unreadable) as error:
        log.error("link.misconfigured", partner=row["slug"], why=str(error))
        return None
    return Server(
        partner_id=row["partner_id"],
        slug=row["slug"],
        name=row["name"],
        active=row["status"] == "active",
        party=oauth.Party(
            settings=settings,
            secret=secret,
            redirect_uri=house.redirect_uri(row["slug"]),
            hosts=frozenset({urllib.parse.urlsplit(settings.issuer).netloc}),
            private=house.private,
        ),
    )


def _published_at(issuer: str) -> tuple[str, str]:
    """Where an issuer may publish its metadata: as RFC 8414 says, and as OpenID Connect does."""
    parts = urllib.parse.urlsplit(issuer)
    path = parts.path.rstrip("/")
    return (
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
        f"{issuer.rstrip('/')}/.well-known/openid-configuration",
    )


def _believed(settings: oauth.Settings, said: Mapping[str, Any]) -> oauth.Endpoints:
    if said.get("issuer") != settings.issuer:
        raise Misconfigured("the metadata names another issuer")
    methods = said.get("code_challenge_methods_supported")
    if methods is not None and (not isinstance(methods, list) or "S256" not in methods):
        raise Misconfigured("the server does not take PKCE with S256")

    def at_home(name: str, chosen: str | None = None) -> str | None:
        return chosen or _at_home(said.get(name), settings.issuer, name)

    authorization = at_home("authorization_endpoint", settings.authorization_endpoint)
    token = at_home("token_endpoint", settings.token_endpoint)
    if authorization is None or token is None:
        raise Misconfigured("the metadata lacks an endpoint")
    return oauth.Endpoints(
        authorization=authorization,
        token=token,
        revocation=at_home("revocation_endpoint", settings.revocation_endpoint),
        account=at_home("userinfo_endpoint", settings.account_endpoint),
        jwks=at_home("jwks_uri", settings.jwks_uri),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _at_home(url: object, issuer: str, name: str) -> str | None:
    """Return an address at the issuer's own origin. Raises Misconfigured for any other."""
    if url is None:
        return None
    if not isinstance(url, str) or len(url) > URL_CHARS_MAX:
        raise Misconfigured(f"{name} is not an address")
    try:
        same = _origin(url) == _origin(issuer)
    except ValueError:
        same = False
    if not same:
        raise Misconfigured(f"{name} is not at the origin of the issuer")
    return url


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    if parts.username is not None or parts.fragment:
        raise ValueError(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual
