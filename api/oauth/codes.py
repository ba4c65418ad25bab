"""Authorization codes: 60 seconds, one client, one redemption.

A code is bound to the client, to the address it was sent to and to the challenge that only its
client can answer. It is kept after its use: presented again, it ends the family that came of it.
"""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Final

from api.identity import opaque
from api.oauth import bridge, families

PREFIX: Final = "cp_ac_"
LIFE: Final = datetime.timedelta(seconds=60)  # one redirect and one request away from its use

_SAVE: Final = """
    insert into identity.authorization_code (code_hash, grant_id, client_id, redirect_uri, scopes,
        code_challenge, nonce, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval)
"""
_OF: Final = "select grant_id, client_id from identity.authorization_code where code_hash = $1"
_FIND: Final = """
    select redirect_uri, scopes, code_challenge, nonce, used_at is not null as used,
           expires_at <= clock_timestamp() as expired
    from identity.authorization_code where code_hash = $1
"""
_USE: Final = """
    update identity.authorization_code set used_at = clock_timestamp() where code_hash = $1
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """A code that may be redeemed, if the verifier is right."""

    code_hash: bytes
    family: families.Family
    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str
    nonce: str | None

    def get_redirect_uri(self) -> str:
        """The address that the code was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was consented to."""
        return " ".join(self.scopes)

    def get_nonce(self) -> str | None:
        """What the client wants to read again in its id token."""
        return self.nonce

    def get_auth_time(self) -> int | None:
        """When the person showed who they are, in seconds."""
        moment = self.family.person.authenticated_at
        return None if moment is None else int(moment.timestamp())

    def get_acr(self) -> None:
        """Levels are not classified; `amr` says what was done."""

    def get_amr(self) -> list[str]:
        """How the person showed who they are (RFC 8176)."""
        return list(self.family.person.amr)


def save(
    rows: bridge.Rows,
    text: str,
    *,
    family: families.Family,
    client_id: str,
    redirect_uri: str,
    scopes: Sequence[str],
    code_challenge: str,
    nonce: str | None,
) -> None:
    """Store a new code."""
    rows.run(
        _SAVE,
        opaque.hash_of(text),
        family.grant_id,
        client_id,
        redirect_uri,
        list(scopes),
        code_challenge,
        nonce,
        LIFE,
    )


def find(rows: bridge.Rows, text: str, client_id: str) -> Code | None:
    """Return a code that its own client may redeem now, with its family locked.

    A code that was redeemed before ends its family (RFC 6749, section 4.1.2): one of the two who
    had it is a thief. Somebody else's client learns and changes nothing.
    """
    family = families.locked(rows, _OF, text, client_id)
    if family is None:
        return None
    row = rows.row(_FIND, opaque.hash_of(text))
    if row["used"]:
        families.revoke(rows, family.grant_id, "a code was presented twice")
        return None
    if row["expired"] or family.revoked:
        return None
    return Code(
        code_hash=opaque.hash_of(text),
        family=family,
        redirect_uri=row["redirect_uri"],
        scopes=tuple(row["scopes"]),
        code_challenge=row["code_challenge"],
        nonce=row["nonce"],
    )


def use(rows: bridge.Rows, code: Code) -> None:
    """Mark a code as redeemed; it stays, so that a replay is seen."""
    rows.run(_USE, code.code_hash)
