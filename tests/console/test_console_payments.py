"""The console in a browser: charities are paid what is due to them, by two people."""

from datetime import UTC, datetime

from tests import serving
from tests.console import workplace
from tests.wallet import giving, paying_out
from wallet import database, ids


async def test_operators_pay_charities_out_and_a_supervisor_agrees(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    charity_id = await giving.charity(world.coalition, name="Save the Children")
    await paying_out.donors(world.coalition, charity_id, 500, 250)
    charity = ids.show("cha", charity_id)
    today = datetime.now(UTC).date().isoformat()
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Make up a payment to a charity")
        await desk.fill("input", charityId=charity, note="The payment of March.")
        first = workplace.data(await desk.send())["remittancePrepare"]["remittance"]
        await desk.task("Put a payment to a charity back")
        await desk.fill("input", remittanceId=first["id"], reason="Their account has changed.")
        back = workplace.data(await desk.send())["remittanceCancel"]["remittance"]
        batch = await paying_out.prepare(world.coalition, charity_id)
        await desk.task("Prove that a charity was paid")
        await desk.fill(
            "input",
            remittanceId=ids.show("rem", batch.remittance_id),
            bankReference="SEPA 4711",
            proofReference="statement of March",
            valueDate=today,
            reason="Paid today.",
        )
        proposed = workplace.data(await desk.send())["remittanceSend"]["approval"]
        await paying_out.send(world.coalition, batch.remittance_id)
        await desk.task("The charity has the money")
        await desk.fill(
            "input",
            remittanceId=ids.show("rem", batch.remittance_id),
            acknowledgement="Received, with thanks.",
            reason="Their letter.",
        )
        confirmed = workplace.data(await desk.send())["remittanceConfirm"]["remittance"]
        await desk.task("Payments to charities")
        listed = workplace.data(await desk.run())["remittances"]["edges"]
        await desk.task("What charities were given")
        (counter,) = workplace.data(await desk.run())["impact"]

        assert ("PREPARED", "7.50", "CANCELLED") == (
            first["state"],
            first["amount"]["amount"],
            back["state"],
        )
        assert ("OPEN", "7.50") == (proposed["status"], proposed["amount"]["amount"])
        assert "CONFIRMED" == confirmed["state"]
        assert {"CANCELLED", "CONFIRMED"} == {edge["node"]["state"] for edge in listed}
        assert ("7.50", "7.50") == (counter["given"]["amount"], counter["confirmed"]["amount"])
        assert [] == desk.tab.complaints
