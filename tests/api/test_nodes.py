"""Ids of others tell nothing: every kind of object, asked for by everybody."""

from typing import Any

from api.identity import bearer
from tests.api import client
from tests.wallet import factories
from wallet import database, ids, members

ALL_IDS = """{ viewer { id
  wallet { id movements { edges { node { id } } } lots { edges { node { id } } } }
  purchases { edges { node { id } } } redemptions { edges { node { id } } } } }"""
NODE = "query N($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
OWNED = ("Lot", "Member", "Movement", "Purchase", "Redemption", "Wallet")
PREFIXES = dict(zip(OWNED, ("lot", "mem", "mov", "pur", "red", "wal"), strict=True))


async def everything(ana: client.Client) -> dict[str, str]:
    """One id of each kind of object that belongs to a member."""
    viewer = (await ana.ask(ALL_IDS)).data["viewer"]

    def first(of: Any) -> str:
        return str(of["edges"][0]["node"]["id"])

    return {
        "Lot": first(viewer["wallet"]["lots"]),
        "Member": viewer["id"],
        "Movement": first(viewer["wallet"]["movements"]),
        "Purchase": first(viewer["purchases"]),
        "Redemption": first(viewer["redemptions"]),
        "Wallet": viewer["wallet"]["id"],
    }


async def test_an_object_is_shown_to_its_owner_its_merchant_and_support_and_to_nobody_else(
    ana: client.Client,
    ben: client.Client,
    rosa: client.Client,
    bakery: client.Client,
    support: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
) -> None:
    member = await members.find(db, ana.principal_id)
    await coalition.earned(rosa.principal_id, member, 10_000)
    await coalition.spend(member, rosa.principal_id, 500)
    shown = await everything(ana)
    at_rosa = {"Purchase", "Redemption"}

    for caller, visible in (
        (ana, set(OWNED)),
        (support, set(OWNED)),
        (rosa, at_rosa),
        (bakery, set[str]()),
        (ben, set[str]()),
    ):
        for kind, key in shown.items():
            answer = await caller.ask(NODE, {"id": key})
            expected = {"__typename": kind, "id": key} if kind in visible else None
            assert (kind, answer.data) == (kind, {"node": expected})

        missing = [ids.show(PREFIXES[kind], ids.new()) for kind in shown]
        foreign = [key for kind, key in shown.items() if kind not in visible]
        none = (await caller.ask(NODES, {"ids": missing})).data
        hidden = (await caller.ask(NODES, {"ids": foreign})).data
        assert none == {"nodes": [None] * len(missing)}
        assert hidden == {"nodes": [None] * len(foreign)}


async def test_a_merchant_is_shown_to_everybody(
    ana: client.Client, rosa: client.Client, support: client.Client
) -> None:
    key = ids.show("mer", rosa.principal_id)

    for caller in (ana, rosa, support):
        answer = await caller.ask(NODE, {"id": key})
        assert answer.data == {"node": {"__typename": "Merchant", "id": key}}


async def test_an_id_that_is_none_is_null_like_a_missing_one(ana: client.Client) -> None:
    for text in ("", "x", "mem_", "mem_x", "tok_" + "0" * 26, "MEM_" + "0" * 26, "\x00", "ñ" * 500):
        assert (text, {"node": None}) == (text, (await ana.ask(NODE, {"id": text})).data)


async def test_at_most_fifty_nodes_at_a_time_in_the_order_that_was_asked(
    ana: client.Client, rosa: client.Client
) -> None:
    key = ids.show("mer", rosa.principal_id)

    full = (await ana.ask(NODES, {"ids": ["mem_x", key] * 25})).data["nodes"]
    over = await ana.ask(NODES, {"ids": [key] * 51})

    assert [one is not None for one in full] == [False, True] * 25
    assert over.codes == ["BAD_USER_INPUT"]


async def test_a_token_without_the_reading_scope_sees_no_purchase_by_its_id(
    ana: client.Client,
    rosa: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
) -> None:
    member = await members.find(db, ana.principal_id)
    purchase_id = await coalition.earned(rosa.principal_id, member, 10_000)
    token = await bearer.mint(
        db, kind="merchant", principal_id=rosa.principal_id, scopes=["purchases:report"]
    )
    narrow = client.Client(rosa.http, token.text, rosa.principal_id)

    answer = await narrow.ask(NODE, {"id": ids.show("pur", purchase_id)})

    assert answer.data == {"node": None}
