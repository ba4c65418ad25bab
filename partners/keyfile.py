"""Keys in a file of their own, never in the database: made when missing, for its owner alone.

The first key is the one that is used for what is new, and all of them for what is there. The file
is read again when it changes; a change that cannot be read is reported, and the keys in use stay.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar

import orjson
import structlog

log: Final = structlog.get_logger("keys")

KEYS_MAX: Final = 10
"""One is used, a few are on their way out."""
FILE_MODE: Final = 0o600

Entry: TypeAlias = dict[str, Any]
Keys = TypeVar("Keys")


class Unusable(Exception):
    """The file cannot be used; the sentence says why and never quotes a key."""


class KeyFile(Generic[Keys]):
    """The file as it is now: `new` makes an entry, `load` reads what all entries say."""

    def __init__(
        self,
        path: Path,
        *,
        what: str,
        new: Callable[[], Entry],
        load: Callable[[list[Any]], Keys],
    ) -> None:
        self.path = path
        self._what = what
        self._new = new
        self._load = load
        self._seen: tuple[int, int] | None = None
        self._keys: Keys | None = None

    def read(self) -> Keys:
        """Return the keys; made when the file is missing, read again when it has changed.

        Raises Unusable if there are none to go on with.
        """
        try:
            seen = self._look()
            if self._keys is None or seen != self._seen:
                self._keys, self._seen = self._load(entries(self.path)), seen
        except (Unusable, OSError) as error:
            if self._keys is None:
                raise Unusable(f"The {self._what} in {self.path} are unusable: {error}") from error
            log.error("keys.unusable", path=str(self.path), error=str(error))
        return self._keys

    def _look(self) -> tuple[int, int]:
        if not self.path.exists():
            if self._keys is not None:
                raise Unusable("the file is gone")
            _make(self.path, self._new())
        found = self.path.stat()
        return found.st_mtime_ns, found.st_size


def add(path: Path, entry: Entry, *, forget: bool) -> None:
    """Put a key at the front of the file, made when missing.

    When there are more than KEYS_MAX the last one falls off, if `forget` says that it may: what it
    alone opens is lost with it. Otherwise Unusable.
    """
    known = entries(path) if path.exists() else []
    if len(known) >= KEYS_MAX and not forget:
        raise Unusable(f"it has {KEYS_MAX} keys already; remove those that seal nothing")
    replace(path, [entry, *known][:KEYS_MAX])


def entries(path: Path) -> list[Any]:
    """Return what the file has under `keys`, without a look at what that is."""
    try:
        told = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise Unusable("it is no JSON") from None
    found = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= KEYS_MAX:
        raise Unusable(f'it must hold {{"keys": [...]}} with 1 to {KEYS_MAX} keys')
    return found


def replace(path: Path, found: list[Any]) -> None:
    """Write the file anew, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, found).replace(path)


def _make(path: Path, entry: Entry) -> None:
    """Make the file with one key; of two processes that do so at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = _write(path, [entry])
    try:
        # A link, unlike a rename, never replaces a file that is there by now.
        os.link(written, path)
    except FileExistsError:
        return
    finally:
        written.unlink()


def _write(path: Path, found: list[Any]) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(number, "wb") as opened:
        opened.write(orjson.dumps({"keys": found}, option=orjson.OPT_INDENT_2))
        opened.flush()
        os.fsync(opened.fileno())
    return beside
