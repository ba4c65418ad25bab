"""What the tests of the console in a browser share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from tests import browser, serving
from tests.console import workplace
from wallet import database


@pytest.fixture
async def world(db: database.Database) -> workplace.World:
    """A small coalition with something to look at."""
    workplace.need()
    browser.need()
    return await workplace.world(db)


@pytest.fixture
async def house(
    db: database.Database, world: workplace.World, tmp_path: Path
) -> AsyncIterator[serving.House]:
    """The installation, served as in production; at the end no policy was broken."""
    with structlog.testing.capture_logs() as logs:
        async with serving.serve(db, data_dir=tmp_path) as served:
            yield served

    assert [] == [one for one in logs if one["event"] == "csp.violation"]
