"""Where a code may be sent: the addresses that the client registered, character by character.

One exception, RFC 8252, section 7.3: an app on a computer listens on a loopback address and cannot
know its port beforehand. For an address registered as http://127.0.0.1 or http://[::1] any port
will do, with the same path and query; the name localhost, which may be resolved to anything, will
not.
"""

import re
from collections.abc import Iterable
from typing import Final

LOOPBACK: Final = re.compile(
    r"(?P<host>http://(?:127\.0\.0\.1|\[::1\]))(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>/.*)?",
    re.ASCII,
)
PORT_MAX: Final = 65_535


def matches(uri: str, registered: Iterable[str]) -> bool:
    """True if a code may be sent to this address."""
    own = _portless(uri)
    return any(uri == one or (own is not None and own == _portless(one)) for one in registered)


def _portless(uri: str) -> tuple[str, str] | None:
    """Return a loopback address without its port, None for any other address."""
    found = LOOPBACK.fullmatch(uri)
    if found is None or int(found["port"] or 0) > PORT_MAX:
        return None
    return found["host"], found["rest"] or ""
