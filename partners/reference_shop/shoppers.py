"""The shoppers: accounts of people who do not exist. Their password is the same, and no secret."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "juniper-demo"  # noqa: S105 - printed on the sign-in page
COUNT_MAX: Final = 10_000
"""Enough for every household of the replayed year."""
_NAMES: Final = ("Ana Duarte", "Bruno Keller", "Chloe Martin", "Davi Rocha", "Elif Aydin")


@dataclass(frozen=True, slots=True)
class Shopper:
    """An account; `subject` is the name that it has for other programs."""

    subject: str
    email: str
    name: str


class Shoppers:
    """All accounts of the shop: the named ones first, and as many more as are asked for."""

    def __init__(self, count: int) -> None:
        self._all = [_shopper(number) for number in range(1, min(count, COUNT_MAX) + 1)]
        self._by_subject = {one.subject: one for one in self._all}
        self._by_email = {one.email: one for one in self._all}

    def all(self) -> Iterable[Shopper]:
        """Everybody, in their order."""
        return iter(self._all)

    def find(self, subject: str) -> Shopper | None:
        """Find an account by its subject."""
        return self._by_subject.get(subject)

    def by_email(self, email: str) -> Shopper | None:
        """Find an account by its e-mail address."""
        return self._by_email.get(email.strip().lower())

    def sign_in(self, email: str, password: str) -> Shopper | None:
        """Find an account by what a person typed."""
        right = hmac.compare_digest(password.encode(), PASSWORD.encode())
        return self.by_email(email) if right else None


def _shopper(number: int) -> Shopper:
    name = _NAMES[number - 1] if number <= len(_NAMES) else f"Shopper {number}"
    address = name.lower().replace(" ", ".")
    return Shopper(f"shopper_{number:05d}", f"{address}@shoppers.example", name)
