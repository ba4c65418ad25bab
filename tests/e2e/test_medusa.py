"""The adapters of Medusa keep the contract against a real Medusa, with the loyalty plugin."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api import postgres
from partners.conformance import contract
from tests.e2e import npm
from tests.partners.platforms import medusa as played

EMAIL, PASSWORD = "admin@shop.example", "of-a-test-and-thrown-away"
GIFTS = played.Gifts(played.create(played.Shop()))
CREDIT = played.Credit(GIFTS.app)
GIFTS.seconds = CREDIT.seconds = 60


@pytest.fixture(scope="module", autouse=True)
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    scratch = tmp_path_factory.mktemp("medusa")
    # A server of its own: Medusa speaks to it by its address, as whoever owns it.
    embedded = postgres.Embedded(npm.HERE.parent.parent / ".commonpurse" / "tests" / "medusa")
    embedded.erase()
    embedded.start()
    try:
        yield from _running(embedded.tcp_dsn, scratch / "log")
    finally:
        embedded.stop()


def _running(dsn: str, log: Path) -> Iterator[None]:
    folder = npm.installed("medusa", "--legacy-peer-deps", "--ignore-scripts")
    medusa = str(folder / "node_modules" / ".bin" / "medusa")
    environment = {
        "DATABASE_URL": dsn,
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "NODE_ENV": "production",
    }
    npm.run([medusa, "db:migrate", "--skip-scripts"], folder, environment)
    npm.run([medusa, "user", "-e", EMAIL, "-p", PASSWORD], folder, environment)
    with npm.serving([medusa, "start"], folder, environment, log=log, alive="/health") as address:
        key = _key(address)
        for subject in (GIFTS, CREDIT):
            subject.address, subject.secret = address, key
        yield


class TestMedusaGiftCard(contract.Contract):
    subject = GIFTS


class TestMedusaStoreCredit(contract.Contract):
    subject = CREDIT


def _key(address: str) -> str:
    """A secret API key, as the shop's people make one."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        who = {"email": EMAIL, "password": PASSWORD}
        token = client.post("/auth/user/emailpass", json=who).json()["token"]
        made = client.post(
            "/admin/api-keys",
            json={"title": "Commonpurse", "type": "secret"},
            headers={"Authorization": f"Bearer {token}"},
        )
        return str(made.json()["api_key"]["token"])
