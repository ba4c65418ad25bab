"""The tasks about partners, in a real browser at a real server: from registering to suspending."""

import pytest

from tests import serving
from tests.console import workplace
from wallet import database, ids

pytestmark = pytest.mark.slow


async def test_operators_look_after_partners(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    merchant_id = ids.show("mer", world.merchant_id)
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("What speaks to shops")
        known = workplace.data(await desk.run())["adapters"]
        await desk.task("Register a partner")
        await desk.fill("input", merchantId=merchant_id, reason="Signed today.")
        made = workplace.data(await desk.send())["partnerRegister"]
        one = {"partnerId": made["partner"]["id"]}
        await desk.task("Set a secret of a partner")
        await desk.fill("input", **one, secret="a-secret-of-theirs", reason="Their settings page.")
        first = workplace.data(await desk.send())["partnerSecretSet"]
        await desk.task("Change a partner")
        await desk.fill("input", **one, name="The corner", reason="They have a new name.")
        changed = workplace.data(await desk.send())["partnerChange"]
        await desk.task("Forget the old secret of a partner")
        await desk.fill("input", **one, reason="They know the new one.")
        dropped = workplace.data(await desk.send())["partnerSecretDrop"]
        await desk.task("Suspend a partner")
        await desk.fill("input", **one, reason="Their shop is away.")
        suspended = workplace.data(await desk.send())["partnerSuspend"]
        await desk.task("Reinstate a partner")
        await desk.fill("input", **one, reason="It is back.")
        reinstated = workplace.data(await desk.send())["partnerReinstate"]
        await desk.task("Which partners are there")
        listed = workplace.data(await desk.run())["partners"]["edges"]
        await desk.task("How a partner is reached")
        await desk.fill(**one)
        reached = workplace.data(await desk.run())["partnerSettings"]

        assert {"demo", "demo-natural", "demo-none"} <= {each["name"] for each in known}
        assert [[]] * 3 == [each["errors"] for each in (first, changed, dropped)]
        assert "The corner" == listed[0]["node"]["name"]
        assert ["SUSPENDED", "ACTIVE"] == [
            each["partner"]["status"] for each in (suspended, reinstated)
        ]
        assert ("demo", ["CREDENTIAL"]) == (
            reached["adapter"],
            [each["name"] for each in reached["secrets"]],
        )
        assert [] == desk.tab.complaints
