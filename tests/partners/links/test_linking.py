"""Linking an account at a partner: the way there and back, and what is said when it ends early.

The partner's authorization server is real, and so are our pages.
"""

import functools

import httpx2
from starlette.responses import JSONResponse, Response

from api.signin import linking
from partners.links import links, servers, tokens
from tests import serving
from tests.partners.links import authority, linked
from wallet import database, members


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
    first, second = [linked.parameters(await phone.leave(shop)) for shop in (rosa, bakery)]

    assert f"{house.origin}/partners/rosa/callback" == first["redirect_uri"]
    assert f"{house.origin}/partners/bakery/callback" == second["redirect_uri"]
    assert "S256" == first["code_challenge_method"]
    assert first["code_challenge"] != second["code_challenge"]
    assert first["state"] != second["state"]
    assert "gifts" == first["scope"]


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


async def test_a_no_at_the_partner_is_said_as_one(phone: linked.Browser, rosa: linked.Shop) -> None:
    back = await phone.consent(await phone.leave(rosa))
    denied = await phone.http.get(linked.changed(back, code=None, error="access_denied"))

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
        rosa.server.answers["/token"] = functools.partial(_itself, said)
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


async def ticket(
    db: database.Database, house: serving.House, member: members.Member, slug: str = "rosa"
) -> str:
    """What an app is given, and opens in the browser."""
    return await linking.ticket(
        db,
        house.origin,
        member_id=member.member_id,
        slug=slug,
        return_to="https://app.example/done?a=b",
    )


async def test_what_an_app_begins_ends_with_the_way_back_to_it(
    phone: linked.Browser,
    rosa: linked.Shop,
    house: serving.House,
    db: database.Database,
    ana: members.Member,
) -> None:
    url = await ticket(db, house, ana)
    shown = [await phone.get(url) for _ in range(2)]  # a look uses nothing up
    page = await phone.get(await phone.come_back(rosa, ticket=linked.parameters(url)["ticket"]))
    link = linked.FORM.search(page.text)
    assert link is not None
    answer = await phone.post("/partners/rosa/confirm", link=link[1], decision="connect")
    done = await phone.get(answer.headers["location"])

    assert [200, 200] == [one.status_code for one in shown]
    assert "Continue to Rosa" in shown[0].text
    assert f'href="https://app.example/done?a=b&amp;link={link[1]}"' in done.text


async def test_a_ticket_works_once_for_its_member_and_its_shop(
    phone: linked.Browser,
    other_phone: linked.Browser,
    rosa: linked.Shop,
    bakery: linked.Shop,
    house: serving.House,
    db: database.Database,
    ana: members.Member,
) -> None:
    url = await ticket(db, house, ana)
    secret = linked.parameters(url)["ticket"]
    strangers = await other_phone.get(url)
    elsewhere = await phone.get(f"/partners/bakery/link?ticket={secret}")
    used = await phone.post("/partners/rosa/link", ticket=secret)
    again = await phone.post("/partners/rosa/link", ticket=secret)
    later = await phone.get(url)

    assert "belongs to another member" in strangers.text
    assert [400, 400, 303, 400, 400] == [
        one.status_code for one in (strangers, elsewhere, used, again, later)
    ]


async def test_whoever_has_to_sign_in_first_comes_back_to_the_ticket(
    rosa: linked.Shop, house: serving.House, db: database.Database, ana: members.Member
) -> None:
    url = await ticket(db, house, ana)
    async with httpx2.AsyncClient() as http:
        browser = linked.Browser(http, house)
        sent = (await browser.get(url)).headers["location"]
        page = await browser.get(sent)

    path = url.removeprefix(house.origin)
    assert f'name="next" value="{path}"' in page.text


async def test_an_id_token_says_who_the_member_is(
    phone: linked.Browser, reach: servers.House, rosa_server: authority.Authority
) -> None:
    shop = await linked.register(
        *(reach.db, reach, rosa_server, "mercado"), scopes=["openid", "gifts"]
    )
    page = await phone.get(await phone.come_back(shop))
    rosa_server.claims = {"nonce": "of another attempt"}
    forged = await phone.http.get(await phone.consent(await phone.leave(shop)))

    assert "Ana at the shop" in page.text
    assert 0 == rosa_server.times("/account")
    assert (400, 1) == (forged.status_code, len(rosa_server.revoked))


async def test_the_account_page_disconnects_a_shop(
    phone: linked.Browser, rosa: linked.Shop, reach: servers.House, ana: members.Member
) -> None:
    await phone.link(rosa)
    shown = linked.FORM.search((await phone.get("/account")).text)
    assert shown is not None
    answer = await phone.post("/account/shops/disconnect", link=shown[1])
    page = await phone.get(answer.headers["location"])
    again = await phone.post("/account/shops/disconnect", link="lnk_" + "0" * 26)

    assert "The shop is disconnected." in page.text
    assert "No shop is connected" in page.text
    assert 404 == again.status_code
    assert [] == await links.of(reach.db, ana.member_id, first=10)


def _itself(said: Response) -> Response:
    return said
