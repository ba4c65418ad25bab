"""Paid memberships through the door: what sellers report, and what members and the operator see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest

from api import explaining
from api.graphql import memberships as shown
from tests.api import client, paying
from tests.wallet import belonging, factories
from wallet import ids, money
from wallet.rules.progress import memberships as rules

STANDING = """id planId planName state entitled entitlements { word text } renewal paidUntil
  paid { amount currency } refunded { amount } sellerName seller { id }"""
SAID = f"""membership {{ {STANDING} }}
  act {{ kind paid {{ amount }} credit {{ amount }} refund {{ amount }} endsOn explanation }}
  replayed errors {{ ... on UserError {{ code path message }} }}"""
QUOTE = """query Quote($membershipId: ID!, $planId: ID) {
  membershipQuote(membershipId: $membershipId, planId: $planId) {
    act { kind paid { amount } credit { amount } refund { amount } endsOn explanation }
    errors { ... on UserError { code path } } } }"""
MINE = f"query Mine {{ viewer {{ memberships {{ {STANDING} }} }} }}"
COUNTS = """query Counts { membershipCounts {
  plans { planId members endsWithin30Days endsWithin60Days endsWithin90Days }
  months { planId month joined ended } } }"""
TODAY = datetime.now(UTC).date()


async def act(caller: client.Client, name: str, kind: str, **told: Any) -> Any:
    query = f"mutation Act($input: {kind}!) {{ {name}(input: $input) {{ {SAID} }} }}"
    headers = told.pop("headers", {})
    answer = await caller.ask(
        query, {"input": {"idempotencyKey": client.key(), **told}}, headers=headers
    )
    return answer.data[name]


async def start(
    coalition: factories.Coalition, caller: client.Client, member: client.Client, plan: str
) -> Any:
    return await act(
        caller,
        "membershipStart",
        "MembershipStartInput",
        memberId=ids.show("mem", member.principal_id),
        planId=plan,
        **await paying.payment(coalition),
    )


@pytest.fixture
async def plan(coalition: factories.Coalition, rosa: client.Client) -> str:
    """A year of VIP at Rosa's for 36.50 EUR."""
    return ids.show("sch", await belonging.plan(coalition, rosa.principal_id))


async def test_a_member_who_paid_sees_the_plan_what_is_in_it_and_until_when(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, plan: str
) -> None:
    begun = await start(coalition, rosa, ana, plan)
    mine = (await ana.ask(MINE)).data["viewer"]["memberships"]

    assert ([], "STARTED", "36.50") == (
        begun["errors"],
        begun["act"]["kind"],
        begun["act"]["paid"]["amount"],
    )
    assert [begun["membership"]] == mine
    assert {
        "planId": plan,
        "planName": "VIP",
        "state": "ACTIVE",
        "entitled": True,
        "entitlements": [{"word": "free_shipping", "text": "No cost of shipping."}],
        "renewal": "MANUAL",
        "sellerName": "Rosa",
    }.items() <= mine[0].items()


async def test_what_a_plan_costs_and_holds_is_shown_before_anybody_joins(
    ben: client.Client, plan: str
) -> None:
    query = "query P { schemes(kind: MEMBERSHIP) { id name definition } }"

    (seen,) = (await ben.ask(query)).data["schemes"]

    assert (plan, 3_650) == (seen["id"], seen["definition"]["price_minor"])
    assert "free_shipping" == seen["definition"]["entitlements"][0]["word"]


