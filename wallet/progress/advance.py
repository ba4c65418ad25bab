"""Advancing: wallets that moved, or whose day has come, are looked at, and each story decides.

A look gathers one wallet's facts once: what it asks of the database, and how long, never depends on
how many are due. A story may run twice, late, or at once on two machines: it
writes under the wallet's lock and only if the facts are still those that it saw. One that fails is
put off and never stops the others, nor the other wallets.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from wallet import errors, ledger, programme, sql
from wallet.database import Database
from wallet.progress import looks, schemes
from wallet.progress.stories import STORIES
from wallet.progress.story import Stale, Story, Wants
from wallet.rules.progress import facts

BATCH: Final = 100
"""Wallets of one turn."""
PURCHASES_MAX: Final = 20_000
"""Purchases of one wallet that are looked at, the newest: nobody buys that often in a window."""
AT_ONCE: Final = 4
"""Wallets that are looked at side by side: a look is a handful of round trips, one by one."""
FACTS: Final = "facts"
"""The name of the failure of a wallet whose facts could not be read."""
FAILURES: Final = (Stale, errors.Refusal, errors.Unavailable, asyncpg.PostgresError)
"""What a look may fail with and be tried again; anything else is a bug, and stops the turn."""
STALE_TRIES_MAX: Final = 5
"""How often a wallet is looked at again at once because its facts moved under a story."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A story that failed for a wallet, and with what."""

    wallet_id: UUID
    story: str
    error: str


@dataclass(slots=True)
class Done:
    """How many wallets were looked at, and what went wrong."""

    wallets: int = 0
    failures: list[Failure] = field(default_factory=list)


async def advance(
    db: Database,
    *,
    now: datetime | None = None,
    limit: int = BATCH,
    stories: Sequence[Story] | None = None,
) -> Done:
    """Look at the wallets that are due, at most `limit`."""
    held = await schemes.moment(db, now)
    due = await looks.due(db, now=held.at, limit=limit)
    done = Done(wallets=len(due))
    # Everybody was asked for that instant when it was published; this look must not strike it off.
    coming = held.book.coming(held.at)
    wanting = _wanting(STORIES if stories is None else stories, held)
    if not wanting:
        await looks.done(db, [(look, coming) for look in due])
        return done
    finished: list[tuple[looks.Look, datetime | None]] = []
    waiting = iter(due)

    async def take() -> None:
        for look in waiting:
            failures: list[Failure] = []
            try:
                at = await _look(db, wanting, held, look.wallet_id, failures)
            except Exception:
                # A bug stops this turn. The next one begins with somebody else.
                await looks.failed(db, look, now=held.at)
                raise
            if failures:
                await looks.failed(db, look, now=held.at)
            else:
                finished.append((look, _earlier(at, coming)))
            done.failures.extend(failures)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take())
    finally:
        await looks.done(db, finished)
    return done


async def settle(
    db: Database,
    wallet_ids: Sequence[UUID],
    *,
    now: datetime | None = None,
    stories: Sequence[Story] | None = None,
) -> None:
    """Look at these wallets at once, due or not: whoever decides by a standing needs it now."""
    held = await schemes.moment(db, now)
    wanting = _wanting(STORIES if stories is None else stories, held)
    if not wanting:
        return
    for wallet_id in wallet_ids:
        seen = await gather(db, wallet_id, [wants for _, wants in wanting])
        if seen is None:
            continue
        for story, wants in wanting:
            at = await _tell(db, story, wants, held, seen)
            if at is not None:
                await looks.ask(db, {wallet_id: at})


async def gather(db: Database, wallet_id: UUID, wants: Sequence[Wants]) -> facts.Seen | None:
    """The facts of a wallet for every story, in one query; None where it has no member."""
    house = await programme.of(db)
    row = await db.fetchrow(
        sql.load("queries/progress_facts"),
        *(ledger.bucket(wallet_id), wallet_id, house.asset.number),
        *(min(one.since for one in wants), any(one.lines for one in wants), PURCHASES_MAX),
    )
    return None if row is None else read(row)


def read(row: Any) -> facts.Seen:
    """A row of `queries/progress_facts` as facts."""
    return facts.Seen(
        wallet_id=row["wallet_id"],
        member_id=row["member_id"],
        version=row["facts"],
        purchases=tuple(map(_purchase, orjson.loads(row["purchases"] or "[]"))),
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _wanting(stories: Sequence[Story], held: schemes.Moment) -> list[tuple[Story, Wants]]:
    found = [(story, story.wants(held.book, held.at)) for story in stories]
    return [(story, wants) for story, wants in found if wants is not None]


async def _look(
    db: Database,
    wanting: Sequence[tuple[Story, Wants]],
    held: schemes.Moment,
    wallet_id: UUID,
    failures: list[Failure],
) -> datetime | None:
    """Let each story look at a wallet; when the first of them wants to look again."""
    again: list[datetime] = []
    try:
        seen = await gather(db, wallet_id, [wants for _, wants in wanting])
    except FAILURES as problem:
        failures.append(_failure(wallet_id, FACTS, problem))
        return None
    if seen is None:
        return None
    for story, wants in wanting:
        try:
            at = await _tell(db, story, wants, held, seen)
        except FAILURES as problem:
            failures.append(_failure(wallet_id, story.NAME, problem))
        else:
            again.extend([] if at is None else [at])
    return min(again, default=None)


def _failure(wallet_id: UUID, story: str, problem: Exception) -> Failure:
    return Failure(wallet_id, story, f"{type(problem).__name__}: {problem}".rstrip(": "))


async def _tell(
    db: Database, story: Story, wants: Wants, held: schemes.Moment, seen: facts.Seen
) -> datetime | None:
    """Let a story look; where the wallet's facts move under it, it looks at the new ones."""
    for _ in range(STALE_TRIES_MAX):
        try:
            return await story.advance(db, held.book, seen, held.at)
        except Stale:
            fresh = await gather(db, seen.wallet_id, [wants])
            assert fresh is not None  # it was there, and wallets stay
            seen = fresh
    raise Stale


def _purchase(one: list[Any]) -> facts.Purchase:
    key, merchant_id, at, total_minor, kept_minor, lines = one
    return facts.Purchase(
        purchase_id=UUID(key),
        merchant_id=UUID(merchant_id),
        at=datetime.fromisoformat(at).astimezone(UTC),
        total_minor=total_minor,
        kept_minor=kept_minor,
        lines=tuple(
            facts.Line(category, product, brand, tuple(labels or ()), minor, milli)
            for category, product, brand, labels, minor, milli in lines or ()
        ),
    )
