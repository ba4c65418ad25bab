"""Linking: a member's browser goes to a partner and comes back, and the member confirms.

An attempt belongs to one browser, one member and one partner, has its own state and PKCE verifier,
lives ten minutes and works once. Whose answer it is (`iss`, and the address that it came to) is
looked at before the code is sent anywhere. What comes back is shown to the member, and only their
yes makes the link live: whoever was made to follow somebody else's answer sees a strange account.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
import structlog

from partners import vault
from partners.links import id_tokens, links, oauth, servers, tokens
from wallet import audit, ids

log: Final = structlog.get_logger("partners.links.linking")

TABLE: Final = "partner.link_attempt"
LIFE: Final = timedelta(minutes=10)
"""Of an attempt, and again of an account that waits for its yes: time to find a password there."""
OPEN_MAX: Final = 20
"""Attempts of one member at a time: each is a row, and nobody has so many browsers."""
NAME_CHARS_MAX: Final = 200
SUBJECT_CHARS_MAX: Final = 255
"""As much as OpenID Connect lets a subject be."""
TOLD_CHARS_MAX: Final = 2048
"""The longest code or state that an answer may bring."""

Problem: TypeAlias = Literal["over", "foreign", "denied", "away", "nameless", "taken"]
"""Why there is no link: the attempt is not this browser's, not this partner's answer, the member
said no there, the partner does not answer, it does not say whose account it is, it is taken."""

_SAVE: Final = """
    insert into partner.link_attempt (link_id, state_hash, session_id, member_id, partner_id,
        issuer, redirect_uri, return_to, kid, sealed, expires_at)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11::interval
    where $12 > (
        select count(*) from partner.link_attempt
        where member_id = $4 and used_at is null and expires_at > clock_timestamp()
    )
    returning link_id
"""
# The state is used up by whoever it belongs to, whatever the answer brings; another's stays.
_USE: Final = """
    update partner.link_attempt set used_at = clock_timestamp()
    where state_hash = $1 and session_id = $2 and member_id = $3 and partner_id = $4
      and used_at is null and expires_at > clock_timestamp()
    returning link_id, issuer, redirect_uri, kid, sealed
"""
_OFFER: Final = """
    insert into partner.link (link_id, partner_id, member_id, subject, subject_name, kid, sealed,
        expires_at, status, due_at)
    values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval, 'unconfirmed',
        clock_timestamp() + $9::interval)
"""
_WAITING: Final = """
    select l.link_id, l.subject_name, p.name as partner, p.slug, a.return_to, l.status
    from partner.link l join partner.link_attempt a using (link_id)
    join partner.partner p on p.partner_id = l.partner_id
    where l.link_id = $1 and l.member_id = $2 and a.session_id = $3
      and (l.status = 'active' or l.due_at > clock_timestamp() and l.status = 'unconfirmed')
"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands before us: the member who is signed in, and the session of the browser."""

    member_id: uuid.UUID
    session_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Told:
    """What came with the browser from a partner: the parameters of its answer, none trusted."""

    state: str | None = field(repr=False)
    code: str | None = field(repr=False)
    iss: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account that waits for the member's yes, or has just got it."""

    link_id: uuid.UUID
    partner: str
    slug: str
    account: str
    return_to: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """What only the partner's token endpoint, and then only the id token, may show again."""

    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Account:
    subject: str
    name: str


async def begin(
    house: servers.House, server: servers.Server, visitor: Visitor, *, return_to: str | None = None
) -> str | Problem:
    """Begin an attempt, and return the address at the partner; or why it can not begin."""
    to = await _endpoints(house, server)
    if to is None:
        return "away"
    link_id, state = ids.new(), secrets.token_urlsafe(32)
    kept = _Kept(verifier=secrets.token_urlsafe(48), nonce=secrets.token_urlsafe(32))
    sealed = house.vault.seal(msgspec.json.encode(kept), table=TABLE, row=link_id, column="sealed")
    saved = await house.db.fetchval(
        _SAVE,
        link_id,
        _hash(state),
        visitor.session_id,
        visitor.member_id,
        server.partner_id,
        server.settings.issuer,
        server.party.redirect_uri,
        return_to,
        sealed.kid,
        sealed.text,
        LIFE,
        OPEN_MAX,
    )
    if saved is None:
        return "over"
    return await oauth.address(
        server.party,
        to,
        state=state,
        verifier=kept.verifier,
        nonce=kept.nonce if server.settings.openid else None,
    )