async def test_a_seller_asks_first_and_is_told_what_to_pay_back_in_their_language(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, plan: str
) -> None:
    key = (await start(coalition, rosa, ana, plan))["membership"]["id"]
    asked = {"membershipId": key}
    quoted = (await rosa.ask(QUOTE, asked)).data["membershipQuote"]["act"]
    ended = await act(
        rosa,
        "membershipCancel",
        "MembershipCancelInput",
        membershipId=key,
        reason="moved away",
        headers={"Accept-Language": "es"},
    )
    again = (await rosa.ask(QUOTE, asked)).data["membershipQuote"]

    assert quoted["refund"] == ended["act"]["refund"] == ended["membership"]["refunded"]
    assert quoted["explanation"].startswith(f"Pay back {quoted['refund']['amount']} EUR for")
    assert ended["act"]["explanation"].startswith("Devuelve ")
    assert ("CANCELLED", True) == (ended["membership"]["state"], ended["membership"]["entitled"])
    assert [{"code": "MEMBERSHIP_CLOSED", "path": []}] == again["errors"]


async def test_a_further_term_and_another_plan_are_reported_with_what_was_due(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, plan: str
) -> None:
    gold = await belonging.plan(coalition, rosa.principal_id, name="Gold", price_minor=10_000)
    key = (await start(coalition, rosa, ana, plan))["membership"]["id"]
    renewed = await act(
        rosa,
        "membershipRenew",
        "MembershipRenewInput",
        membershipId=key,
        **await paying.payment(coalition),
    )
    other = {"membershipId": key, "planId": ids.show("sch", gold)}
    quoted = (await rosa.ask(QUOTE, other)).data["membershipQuote"]["act"]
    told = await paying.payment(coalition, paid={"amount": "99.00", "currency": "EUR"}, **other)
    wrong = await act(rosa, "membershipChange", "MembershipChangeInput", **told)
    told["paid"] = {"amount": quoted["paid"]["amount"], "currency": "EUR"}

    changed = await act(rosa, "membershipChange", "MembershipChangeInput", **told)

    assert ("RENEWED", "27.00", "73.00") == (
        *(renewed["act"]["kind"], quoted["paid"]["amount"], quoted["credit"]["amount"]),
    )
    assert [("AMOUNT_INVALID", ["paid"])] == [(it["code"], it["path"]) for it in wrong["errors"]]
    assert ("Gold", quoted) == (changed["membership"]["planName"], changed["act"])


async def test_what_does_not_fit_is_refused_at_its_field(
    coalition: factories.Coalition,
    rosa: client.Client,
    bakery: client.Client,
    ana: client.Client,
    plan: str,
) -> None:
    foreign = await start(coalition, bakery, ana, plan)
    old = await paying.payment(
        coalition, paidAt=(datetime.now(UTC) - timedelta(days=9)).isoformat()
    )
    late = await act(
        rosa,
        "membershipStart",
        "MembershipStartInput",
        memberId=ids.show("mem", ana.principal_id),
        planId=plan,
        **old,
    )

    found = [(one["code"], one["path"]) for it in (foreign, late) for one in it["errors"]]
    assert [("MEMBERSHIP_INVALID", ["planId"]), ("MEMBERSHIP_INVALID", ["paidAt"])] == found


async def test_the_operator_records_its_own_plans_and_counts_all(
    coalition: factories.Coalition, operator: client.Client, ana: client.Client
) -> None:
    own = ids.show("sch", await belonging.plan(coalition, "operator", term=MONTHLY))
    told = {"report": "START", "memberId": ids.show("mem", ana.principal_id), "planId": own}
    begun = await act(
        operator,
        "membershipRecord",
        "MembershipRecordInput",
        reason="paid at the desk",
        **told,
        **await paying.payment(coalition),
    )
    steps = []
    for report, more in (("RENEW", await paying.payment(coalition)), ("CANCEL", {}), ("START", {})):
        steps.append(
            await act(
                operator,
                "membershipRecord",
                "MembershipRecordInput",
                report=report,
                membershipId=begun["membership"]["id"],
                reason="as asked",
                **more,
            )
        )
    counted = (await operator.ask(COUNTS)).data["membershipCounts"]

    assert (None, "Common purse") == (
        *(begun["membership"]["seller"], begun["membership"]["sellerName"]),
    )
    assert ["RENEWED", "CANCELLED"] == [one["act"]["kind"] for one in steps[:2]]
    assert [("MEMBERSHIP_INVALID", ["reference"])] == [
        (one["code"], one["path"]) for one in steps[2]["errors"]
    ]
    assert [(own, 1)] == [(one["planId"], one["members"]) for one in counted["plans"]]
    assert [(own, 1, 0)] == [
        (one["planId"], one["joined"], one["ended"]) for one in counted["months"]
    ]


