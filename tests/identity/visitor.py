"""Somebody with a browser, as far as HTTP goes: cookies, forms, letters in a folder."""

import asyncio
import contextlib
import dataclasses
import functools
import re
import urllib.parse
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import argon2
import httpx2

from api import app, settings
from api.identity import sessions
from api.signin import accounts, passwords, recovery
from wallet import audit, database, ids, staff

PASSWORD = "four plain words together"
OWN = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}

FORM = {**OWN, "Content-Type": "application/x-www-form-urlencoded"}


@dataclasses.dataclass(frozen=True, slots=True)
class Visitor:
    """One browser."""

    http: httpx2.AsyncClient
    house: settings.Settings

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        # As a browser does it, which names the media type of an empty form too.
        return await self.http.post(path, content=urllib.parse.urlencode(fields), headers=FORM)

    async def sign_in(self, email: str, *, path: str = "/signin", **more: str) -> httpx2.Response:
        return await self.post(path, email=email, password=PASSWORD, **more)

    async def letter(self, number: int = 1) -> str:
        """Wait for so many letters, and return the text of the last."""
        folder = self.house.data_dir / "letters"
        async with asyncio.timeout(10):
            while len(found := _letters(folder)) < number:  # noqa: ASYNC110 - a file says nothing
                await asyncio.sleep(0.02)
        return found[-1].read_text(encoding="utf-8")


@contextlib.asynccontextmanager
async def visit(
    db: database.Database,
    folder: Path,
    *,
    peer: tuple[str, int] = ("127.0.0.1", 5000),
    language: str = "en",
    **chosen: Any,
) -> AsyncIterator[Visitor]:
    """Open a browser on an application of its own, which shares the database with others."""
    house = settings.Settings(_env_file=None, data_dir=folder, **chosen)
    transport = httpx2.ASGITransport(app=app.create_app(house, db), client=peer)
    async with httpx2.AsyncClient(
        transport=transport,
        base_url="https://localhost:8000" if house.secure else "http://localhost:8000",
        headers={"Accept-Language": language, "User-Agent": "Firefox/140.0 (X11; Linux)"},
    ) as http:
        yield Visitor(http, house)


async def give_password(
    db: database.Database, kind: sessions.Kind, principal_id: uuid.UUID, text: str = PASSWORD
) -> accounts.Person:
    """Let a person sign in with PASSWORD."""
    person = await accounts.find(db, kind, principal_id)
    assert person is not None
    await accounts.change(db, person, password_hash=_hash(text))
    return person


async def add_staff(db: database.Database, role: str = "support") -> uuid.UUID:
    """Add a person of the staff."""
    staff_id = ids.new()
    await staff.add(
        db,
        staff_id=staff_id,
        name="Robin",
        email=f"robin-{staff_id.hex[-6:]}@example.org",
        role=role,
        actor=audit.SYSTEM,
    )
    return staff_id


async def link(visitor: Visitor, db: database.Database, person: accounts.Person, why: str) -> str:
    """Make a link, and return it as a path."""
    made = await recovery.link(db, visitor.house, person, why)
    return made.removeprefix(visitor.house.origin)


def link_in(letter: str) -> str:
    """Return the path of the link in a letter."""
    found = re.search(r"^http://localhost:8000(/verify\?key=[\w-]{43})$", letter, re.MULTILINE)
    assert found is not None, letter
    return found[1]


def key_in(path: str) -> str:
    """Return the key of a link."""
    return path.rpartition("=")[2]


@functools.cache
def _hash(text: str) -> str:
    # Once in a run: it takes a core for a tenth of a second, on purpose.
    hasher = argon2.PasswordHasher(
        time_cost=passwords.TIME_COST, memory_cost=passwords.MEMORY_KIB, parallelism=1
    )
    return hasher.hash(text)


def _letters(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.txt")) if folder.exists() else []
