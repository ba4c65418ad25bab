"""Tokens of links: opened for one call, renewed by one worker at a time, revoked and erased.

Renewing is a claim, a call and a write. One statement claims the row for RENEWAL; the partner is
asked while nothing is locked and no transaction is open; what it gives is written if the claim is
still ours. Everybody else waits for the write, so eight workers ask once. A token that was renewed
at the partner and lost here (a crash, a lost answer) can not be had again: the next one to try is
told so by the partner, and the member is asked to link anew.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from partners import vault
from partners.adapter import NotSent
from partners.links import oauth, servers
from wallet import ids

log: Final = structlog.get_logger("partners.links.tokens")

TABLE: Final = "partner.link"
MARGIN: Final = timedelta(seconds=60)
"""A token that ends sooner may end on its way."""
RENEWAL: Final = timedelta(seconds=oauth.SECONDS_MAX + 5)
"""How long a claim holds: the call and the write at their slowest. Then another may try."""
LOOK_SECONDS: Final = 0.05
"""Between two looks of those who wait for a renewal."""
LOOKS_MAX: Final = int(RENEWAL.total_seconds() / LOOK_SECONDS) + 20
"""Long enough to see a claim end that somebody died with, and to take it over."""
PAUSE: Final = timedelta(seconds=15)
"""After a server that did not answer: whoever comes meanwhile is told to come back."""

NOBODY: Final = uuid.UUID(int=0)
"""Whose claim it is while a server rests: nobody waits for it."""
GONE: Final = "invalid_grant"
"""The standard's word for a refresh token that gives nothing any more."""

BATCH: Final = 20
"""Links of one turn: each is a call to a partner, one after the other."""
TRIES_MAX: Final = 8
"""Revocations of one link: with AGAIN they take a day. Then the tokens are erased as they are."""
AGAIN: Final = timedelta(minutes=10)
"""Before the second try; each further one waits twice as long."""
SETTLED: Final = timedelta(days=7)
"""How long the tokens of an ended link wait for its orders: by then people have decided."""

_READ: Final = """
    select l.partner_id, l.status, l.kid, l.sealed, l.version, l.subject,
           coalesce(l.expires_at <= clock_timestamp() + $2::interval, false) as stale,
           coalesce(l.refresh_until > clock_timestamp(), false) as claimed,
           coalesce(l.refresh_until > clock_timestamp() and l.refresh_id = $3, false) as resting
    from partner.link l where l.link_id = $1
"""
# One statement, so of eight that come at once one gets the row back. Sent again after a lost
# connection, it finds its own claim.
_CLAIM: Final = """
    update partner.link set refresh_id = $3, refresh_until = clock_timestamp() + $4::interval
    where link_id = $1 and version = $2 and sealed is not null
      and (refresh_id = $3 or refresh_until is null or refresh_until <= clock_timestamp())
    returning kid, sealed
"""
# The status is not looked at: what was renewed while the member unlinked is what must be revoked.
_WRITE: Final = """
    update partner.link
       set kid = $3, sealed = $4, expires_at = clock_timestamp() + $5::interval,
           version = version + 1, refresh_id = null, refresh_until = null,
           changed_at = clock_timestamp()
     where link_id = $1 and refresh_id = $2 and sealed is not null
    returning version, status, sealed
"""
_LAPSE: Final = """
    update partner.link
       set status = 'reauth_required', kid = null, sealed = null, expires_at = null,
           version = version + 1, refresh_id = null, refresh_until = null,
           changed_at = clock_timestamp()
     where link_id = $1 and refresh_id = $2 and status = 'active'
    returning version
"""
# The claim stays for a pause: nobody asks a server that is away more often than that.
_REST: Final = """
    update partner.link set refresh_id = $3, refresh_until = clock_timestamp() + $4::interval
     where link_id = $1 and refresh_id = $2
"""
# Whoever takes a row has it for a while; if they die with it, the next turn finds it again. An
# account that nobody confirmed is ended by the same statement. A link with an open order
# waits: only to its tokens the partner says what became of it. While another live link holds the
# same account nothing is revoked: many servers end all that one account gave us.
_DUE: Final = """
    with due as (
        select link_id from partner.link
        where due_at <= clock_timestamp()
          and (refresh_until is null or refresh_until <= clock_timestamp())
          and (status <> 'unlinked' or ended_at < clock_timestamp() - $3::interval or not exists (
              select from ledger.partner_order o
              where o.link_id = link.link_id and (o.ask is not null or o.state = 'attention')
          ))
        order by due_at limit $1 for update skip locked
    )
    update partner.link l
       set status = 'unlinked',
           ended_at = coalesce(l.ended_at, clock_timestamp()),
           ended_why = coalesce(l.ended_why, 'unconfirmed'),
           changed_at = clock_timestamp(),
           due_at = clock_timestamp() + $2::interval * (1 << l.tries),
           tries = l.tries + 1
      from due where l.link_id = due.link_id
    returning l.link_id, l.partner_id, l.kid, l.sealed, l.tries,
              exists (
                  select from partner.link o
                  where o.partner_id = l.partner_id and o.subject = l.subject
                    and o.status in ('active', 'reauth_required') and o.link_id <> l.link_id
              ) as still_linked
"""
_ERASE: Final = """
    update partner.link
       set kid = null, sealed = null, expires_at = null, due_at = null,
           changed_at = clock_timestamp()
     where link_id = $1 and status = 'unlinked'
"""
_FORGET: Final = """
    with old as (
        select link_id from partner.link_attempt
        where expires_at < clock_timestamp() - interval '1 day'
        limit $1 for update skip locked
    ), gone as (
        delete from partner.link_attempt where link_id in (select link_id from old) returning 1
    )
    select count(*) from gone
"""


