"""Linking an account at a partner: the one right way, and every attack on it.

The partner's authorization server is real, and so are our pages; what a test changes is what an
attacker can: which browser comes back, with which parameters, and what the server answers.
"""

import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.responses import JSONResponse

from partners import links, servers, tokens, vault
from tests import serving
from tests.partners import authority, linked
from tests.wallet import factories
from wallet import database, members


@pytest.fixture
async def rosa_server() -> AsyncIterator[authority.Authority]:
    async with authority.serve() as running:
        yield running


@pytest.fixture
async def bakery_server() -> AsyncIterator[authority.Authority]:
    async with authority.serve() as running:
        yield running


@pytest.fixture
async def house(
    db: database.Database,
    tmp_path: Path,
    rosa_server: authority.Authority,
    bakery_server: authority.Authority,
) -> AsyncIterator[serving.House]:
    private = f"{rosa_server.host},{bakery_server.host}"
    async with serving.serve(db, data_dir=tmp_path, partner_private_hosts=private) as served:
        yield served


@pytest.fixture
def reach(db: database.Database, house: serving.House) -> servers.House:
    ring = vault.Vault(house.settings.partner_keyring)
    return servers.House(db, ring, house.origin, house.settings.private_hosts)


@pytest.fixture
async def rosa(
    db: database.Database, reach: servers.House, rosa_server: authority.Authority
) -> linked.Shop:
    return await linked.register(db, reach, rosa_server)


@pytest.fixture
async def bakery(
    db: database.Database, reach: servers.House, bakery_server: authority.Authority
) -> linked.Shop:
    return await linked.register(db, reach, bakery_server, "bakery")


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    return await factories.open_coalition(db)


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    return await coalition.member()


@pytest.fixture
async def ben(coalition: factories.Coalition) -> members.Member:
    return await coalition.member()


@pytest.fixture
async def phone(
    db: database.Database, house: serving.House, ana: members.Member
) -> AsyncIterator[linked.Browser]:
    """Ana's browser, in which she signed in a moment ago."""
    cookies = await linked.open_browser(db, house, ana.member_id)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        yield linked.Browser(http, house)


@pytest.fixture
async def other_phone(
    db: database.Database, house: serving.House, ben: members.Member
) -> AsyncIterator[linked.Browser]:
    """Ben's browser."""
    cookies = await linked.open_browser(db, house, ben.member_id)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        yield linked.Browser(http, house)


