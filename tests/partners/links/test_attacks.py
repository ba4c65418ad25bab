"""Attacks on linking: each is tried as its attacker would, and nothing comes of it.

The partner's authorization server is real, and so are our pages; what a test changes is what an
attacker can: which browser comes back, with which parameters, and what the server answers.
"""

import asyncio

import httpx2
import pytest

from partners.links import links, servers, tokens
from tests import serving
from tests.partners.links import linked
from wallet import database, members


async def test_an_answer_in_another_browser_is_refused_before_the_code_is_sent(
    phone: linked.Browser, other_phone: linked.Browser, rosa: linked.Shop
) -> None:
    back = await phone.consent(await phone.leave(rosa))
    refused = await other_phone.http.get(back)
    meant = await phone.http.get(back)

    assert (400, 0 < refused.text.count("Begin again")) == (refused.status_code, True)
    assert (303, 1) == (meant.status_code, rosa.server.times("/token"))


async def test_an_answer_in_another_session_of_the_same_member_is_refused(
    phone: linked.Browser,
    rosa: linked.Shop,
    db: database.Database,
    house: serving.House,
    ana: members.Member,
) -> None:
    back = await phone.consent(await phone.leave(rosa))
    cookies = await linked.open_browser(db, house, ana.member_id)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        refused = await http.get(back)

    assert (400, 0) == (refused.status_code, rosa.server.times("/token"))


async def test_a_used_state_and_an_unknown_one_are_refused(
    phone: linked.Browser, rosa: linked.Shop
) -> None:
    back = await phone.consent(await phone.leave(rosa))
    first = await phone.http.get(back)
    again = await phone.http.get(back)
    unknown = await phone.http.get(linked.changed(back, state="x" * 43))
    missing = await phone.http.get(linked.changed(back, state=None))
    twice = await phone.http.get(back + "&code=another")

    assert [303, 400, 400, 400, 400] == [
        one.status_code for one in (first, again, unknown, missing, twice)
    ]
    assert 1 == rosa.server.times("/token")


async def test_an_answer_that_comes_eight_times_at_once_is_used_once(
    phone: linked.Browser, rosa: linked.Shop
) -> None:
    back = await phone.consent(await phone.leave(rosa))
    answers = await asyncio.gather(*(phone.http.get(back) for _ in range(8)))

    assert [303, *[400] * 7] == sorted(one.status_code for one in answers)
    assert 1 == rosa.server.times("/token")


async def test_a_state_that_is_ten_minutes_old_is_refused(
    phone: linked.Browser, rosa: linked.Shop, db: database.Database
) -> None:
    back = await phone.consent(await phone.leave(rosa))
    await db.execute("update partner.link_attempt set expires_at = clock_timestamp()")
    refused = await phone.http.get(back)

    assert (400, 0) == (refused.status_code, rosa.server.times("/token"))


@pytest.mark.parametrize("iss", [None, "https://elsewhere.example", "", "bakery"])
async def test_an_answer_of_another_server_is_refused_before_the_code_is_sent(
    phone: linked.Browser, rosa: linked.Shop, bakery: linked.Shop, iss: str | None
) -> None:
    """Mix-up: the attacker's server is a partner too, and lets the browser come back to ours."""
    back = await phone.consent(await phone.leave(rosa))
    said = bakery.server.issuer if iss == "bakery" else iss
    refused = await phone.http.get(linked.changed(back, iss=said))

    assert 403 == refused.status_code
    assert "did not come from Rosa" in refused.text
    assert (0, 0) == (rosa.server.times("/token"), bakery.server.times("/token"))


async def test_an_answer_at_the_address_of_another_partner_is_refused(
    phone: linked.Browser, rosa: linked.Shop, bakery: linked.Shop
) -> None:
    """Mix-up where a server does not name itself: the address tells whom the answer is for."""
    rosa.server.names_itself = bakery.server.names_itself = False
    back = await phone.consent(await phone.leave(rosa))
    refused = await phone.http.get(back.replace("/rosa/", "/bakery/"))

    assert 400 == refused.status_code
    assert (0, 0) == (rosa.server.times("/token"), bakery.server.times("/token"))


async def test_a_server_that_does_not_announce_iss_may_leave_it_out_but_not_lie(
    phone: linked.Browser, rosa: linked.Shop
) -> None:
    rosa.server.names_itself = False
    back = await phone.consent(await phone.leave(rosa))
    lied = await phone.http.get(linked.changed(back, iss="https://elsewhere.example"))
    silent = await phone.http.get(await phone.consent(await phone.leave(rosa)))

    assert (403, 303) == (lied.status_code, silent.status_code)


