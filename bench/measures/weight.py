"""Bytes per movement: what goes into the write-ahead log, and what stays on disk.

The log is counted from its position before to its position after a known number of movements, by
many clients: rows, index entries, row locks, page clean-up, page splits, commits, everything but
full page images, which follow checkpoints and not movements. Payees are few, so that each position
exists already, and no vacuum runs meanwhile. Disk is the growth of all tables and indexes of the
schema.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import asyncpg

from bench import findings, pgbench, server, stage
from bench.measures import hot_merchant

BAR_BYTES = 900.0
PAYEES = 4
# The bench is alone on its server; on a given one, what others write would be counted too.
LOG = """
    select pg_current_wal_insert_lsn()::text as place, pg_current_wal_insert_lsn() - '0/0' as bytes,
           wal_records as records
      from pg_stat_wal
"""
VACUUMS = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'"
VACUUM_SECONDS_MAX = 20
DISK = """
    select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
     where relkind = 'r' and relnamespace = $1::regnamespace
"""


@dataclass(frozen=True, slots=True)
class _Weight:
    """Per movement: bytes of log without page images, its records, those images, bytes on disk."""

    log: float
    records: float
    images: float
    disk: float


async def measure(on: stage.Stage) -> findings.Finding:
    """Weigh each kind of movement once; bytes do not depend on how busy the machine is."""
    few = {**stage.donation(on).chances, "p": (0, PAYEES - 1)}
    bare = pgbench.Script(few, stage.donation(on, "bench.move").statements)
    verb = pgbench.Script(few, stage.donation(on).statements)
    peer = pgbench.Script({k: few[k] for k in "wp"}, stage.three_rows(on).statements)
    spend = hot_merchant.redemption(on, payees=PAYEES)
    finding = findings.Finding("Bytes per movement", (__doc__ or "").partition("\n\n")[2].strip())
    weights = {}
    for name, dsn, script, schema, table in (
        ("bare movement", on.peer, bare, "ledger", "transfer"),
        ("donation", on.wallet, verb, "ledger", "transfer"),
        ("redemption, two movements", on.wallet, spend, "ledger", "redemption"),
        ("three rows", on.peer, peer, "three_row", "transfer"),
    ):
        on.tick(name)
        weight = await _weigh(on, dsn, script, schema, table)
        weights[name] = weight
        for unit, value in (("B log", weight.log), ("B disk", weight.disk)):
            finding.figures.append(findings.Figure(name, value, value, value, unit))
        finding.notes.append(
            f"{name}: {weight.records:.1f} log records, and {weight.images:,.0f} B of page images,"
            " which are not counted."
        )
    ours, theirs = weights["bare movement"], weights["three rows"]
    lots = weights["donation"]
    finding.ratios = [
        findings.Ratio("log per movement without lots", ours.log, "B", BAR_BYTES, "at most"),
        findings.Ratio("log of three rows against the bare movement", theirs.log / ours.log, "x"),
        findings.Ratio("log of three rows against a donation", theirs.log / lots.log, "x"),
        findings.Ratio(
            "disk of three rows against the bare movement", theirs.disk / ours.disk, "x"
        ),
    ]
    return finding


async def _weigh(
    on: stage.Stage, dsn: str, script: pgbench.Script, schema: str, table: str
) -> _Weight:
    times, clients = on.plan.weighed, on.plan.clients
    count = f"select count(*) from {schema}.{table}"
    async with server.connect(dsn) as owner, _without_vacuum(on, owner):
        await owner.execute("vacuum")
        await owner.execute("checkpoint")
        await pgbench.run(on.on, dsn, script, clients=clients, times=times)
        rows, disk = await owner.fetchval(count), await owner.fetchval(DISK, schema)
        before = await owner.fetchrow(LOG)
        await pgbench.run(on.on, dsn, script, clients=clients, times=times)
        after = await owner.fetchrow(LOG)
        done = await owner.fetchval(count) - rows
        grown = float(await owner.fetchval(DISK, schema) - disk)
        assert before is not None
        assert after is not None
        images = await _image_bytes(owner, before["place"], after["place"])
    return _Weight(
        log=float(after["bytes"] - before["bytes"] - images) / done,
        records=(after["records"] - before["records"]) / done,
        images=float(images) / done,
        disk=grown / done,
    )


@contextlib.asynccontextmanager
async def _without_vacuum(on: stage.Stage, owner: server.Connection) -> AsyncIterator[None]:
    """No vacuum that starts by itself, in whatever database, or it would be counted too."""
    if on.on.folder is None:  # somebody else's server is left as it is
        yield
        return
    await owner.execute("alter system set autovacuum = off")
    await owner.execute("select pg_reload_conf()")
    try:
        for _ in range(VACUUM_SECONDS_MAX * 10):
            if not await owner.fetchval(VACUUMS):
                break
            await asyncio.sleep(0.1)
        yield
    finally:
        await owner.execute("alter system reset autovacuum")
        await owner.execute("select pg_reload_conf()")


async def _image_bytes(owner: server.Connection, begin: str, end: str) -> Decimal:
    """Bytes of the full page images between two places in the log; 0 where nothing can tell."""
    try:
        await owner.execute("create extension if not exists pg_walinspect")
    except asyncpg.PostgresError:
        return Decimal(0)
    # A commit that is flushed, after which the log can be read up to `end`.
    await owner.execute("set synchronous_commit = on")
    await owner.execute("select pg_logical_emit_message(true, 'bench', '')")
    found = await owner.fetchval(f"select sum(fpi_size) from pg_get_wal_stats('{begin}', '{end}')")
    return Decimal(found or 0)
