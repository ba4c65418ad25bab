"""What if: a draft is run over the purchases of the last days, and nothing is written.

What the contracts decided then is taken as it stands, and campaigns are decided on top of it, by
the same rule that decides at the till. What is assumed beyond the books is said in the result. One
simulation runs at a time in a process; it never holds up the event loop, and it ends with what it
has when its time is up.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

import asyncpg
import msgspec

from wallet import database, errors, programme, sql
from wallet.campaigns import playback, scenes
from wallet.database import WAIT_SECONDS, Database
from wallet.rules import text
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, needs, relevant, whatif
from wallet.rules.campaigns import programme as campaign_rules
from wallet.rules.campaigns.definition import Definition, GiveCoupon, OnPurchase, Personal

DAYS_MAX: Final = 730
"""As far as a condition may look back: two years."""
DRAFTS_MAX: Final = 64
"""Drafts that are run together; each purchase is asked about all of them."""
BATCH: Final = 2_000
"""Purchases of one fetch: some tens of milliseconds of work, so that progress and an end are near,
and no statement comes near its timeout."""

DRAFT: Final = uuid.UUID(int=0xD4AF7)
"""The id of a campaign that has none yet, and of its version."""

_NO_SEGMENTS: Final[Mapping[uuid.UUID, frozenset[str]]] = {}
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Period:
    """What was played: from `since` until before `until`; `complete` is false if time ran out.

    Of `total` purchases at the draft's merchants `done` were considered. `assumed` names what the
    books could not say: `terms` (everybody accepted them), `coupon` (everybody showed one),
    `experiment` (everybody is in the arm), `favourite` and `offers` (nobody has any), `gifts`
    (nobody comes back with a coupon that it gave), `returns` (what came back made no room again
    under caps and budget).
    """

    since: datetime
    until: datetime
    done: int
    total: int
    complete: bool
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a draft would have come to, and over what it was run."""

    period: Period
    result: whatif.Result
    reached: frozenset[uuid.UUID]
    """The members who would have been given something."""


def silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def patient() -> bool:
    """Never end before the end."""
    return False


async def simulate(
    db: Database,
    *,
    definition: Definition,
    days: int,
    until: datetime | None = None,
    rules: campaign_rules.Rules = campaign_rules.DEFAULT,
    live: playback.Live | None = None,
    progress: Progress = silent,
    late: Callable[[], bool] = patient,
    batch: int = BATCH,
) -> Simulation:
    """Run a draft as if it had been in force for the whole of the last `days` before `until`.

    Its own dates are set aside. `live` says what else was in force: what that would lose is then
    counted too. `late` is asked between batches, and ends it with a partial result. Refusals:
    CAMPAIGN_INVALID for a draft that answers to something else than purchases, TOO_MANY while
    another simulation runs or for too many days.
    """
    check_days(days)
    end = until or cast("datetime", await db.fetchval("select clock_timestamp()"))
    since = end - timedelta(days=days)
    running = msgspec.structs.replace(definition, starts_at=since, ends_at=None)
    draft = facts.Version(DRAFT, DRAFT, running)
    found = await _alone(
        db,
        [draft],
        since,
        end,
        rules,
        dated=False,
        live=live,
        progress=progress,
        late=late,
        batch=batch,
    )
    return found[DRAFT]


def check_days(days: int) -> None:
    """Refuse a period that is too long, or none: TOO_MANY."""
    if not 1 <= days <= DAYS_MAX:
        raise errors.TooMany(f"Simulate 1 to {DAYS_MAX} days.", path=("days",))


async def together(
    db: Database,
    *,
    drafts: Sequence[facts.Version],
    since: datetime,
    until: datetime,
    rules: campaign_rules.Rules = campaign_rules.DEFAULT,
    segments: Mapping[uuid.UUID, frozenset[str]] = _NO_SEGMENTS,
    progress: Progress = silent,
    late: Callable[[], bool] = patient,
    batch: int = BATCH,
) -> dict[uuid.UUID, Simulation]:
    """Run drafts beside each other, each from its own start to its own end; by version.

    `segments` names, by member, those that the books do not know yet. `considered` and the
    misses of each cover purchases that have a line for one of them.
    """
    if len(drafts) > DRAFTS_MAX:
        raise errors.TooMany(path=("drafts",), limit=DRAFTS_MAX)
    return await _alone(
        db,
        drafts,
        since,
        until,
        rules,
        dated=True,
        live=None,
        segments=segments,
        progress=progress,
        late=late,
        batch=batch,
    )


async def _alone(
    db: Database,
    drafts: Sequence[facts.Version],
    since: datetime,
    until: datetime,
    rules: campaign_rules.Rules,
    *,
    dated: bool,
    live: playback.Live | None,
    segments: Mapping[uuid.UUID, frozenset[str]] = _NO_SEGMENTS,
    progress: Progress,
    late: Callable[[], bool],
    batch: int,
) -> dict[uuid.UUID, Simulation]:
    for draft in drafts:
        if not isinstance(draft.definition.on, OnPurchase):
            raise errors.CampaignInvalid(
                "Only campaigns on purchases can be simulated.", path=("on",)
            )
    house = await programme.of(db)
    lock = db.known.setdefault("simulation", asyncio.Lock())
    assert isinstance(lock, asyncio.Lock)
    if lock.locked():
        raise errors.TooMany("Another simulation is running. Wait for its end, then start yours.")
    asks = needs.of(drafts)
    asked = relevant.of(drafts, asks, since=since, zone=house.time_zone, every=live is not None)
    span = scenes.Span(since, until, house.asset.number)
    async with lock, _look(db) as connection:
        people = await scenes.people(
            connection, drafts, house.time_zone, asked, asks, span, segments
        )
        scene = await scenes.scene(connection, drafts, rules, house, asked, span)
        scene = replace(scene, people=people, dated=dated, live=live)
        total, played = await _play(connection, scene, asked, span, progress, late, batch)
        members = await _members(connection, played)
    return _results(played, span, total, members)


