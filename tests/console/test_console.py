"""The console in a real browser, at a real server: every task, and what people can do wrong."""

import re
from pathlib import Path

import pytest

from tests import serving
from tests.api import world as api_world
from tests.console import test_tasks, workplace
from tests.wallet import factories, inviting
from wallet import database, ids, merchants, money

pytestmark = pytest.mark.slow

WHY = "The parcel came three days late."


async def test_support_looks_up_a_member_and_what_the_member_sees(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Find a member")
        await desk.fill(email=world.ana.email.upper())
        found = workplace.data(await desk.run())["memberByEmail"]
        await desk.task("What does this member see")
        await desk.fill(id=member_id)
        seen = workplace.data(await desk.run())["member"]
        await desk.task("What did this member buy")
        await desk.fill(id=member_id)
        bought = workplace.data(await desk.run())["member"]["purchases"]["edges"]
        await desk.task("Why did this purchase earn this")
        await desk.fill(id=bought[0]["node"]["id"])
        explained = workplace.data(await desk.run())["purchaseExplanation"]
        await desk.task("Why was this redemption refused")
        await desk.fill(id=member_id)
        redemptions = workplace.data(await desk.run())["member"]["redemptions"]["edges"]
        await desk.task("What do the merchants give back")
        merchants = workplace.data(await desk.run())["merchants"]["edges"]
        await desk.task("What is behind this id")
        await desk.fill(id=ids.show("red", world.held.redemption_id))
        behind = workplace.data(await desk.run())["node"]

        assert (member_id, "15.00") == (found["id"], found["wallet"]["available"]["amount"])
        assert {"EARN", "MATURE", "HOLD"} <= {
            edge["node"]["kind"] for edge in seen["wallet"]["movements"]["edges"]
        }
        assert ["2.00", "1.28"] == [
            line["decision"]["credited"]["amount"] for line in explained["lines"]
        ]
        assert all(line["decision"]["sentence"] for line in explained["lines"])
        assert ["HELD"] == [edge["node"]["status"] for edge in redemptions]
        assert 2 == len(merchants)
        assert ("Redemption", "HELD") == (behind["__typename"], behind["redemptionStatus"])
        assert [] == desk.tab.complaints


async def test_a_credit_within_the_limit_is_done_once_and_logged_with_its_document(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, staff_id):
        await desk.task("Post a goodwill credit")
        key = (await desk.variables())["input"]["idempotencyKey"]
        await desk.fill("input", memberId=member_id, reason=WHY)
        first = workplace.data(await desk.send())["goodwillCredit"]
        said = await desk.page.get_by_role("status").inner_text()
        second = workplace.data(await desk.send())["goodwillCredit"]
        await desk.task("Post a goodwill credit")
        other = (await desk.variables())["input"]["idempotencyKey"]

        assert ("5.00", False) == (first["credited"]["amount"], first["replayed"])
        assert "Done" in said
        assert second["replayed"]
        assert 36 == len(key) and key != other
        assert 2_000 == (await world.coalition.faces(world.ana)).available
        assert [] == desk.tab.complaints
    rows = await db.fetch(
        "select actor_id, reason, document_hash, request_id from coalition.audit"
        " where act = 'credit.goodwill'"
    )
    assert [(staff_id, WHY)] == [(row["actor_id"], row["reason"]) for row in rows]
    assert 32 == len(rows[0]["document_hash"])
    assert rows[0]["request_id"].startswith("req_")


async def test_nothing_is_sent_without_a_reason_or_without_a_yes(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Post a goodwill credit")
        await desk.fill("input", memberId=member_id, reason="  ")
        silent = await desk.run()
        await desk.fill("input", reason=WHY)
        declined = await desk.send(sure=False)
        await desk.page.get_by_role("button", name="Execute query").click()
        question = await desk.page.get_by_role("alertdialog").inner_text()
        await desk.page.keyboard.press("Escape")
        escaped = await desk.answer()

        assert "Write a reason first" in silent["notSent"]
        assert "Nothing was sent" in declined["notSent"]
        assert declined == escaped
        assert "This moves money" in question and WHY in question
        assert 1_500 == (await world.coalition.faces(world.ana)).available


async def test_a_refusal_is_told_in_words(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Post a goodwill credit")
        await desk.fill("input", memberId=ids.show("mem", world.ana.member_id), reason=WHY)
        await desk.fill("input", "amount", amount="50.00")
        (refusal,) = workplace.data(await desk.send())["goodwillCredit"]["errors"]
        said = await desk.page.get_by_role("status").inner_text()
        await desk.page.get_by_role("button", name="Show Refusals").click()
        panel = desk.page.get_by_role("region", name="Refusals")
        await panel.get_by_role("searchbox").fill("goodwill")
        explained = await panel.locator("dl").inner_text()

        assert ("GOODWILL_LIMIT", "20.00") == (refusal["code"], refusal["allowed"]["amount"])
        assert "Refused" in said and "GOODWILL_LIMIT" in said and refusal["message"] in said
        assert explained.startswith("GOODWILL_LIMIT\n")
        assert [] == desk.tab.complaints


async def test_a_second_person_approves_what_the_first_proposed(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Propose a goodwill credit")
        await desk.fill("input", memberId=member_id, reason=WHY)
        proposed = workplace.data(await desk.send())["goodwillCreditPropose"]["approval"]
        await desk.task("Resolve a redemption in doubt")
        await desk.fill(
            "input",
            redemptionId=ids.show("red", world.held.redemption_id),
            outcome="CAPTURED",
            reason="The till of the merchant was stolen.",
            evidence="Receipt 4711, which the member showed.",
        )
        resolved = workplace.data(await desk.send())["redemptionResolve"]["approval"]
    async with workplace.desk(db, house, "supervisor") as (desk, _):
        await desk.task("What waits for a second person")
        waiting = workplace.data(await desk.run())["approvals"]["edges"]
        for approval in (proposed, resolved):
            await desk.task("Approve a credit or a settlement")
            await desk.fill("input", approvalId=approval["id"], reason="I spoke to the member.")
            payload = workplace.data(await desk.send())["approvalDecide"]
            assert [] == payload["errors"]
            assert "APPROVED" == payload["approval"]["status"]
            assert "Sofia Almeida" == payload["approval"]["maker"]["name"]
            assert "Sergio Prado" == payload["approval"]["checker"]["name"]
        await desk.task("Who did what, and why")
        await desk.fill(subjectId=member_id)
        trail = workplace.data(await desk.run())["auditTrail"]["edges"]

        assert {proposed["id"], resolved["id"]} == {edge["node"]["id"] for edge in waiting}
        assert WHY in {edge["node"]["reason"] for edge in trail}
        assert [] == desk.tab.complaints
    faces = await world.coalition.faces(world.ana)
    assert (6_500, 0) == (faces.available, faces.held)


async def test_support_freezes_unfreezes_and_enrols(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    member_id = ids.show("mem", world.ana.member_id)
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Freeze a wallet")
        await desk.fill("input", memberId=member_id, reason="The member lost the phone.")
        frozen = workplace.data(await desk.send())["memberSuspend"]
        await desk.task("Unfreeze a wallet")
        await desk.fill("input", memberId=member_id, reason="The phone is found again.")
        free = workplace.data(await desk.send())["memberReinstate"]
        await desk.task("Enrol a member")
        await desk.fill("input", reason="Asked for it at the counter.")
        enrolled = workplace.data(await desk.send())["memberEnrol"]

        assert ("SUSPENDED", "ACTIVE") == (frozen["member"]["status"], free["member"]["status"])
        assert "New Member" == enrolled["member"]["displayName"]
        assert [] == desk.tab.complaints


async def test_operators_look_after_merchants(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Register a merchant")
        await desk.fill("input", reason="The contract was signed today.")
        merchant_id = workplace.data(await desk.send())["merchantRegister"]["merchant"]["id"]
        await desk.task("Publish a contract")
        await desk.fill("input", merchantId=merchant_id, note="As signed today.")
        published = workplace.data(await desk.send())["contractPublish"]
        await desk.task("Add a store")
        await desk.fill("input", merchantId=merchant_id, reason="It opens tomorrow.")
        added = workplace.data(await desk.send())["storeAdd"]
        await desk.task("Register a program of a merchant")
        await desk.fill("input", merchantId=merchant_id, reason="The tills go live.")
        client = workplace.data(await desk.send())["merchantClientRegister"]
        await desk.task("Register a store at the gift-card door")
        await desk.fill("input", merchantId=merchant_id, reason="The web shop goes live.")
        store = workplace.data(await desk.send())["giftCardStoreRegister"]
        await desk.task("Replace the secret of a program")
        await desk.fill("input", clientId=client["client"]["clientId"], reason="It was mailed.")
        rotated = workplace.data(await desk.send())["merchantClientRotate"]
        await desk.task("Suspend a merchant")
        await desk.fill("input", merchantId=merchant_id, reason="It has not paid its share.")
        suspended = workplace.data(await desk.send())["merchantSuspend"]
        await desk.task("Reinstate a merchant")
        await desk.fill("input", merchantId=merchant_id, reason="It has paid its share.")
        reinstated = workplace.data(await desk.send())["merchantReinstate"]

        assert ([], 1) == (published["errors"], published["version"])
        assert "1" == added["store"]["externalId"]
        assert client["secret"] and rotated["secret"] and client["secret"] != rotated["secret"]
        assert store["secret"].startswith("cp_cs_")
        assert "SUSPENDED" == suspended["merchant"]["status"]
        assert "ACTIVE" == reinstated["merchant"]["status"]
        await desk.page.wait_for_timeout(700)
        kept = await desk.page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
        assert client["secret"] not in kept and rotated["secret"] not in kept
        assert [] == desk.tab.complaints


async def test_operators_run_campaigns(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Save a campaign's draft")
        await desk.fill("input", note="Agreed with the bakers.")
        saved = workplace.data(await desk.send())["campaignDraftSave"]
        one = {"campaignId": saved["campaign"]["id"]}
        await desk.task("Try a campaign on the past")
        await desk.fill("input", versionId=saved["version"]["id"])
        tried = workplace.data(await desk.send())["campaignSimulate"]["simulation"]
        await desk.task("Publish a campaign's version")
        await desk.fill("input", **one, versionId=saved["version"]["id"], reason="All agreed.")
        published = workplace.data(await desk.send())["campaignPublish"]
        await desk.task("Pause a campaign")
        await desk.fill("input", **one, reason="The oven is broken.")
        paused = workplace.data(await desk.send())["campaignPause"]
        await desk.task("Resume a campaign")
        await desk.fill("input", **one, reason="The oven is mended.")
        resumed = workplace.data(await desk.send())["campaignResume"]
        await desk.task("Set the most that is given")
        await desk.fill("input", subjectId=one["campaignId"], reason="It goes well.")
        capped = workplace.data(await desk.send())["budgetSet"]
        await desk.task("How budgets stand")
        stands = workplace.data(await desk.run())["budgets"]["edges"]
        await desk.task("End a campaign")
        await desk.fill("input", **one, reason="The baker moved.")
        ended = workplace.data(await desk.send())["campaignEnd"]
        await desk.task("Archive a campaign")
        await desk.fill("input", **one, reason="Not needed any more.")
        archived = workplace.data(await desk.send())["campaignArchive"]
        await desk.task("What campaigns are there")
        listed = workplace.data(await desk.run())["campaigns"]["edges"]
        await desk.task("Who changed this campaign")
        await desk.fill(id=one["campaignId"])
        changed = workplace.data(await desk.run())["node"]
        await desk.task("How experiments stand")
        experiments = workplace.data(await desk.run())["experiments"]["edges"]

        assert ("DRAFT", 1) == (saved["campaign"]["status"], saved["version"]["version"])
        assert (True, "0.00") == (tried["complete"], tried["cost"]["amount"])
        assert "SCHEDULED" == published["campaign"]["status"]
        assert "PAUSED" == paused["campaign"]["status"]
        assert "SCHEDULED" == resumed["campaign"]["status"]
        assert ("1000.00", []) == (capped["budget"]["cap"]["amount"], capped["errors"])
        assert [capped["budget"]["id"]] == [edge["node"]["id"] for edge in stands]
        assert "ENDED" == ended["campaign"]["status"]
        assert "ARCHIVED" == archived["campaign"]["status"]
        assert [one["campaignId"]] == [edge["node"]["id"] for edge in listed]
        assert "All agreed." in {change["reason"] for change in changed["changes"]}
        assert [] == experiments
        assert [] == desk.tab.complaints


async def test_operators_say_who_and_what_campaigns_are_for(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    merchant_id = await world.coalition.merchant()
    version = await merchants.contract_at(db, merchant_id, None)
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Make a segment")
        await desk.fill("input", reason="To win them back.")
        segment = workplace.data(await desk.send())["segmentSave"]["segment"]
        await desk.task("Put members into a segment")
        await desk.fill(
            "input",
            segmentId=segment["id"],
            memberIds=[ids.show("mem", world.ana.member_id)],
            reason="To win them back.",
        )
        filled = workplace.data(await desk.send())["segmentMembersAdd"]
        await desk.task("Record evidence for a label")
        await desk.fill(
            "input", merchantId=ids.show("mer", merchant_id), reason="They sent the certificate."
        )
        recorded = workplace.data(await desk.send())["labelEvidenceRecord"]
        await desk.task("Publish terms in words")
        await desk.fill(
            "input", contractId=ids.show("con", version.contract_id), reason="As signed."
        )
        published = workplace.data(await desk.send())["termsPublish"]

        assert (1, 1) == (filled["segment"]["size"], filled["changed"])
        assert ([], False) == (recorded["errors"], recorded["replayed"])
        assert ["en", "pt"] == [document["language"] for document in published["documents"]]
        assert [] == desk.tab.complaints


async def test_a_supervisor_decides_about_an_invitation_that_looks_wrong(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    await inviting.campaign(world.coalition)
    rosa = await world.coalition.merchant()
    waiting, _ = await api_world.suspected(world.coalition, rosa, world.ana)
    async with workplace.desk(db, house, "supervisor") as (desk, _):
        await desk.task("Invitations that wait for you")
        listed = workplace.data(await desk.run())["referrals"]["edges"]
        await desk.task("Pay or refuse an invitation")
        await desk.fill("input", referralId=listed[0]["node"]["id"], reason="Both are Ana's.")
        decided = workplace.data(await desk.send())["referralReview"]

        assert [ids.show("ref", waiting)] == [edge["node"]["id"] for edge in listed]
        assert listed[0]["node"]["sentence"]
        assert ("REFUSED", "0.00") == (
            decided["referral"]["state"],
            decided["referral"]["friendReward"]["amount"],
        )
        assert [] == desk.tab.complaints


def test_every_task_is_run_by_one_of_these_tests() -> None:
    files = sorted(Path(__file__).parent.glob("test_console*.py"))
    source = "".join(one.read_text(encoding="utf-8") for one in files)
    titles = {test_tasks.head(name)[0] for name in test_tasks.NAMES}

    assert titles == set(re.findall(r'desk\.task\(\s*"([^"]+)"', source))


async def test_each_role_is_shown_its_own_tasks(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    shown: dict[str, set[str]] = {}
    for role in ("support", "supervisor", "operator"):
        async with workplace.desk(db, house, role) as (desk, _):
            titles = desk.page.locator(".tasks .title")
            shown[role] = set(await titles.all_inner_texts())
            badge = await desk.page.locator(".role").inner_text()
            assert role == badge

    assert "Post a goodwill credit" in shown["support"]
    assert "Approve a credit or a settlement" in shown["supervisor"] - shown["support"]
    assert "Register a merchant" in shown["operator"] - shown["supervisor"]


async def test_the_documentation_opens(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.page.get_by_role("button", name="Show Documentation Explorer").click()
        await desk.page.get_by_role("link", name="Mutation").click()
        await desk.page.get_by_text("Credit a member out of the operator's pocket").wait_for()

        assert [] == desk.tab.complaints


async def test_tasks_are_in_the_currency_of_the_programme(
    db: database.Database, tmp_path: Path
) -> None:
    workplace.need()
    await factories.open_coalition(db, asset=money.asset("USD"))
    async with (
        serving.serve(db, data_dir=tmp_path) as house,
        workplace.desk(db, house, "support") as (desk, _),
    ):
        await desk.task("Post a goodwill credit")

        assert "USD" == (await desk.variables())["input"]["amount"]["currency"]
