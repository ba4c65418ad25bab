"""One shop: how it is set up, its secrets, and all that it knows. The rest are doors to it."""

import os
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from partners.reference_shop import book, consents, journal, shelf, shoppers

NAME: Final = "Juniper Outfitters"
PROTOCOL: Final = "/commonpurse/v1"
"""Where the partner protocol is spoken."""
SESSION_LIFE: Final = timedelta(hours=8)
SIGN_IN_LIFE: Final = timedelta(minutes=15)
"""How long a person may take from the first page to the consent."""
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
CODE_LIFE: Final = timedelta(seconds=60)
"""A code goes through a browser; the program behind it is faster than that (OAuth 2.1, 4.1.2)."""


class Keys(msgspec.Struct, frozen=True):
    """The secrets between the shop and its partner, and the one of whoever runs the shop."""

    admin: str
    credential: str
    client_id: str
    client_secret: str
    webhook: str


class Partner(msgspec.Struct, frozen=True):
    """What the shop was told of its partner; it may be told again at any time."""

    redirect_uris: tuple[str, ...] = ()
    webhook_url: str | None = None


@dataclass(slots=True)
class Session:
    """One browser; `subject` once somebody has signed in."""

    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for consent that was found right, kept here while the person decides."""

    browser: str  # the hash of the session's name: nobody else may answer it
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    challenge: str


@dataclass(slots=True)
class Code:
    """An authorization code; `grant` once it was redeemed."""

    subject: str
    asked: Asked
    expires_at: datetime
    grant: str | None = None


@dataclass(slots=True)
class Shop:
    """Everything behind the doors."""

    origin: str
    keys: Keys
    partner: Partner
    shoppers: shoppers.Shoppers
    journal: journal.Journal
    book: book.Book
    consents: consents.Consents
    sessions: shelf.Shelf[Session] = field(default_factory=lambda: shelf.Shelf(SESSION_LIFE))
    asked: shelf.Shelf[Asked] = field(default_factory=lambda: shelf.Shelf(SIGN_IN_LIFE))
    # Kept for longer than they are good for: a used one that comes again tells a thief.
    codes: shelf.Shelf[Code] = field(default_factory=lambda: shelf.Shelf(SIGN_IN_LIFE))
    _latest: datetime = BEGINNING
    _told: datetime | None = None

    def now(self) -> datetime:
        """The shop's clock, which never goes back: the list of redemptions is in its order."""
        self._latest = max(self._latest, self._told or datetime.now(UTC))
        return self._latest

    def set_clock(self, told: datetime | None) -> None:
        """Let the clock stand at an instant until it is told another; None lets it go again.

        It may be told an earlier one, but none before what was issued last.
        """
        self._told = told
        self._latest = self.book.latest or BEGINNING


def open_shop(
    origin: str,
    *,
    partner: Partner,
    people: int = 5,
    access_life: timedelta = timedelta(minutes=10),
    folder: Path | None = None,
) -> Shop:
    """Open a shop, with all that happened in its folder before."""
    kept = journal.Journal(None if folder is None else folder / "journal.jsonl")
    made = Shop(
        origin=origin.rstrip("/"),
        keys=_fresh() if folder is None else keys_of(folder),
        partner=partner,
        shoppers=shoppers.Shoppers(people),
        journal=kept,
        book=book.Book(kept),
        consents=consents.Consents(kept, access_life),
    )
    for fact in kept.read():
        if isinstance(fact, journal.Issued | journal.Reversed | journal.Spent):
            made.book.apply(fact)
        else:
            made.consents.apply(fact)
    return made


def keys_of(folder: Path) -> Keys:
    """The secrets of a folder, made when missing, for this user only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "keys.json"
    if not path.exists():
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_fresh())))
    return msgspec.json.decode(path.read_bytes(), type=Keys)


def _fresh() -> Keys:
    return Keys(
        admin=f"rs_admin_{secrets.token_urlsafe(32)}",
        credential=f"rs_partner_{secrets.token_urlsafe(32)}",
        client_id="commonpurse",
        client_secret=f"rs_cs_{secrets.token_urlsafe(32)}",
        webhook=f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
    )
