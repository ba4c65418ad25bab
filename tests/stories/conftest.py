"""Every story starts with a coalition of its own."""

import pytest

from tests.wallet import factories
from wallet import database


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """A programme in Lisbon with a mint, and nobody else yet."""
    return await factories.open_coalition(db)
