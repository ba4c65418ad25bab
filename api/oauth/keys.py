"""The keys that sign id tokens: private JWKs in one file, never in the database.

The first key of the file signs, and all of them are published: whoever adds a key at the front and
removes the last one a day later has rotated them without a moment in which a good signature is
refused. The file is made when it is missing, for its owner alone, and is read again when it
changes; a change that cannot be read is reported, and the keys in use stay.
"""

import dataclasses
import os
import secrets
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from joserfc import errors, jwk

from api import settings

log = structlog.get_logger("keys")

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
KEYS_MAX: Final = 10  # all are published: one signs, a few are on their way in or out
FILE_MODE: Final = 0o600


class Unusable(Exception):
    """The file cannot be used; the sentence says why and never quotes a key."""


@dataclasses.dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one moment: `published` is the public half of all, as a JWKS."""

    signing: jwk.ECKey
    published: dict[str, Any]

    @property
    def kid(self) -> str:
        """The id of the key that signs."""
        return str(self.signing.kid)


class Ring:
    """The file of keys, as it is now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._keys: Keys | None = None

    def read(self) -> Keys:
        """Return the keys; made when the file is missing, read again when it has changed.

        Raises Unusable if there are none to go on with.
        """
        try:
            seen = self._look()
            if self._keys is None or seen != self._seen:
                self._keys, self._seen = _load(self._path), seen
        except (Unusable, OSError) as error:
            if self._keys is None:
                raise Unusable(f"The signing keys in {self._path} are unusable: {error}") from error
            log.error("keys.unusable", path=str(self._path), error=str(error))
        return self._keys

    def _look(self) -> tuple[int, int]:
        if not self._path.exists():
            if self._keys is not None:
                raise Unusable("the file is gone")
            _make(self._path)
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size


def path(house: settings.Settings) -> Path:
    """Return where the keys of this installation are."""
    return house.signing_keys or house.data_dir / "signing-keys.json"


def ring(house: settings.Settings) -> Ring:
    """Return the ring of this installation; nothing is read or made before it is needed."""
    return Ring(path(house))


def add(file: Path) -> str:
    """Put a new key at the front of the file, made when missing; return its id.

    The last one falls off when there are more than KEYS_MAX.
    """
    known = [] if not file.exists() else _entries(file)
    made = _new()
    _replace(file, [made, *known][:KEYS_MAX])
    return str(made["kid"])


def _load(file: Path) -> Keys:
    found = []
    for entry in _entries(file):
        try:
            key = jwk.ECKey.import_key(entry)
        except (errors.JoseError, ValueError, KeyError, TypeError):
            # The library's own words may quote the key.
            raise Unusable("an entry cannot be read as a JWK") from None
        if key.curve_name != CURVE or not key.is_private:
            raise Unusable(f"every key must be private, EC, on {CURVE}")
        key.ensure_kid()
        found.append(key)
    if len({key.kid for key in found}) != len(found):
        raise Unusable("two keys have one kid")
    published = [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM} for key in found]
    return Keys(signing=found[0], published={"keys": published})


def _entries(file: Path) -> list[Any]:
    try:
        told = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        raise Unusable("it is no JSON") from None
    entries = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= KEYS_MAX:
        raise Unusable(f'it must hold {{"keys": [...]}} with 1 to {KEYS_MAX} keys')
    return entries


def _new() -> dict[str, Any]:
    key = jwk.ECKey.generate_key(CURVE)
    key.ensure_kid()
    return {**key.as_dict(private=True), "use": "sig", "alg": ALGORITHM}


def _make(file: Path) -> None:
    """Make the file with one key; of two processes that do so at once, the first one's stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    written = _write(file, [_new()])
    try:
        # A link, unlike a rename, never replaces a file that is there by now.
        os.link(written, file)
    except FileExistsError:
        return
    finally:
        written.unlink()


def _replace(file: Path, entries: list[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    _write(file, entries).replace(file)


def _write(file: Path, entries: list[Any]) -> Path:
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(number, "wb") as opened:
        opened.write(orjson.dumps({"keys": entries}, option=orjson.OPT_INDENT_2))
        opened.flush()
        os.fsync(opened.fileno())
    return beside
