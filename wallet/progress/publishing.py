"""Publishing: the operator publishes, replaces and ends schemes; what is past is never changed.

A publication is judged by what held when it was looked at, and judged again if anything else was
published meanwhile. Sending it again changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, ids, merchants, programme, sql
from wallet.campaigns import budgets, winnings
from wallet.charities import promises
from wallet.database import Database
from wallet.progress import looks, schemes
from wallet.rules.schemes import kinds
from wallet.rules.schemes.definition import Scheme, refuse
from wallet.rules.schemes.matching import Match

VERSIONS_MAX: Final = 200
"""Versions of one scheme; the last is kept for its end. More of them is another scheme."""
TRIES_MAX: Final = 10
"""How often a publication is judged again because something else was published meanwhile."""
PAST_MAX: Final = timedelta(minutes=5)
"""How far back a start may lie: the time that it takes to save what was just written."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A scheme after a publication; `replayed` if this id had been published before."""

    entry: schemes.Entry
    version: schemes.Published
    replayed: bool


async def publish(
    db: Database,
    *,
    request_id: UUID,
    scheme_id: UUID | None,
    raw: object,
    from_at: datetime | None,
    note: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Publish the next version of a scheme, or a new one; it holds from now on, or from later.

    SCHEME_INVALID names the field at fault below `definition`; NOT_FOUND for a scheme, a merchant
    or a campaign that does not exist; IDEMPOTENCY_KEY_REUSED for another publication's id.
    """
    audit.check_reason(note, "note")
    try:
        definition = kinds.read(raw)
    except errors.SchemeInvalid as refusal:
        raise _below(refusal) from None
    target = scheme_id or ids.derived(request_id, "scheme")
    return await _take(
        db, request_id, target, definition, from_at, note, actor, now, fresh=scheme_id is None
    )


async def end(
    db: Database,
    *,
    request_id: UUID,
    scheme_id: UUID,
    note: str,
    actor: audit.Actor,
    from_at: datetime | None = None,
    now: datetime | None = None,
) -> Changed:
    """End a scheme now, or at a later instant; what members have stays theirs."""
    audit.check_reason(note, "note")
    return await _take(db, request_id, scheme_id, None, from_at, note, actor, now, fresh=False)


async def _take(
    db: Database,
    request_id: UUID,
    scheme_id: UUID,
    definition: Scheme | None,
    from_at: datetime | None,
    note: str,
    actor: audit.Actor,
    now: datetime | None,
    *,
    fresh: bool,
) -> Changed:
    for _ in range(TRIES_MAX):
        held = await schemes.moment(db, now)
        entry = held.book.entries.get(scheme_id)
        known = _known(held.book, request_id)
        replayed = known is not None
        if known is None:
            if entry is None and not fresh:
                raise errors.NotFound(path=("scheme_id",))
            _judge(held, entry, definition, from_at)
            await _check_named(db, held.book, definition, now)
            fund = None
            if isinstance(definition, Match):
                await promises.check(db, definition, since=max(from_at or held.at, held.at))
                fund = await promises.fund(db, scheme_id, definition)
            if not await _write(
                db, held, request_id, scheme_id, entry, definition, from_at, note, actor, fund
            ):
                continue  # Something was published meanwhile: judge it again by what holds now.
            held = await schemes.moment(db, now)
            known = _known(held.book, request_id)
        assert known is not None
        found, version = known
        if (found.scheme_id, version.definition, version.note) != (scheme_id, definition, note):
            raise errors.IdempotencyKeyReused(first_used_at=version.published_at)
        # Whoever sends it again after a crash asks again, which is harmless.
        await looks.ask_all(db, at=version.valid_from)
        await audit.write(
            db,
            actor=actor,
            act="scheme.end" if definition is None else "scheme.publish",
            subject=scheme_id,
            reason=note,
            detail={"version": version.version, "valid_from": version.valid_from.isoformat()},
            once=request_id,
        )
        return Changed(found, version, replayed)
    raise errors.IdempotencyInProgress()


def _judge(
    held: schemes.Moment,
    entry: schemes.Entry | None,
    definition: Scheme | None,
    from_at: datetime | None,
) -> None:
    if from_at is not None and from_at < held.at - PAST_MAX:
        raise errors.SchemeInvalid(
            "This instant has passed, and nothing is changed for the past. Name a later one.",
            path=("from_at",),
        )
    if entry is None and len(held.book.entries) >= schemes.SCHEMES_MAX:
        raise errors.TooMany(path=("definition",), limit=schemes.SCHEMES_MAX)
    if entry is None:
        return
    if definition is not None and kinds.kind_of(definition) != entry.kind:
        raise errors.SchemeInvalid(
            f"This scheme is a {entry.kind}, and stays one. Publish another kind without its id.",
            path=("definition", "kind"),
        )
    room = VERSIONS_MAX if definition is None else VERSIONS_MAX - 1
    if len(entry.versions) >= room:
        raise errors.TooMany(path=("scheme_id",), limit=VERSIONS_MAX)


async def _check_named(
    db: Database, book: schemes.Book, definition: Scheme | None, now: datetime | None
) -> None:
    """Merchants, campaigns and schemes that a definition names must be there."""
    if definition is None:
        return
    try:
        for path, merchant_id in definition.partners().items():
            try:
                await merchants.find(db, merchant_id)
            except errors.NotFound:
                refuse("no merchant has this id", *path)
        for path, campaign_id in definition.rewards().items():
            try:
                await winnings.check(db, [campaign_id], now=now)
            except errors.NotFound:
                refuse(
                    "no campaign that is published under this id has `on` set to `reward`", *path
                )
        for path, scheme_id in definition.schemes().items():
            if scheme_id not in book.entries:
                refuse("no scheme has this id", *path)
        definition.check_named({key: one.newest for key, one in book.entries.items()})
    except errors.SchemeInvalid as refusal:
        raise _below(refusal) from None


def _below(refusal: errors.SchemeInvalid) -> errors.SchemeInvalid:
    return errors.SchemeInvalid(refusal.message, path=("definition", *refusal.path))


async def _write(
    db: Database,
    held: schemes.Moment,
    request_id: UUID,
    scheme_id: UUID,
    entry: schemes.Entry | None,
    definition: Scheme | None,
    from_at: datetime | None,
    note: str,
    actor: audit.Actor,
    fund: budgets.Fund | None,
) -> bool:
    if definition is None:
        assert entry is not None
        named, written = entry.newest, None
    else:
        named, written = definition, orjson.dumps(kinds.dump(definition), default=str).decode()
    try:
        return (
            await db.fetchval(
                sql.load("queries/scheme_publish"),
                held.book.epoch,
                scheme_id,
                kinds.kind_of(named),
                named.name,
                actor.actor_id or (await programme.of(db)).operator_id,
                held.at,
                request_id,
                1 if entry is None else len(entry.versions) + 1,
                written,
                max(from_at or held.at, held.at),
                note,
                *(fund or budgets.NO_FUND),
            )
            is not None
        )
    except asyncpg.UniqueViolationError:
        return False  # The same id was sent twice at once.


def _known(book: schemes.Book, request_id: UUID) -> tuple[schemes.Entry, schemes.Published] | None:
    for entry in book.entries.values():
        for version in entry.versions:
            if version.version_id == request_id:
                return entry, version
    return None
