"""What tests of partners may ask for: a coalition, a vault, and the demo partner as a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from partners import vault
from tests.partners import demo
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


@pytest.fixture(scope="module")
def demo_partner() -> Iterator[demo.Partner]:
    """The demo partner in a process of its own; every shop name is a shop of its own."""
    with demo.started() as partner:
        yield partner
