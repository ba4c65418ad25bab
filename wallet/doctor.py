"""The doctor: is this installation sound? Its answers are a list of findings, good and bad.

It checks the tables' version, the application's privileges, the guards, the laws and what waits.
Everything is read-only, so it may run on a busy system.
"""

from dataclasses import dataclass, replace

import asyncpg

from wallet import laws, migrate, sql


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, and what was seen.

    What is not `grave` needs somebody's eye and no more: the books are sound.
    """

    well: bool
    what: str
    seen: str
    grave: bool = True


async def examine(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Finding]:
    """Look at everything, in the order in which a person would mend it."""
    findings = [
        await _ask(connection, "PostgreSQL is 15 or newer", "doctor/server"),
        await _ask(connection, "the tables are migrated", "doctor/migration", migrate.newest()),
        await _ask(connection, "commits are durable", "doctor/durable"),
        await _ask(
            connection, "the application cannot write the books itself", "doctor/privileges"
        ),
        await _ask(connection, "posted rows are guarded against change", "doctor/guards"),
        await _ask(connection, "every key of the books begins with the bucket", "doctor/keys"),
        replace(await _ask(connection, "a worker is at work", "doctor/waiting"), grave=False),
        replace(
            await _ask(connection, "no order waits for a person", "doctor/orders"), grave=False
        ),
    ]
    breaches = {breach.law: breach for breach in await laws.check(connection)}
    for name in sql.names("laws"):
        law = laws.title(name)
        breach = breaches.get(law)
        seen = "holds" if breach is None else f"broken, e.g. {breach.rows[0]}"
        findings.append(Finding(breach is None, f"law: {law}", seen))
    return findings


async def _ask(
    connection: "asyncpg.Connection[asyncpg.Record]", what: str, query: str, *arguments: str
) -> Finding:
    """Run a query that answers (well, seen) in one row."""
    row = await connection.fetchrow(sql.load(query), *arguments)
    assert row is not None
    return Finding(bool(row["well"]), what, str(row["seen"]))
