"""Sealing: a hash chain over the transfers, bucket by bucket, made away from the posting path.

A seal records a range of posting time: the id and a digest of each row, and a head that covers
them, the range and the head before. Ranges join without a gap and are the same for all buckets
that have rows in them, so both sealing and verifying read the transfers once, in the order of time.
`verify` names every row that was changed, removed, added or moved, and every seal that does not
follow. What is not sealed yet is covered by the laws. Whoever may rewrite rows *and* rebuild all
seals is found only by a root that was printed before.
"""

import asyncio
import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import asyncpg

from wallet import ids, laws, ledger, sql
from wallet.database import Database

LAG: Final = timedelta(minutes=2)
"""Younger rows are left alone: twice the longest statement timeout, so that whoever could still
add a row to a range has ended, and so that a clock set back by a minute does no harm."""

ROWS_MAX: Final = 10_000
"""Rows of one range, over all buckets: what one statement hashes, and what memory holds."""

COUNT_MAX: Final = 1_000_000
"""How far a backlog is counted; its range is then cut in proportion."""

SPAN_MIN: Final = timedelta(milliseconds=1)
"""The shortest range; it is sealed even if it holds more than the limit."""

WAITS_MAX: Final = 60
"""Seconds to wait for writers; a later run finds the same rows."""

FINDINGS_MAX: Final = 1_000
"""Findings told: enough to see what happened, few enough to read."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Where each bucket's first range begins."""

ID_BYTES: Final = 16
DIGEST_BYTES: Final = 16  # 128 bits: no second row with the same digest can be made.
LEAF_BYTES: Final = ID_BYTES + DIGEST_BYTES

FIRST_HEAD: Final = hashlib.sha256(b"commonpurse seal 1").digest()
"""What the first seal of every bucket follows; the number is the format's."""

