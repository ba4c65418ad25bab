"""The authorization server: its addresses, from discovery to introspection."""

from starlette.routing import BaseRoute

from api import settings
from wallet import database


def routes(house: settings.Settings, db: database.Database) -> list[BaseRoute]:
    """Return the addresses of this door."""
    del house, db  # comes with its own step
    return []
