"""Secrets of links stay where they belong: one walk through all of it leaves none behind.

A member links, says no, links again; tokens are renewed, refused and revoked, answers go wrong and
our own bugs are provoked. Afterwards every code, token, verifier, state and ticket is looked for in
all that was logged at DEBUG by whichever library, in every row of every table, and in every page.
"""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from starlette.responses import JSONResponse

from api import terminal
from api.signin import linking
from partners import vault
from partners.links import links, servers, tokens
from tests import serving, test_leaks
from tests.conftest import Connection
from tests.partners.links import authority, linked
from wallet import database, members

STALE = "update partner.link set expires_at = clock_timestamp()"


@pytest.fixture
async def house(
    db: database.Database, tmp_path: Path, rosa_server: authority.Authority
) -> AsyncIterator[serving.House]:
    private = rosa_server.host
    async with serving.serve(
        db, data_dir=tmp_path, partner_private_hosts=private, log_level="debug"
    ) as served:
        yield served


async def walk(
    phone: linked.Browser, rosa: linked.Shop, reach: servers.House, ana: members.Member
) -> tuple[list[str], list[str]]:
    """Go everywhere, and return the secrets that were under way, and what the pages said."""
    server, db = rosa.server, reach.db
    address = await linking.ticket(
        db, reach.origin, member_id=ana.member_id, slug="rosa", return_to=None
    )
    ticket, said = linked.parameters(address)["ticket"], []
    page = await phone.get(await phone.come_back(rosa, ticket=ticket))
    said.append(page.text)
    shown = linked.FORM.search(page.text)
    assert shown is not None
    await phone.post("/partners/rosa/confirm", link=shown[1], decision="cancel")
    back = await phone.consent(await phone.leave(rosa))
    said.append((await phone.http.get(linked.changed(back, iss="https://x.example"))).text)
    said.append((await phone.http.get(back)).text)
    server.answers["/token"] = lambda: JSONResponse({"error": "invalid_grant"}, 400)
    said.append((await phone.http.get(await phone.consent(await phone.leave(rosa)))).text)
    server.answers["/token"] = lambda: JSONResponse(server.grant() | {"token_type": 1})
    said.append((await phone.http.get(await phone.consent(await phone.leave(rosa)))).text)
    server.answers.clear()
    back = await phone.consent(await phone.leave(rosa))
    await db.execute("update partner.link_attempt set kid = 'gone'")
    said.append((await phone.http.get(back)).text)
    link_id = await phone.link(rosa)
    await db.execute(STALE)
    said.append(repr(await tokens.access(reach, link_id)))
    await db.execute("update partner.link set kid = 'gone' where status = 'active'")
    said.append(repr(await tokens.access(reach, link_id)))
    await links.unlink(db, ana.member_id, link_id)
    await tokens.tend(reach, limit=10)
    said.append((await phone.get("/account")).text)
    link_id = await phone.link(rosa)
    await db.execute(STALE)
    server.refresh.clear()
    said.append(repr(await tokens.access(reach, link_id)))
    verifiers = [told["code_verifier"] for _, told in server.asked if "code_verifier" in told]
    states = [told["state"] for _, told in server.asked if "state" in told]
    return [authority.SECRET, ticket, *server.given, *verifiers, *states], said


async def test_nothing_secret_of_a_link_is_written_down(
    phone: linked.Browser,
    rosa: linked.Shop,
    reach: servers.House,
    ana: members.Member,
    owner: Connection,
    house: serving.House,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    terminal.set_up_logs(house.settings)
    request.addfinalizer(structlog.reset_defaults)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("a.library").debug("heard")
    secrets, said = await walk(phone, rosa, reach, ana)
    printed = capfd.readouterr()
    logged = "\n".join(
        [
            *(f"{one.name} {one.getMessage()} {one.exc_text or ''}" for one in caplog.records),
            printed.out,
            printed.err,
        ]
    )
    places = {
        "log": logged,
        "pages": "\n".join(said),
        "rows": await test_leaks.rows(owner),
        "files": test_leaks.files(house.settings.data_dir),
    }
    found = [
        (place, secret)
        for place, text in places.items()
        for secret in secrets
        if secret in text or secret.encode().hex() in text
    ]

    assert [] == found
    assert 25 < len(set(secrets))
    for heard in ("a.library heard", "link.refused", "link.foreign", "link.lapsed", "partner.call"):
        assert heard in logged


async def test_no_secret_is_in_a_repr(reach: servers.House, rosa: linked.Shop) -> None:
    link_id = await linked.give(reach, rosa)
    server = await servers.by_slug(reach, "rosa")
    shown = repr([server, await tokens.access(reach, link_id), vault.Sealed("k", b"x"), reach])

    assert [] == [one for one in (authority.SECRET, *rosa.server.given) if one in shown]
