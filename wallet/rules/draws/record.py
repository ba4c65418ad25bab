"""What is published of a draw, as data: the export that anybody may check, and nothing personal.

Tickets are opaque: an id that says nothing of its member. A name is shown only where the draw says
that winners are named and the winner has agreed.
"""

from typing import Annotated, Any, Final, TypeAlias

import msgspec

from wallet.rules.campaigns import conditions
from wallet.rules.draws.definition import Instant

FORMAT: Final = "commonpurse-draw-1"

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""32 bytes in hex: of a seed, or of what was hashed."""


class Turn(conditions.Part, frozen=True):
    """One spin: its number in the epoch, what was drawn, and what was given (as which unit)."""

    number: int
    ticket: str
    client_seed: str
    drawn: str
    given: str
    unit: int | None
    at: Instant


class Epoch(conditions.Part, frozen=True):
    """The life of one seed of a wheel; `seed` is null until it is revealed, at the end."""

    epoch: int
    version: str | None
    definition_sha256: Hash | None
    commitment: Hash
    committed_at: Instant
    opened_at: Instant | None
    closed_at: Instant | None
    seed: Hash | None
    spins: int
    turns: tuple[Turn, ...]


class WheelRecord(conditions.Part, frozen=True, tag_field="kind", tag="wheel"):
    """All that was published of a wheel; `definitions` by their versions."""

    format: str
    draw: str
    definitions: dict[str, dict[str, Any]]
    epochs: tuple[Epoch, ...]


class Frozen(conditions.Part, frozen=True):
    """The list of entries as it was frozen: tickets in order, their number and their hash."""

    at: Instant
    count: int
    sha256: Hash
    tickets: tuple[str, ...]


class Chance(conditions.Part, frozen=True):
    """Public randomness: whose, which, and its value once it was recorded."""

    source: str
    round: str
    value: str | None


class Place(conditions.Part, frozen=True):
    """One ticket of the results, in the order in which they were drawn.

    `prize` is null for an alternate in waiting; `passed` if its prize could not be given, and went
    on to the next alternate.
    """

    place: int
    ticket: str
    prize: str | None
    passed: bool
    name: str | None


class RaffleRecord(conditions.Part, frozen=True, tag_field="kind", tag="raffle"):
    """All that was published of a raffle."""

    format: str
    draw: str
    definition: dict[str, Any]
    definition_sha256: Hash
    commitment: Hash
    committed_at: Instant
    seed: Hash | None
    frozen: Frozen | None
    randomness: Chance | None
    drawn_at: Instant | None
    places: tuple[Place, ...]


Record: TypeAlias = WheelRecord | RaffleRecord


def read(document: object) -> Record:
    """Read an export from decoded JSON. ValueError, in words, for what is none."""
    try:
        read: Record = msgspec.convert(document, Record)
    except msgspec.ValidationError as problem:
        raise ValueError(f"this is not the export of a draw: {problem}") from None
    return read


def encode(record: Record) -> bytes:
    """Write a record as JSON."""
    return msgspec.json.encode(record)


def dump(record: Record) -> dict[str, Any]:
    """Write a record as plain JSON values."""
    written: dict[str, Any] = msgspec.json.decode(encode(record))
    return written
