"""Reaching the partner of an order: its adapter, speaking for the account that the order is for."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx2

from partners import adapter, credentials, directory, opening
from partners.links import servers, tokens
from wallet import orders
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Reach:
    """Opens partners of the directory for orders; `links` knows the accounts of members."""

    db: Database
    opener: opening.Opener
    links: servers.House

    async def able(self, order: orders.Order) -> adapter.Capabilities:
        """What this partner can do. Raises opening.Closed where its adapter is not there."""
        partner = await directory.find(self.db, order.partner_id)
        return self.opener.kind(partner).caps

    @contextlib.asynccontextmanager
    async def open(self, order: orders.Order) -> AsyncIterator[opening.Spoken]:
        """The partner for the length of a block. Raises opening.Closed.

        A suspended one is asked for nothing new, but for what became of the orders it had.
        """
        partner = await directory.find(self.db, order.partner_id)
        if partner.status != "active" and order.facts.ask == "issue":
            raise opening.Closed("the partner is suspended", final=True)
        how = self.opener.kind(partner).credential
        auth = await self._account(how, order) if how.whose == "member" else None
        async with self.opener.open(partner, auth=auth) as spoken:
            yield spoken

    async def _account(self, how: adapter.Credential, order: orders.Order) -> "_Account":
        if order.link_id is None:
            raise opening.Closed("no account is linked", final=True)
        # A member who unlinks gets nothing new there; what was begun is still seen to its end.
        settling = order.facts.ask != "issue"
        found = await tokens.access(self.links, order.link_id, settling=settling)
        if isinstance(found, adapter.NotSent):
            raise opening.Closed(found.reason, final=found.reauthorize)
        return _Account(self.links, how, order.link_id, found, settling=settling)


class _Account(httpx2.Auth):
    """Speaks for a linked account; with another token, once, if the partner knows this one not.

    What is answered 401 was not looked at, so sending it again does nothing twice.
    """

    def __init__(
        self,
        links: servers.House,
        how: adapter.Credential,
        link_id: UUID,
        access: tokens.Access,
        *,
        settling: bool,
    ) -> None:
        self._links = links
        self._how = how
        self._link_id = link_id
        self._access = access
        self._settling = settling

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Say the token; if it is not taken, one that is newer."""
        request.headers[self._how.header] = credentials.value(self._how, self._access.token)
        answer = yield request
        if answer.status_code != 401:
            return
        found = await tokens.access(
            self._links, self._link_id, than=self._access.version, settling=self._settling
        )
        if isinstance(found, tokens.Access):
            self._access = found
            request.headers[self._how.header] = credentials.value(self._how, found.token)
            yield request
