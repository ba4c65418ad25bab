"""Passwords: what may be one, and whether one is right; always the same work, never on the loop.

Argon2id in a few threads of its own: a check takes a core and 64 MiB for a tenth of a second, so
only a few run at once, only so many wait, and the rest are told to come back. Somebody without a
password, or whom nobody knows, costs the same check.
"""

import asyncio
import concurrent.futures
import dataclasses
import functools
import secrets
import unicodedata
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import argon2

CHARS_MIN: Final = 12
CHARS_MAX: Final = 128  # longer than any sentence somebody remembers; hashing has an end
DIFFERENT_MIN: Final = 5  # "aaaaaaaaaaaa" is no password
TIME_COST: Final = 3
MEMORY_KIB: Final = 64 * 1024  # RFC 9106, the second recommendation, on one lane
THREADS: Final = 2
WAITING_MAX: Final = 40  # about two seconds of work; who would wait longer comes back

Answer = TypeVar("Answer")
Work: TypeAlias = Callable[[], Answer]


class Busy(Exception):
    """So many passwords are being checked that this one should come back in a few seconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and its new hash if the old one is weaker than today's."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashing and checking; one for each process."""

    def __init__(self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = _hasher(time_cost, memory_kib)
        self._threads = concurrent.futures.ThreadPoolExecutor(THREADS, "passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        return await self._run(lambda: self._hasher.hash(_settled(password)))

    async def check(self, stored: str | None, password: str) -> Verdict:
        """Compare a password with what is stored; the same work if nothing is."""
        return await self._run(lambda: self._check(stored, _settled(password)))

    def _check(self, stored: str | None, password: str) -> Verdict:
        try:
            nobodys = _nobodys(self._hasher.time_cost, self._hasher.memory_cost)
            self._hasher.verify(stored or nobodys, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return Verdict(right=False)
        if stored is not None and self._hasher.check_needs_rehash(stored):
            return Verdict(right=True, rehashed=self._hasher.hash(password))
        return Verdict(right=stored is not None)

    async def _run(self, work: Work[Answer]) -> Answer:
        if self._waiting >= WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def problem(password: str, *, email: str, name: str) -> str | None:
    """Say in a word what is wrong with a new password; None if it will do."""
    settled = _settled(password)
    if len(settled) < CHARS_MIN:
        return "short"
    if len(settled) > CHARS_MAX:
        return "long"
    if len(set(settled.casefold())) < DIFFERENT_MIN:
        return "simple"
    about = {email.casefold(), email.partition("@")[0].casefold(), name.casefold()}
    if settled.casefold() in about:
        return "simple"
    return None


def _hasher(time_cost: int, memory_kib: int) -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@functools.cache
def _nobodys(time_cost: int, memory_kib: int) -> str:
    """Return the hash of a password that nobody has; once in a process, for it is work as well."""
    return _hasher(time_cost, memory_kib).hash(secrets.token_urlsafe())


def _settled(password: str) -> str:
    """One text for one password, however a keyboard spells its accents."""
    return unicodedata.normalize("NFC", password)