Kind: TypeAlias = Literal[
    "row_altered", "row_missing", "row_moved", "row_added",
    "seal_missing", "seal_broken", "seal_gap", "root", "law",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seal:
    """One sealed range of one bucket: rows with sealed_from <= posted_at < sealed_until."""

    bucket: int
    number: int
    sealed_from: datetime
    sealed_until: datetime
    rows: int
    leaves: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a bucket's chain ends; `rebuilt` is the head as its content says it should be."""

    number: int
    until: datetime
    head: bytes
    rebuilt: bytes


FIRST: Final = Tip(0, EPOCH, FIRST_HEAD, FIRST_HEAD)


@dataclass(frozen=True, slots=True)
class Root:
    """One line for a statement: the hash over all heads of the books sealed until an instant."""

    sealed_until: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the books: what, where, and a sentence for a person."""

    kind: Kind
    sentence: str
    bucket: int | None = None
    number: int | None = None
    transfer_id: UUID | None = None


async def seal(
    db: Database,
    *,
    now: datetime | None = None,
    lag: timedelta = LAG,
    limit: int = ROWS_MAX,
) -> int:
    """Seal all that was posted before `now - lag`, in ranges of about `limit` rows; say how many.

    Running it twice, late, or at once on two machines is harmless: one of them goes on.
    """
    assert limit > 0
    look = await db.fetchrow(sql.load("queries/seal_horizon"), now, lag)
    assert look is not None
    if not await _ended(db, look["writers"]):
        return 0
    async with db.bulk_pool.acquire() as connection:
        return await _seal_until(connection, look["horizon"], limit)


async def verify(
    source: "Database | laws.Connection",
    *,
    progress: Callable[[int], None] | None = None,
    printed: Iterable[Root] = (),
) -> list[Finding]:
    """Recompute every seal from the rows, then ask the laws; the empty list is what must come back.

    `progress` is told how many rows were checked so far. `printed` are roots from statements.
    Reads one snapshot and writes nothing, so it may run on a replica. At most `FINDINGS_MAX`.
    """
    if isinstance(source, Database):
        async with source.bulk_pool.acquire() as connection:
            return await verify(connection, progress=progress, printed=printed)
    findings: list[Finding] = []
    expected = {root.sealed_until: root.digest for root in printed}
    tips: dict[int, Tip] = {}
    low: datetime | None = None
    rows = 0
    async with source.transaction(isolation="repeatable_read", readonly=True):
        async for window in source.cursor(sql.load("queries/seal_windows")):
            until = window["sealed_until"]
            named = (window["buckets"], window["numbers"])
            seals = [
                Seal(**row) for row in await source.fetch(sql.load("queries/seal_window"), *named)
            ]
            found = await source.fetch(sql.load("queries/seal_leaves"), low, until)
            findings += _chain(tips, seals)
            findings += await _sought(source, _compare(seals, found))
            findings += _printed(tips, expected.pop(until, None), until)
            low = until
            rows += sum(row["rows"] for row in found)
            if progress is not None:
                progress(rows)
            if len(findings) >= FINDINGS_MAX:
                break
        else:
            findings += [_no_such_root(until) for until in expected]
    return findings[:FINDINGS_MAX] + await _breaches(source)


async def heads(db: Database) -> dict[int, tuple[int, str]]:
    """The end of each bucket's chain: bucket, then the last seal's number and its head in hex."""
    tips = await _tips(db)
    return {bucket: (tip.number, tip.head.hex()) for bucket, tip in tips.items()}


async def root(db: Database) -> Root | None:
    """The root of the books as sealed so far, to be printed on statements; None before a seal."""
    tips = await _tips(db)
    if not tips:
        return None
    return Root(max(tip.until for tip in tips.values()), _root(tips))


async def _ended(db: Database, writers: list[str]) -> bool:
    # The lag is longer than any statement may run, but not than a commit that waits for a standby,
    # or a session without timeouts. So those who were writing are waited for by name.
    for _ in range(WAITS_MAX):
        if not writers or not await db.fetchval(sql.load("queries/seal_writers"), writers):
            return True
        await asyncio.sleep(1)
    return False


async def _seal_until(connection: laws.Connection, horizon: datetime, limit: int) -> int:
    tips = await _tips(connection)
    # Every run seals all buckets together, so before the latest end nothing is left in any bucket.
    low = max((tip.until for tip in tips.values()), default=None)
    if low is None:
        low = await connection.fetchval(sql.load("queries/seal_oldest"))
    if low is None or low >= horizon:
        return 0
    sealed = 0
    span = widest = horizon - low
    while low < horizon:
        until = min(low + span, horizon)
        rows = await connection.fetchval(sql.load("queries/seal_count"), low, until, COUNT_MAX)
        if rows > limit and span > SPAN_MIN:
            # Three quarters of a fair share, because rows do not come evenly.
            span = max(span * (3 * limit) // (4 * rows), SPAN_MIN)
            continue
        if rows and not await _seal_range(connection, tips, low=low, until=until):
            break
        sealed += rows
        low = until
        if 2 * rows < limit:
            span = min(2 * span, widest)
    return sealed


async def _seal_range(
    connection: laws.Connection, tips: dict[int, Tip], *, low: datetime, until: datetime
) -> bool:
    found = await connection.fetch(sql.load("queries/seal_leaves"), low, until)
    seals = [_next(tips.get(row["bucket"], FIRST), row, until) for row in found]
    columns = (
        [getattr(one, name) for one in seals]
        for name in ("bucket", "number", "sealed_from", "sealed_until", "rows", "leaves", "head")
    )
    try:
        await connection.execute(sql.load("queries/seal_insert"), *columns)
    except asyncpg.UniqueViolationError:
        # Another worker sealed from the same place. Its rows and ours overlap, because of two
        # ranges with one start the shorter lies in the longer; so all of ours are refused.
        return False
    for one in seals:
        tips[one.bucket] = Tip(one.number, one.sealed_until, one.head, one.head)
    return True


def _next(tip: Tip, row: asyncpg.Record, until: datetime) -> Seal:
    fresh = Seal(row["bucket"], tip.number + 1, tip.until, until, row["rows"], row["leaves"], b"")
    return replace(fresh, head=_head(tip.head, fresh))


def _head(previous: bytes, one: Seal) -> bytes:
    start = (one.sealed_from - EPOCH) // timedelta(microseconds=1)
    end = (one.sealed_until - EPOCH) // timedelta(microseconds=1)
    facts = struct.pack(">hqqqq", one.bucket, one.number, start, end, one.rows)
    return hashlib.sha256(previous + facts + one.leaves).digest()


async def _tips(source: "Database | laws.Connection") -> dict[int, Tip]:
    rows = await source.fetch(sql.load("queries/seal_tips"), ledger.ALL_BUCKETS)
    return {
        row["bucket"]: Tip(row["number"], row["sealed_until"], row["head"], row["head"])
        for row in rows
    }


def _root(tips: Mapping[int, Tip]) -> str:
    lines = sorted((bucket, tip.number, tip.head) for bucket, tip in tips.items())
    parts = [struct.pack(">hq", bucket, number) + head for bucket, number, head in lines]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _chain(tips: dict[int, Tip], seals: list[Seal]) -> list[Finding]:
    """Check that each seal follows the one before it, and move the tips on to it."""
    findings = []
    for one in seals:
        tip = tips.get(one.bucket, FIRST)
        if one.number <= tip.number:
            findings.append(_of("seal_broken", one, f"ends later than seal {tip.number}"))
            continue
        rebuilt = _head(tip.head, one)
        if one.number > tip.number + 1:
            findings += _missing(one, tip)
            rebuilt = one.head  # What it follows is gone: it can not be judged, the next one can.
        elif one.sealed_from != tip.until:
            findings.append(_of("seal_gap", one, f"does not begin where seal {tip.number} ends"))
        # Where only the head before was overwritten, this seal still follows what it was.
        if one.head not in (rebuilt, _head(tip.rebuilt, one)):
            findings.append(_of("seal_broken", one, "was changed: its head does not follow"))
        tips[one.bucket] = Tip(one.number, one.sealed_until, one.head, rebuilt)
    return findings


def _missing(one: Seal, tip: Tip) -> list[Finding]:
    gone = range(tip.number + 1, min(one.number, tip.number + 1 + FINDINGS_MAX))
    return [
        Finding("seal_missing", f"Seal {nth} of bucket {one.bucket} is gone.", one.bucket, nth)
        for nth in gone
    ]


def _compare(seals: list[Seal], found: list[asyncpg.Record]) -> list[Finding]:
    """Hold the rows of one range, as they are now, against the seals that end it."""
    standing: dict[int, bytes] = {row["bucket"]: row["leaves"] for row in found}
    findings = []
    for one in seals:
        now = standing.pop(one.bucket, b"")
        if now != one.leaves:
            findings += _differences(one, now)
    for bucket, leaves in standing.items():
        findings += [_row("row_added", bucket, transfer_id) for transfer_id in _leaves(leaves)]
    return findings


def _differences(one: Seal, now: bytes) -> list[Finding]:
    then, standing = _leaves(one.leaves), _leaves(now)
    findings = [
        _row(
            "row_altered" if transfer_id in standing else "row_missing",
            one.bucket,
            transfer_id,
            one.number,
        )
        for transfer_id, digest in then.items()
        if standing.get(transfer_id) != digest
    ]
    findings += [
        _row("row_added", one.bucket, other, one.number) for other in standing if other not in then
    ]
    # The order follows from posted_at, which the digests cover: rows alone cannot change it.
    return findings or [_of("seal_broken", one, "lists its rows in another order")]


def _leaves(leaves: bytes) -> dict[UUID, bytes]:
    starts = range(0, len(leaves) - LEAF_BYTES + 1, LEAF_BYTES)
    return {
        UUID(bytes=leaves[at : at + ID_BYTES]): leaves[at + ID_BYTES : at + LEAF_BYTES]
        for at in starts
    }


async def _sought(connection: laws.Connection, findings: list[Finding]) -> list[Finding]:
    """Look for rows that are not where they were sealed: removed, or only moved in time."""
    gone = [finding for finding in findings if finding.kind == "row_missing"]
    if not gone:
        return findings
    rows = await connection.fetch(
        sql.load("queries/seal_standing"),
        [finding.bucket for finding in gone],
        [finding.transfer_id for finding in gone],
    )
    moved = {row["transfer_id"] for row in rows}
    return [
        _row("row_moved", finding.bucket, finding.transfer_id, finding.number)
        if finding.kind == "row_missing" and finding.transfer_id in moved
        else finding
        for finding in findings
    ]


_ROW_SENTENCES: Final[dict[Kind, str]] = {
    "row_altered": "was changed after it was sealed",
    "row_missing": "was sealed and is gone",
    "row_moved": "was sealed, and its posted_at was changed",
    "row_added": "stands in a range that was sealed without it",
}


def _row(
    kind: Kind, bucket: int | None, transfer_id: UUID | None, number: int | None = None
) -> Finding:
    assert transfer_id is not None
    sentence = f"Transfer {ids.show('mov', transfer_id)} {_ROW_SENTENCES[kind]}."
    return Finding(kind, sentence, bucket, number, transfer_id)


def _of(kind: Kind, one: Seal, what: str) -> Finding:
    return Finding(
        kind, f"Seal {one.number} of bucket {one.bucket} {what}.", one.bucket, one.number
    )


def _printed(tips: Mapping[int, Tip], digest: str | None, until: datetime) -> list[Finding]:
    if digest is None or digest == _root(tips):
        return []
    return [Finding("root", f"The root printed for {until.isoformat()} was another one.")]


def _no_such_root(until: datetime) -> Finding:
    return Finding("root", f"A root was printed for {until.isoformat()}, where no seal ends now.")


async def _breaches(connection: laws.Connection) -> list[Finding]:
    findings = []
    for breach in await laws.check(connection):
        for row in breach.rows:
            facts = ", ".join(f"{name} {value}" for name, value in row.items())
            bucket, transfer_id = row.get("bucket"), row.get("transfer_id")
            findings.append(
                Finding(
                    "law",
                    f"It does not hold that {breach.law}: {facts}.",
                    bucket if isinstance(bucket, int) else None,
                    None,
                    transfer_id if isinstance(transfer_id, UUID) else None,
                )
            )
    return findings
