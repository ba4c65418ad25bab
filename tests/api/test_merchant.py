"""A merchant is always the one of its token: in what it does, and in the account that it reads."""

import datetime
import itertools
import uuid
from typing import Any

import graphql
import httpx2
import pytest

from api.graphql import permissions, schema
from api.identity import bearer
from tests.api import client, world
from tests.wallet import factories
from wallet import database, earn, money, reports
from wallet.rules import returns

BUILT = schema.build()._schema
OWNED = {"benefitId": "Benefit", "purchaseId": "Purchase", "redemptionId": "Redemption"}


def merchants_mutations() -> dict[str, graphql.GraphQLInputObjectType]:
    """Each mutation of a merchant, and its input."""
    assert BUILT.mutation_type is not None
    found = {}
    for place, scope in permissions.SCOPES.items():
        root, _, name = place.partition(".")
        if root == "Mutation" and scope in bearer.SCOPES["merchant"]:
            told = graphql.get_named_type(BUILT.mutation_type.fields[name].args["input"].type)
            assert isinstance(told, graphql.GraphQLInputObjectType)
            found[name] = told
    return found


def fields_below(kind: graphql.GraphQLInputObjectType) -> set[str]:
    names = set()
    for name, field in kind.fields.items():
        names.add(name)
        inner = graphql.get_named_type(field.type)
        if isinstance(inner, graphql.GraphQLInputObjectType):
            names |= fields_below(inner)
    return names


def filled(kind: Any) -> Any:
    """The smallest value of an input type."""
    if isinstance(kind, graphql.GraphQLNonNull):
        return filled(kind.of_type)
    if isinstance(kind, graphql.GraphQLList):
        return [filled(kind.of_type)]
    if isinstance(kind, graphql.GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, graphql.GraphQLInputObjectType):
        return {
            name: filled(field.type)
            for name, field in kind.fields.items()
            if graphql.is_required_input_field(field)
        }
    scalars: dict[str, Any] = {
        "IdempotencyKey": client.key(),
        "DateTime": "2026-11-20T10:00:00Z",
        "Decimal": "0.01",
        "CurrencyCode": "EUR",
        "Int": 1,
        "Boolean": True,
    }
    return scalars.get(kind.name, "word")


def test_no_field_of_a_merchants_input_names_a_merchant() -> None:
    named = {
        f"{mutation}: {field}"
        for mutation, told in merchants_mutations().items()
        for field in fields_below(told)
        if "merchant" in field.lower() or "client" in field.lower()
    }

    assert set() == named


async def ask(caller: client.Client, name: str, **told: object) -> Any:
    """Send a mutation with the smallest input and these ids."""
    kind = merchants_mutations()[name]
    answer = await caller.ask(
        f"mutation F($input: {kind.name}!) {{ {name}(input: $input) {{ __typename replayed"
        " errors { __typename ... on UserError { code message path } } } }",
        {"input": filled(kind) | told},
    )
    return answer.data[name]


async def test_every_id_of_another_merchant_is_answered_like_one_that_is_not_there(
    coalition: factories.Coalition, http: httpx2.AsyncClient
) -> None:
    it = await world.build(coalition, http)
    rosa, bakery = it.caller("merchant A"), it.caller("merchant B")
    foreign = [*it.ids.values(), it.held]
    review = {
        "memberId": it.ids["Member"],
        "kind": "REVIEW",
        "happenedAt": datetime.datetime.now(datetime.UTC).isoformat(),
        "lineNumber": 1,
        "stars": 2,
        "proof": "https://example.org/r/1",
    }
    asked, wrong = [], []
    for (name, told), (field, kind) in itertools.product(
        merchants_mutations().items(), OWNED.items()
    ):
        if field not in told.fields:
            continue
        asked.append(name)
        more = review if name == "activityReport" else {}
        absent = await ask(bakery, name, **more, **{field: world.missing(kind)})
        # A review of what was not bought is no review, whoever sold it.
        absence = ["ACTIVITY_INVALID" if name == "activityReport" else "NOT_FOUND"]
        assert [one["code"] for one in absent["errors"]] == absence
        for value in foreign:
            answer = await ask(bakery, name, **more, **{field: value})
            same_kind = value[:4] == world.missing(kind)[:4]
            codes = [one["code"] for one in answer["errors"]]
            if answer != absent if same_kind else codes != ["NOT_FOUND"]:
                wrong.append((name, value, answer))
        # The merchant itself is answered otherwise, or this test would prove nothing.
        mine = it.held if kind == "Redemption" else it.ids[kind]
        if await ask(rosa, name, **more, **{field: mine}) == absent:
            wrong.append((name, mine, "its own"))

    assert [] == wrong
    assert sorted(asked) == [
        "activityReport",
        "benefitUse",
        "purchaseEventRecord",
        "purchaseReturn",
        "redemptionCapture",
        "redemptionRefund",
        "redemptionRelease",
    ]


