"""How a number is drawn, so that whoever has the seed draws the same number again.

A seed of 32 bytes is kept secret while its sha256, the commitment, is public. A message says what
the number is for; its parts are joined by line feeds, and none of them can hold one. The first
eight bytes of HMAC-SHA256(seed, message and counter) are a number below 2^64. Those that would make
some results likelier than others are passed over, and the counter goes on: what is left is even.
The same is done in SQL while a seed is secret (`coalition.sampled`); a test compares both.
"""

import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Final

SEED_BYTES: Final = 32
BELOW_MAX: Final = 1 << 40
"""The most that may be drawn from: of 2^64 numbers, fewer than one in 16 million is passed over."""
_NUMBERS: Final = 1 << 64


def commitment(seed: bytes) -> str:
    """What is published of a seed before it is used: its sha256, in hex."""
    return hashlib.sha256(seed).hexdigest()


def definition_hash(definition: Mapping[str, object]) -> str:
    """The sha256 of a definition: JSON with sorted keys, nothing between, every letter in UTF-8."""
    written = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def list_hash(tickets: Sequence[str]) -> str:
    """The sha256 of a list of tickets: sorted, one on each line, a line feed after each."""
    written = "".join(f"{one}\n" for one in sorted(tickets))
    return hashlib.sha256(written.encode()).hexdigest()


def spin_message(
    *, draw: str, epoch: int, definition: str, ticket: str, client_seed: str
) -> tuple[str, ...]:
    """What the number of a spin is for; `definition` is its hash."""
    return "commonpurse wheel 1", draw, str(epoch), definition, ticket, client_seed


def place_message(
    *, draw: str, definition: str, tickets: str, randomness: str, place: int
) -> tuple[str, ...]:
    """What the number of a winner is for; `definition` and `tickets` are hashes."""
    return "commonpurse raffle 1", draw, definition, tickets, randomness, str(place)


def number(seed: bytes, message: Sequence[str], below: int) -> int:
    """Draw a number from 0 to below - 1, each as likely as any other."""
    assert len(seed) == SEED_BYTES
    assert 0 < below <= _NUMBERS
    assert not any("\n" in part for part in message)
    fair = _NUMBERS // below * below
    for counter in itertools.count():
        told = "\n".join((*message, str(counter))).encode()
        drawn = int.from_bytes(hmac.digest(seed, told, "sha256")[:8], "big")
        if drawn < fair:
            return drawn % below
    raise AssertionError("unreachable")


def chosen(weights: Sequence[int], drawn: int) -> int:
    """Which of some weights a number falls on, counted from the first."""
    for place, weight in enumerate(weights):
        if drawn < weight:
            return place
        drawn -= weight
    raise AssertionError("a number is below the sum of the weights")


def winners(
    seed: bytes,
    tickets: Sequence[str],
    wanted: int,
    *,
    draw: str,
    definition: str,
    randomness: str = "",
) -> list[str]:
    """Draw tickets without putting them back (Fisher and Yates), as many as wanted or there are.

    For each place a number is drawn among the tickets that are left; the one it names changes
    places with the first that is left.
    """
    left = sorted(tickets)
    frozen = list_hash(left)
    for place in range(min(wanted, len(left))):
        message = place_message(
            draw=draw, definition=definition, tickets=frozen, randomness=randomness, place=place
        )
        other = place + number(seed, message, len(left) - place)
        left[place], left[other] = left[other], left[place]
    return left[: min(wanted, len(left))]
