"""The page of a member: the wallet and all that they take part in, in one round trip."""

import datetime
import uuid
from typing import Any

import httpx2

from api import app, settings
from api.identity import bearer
from tests.api import client
from tests.wallet import climbing, factories, giving, taking_part
from wallet import database, ids
from wallet.charities import pledges
from wallet.progress import advance

PAGE = """query Page { viewer {
  id displayName
  wallet { id version available { amount } pending { amount } }
  tiers { tier { word name } total { amount { amount } } next { sentence } stay { sentence } }
  milestones { schemeId name had target sentence state }
  benefits { id name kind }
  boards { name ranks { name place score } }
  plays { kind points }
  pledges { id charityName percent given { amount } }
  impact { charityName gave { amount } }
} }"""


async def build(coalition: factories.Coalition) -> Any:
    """Somebody who takes part in everything."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    begun = now - datetime.timedelta(days=2)
    ana, rosa = await coalition.member(), await coalition.merchant()
    await taking_part.scheme(coalition, now=begun, target=3)
    await taking_part.scheme(coalition, now=begun, plain=climbing.SEPHORA)
    await taking_part.scheme(
        coalition,
        now=begun,
        plain={"kind": "board", "name": "Explorers", "metric": "merchants", "window": "year"},
    )
    charity_id = await giving.charity(coalition)
    await pledges.set_up(
        coalition.db,
        member_id=ana.member_id,
        request_id=ids.new(),
        charity_id=charity_id,
        kind="share",
        asset=coalition.asset,
        share_bps=1_000,
        now=begun,
    )
    at = now - datetime.timedelta(hours=1)
    await coalition.report(rosa, ana, factories.purchase(10_000, purchased_at=at), now=at)
    await advance.settle(coalition.db, [ana.wallet_id])
    return ana


async def ask(db: database.Database, member_id: uuid.UUID) -> tuple[client.Answer, list[str]]:
    """Ask for the page twice over one connection; the second answer, and what it asked."""
    statements: list[str] = []
    async with db.pool.acquire() as connection:
        connection.add_query_logger(lambda told: statements.append(told.query))
    house = settings.Settings(_env_file=None, documents="open")
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app.create_app(house, db)),
        base_url="http://commonpurse.test",
    ) as http:
        token = await bearer.mint(db, kind="member", principal_id=member_id)
        caller = client.Client(http, token.text, member_id)
        await caller.ask(PAGE)
        statements.clear()
        return await caller.ask(PAGE), statements


async def test_the_page_of_a_member_is_one_round_trip_besides_the_look_at_the_token(
    coalition: factories.Coalition, dsn: str
) -> None:
    ana = await build(coalition)
    db = await database.Database.connect(dsn, size=1)
    answer, statements = await ask(db, ana.member_id)
    await db.close()

    viewer = answer.data["viewer"]
    assert ["identity.token", "jsonb_build_array"] == [
        next(word for word in ("identity.token", "jsonb_build_array", one) if word in one)
        for one in statements
    ]
    assert "Insider" == viewer["tiers"][0]["tier"]["name"]
    assert [("Explorers", 1)] == [(one["name"], one["place"]) for one in viewer["boards"]["ranks"]]
    assert ["10.00"] == [one["percent"] for one in viewer["pledges"]]
    assert 1 == len(viewer["milestones"])
