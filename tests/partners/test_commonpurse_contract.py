"""The adapter of the partner protocol keeps the contract, against the reference shop."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from partners import signatures
from partners.adapter import Order, Receipt
from partners.adapters import commonpurse
from partners.conformance import contract, subject
from partners.reference_shop import redemptions, telling
from tests.partners import shop as shops


class Juniper(subject.Subject):
    """The reference shop, running in its own process, with one account linked."""

    adapter_class = commonpurse.Commonpurse
    refused_minor = redemptions.AMOUNT_MAX_MINOR + 1
    account = "shopper_00001"

    def __init__(self) -> None:
        self.shop: shops.Shop | None = None

    @property
    def config(self) -> Mapping[str, object]:  # type: ignore[override]
        assert self.shop is not None
        return {"address": self.shop.protocol_url}

    @property
    def secret(self) -> str:  # type: ignore[override]
        assert self.shop is not None
        return self.shop.keys.credential

    @property
    def webhook_secret(self) -> str:  # type: ignore[override]
        assert self.shop is not None
        return self.shop.keys.webhook

    async def issued(self, order: Order) -> Sequence[int]:
        return [line["amount_minor"] for line in await self._lines(order)]

    async def live(self, order: Order) -> int:
        return sum(
            line["amount_minor"] - line["spent_minor"] - line["reversed_minor"]
            for line in await self._lines(order)
        )

    def webhook(self, order: Order, receipt: Receipt) -> bytes:
        spent = {
            "key": order.key,
            "ref": receipt.ref,
            "state": "spent",
            "amount_minor": receipt.money.amount_minor,
            "currency": receipt.money.asset.code,
            "spent_minor": receipt.money.amount_minor,
            "reversed_minor": 0,
        }
        told = {"type": "redemption.spent", "timestamp": datetime.now(UTC), "data": spent}
        return msgspec.json.encode(told)

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        if not secret.startswith(signatures.PREFIX):  # the suite's stranger knows no base64
            secret = base64.b64encode(secret.encode()).decode()
        return telling.signed(secret, "evt_1", body, now)

    async def _lines(self, order: Order) -> list[dict[str, Any]]:
        assert self.shop is not None
        async with shops.bearer(self.shop.url, self.shop.keys.admin) as http:
            lines = (await http.get("/ledger")).json()["redemptions"]
        return [line for line in lines if line["key"] == order.key]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[shops.Shop]:
    """One shop for the whole contract: every order has a key of its own."""
    started = await shops.Shop.start(tmp_path_factory.mktemp("shop") / "data")
    await started.app().link(1)
    yield started
    await started.stop()


class TestCommonpurse(contract.Contract):
    """Each line of the contract."""

    subject = Juniper()

    @pytest.fixture(autouse=True)
    def _running(self, shop: shops.Shop) -> None:
        self.subject.shop = shop
