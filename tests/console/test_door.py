"""The door of the console: who is let in, what is served, and with which headers."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request

from api import postgres, settings
from api.console import door
from api.identity import sessions
from tests.wallet import factories
from wallet import audit, database, ids, staff

PAGE = '<script type="module" src="./assets/index-1.js"></script>'


def built(folder: Path) -> Path:
    """A copy as the build makes it, in small."""
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "secret.js").write_text("secret", encoding="utf-8")
    for name in (
        "index-1.js",
        "index-1.css",
        "codicon-1.ttf",
        "icon-1.svg",
        "licenses.md",
        "x.exe",
    ):
        (folder / "assets" / name).write_text(name, encoding="utf-8")
    return folder


@contextlib.asynccontextmanager
async def visit(
    db: database.Database, folder: Path, cookie: str = "", **chosen: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    house = settings.Settings(_env_file=None, **chosen)
    app = Starlette(routes=door.routes(house, db, folder=folder))
    headers = {"Cookie": f"{sessions.cookie_name(house)}={cookie}"} if cookie else {}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://somewhere.test", headers=headers
    ) as client:
        yield client


async def employ(db: database.Database, role: str = "support") -> uuid.UUID:
    staff_id = ids.new()
    await staff.add(
        db,
        staff_id=staff_id,
        name="Sofia",
        email=f"{staff_id.hex}@example.org",
        role=role,
        actor=audit.SYSTEM,
    )
    return staff_id


async def signed_in(
    db: database.Database, principal_id: uuid.UUID, kind: sessions.Kind = "staff"
) -> str:
    opened = await sessions.sign_in(
        db,
        Request({"type": "http", "headers": []}),
        before=None,
        kind=kind,
        principal_id=principal_id,
        amr=["pwd"],
    )
    return opened.secret


async def test_whoever_is_not_signed_in_is_sent_to_the_sign_in(
    db: database.Database, tmp_path: Path
) -> None:
    async with visit(db, built(tmp_path), issuer="https://wallet.example/purse") as client:
        page = await client.get("/console")
        me = await client.get("/console/me")

    assert 303 == page.status_code
    # By the settings, never by the name that the request used.
    assert "https://wallet.example/purse/staff/signin?next=/console" == page.headers["location"]
    assert 401 == me.status_code


async def test_a_member_is_not_let_in(db: database.Database, tmp_path: Path) -> None:
    world = await factories.open_coalition(db)
    member = await world.member()
    cookie = await signed_in(db, member.member_id, "member")
    async with visit(db, built(tmp_path), cookie) as client:
        page = await client.get("/console")
        me = await client.get("/console/me")

    assert 303 == page.status_code
    assert 401 == me.status_code


async def test_staff_get_the_page_under_the_strict_policy(
    db: database.Database, tmp_path: Path
) -> None:
    cookie = await signed_in(db, await employ(db))
    async with visit(db, built(tmp_path), cookie, issuer="http://localhost:8000") as client:
        page = await client.get("/console")

    assert 200 == page.status_code
    assert '<script type="module" src="/console/assets/index-1.js"></script>' == page.text
    assert "no-store" == page.headers["cache-control"]
    assert (
        "default-src 'none'; script-src 'self'; worker-src 'self';"
        " style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:;"
        " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none';"
        " report-uri http://localhost:8000/csp"
    ) == page.headers["content-security-policy"]


async def test_behind_tls_and_below_a_path_all_addresses_follow(
    db: database.Database, tmp_path: Path
) -> None:
    cookie = await signed_in(db, await employ(db))
    async with visit(db, built(tmp_path), cookie, issuer="https://shop.example/purse") as client:
        page = await client.get("/console")

    assert "/purse/console/assets/index-1.js" in page.text
    assert 'csp="https://shop.example/purse/csp"' == page.headers["reporting-endpoints"]
    assert page.headers["content-security-policy"].endswith(
        "report-uri https://shop.example/purse/csp; report-to csp"
    )


async def test_the_page_learns_who_works_at_it(db: database.Database, tmp_path: Path) -> None:
    await factories.open_coalition(db)
    staff_id = await employ(db, "supervisor")
    async with visit(db, built(tmp_path), await signed_in(db, staff_id)) as client:
        me = (await client.get("/console/me")).json()

    assert ids.show("sta", staff_id) == me["id"]
    assert ("Sofia", "supervisor") == (me["name"], me["role"])
    assert "support:read" in me["scopes"]
    assert "merchants:write" not in me["scopes"]
    assert {"once": "100.00", "currency": "EUR"} == me["goodwill"]


async def test_a_session_that_ended_opens_nothing(db: database.Database, tmp_path: Path) -> None:
    staff_id = await employ(db)
    cookie = await signed_in(db, staff_id)
    await sessions.end_all(db, kind="staff", principal_id=staff_id)
    async with visit(db, built(tmp_path), cookie) as client:
        page = await client.get("/console")

    assert 303 == page.status_code


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("index-1.js", "text/javascript; charset=utf-8"),
        ("index-1.css", "text/css; charset=utf-8"),
        ("codicon-1.ttf", "font/ttf"),
        ("icon-1.svg", "image/svg+xml"),
        ("licenses.md", "text/markdown; charset=utf-8"),
    ],
)
async def test_parts_are_kept_for_ever_and_named_for_what_they_are(
    db: database.Database, tmp_path: Path, name: str, media: str
) -> None:
    async with visit(db, built(tmp_path)) as client:
        part = await client.get(f"/console/assets/{name}")

    assert (200, name) == (part.status_code, part.text)
    assert media == part.headers["content-type"]
    assert "public, max-age=31536000, immutable" == part.headers["cache-control"]


async def test_parts_are_packed_for_who_takes_them_so(
    db: database.Database, tmp_path: Path
) -> None:
    async with visit(db, built(tmp_path)) as client:
        packed = await client.get(
            "/console/assets/index-1.js", headers={"Accept-Encoding": "br, gzip"}
        )
        plain = await client.get(
            "/console/assets/index-1.js", headers={"Accept-Encoding": "identity"}
        )
        font = await client.get(
            "/console/assets/codicon-1.ttf", headers={"Accept-Encoding": "gzip"}
        )

    assert "gzip" == packed.headers["content-encoding"]
    assert "index-1.js" == packed.text == plain.text  # the client unpacks
    assert "content-encoding" not in {*plain.headers, *font.headers}
    assert ["Accept-Encoding"] * 2 == [one.headers["vary"] for one in (packed, plain)]


async def test_the_address_has_one_spelling(db: database.Database, tmp_path: Path) -> None:
    async with visit(db, built(tmp_path), issuer="https://wallet.example") as client:
        page = await client.get("/console/")

    assert (308, "https://wallet.example/console") == (page.status_code, page.headers["location"])


@pytest.mark.parametrize(
    "path",
    [
        "x.exe",
        "nothing.js",
        "../secret.js",
        "..%2Fsecret.js",
        "%2e%2e/secret.js",
        "..%5Csecret.js",
        "%2Fetc%2Fpasswd",
        "index-1.js%00",
        "",
    ],
)
async def test_no_name_leads_out_of_the_folder(
    db: database.Database, tmp_path: Path, path: str
) -> None:
    async with visit(db, built(tmp_path)) as client:
        part = await client.get(f"/console/assets/{path}")

    assert 404 == part.status_code
    assert "secret" not in part.text


async def test_without_the_built_copy_the_page_says_what_to_do(
    db: database.Database, tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with visit(db, tmp_path, await signed_in(db, await employ(db))) as client:
            page = await client.get("/console")
            await client.get("/console")
            part = await client.get("/console/assets/index-1.js")

    assert 503 == page.status_code
    assert "make console" in page.text
    assert 404 == part.status_code
    # Once, when the application is made; and it says what to do.
    assert ["console.missing"] == [one["event"] for one in logs]
    assert "make console" in logs[0]["message"]


async def test_a_database_that_is_away_is_said_and_not_a_bug(
    durable: postgres.Embedded, tmp_path: Path
) -> None:
    db = await database.Database.connect(durable.dsn, size=2)
    cookie = await signed_in(db, await employ(db))
    async with visit(db, built(tmp_path), cookie) as client:
        await asyncio.to_thread(durable.stop)
        page = await client.get("/console")
        me = await client.get("/console/me")
        await asyncio.to_thread(durable.start)
    await db.close()

    assert (503, 503) == (page.status_code, me.status_code)
    assert "5" == page.headers["retry-after"]
