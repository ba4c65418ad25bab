"""What speaks to partners in one process: built once from the settings, and passed down by hand."""

from typing import Final

import structlog

from api import settings
from partners import opening, reach, registry, saga, vault
from partners.links import servers
from wallet import database

log: Final = structlog.get_logger("api.speaking")


class Speaking:
    """The ring, the adapters, the links and the saga of one process; whoever makes it closes it.

    Nothing is read, imported or connected until it is needed.
    """

    def __init__(self, house: settings.Settings, db: database.Database) -> None:
        self.house = house
        self.ring = vault.Vault(house.partner_keyring)
        self.adapters = adapters(house)
        self.links = servers.House(db, self.ring, house.origin, house.private_hosts)
        self.opener = opening.Opener(
            db=db, adapters=self.adapters, ring=self.ring, private=house.private_hosts
        )
        self.saga = saga.House(db, reach.Reach(db, self.opener, self.links), self.ring)

    async def aclose(self) -> None:
        """Close every client."""
        await self.opener.close()


def adapters(house: settings.Settings) -> registry.Registry:
    """The adapters that this installation may use; none of them is imported yet."""
    return registry.discover(allowed=house.allowed_adapters)


def report(known: registry.Registry) -> None:
    """Log the adapters that the operator wants and cannot have."""
    for one in known.problems():
        log.error("adapter.disabled", name=one.name, source=one.source, why=one.why)
