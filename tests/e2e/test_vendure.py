"""The adapter of Vendure keeps the contract against a real Vendure."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from partners.conformance import contract
from tests.e2e import npm
from tests.partners.platforms import vendure as played

PASSWORD = "of-a-test-and-thrown-away"
COUPONS = played.Coupons(played.create(played.Shop()), currency="USD")
COUPONS.seconds = 60


@pytest.fixture(scope="module", autouse=True)
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = npm.installed("vendure")
    log = tmp_path_factory.mktemp("vendure") / "log"
    environment = {"PASSWORD": PASSWORD, "NODE_ENV": "production"}
    command = ["node", "index.js"]
    with npm.serving(command, folder, environment, log=log, alive="/health") as address:
        COUPONS.address, COUPONS.secret = address, _key(address)
        yield


class TestVendure(contract.Contract):
    subject = COUPONS


def _key(address: str) -> str:
    """An API key with the rights that the documentation names, as the shop's people make one."""
    with httpx2.Client(base_url=address, timeout=60) as client:

        def ask(query: str, **variables: object) -> Any:
            told = {"query": query, "variables": variables}
            answer = client.post("/admin-api", json=told)
            token = answer.headers.get("vendure-auth-token")
            if token:
                client.headers["Authorization"] = f"Bearer {token}"
            return answer.json()["data"]

        login = (
            'mutation($p: String!) { login(username: "superadmin", password: $p) { __typename } }'
        )
        ask(login, p=PASSWORD)
        rights = ["ReadPromotion", "CreatePromotion", "UpdatePromotion", "ReadOrder"]
        role = ask(
            "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }",
            i={"code": "commonpurse", "description": "Cashback", "permissions": rights},
        )["createRole"]["id"]
        named = [{"languageCode": "en", "name": "Commonpurse"}]
        made = ask(
            "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { apiKey } }",
            i={"roleIds": [role], "translations": named},
        )
        return str(made["createApiKey"]["apiKey"])
