"""A gift for the birthday: once a year, whatever the date on file says meanwhile."""

from datetime import UTC, datetime
from typing import Any

from tests.api import client
from tests.field import stage
from tests.field.stage import credited, granted, line, missed
from wallet import ids

GIFT: dict[str, Any] = {
    "give": {"give": "amount", "minor": 500},
    "when": [{"if": "birthday"}],
    "funding": stage.OPERATOR,
}
OWN = """mutation Own($input: ProfileUpdateInput!) { profileUpdate(input: $input) {
  profile { birthDate } errors { ... on UserError { code path } } } }"""
SET = """mutation Set($input: MemberProfileSetInput!) { memberProfileSet(input: $input) {
  profile { birthDate } errors { ... on UserError { code path } } } }"""


async def born(ana: client.Client, day: str) -> None:
    """Let the member say their birth date."""
    done = (await ana.ask(OWN, {"input": {"birthDate": day}})).data["profileUpdate"]
    assert (done["errors"], done["profile"]["birthDate"]) == ([], day)


async def test_a_birthday_is_paid_once_and_a_changed_date_does_not_pay_twice(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.began("Birthday", **GIFT)
    unknown = await scene.report(rosa, ana, at="2026-03-10T12:00:00Z")

    await born(ana, "1990-03-10")
    promised = await scene.preview(rosa, ana, at="2026-03-10T12:01:00Z")
    paid = await scene.report(rosa, ana, at="2026-03-10T12:01:00Z")
    twice = await scene.report(rosa, ana, at="2026-03-10T12:02:00Z")
    await born(ana, "1990-04-20")
    changed = await scene.report(rosa, ana, at="2026-04-20T12:00:00Z")

    assert missed(unknown, "Birthday") == ["PERSONAL"], "what the merchant reads"
    unknown, twice, changed = [await scene.seen(ana, one) for one in (unknown, twice, changed)]
    assert missed(unknown, "Birthday") == ["BIRTHDAY"]
    assert unknown["campaigns"]["missed"][0]["sentence"] == (
        "Birthday: we do not know your birthday."
    )
    assert credited(promised) == credited(paid) == "5.00"
    for one in (twice, changed):
        assert (credited(one), granted(one)) == ("0.00", {})
        assert one["campaigns"]["missed"][0]["sentence"] == (
            "Birthday: you had it already for this birthday."
        )


async def test_the_staff_may_set_the_date_with_a_reason(scene: stage.Stage) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.began("Birthday", **{**GIFT, "when": [{"if": "birthday", "days_after": 6}]})
    told = {
        "memberId": ids.show("mem", ana.principal_id),
        "birthDate": "1990-03-10",
        "reason": "she called and told us",
    }
    done = (await scene.operator.ask(SET, {"input": told})).data["memberProfileSet"]

    days = ("2026-03-09T23:59:59Z", "2026-03-17T00:00:00Z", "2026-03-16T23:59:59Z")
    found = [credited(await scene.report(rosa, ana, at=day)) for day in days]

    assert done["errors"] == []
    assert found == ["0.00", "0.00", "5.00"]


async def test_who_was_born_on_a_leap_day_has_it_every_year(scene: stage.Stage) -> None:
    rosa = await scene.merchant()
    await scene.began("Birthday", at=datetime(2024, 1, 1, tzinfo=UTC), **GIFT)
    days = ["2024-02-28", "2024-02-29", "2025-02-28", "2025-03-01", "2026-02-28", "2026-03-01"]
    ana = await scene.member()
    await born(ana, "1992-02-29")

    found = [credited(await scene.report(rosa, ana, at=f"{day}T12:00:00Z")) for day in days]

    assert found == ["0.00", "5.00", "5.00", "0.00", "5.00", "0.00"]


async def test_a_full_return_takes_the_gift_back_and_leaves_the_birthday_to_be_had(
    scene: stage.Stage,
) -> None:
    rosa, ana = await scene.merchant(), await scene.member()
    await scene.began("Birthday", **GIFT)
    await born(ana, "1990-03-10")
    first = await scene.report(
        rosa, ana, line(1, "10.00"), line(2, "5.00"), at="2026-03-10T10:00:00Z"
    )
    await scene.mature()

    part = await scene.give_back(rosa, first, {"number": 2})
    still = await scene.report(rosa, ana, at="2026-03-10T11:00:00Z")
    whole = await scene.give_back(rosa, first)
    again = await scene.report(rosa, ana, at="2026-03-10T12:00:00Z")

    assert (part["reversed"]["amount"], whole["reversed"]["amount"]) == ("1.67", "5.00")
    assert (granted(still), granted(again)) == ({}, {"Birthday": "5.00"})
    assert await scene.wallet(ana) == ("0.00", "5.00")
