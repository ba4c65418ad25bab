"""The worker: what it does by itself, and that one failure stops nothing."""

import asyncio

import asyncpg
import pytest
import structlog.testing

from api import worker
from wallet import database


async def test_a_job_that_fails_does_not_stop_the_others(db: database.Database) -> None:
    turns: list[str] = []
    enough = asyncio.Event()

    async def fails(_db: database.Database, _batch: int) -> int:
        turns.append("fails")
        raise RuntimeError("a bug")

    async def works(_db: database.Database, _batch: int) -> int:
        turns.append("works")
        if turns.count("fails") > 1 and turns.count("works") > 1:
            enough.set()
        return 0

    jobs = (worker.Job("fails", 0.01, 1, fails), worker.Job("works", 0.01, 1, works))
    task = asyncio.create_task(worker.work(db, jobs=jobs))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_full_batches_are_taken_at_once(db: database.Database) -> None:
    left = [5, 5, 2]
    empty = asyncio.Event()

    async def run(_db: database.Database, _batch: int) -> int:
        done = left.pop(0)
        if not left:
            empty.set()
        return done

    task = asyncio.create_task(worker.work(db, jobs=(worker.Job("run", 3600, 5, run),)))
    async with asyncio.timeout(10):
        await empty.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_job_that_waits_for_others_runs_in_lanes(db: database.Database) -> None:
    turns = asyncio.Barrier(3)

    async def waits(_db: database.Database, _batch: int) -> int:
        await turns.wait()
        return 0

    job = worker.Job("waits", 3600, 5, waits, lanes=2)
    task = asyncio.create_task(worker.work(db, jobs=(job,)))
    async with asyncio.timeout(10):
        await turns.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.tampers
async def test_a_broken_law_is_logged_by_its_name(
    db: database.Database, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await owner.execute(
        "insert into ledger.position (bucket, owner_id, kind, asset, credited, version)"
        " values (1, gen_random_uuid(), 'honoured', 978, 5, 1)"
    )

    with structlog.testing.capture_logs() as logs:
        await worker.check_laws(db, 0)

    assert "value is conserved" in {entry["law"] for entry in logs}
