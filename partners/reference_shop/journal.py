"""What has happened in the shop, in a file that only grows: a restart reads it and goes on.

A fact is on the disk before anything is answered, so a shop that is killed remembers what it has
told. Why a file and not a database: the shop must start in a moment, anywhere, with nothing else
installed, and what it keeps fits in memory. Without a folder it forgets everything at its end.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import msgspec


class Issued(msgspec.Struct, frozen=True, tag="issued", tag_field="did", omit_defaults=True):
    """Value was made spendable, for an order of the partner's."""

    key: str
    ref: str
    kind: str
    amount_minor: int
    currency: str
    at: datetime
    code: str | None = None
    subject: str | None = None
    expires_at: datetime | None = None
    memo: str = ""


class Reversed(msgspec.Struct, frozen=True, tag="reversed", tag_field="did"):
    """Some of it, or all, was taken back for the partner."""

    key: str
    amount_minor: int
    at: datetime


class Spent(msgspec.Struct, frozen=True, tag="spent", tag_field="did"):
    """Some of it, or all, was spent at the till."""

    key: str
    amount_minor: int
    at: datetime


class Consented(msgspec.Struct, frozen=True, tag="consented", tag_field="did"):
    """A shopper allowed the partner's program something."""

    grant: str
    subject: str
    scopes: tuple[str, ...]
    at: datetime


class Given(msgspec.Struct, frozen=True, tag="given", tag_field="did"):
    """Tokens of a consent were given out, by their hashes; the refresh token before is used up."""

    grant: str
    access: str
    access_until: datetime
    refresh: str


class Ended(msgspec.Struct, frozen=True, tag="ended", tag_field="did"):
    """A consent is over, and with it every token."""

    grant: str


Fact: TypeAlias = Issued | Reversed | Spent | Consented | Given | Ended
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Fact]] = msgspec.json.Decoder(Fact)


class Journal:
    """The file, or nothing at all where the shop was given no folder."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None

    def read(self) -> Iterator[Fact]:
        """Read what has happened; a last line that was cut off never happened."""
        if self._path is None:
            return
        text = self._path.read_bytes() if self._path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            yield _DECODER.decode(line)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._file, len(whole))
        os.lseek(self._file, 0, os.SEEK_END)

    def write(self, fact: Fact) -> None:
        """Put a fact on the disk."""
        if self._file is not None:
            os.write(self._file, _ENCODER.encode(fact) + b"\n")
            os.fsync(self._file)

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
