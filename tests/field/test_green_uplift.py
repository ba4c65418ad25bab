"""More for goods that are green by proof: a label counts only with evidence on record."""

from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line, missed
from wallet import ids

RECORD = """mutation Record($input: LabelEvidenceRecordInput!) {
  labelEvidenceRecord(input: $input) { evidenceId replayed
    errors { ... on UserError { code path } } } }"""
GREEN: dict[str, Any] = {"labels": ["eu-organic"], "product": "4711"}
ON = "2026-05-10T12:00:00Z"


async def record(scene: stage.Stage, merchant: client.Client, **changes: Any) -> Any:
    """Put evidence for the product on record, for all of 2026 but for what is given."""
    told = {
        "idempotencyKey": client.key(),
        "label": "eu-organic",
        "merchantId": ids.show("mer", merchant.principal_id),
        "product": "4711",
        "source": "Ecocert",
        "reference": "PT-BIO-03/2026",
        "validFrom": "2026-01-01",
        "validUntil": "2026-12-31",
        "reason": "certificate seen",
        **changes,
    }
    return (await scene.operator.ask(RECORD, {"input": told})).data["labelEvidenceRecord"]


async def green(scene: stage.Stage) -> None:
    """5 % more on what is certified."""
    await scene.began(
        "Green",
        give={"give": "rate", "bps": 500},
        lines=[{"if": "certified", "label": "eu-organic"}],
    )


async def test_only_the_line_with_evidence_is_lifted(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await green(scene)
    done = await record(scene, rosa)
    lines = [
        line(1, "20.00", **GREEN),
        line(2, "10.00", product="4711"),
        line(3, "10.00", labels=["eu-organic"], product="4712"),
        line(4, "10.00", labels=["eu-organic"]),
    ]

    promised = await scene.preview(rosa, ana, *lines, at=ON)
    bought = await scene.report(rosa, ana, *lines, at=ON)

    assert done["errors"] == []
    assert credited(promised) == credited(bought) == "1.00"
    (grant,) = bought["campaigns"]["matched"]
    assert [one["number"] for one in grant["lines"]] == [1]


async def test_a_label_without_evidence_is_a_claim_and_earns_nothing(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await green(scene)

    bought = await scene.report(rosa, ana, line(1, "20.00", **GREEN), at=ON)

    assert (granted(bought), missed(bought, "Green")) == ({}, ["CERTIFIED"])
    assert bought["campaigns"]["missed"][0]["sentence"] == (
        "Green: only for goods whose label eu-organic is proved."
    )


async def test_evidence_counts_on_its_first_and_last_day_and_no_day_more(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await green(scene)
    await record(scene, rosa, validFrom="2026-05-01", validUntil="2026-05-31")
    instants = [
        "2026-04-30T22:59:59Z",
        "2026-04-30T23:00:00Z",  # midnight in Lisbon, in summer
        "2026-05-31T22:59:59Z",
        "2026-05-31T23:00:00Z",
    ]

    found = [
        credited(await scene.report(rosa, ana, line(1, "20.00", **GREEN), at=at)) for at in instants
    ]

    assert found == ["0.00", "1.00", "1.00", "0.00"]


async def test_evidence_of_another_merchant_proves_nothing_here(scene: stage.Stage) -> None:
    rosa, harvest, ana = await scene.merchant(), await scene.merchant(), await scene.member()
    await green(scene)
    await record(scene, harvest)

    here = await scene.report(rosa, ana, line(1, "20.00", **GREEN), at=ON)
    there = await scene.report(harvest, ana, line(1, "20.00", **GREEN), at=ON)

    assert (credited(here), credited(there)) == ("0.00", "1.00")


async def test_what_was_decided_without_evidence_stays_decided(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await green(scene)
    before = await scene.report(rosa, ana, line(1, "20.00", **GREEN), at=ON)

    await record(scene, rosa)
    after = await scene.report(rosa, ana, line(1, "20.00", **GREEN), at=ON)

    assert before == await scene.seen(rosa, before)
    assert (credited(before), credited(after)) == ("0.00", "1.00")