@dataclass(frozen=True, slots=True)
class Access:
    """A token that is good now, for one call on behalf of a linked account.

    `version` says which of the link's tokens it is: if the partner does not take it, ask for
    another one `than` that.
    """

    token: str = field(repr=False)
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What is sealed of a link."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)


Found: TypeAlias = Access | NotSent


async def access(
    house: servers.House,
    link_id: uuid.UUID,
    *,
    than: int | None = None,
    settling: bool = False,
) -> Found:
    """Return a token for a call, renewed if it is about to end; else why there is none.

    NotSent with `reauthorize` means that the member must link anew; with `retry_after`, that the
    partner's server does not answer just now. `than` is the version of a token that the partner
    did not take. `settling` asks what became of an order, or takes it back: for that the tokens of
    a link that has ended are good too, as long as one of its orders is open.
    """
    try:
        return await _access(house, link_id, than, settling)
    except vault.Unreadable as error:
        # A row that was tampered with, or a key that is gone: nothing of it is used.
        log.error("link.unreadable", link=str(link_id), why=str(error))
        return NotSent("the tokens do not open", reauthorize=True)


def seal(house: servers.House, link_id: uuid.UUID, given: oauth.Tokens) -> vault.Sealed:
    """Seal what a server gave, for the row of this link and no other."""
    plain = msgspec.json.encode(_Sealed(given.access, given.refresh))
    return house.vault.seal(plain, table=TABLE, row=link_id, column="sealed")


async def give_back(party: oauth.Party, to: oauth.Endpoints, given: oauth.Tokens | _Sealed) -> bool:
    """Revoke at the partner what it gave; False if it is worth another try."""
    if to.revocation is None:
        return True
    # Ending a refresh token ends what it was renewed to (RFC 7009, section 2.1).
    token, hint = (given.access, "access_token")
    if given.refresh is not None:
        token, hint = (given.refresh, "refresh_token")
    return await oauth.revoke(party, to.revocation, token, hint=hint)


async def tend(house: servers.House, *, limit: int) -> int:
    """Revoke and erase what ended, give up what nobody confirmed, forget old attempts."""
    rows = await house.db.fetch(_DUE, limit, AGAIN, SETTLED)
    for row in rows:
        if await _revoked(house, row):
            await house.db.execute(_ERASE, row["link_id"])
    await house.db.fetchval(_FORGET, limit)
    return len(rows)


