"""Passkeys (WebAuthn): made for our address only, discoverable, and with the person verified.

A passkey is the whole sign-in, so the authenticator must have asked for a finger, a face or a PIN.
Each challenge works once, for minutes, in the browser it was made for. A counter that does not move
on gives a copied key away: it is refused and its use is not counted.
"""

import dataclasses
import datetime
import urllib.parse
import uuid
from typing import Any, Final, Literal

import orjson
import webauthn
from webauthn import helpers
from webauthn.helpers import structs

from api import settings
from api.identity import sessions
from api.signin import accounts, once
from wallet import database

CHALLENGE_LIFE: Final = datetime.timedelta(minutes=5)
NAME_CHARS_MAX: Final = 60
EACH_MAX: Final = 20  # passkeys of one person; more would be a loop
TRANSPORTS: Final = frozenset(one.value for one in structs.AuthenticatorTransport)

Refused = Literal["passkey", "passkey_known", "passkey_many"]

_INSERT: Final = """
    insert into identity.passkey
        (credential_id, principal_kind, principal_id, public_key, sign_count, name, transports)
    select $1, $2, $3, $4, $5, $6, $7
    where (select count(*) from identity.passkey where principal_id = $3) < $8
    on conflict (credential_id) do nothing
    returning credential_id
"""
_OF: Final = """
    select credential_id, name, created_at, last_used_at, transports from identity.passkey
    where principal_id = $1 order by created_at, credential_id
"""
_FIND: Final = """
    select principal_id, public_key, sign_count from identity.passkey
    where credential_id = $1 and principal_kind = $2
"""
# An authenticator without a counter sends 0 for ever.
_USED: Final = """
    update identity.passkey set sign_count = $2, last_used_at = clock_timestamp()
    where credential_id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0))
    returning principal_id
"""
_RENAME: Final = """
    update identity.passkey set name = $3 where credential_id = $1 and principal_id = $2
    returning credential_id
"""
_REMOVE: Final = """
    delete from identity.passkey where credential_id = $1 and principal_id = $2
    returning credential_id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Used:
    """Whose passkey was shown, and whether it opens the door."""

    principal_id: uuid.UUID
    right: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey as its owner sees it."""

    credential_id: bytes
    name: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None
    transports: tuple[str, ...]

    @property
    def shown_id(self) -> str:
        """Its id in a form."""
        return helpers.bytes_to_base64url(self.credential_id)


async def ask(
    db: database.Database, house: settings.Settings, session: sessions.Session
) -> dict[str, Any]:
    """Return what the browser needs to sign in with any passkey it holds for us."""
    secret = await once.make(db, "passkey.use", CHALLENGE_LIFE, session_id=session.session_id)
    options = webauthn.generate_authentication_options(
        rp_id=_host(house),
        challenge=helpers.base64url_to_bytes(secret),
        timeout=_milliseconds(CHALLENGE_LIFE),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return helpers.options_to_json_dict(options)


async def used(
    db: database.Database,
    house: settings.Settings,
    session: sessions.Session,
    *,
    kind: sessions.Kind,
    answer: str,
) -> Used | None:
    """Return whose passkey answered our challenge; None if nobody's did."""
    challenge = await _challenge(db, session, "passkey.use", answer)
    if challenge is None:
        return None
    try:
        parsed = helpers.parse_authentication_credential_json(answer)
    except Exception:  # whatever breaks the parser is the sender's
        return None
    row = await db.fetchrow(_FIND, parsed.raw_id, kind)
    if row is None or parsed.response.user_handle not in (None, row["principal_id"].bytes):
        return None
    try:
        verified = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=_host(house),
            expected_origin=house.web_origin,
            credential_public_key=row["public_key"],
            credential_current_sign_count=row["sign_count"],
            require_user_verification=True,
        )
    except Exception:  # as above: forged, foreign or broken, it is refused alike
        return Used(row["principal_id"], right=False)
    counted = await db.fetchval(_USED, parsed.raw_id, verified.new_sign_count)
    return Used(row["principal_id"], right=counted is not None)


async def invite(
    db: database.Database,
    house: settings.Settings,
    session: sessions.Session,
    person: accounts.Person,
) -> dict[str, Any]:
    """Return what the browser needs to make a passkey for a person."""
    secret = await once.make(db, "passkey.add", CHALLENGE_LIFE, session_id=session.session_id)
    options = webauthn.generate_registration_options(
        rp_id=_host(house),
        rp_name="Commonpurse",
        user_id=person.principal_id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=helpers.base64url_to_bytes(secret),
        timeout=_milliseconds(CHALLENGE_LIFE),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=one.credential_id)
            for one in await of(db, person)
        ],
    )
    return helpers.options_to_json_dict(options)


async def add(
    db: database.Database,
    house: settings.Settings,
    session: sessions.Session,
    person: accounts.Person,
    *,
    answer: str,
    name: str,
) -> Refused | None:
    """Keep a new passkey of a person; otherwise say in a word why not."""
    challenge = await _challenge(db, session, "passkey.add", answer)
    if challenge is None:
        return "passkey"
    try:
        parsed = helpers.parse_registration_credential_json(answer)
        verified = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=_host(house),
            expected_origin=house.web_origin,
            require_user_verification=True,
        )
    except Exception:  # whatever breaks the parser is the sender's
        return "passkey"
    kept = await db.fetchval(
        _INSERT,
        verified.credential_id,
        person.kind,
        person.principal_id,
        verified.credential_public_key,
        verified.sign_count,
        called(name),
        sorted({one.value for one in parsed.response.transports or []} & TRANSPORTS),
        EACH_MAX,
    )
    if kept is not None:
        return None
    return "passkey_many" if len(await of(db, person)) >= EACH_MAX else "passkey_known"


async def of(db: database.Database, person: accounts.Person) -> list[Passkey]:
    """Return a person's passkeys, oldest first."""
    rows = await db.fetch(_OF, person.principal_id)
    return [Passkey(**{**row, "transports": tuple(row["transports"])}) for row in rows]


async def rename(
    db: database.Database, person: accounts.Person, *, shown_id: str, name: str
) -> bool:
    """Call a passkey something else; False if it is not theirs."""
    credential_id = _bytes(shown_id)
    return await db.fetchval(_RENAME, credential_id, person.principal_id, called(name)) is not None


async def remove(db: database.Database, person: accounts.Person, shown_id: str) -> bool:
    """Let a passkey open nothing any more; False if it is not theirs."""
    return await db.fetchval(_REMOVE, _bytes(shown_id), person.principal_id) is not None


def called(name: str) -> str:
    """Fit a name into a line of a page."""
    return " ".join(name.split())[:NAME_CHARS_MAX] or "Passkey"


async def _challenge(
    db: database.Database, session: sessions.Session, purpose: str, answer: str
) -> bytes | None:
    """Use up the challenge that an answer says it is for, if we made it for this browser."""
    try:
        packed = str(orjson.loads(answer)["response"]["clientDataJSON"])
        secret = str(orjson.loads(helpers.base64url_to_bytes(packed))["challenge"])
    except (ValueError, TypeError, KeyError):
        return None
    found = await once.take(db, secret, purpose, session_id=session.session_id)
    return None if found is None else helpers.base64url_to_bytes(secret)


def _host(house: settings.Settings) -> str:
    return urllib.parse.urlsplit(house.origin).hostname or ""


def _bytes(shown_id: str) -> bytes:
    try:
        return helpers.base64url_to_bytes(shown_id)
    except ValueError:
        return b""


def _milliseconds(life: datetime.timedelta) -> int:
    return int(life.total_seconds() * 1000)
