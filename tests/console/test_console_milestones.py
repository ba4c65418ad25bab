"""The console in a browser: how support sees what a member works towards and has reached."""

from typing import Any

from tests import serving
from tests.console import workplace
from tests.wallet import reaching
from wallet import database, ids
from wallet.progress import advance


async def test_support_sees_how_far_a_member_is_and_what_was_reached(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    begun: dict[str, Any] = {"since": "2020-01-01T00:00:00Z", "pays": False}
    await reaching.milestone(world.coalition, name="First", target=1, **begun)
    await reaching.milestone(world.coalition, name="Hundred", target=100, **begun)
    await advance.settle(db, [world.ana.wallet_id])
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("How far is this member")
        await desk.fill(id=ids.show("mem", world.ana.member_id))
        seen = workplace.data(await desk.run())["member"]

        reached = [one["node"]["name"] for one in seen["completions"]["edges"]]
        assert [("Hundred", "OPEN"), ("First", "DONE")] == [
            (one["name"], one["state"]) for one in seen["milestones"]
        ]
        assert ["First"] == reached
        assert [] == desk.tab.complaints
