"""What speaks to partners in one process: built once from the settings, and passed down by hand."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog

from api import settings
from partners import opening, reach, registry, saga, servers, vault
from wallet import database

log: Final = structlog.get_logger("api.speaking")


def adapters(house: settings.Settings) -> registry.Registry:
    """The adapters that this installation may use; none of them is imported yet."""
    return registry.discover(allowed=house.allowed_adapters)


def opener(house: settings.Settings, db: database.Database) -> opening.Opener:
    """Opens the partners of this installation; whoever asks for it closes it."""
    return opening.Opener(
        db=db,
        adapters=adapters(house),
        ring=vault.Vault(house.partner_keyring),
        private=house.private_hosts,
    )


def links(house: settings.Settings, db: database.Database) -> servers.House:
    """Knows the accounts that members have linked, and keeps their tokens fresh."""
    ring = vault.Vault(house.partner_keyring)
    return servers.House(db, ring, house.origin, house.private_hosts)


@contextlib.asynccontextmanager
async def comparing(
    house: settings.Settings, db: database.Database
) -> AsyncIterator[tuple[saga.House, opening.Opener]]:
    """Drives orders, with what opens the partners, for the length of a block."""
    opened = opener(house, db)
    try:
        reached = reach.Reach(db, opened, links(house, db))
        yield saga.House(db, reached, opened.ring), opened
    finally:
        await opened.close()


@contextlib.asynccontextmanager
async def orders(house: settings.Settings, db: database.Database) -> AsyncIterator[saga.House]:
    """Drives orders at the partners of this installation, for the length of a block."""
    async with comparing(house, db) as (driven, _):
        yield driven


def report(known: registry.Registry) -> None:
    """Log the adapters that the operator wants and cannot have."""
    for one in known.problems():
        log.error("adapter.disabled", name=one.name, source=one.source, why=one.why)
