"""The console in a browser: where members stand, and what two people may do about it."""

from datetime import timedelta

from tests import serving
from tests.console import workplace
from tests.wallet import climbing
from wallet import database, ids


async def test_support_sees_a_member_s_tiers_and_proposes_one_for_a_time(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    now = await db.fetchval("select clock_timestamp()")
    ladder_id = ids.show("sch", await climbing.publish(world.coalition, at=now))
    member_id = ids.show("mem", world.ana.member_id)
    until = (now.replace(microsecond=0) + timedelta(days=1)).isoformat()
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("A member's tiers")
        await desk.fill(id=member_id)
        (standing,) = workplace.data(await desk.run())["member"]["tiers"]
        await desk.task("Propose a tier")
        await desk.fill(
            "input",
            memberId=member_id,
            ladderId=ladder_id,
            until=until,
            reason="A parcel was lost twice.",
        )
        proposed = workplace.data(await desk.send())["memberTierPropose"]["approval"]

        assert (ladder_id, "insider") == (standing["ladderId"], standing["tier"]["word"])
        assert ("TIER_OVERRIDE", "vib") == (proposed["act"], proposed["tier"])
        assert [] == desk.tab.complaints


async def test_operators_try_a_ladder_out_before_they_publish_it(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Try a ladder out")
        found = workplace.data(await desk.run())["ladderImpact"]

        assert [] == found["errors"]
        assert found["impact"]["members"] == sum(one["members"] for one in found["impact"]["moves"])
        assert [] == desk.tab.complaints
