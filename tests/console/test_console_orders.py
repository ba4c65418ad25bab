"""The console in a browser: an order that nobody could tell of is found, proposed and decided."""

from tests import serving
from tests.console import workplace
from tests.wallet import ordering
from wallet import database, ids, orders


async def test_support_finds_an_order_in_doubt_and_a_supervisor_decides_it(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    order = await ordering.doubted(world.coalition, world.ana, world.coalition.mint, 100)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Redemptions at partners")
        (edge,) = workplace.data(await desk.run())["partnerOrders"]["edges"]
        await desk.task("Decide an order that nobody could tell of")
        await desk.fill(
            "input",
            orderId=edge["node"]["id"],
            outcome="ABSENT",
            reason="Their systems were away for two days.",
            evidence="Letter of the shop.",
        )
        answer = workplace.data(await desk.send())["partnerOrderResolvePropose"]
        assert [] == desk.tab.complaints
    async with workplace.desk(db, house, "supervisor") as (desk, _):
        await desk.task("Approve a credit or a settlement")
        await desk.fill("input", approvalId=answer["approval"]["id"], reason="I read the letter.")
        decided = workplace.data(await desk.send())["approvalDecide"]
        assert [] == desk.tab.complaints

    assert ids.show("ord", order.redemption_id) == edge["node"]["id"]
    assert "ABSENT" == answer["approval"]["orderOutcome"]
    assert "APPROVED" == decided["approval"]["status"]
    assert "released" == (await orders.find(db, order.redemption_id)).state