STATEMENT = """query S($from: DateTime!, $to: DateTime!) { merchantStatement(from: $from, to: $to) {
    since until net { amount currency }
    months { month promised { amount } cancelled { amount } issued { amount }
             takenBack { amount } honoured { amount } refunded { amount } breakage { amount }
             net { amount } } } }"""
ALWAYS = {"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"}


async def statement(shop: client.Client, **period: str) -> Any:
    return (await shop.ask(STATEMENT, {**ALWAYS, **period})).data["merchantStatement"]


async def lived(coalition: factories.Coalition, shop: uuid.UUID) -> None:
    """March: earned, came back, spent, refunded. April: matured, came back, lapsed."""
    april = factories.NOON + 31 * factories.DAY
    member = await coalition.member()
    await coalition.fill(member, 5_000)
    kept, back, _never = [
        (await coalition.report(shop, member, bought)).purchase_id
        for bought in (
            factories.purchase(10_000),
            factories.purchase(4_000),
            factories.unpaid(2_000),
        )
    ]
    await coalition.give_back(shop, back)
    spent = await coalition.spend(member, shop, 700)
    await coalition.refund(spent, 200)
    await coalition.earned(coalition.mint, member, 100, now=april)
    await coalition.give_back(shop, kept, returns.ReturnLine(1, 500), now=april)
    await earn.mature(coalition.db, now=april + 60 * factories.DAY)


async def test_the_account_by_month_is_what_the_books_say(
    coalition: factories.Coalition,
    db: database.Database,
    rosa: client.Client,
    bakery: client.Client,
) -> None:
    await lived(coalition, rosa.principal_id)

    read = await statement(rosa)

    months = [
        {name: value["amount"] for name, value in one.items() if name != "month"}
        for one in read["months"]
    ]
    totals = {one.merchant_id: one for one in await reports.merchants(db, money.EUR)}
    assert [one["month"] for one in read["months"]] == ["2026-03", "2026-04", "2026-06"]
    assert months[0] == {
        "promised": "8.00",
        "cancelled": "2.00",
        "issued": "0.00",
        "takenBack": "0.00",
        "honoured": "7.00",
        "refunded": "2.00",
        "breakage": "0.00",
        "net": "5.00",
    }
    assert (months[1]["issued"], months[1]["takenBack"]) == ("5.00", "2.50")
    assert months[2]["cancelled"] == "1.00"
    assert read["net"] == {"amount": "2.50", "currency": "EUR"}
    assert totals[rosa.principal_id].net_minor == 250
    # Nothing of it is the bakery's, and the end of a period is not in it.
    assert (await statement(bakery))["months"] == []
    march = await statement(rosa, to="2026-04-01T00:00:00+01:00")
    assert [one["month"] for one in march["months"]] == ["2026-03"]


async def test_every_movement_of_a_merchants_accounts_is_in_the_account(
    coalition: factories.Coalition, rosa: client.Client, db: database.Database
) -> None:
    await lived(coalition, rosa.principal_id)
    months = await reports.months(
        db,
        rosa.principal_id,
        since=factories.NOON - 100 * factories.DAY,
        until=factories.NOON + 300 * factories.DAY,
    )

    def summed(*names: str) -> int:
        return sum(getattr(one, f"{name}_minor") for one in months for name in names)

    async def counted(kind: str) -> int:
        return await coalition.position(rosa.principal_id, kind)

    assert summed("promised") - summed("cancelled", "issued") == -await counted("contingent")
    assert summed("issued") - summed("taken_back") == -await counted("issued")
    assert summed("honoured") - summed("refunded") == await counted("honoured")
    assert summed("breakage") == await counted("merchant_breakage")


@pytest.mark.parametrize(
    "period",
    [
        {"to": ALWAYS["from"]},
        {"to": "2025-01-01T00:00:00Z"},
        {"to": "2027-01-03T00:00:00Z"},
    ],
)
async def test_a_period_ends_after_it_begins_and_is_a_year_at_most(
    rosa: client.Client, period: dict[str, str]
) -> None:
    answer = await rosa.ask(STATEMENT, ALWAYS | period)

    assert answer.codes == ["BAD_USER_INPUT"]


async def test_the_account_needs_its_own_scope(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client, db: database.Database
) -> None:
    token = await bearer.mint(
        db, kind="merchant", principal_id=rosa.principal_id, scopes=["purchases:read"]
    )
    less = client.Client(rosa.http, token.text, rosa.principal_id)

    for caller in (less, ana):
        assert (await caller.ask(STATEMENT, ALWAYS)).codes == ["FORBIDDEN"]
