"""What speaks to partners in one process: built once from the settings, and passed down by hand."""

from typing import Final

import structlog

from api import settings
from partners import opening, registry, vault
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


def report(known: registry.Registry) -> None:
    """Log the adapters that the operator wants and cannot have."""
    for one in known.problems():
        log.error("adapter.disabled", name=one.name, source=one.source, why=one.why)
