"""The worker: drains the outbox and runs the schedules, in the API's process or in one of its own.

Every job is a function of the wallet that may run twice, late, or at once on two machines. A job
that fails is logged and tried again at its next turn; it never stops the others.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

import asyncpg
import structlog

from api import speaking
from api.identity import sweeping
from partners import directory, reconciling, rewrap, saga
from partners.links import tokens
from partners.webhooks import deliveries, inbound, outbound
from wallet import audit, database, earn, errors, expire, ids, laws, notices, redeem, seal
from wallet.campaigns import budgets, caps, offers, referrals
from wallet.charities import remittances
from wallet.draws import tending
from wallet.progress import advance, contests
from wallet.rules import offers as offer_rules
from wallet.rules import rhythm

log = structlog.get_logger("worker")

BATCHES_MAX: Final = 200
"""Full batches of one job before the others get their turn."""


Targets: TypeAlias = Callable[
    [database.Database, datetime], Awaitable[Sequence[offer_rules.Target]]
]
"""Tells which campaigns want personal offers at an instant."""


Run: TypeAlias = Callable[[database.Database, int], Awaitable[int]]
"""One turn of a job: the database, and how many things a batch may hold; how many there were."""


class Outside(Protocol):
    """One turn of a job that speaks to others; without what it speaks by, it does nothing."""

    async def __call__(
        self, db: database.Database, batch: int, /, *, speak: speaking.Speaking | None = None
    ) -> int:
        """How many things there were."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One job: what it does, how often, and how many things one batch may hold (0: no batches).

    It runs in so many `lanes` side by side, where most of its time is waiting for others.
    """

    name: str
    every_seconds: float
    batch: int
    run: Run
    lanes: int = 1


async def tell(db: database.Database, batch: int) -> int:
    """Turn what happened into notices, and into deliveries to merchants' endpoints."""
    return await notices.drain(db, limit=batch, also=outbound.spread)


async def look_again(db: database.Database, batch: int) -> int:
    """Work out what members have reached whose wallets moved, or whose day has come."""
    done = await advance.advance(db, limit=batch)
    for failure in done.failures:
        log.error(
            "look.failed", wallet=str(failure.wallet_id), story=failure.story, error=failure.error
        )
    return done.wallets


async def tend_draws(db: database.Database, _batch: int) -> int:
    """Commit, reveal, freeze and draw by the dates of draws, and pay what a crash left owed."""
    done = await tending.tend(db)
    for key, error in done.failures.items():
        log.error("draw.failed", id=str(key), error=error)
    return 0


async def sweep_holds(db: database.Database, batch: int) -> int:
    """Give back holds whose time has run out."""
    return await redeem.sweep(db, limit=batch)


async def mature(db: database.Database, batch: int) -> int:
    """Decide pending cashback whose day has come."""
    return await earn.mature(db, limit=batch)


async def sweep_expiry(db: database.Database, batch: int) -> int:
    """Record expiry notices and expire what may expire."""
    swept = await expire.sweep(db, limit=batch)
    return max(swept.noticed, swept.expired)


async def close_contests(db: database.Database, _batch: int) -> int:
    """Freeze the rankings of contests that have become final, and pay the prizes."""
    done = await contests.close(db)
    for key, error in done.failures.items():
        log.error("contest.failed", id=str(key), error=error)
    return done.paid


async def sweep_referrals(db: database.Database, batch: int) -> int:
    """Reward invitations whose purchase has stayed, and take back what did not."""
    return await referrals.sweep(db, limit=batch)


async def finish_remittances(db: database.Database, _batch: int) -> int:
    """Take up payments to charities that were left half made."""
    await remittances.finish(db)
    return 0


async def watch_budgets(db: database.Database, _batch: int) -> int:
    """Warn of budgets that are nearly given, each share of each once."""
    for one in await budgets.alert(db):
        told = {
            "kind": one.kind,
            "currency": one.asset.code,
            "percent": one.bps // caps.PERCENT,
            "cap_minor": one.cap_minor,
            "given_minor": one.given_minor,
        }
        log.warning("budget.alert", subject=str(one.subject_id), **told)
        await audit.write(
            db,
            actor=audit.SYSTEM,
            act="budget.alert",
            subject=one.subject_id,
            detail=told,
            once=ids.derived(one.budget_id, f"alert {one.bps}"),
        )
    return 0


async def seal_books(db: database.Database, batch: int) -> int:
    """Chain hashes over what was posted."""
    return await seal.seal(db, limit=batch)


async def sweep_identity(db: database.Database, batch: int) -> int:
    """Forget codes, tokens, challenges and sessions that ended a day ago."""
    return await sweeping.sweep(db, limit=batch)


