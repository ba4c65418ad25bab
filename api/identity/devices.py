"""Devices: a sign-in of one app in one place, and whether value was ever spent from it.

A device is a grant: everything that came of one consent. A token that was made by hand, or by
another provider, has none, and counts as known: whoever made it answers for it.
"""

from api.identity import bearer
from wallet import database


async def trust(db: database.Database, principal: bearer.Principal) -> None:
    """Put down that value was spent from a device, by a member who had just signed in there."""
    if principal.device_known:
        return
    await db.execute(
        "update identity.access_grant set spends_since = clock_timestamp()"
        " where spends_since is null"
        " and grant_id = (select grant_id from identity.token where token_id = $1)",
        principal.token_id,
    )
