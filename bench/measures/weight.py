"""Bytes per movement: what goes into the write-ahead log, and what stays on disk.

The log is counted from its position before to its position after a known number of movements, by
many clients, with commits: rows, index entries, row locks, page clean-up, everything. Before that
every page in use has been written since the last checkpoint, so that full page images, which depend
on checkpoints and not on movements, stay out; what came in all the same is told. Payees are few, so
that each position exists already. Disk is the growth of all tables and indexes of the schema.
"""

from dataclasses import dataclass

from bench import findings, pgbench, server, stage
from bench.measures import hot_merchant

BAR_BYTES = 900.0
PAYEES = 4
# The bench is alone on its server; on a given one, what others write would be counted too.
LOG = """
    select pg_current_wal_insert_lsn() - '0/0' as place, wal_records as records, wal_fpi as images
      from pg_stat_wal
"""
DISK = """
    select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
     where relkind = 'r' and relnamespace = $1::regnamespace
"""


@dataclass(frozen=True, slots=True)
class _Weight:
    """Per movement: bytes of log, records of log, full page images, bytes on disk."""

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
            f"{name}: {weight.records:.1f} log records and {weight.images:.3f} full page images."
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
    async with server.connect(dsn) as owner:
        # A vacuum that started by itself in between would be counted too.
        for name in await owner.fetch(
            "select oid::regclass::text from pg_class where relkind = 'r'"
            " and relnamespace = $1::regnamespace",
            schema,
        ):
            await owner.execute(f"alter table {name[0]} set (autovacuum_enabled = off)")
        await owner.execute("vacuum")
        await owner.execute("checkpoint")
        await pgbench.run(on.on, dsn, script, clients=clients, times=times)
        count = f"select count(*) from {schema}.{table}"
        rows, disk = await owner.fetchval(count), await owner.fetchval(DISK, schema)
        before = await owner.fetchrow(LOG)
        await pgbench.run(on.on, dsn, script, clients=clients, times=times)
        after = await owner.fetchrow(LOG)
        done = await owner.fetchval(count) - rows
        assert before is not None
        assert after is not None
        grown = float(await owner.fetchval(DISK, schema) - disk)
        for name in await owner.fetch(
            "select oid::regclass::text from pg_class where relkind = 'r'"
            " and relnamespace = $1::regnamespace",
            schema,
        ):
            await owner.execute(f"alter table {name[0]} reset (autovacuum_enabled)")
    return _Weight(
        log=float(after["place"] - before["place"]) / done,
        records=(after["records"] - before["records"]) / done,
        images=(after["images"] - before["images"]) / done,
        disk=grown / done,
    )
