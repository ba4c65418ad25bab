"""Reaching the partner of an order: its adapter, speaking for the account that the order is for."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from partners import adapter, credentials, directory, opening
from wallet import orders
from wallet.database import Database


class Access(Protocol):
    """A token that is good now, for one call on behalf of a linked account."""

    @property
    def token(self) -> str:
        """The token; it is shown to nobody."""
        ...


Accounts: TypeAlias = Callable[[UUID], Awaitable[Access | adapter.NotSent]]
"""Gives a token for a link, or says why there is none."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Opens partners of the directory for orders; `accounts` knows the links of members."""

    db: Database
    opener: opening.Opener
    accounts: Accounts | None = None

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
        auth = None
        if how.whose == "member":
            auth = credentials.Speaking(how, (await self._token(order),))
        async with self.opener.open(partner, auth=auth) as spoken:
            yield spoken

    async def _token(self, order: orders.Order) -> str:
        if self.accounts is None or order.link_id is None:
            raise opening.Closed("no account is linked", final=True)
        found = await self.accounts(order.link_id)
        if isinstance(found, adapter.NotSent):
            raise opening.Closed(found.reason, final=found.reauthorize)
        return found.token
