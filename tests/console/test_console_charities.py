"""The tasks about charities, in a real browser at a real server: from a proposal to its end."""

import pytest

from tests import serving
from tests.console import workplace
from wallet import database

pytestmark = pytest.mark.slow


async def test_operators_look_after_charities(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Propose a charity")
        await desk.fill("input", reason="A member asked for it.")
        saved = workplace.data(await desk.send())["charitySave"]
        key = saved["charity"]["id"]
        await desk.task("Verify a charity")
        await desk.fill("input", charityId=key, reason="It is in the register.")
        verified = workplace.data(await desk.send())["charityVerify"]
        await desk.task("Record an agreement with a charity")
        await desk.fill("input", charityId=key, reason="Signed today.")
        agreed = workplace.data(await desk.send())["charityAgreementRecord"]
        await desk.task("Which charities are there")
        listed = workplace.data(await desk.run())["charities"]["edges"]
        await desk.task("Suspend a charity")
        await desk.fill("input", charityId=key, reason="Its register asks questions.")
        suspended = workplace.data(await desk.send())["charitySuspend"]
        await desk.task("Close a charity")
        await desk.fill("input", charityId=key, reason="It was wound up.")
        closed = workplace.data(await desk.send())["charityClose"]
        await desk.task("What stands behind a charity")
        await desk.fill(id=key)
        behind = workplace.data(await desk.run())

        assert ["PROPOSED", "VERIFIED", "SUSPENDED", "CLOSED"] == [
            one["charity"]["state"] for one in (saved, verified, suspended, closed)
        ]
        assert ([], "R-2027-1") == (agreed["errors"], agreed["agreement"]["reference"])
        assert [key] == [edge["node"]["id"] for edge in listed]
        assert ["SAVE", "VERIFY", "SUSPEND", "CLOSE"] == [
            one["act"] for one in behind["charitySteps"]
        ]
        assert 1 == len(behind["charityAgreements"])
        assert [] == desk.tab.complaints
