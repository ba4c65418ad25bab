"""Every fixture from the field starts with a coalition of its own and the door to it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from api import app, settings
from tests.field import stage
from wallet import database


@pytest.fixture
async def http(db: database.Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application, spoken to over HTTP without a socket; members may send any document."""
    application = app.create_app(settings.Settings(_env_file=None, documents="open"), db)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
    ) as opened:
        yield opened


@pytest.fixture
async def scene(db: database.Database, http: httpx2.AsyncClient) -> stage.Stage:
    """A programme in Lisbon, in euros, with an operator and nobody else yet."""
    return await stage.build(db, http)
