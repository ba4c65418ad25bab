"""The console in a browser: tickets given by hand, and a raffle that is frozen and drawn."""

from tests import serving
from tests.console import workplace
from tests.wallet import drawing
from wallet import database, ids


async def test_support_gives_tickets_and_operators_freeze_and_draw(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    raffle = await drawing.raffle(world.coalition)
    await drawing.enter(world.coalition, world.ana, raffle)
    wheel = await drawing.wheel(world.coalition, closes_at="2126-01-01T00:00:00Z")
    told = {"drawId": ids.show("sch", raffle), "reason": "The worker is away."}
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Wheels and raffles")
        shown = workplace.data(await desk.run())["draws"]
        await desk.task("Give tickets for a draw")
        await desk.fill(
            "input",
            memberId=ids.show("mem", world.ana.member_id),
            drawId=ids.show("sch", wheel),
            reason="The app was away.",
        )
        given = workplace.data(await desk.send())["ticketGrant"]
        await desk.task("Freeze a raffle")
        await desk.fill("input", **told)
        frozen = workplace.data(await desk.send())["raffleFreeze"]
        await desk.task("Draw a raffle")
        await desk.fill("input", **told)
        drawn = workplace.data(await desk.send())["raffleDraw"]

        assert ["WHEEL"] == [one["scheme"]["kind"] for one in shown]
        assert (1, 1) == (given["granted"], frozen["frozen"]["count"])
        assert drawn["frozen"]["drawnAt"]
        assert [] == desk.tab.complaints
