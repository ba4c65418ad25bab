"""Which addresses a partner may be at: public ones, unless the operator's settings name the host.

Whoever may give us a URL (a partner's shop, a merchant's endpoint, a metadata document) could name
a machine of our own network. So a name is resolved once, every address that it has must be public,
and the connection goes to one of the very addresses that were looked at.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import httpx2

PORTS: Final = {"https": 443, "http": 80}
"""What a URL without a port means."""

Host: TypeAlias = tuple[str, int]
"""A host as an allow-list knows it: the name in ASCII and lower case, and the port."""

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Tells the addresses of a name."""

# Public, as the standard library has it, but no partner lives there: relays and the cloud's own
# services, among them one that gives out a machine's credentials.
_REFUSED_V4: Final = tuple(
    map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
)
# What is routed on the internet is 2000::/3. That leaves out ::1, ::/96, ::ffff:0:0/96, fc00::/7,
# fe80::/10, fec0::/10, ff00::/8, and 64:ff9b::/96 with 64:ff9b:1::/48, which a gateway turns into
# IPv4 addresses of its own network. Within it, tunnels carry an IPv4 address past the look at it.
_ROUTED_V6: Final = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
_ENTRY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?")


def is_public(address: str) -> bool:
    """True for an address on the internet where a partner may be; False for anything else."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv4Address):
        routed = known.is_global and not known.is_multicast and not known.is_reserved
        return routed and not any(known in net for net in _REFUSED_V4)
    return known in _ROUTED_V6 and not any(known in net for net in _REFUSED_V6)


def is_number(name: str) -> bool:
    """True for an address that is written out, and so needs no resolver."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def of(url: httpx2.URL) -> Host:
    """The host of a URL; the port is the scheme's where none is said."""
    port = url.port if url.port is not None else PORTS.get(url.scheme, 0)
    return url.raw_host.decode("ascii").lower(), port


def parse(entry: str) -> Host:
    """Read `name` (which means port 443) or `name:port`, as settings and allow-lists spell hosts.

    Raises ValueError for anything more, so that a whole URL in a setting is noticed.
    """
    if _ENTRY.fullmatch(entry) is not None:
        with contextlib.suppress(httpx2.InvalidURL):
            return of(httpx2.URL(f"https://{entry}"))
    raise ValueError(f"{entry!r} must be a host, or a host and a port, such as shop.example:443")


def authority(url: str | httpx2.URL) -> str:
    """The `name:port` of a URL, to be put on an allow-list."""
    name, port = of(httpx2.URL(url))
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


async def system(name: str, port: int) -> Sequence[str]:
    """What the system's resolver says. OSError if the name has no address."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("this is no name") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))