def parameters(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def changed(url: str, **parameters: str | None) -> str:
    """The same address with other parameters; None takes one away."""
    parts = urllib.parse.urlsplit(url)
    told = dict(urllib.parse.parse_qsl(parts.query)) | parameters
    kept = {name: value for name, value in told.items() if value is not None}
    return parts._replace(query=urllib.parse.urlencode(kept)).geturl()


async def test_a_member_connects_a_shop_and_sees_whose_account_it_is(
    phone: linked.Browser, rosa: linked.Shop, reach: servers.House, ana: members.Member
) -> None:
    asked = await phone.get(await phone.come_back(rosa))
    before = await links.of(reach.db, ana.member_id, first=10)
    link_id = await phone.link(rosa)
    found = await tokens.access(reach, link_id)
    account = await phone.get("/account")

    assert "Ana at the shop" in asked.text
    assert ana.display_name in asked.text
    assert [] == before
    assert isinstance(found, tokens.Access)
    assert found.token in rosa.server.access
    assert "Ana at the shop" in account.text


async def test_the_way_to_the_partner_has_pkce_a_state_and_an_address_of_its_own(
    phone: linked.Browser, rosa: linked.Shop, bakery: linked.Shop, house: serving.House
) -> None:
    first, second = [parameters(await phone.leave(shop)) for shop in (rosa, bakery)]

    assert f"{house.origin}/partners/rosa/callback" == first["redirect_uri"]
    assert f"{house.origin}/partners/bakery/callback" == second["redirect_uri"]
    assert "S256" == first["code_challenge_method"]
    assert first["code_challenge"] != second["code_challenge"]
    assert first["state"] != second["state"]
    assert "gifts" == first["scope"]


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
    unknown = await phone.http.get(changed(back, state="x" * 43))
    missing = await phone.http.get(changed(back, state=None))
    twice = await phone.http.get(back + "&code=another")

    assert [303, 400, 400, 400, 400] == [
        one.status_code for one in (first, again, unknown, missing, twice)
    ]
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
    refused = await phone.http.get(changed(back, iss=said))

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
    lied = await phone.http.get(changed(back, iss="https://elsewhere.example"))
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
    shown = parameters(address)["link"]
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


async def test_another_account_at_the_same_shop_takes_the_place_of_the_first(
    phone: linked.Browser, rosa: linked.Shop, reach: servers.House, ana: members.Member
) -> None:
    first = await phone.link(rosa)
    rosa.server.user = ("shopper-2", "Ana's other account")
    second = await phone.link(rosa)
    await tokens.tend(reach, limit=10)
    found = await links.of(reach.db, ana.member_id, first=10)

    assert [(second, "Ana's other account")] == [(one.link_id, one.account) for one in found]
    assert "unlinked" == (await links.find(reach.db, first)).status
    assert 1 == len(rosa.server.revoked)


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


async def test_without_a_sign_in_no_page_says_anything(
    house: serving.House, rosa: linked.Shop
) -> None:
    async with httpx2.AsyncClient() as http:
        stranger = linked.Browser(http, house)
        begin = await stranger.get("/partners/rosa/link")
        callback = await stranger.get("/partners/rosa/callback?state=x&code=y")
        unknown = await stranger.get("/partners/nobody/link")

    assert "/signin?next=" in begin.headers["location"]
    assert 400 == callback.status_code
    assert begin.status_code == unknown.status_code


async def test_a_shop_that_is_not_there_or_suspended_or_needs_no_link_is_not_found(
    phone: linked.Browser, rosa: linked.Shop, bakery: linked.Shop, db: database.Database
) -> None:
    await db.execute("update partner.partner set status = 'suspended' where slug = 'rosa'")
    await db.execute("update partner.partner set config = '{}' where slug = 'bakery'")
    names = ("rosa", "bakery", "nobody", "NOBODY", "x" * 99)
    answers = [await phone.get(f"/partners/{slug}/link") for slug in names]

    assert [404] * len(names) == [one.status_code for one in answers]


async def test_a_no_at_the_partner_is_said_as_one(phone: linked.Browser, rosa: linked.Shop) -> None:
    back = await phone.consent(await phone.leave(rosa))
    denied = await phone.http.get(changed(back, code=None, error="access_denied"))

    assert (400, 0) == (denied.status_code, rosa.server.times("/token"))
    assert "not allowed" in denied.text


async def test_what_the_server_answers_is_a_page_and_never_a_failure(
    phone: linked.Browser, rosa: linked.Shop
) -> None:
    answers = {}
    for name, said in {
        "no": JSONResponse({"error": "invalid_grant"}, status_code=400),
        "garbage": JSONResponse(["what?"]),
        "no token": JSONResponse({"token_type": "Bearer"}),
        "strange token": JSONResponse({"access_token": "x" * 99_999, "token_type": "Bearer"}),
        "strange kind": JSONResponse({"access_token": "x", "token_type": "mac"}),
        "strange life": JSONResponse({"access_token": "x", "expires_in": [1]}),
        "broken": JSONResponse({}, status_code=500),
        "elsewhere": JSONResponse({}, 302, {"Location": "http://169.254.169.254/"}),
    }.items():
        rosa.server.answers["/token"] = lambda said=said: said
        back = await phone.consent(await phone.leave(rosa))
        answers[name] = (await phone.http.get(back)).status_code
    del rosa.server.answers["/token"]
    rosa.server.answers["/account"] = lambda: JSONResponse({"sub": ""})
    nameless = await phone.http.get(await phone.consent(await phone.leave(rosa)))

    assert {502} == set(answers.values())
    assert "did not tell us whose account" in nameless.text
    assert 1 == len(rosa.server.revoked)


async def test_the_account_is_read_from_the_partners_own_fields(
    phone: linked.Browser, reach: servers.House, rosa_server: authority.Authority
) -> None:
    shop = await linked.register(
        *(reach.db, reach, rosa_server, "mercado"),
        account_subject="id",
        account_name="title",
        account_endpoint=f"{rosa_server.issuer}/account",
    )
    rosa_server.answers["/account"] = lambda: JSONResponse({"id": 4711, "title": "A\x00n\na"})
    page = await phone.get(await phone.come_back(shop))

    assert ">Ana<" in page.text


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
