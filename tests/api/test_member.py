"""What a member sees: the wallet, why it moved, its lots, and pages that never shift."""

from typing import Any

from tests.api import client
from tests.wallet import factories
from wallet import database, ids, members

PAGE = """
query Page($first: Int!, $after: Cursor, $kinds: [MovementKind!]) {
  viewer { wallet { movements(first: $first, after: $after, kinds: $kinds) {
    edges { cursor node { id kind reason amount { amount currency } balanceAfter { amount }
                          pendingAfter { amount } bookedAt merchant { name slug industry } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }
"""


async def page(ana: client.Client, **variables: Any) -> Any:
    answer = await ana.ask(PAGE, {"first": 20, **variables})
    return answer.data["viewer"]["wallet"]["movements"]


async def test_a_member_sees_who_they_are_and_what_they_have(ana: client.Client) -> None:
    query = """{ viewer { id displayName email status createdAt wallet {
      id version available { amount currency } pending { amount } held { amount }
      nextExpiries(first: 2) { amount { amount } expiresAt } } } }"""

    viewer = (await ana.ask(query)).data["viewer"]

    assert viewer["id"] == ids.show("mem", ana.principal_id)
    assert (viewer["displayName"], viewer["status"]) == ("Ana", "ACTIVE")
    wallet = viewer["wallet"]
    assert wallet["available"] == {"amount": "20.00", "currency": "EUR"}
    assert (wallet["pending"]["amount"], wallet["held"]["amount"]) == ("0.00", "0.00")
    assert wallet["version"] == 2
    assert [one["amount"]["amount"] for one in wallet["nextExpiries"]] == ["20.00"]


async def test_each_movement_has_a_reason_a_merchant_and_the_balance_after_it(
    ana: client.Client,
) -> None:
    nodes = [edge["node"] for edge in (await page(ana))["edges"]]

    assert [(one["kind"], one["amount"]["amount"]) for one in nodes] == [
        ("MATURE", "20.00"),
        ("EARN", "20.00"),
    ]
    assert [one["balanceAfter"]["amount"] for one in nodes] == ["20.00", "0.00"]
    assert nodes[1]["reason"].startswith("Cashback of 20.00 EUR earned at ")
    assert nodes[1]["merchant"]["name"] in nodes[1]["reason"]
    assert nodes[1]["merchant"]["slug"]


