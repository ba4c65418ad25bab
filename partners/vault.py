"""Secrets of partners and members' tokens, sealed at rest with keys that are not in the database.

AES-256-GCM, and what is sealed is bound to its place: table, row and column are part of what is
authenticated, so that a text moved to another member's row, or to another partner's, opens nowhere.
The keys are a ring in one file (`partners.keyfile`): the first one seals, all of them open, and
each text says by which. `partners.rewrap` seals anew what older keys sealed.

From the same ring come codes that must be the same each time they are made: `mac`.
"""

import base64
import dataclasses
import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography import exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf

from partners import keyfile

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""Random: with one key, 2^32 texts may be sealed before two are likely to share one."""
TAG_BYTES: Final = 16
PLAIN_BYTES_MAX: Final = 64 * 1024
"""A token or a secret; whoever seals more is sealing something else."""
SEALING: Final = "commonpurse seal"
MACS: Final = "commonpurse mac "


class Unreadable(Exception):
    """What is sealed does not open here: another place, a key that is gone, or a changed text."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed text, and the id of the key that opens it. Neither is secret."""

    kid: str
    text: bytes


class Key:
    """One key of the ring. What it is used for has a key of its own, derived from it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # By the key itself, so that a key in a copied file cannot go by another one's name.
        self.kid = hashlib.sha256(b"commonpurse kid" + secret).hexdigest()[:16]
        self.seal = aead.AESGCM(self.derived(SEALING))

    def derived(self, purpose: str) -> bytes:
        """The key for one purpose; nobody can get from one to another, or back."""
        derive = hkdf.HKDF(hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
        return derive.derive(self._secret)

    def __repr__(self) -> str:
        return f"Key({self.kid})"


class Vault:
    """The keys of one installation, and what is done with them."""

    def __init__(self, path: Path) -> None:
        self._file = keyfile.KeyFile(path, what="keys of partners", new=_new, load=_load)

    @property
    def kid(self) -> str:
        """The id of the key that seals now."""
        return next(iter(self._file.read()))

    @property
    def kids(self) -> tuple[str, ...]:
        """The ids of all keys, the one that seals first."""
        return tuple(self._file.read())

    def seal(self, plain: bytes, *, table: str, row: UUID, column: str) -> Sealed:
        """Seal a secret for one place; only there will it open."""
        assert len(plain) <= PLAIN_BYTES_MAX
        key = next(iter(self._file.read().values()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = _bound(table, row, column, key.kid)
        return Sealed(key.kid, nonce + key.seal.encrypt(nonce, plain, bound))

    def open(self, sealed: Sealed, *, table: str, row: UUID, column: str) -> bytes:
        """Open what was sealed for this place; Unreadable if it was not, or has changed."""
        key = self._file.read().get(sealed.kid)
        if key is None:
            raise Unreadable(f"The key {sealed.kid} is not in the ring.")
        if len(sealed.text) < NONCE_BYTES + TAG_BYTES:
            raise Unreadable("The text is cut short.")
        nonce, text = sealed.text[:NONCE_BYTES], sealed.text[NONCE_BYTES:]
        try:
            return key.seal.decrypt(nonce, text, _bound(table, row, column, sealed.kid))
        except exceptions.InvalidTag:
            raise Unreadable(f"This was not sealed for {table}, {column}.") from None

    def mac(self, purpose: str, message: bytes, kid: str | None = None) -> tuple[str, bytes]:
        """Return which key was used, and 32 bytes that only this ring can make of the message.

        With the key's id the same bytes come again, as long as that key is kept. Unreadable if it
        is gone.
        """
        keys = self._file.read()
        key = keys.get(kid) if kid is not None else next(iter(keys.values()))
        if key is None:
            raise Unreadable(f"The key {kid} is not in the ring.")
        return key.kid, hmac.digest(key.derived(MACS + purpose), message, "sha256")


def add(path: Path) -> str:
    """Put a new key at the front of the ring: it seals from now on. Return its id."""
    made = _new()
    keyfile.add(path, made, forget=False)
    return str(made["kid"])


def remove(path: Path, kid: str) -> None:
    """Take a key out of the ring, for good. Never the one that seals: ValueError."""
    found = keyfile.entries(path)
    if found[0].get("kid") == kid:
        raise ValueError("this key seals; add another one first")
    keyfile.replace(path, [one for one in found if one.get("kid") != kid])


def _bound(table: str, row: UUID, column: str, kid: str) -> bytes:
    return f"{table}:{row}:{column}:{kid}".encode()


def _new() -> keyfile.Entry:
    secret = secrets.token_bytes(KEY_BYTES)
    return {"kid": Key(secret).kid, "key": base64.urlsafe_b64encode(secret).decode()}


def _load(entries: list[Any]) -> dict[str, Key]:
    found: dict[str, Key] = {}
    for entry in entries:
        text = entry.get("key") if isinstance(entry, dict) else None
        try:
            secret = base64.urlsafe_b64decode(text) if isinstance(text, str) else b""
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise keyfile.Unusable(f"every key must be {KEY_BYTES} bytes in URL-safe base64")
        key = Key(secret)
        if entry.get("kid") != key.kid:
            raise keyfile.Unusable("a kid is not that of its key")
        if key.kid in found:
            raise keyfile.Unusable("two keys have one kid")
        found[key.kid] = key
    return found