@contextlib.asynccontextmanager
async def _look(db: Database) -> AsyncIterator[scenes.Connection]:
    """A connection that sees one moment; nothing is locked and nothing written."""
    try:
        async with (
            db.bulk_pool.acquire(timeout=WAIT_SECONDS) as connection,
            database.transaction(connection, isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(_SETTINGS)
            yield connection
    except _AWAY as error:
        raise errors.Unavailable("The database did not answer in time.") from error


_AWAY: Final = (
    TimeoutError,
    OSError,
    asyncpg.QueryCanceledError,
    asyncpg.PostgresConnectionError,
)
# A plan made for the names at hand can look them up in a hash; the headers are sorted in memory.
_SETTINGS: Final = "set local plan_cache_mode = force_custom_plan; set local work_mem = '64MB'"


async def _play(
    connection: scenes.Connection,
    scene: playback.Scene,
    asked: relevant.Question,
    span: scenes.Span,
    progress: Progress,
    late: Callable[[], bool],
    batch: int,
) -> tuple[int, playback.Playback]:
    """Fetch the next batch while a thread decides the one before."""
    merchants = None if asked.merchants is None else list(asked.merchants)
    total = await connection.fetchval(
        sql.load("queries/simulate_total"), span.asset, span.since, span.until, merchants
    )
    played = playback.Playback(scene)
    arguments = await _arguments(connection, scene, asked, span, merchants)
    cursor = await connection.cursor(sql.load("queries/simulate_purchases"), *arguments)
    ahead = asyncio.create_task(cursor.fetch(batch))
    try:
        while rows := await ahead:
            ahead = asyncio.create_task(cursor.fetch(batch))
            await asyncio.to_thread(played.play, rows)
            progress(played.done, total)
            if late():
                return total, played
        played.done = total
        progress(total, total)
        return total, played
    finally:
        # Whatever ends it, the connection must be idle before its transaction is closed.
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


async def _arguments(
    connection: scenes.Connection,
    scene: playback.Scene,
    asked: relevant.Question,
    span: scenes.Span,
    merchants: list[uuid.UUID] | None,
) -> list[object]:
    words: list[asyncpg.Record] = []
    if asked.categories is not None or asked.brands is not None:
        words = await connection.fetch(sql.load("queries/simulate_words"))
    categories = [row["word"] for row in words if row["category"]]
    brands = [row["word"] for row in words if not row["category"]]
    return [
        span.asset,
        asked.since,
        span.since,
        span.until,
        asked.remembers,
        merchants,
        sorted(asked.columns),
        None if asked.products is None else sorted(asked.products),
        _spelled(categories, asked.categories),
        None if asked.labels is None else sorted(asked.labels),
        _spelled(brands, asked.brands),
        asked.wide,
        asked.every,
        None if asked.segments is None else list(scene.people),
    ]


def _spelled(written: Sequence[str], keys: relevant.Words) -> list[str] | None:
    return None if keys is None else [one for one in written if text.key(one) in keys]


async def _members(
    connection: scenes.Connection, played: playback.Playback
) -> dict[uuid.UUID, uuid.UUID]:
    wallets = set().union(*(tally.reached for tally in played.tallies.values()))
    rows = await connection.fetch(sql.load("queries/simulate_members"), list(wallets))
    return {row["wallet_id"]: row["member_id"] for row in rows}


def _results(
    played: playback.Playback,
    span: scenes.Span,
    total: int,
    members: Mapping[uuid.UUID, uuid.UUID],
) -> dict[uuid.UUID, Simulation]:
    found = {}
    for key, result in played.results(played.done).items():
        tally = played.tallies[key]
        period = Period(
            since=span.since,
            until=span.until,
            done=played.done,
            total=total,
            complete=played.done >= total,
            assumed=_assumed(tally.version.definition),
        )
        reached = frozenset(members[one] for one in tally.reached)
        found[key] = Simulation(period, _named(result, members), reached)
    return found


def _named(result: whatif.Result, members: Mapping[uuid.UUID, uuid.UUID]) -> whatif.Result:
    """Name members by their own ids, where the books know them by their wallets."""

    def named(found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(one, member_id=members[one.member_id]) for one in found)

    return replace(
        result,
        winners=named(result.winners),
        dearest=named(result.dearest),
        steepest=named(result.steepest),
    )


def _assumed(definition: Definition) -> tuple[str, ...]:
    kinds = {type(one) for one in (*definition.when, *definition.lines)}
    found = {
        "terms": definition.terms.acceptance,
        "coupon": c.Coupon in kinds,
        "experiment": c.InExperiment in kinds,
        "favourite": c.OfFavourite in kinds,
        "offers": isinstance(definition.give, Personal),
        "gifts": isinstance(definition.give, GiveCoupon),
        "returns": bool(definition.caps.member or definition.budget),
    }
    return tuple(name for name, holds in found.items() if holds)
