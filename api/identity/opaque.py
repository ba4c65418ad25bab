"""Secrets that are only random: 256 bits, of which nothing but the hash is kept.

Tokens, codes, cookies, links and clients' secrets are all made and hashed here. A fast hash without
salt is enough, because nobody chose the secret; a prefix lets scanners of leaked secrets know it.
"""

import hashlib
import secrets
from typing import Final

BYTES: Final = 32


def new(prefix: str = "") -> str:
    """Make a secret: the prefix, and 43 characters that are safe in an address."""
    return prefix + secrets.token_urlsafe(BYTES)


def hash_of(text: str) -> bytes:
    """Return what is kept of a secret, which has been seen to be plain ASCII."""
    return hashlib.sha256(text.encode("ascii")).digest()
