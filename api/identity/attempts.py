"""How often somebody may try: by the address they name, by their browser, and by their network.

The first tries are free, then they come back one by one, and each day has an end. A network's
allowance is wide, because a town may share one address; behind a proxy it counts only if uvicorn
was told which proxy to believe (docs/operate.md).
"""

import datetime
import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from api.identity import sessions, throttle
from wallet import database

MINUTES: Final = datetime.timedelta(minutes=1)
DAY: Final = datetime.timedelta(days=1)

# Five at once and one a minute, until thirty a day: no use for guessing, enough for a bad memory.
ADDRESS: Final = (throttle.Allowance(5, 5 * MINUTES), throttle.Allowance(30, DAY))
BROWSER: Final = (throttle.Allowance(10, 10 * MINUTES),)
NETWORK: Final = (throttle.Allowance(60, 10 * MINUTES),)
# A letter goes to somebody who may not have asked for it.
LETTER_ADDRESS: Final = (throttle.Allowance(3, 60 * MINUTES), throttle.Allowance(6, DAY))
LETTER_BROWSER: Final = (throttle.Allowance(5, 60 * MINUTES),)
LETTER_NETWORK: Final = (throttle.Allowance(30, 60 * MINUTES),)
# A session is a row: nobody needs hundreds.
CHALLENGE_NETWORK: Final = (throttle.Allowance(120, 10 * MINUTES),)
# So is a request of an app, which everybody who signs in makes: a town at noon must fit in.
AUTHORIZATION_NETWORK: Final = (throttle.Allowance(300, 10 * MINUTES),)


async def sign_in(
    db: database.Database, request: Request, before: sessions.Session | None, *address: str
) -> datetime.timedelta | None:
    """Count one try to sign in; how long to wait if there have been too many."""
    return await _first(
        db,
        (NETWORK, ("sign-in", "network", *network(request))),
        (BROWSER, ("sign-in", "browser", *_browser(before))),
        (ADDRESS, ("sign-in", "address", *address)),
    )


async def letter(
    db: database.Database, request: Request, before: sessions.Session | None, *address: str
) -> datetime.timedelta | None:
    """Count one letter asked for."""
    return await _first(
        db,
        (LETTER_NETWORK, ("letter", "network", *network(request))),
        (LETTER_BROWSER, ("letter", "browser", *_browser(before))),
        (LETTER_ADDRESS, ("letter", "address", *address)),
    )


async def challenge(db: database.Database, request: Request) -> datetime.timedelta | None:
    """Count one challenge to a passkey, which may open a session."""
    return await _first(db, (CHALLENGE_NETWORK, ("challenge", "network", *network(request))))


async def authorization(db: database.Database, request: Request) -> datetime.timedelta | None:
    """Count one request of an app, which is stored and may open a session."""
    key = ("authorization", "network", *network(request))
    return await _first(db, (AUTHORIZATION_NETWORK, key))


async def forgive(db: database.Database, *address: str) -> None:
    """Forget the tries of an address: its owner is in."""
    for place in range(len(ADDRESS)):
        await throttle.forget(db, "sign-in", "address", *address, str(place))


def network(request: Request) -> tuple[str, ...]:
    """Return where a request comes from, or nothing if the server does not know.

    Of IPv6 it is the half of the address that one household is given.
    """
    if request.client is None:
        return ()
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return ()
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return (str(mapped or ipaddress.ip_network((int(address), 64), strict=False)),)
    return (str(address),)


def _browser(before: sessions.Session | None) -> tuple[str, ...]:
    return () if before is None else (str(before.session_id),)


async def _first(
    db: database.Database,
    *limits: tuple[Sequence[throttle.Allowance], tuple[str, ...]],
) -> datetime.timedelta | None:
    for allowances, key in limits:
        if len(key) < 3:
            continue  # not known, so there is nothing to count
        for place, allowance in enumerate(allowances):
            wait = await throttle.take(db, allowance, *key, str(place))
            if wait is not None:
                return wait
    return None
