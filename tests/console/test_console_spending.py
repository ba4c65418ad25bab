"""Safe spending in the support console: locks, rules, and a spend that a supervisor decides."""

from tests import serving
from tests.api import stopping
from tests.console import workplace
from wallet import database, ids


async def test_support_locks_and_unlocks_and_reads_the_rules(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    shown = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Lock a wallet for spending")
        await desk.fill("input", memberId=shown, reason="The phone was stolen.")
        locked = workplace.data(await desk.send())["memberSpendLock"]
        await desk.task("Unlock a wallet for spending")
        await desk.fill("input", memberId=shown, reason="The member called from home.")
        opened = workplace.data(await desk.send())["memberSpendUnlock"]
        await desk.task("What may be spent without a look")
        held = workplace.data(await desk.run())["spendingRules"]

        assert (True, "STAFF") == (locked["lock"]["locked"], locked["lock"]["by"])
        assert opened["lock"]["locked"] is False
        assert (None, []) == (held["version"], held["territories"])
        assert [] == desk.tab.complaints


async def test_an_operator_publishes_rules_and_decides_what_they_stop(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    rosa = await world.coalition.merchant()
    await world.coalition.fill(world.ana, 1_000)
    review_id = await stopping.stopped(world.coalition, world.ana, rosa)
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Spends that wait for you")
        listed = workplace.data(await desk.run())["spendingReviews"]["edges"]
        await desk.task("Allow or stop a spend")
        await desk.fill("input", reviewId=listed[0]["node"]["id"], reason="It was a thief.")
        decided = workplace.data(await desk.send())["spendingReviewDecide"]
        await desk.task("Publish the rules of spending")
        await desk.fill("input", note="Agreed with the bank.")
        published = workplace.data(await desk.send())["spendingRulesPublish"]

        assert [ids.show("rev", review_id)] == [edge["node"]["id"] for edge in listed]
        assert "DENIED" == decided["review"]["state"]
        assert ("200.00", 50) == (
            published["rules"]["one"]["amount"],
            published["rules"]["dayMost"],
        )
        assert [] == desk.tab.complaints