MONTHLY = {"count": 1, "unit": "month"}
EUR = money.EUR
PAID = [
    (
        {"kind": "renewed"},
        "It is paid until July 9, 2026.",
        "Está pagado hasta el 9 de julio de 2026.",
        "Está pago até 9 de julho de 2026.",
    ),
    (
        {"kind": "changed", "paid_minor": 100, "price_minor": 500, "credit_minor": 400},
        (
            "1.00 EUR is due: 5.00 EUR less 4.00 EUR that was left of the old plan."
            " It is paid until July 9, 2026."
        ),
        (
            "Corresponden 1,00 EUR: 5,00 EUR menos 4,00 EUR que quedaban del plan anterior."
            " Está pagado hasta el 9 de julio de 2026."
        ),
        (
            "São devidos 1,00 EUR: 5,00 EUR menos 4,00 EUR que restavam do plano anterior."
            " Está pago até 9 de julho de 2026."
        ),
    ),
    (
        {"kind": "changed", "refund_minor": 100, "price_minor": 300, "credit_minor": 400},
        (
            "Pay back 1.00 EUR: 4.00 EUR was left of the old plan, and the new one costs 3.00 EUR."
            " It is paid until July 9, 2026."
        ),
        (
            "Devuelve 1,00 EUR: del plan anterior quedaban 4,00 EUR y el nuevo cuesta 3,00 EUR."
            " Está pagado hasta el 9 de julio de 2026."
        ),
        (
            "Devolva 1,00 EUR: restavam 4,00 EUR do plano anterior e o novo custa 3,00 EUR."
            " Está pago até 9 de julho de 2026."
        ),
    ),
    *(
        (
            {"kind": "cancelled", "refund_minor": 100, "why": why},
            f"{english} It ends after July 9, 2026.",
            f"{spanish} Termina después del 9 de julio de 2026.",
            f"{portuguese} Termina depois de 9 de julho de 2026.",
        )
        for why, english, spanish, portuguese in (
            (
                "days_left",
                "Pay back 1.00 EUR for the days that are left.",
                "Devuelve 1,00 EUR por los días que quedan.",
                "Devolva 1,00 EUR pelos dias que restam.",
            ),
            (
                "whole",
                "Pay back 1.00 EUR: it was cancelled in time, or had not begun.",
                "Devuelve 1,00 EUR: se canceló a tiempo o no había empezado.",
                "Devolva 1,00 EUR: foi cancelada a tempo ou não tinha começado.",
            ),
            (
                "used_up",
                "There is nothing left to pay back.",
                "No queda nada que devolver.",
                "Não resta nada a devolver.",
            ),
            (
                "no_refund",
                "This plan pays nothing back.",
                "Este plan no devuelve nada.",
                "Este plano não devolve nada.",
            ),
        )
    ),
]


@pytest.mark.parametrize(("facts", "english", "spanish", "portuguese"), PAID)
def test_what_a_payment_came_to_is_said_in_three_languages(
    facts: dict[str, Any], english: str, spanish: str, portuguese: str
) -> None:
    one = explaining.Paid(asset=EUR, until=date(2026, 7, 9), **facts)

    said = [explaining.paid(one, language=language) for language in ("en", "es", "pt")]
    assert [english, spanish, portuguese] == said


def test_the_words_are_those_of_the_wallet() -> None:
    for kind, words in (
        (shown.MembershipState, rules.State),
        (shown.MembershipActKind, rules.Kind),
    ):
        assert set(get_args(words)) == {one.value for one in kind}