async def send_webhooks(
    db: database.Database, batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Send what is due to merchants' endpoints."""
    if speak is None:
        return 0
    private = speak.house.webhook_hosts
    if not await outbound.send(db, speak.ring, private=private, limit=batch):
        return 0
    return batch  # Of each endpoint only a few were taken, so there may be more.


async def sweep_webhooks(db: database.Database, batch: int) -> int:
    """Forget deliveries after thirty days, and what partners told after ninety."""
    now = datetime.now(UTC)
    told = await deliveries.sweep(db, now=now, limit=batch)
    return max(told, await inbound.sweep(db, now=now, limit=batch))


async def hear_partners(
    db: database.Database, batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Take in what partners told by themselves."""
    if speak is None:
        return 0
    return await inbound.drain(db, functools.partial(saga.heard, speak.saga), limit=batch)


async def advance_orders(
    _db: database.Database, _batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Ask partners about orders as they become due; it goes on until the worker stops."""
    if speak is not None:
        await saga.work(speak.saga)
    return 0


async def rewrap_secrets(
    db: database.Database, batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Seal anew what older keys of partners have sealed."""
    if speak is None:
        return 0
    done = await rewrap.rewrap(db, speak.ring, limit=batch)
    for row_id in done.unreadable:
        log.error("secret.unreadable", row=str(row_id))
    return done.rows


async def tend_links(
    _db: database.Database, batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Revoke what members unlinked, and give up what nobody confirmed."""
    return 0 if speak is None else await tokens.tend(speak.links, limit=batch)


async def reconcile_partners(
    db: database.Database, _batch: int, *, speak: speaking.Speaking | None = None
) -> int:
    """Compare the last days at each partner with the books, until they are clean."""
    if speak is not None:
        for partner_id, day in await reconciling.due(speak.saga):
            partner = await directory.find(db, partner_id)
            await reconciling.reconcile(speak.saga, speak.opener, partner, day)
    return 0


async def refresh_offers(
    db: database.Database,
    _batch: int,
    *,
    scorer: offer_rules.Scorer = rhythm.RHYTHM,
    targets: Targets = offers.targets,
) -> int:
    """Work out members' favourites, and make the offers of campaigns that pay by them."""
    now = datetime.now(UTC)
    done = await offers.refresh(db, targets=await targets(db, now), scorer=scorer, now=now)
    for campaign_id, made in done.made.items():
        for failure, members in made.failures.items():
            log.error(
                "scorer.ignored",
                scorer=scorer.name,
                version=scorer.version,
                campaign=str(campaign_id),
                why=failure,
                members=members,
            )
    return 0


async def check_laws(db: database.Database, _batch: int) -> int:
    """Ask every law; a broken one is an error that somebody must look at now."""
    async with db.bulk_pool.acquire() as connection:
        breaches = await laws.check(connection)
    for breach in breaches:
        log.error("law.broken", law=breach.law, rows=len(breach.rows))
    return 0


JOBS: Final = (
    Job("tell", 0.5, 500, tell),
    Job("look_again", 0.5, advance.BATCH, look_again),
    Job("tend_draws", 10, 0, tend_draws),
    Job("sweep_holds", 5, 500, sweep_holds),
    Job("mature", 30, 1000, mature),
    Job("sweep_expiry", 300, 1000, sweep_expiry),
    Job("close_contests", 60, contests.PAY_BATCH, close_contests),
    Job("sweep_referrals", 60, referrals.BATCH, sweep_referrals),
    Job("finish_remittances", 60, 0, finish_remittances),
    Job("watch_budgets", 30, 0, watch_budgets),
    Job("send_webhooks", 1, outbound.BATCH, send_webhooks, lanes=4),
    Job("hear_partners", 1, inbound.BATCH, hear_partners),
    Job("advance_orders", saga.PAUSE_SECONDS, 0, advance_orders),
    Job("sweep_webhooks", 600, deliveries.SWEEP, sweep_webhooks),
    Job("tend_links", 10, tokens.BATCH, tend_links),
    Job("reconcile_partners", 3600, 0, reconcile_partners),
    Job("rewrap_secrets", 3600, rewrap.PAGE, rewrap_secrets),
    Job("seal_books", 300, 10_000, seal_books),
    Job("sweep_identity", 600, 1000, sweep_identity),
    Job("refresh_offers", 24 * 3600, 0, refresh_offers),
    Job("check_laws", 24 * 3600, 0, check_laws),
)

OUTSIDE: Final[tuple[Outside, ...]] = (
    send_webhooks,
    hear_partners,
    advance_orders,
    tend_links,
    reconcile_partners,
    rewrap_secrets,
)
"""The jobs that speak to others, or need our keys."""


def jobs(
    scorer: offer_rules.Scorer,
    targets: Targets = offers.targets,
    *,
    speak: speaking.Speaking | None = None,
) -> tuple[Job, ...]:
    """All jobs, with offers as this scorer proposes them, and with what speaks to partners.

    Without `speak` nobody is spoken to, and no key is needed; whoever made it closes it.
    """

    async def refresh(db: database.Database, batch: int) -> int:
        return await refresh_offers(db, batch, scorer=scorer, targets=targets)

    chosen: dict[object, Run] = {run: functools.partial(run, speak=speak) for run in OUTSIDE}
    chosen[refresh_offers] = refresh
    return tuple(replace(job, run=chosen.get(job.run, job.run)) for job in JOBS)


async def work(db: database.Database, *, jobs: tuple[Job, ...] = JOBS) -> None:
    """Run every job by its schedule until cancelled. The first turn of each comes at once."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            for _ in range(job.lanes):
                group.create_task(_repeat(db, job), name=job.name)


async def _repeat(db: database.Database, job: Job) -> None:
    while True:
        began = time.monotonic()
        try:
            for _ in range(BATCHES_MAX):
                done = await job.run(db, job.batch)
                if done == 0 or done < job.batch:
                    break
        except (errors.Unavailable, asyncpg.PostgresError, OSError) as error:
            log.warning("job.failed", job=job.name, error=type(error).__name__)
        except Exception:
            # A bug in one job must not stop the others; it is logged whole and tried again.
            log.exception("job.broken", job=job.name)
        await asyncio.sleep(max(0.0, job.every_seconds - (time.monotonic() - began)))


@contextlib.asynccontextmanager
async def beside(db: database.Database, *, jobs: tuple[Job, ...] = JOBS) -> AsyncIterator[None]:
    """Run the worker beside something else, and stop it when that ends."""
    task = asyncio.create_task(work(db, jobs=jobs))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
