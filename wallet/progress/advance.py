"""Advancing: wallets that moved, or whose day has come, are looked at, and each story decides.

A look gathers a wallet's facts once. A story may run twice, late, or at once on two machines: it
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
"""Wallets of one turn: some hundred purchases each, in one query."""
PURCHASES_MAX: Final = 20_000
"""Purchases of one wallet that are looked at, the newest: nobody buys that often in a window."""
AT_ONCE: Final = 4
"""Wallets that are looked at side by side: a look is a handful of round trips, one by one."""
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
    wanting = _wanting(STORIES if stories is None else stories, held)
    if not wanting:
        await looks.done(db, [(look, None) for look in due])
        return done
    seen = await gather(db, [look.wallet_id for look in due], [wants for _, wants in wanting])
    finished: list[tuple[looks.Look, datetime | None]] = []
    waiting = iter(due)

    async def take() -> None:
        for look in waiting:
            one = seen.get(look.wallet_id)
            failures: list[Failure] = []
            at = None if one is None else await _look(db, wanting, held, one, failures)
            if failures:
                await looks.failed(db, look, now=held.at)
            else:
                finished.append((look, at))
            done.failures.extend(failures)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(take())
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
    seen = await gather(db, wallet_ids, [wants for _, wants in wanting])
    for one in seen.values():
        for story, wants in wanting:
            at = await _tell(db, story, wants, held, one)
            if at is not None:
                await looks.ask(db, {one.wallet_id: at})


async def gather(
    db: Database, wallet_ids: Sequence[UUID], wants: Sequence[Wants]
) -> dict[UUID, facts.Seen]:
    """The facts of some wallets that satisfy every story, in one query."""
    if not wallet_ids:
        return {}
    house = await programme.of(db)
    since = min(one.since for one in wants)
    rows = await db.fetch(
        sql.load("queries/progress_facts"),
        orjson.dumps(
            [
                {
                    "bucket": ledger.bucket(wallet_id),
                    "wallet": wallet_id,
                    "asset": house.asset.number,
                    "since": since,
                    "lines": any(one.lines for one in wants),
                }
                for wallet_id in wallet_ids
            ],
            default=str,
        ).decode(),
        PURCHASES_MAX,
    )
    return {row["wallet_id"]: read(row) for row in rows}


def read(row: Any) -> facts.Seen:
    """A row of `queries/progress_facts` as facts."""
    return facts.Seen(
        wallet_id=row["wallet_id"],
        member_id=row["member_id"],
        version=row["facts"],
        joined_at=row["joined_at"],
        birth_date=row["birth_date"],
        purchases=tuple(map(_purchase, orjson.loads(row["purchases"] or "[]"))),
    )


def _wanting(stories: Sequence[Story], held: schemes.Moment) -> list[tuple[Story, Wants]]:
    found = [(story, story.wants(held.book, held.at)) for story in stories]
    return [(story, wants) for story, wants in found if wants is not None]


async def _look(
    db: Database,
    wanting: Sequence[tuple[Story, Wants]],
    held: schemes.Moment,
    seen: facts.Seen,
    failures: list[Failure],
) -> datetime | None:
    """Let each story look at a wallet; when the first of them wants to look again."""
    again: list[datetime] = []
    for story, wants in wanting:
        try:
            at = await _tell(db, story, wants, held, seen)
        except (Stale, errors.Refusal, errors.Unavailable, asyncpg.PostgresError) as problem:
            told = f"{type(problem).__name__}: {problem}".rstrip(": ")
            failures.append(Failure(seen.wallet_id, story.NAME, told))
        else:
            again.extend([] if at is None else [at])
    return min(again, default=None)


async def _tell(
    db: Database, story: Story, wants: Wants, held: schemes.Moment, seen: facts.Seen
) -> datetime | None:
    """Let a story look; where the wallet's facts move under it, it looks at the new ones."""
    for _ in range(STALE_TRIES_MAX):
        try:
            return await story.advance(db, held.book, seen, held.at)
        except Stale:
            seen = (await gather(db, [seen.wallet_id], [wants]))[seen.wallet_id]
    raise Stale


def _purchase(one: list[Any]) -> facts.Purchase:
    key, merchant_id, at, total_minor, kept_minor, paid_minor, lines = one
    return facts.Purchase(
        purchase_id=UUID(key),
        merchant_id=UUID(merchant_id),
        at=datetime.fromisoformat(at).astimezone(UTC),
        total_minor=total_minor,
        kept_minor=kept_minor,
        paid_minor=paid_minor,
        lines=tuple(
            facts.Line(category, product, brand, tuple(labels or ()), minor, milli)
            for category, product, brand, labels, minor, milli in lines or ()
        ),
    )
