"""The keys that sign id tokens: private JWKs in one file, never in the database.

The first key of the file signs, and all of them are published: whoever adds a key at the front and
removes the last one a day later has rotated them without a moment in which a good signature is
refused. The file is made when it is missing, for its owner alone, and is read again when it
changes; a change that cannot be read is reported, and the keys in use stay.
"""

import dataclasses
from pathlib import Path
from typing import Any, Final

from joserfc import errors, jwk

from api import settings
from partners import keyfile

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
KEYS_MAX: Final = keyfile.KEYS_MAX
Unusable = keyfile.Unusable


@dataclasses.dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one moment: `published` is the public half of all, as a JWKS."""

    signing: jwk.ECKey
    published: dict[str, Any]

    @property
    def kid(self) -> str:
        """The id of the key that signs."""
        return str(self.signing.kid)


class Ring(keyfile.KeyFile[Keys]):
    """The file of keys, as it is now."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, what="signing keys", new=_new, load=_load)


def path(house: settings.Settings) -> Path:
    """Return where the keys of this installation are."""
    return house.signing_keys or house.data_dir / "signing-keys.json"


def ring(house: settings.Settings) -> Ring:
    """Return the ring of this installation; nothing is read or made before it is needed."""
    return Ring(path(house))


def add(file: Path) -> str:
    """Put a new key at the front of the file, made when missing; return its id.

    The last one falls off when there are more than KEYS_MAX: it signed months ago.
    """
    made = _new()
    keyfile.add(file, made, forget=True)
    return str(made["kid"])


def _load(entries: list[Any]) -> Keys:
    found = []
    for entry in entries:
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


def _new() -> dict[str, Any]:
    key = jwk.ECKey.generate_key(CURVE)
    key.ensure_kid()
    return {**key.as_dict(private=True), "use": "sig", "alg": ALGORITHM}
