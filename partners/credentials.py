"""A partner's secrets: sealed when they are set, opened when they are used, never shown again.

`credential` is what we speak to the partner with, `client` is our secret at its authorization
server, `webhook` is what it signs its messages with. While one is being replaced there are two: the
new one is tried first, and the old one where the partner does not know the new one yet.
"""

import base64
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

import httpx2
import msgspec

from partners import adapter, vault
from wallet import audit, errors
from wallet.database import Database
from wallet.rules import text

Name: TypeAlias = Literal["credential", "client", "webhook"]
NAMES: Final[tuple[Name, ...]] = ("credential", "client", "webhook")
CHARS_MAX: Final = 4096
"""The longest tokens that shops give out are signed ones, of about 2,000 characters."""
TABLE: Final = "partner.secret"
COLUMN: Final = "sealed"


@dataclass(frozen=True, slots=True)
class Known:
    """What is told of a secret: that it is there, since when, and whether it is on its way out."""

    name: Name
    created_at: datetime
    is_old: bool


async def set_secret(
    db: Database,
    ring: vault.Vault,
    *,
    secret_id: UUID,
    partner_id: UUID,
    name: Name,
    secret: str,
    keep_old: bool,
    reason: str,
    actor: audit.Actor,
) -> bool:
    """Use a secret from now on; with `keep_old` the one before it stays too. True if replayed.

    NOT_FOUND for the partner; the same id with another secret is IDEMPOTENCY_KEY_REUSED.
    """
    audit.check_reason(reason)
    text.check(secret, "secret", chars_max=CHARS_MAX)
    if not (secret.isascii() and secret.isprintable()) or secret != secret.strip():
        raise errors.PartnerInvalid(
            "A secret has printable letters without a blank at its ends. Copy it again.",
            path=("secret",),
        )
    sealed = ring.seal(secret.encode(), table=TABLE, row=secret_id, column=COLUMN)
    answer = await db.fetchval(
        "select partner.set_secret($1, $2, $3, $4, $5, $6)",
        *(partner_id, name, secret_id, sealed.kid, sealed.text, keep_old),
    )
    if answer == "not_found":
        raise errors.NotFound(path=("partner_id",))
    if answer == "replayed":
        await _check_same(db, ring, secret_id, name, secret)
    await audit.write(
        db,
        actor=actor,
        act="partner.secret.set",
        subject=partner_id,
        reason=reason,
        detail={"name": name, "keep_old": keep_old},
        once=secret_id,
    )
    return bool(answer == "replayed")


async def drop_old(
    db: Database, *, partner_id: UUID, name: Name, reason: str, actor: audit.Actor
) -> bool:
    """Forget the older of two secrets; True if there was one."""
    audit.check_reason(reason)
    dropped: bool = await db.fetchval("select partner.drop_secret($1, $2)", partner_id, name)
    await audit.write(
        db,
        actor=actor,
        act="partner.secret.drop",
        subject=partner_id,
        reason=reason,
        detail={"name": name, "dropped": dropped},
    )
    return dropped


async def known(db: Database, partner_ids: Sequence[UUID]) -> dict[UUID, list[Known]]:
    """Which secrets these partners have, without a letter of them, for a loader."""
    rows = await db.fetch(
        "select partner_id, name, place, created_at from partner.secret"
        " where partner_id = any($1) order by partner_id, name, place",
        list(partner_ids),
    )
    found: dict[UUID, list[Known]] = {one: [] for one in partner_ids}
    for row in rows:
        told = Known(row["name"], row["created_at"], is_old=row["place"] == 1)
        found[row["partner_id"]].append(told)
    return found


async def live(db: Database, ring: vault.Vault, partner_id: UUID, name: Name) -> tuple[str, ...]:
    """The secrets of a name that hold now, the one in use first. Raises vault.Unreadable."""
    rows = await db.fetch(
        "select secret_id, kid, sealed from partner.secret where partner_id = $1 and name = $2"
        " order by place",
        partner_id,
        name,
    )
    return tuple(
        ring.open(
            vault.Sealed(row["kid"], row["sealed"]),
            table=TABLE,
            row=row["secret_id"],
            column=COLUMN,
        ).decode()
        for row in rows
    )


class Speaking(httpx2.Auth):
    """Says our secret as the partner wants it; the next one if this one is not known there.

    What is answered 401 was not looked at, so sending it again does nothing twice. A token that was
    given for a secret is kept for as long as the client is, and fetched anew when it has run out.
    """

    requires_response_body = True

    def __init__(self, how: adapter.Credential, secrets: Sequence[str]) -> None:
        self._how = how
        self._secrets = tuple(secrets)
        self._tokens: dict[str, str] = {}

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Try each secret until one is taken; the last answer is the answer."""
        for secret in self._secrets:
            known = secret in self._tokens
            for _ in range(2 if known else 1):
                said: str | None = secret
                if self._how.exchange and ":" in secret:
                    said = self._tokens.get(secret)
                    if said is None:
                        said = self._token(secret, (yield self._asking(request.url, secret)))
                if said is None:
                    break
                request.headers[self._how.header] = value(self._how, said)
                answer = yield request
                if answer.status_code != 401:
                    return
                self._tokens.pop(secret, None)

    def _asking(self, url: httpx2.URL, secret: str) -> httpx2.Request:
        """The request for a token, at the host that the other one goes to."""
        client_id, _, client_secret = secret.partition(":")
        form = {"grant_type": "client_credentials"}
        form |= {"client_id": client_id, "client_secret": client_secret}
        return httpx2.Request(
            "POST", url.copy_with(raw_path=self._how.exchange.encode()), data=form
        )

    def _token(self, secret: str, answer: httpx2.Response) -> str | None:
        """The token that was given. A no to it is a no to our credentials, whatever its number."""
        if answer.status_code in (400, 403):
            answer.status_code = 401
        if answer.status_code != 200:
            return None
        try:
            self._tokens[secret] = msgspec.json.decode(answer.content, type=_Given).access_token
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return self._tokens[secret]


class _Given(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1, max_length=CHARS_MAX)]


def value(how: adapter.Credential, secret: str) -> str:
    """A secret as the partner wants it said."""
    if not how.basic:
        return f"{how.prefix}{secret}"
    pair = secret if ":" in secret else f"{secret}:"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


async def _check_same(
    db: Database, ring: vault.Vault, secret_id: UUID, name: Name, secret: str
) -> None:
    row = await db.fetchrow(
        "select name, kid, sealed, created_at from partner.secret where secret_id = $1", secret_id
    )
    if row is None:
        return  # Another one has replaced it since it was found: the answer is the same.
    sealed = vault.Sealed(row["kid"], row["sealed"])
    plain = ring.open(sealed, table=TABLE, row=secret_id, column=COLUMN).decode()
    if (row["name"], plain) != (name, secret):
        raise errors.IdempotencyKeyReused(first_used_at=row["created_at"])
