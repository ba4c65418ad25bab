"""A weekend of double points, in places whose clocks change on it and in one whose do not."""

from typing import Any

import httpx2
import pytest

from tests.field import stage
from tests.field.stage import granted, line
from tests.field.test_points import PER_EURO, surprise
from tests.wallet import promotions
from wallet import database

LISBON, SAO_PAULO = "Europe/Lisbon", "America/Sao_Paulo"
SPRING = ("2026-03-28T00:00:00Z", "2026-03-29T23:00:00Z")
"""Saturday and Sunday in Lisbon, 47 hours: on Sunday at one it is two."""
AUTUMN = ("2026-10-23T23:00:00Z", "2026-10-26T00:00:00Z")
"""49 hours: on Sunday at two it is one again."""
SOUTH = ("2026-10-24T03:00:00Z", "2026-10-26T03:00:00Z")
WEEKENDS = [
    (
        LISBON,
        SPRING,
        [
            ("2026-03-27T23:59:59Z", False),
            ("2026-03-28T00:00:00Z", True),
            ("2026-03-29T00:59:59Z", True),
            ("2026-03-29T01:00:00Z", True),
            ("2026-03-29T22:59:59Z", True),
            ("2026-03-29T23:00:00Z", False),
        ],
    ),
    (
        LISBON,
        AUTUMN,
        [
            ("2026-10-23T22:59:59Z", False),
            ("2026-10-23T23:00:00Z", True),
            ("2026-10-25T00:30:00Z", True),
            ("2026-10-25T01:30:00Z", True),
            ("2026-10-25T23:59:59Z", True),
            ("2026-10-26T00:00:00Z", False),
        ],
    ),
    (
        SAO_PAULO,
        SOUTH,
        [
            ("2026-10-24T02:59:59Z", False),
            ("2026-10-24T03:00:00Z", True),
            ("2026-10-26T02:59:59Z", True),
            ("2026-10-26T03:00:00Z", False),
        ],
    ),
]
WEEKEND = [{"if": "schedule", "days": ["sat", "sun"]}]


async def open_points(scene: stage.Stage, **changes: Any) -> str:
    """Points for every unit of money since long ago, and twice as many by a campaign; its id."""
    await promotions.govern(scene.coalition, ("points", "all"), ("surprise", "all"))
    await scene.began("Points", **PER_EURO)
    return await scene.began("Double", **surprise(2, **changes))


@pytest.mark.parametrize(("zone", "weekend", "instants"), WEEKENDS)
@pytest.mark.parametrize("by", ["start and end", "days of the week"])
async def test_a_weekend_begins_and_ends_at_local_midnight_whatever_clocks_do(
    db: database.Database,
    http: httpx2.AsyncClient,
    zone: str,
    weekend: tuple[str, str],
    instants: list[tuple[str, bool]],
    by: str,
) -> None:
    scene = await stage.build(db, http, zone=zone)
    rosa, ana = await scene.merchant(), await scene.member()
    if by == "start and end":
        await open_points(scene, starts_at=weekend[0], ends_at=weekend[1])
    else:
        await open_points(scene, when=WEEKEND)

    for at, doubled in instants:
        promised = await scene.preview(rosa, ana, line(1, "10.00"), at=at)
        bought = await scene.report(rosa, ana, line(1, "10.00"), at=at)
        expected = {"Points": "10", "Double": "10"} if doubled else {"Points": "10"}

        assert granted(promised) == granted(bought) == expected, at


async def test_what_was_bought_on_saturday_counts_whenever_it_is_reported(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    double = await open_points(scene, when=WEEKEND)
    saturday, monday = "2026-10-24T12:00:00+01:00", "2026-10-26T09:00:00Z"

    late = await scene.report(rosa, ana, line(1, "10.00"), at=saturday)
    over = await scene.report(rosa, ana, line(1, "10.00"), at=monday)
    await scene.step("End", double)
    after_all = await scene.report(rosa, ana, line(1, "10.00"), at=saturday)
    today = await scene.report(rosa, ana, line(1, "10.00"))

    assert granted(late) == granted(after_all) == {"Points": "10", "Double": "10"}
    assert granted(over) == granted(today) == {"Points": "10"}
    assert stage.missed(over, "Double") == ["SCHEDULE"]
    # It has ended, so there is nothing of it to explain.
    assert [] == today["campaigns"]["missed"]


async def test_a_pause_counts_from_its_minute_on_and_not_before(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    double = await open_points(scene)
    before = await scene.now()
    await scene.step("Pause", double)
    after = await scene.now()
    await scene.step("Resume", double)

    found = [
        granted(await scene.report(rosa, ana, line(1, "10.00"), at=at))
        for at in (before, after, await scene.now())
    ]

    assert ["Double" in one for one in found] == [True, False, True]
