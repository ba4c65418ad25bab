"""The one HTTP client under every call to a partner."""

from collections.abc import Collection

import httpx2


class Forbidden(Exception):
    """A request that must not leave this machine; nothing of it was sent."""


class TooLarge(Exception):
    """An answer that is longer than any partner has to say."""


def client(
    *,
    hosts: Collection[str],
    private: Collection[str] = (),
    timeout_seconds: float = 10.0,
    auth: httpx2.Auth | None = None,
    base_url: str = "",
) -> httpx2.AsyncClient:
    """Return a client that reaches `hosts` (`name` or `name:port`) and nothing else."""
    raise NotImplementedError(hosts, private, timeout_seconds, auth, base_url)
