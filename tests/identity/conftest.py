"""What the tests of identity share: a coalition, and one member who can sign in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.signin import accounts
from tests import serving
from tests.identity import relying, visitor
from tests.wallet import factories
from wallet import database, members


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """A programme with a mint, and nobody else yet."""
    return await factories.open_coalition(db)


@pytest.fixture
async def browser(db: database.Database, tmp_path: Path) -> AsyncIterator[visitor.Visitor]:
    """A browser that has never been here."""
    async with visitor.visit(db, tmp_path) as opened:
        yield opened


@pytest.fixture
async def ana(coalition: factories.Coalition, db: database.Database) -> accounts.Person:
    """A member with a password."""
    member = await coalition.member()
    return await visitor.give_password(db, "member", member.member_id)


@pytest.fixture
async def house(db: database.Database, tmp_path: Path) -> AsyncIterator[serving.House]:
    """An installation behind a real socket."""
    async with serving.serve(db, data_dir=tmp_path) as served:
        yield served


@pytest.fixture
async def member(coalition: factories.Coalition) -> members.Member:
    """A member, who has signed in nowhere."""
    return await coalition.member()


@pytest.fixture
async def phone(
    db: database.Database, house: serving.House, member: members.Member
) -> AsyncIterator[relying.Browser]:
    """The browser of the member's phone, signed in just now."""
    opened = await relying.open_session(db, member.member_id)
    cookies = relying.signed_in(house, opened.secret)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        yield relying.Browser(http, house)


@pytest.fixture
async def app_client(db: database.Database, house: serving.House) -> AsyncIterator[relying.Party]:
    """A members' app: a public client with every scope that an app may have."""
    given = await relying.register(db)
    async with httpx2.AsyncClient() as http:
        yield relying.Party(http, house, given.client.client_id)


@pytest.fixture
def authorize(
    app_client: relying.Party, phone: relying.Browser
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Let the member allow the app what it asks for, and return the tokens."""

    async def complete(**changed: str | None) -> dict[str, Any]:
        return await app_client.sign_in(phone, **changed)

    return complete
