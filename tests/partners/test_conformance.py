"""Our own adapters keep the contract, by the very tests that third parties run."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx2
import msgspec
import pytest

from partners import adapter
from partners import demo_partner as shops
from partners.adapters import demo as demos
from partners.conformance import contract, subject
from tests.partners import demo


class DemoSubject(subject.Subject):
    """The demo partner, running in its own process, in one of its flavours."""

    refused_minor = 501
    secret = webhook_secret = shops.SECRET

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.adapter_class: type[adapter.Adapter] = demo.KINDS[flavour]  # type: ignore[misc]
        self.shop = uuid.uuid4().hex
        self.partner: demo.Partner | None = None

    @property
    def config(self) -> Mapping[str, object]:  # type: ignore[override]
        assert self.partner is not None
        return self.partner.config(self.shop)

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        found: list[int] = (await self._effects(order))["issued"]
        return found

    async def live(self, order: adapter.Order) -> int:
        return int((await self._effects(order))["live"])

    def webhook(self, order: adapter.Order, receipt: adapter.Receipt) -> bytes:
        told = {"id": "evt_1", "at": "2026-11-26T12:00:00+00:00", "state": "spent"}
        return msgspec.json.encode({**told, "key": order.key, "ref": receipt.ref})

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        return {"Demo-Signature": demos.signed(body, secret=secret, now=now)}

    async def _effects(self, order: adapter.Order) -> Any:
        assert self.partner is not None
        return await demo.effects(self.partner, dict(self.config), order.key, self.flavour)


class DemoContract(contract.Contract):
    subject: DemoSubject

    @pytest.fixture(autouse=True)
    def _running(self, demo_partner: demo.Partner) -> None:
        self.subject.partner = demo_partner


class TestDemo(DemoContract):
    subject = DemoSubject("keyed")


class TestDemoNatural(DemoContract):
    subject = DemoSubject("natural")


class TestDemoNone(DemoContract):
    subject = DemoSubject("none")


async def test_the_message_that_the_demo_partner_sends_is_believed(
    demo_partner: demo.Partner,
) -> None:
    from tests.partners import standing

    config, ordered = demo_partner.config(), standing.order()
    async with demo.speaking(demo_partner, config=config) as shop:
        issued = await shop.issue(ordered)
        assert isinstance(issued, adapter.Issued)
        base = f"{demo_partner.address}/keyed/{config['shop']}/issues/{issued.receipt.ref}"
        headers = {"Authorization": f"Bearer {shops.SECRET}"}
        async with httpx2.AsyncClient(headers=headers) as customer:
            await customer.post(f"{base}/spend")
            told = (await customer.get(f"{base}/told")).json()
        (event,) = shop.events(
            adapter.Delivery(
                headers=told["headers"],
                body=told["body"].encode(),
                url="https://wallet.example/",
                secrets=(shops.SECRET,),
                now=datetime.now().astimezone(),
            )
        )

    assert ("spent", ordered.key, issued.receipt.ref) == (event.state, event.key, event.ref)
