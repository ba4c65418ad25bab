"""A merchant reads why, but for what is the member's own affair; the member reads it all."""

import uuid
from typing import Any

import httpx2
import pytest

from api import explaining
from api.explaining import discretion
from api.explaining.reasons import KINDS
from api.identity import bearer
from tests.api import client
from tests.wallet import factories, promotions
from wallet import ids

EXPLAINED = "campaigns { matched { because { kind } } missed { reasons { kind names } sentence } }"
READ = f"query Read($id: ID!) {{ node(id: $id) {{ ... on Purchase {{ {EXPLAINED} }} }} }}"


def test_every_reason_about_a_member_is_known_to_be_one() -> None:
    assert set() == discretion.PERSONAL - set(KINDS)


def test_what_is_personal_is_one_reason_however_much_it_is() -> None:
    kept, hidden = {"if": "store", "had": "17"}, [{"if": "birthday"}, {"if": "tier", "had": "gold"}]
    document: Any = {
        "matched": [{"name": "A", "because": [kept, *hidden]}],
        "missed": [{"name": "B", "reasons": [*hidden, kept]}, {"name": "C", "reasons": [kept]}],
        "next": None,
    }

    shown: Any = explaining.discreet(document)

    assert [kept, {"if": "personal"}] == shown["matched"][0]["because"]
    assert [[kept, {"if": "personal"}], [kept]] == [one["reasons"] for one in shown["missed"]]
    assert 3 == len(document["matched"][0]["because"]), "the document itself stays whole"


@pytest.mark.parametrize(
    "document", [None, 7, [], {"matched": 3}, {"missed": [None, {"reasons": 1}]}]
)
def test_what_has_another_shape_is_left_as_it_is(document: object) -> None:
    assert document == explaining.discreet(document)


async def test_where_else_somebody_bought_is_not_told_to_a_merchant(
    coalition: factories.Coalition, http: httpx2.AsyncClient
) -> None:
    lua, rosa, ana = (
        await coalition.merchant(),
        await coalition.merchant(),
        await coalition.member(),
    )
    bought_at = {"if": "bought_at", "any_of": [str(lua)], "within_days": 30}
    await promotions.promote(coalition, when=[bought_at])
    await promotions.promote(coalition, when=[{"if": "tier", "any_of": ["gold"]}])
    await coalition.report(lua, ana, factories.purchase(5_000))
    bought = await coalition.report(rosa, ana, factories.purchase(5_000))
    who: dict[bearer.Kind, uuid.UUID] = {"merchant": rosa, "member": ana.member_id}
    callers = {
        kind: client.Client(
            http, (await bearer.mint(coalition.db, kind=kind, principal_id=one)).text, one
        )
        for kind, one in who.items()
    }

    told = {}
    for kind, caller in callers.items():
        answer = await caller.ask(READ, {"id": ids.show("pur", bought.purchase_id)})
        said = answer.data["node"]["campaigns"]
        told[kind] = (
            [reason["kind"] for one in said["matched"] for reason in one["because"]],
            [
                (reason["kind"], reason["names"])
                for one in said["missed"]
                for reason in one["reasons"]
            ],
        )

    assert told["member"] == (["BOUGHT_AT"], [("TIER", ["gold"])])
    assert told["merchant"] == (["PERSONAL"], [("PERSONAL", [])])
