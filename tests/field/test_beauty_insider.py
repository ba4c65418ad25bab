"""Sephora's Beauty Insider: Insider, VIB at 350.00, Rouge at 1,000.00 a calendar year.

Three times the usual for Rouge and twice for VIB are campaigns that ask for the tier.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.field import stage
from tests.field.stage import granted, line
from tests.wallet import climbing
from wallet import database, ids, members
from wallet.rules import local

SECOND = timedelta(seconds=1)
DOUBLE: dict[str, Any] = {"when": [{"if": "tier", "any_of": ["vib", "rouge"]}]}
TIERS = """query Mine { viewer { tiers { ladderName tier { name } earned { name }
  total { amount { amount } } closesAt next { sentence } stay { sentence } fallsTo { name }
  changes(first: 10) { edges { node { reason to { name } causes effectiveAt } } } } } }"""


async def open_ladder(scene: stage.Stage, at: datetime | None = None, **changes: Any) -> str:
    """The ladder in force since the first of January two years ago, and VIBs get 10 % more."""
    this_year = (await scene.now()).year
    began = at or datetime(this_year - 2, 1, 1, tzinfo=UTC)
    scheme_id = await climbing.publish(scene.coalition, at=began, **changes)
    await scene.began("Double", at=began + timedelta(days=40), **DOUBLE)
    return ids.show("sch", scheme_id)


async def standing(buyer: Any) -> Any:
    (found,) = (await buyer.ask(TIERS)).data["viewer"]["tiers"]
    return found


def reasons(found: Any) -> list[tuple[str, str]]:
    edges = [edge["node"] for edge in found["changes"]["edges"]]
    return [(one["reason"], one["to"]["name"]) for one in reversed(edges)]


@pytest.mark.parametrize(
    ("spent", "tier"),
    [
        ("349.99", "Insider"),
        ("350.00", "VIB"),
        ("350.01", "VIB"),
        ("999.99", "VIB"),
        ("1000.00", "Rouge"),
        ("1000.01", "Rouge"),
    ],
)
async def test_a_tier_is_reached_to_the_cent(scene: stage.Stage, spent: str, tier: str) -> None:
    sephora, ana = await scene.merchant(), await scene.member()
    await open_ladder(scene)
    await scene.report(sephora, ana, line(1, spent))

    assert (await standing(ana))["tier"] == {"name": tier}


async def test_the_first_purchase_uses_the_first_tier(scene: stage.Stage) -> None:
    sephora, ana = await scene.merchant(), await scene.member()
    await open_ladder(scene)

    promised = await scene.preview(sephora, ana, line(1, "1000.00"))
    first = await scene.report(sephora, ana, line(1, "1000.00"))
    second = await scene.report(sephora, ana, line(1, "10.00"))

    assert granted(promised) == granted(first) == {}
    assert granted(second) == {"Double": "1.00"}


async def test_a_return_after_the_upgrade_changes_only_what_comes_after(
    scene: stage.Stage,
) -> None:
    sephora, ana = await scene.merchant(), await scene.member()
    await open_ladder(scene)
    large = await scene.report(sephora, ana, line(1, "350.00"))
    before = await scene.report(sephora, ana, line(1, "10.00"))
    await scene.give_back(sephora, large)
    after = await scene.report(sephora, ana, line(1, "10.00"))
    found = await standing(ana)

    assert (granted(before), granted(after)) == ({"Double": "1.00"}, {})
    assert reasons(found) == [("BEGAN", "Insider"), ("UPGRADE", "VIB"), ("RETURN", "Insider")]
    assert found["changes"]["edges"][0]["node"]["causes"] == [large["id"]]
    assert "because goods went back" in (await scene.notices(ana))[0]


async def test_what_is_spent_of_the_wallet_lowers_nothing(scene: stage.Stage) -> None:
    sephora = await scene.merchant(rates={"default_bps": 10_000, "by_category": {}})
    ana = await scene.member()
    await open_ladder(scene)
    await scene.report(sephora, ana, line(1, "350.00"))
    await scene.mature()
    member = await members.find(scene.db, ana.principal_id)
    await scene.coalition.spend(member, sephora.principal_id, 35_000, now=await scene.now())

    assert (await scene.wallet(ana))[0] == "0.00"
    assert (await standing(ana))["tier"] == {"name": "VIB"}


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Europe/Lisbon", "Pacific/Kiritimati"])
async def test_the_year_turns_at_midnight_of_the_programme(
    db: database.Database, http: httpx2.AsyncClient, zone: str
) -> None:
    scene = await stage.build(db, http, zone=zone)
    sephora, ana, ben = await scene.merchant(), await scene.member(), await scene.member()
    await open_ladder(scene)
    year = local.midnight(local.day(await scene.now(), zone).replace(month=1, day=1), zone)
    await scene.report(sephora, ana, line(1, "350.00"), at=year - SECOND)
    await scene.report(sephora, ben, line(1, "350.00"), at=year)

    # Of last year and of this one: both are VIB, and only one of them has done enough to stay.
    found = [await standing(one) for one in (ana, ben)]
    assert [one["tier"]["name"] for one in found] == ["VIB", "VIB"]
    assert [one["total"]["amount"]["amount"] for one in found] == ["0.00", "350.00"]
    assert found[0]["stay"]["sentence"].startswith("Spend 350.00 EUR more by 31 December")
    assert found[1]["stay"]["sentence"] == "You have done enough to stay VIB."


@pytest.mark.parametrize(("grace", "tier"), [(0, "Insider"), (180, "VIB")])
async def test_the_year_ends_with_and_without_grace(
    scene: stage.Stage, grace: int, tier: str
) -> None:
    sephora, ana = await scene.merchant(), await scene.member()
    await open_ladder(scene, grace_days=grace)
    now = await scene.now()
    member = await members.find(scene.db, ana.principal_id)
    bought = datetime(now.year - 2, 6, 1, tzinfo=UTC)
    await scene.coalition.earned(sephora.principal_id, member, 35_000, now=bought)
    found = await standing(ana)
    until = datetime(now.year, 1, 1, tzinfo=UTC) + timedelta(days=grace)

    assert found["tier"]["name"] == (tier if now < until else "Insider")
    down = reasons(found)[2:]
    assert down == ([] if now < until else [("DOWNGRADE", "Insider")])
