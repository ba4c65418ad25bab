"""Apollo Client with registered documents, in an installation that takes nothing else.

The manifest is what Apollo's tool wrote, registered by the command that an operator uses.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from api.identity import bearer
from tests import node, serving
from tests.wallet import factories, promotions
from tests.wallet.factories import DAY, NOON
from wallet import database, ids, members

ROOT = Path(__file__).resolve().parent.parent.parent
REQUESTS = ROOT / "docs" / "requests" / "app"
GENERATOR = "node_modules/@apollo/generate-persisted-query-manifest/cli.js"
COMMAND = Path(sys.executable).parent / "commonpurse"


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    return await factories.open_coalition(db)


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    """A member with 20.00 EUR to spend."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    return member


async def register(dsn: str, manifest: Path) -> str:
    """Register a manifest as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "documents", "register", str(manifest), "--app", "Wallet 1.0"),
        env={**os.environ, "DATABASE_URL": dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    return told.decode()


async def manifest_of(folder: Path) -> Path:
    """Let Apollo's tool write the manifest of a folder of documents."""
    config = {"documents": [f"{folder}/*.graphql"], "output": str(folder / "manifest.json")}
    (folder / "apollo.json").write_text(json.dumps(config), encoding="utf-8")
    await node.run(GENERATOR, "--config", str(folder / "apollo.json"))
    return folder / "manifest.json"


@pytest.mark.parametrize("get", [False, True], ids=["post", "get"])
async def test_apollo_client_understands_every_answer(
    db: database.Database,
    dsn: str,
    tmp_path: Path,
    coalition: factories.Coalition,
    ana: members.Member,
    *,
    get: bool,
) -> None:
    for path in REQUESTS.glob("*.graphql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "Forbidden.graphql").write_text(
        'query Forbidden { viewer { id } purchase(reference: "H-1") { id } }', encoding="utf-8"
    )
    await register(dsn, await manifest_of(tmp_path))
    (tmp_path / "Unknown.graphql").write_text("query Unknown { viewer { email } }")
    token = await bearer.mint(db, kind="member", principal_id=ana.member_id)
    await promotions.promote(coalition, name="Ten", at=NOON - 3 * DAY)
    bought = await coalition.report(coalition.mint, ana, factories.purchase(1_000))

    async with serving.serve(db) as house:
        facts = {
            "url": f"{house.origin}/graphql",
            "token": token.text,
            "documents": str(tmp_path),
            "manifest": str(await manifest_of(tmp_path)),
            "possibleTypes": {"UserError": ["Refusal"]},
            "merchantId": ids.show("mer", await coalition.merchant()),
            "purchaseId": ids.show("pur", bought.purchase_id),
            "get": get,
        }
        told: dict[str, Any] = json.loads(await node.run("apollo.mjs", json.dumps(facts)))

    def outcome(name: str) -> tuple[int, list[str]]:
        assert told[name]["failure"] is None
        (call,) = told[name]["seen"]
        assert not call["text"]
        assert call["type"].startswith("application/graphql-response+json")
        return call["status"], told[name]["codes"]

    wallet = told["wallet"]["data"]["viewer"]["wallet"]
    assert ("20.00", "Wallet") == (wallet["available"]["amount"], wallet["__typename"])
    assert told["wallet"]["data"] == told["cached"]
    assert {
        "wallet": (200, []),
        "rewards": (200, []),
        "explanation": (200, []),
        "terms": (200, []),
        "partial": (294, ["BAD_USER_INPUT"]),
        "coercion": (422, ["BAD_USER_INPUT"]),
        "forbidden": (403, ["FORBIDDEN"]),
        "unknown": (404, ["PERSISTED_QUERY_NOT_FOUND"]),
        "code": (200, []),
        "refusal": (200, []),
    } == {name: outcome(name) for name in told if name != "cached"}
    (given,) = told["explanation"]["data"]["node"]["campaigns"]["matched"]
    assert ("Ten", "1.00") == (given["campaignName"], given["granted"]["amount"])
    assert "10 % of 10.00 EUR with Ten: 1.00 EUR." in given["sentence"]
    assert ["Ten"] == [one["name"] for one in told["rewards"]["data"]["runningCampaigns"]]
    (unknown,) = told["terms"]["data"]["termsAccept"]["errors"]
    assert "NOT_FOUND" == unknown["code"]
    assert told["partial"]["data"]["viewer"]["wallet"]["movements"] is None
    assert [] == told["code"]["data"]["redemptionCodeCreate"]["errors"]
    (refusal,) = told["refusal"]["data"]["redemptionCodeCreate"]["errors"]
    assert ("Refusal", "NOT_FOUND") == (refusal["__typename"], refusal["code"])
    methods = {call["method"] for name in told if name != "cached" for call in told[name]["seen"]}
    assert ({"GET", "POST"} if get else {"POST"}) == methods
