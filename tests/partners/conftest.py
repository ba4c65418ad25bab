"""What tests of partners may ask for: a coalition, a vault, and what tells webhooks on."""

from pathlib import Path

import pytest

from partners import vault
from tests.wallet import factories
from wallet import database


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """A programme with a mint, and nobody else yet."""
    return await factories.open_coalition(db)


@pytest.fixture
def ring(tmp_path: Path) -> vault.Vault:
    """The keys of this test."""
    return vault.Vault(tmp_path / "partner-keys.json")