async def complete(
    house: servers.House, server: servers.Server, visitor: Visitor, told: Told
) -> uuid.UUID | Problem:
    """Take a partner's answer; the id of the account that waits for the member's yes, or why not.

    Nothing is sent to the partner unless the answer is of this browser, this member and this
    partner, and of no other server than the one that the attempt went to.
    """
    if not _plain(told.state):
        return "over"
    assert told.state is not None
    row = await house.db.fetchrow(
        _USE, _hash(told.state), visitor.session_id, visitor.member_id, server.partner_id
    )
    if row is None:
        return "over"
    to = await _endpoints(house, server)
    if to is None:
        return "away"
    # Another server's answer, or one that does not say whose it is where it ought to (RFC 9207).
    if told.iss not in ((row["issuer"],) if to.names_itself else (row["issuer"], None)):
        log.warning("link.foreign", partner=server.slug)
        return "foreign"
    if row["issuer"] != server.settings.issuer or row["redirect_uri"] != server.party.redirect_uri:
        return "foreign"
    if told.error is not None or not _plain(told.code):
        return "denied"
    assert told.code is not None
    try:
        kept = _open(house, row)
    except vault.Unreadable as error:
        log.error("link.unreadable", partner=server.slug, why=str(error))
        return "over"
    given = await oauth.exchange(server.party, to, code=told.code, verifier=kept.verifier)
    if not isinstance(given, oauth.Tokens):
        log.warning("link.refused", partner=server.slug, answer=repr(given))
        return "away"
    account = await _account(server, to, given, kept.nonce)
    if account is None:
        log.warning("link.nameless", partner=server.slug)
        await tokens.give_back(server.party, to, given)
        return "nameless"
    await _offer(house, server, visitor, row["link_id"], account, given)
    return cast("uuid.UUID", row["link_id"])


async def waiting(house: servers.House, visitor: Visitor, link_id: uuid.UUID) -> Waiting | None:
    """Return what the member is asked to confirm in this browser, None if there is nothing."""
    row = await house.db.fetchrow(_WAITING, link_id, visitor.member_id, visitor.session_id)
    if row is None:
        return None
    return Waiting(
        link_id=row["link_id"],
        partner=row["partner"],
        slug=row["slug"],
        account=row["subject_name"],
        return_to=row["return_to"],
        live=row["status"] == "active",
    )


async def confirm(
    house: servers.House, visitor: Visitor, link_id: uuid.UUID
) -> Literal["over", "taken"] | None:
    """Make a link live by the member's yes; None if it is, else why it is not.

    Another account of the member at this partner is unlinked by it. Saying yes twice is one yes.
    """
    said = await house.db.fetchval(
        "select partner.confirm_link($1, $2, $3)", link_id, visitor.member_id, visitor.session_id
    )
    if said != "live":
        return "taken" if said == "taken" else "over"
    await audit.write(
        house.db,
        actor=audit.Actor("member", visitor.member_id),
        act="link.confirm",
        subject=link_id,
        once=link_id,
    )
    return None


async def decline(house: servers.House, visitor: Visitor, link_id: uuid.UUID) -> None:
    """Give up an account that the member does not know; its tokens are revoked and erased."""
    if await waiting(house, visitor, link_id) is not None:
        await links.end(house.db, visitor.member_id, link_id, why="declined")


async def _endpoints(house: servers.House, server: servers.Server) -> oauth.Endpoints | None:
    try:
        return await servers.endpoints(house, server)
    except servers.Misconfigured as error:
        log.error("link.misconfigured", partner=server.slug, why=str(error))
        return None


async def _account(
    server: servers.Server, to: oauth.Endpoints, given: oauth.Tokens, nonce: str
) -> _Account | None:
    """Ask whose account it is: the id token where there is one, else the partner's own answer."""
    settings = server.settings
    said: dict[str, Any] | None = None
    if settings.openid:
        published = None if to.jwks is None else await oauth.document(server.party, to.jwks)
        if published is not None and given.id_token is not None:
            said = id_tokens.read(
                given.id_token,
                published,
                issuer=settings.issuer,
                client_id=settings.client_id,
                nonce=nonce,
            )
        subject = None if said is None else said["sub"]
    else:
        if to.account is not None:
            said = await oauth.document(server.party, to.account, token=given.access)
        subject = None if said is None else said.get(settings.account_subject)
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)  # a shop's customer number
    if said is None or not isinstance(subject, str) or not _is_subject(subject):
        return None
    names = (said.get(settings.account_name), said.get("preferred_username"), said.get("email"))
    name = next((one for one in map(_shown, names) if one), subject)
    return _Account(subject, name)


async def _offer(
    house: servers.House,
    server: servers.Server,
    visitor: Visitor,
    link_id: uuid.UUID,
    account: _Account,
    given: oauth.Tokens,
) -> None:
    sealed = tokens.seal(house, link_id, given)
    await house.db.execute(
        _OFFER,
        link_id,
        server.partner_id,
        visitor.member_id,
        account.subject,
        account.name,
        sealed.kid,
        sealed.text,
        None if given.lives_seconds is None else timedelta(seconds=given.lives_seconds),
        LIFE,
    )


def _open(house: servers.House, row: Any) -> _Kept:
    sealed = vault.Sealed(row["kid"], row["sealed"])
    plain = house.vault.open(sealed, table=TABLE, row=row["link_id"], column="sealed")
    return msgspec.json.decode(plain, type=_Kept)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("ascii")).digest()


def _plain(text: str | None) -> bool:
    return text is not None and 0 < len(text) <= TOLD_CHARS_MAX and text.isascii()


def _is_subject(text: str) -> bool:
    return 0 < len(text) <= SUBJECT_CHARS_MAX and text.isprintable()


def _shown(name: object) -> str:
    """A partner's word for an account, as far as it can be shown in one line."""
    if not isinstance(name, str):
        return ""
    return "".join(one for one in name if one.isprintable()).strip()[:NAME_CHARS_MAX]
