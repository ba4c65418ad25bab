"""A board of a thousand members and of a million: the best of it, and where one member stands.

Two boards of each size: money, whose scores are spread over six decades, and purchases, of which
most members have the same few. A turn asks for members at places all over the board, warm. What
is compared with is the plain way to say a place: to count who stands above.
"""

import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

from bench import findings, rounds, server, stage
from wallet import database
from wallet.progress import rankings

BAR_MS = 10.0
ASKED = 100
"""Members who ask for their place, each of them once in a turn."""
COUNTED = 5
"""Of them, how many are counted the plain way: it takes long."""
MARCH = "2026-03"
MONEY, COUNTS = uuid.UUID(int=1), uuid.UUID(int=2)
PLAIN = (
    "select count(*) from coalition.board_score s, (select * from coalition.board_score"
    " where wallet_id = $3 and board_id = $1 and period = $2) m"
    " where s.board_id = $1 and s.period = $2 and (s.minus, s.slot, s.reached_at, s.wallet_id)"
    " < (m.minus, m.slot, m.reached_at, m.wallet_id)"
)
BANDS = (
    "insert into coalition.board_band select board_id, period, band, count(*)"
    " from coalition.board_score group by 1, 2, 3"
)
SLOTS = (
    "insert into coalition.board_slot select board_id, period, band, slot, count(*)"
    " from coalition.board_score where band < 128 group by 1, 2, 3, 4"
)

Ask = Callable[[database.Database, uuid.UUID, uuid.UUID], Awaitable[object]]


async def measure(on: stage.Stage) -> findings.Finding:
    """Milliseconds for each question; the ratios compare the larger board with the smaller."""
    finding = findings.Finding(
        "A board of a thousand and of a million", (__doc__ or "").partition("\n\n")[2].strip()
    )
    small, large = on.plan.board_members
    sides = [side for size in (small, large) for side in await _sides(on, size)]
    played = await on.play(sides)
    for result in played.values():
        times = rounds.Result(result.name, [1000 / rate for rate in result.rates], result.cpu_us)
        finding.add(times, "ms")
    for what in ("top 100", "place"):
        for kind in ("money", "purchases"):
            before, after = (played[f"{what}, {kind}, {size:,}"].median for size in (small, large))
            claim = f"{what} by {kind}: time of {large:,} members to that of {small:,}"
            finding.ratios.append(findings.Ratio(claim, before / after, "x"))
    for kind in ("money", "purchases"):
        plain, banded = (
            played[f"{what}, {kind}, {large:,}"].median for what in ("counted", "place")
        )
        claim = f"place by {kind} among {large:,}: by bands against counting"
        finding.ratios.append(findings.Ratio(claim, banded / plain, "x", 10.0))
    slowest = max(1000 / one.low for name, one in played.items() if not name.startswith("counted"))
    finding.notes.append(f"The slowest turn took {slowest:.2f} ms for each; wanted: {BAR_MS:g} ms.")
    return finding


async def _sides(on: stage.Stage, size: int) -> list[rounds.Side]:
    on.tick(f"filling boards of {size:,}")
    dsn = await on.on.create(f"boards_{size}")
    async with server.connect(dsn) as owner:
        for key, few in ((MONEY, False), (COUNTS, True)):
            await owner.execute(server.script("sql/board.sql"), key, size, few)
        await owner.execute(BANDS)
        await owner.execute(SLOTS)
        for table in ("score", "band", "slot"):
            await owner.execute(f"vacuum (analyze) coalition.board_{table}")
        asked = {
            key: [
                row[0]
                for row in await owner.fetch(
                    "select wallet_id from coalition.board_score where board_id = $1"
                    f" order by md5(wallet_id::text) limit {ASKED}",
                    key,
                )
            ]
            for key in (MONEY, COUNTS)
        }
    sides = []
    for kind, key in (("money", MONEY), ("purchases", COUNTS)):
        for what, ask, most in (
            ("top 100", _top, ASKED),
            ("place", _place, ASKED),
            ("counted", _counted, COUNTED),
        ):
            name = f"{what}, {kind}, {size:,}"
            sides.append(_side(name, dsn, ask, key, asked[key][:most]))
    return sides


def _side(
    name: str, dsn: str, ask: Ask, board_id: uuid.UUID, wallets: Sequence[uuid.UUID]
) -> rounds.Side:
    async def play() -> rounds.Turn:
        db = await database.Database.connect(dsn, size=1)
        try:
            for wallet_id in wallets[:COUNTED]:
                await ask(db, board_id, wallet_id)
            began = time.perf_counter()
            for wallet_id in wallets:
                await ask(db, board_id, wallet_id)
            return rounds.Turn(len(wallets), time.perf_counter() - began)
        finally:
            await db.close()

    return rounds.Side(name, play, dsn, None)


async def _top(db: database.Database, board_id: uuid.UUID, _wallet_id: uuid.UUID) -> None:
    assert await rankings.top(db, board_id, MARCH, first=rankings.TOP_MAX)


async def _place(db: database.Database, board_id: uuid.UUID, wallet_id: uuid.UUID) -> None:
    rows = await rankings.around(db, board_id, MARCH, wallet_id)
    assert any(row.wallet_id == wallet_id for row in rows)


async def _counted(db: database.Database, board_id: uuid.UUID, wallet_id: uuid.UUID) -> None:
    assert await db.fetchval(PLAIN, board_id, MARCH, wallet_id) is not None
