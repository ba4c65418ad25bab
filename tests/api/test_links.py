"""Links over GraphQL: an app begins one, a member sees them, and ends one."""

import datetime
import re
import uuid
from typing import Any

import pytest

from tests.api import client
from tests.conftest import Connection
from tests.identity import relying
from tests.partners.links import linked
from wallet import database, ids

BEGIN = """mutation Begin($input: PartnerLinkBeginInput!) { partnerLinkBegin(input: $input) {
  url errors { code message path } } }"""
LINKS = """{ viewer { links(first: 10) { edges { node {
  id partnerId partnerName account status linkedAt } } pageInfo { hasNextPage } } } }"""
END = """mutation End($link: ID!) { partnerUnlink(input: {linkId: $link}) {
  link { id status } errors { code path } } }"""
URL = re.compile(r"http://localhost:8000/partners/rosa/link\?ticket=([\w-]{43})", re.ASCII)


@pytest.fixture
async def rosa_and_link(db: database.Database, ana: client.Client) -> tuple[uuid.UUID, uuid.UUID]:
    return await linked.put(db, ana.principal_id)


async def begin(caller: client.Client, partner_id: uuid.UUID, **more: str) -> Any:
    told = {"partnerId": ids.show("par", partner_id), **more}
    return (await caller.ask(BEGIN, {"input": told})).data["partnerLinkBegin"]


async def ended(caller: client.Client, link_id: uuid.UUID) -> Any:
    answer = await caller.ask(END, {"link": ids.show("lnk", link_id)})
    return answer.data["partnerUnlink"]


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer["errors"]]


async def test_an_app_is_given_an_address_that_works_once(
    ana: client.Client, rosa_and_link: tuple[uuid.UUID, uuid.UUID], owner: Connection
) -> None:
    first, second = [await begin(ana, rosa_and_link[0]) for _ in range(2)]
    kept = await owner.fetch("select t::text as row from identity.once t where purpose = 'link'")

    tickets = [URL.fullmatch(one["url"]) for one in (first, second)]
    assert [[], []] == [one["errors"] for one in (first, second)]
    assert tickets[0] is not None and tickets[1] is not None
    assert tickets[0][1] != tickets[1][1]
    assert 2 == len(kept)
    assert not any(one[1] in row["row"] for one in tickets if one for row in kept)


async def test_connecting_needs_a_sign_in_of_the_last_five_minutes(
    ana: client.Client, rosa_and_link: tuple[uuid.UUID, uuid.UUID], owner: Connection
) -> None:
    await owner.execute(
        "update identity.token set created_at = clock_timestamp() - $1::interval",
        datetime.timedelta(minutes=5, seconds=1),
    )
    answer = await begin(ana, rosa_and_link[0])

    assert answer["url"] is None
    assert [("STEP_UP_REQUIRED", ["partnerId"])] == [
        (one["code"], one["path"]) for one in answer["errors"]
    ]
    assert "max_age=300" in answer["errors"][0]["message"]


async def test_a_shop_that_connects_nobody_is_told_from_one_that_is_not_there(
    ana: client.Client, rosa_and_link: tuple[uuid.UUID, uuid.UUID], owner: Connection
) -> None:
    missing = await begin(ana, ids.new())
    await owner.execute("update partner.partner set status = 'suspended'")
    suspended = await begin(ana, rosa_and_link[0])
    await owner.execute("update partner.partner set status = 'active', config = '{}'")
    without = await begin(ana, rosa_and_link[0])

    assert ["NOT_FOUND"] == codes(missing)
    assert [["LINK_UNAVAILABLE"]] * 2 == [codes(suspended), codes(without)]


async def test_the_last_page_leads_back_to_a_registered_address_and_to_no_other(
    ana: client.Client,
    rosa_and_link: tuple[uuid.UUID, uuid.UUID],
    db: database.Database,
    owner: Connection,
) -> None:
    nobodys = await begin(ana, rosa_and_link[0], returnTo=relying.REDIRECT)
    given = await relying.register(db)
    await owner.execute(
        "with made as (insert into identity.access_grant (grant_id, client_id, principal_kind,"
        " principal_id, scopes, amr, authenticated_at) values ($2, $1, 'member', $3, '{member}',"
        " '{pwd}', clock_timestamp()) returning grant_id)"
        " update identity.token set client_id = $1, grant_id = $2 where principal_id = $3",
        *(given.client.client_id, ids.new(), ana.principal_id),
    )
    own = await begin(ana, rosa_and_link[0], returnTo=relying.REDIRECT)
    other = await begin(ana, rosa_and_link[0], returnTo=f"{relying.REDIRECT}.evil.example")

    assert [[], ["CLIENT_INVALID"], ["CLIENT_INVALID"]] == [
        codes(one) for one in (own, other, nobodys)
    ]


async def test_a_member_sees_and_ends_what_is_connected(
    ana: client.Client,
    ben: client.Client,
    db: database.Database,
    rosa_and_link: tuple[uuid.UUID, uuid.UUID],
) -> None:
    partner_id, link_id = rosa_and_link
    await linked.put(db, ana.principal_id, "bakery", status="reauth_required")
    seen = (await ana.ask(LINKS)).data["viewer"]["links"]["edges"]
    strangers = (await ben.ask(LINKS)).data["viewer"]["links"]["edges"]
    others = await ended(ben, link_id)
    first, again = [await ended(ana, link_id) for _ in range(2)]
    after = (await ana.ask(LINKS)).data["viewer"]["links"]["edges"]

    assert ["REAUTH_REQUIRED", "ACTIVE"] == [one["node"]["status"] for one in seen]
    assert ("Rosa", "Ana at the shop", ids.show("par", partner_id)) == tuple(
        seen[1]["node"][name] for name in ("partnerName", "account", "partnerId")
    )
    assert [] == strangers
    assert ["NOT_FOUND"] == codes(others)
    assert "UNLINKED" == first["link"]["status"]
    assert first == again
    assert ["REAUTH_REQUIRED"] == [one["node"]["status"] for one in after]


async def test_links_come_by_pages(ana: client.Client, db: database.Database) -> None:
    for slug in ("a", "b", "c"):
        await linked.put(db, ana.principal_id, slug)
    page = "query P($after: Cursor) { viewer { links(first: 2, after: $after) {"
    page += " edges { cursor node { partnerName } } pageInfo { hasNextPage endCursor } } } }"
    first = (await ana.ask(page)).data["viewer"]["links"]
    second = (await ana.ask(page, {"after": first["pageInfo"]["endCursor"]})).data["viewer"]

    names = [one["node"]["partnerName"] for one in first["edges"] + second["links"]["edges"]]
    assert ["C", "B", "A"] == names
    assert (True, False) == (
        first["pageInfo"]["hasNextPage"],
        second["links"]["pageInfo"]["hasNextPage"],
    )
