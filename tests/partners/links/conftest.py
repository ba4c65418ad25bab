"""What the tests of linking share: two partners with servers of their own, and two members."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from partners import vault
from partners.links import servers
from tests import serving
from tests.partners.links import authority, linked
from tests.wallet import factories
from wallet import database, members


@pytest.fixture
async def rosa_server() -> AsyncIterator[authority.Authority]:
    async with authority.serve() as running:
        yield running


@pytest.fixture
async def bakery_server() -> AsyncIterator[authority.Authority]:
    async with authority.serve() as running:
        yield running


@pytest.fixture
async def house(
    db: database.Database,
    tmp_path: Path,
    rosa_server: authority.Authority,
    bakery_server: authority.Authority,
) -> AsyncIterator[serving.House]:
    private = f"{rosa_server.host},{bakery_server.host}"
    async with serving.serve(db, data_dir=tmp_path, partner_private_hosts=private) as served:
        yield served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the keys: where the served house has it too."""
    return tmp_path / "partner-keys.json"


@pytest.fixture
def reach(
    db: database.Database,
    path: Path,
    rosa_server: authority.Authority,
    bakery_server: authority.Authority,
) -> servers.House:
    """What the verbs need, without any page."""
    return linked.reach(db, vault.Vault(path), rosa_server, bakery_server)


@pytest.fixture
async def rosa(
    db: database.Database, reach: servers.House, rosa_server: authority.Authority
) -> linked.Shop:
    return await linked.register(db, reach, rosa_server)


@pytest.fixture
async def bakery(
    db: database.Database, reach: servers.House, bakery_server: authority.Authority
) -> linked.Shop:
    return await linked.register(db, reach, bakery_server, "bakery")


@pytest.fixture
async def link_id(reach: servers.House, rosa: linked.Shop) -> uuid.UUID:
    """A link of somebody at Rosa's."""
    return await linked.give(reach, rosa)


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    return await factories.open_coalition(db)


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    return await coalition.member()


@pytest.fixture
async def ben(coalition: factories.Coalition) -> members.Member:
    return await coalition.member()


@pytest.fixture
async def phone(
    db: database.Database, house: serving.House, ana: members.Member
) -> AsyncIterator[linked.Browser]:
    """Ana's browser, in which she signed in a moment ago."""
    cookies = await linked.open_browser(db, house, ana.member_id)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        yield linked.Browser(http, house)


@pytest.fixture
async def other_phone(
    db: database.Database, house: serving.House, ben: members.Member
) -> AsyncIterator[linked.Browser]:
    """Ben's browser."""
    cookies = await linked.open_browser(db, house, ben.member_id)
    async with httpx2.AsyncClient(cookies=cookies) as http:
        yield linked.Browser(http, house)