async def test_a_list_read_page_by_page_is_the_list_read_at_once(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    member = await members.find(db, ana.principal_id)
    for amount in (100, 200, 300):
        await coalition.fill(member, amount)
    whole = (await page(ana))["edges"]

    seen: list[Any] = []
    after, more = None, True
    while more:
        part = await page(ana, first=3, after=after)
        seen += part["edges"]
        more, after = part["pageInfo"]["hasNextPage"], part["pageInfo"]["endCursor"]
        assert part["pageInfo"]["hasPreviousPage"] == (len(seen) > 3)

    assert seen == whole
    assert len(whole) == 8


async def test_movements_can_be_chosen_by_kind(ana: client.Client) -> None:
    edges = (await page(ana, kinds=["EARN", "GOODWILL"]))["edges"]

    assert [edge["node"]["kind"] for edge in edges] == ["EARN"]


async def test_a_wallet_read_with_its_movements_equals_one_read_without(
    ana: client.Client,
) -> None:
    """The first page comes along with the balances only when the query is plain."""
    inner = "edges { cursor node { id } }"
    plain = f"{{ viewer {{ wallet {{ movements(first: 1) {{ {inner} }} }} }} }}"
    fragment = "fragment F on Wallet { movements(first: 1) { " + inner + " } }"
    skipped = f"{{ viewer {{ wallet {{ movements(first: 1) @skip(if: false) {{ {inner} }} }} }} }}"
    twice = f"{{ viewer {{ wallet {{ a: movements(first: 1) {{ {inner} }} "
    twice += f"b: movements(first: 2) {{ {inner} }} }} }} }}"

    expected = (await ana.ask(plain)).data["viewer"]["wallet"]["movements"]
    by_fragment = (await ana.ask("{ viewer { wallet { ...F } } } " + fragment)).data
    by_directive = (await ana.ask(skipped)).data
    both = (await ana.ask(twice)).data["viewer"]["wallet"]

    assert by_fragment["viewer"]["wallet"]["movements"] == expected
    assert by_directive["viewer"]["wallet"]["movements"] == expected
    assert (both["a"], len(both["b"]["edges"])) == (expected, 2)


async def test_a_page_size_outside_its_bounds_is_refused(ana: client.Client) -> None:
    for first in (0, -1, 101, 2**31 - 1):
        answer = await ana.ask(PAGE, {"first": first})

        assert (first, answer.codes) == (first, ["BAD_USER_INPUT"])


async def test_a_cursor_that_was_not_made_here_is_refused_before_anything_is_read(
    ana: client.Client,
) -> None:
    for cursor in ("", "nonsense", "YXJyYXljb25uZWN0aW9uOjE=", "é", "A" * 9000):
        answer = await ana.ask(PAGE, {"first": 1, "after": cursor})

        assert (cursor, 422, ["BAD_USER_INPUT"]) == (cursor, answer.status, answer.codes)


async def test_a_cursor_of_another_list_is_refused(ana: client.Client) -> None:
    lots = (
        "query L($after: Cursor) { viewer { wallet { lots(after: $after) { edges { cursor } } } } }"
    )
    cursor = (await page(ana))["edges"][0]["cursor"]

    answer = await ana.ask(lots, {"after": cursor})

    assert answer.codes == ["BAD_USER_INPUT"]


async def test_lots_say_who_funds_them_and_are_paged_in_the_order_they_are_spent(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    member = await members.find(db, ana.principal_id)
    for days in (3, 1, 2):
        await coalition.fill(member, days * 100, now=factories.NOON + days * factories.DAY)
    query = """query L($first: Int!, $after: Cursor) { viewer { wallet {
      lots(first: $first, after: $after) { edges { node {
        id funder { name } amount { amount } remaining { amount } pending { amount }
        earnedAt availableAt expiresAt dueAt } } pageInfo { hasNextPage endCursor } } } } }"""

    async def lots(**variables: Any) -> Any:
        return (await ana.ask(query, variables)).data["viewer"]["wallet"]["lots"]

    whole = (await lots(first=20))["edges"]
    first = await lots(first=3)
    rest = await lots(first=3, after=first["pageInfo"]["endCursor"])

    assert [one["node"]["remaining"]["amount"] for one in whole] == [
        "20.00",
        "1.00",
        "2.00",
        "3.00",
    ]
    assert all(one["node"]["funder"]["name"] and one["node"]["expiresAt"] for one in whole)
    assert first["edges"] + rest["edges"] == whole
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_lots_that_never_expire_come_last_and_are_paged_too(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    member = await members.find(db, ana.principal_id)
    lasting = await coalition.merchant(
        rates=factories.ALL_BACK, pending=factories.AT_ONCE, expiry={"days": None}
    )
    for amount in (100, 200, 300):
        await coalition.earned(lasting, member, amount)
    query = """query L($after: Cursor) { viewer { wallet { lots(first: 1, after: $after) {
      edges { node { remaining { amount } expiresAt } }
      pageInfo { hasNextPage endCursor } } } } }"""

    seen: list[Any] = []
    after, more = None, True
    while more and len(seen) < 10:
        part = (await ana.ask(query, {"after": after})).data["viewer"]["wallet"]["lots"]
        seen += [edge["node"] for edge in part["edges"]]
        more, after = part["pageInfo"]["hasNextPage"], part["pageInfo"]["endCursor"]

    assert seen[0]["remaining"]["amount"] == "20.00"
    assert [one["expiresAt"] for one in seen[1:]] == [None, None, None]
    assert sorted(one["remaining"]["amount"] for one in seen[1:]) == ["1.00", "2.00", "3.00"]


async def test_a_member_reads_purchases_with_their_decisions_and_redemptions(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    member = await members.find(db, ana.principal_id)
    await coalition.spend(member, await coalition.merchant(), 500)
    query = """{ viewer {
      purchases { edges { node { reference credited { amount } contractVersion merchant { name }
                                 lines { decision { sentence } } availableAt expiresAt } } }
      redemptions { edges { node { status captured { amount } merchant { name } } } }
      notices { edges { node { topic sentence } } } } }"""

    viewer = (await ana.ask(query)).data["viewer"]

    (purchase,) = [edge["node"] for edge in viewer["purchases"]["edges"]]
    (redemption,) = [edge["node"] for edge in viewer["redemptions"]["edges"]]
    assert purchase["credited"]["amount"] == "20.00"
    assert "20.00 EUR" in purchase["lines"][0]["decision"]["sentence"]
    assert redemption["status"] == "CAPTURED"
    assert redemption["merchant"] == {"name": "Rosa"}


async def test_merchants_are_listed_by_name_with_what_they_give_back_today(
    ana: client.Client, rosa: client.Client, coalition: factories.Coalition
) -> None:
    query = """query M($after: Cursor) { merchants(first: 1, after: $after) {
      edges { node { id name slug cashbackRates { category percent } minimumBasket { amount } } }
      pageInfo { hasNextPage endCursor } } }"""

    seen: list[Any] = []
    after, more = None, True
    while more:
        part = (await ana.ask(query, {"after": after})).data["merchants"]
        seen += [edge["node"] for edge in part["edges"]]
        more, after = part["pageInfo"]["hasNextPage"], part["pageInfo"]["endCursor"]

    shown = {one["id"]: one for one in seen}
    assert [one["name"] for one in seen] == sorted(one["name"] for one in seen)
    assert shown[ids.show("mer", rosa.principal_id)]["cashbackRates"] == [
        {"category": None, "percent": "5.00"},
        {"category": "beauty", "percent": "10.00"},
        {"category": "tobacco", "percent": "0.00"},
    ]
