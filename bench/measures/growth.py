"""One redemption in a small ledger and in a large one: what it costs when the books have grown.

Each database holds whole books: members with twenty movements of history, of which two lots are
open. One client redeems, a code, a hold and a capture at a time, and the mean time of the three is
told, with every commit flushed and once more without waiting for the disk, which shows the work
alone. Twice: by the same number of members in each, warm, as the members that are shopping today
are; and by anybody, where the larger one also pays for pages that nobody had touched.
"""

import asyncpg

from bench import coalition, findings, pgbench, rounds, server, stage
from bench.measures import hot_merchant
from wallet import laws

BAR_PERCENT = 10.0
SPENT, OPEN = 9, 2
ROWS_EACH = 2 * SPENT + OPEN
CENTS = 10_000
PAYEES = 20


async def measure(on: stage.Stage) -> findings.Finding:
    """Milliseconds per redemption; the ratios compare each size with the smallest."""
    sizes = {rows: await _books(on, rows) for rows in on.plan.ledger_rows}
    shopping = min(sizes) // ROWS_EACH
    finding = findings.Finding(
        "A redemption as the ledger grows", (__doc__ or "").partition("\n\n")[2].strip()
    )
    sides = []
    for rows, dsn in sizes.items():
        step = rows // ROWS_EACH // shopping
        warm = _by_few(on, shopping, step)
        await pgbench.run(on.on, dsn, warm, clients=1, times=4 * shopping)
        sides.append(_side(on, f"{rows:,} rows", dsn, warm))
        sides.append(_side(on, f"{rows:,} rows, work alone", _hurried(dsn), warm))
    anybody = [
        _side(
            on,
            f"{rows:,} rows, anybody",
            dsn,
            hot_merchant.redemption(on, payees=PAYEES, wallets=rows // ROWS_EACH),
        )
        for rows, dsn in sizes.items()
    ]
    played = await on.play(sides)
    played |= await on.play(anybody)
    for result in played.values():
        # A rate of one client turned over is the time that each redemption took.
        times = rounds.Result(result.name, [1000 / rate for rate in result.rates], result.cpu_us)
        finding.add(times, "ms")
    small, *larger = sizes
    for rows in larger:
        for ending, bar in (("", BAR_PERCENT), (", work alone", BAR_PERCENT), (", anybody", None)):
            before = played[f"{small:,} rows{ending}"].median
            after = played[f"{rows:,} rows{ending}"].median
            finding.ratios.append(
                findings.Ratio(
                    f"growth from {small:,} to {rows:,} rows{ending}",
                    100 * (before / after - 1),
                    "%",
                    bar,
                    "at most",
                )
            )
    for rows in larger:
        few, many = (played[f"{size:,} rows, work alone"].cpu for size in (small, rows))
        if few and many:
            claim = f"growth from {small:,} to {rows:,} rows, by processor time"
            finding.ratios.append(findings.Ratio(claim, 100 * (many / few - 1), "%"))
    for rows, dsn in sizes.items():
        connection = await asyncpg.connect(dsn)
        try:
            breaches = await laws.check(connection)
        finally:
            await connection.close()
        assert not breaches, breaches
        finding.notes.append(f"{rows:,} rows: every law holds after the run.")
    return finding


def _by_few(on: stage.Stage, shopping: int, step: int) -> pgbench.Script:
    """Redemptions by `shopping` members that lie `step` apart, so over all of the books."""
    script = hot_merchant.redemption(on, payees=PAYEES, wallets=shopping)
    statements = tuple(one.replace(":w", f"(:w * {step})::bigint") for one in script.statements)
    return pgbench.Script(script.chances, statements)


def _side(on: stage.Stage, name: str, dsn: str, script: pgbench.Script) -> rounds.Side:
    async def play() -> rounds.Turn:
        return await pgbench.run(on.on, dsn, script, clients=1, times=on.plan.redemptions)

    return rounds.Side(name, play, dsn, hot_merchant.CAPTURED)


async def _books(on: stage.Stage, rows: int) -> str:
    on.tick(f"filling {rows:,} rows")
    dsn = await on.on.create(f"rows_{rows}")
    await coalition.found(dsn, payees=1)
    await coalition.fill(dsn, wallets=rows // ROWS_EACH, spent=SPENT, lots=OPEN, amount_minor=CENTS)
    async with server.connect(dsn) as owner:
        assert rows == await owner.fetchval(stage.TRANSFERS)
    return dsn


def _hurried(dsn: str) -> str:
    mark = "&" if "?" in dsn else "?"
    return f"{dsn}{mark}options=-csynchronous_commit%3Doff"
