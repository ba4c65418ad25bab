"""What campaigns go by, through the door: profiles, the programme's rules, segments, evidence."""

from typing import Any

from tests.api import client
from tests.api.test_campaigns import ERRORS, refused
from tests.api.test_staff import acts
from wallet import ids

PROFILE = "profile { birthDate language favouritesOff tier }"
UPDATE = f"""mutation U($input: ProfileUpdateInput!) {{ profileUpdate(input: $input) {{
  {PROFILE} {ERRORS} }} }}"""
SET = f"""mutation U($input: MemberProfileSetInput!) {{ memberProfileSet(input: $input) {{
  {PROFILE} {ERRORS} }} }}"""
RULES = f"""mutation R($input: ProgrammeRulesPublishInput!) {{
  programmeRulesPublish(input: $input) {{ replayed rules {{ version groups {{ name mode }}
  purchaseCap {{ amount currency }} }} {ERRORS} }} }}"""


async def test_a_member_says_what_is_true_and_the_operator_sets_the_tier(
    operator: client.Client, ana: client.Client, owner: Any
) -> None:
    async def update(**told: Any) -> Any:
        return (await ana.ask(UPDATE, {"input": told})).data["profileUpdate"]

    told = {"memberId": ids.show("mem", ana.principal_id), "tier": "gold", "reason": "spent much"}
    first = await update(birthDate="1990-03-10", language="PT")
    tier = (await operator.ask(SET, {"input": told})).data["memberProfileSet"]
    second = await update(favouritesOff=True, language=None)
    wrong = [await update(birthDate=one) for one in ("2200-01-01", "1800-01-01")]
    viewer = (await ana.ask(f"{{ viewer {{ {PROFILE} }} }}")).data["viewer"]

    expected = {"birthDate": "1990-03-10", "language": "PT", "favouritesOff": False, "tier": None}
    assert expected == first["profile"]
    assert {**expected, "tier": "gold"} == tier["profile"]
    changed = {**expected, "tier": "gold", "language": None, "favouritesOff": True}
    assert (changed, changed) == (second["profile"], viewer["profile"])
    assert [[("PROFILE_INVALID", ["birthDate"])]] * 2 == [refused(one) for one in wrong]
    assert ["member.profile"] == await acts(owner, operator)


async def test_the_rules_of_the_programme_are_published_and_shown(
    operator: client.Client, supervisor: client.Client
) -> None:
    shown = "{ programmeRules { version groups { name mode } purchaseCap { amount } validFrom } }"
    told = {
        "idempotencyKey": client.key(),
        "groups": [{"name": "local", "mode": "FIRST"}],
        "purchaseCap": "9.00",
        "validFrom": "2100-01-01T00:00:00Z",
        "note": "for spring",
    }

    before = (await supervisor.ask(shown)).data["programmeRules"]
    first, again = [
        (await operator.ask(RULES, {"input": told})).data["programmeRulesPublish"] for _ in range(2)
    ]
    groups = [{"name": "local", "mode": "FIRST"}] * 2
    twice = {**told, "idempotencyKey": client.key(), "groups": groups}
    double = (await operator.ask(RULES, {"input": twice})).data["programmeRulesPublish"]

    default = [{"name": "bonus", "mode": "ALL"}, {"name": "offers", "mode": "BEST"}]
    assert (None, default, None) == (before["version"], before["groups"], before["validFrom"])
    assert (1, {"amount": "9.00", "currency": "EUR"}) == (
        first["rules"]["version"],
        first["rules"]["purchaseCap"],
    )
    assert again == {**first, "replayed": True}
    assert [("CAMPAIGN_INVALID", ["groups", "1", "name"])] == refused(double)


async def test_a_segment_and_evidence_are_kept_with_who_and_why(
    operator: client.Client, ana: client.Client, rosa: client.Client, owner: Any
) -> None:
    async def act(field: str, kind: str, asked: str, **told: Any) -> Any:
        query = f"mutation M($input: {kind}!) {{ {field}(input: $input) {{ {asked} {ERRORS} }} }}"
        return (await operator.ask(query, {"input": {"reason": "why", **told}})).data[field]

    made = await act(
        "segmentSave",
        "SegmentSaveInput",
        "segment { id size }",
        idempotencyKey=client.key(),
        name="lapsed",
        about="nothing bought",
    )
    who = {
        "segmentId": made["segment"]["id"],
        "memberIds": [ids.show("mem", ana.principal_id)],
    }
    asked = "changed segment { size }"
    added = await act("segmentMembersAdd", "SegmentMembersInput", asked, **who)
    removed = await act("segmentMembersRemove", "SegmentMembersInput", asked, **who)
    wrong = await act(
        "segmentMembersAdd", "SegmentMembersInput", asked, **{**who, "memberIds": ["mer_x"]}
    )
    evidence = {
        "idempotencyKey": client.key(),
        "label": "organic",
        "merchantId": ids.show("mer", rosa.principal_id),
        "product": "7",
        "source": "Ecocert",
        "reference": "1",
        "validFrom": "2026-01-01",
    }
    record = ("labelEvidenceRecord", "LabelEvidenceRecordInput", "evidenceId")
    kept = await act(*record, **evidence, validUntil="2026-12-31")
    late = await act(
        *record, **{**evidence, "idempotencyKey": client.key()}, validUntil="2025-12-31"
    )

    assert 0 == made["segment"]["size"]
    assert [(1, 1), (1, 0)] == [
        (one["changed"], one["segment"]["size"]) for one in (added, removed)
    ]
    assert [("NOT_FOUND", ["memberIds", "0"])] == refused(wrong)
    assert kept["evidenceId"].startswith("evi_")
    assert [("CAMPAIGN_INVALID", ["validUntil"])] == refused(late)
    logged = ["segment.create", "segment.add", "segment.remove", "evidence.record"]
    assert logged == await acts(owner, operator)