async def test_the_attackers_account_is_not_linked_without_the_members_yes(
    phone: linked.Browser, rosa: linked.Shop, reach: servers.House, ana: members.Member
) -> None:
    """Login CSRF: the code is good, but it is of somebody else's account."""
    rosa.server.user = ("mallory", "Mallory")
    page = await phone.get(await phone.come_back(rosa))
    shown = linked.FORM.search(page.text)
    assert shown is not None
    declined = await phone.post("/partners/rosa/confirm", link=shown[1], decision="cancel")
    late = await phone.post("/partners/rosa/confirm", link=shown[1], decision="connect")
    await tokens.tend(reach, limit=10)

    assert "Mallory" in page.text
    assert "Nothing was connected" in declined.text
    assert 400 == late.status_code
    assert [] == await links.of(reach.db, ana.member_id, first=10)
    assert 1 == len(rosa.server.revoked)


async def test_nobody_else_can_say_yes(
    phone: linked.Browser,
    other_phone: linked.Browser,
    rosa: linked.Shop,
    bakery: linked.Shop,
    house: serving.House,
    db: database.Database,
    ana: members.Member,
) -> None:
    address = await phone.come_back(rosa)
    shown = linked.parameters(address)["link"]
    cookies = await linked.open_browser(db, house, ana.member_id)
    own = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    fields = {"link": shown, "decision": "connect"}
    async with httpx2.AsyncClient(cookies=cookies) as http:
        elsewhere = await linked.Browser(http, house).post("/partners/rosa/confirm", **fields)
    refused = [
        await other_phone.get(address),
        await other_phone.post("/partners/rosa/confirm", **fields),
        elsewhere,
        await phone.post("/partners/bakery/confirm", **fields),
        await phone.http.post(f"{house.origin}/partners/rosa/confirm", data=fields, headers=own),
    ]
    live = await db.fetchval("select count(*) from partner.link where status = 'active'")

    assert [400, 400, 400, 400, 403] == [one.status_code for one in refused]
    assert 0 == live


async def test_one_account_cannot_be_in_two_wallets(
    phone: linked.Browser,
    other_phone: linked.Browser,
    rosa: linked.Shop,
    reach: servers.House,
    ana: members.Member,
) -> None:
    mine = await phone.link(rosa)
    page = await other_phone.get(await other_phone.come_back(rosa))
    shown = linked.FORM.search(page.text)
    assert shown is not None
    taken = await other_phone.post("/partners/rosa/confirm", link=shown[1], decision="connect")
    await tokens.tend(reach, limit=10)

    assert 409 == taken.status_code
    assert "connected to another wallet" in taken.text
    assert [mine] == [one.link_id for one in await links.of(reach.db, ana.member_id, first=10)]
    # The server might end all that this account gave us, the other wallet's link among it.
    assert [] == rosa.server.revoked


async def test_an_old_sign_in_does_not_begin(
    phone: linked.Browser, rosa: linked.Shop, db: database.Database
) -> None:
    await db.execute(
        "update identity.session set signed_in_at = clock_timestamp() - interval '301 seconds'"
    )
    shown, begun = await phone.get("/partners/rosa/link"), await phone.post("/partners/rosa/link")

    to = "/signin?next=%2Fpartners%2Frosa%2Flink"
    assert [to, to] == [one.headers["location"] for one in (shown, begun)]
    assert 0 == await db.fetchval("select count(*) from partner.link_attempt")


async def test_a_secret_of_one_partner_never_reaches_another(
    phone: linked.Browser, rosa: linked.Shop, bakery: linked.Shop
) -> None:
    await phone.link(rosa)
    bakery.server.asked.clear()
    bakery.server.headers.clear()
    bakery.server.metadata = {"token_endpoint": f"{rosa.server.issuer}/token"}
    refused = await phone.post("/partners/bakery/link")

    assert 502 == refused.status_code
    assert ["/.well-known/oauth-authorization-server"] == [one for one, _ in bakery.server.asked]
    told = str(bakery.server.headers)
    assert [] == [one for one in rosa.server.given if one in told]


async def test_a_member_may_not_begin_without_end(phone: linked.Browser, rosa: linked.Shop) -> None:
    answers = [await phone.post("/partners/rosa/link") for _ in range(21)]

    assert [303] * 20 + [400] == [one.status_code for one in answers]


async def test_a_form_of_another_site_does_nothing(
    phone: linked.Browser, rosa: linked.Shop, house: serving.House
) -> None:
    own = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answers = [
        await phone.http.post(f"{house.origin}/partners/rosa/{page}", data={}, headers=own)
        for page in ("link", "confirm")
    ]

    assert [403, 403] == [one.status_code for one in answers]
