"""Every test of the door may ask for a coalition, the application, and clients with tokens."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpx2
import pytest

from api import app, settings
from api.identity import bearer
from tests.api import client, storefront
from tests.wallet import factories
from wallet import audit, database, ids, members, staff
from wallet.cards import cards

MakeStaff = Callable[..., Awaitable[client.Client]]

RICH: Final = 100_000_000  # points a minute: thousands of questions are asked here


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """A programme with a mint, and nobody else yet."""
    return await factories.open_coalition(db)


@pytest.fixture
async def http(db: database.Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application, spoken to over HTTP without a socket; members may send any document."""
    application = app.create_app(settings.Settings(_env_file=None, documents="open"), db)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
    ) as opened:
        yield opened


@pytest.fixture
async def unhurried(db: database.Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application with so many points to spend that these thousands of questions pass."""
    house = settings.Settings(_env_file=None, documents="open", cost_per_minute=RICH)
    application = app.create_app(house, db)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
    ) as opened:
        yield opened


@pytest.fixture
async def rosa(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """A drugstore: 5 %, 10 % on beauty, in euros."""
    merchant_id = await coalition.merchant()
    token = await bearer.mint(db, kind="merchant", principal_id=merchant_id)
    return client.Client(http, token.text, merchant_id)


@pytest.fixture
async def bakery(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """Another merchant of the same coalition."""
    merchant_id = await coalition.merchant()
    token = await bearer.mint(db, kind="merchant", principal_id=merchant_id)
    return client.Client(http, token.text, merchant_id)


@pytest.fixture
async def ana(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """A member with 20.00 EUR to spend."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    token = await bearer.mint(db, kind="member", principal_id=member.member_id)
    return client.Client(http, token.text, member.member_id)


@pytest.fixture
async def ben(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """Another member, with an empty wallet."""
    member = await coalition.member()
    token = await bearer.mint(db, kind="member", principal_id=member.member_id)
    return client.Client(http, token.text, member.member_id)


async def colleague(
    db: database.Database, http: httpx2.AsyncClient, *, name: str, role: str
) -> client.Client:
    """Add a person of the staff, with a token of all that the role may do."""
    staff_id = ids.new()
    await staff.add(
        db,
        staff_id=staff_id,
        name=name,
        email=f"{name.lower()}@example.org",
        role=role,
        actor=audit.SYSTEM,
    )
    token = await bearer.mint(db, kind="staff", principal_id=staff_id)
    return client.Client(http, token.text, staff_id)


@pytest.fixture
async def support(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """A support agent, with what that role may do."""
    return await colleague(db, http, name="Sofia", role="support")


@pytest.fixture
async def supervisor(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """A supervisor, who approves what support proposes."""
    return await colleague(db, http, name="Vera", role="supervisor")


@pytest.fixture
async def operator(
    coalition: factories.Coalition, db: database.Database, http: httpx2.AsyncClient
) -> client.Client:
    """One of the operator's people, with every scope that the staff may have."""
    return await colleague(db, http, name="Oscar", role="operator")


@pytest.fixture
async def buyer(coalition: factories.Coalition) -> members.Member:
    """A member with 20.00 EUR to spend, in today's time."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    return member


@pytest.fixture
async def shop(coalition: factories.Coalition) -> uuid.UUID:
    """The id of a merchant."""
    return await coalition.merchant()


@pytest.fixture
async def store(
    db: database.Database, http: httpx2.AsyncClient, shop: uuid.UUID
) -> storefront.Store:
    """The merchant's store."""
    return await storefront.opened(db, http, shop)


@pytest.fixture
async def made(db: database.Database, buyer: members.Member, shop: uuid.UUID) -> cards.Made:
    """A card of the buyer's for the store, also found by her address."""
    return await cards.make(db, member_id=buyer.member_id, merchant_id=shop, listed=True)


@pytest.fixture
def card(made: cards.Made) -> str:
    """The id of that card."""
    return ids.show("gca", made.card.card_id)
