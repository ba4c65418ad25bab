"""What the tests of identity share: a coalition, and one member who can sign in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.identity import accounts
from tests.identity import visitor
from tests.wallet import factories
from wallet import database


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
