"""Driving orders at the demo partner: a member with value, a shop, and the test's own clock."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2

from partners import adapter, demo_partner, directory, http, reach, saga
from partners.adapters import demo as demo_adapter
from partners.links import servers
from tests.partners import demo, kinds, standing
from tests.wallet import factories
from tests.wallet.factories import EUR, NOON, Coalition
from wallet import ids, members, orders
from wallet.database import Database

STEPS_MAX: Final = 60
NOWHERE: Final = "http://127.0.0.1:9"
"""Where nobody listens, on this machine."""
HOUR: Final = timedelta(hours=1)
FLAVOURS: Final = {"keyed": "demo", "natural": "demo-natural", "none": "demo-none"}


@dataclass(frozen=True, slots=True)
class Scene:
    """One shop at the demo partner, one member, and the saga between them."""

    coalition: Coalition
    house: saga.House
    standing: standing.Standing
    shop: demo.Partner
    partner: directory.Partner
    ana: members.Member

    @property
    def db(self) -> Database:
        """The database that they share."""
        return self.coalition.db

    def wish(self, minor: int) -> orders.Wish:
        """A gift card at the shop."""
        return orders.Wish(
            partner_id=self.partner.partner_id,
            merchant_id=self.partner.merchant_id,
            kind="gift_card",
            amount_minor=minor,
            asset=EUR,
            kid=self.house.ring.kid,
        )

    async def begin(
        self, minor: int, *, key: UUID | None = None, now: datetime | None = NOON
    ) -> orders.Order:
        """Hold value and ask the shop once."""
        outcome = await saga.begin(
            self.house,
            wallet_id=self.ana.wallet_id,
            request_id=key or ids.new(),
            wish=self.wish(minor),
            now=now,
        )
        return outcome.order

    async def drive(self, order: orders.Order, *, now: datetime = NOON) -> orders.Order:
        """Ask whenever it is due, until nothing is asked any more."""
        for _ in range(STEPS_MAX):
            order = await orders.find(self.db, order.redemption_id, now=now)
            if order.due_at is None:
                return order
            now = max(now, order.due_at)
            await saga.advance(self.house, order.redemption_id, seconds=5, now=now)
        raise AssertionError(f"an order that never ends: {order.state}")

    async def reverse(self, order: orders.Order, *, now: datetime = NOON) -> orders.Order:
        """Ask that it be taken back, and drive it to its end."""
        asked = await saga.reverse(
            self.house, redemption_id=order.redemption_id, request_id=ids.new(), now=now
        )
        return await self.drive(asked.order, now=now)

    @property
    def flavour(self) -> str:
        """How idempotent the shop is."""
        return self.house_kind.flavour

    @property
    def house_kind(self) -> type[demo_adapter.Demo]:
        """The class of the shop's adapter."""
        found = self.standing.adapters.find(self.partner.adapter)
        assert issubclass(found, demo_adapter.Demo)
        return found

    async def effects(self, order: orders.Order) -> Any:
        """What has really happened at the shop."""
        config = dict(self.partner.facts.config)
        return await demo.effects(self.shop, config, order.key, self.flavour)

    async def at_shop(self, method: str, path: str, **request: Any) -> Any:
        """Ask the shop behind the product's back."""
        async with httpx2.AsyncClient() as client:
            answer = await client.request(
                method,
                f"{self.shop.address}/{self.flavour}/{self.partner.facts.config['shop']}{path}",
                headers={"Authorization": f"Bearer {demo_partner.SECRET}"},
                **request,
            )
            return answer.json() if answer.content else None

    async def issue_there(self, order: orders.Order) -> str:
        """What the shop calls what it issued for an order."""
        found = await self.at_shop("GET", "/issues", params={"key": order.key})
        return str(found["issues"][0]["ref"])

    async def spend_there(self, order: orders.Order) -> None:
        """The member spends it at the shop."""
        await self.at_shop("POST", f"/issues/{await self.issue_there(order)}/spend")

    async def tell(
        self, order: orders.Order, state: adapter.State = "live", *, now: datetime = NOON
    ) -> orders.Order | None:
        """The shop tells of an order by itself."""
        event = adapter.PartnerEvent(f"{order.key}-{state}", state, now, key=order.key)
        return await saga.heard(self.house, self.partner.partner_id, event, now=now)

    async def available(self) -> int:
        """What the member may spend."""
        return (await self.coalition.faces(self.ana)).available


@contextlib.asynccontextmanager
async def scene(
    db: Database,
    folder: Path,
    shop: demo.Partner,
    *,
    flavour: str = "keyed",
    kind: str | None = None,
    value: int = 10_000,
    timeout_seconds: float = 0.4,
    client: Callable[..., httpx2.AsyncClient] = http.client,
    **changes: Any,
) -> AsyncIterator[Scene]:
    """A coalition with one shop, and a member with a hundred euros."""
    coalition = await factories.open_coalition(db)
    ana = await coalition.member()
    await coalition.fill(ana, value, now=NOON - 2 * factories.DAY)
    allowed = {*FLAVOURS.values(), *([kind] if kind else [])}
    async with standing.opened(
        *(db, folder, shop, demo.Partner(NOWHERE, shop.process)),
        allowed=allowed,
        timeout_seconds=timeout_seconds,
        client=client,
        points=kinds.points() if kind in kinds.ALL else None,
    ) as stands:
        partner = await stands.partner(
            coalition.mint, shop, adapter=kind or FLAVOURS[flavour], **changes
        )
        links = servers.House(db, stands.ring, "http://localhost")
        house = saga.House(db, reach.Reach(db, stands.opener, links), stands.ring)
        yield Scene(coalition, house, stands, shop, partner, ana)


def hurried(one: Scene, **changes: Any) -> Scene:
    """The same scene, with another house."""
    return replace(one, house=replace(one.house, **changes))
