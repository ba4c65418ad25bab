"""What is known of a member when their standing is worked out: purchases net of what came back."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from wallet.rules import local


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a purchase, less what came back of it: minor units, thousandths of a unit."""

    category: str | None
    product: str | None
    brand: str | None
    labels: tuple[str, ...]
    kept_minor: int
    kept_milli: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase, less what came back of it; `lines` only where a scheme asks for them."""

    purchase_id: uuid.UUID
    merchant_id: uuid.UUID
    at: datetime
    total_minor: int
    kept_minor: int
    lines: tuple[Line, ...] = ()

    def day(self, zone: str) -> date:
        """The local day on which it was made."""
        return local.day(self.at, zone)


@dataclass(frozen=True, slots=True)
class Seen:
    """A member's wallet as it was seen: `version` is the state of its facts, for the write.

    `purchases` come in the order in which they were made.
    """

    wallet_id: uuid.UUID
    member_id: uuid.UUID
    version: int
    purchases: tuple[Purchase, ...]