async def _access(
    house: servers.House, link_id: uuid.UUID, than: int | None, settling: bool
) -> Found:
    """Look, and renew or wait, until there is a token or a reason."""
    seen = None
    for _ in range(LOOKS_MAX):
        row = await house.db.fetchrow(_READ, link_id, MARGIN, NOBODY)
        if row is None or not _usable(row, settling):
            return NotSent("the account is not linked", reauthorize=True)
        good = row["version"] != than and not row["stale"]
        # One that was renewed while we waited is as good as it gets, however short it lives.
        if good or seen not in (None, row["version"]):
            held = _open(house, link_id, row)
            return Access(held.access, row["subject"], row["version"])
        seen = row["version"]
        if row["resting"]:
            return NotSent("the partner's server does not answer", retry_after=PAUSE)
        if not row["claimed"]:
            found = await _renew(house, link_id, row, settling)
            if found is not None:
                return found
        await asyncio.sleep(LOOK_SECONDS)
    return NotSent("the token is still being renewed", retry_after=PAUSE)


async def _renew(
    house: servers.House, link_id: uuid.UUID, row: Any, settling: bool
) -> Found | None:
    """Claim a link and renew its tokens; None if somebody else claimed it first."""
    mine = ids.new()
    at = await _reached(house, row["partner_id"])
    claimed = await house.db.fetchrow(_CLAIM, link_id, row["version"], mine, RENEWAL)
    if claimed is None:
        return None
    answer: oauth.Answer = NotSent("the server does not say where it is")
    if at is not None:
        refresh = _open(house, link_id, claimed).refresh
        answer = oauth.Denied(GONE) if refresh is None else await oauth.refresh(*at, refresh)
    match answer:
        case oauth.Tokens():
            written = await _write(house, link_id, mine, answer)
            if written is None or not _usable(written, settling):
                return NotSent("the account is not linked", reauthorize=True)
            return Access(answer.access, row["subject"], written["version"])
        case oauth.Denied(error=why) if why == GONE:
            await house.db.fetchval(_LAPSE, link_id, mine)
            log.warning("link.lapsed", link=str(link_id))
            return NotSent("the account must be linked anew", reauthorize=True)
    await house.db.execute(_REST, link_id, mine, NOBODY, PAUSE)
    log.warning("link.not_renewed", link=str(link_id), answer=repr(answer))
    return NotSent("the partner's server does not answer", retry_after=PAUSE)


async def _write(
    house: servers.House, link_id: uuid.UUID, mine: uuid.UUID, given: oauth.Tokens
) -> Any:
    sealed = seal(house, link_id, given)
    lives = None if given.lives_seconds is None else timedelta(seconds=given.lives_seconds)
    return await house.db.fetchrow(_WRITE, link_id, mine, sealed.kid, sealed.text, lives)


def _usable(row: Any, settling: bool) -> bool:
    """True for a live link; for one that has ended, while it settles what was begun with it."""
    ended = row["status"] == "unlinked" and row["sealed"] is not None
    return row["status"] == "active" or (settling and ended)


async def _reached(
    house: servers.House, partner_id: uuid.UUID
) -> tuple[oauth.Party, oauth.Endpoints] | None:
    """Who to ask and where; None while a server cannot be found, or is not believed."""
    server = await servers.by_id(house, partner_id)
    try:
        to = None if server is None else await servers.endpoints(house, server)
    except servers.Misconfigured as error:
        log.error("link.misconfigured", partner=str(partner_id), why=str(error))
        return None
    return None if server is None or to is None else (server.party, to)


async def _revoked(house: servers.House, row: Any) -> bool:
    """True if the tokens of an ended link may be erased."""
    if row["sealed"] is None or row["still_linked"]:
        return True
    try:
        held = _open(house, row["link_id"], row)
    except vault.Unreadable as error:
        log.error("link.unreadable", link=str(row["link_id"]), why=str(error))
        return True
    at = await _reached(house, row["partner_id"])
    if at is not None and await give_back(*at, held):
        return True
    if row["tries"] < TRIES_MAX:
        return False
    log.error("link.not_revoked", link=str(row["link_id"]), tries=row["tries"])
    return True


def _open(house: servers.House, link_id: uuid.UUID, row: Any) -> _Sealed:
    sealed = vault.Sealed(row["kid"], row["sealed"])
    plain = house.vault.open(sealed, table=TABLE, row=link_id, column="sealed")
    return msgspec.json.decode(plain, type=_Sealed)
