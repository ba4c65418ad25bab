"""The console in a browser: paid plans that the coalition sells, and how they do."""

import datetime

from tests import serving
from tests.console import workplace
from tests.wallet import belonging
from wallet import database, ids


async def test_operators_record_payments_for_the_coalitions_own_plans(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    plan_id = ids.show("sch", await belonging.plan(world.coalition, "operator"))
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Record a membership")
        await desk.fill(
            "input",
            memberId=member_id,
            planId=plan_id,
            reference="desk-1",
            paid={"amount": "36.50", "currency": "EUR"},
            paidAt=datetime.datetime.now(datetime.UTC).isoformat(),
            reason="Paid at the desk.",
        )
        recorded = workplace.data(await desk.send())["membershipRecord"]
        await desk.task("Who pays for which plan")
        counted = workplace.data(await desk.run())["membershipCounts"]
        await desk.task("What does this member pay for")
        await desk.fill(id=member_id)
        seen = workplace.data(await desk.run())["member"]

        assert ("VIP", "STARTED") == (
            *(recorded["membership"]["planName"], recorded["act"]["kind"]),
        )
        assert [(plan_id, 1)] == [(one["planId"], one["members"]) for one in counted["plans"]]
        assert ["ACTIVE"] == [one["state"] for one in seen["memberships"]]
        assert [] == desk.tab.complaints
