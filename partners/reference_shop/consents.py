"""Consents and their tokens: one consent is one family, and ends as a whole.

A refresh token is good once. Whoever shows a used one has a copy that somebody else has too, so the
family ends: the thief and the owner both sign in again (RFC 9700, section 4.14).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from partners.reference_shop import journal, shelf

ACCESS_PREFIX: Final = "rs_at_"
REFRESH_PREFIX: Final = "rs_rt_"


@dataclass(slots=True)
class Consent:
    """What a shopper allowed, and whether it still holds."""

    grant: str
    subject: str
    scopes: tuple[str, ...]
    live: bool = True
    refresh: str = field(default="", repr=False)  # the hash of the one that is good


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint answers."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int
    scopes: tuple[str, ...]


class Consents:
    """Every consent that was ever given."""

    def __init__(self, book: journal.Journal, access_life: timedelta) -> None:
        self._journal = book
        self._access_life = access_life
        self._grants: dict[str, Consent] = {}
        self._of: dict[str, list[Consent]] = {}
        self._access: dict[str, tuple[Consent, datetime]] = {}
        self._refresh: dict[str, Consent] = {}  # used ones too: they tell a thief

    def apply(self, fact: journal.Consented | journal.Given | journal.Ended) -> None:
        """Let a fact have happened."""
        if isinstance(fact, journal.Consented):
            consent = Consent(fact.grant, fact.subject, fact.scopes)
            self._grants[fact.grant] = consent
            self._of.setdefault(fact.subject, []).append(consent)
        elif isinstance(fact, journal.Given):
            grant = self._grants[fact.grant]
            grant.refresh = fact.refresh
            self._refresh[fact.refresh] = grant
            self._access[fact.access] = (grant, fact.access_until)
        else:
            self._grants[fact.grant].live = False

    def start(self, subject: str, scopes: tuple[str, ...], now: datetime) -> str:
        """Note a consent, and return the name of its family."""
        grant = f"grant_{secrets.token_hex(16)}"
        self._record(journal.Consented(grant, subject, scopes, now))
        return grant

    def give(self, grant: str, now: datetime) -> Tokens:
        """Make tokens of a consent; the refresh token that it had is used up."""
        consent = self._grants[grant]
        assert consent.live
        access = ACCESS_PREFIX + secrets.token_urlsafe(32)
        refresh = REFRESH_PREFIX + secrets.token_urlsafe(32)
        until = now + self._access_life
        self._record(
            journal.Given(grant, shelf.hashed(access), until, shelf.hashed(refresh)),
        )
        return Tokens(access, refresh, int(self._access_life.total_seconds()), consent.scopes)

    def refresh(self, token: str, now: datetime) -> Tokens | None:
        """Exchange a refresh token for the next one; None, and the end of all, for a used one."""
        consent = self._refresh.get(shelf.hashed(token))
        if consent is None or not consent.live:
            return None
        if consent.refresh != shelf.hashed(token):
            self.end(consent.grant)
            return None
        return self.give(consent.grant, now)

    def of_access(self, token: str, now: datetime) -> Consent | None:
        """Find the consent behind an access token that is good."""
        found = self._access.get(shelf.hashed(token))
        if found is None or not found[0].live or found[1] <= now:
            return None
        return found[0]

    def end_by_token(self, token: str) -> None:
        """End the family that a token belongs to, if there is one (RFC 7009)."""
        name = shelf.hashed(token)
        consent = self._refresh.get(name) or self._access.get(name, (None,))[0]
        if consent is not None:
            self.end(consent.grant)

    def end(self, grant: str) -> None:
        """End a family."""
        if self._grants[grant].live:
            self._record(journal.Ended(grant))

    def of(self, subject: str) -> list[Consent]:
        """The consents of a shopper that hold."""
        return [one for one in self._of.get(subject, []) if one.live]

    def linked(self, subject: str) -> bool:
        """True if the shopper allows us to redeem to the account."""
        return any("redeem" in one.scopes for one in self.of(subject))

    def _record(self, fact: journal.Consented | journal.Given | journal.Ended) -> None:
        self._journal.write(fact)
        self.apply(fact)
