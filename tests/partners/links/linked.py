"""What tests of links share: a partner with an authorization server, and a member's browser."""

import dataclasses
import re
import urllib.parse
import uuid
from datetime import timedelta
from typing import Any

import httpx2
import orjson

from partners import vault
from partners.links import linking, oauth, servers, tokens
from tests import serving
from tests.identity import relying
from tests.partners.links import authority
from wallet import database, ids

FORM = re.compile(r'name="link" value="(lnk_[0-9a-z]{26})"')


def parameters(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def changed(url: str, **parameters: str | None) -> str:
    """The same address with other parameters; None takes one away."""
    parts = urllib.parse.urlsplit(url)
    told = dict(urllib.parse.parse_qsl(parts.query)) | parameters
    kept = {name: value for name, value in told.items() if value is not None}
    return parts._replace(query=urllib.parse.urlencode(kept)).geturl()


@dataclasses.dataclass(frozen=True, slots=True)
class Shop:
    """A partner as it is registered here, and its server."""

    partner_id: uuid.UUID
    slug: str
    server: authority.Authority


@dataclasses.dataclass(frozen=True, slots=True)
class Browser:
    """A member's browser at our pages and the partner's; it follows one step at a time."""

    http: httpx2.AsyncClient
    house: serving.House

    async def get(self, path: str) -> httpx2.Response:
        """Open a page of ours."""
        return await self.http.get(urllib.parse.urljoin(self.house.origin, path))

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Press a button of one of our pages."""
        headers = {
            "Origin": self.house.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",  # of an empty form too
        }
        url = urllib.parse.urljoin(self.house.origin, path)
        return await self.http.post(url, content=urllib.parse.urlencode(fields), headers=headers)

    async def leave(self, shop: Shop, **fields: str) -> str:
        """Begin, and return the address at the partner."""
        answer = await self.post(f"/partners/{shop.slug}/link", **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def consent(self, address: str) -> str:
        """Consent at the partner, and return the address that it sends the browser back to."""
        answer = await self.http.get(address)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def come_back(self, shop: Shop, **fields: str) -> str:
        """Go there and back, and return the address of the page that asks for a yes."""
        back = await self.consent(await self.leave(shop, **fields))
        answer = await self.http.get(back)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def link(self, shop: Shop) -> uuid.UUID:
        """Go all the way, and return the id of the link."""
        page = await self.get(await self.come_back(shop))
        found = FORM.search(page.text)
        assert found is not None, page.text
        answer = await self.post(
            f"/partners/{shop.slug}/confirm", link=found[1], decision="connect"
        )
        assert answer.status_code == 303, answer.text
        return ids.parse("lnk", found[1])


async def register(
    db: database.Database,
    house: servers.House,
    server: authority.Authority,
    slug: str = "rosa",
    **chosen: Any,
) -> Shop:
    """Register a partner whose members link by OAuth. `chosen` replaces or adds to `oauth`."""
    partner_id, secret_id = ids.new(), ids.new()
    told = {"issuer": server.issuer, "client_id": "wallet", "scopes": ["gifts"]} | chosen
    await db.execute(
        "insert into partner.partner (partner_id, merchant_id, slug, name, adapter, config, offers,"
        " asset) values ($1, $2, $3, $4, 'demo', $5::jsonb, '[]', 978)",
        *(partner_id, ids.new(), slug, slug.title(), orjson.dumps({"oauth": told}).decode()),
    )
    sealed = house.vault.seal(
        authority.SECRET.encode(), table="partner.secret", row=secret_id, column="sealed"
    )
    await db.execute(
        "insert into partner.secret (partner_id, name, place, secret_id, kid, sealed)"
        " values ($1, 'client', 0, $2, $3, $4)",
        *(partner_id, secret_id, sealed.kid, sealed.text),
    )
    return Shop(partner_id, slug, server)


def reach(db: database.Database, ring: vault.Vault, *there: authority.Authority) -> servers.House:
    """What the verbs need, with these servers in the private network."""
    private = frozenset(one.host for one in there)
    return servers.House(db, ring, "http://localhost:8000", private)


async def give(
    house: servers.House,
    shop: Shop,
    *,
    member_id: uuid.UUID | None = None,
    live: bool = True,
    session_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Give a member a link, as the pages do at the end, and return its id.

    With a session it waits ten minutes for the yes of that browser.
    """
    link_id, visitor = ids.new(), linking.Visitor(member_id or ids.new(), ids.new())
    said = shop.server.grant()
    given = oauth.Tokens(said["access_token"], said["refresh_token"], said.get("expires_in"))
    sealed = tokens.seal(house, link_id, given)
    await house.db.execute(
        "insert into partner.link (link_id, partner_id, member_id, subject, subject_name, kid,"
        " sealed, expires_at, status, confirmed_at, due_at) values ($1, $2, $3, $4, $5, $6, $7,"
        " clock_timestamp() + make_interval(secs => $8), $9,"
        " case when $9 = 'active' then clock_timestamp() end,"
        " case when $9 <> 'active' then clock_timestamp() + $10::interval end)",
        *(link_id, shop.partner_id, visitor.member_id, *shop.server.user, sealed.kid, sealed.text),
        *(said.get("expires_in"), "active" if live else "unconfirmed"),
        linking.LIFE if session_id else timedelta(0),
    )
    if session_id:
        await house.db.execute(
            "insert into partner.link_attempt (link_id, state_hash, session_id, member_id,"
            " partner_id, issuer, redirect_uri, kid, sealed, expires_at, used_at) values"
            " ($1, $2, $3, $4, $5, '', '', 'k', 'x', clock_timestamp(), clock_timestamp())",
            *(link_id, link_id.bytes, session_id, visitor.member_id, shop.partner_id),
        )
    return link_id


async def put(
    db: database.Database, member_id: uuid.UUID, slug: str = "rosa", *, status: str = "active"
) -> tuple[uuid.UUID, uuid.UUID]:
    """Put a partner and a link there that nobody will use; return their ids."""
    partner_id, link_id = ids.new(), ids.new()
    oauth_of = {"issuer": "https://shop.example", "client_id": "wallet"}
    await db.execute(
        "insert into partner.partner (partner_id, merchant_id, slug, name, adapter, config, offers,"
        " asset) values ($1, $2, $3, $4, 'demo', $5::jsonb, '[]', 978)",
        *(partner_id, ids.new(), slug, slug.title(), orjson.dumps({"oauth": oauth_of}).decode()),
    )
    await db.execute(
        "insert into partner.link (link_id, partner_id, member_id, subject, subject_name, kid,"
        " sealed, status, confirmed_at) values ($1, $2, $3, 'shopper-1', 'Ana at the shop', 'k',"
        " 'x', $4, clock_timestamp())",
        *(link_id, partner_id, member_id, status),
    )
    return partner_id, link_id


async def open_browser(
    db: database.Database, house: serving.House, member_id: uuid.UUID
) -> dict[str, str]:
    """Sign a member in, and return the cookies of the browser."""
    opened = await relying.open_session(db, member_id)
    return relying.signed_in(house, opened.secret)
