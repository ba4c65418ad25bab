"""The console in a browser: why a merchant is told nothing, and an endpoint that is stopped."""

from pathlib import Path

from partners import vault
from partners.webhooks import endpoints
from tests import serving
from tests.console import workplace
from wallet import database, ids


async def test_operators_see_what_a_merchant_is_told_and_stop_it(
    db: database.Database, house: serving.House, world: workplace.World, tmp_path: Path
) -> None:
    await endpoints.create(
        db,
        vault.Vault(tmp_path / "keys.json"),
        request_id=ids.new(),
        merchant_id=world.merchant_id,
        url="https://rosa.example/hooks",
        topics=["redemption.*"],
    )
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("What is a merchant told")
        await desk.fill(merchantId=ids.show("mer", world.merchant_id))
        (seen,) = workplace.data(await desk.run())["merchantWebhooks"]
        await desk.task("Disable a merchant's webhook")
        await desk.fill("input", endpointId=seen["id"], reason="It floods a stranger.")
        stopped = workplace.data(await desk.send())["merchantWebhookDisable"]
        await desk.task("Enable a merchant's webhook")
        await desk.fill("input", endpointId=seen["id"], reason="It was mended.")
        going = workplace.data(await desk.send())["merchantWebhookEnable"]

        assert ("ACTIVE", []) == (seen["status"], seen["deliveries"]["edges"])
        assert ("DISABLED", "OPERATOR") == (
            stopped["endpoint"]["status"],
            stopped["endpoint"]["ended"],
        )
        assert "ACTIVE" == going["endpoint"]["status"]
        assert [] == desk.tab.complaints
