"""Budgets: caps that are never passed, given out to the buckets of the books in shares.

A budget is a pool (`coalition.budget`) and a share for each bucket (`ledger.budget_share`). A
purchase takes from its own bucket's share under the share's lock; `allot` moves more of the pool
into a share, and `recall` brings back what other buckets did not use. What was given is never more
than what was allotted, and that is never more than the cap, whoever races whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet import errors, ids, ledger, money, sql
from wallet.database import Database

Kind: TypeAlias = Literal["campaign", "merchant", "funder", "match"]
Fund: TypeAlias = tuple[UUID, int, int, list[int]]
"""A budget to be set: its id, the asset's number, the cap, and at which shares to warn."""
NO_FUND: Final = (None, None, None, None)

RECALL_TRIES_MAX: Final = 3
"""How often a lower cap waits for shares that fill again while they are recalled."""

ALERTS_MAX: Final = 1000
"""Warnings of one run; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands: its cap, what was given and not taken back, and what is left."""

    cap_minor: int
    given_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A budget of which `bps` have been given: told once."""

    budget_id: UUID
    kind: Kind
    subject_id: UUID
    asset: money.Asset
    bps: int
    cap_minor: int
    given_minor: int


def budget_id(kind: Kind, subject_id: UUID, asset: money.Asset) -> UUID:
    """The id of the one budget of a subject in an asset: the same for ever, whoever asks."""
    return ids.fingerprint("budget", kind, subject_id, asset.number)


async def fund(
    db: Database,
    *,
    kind: Kind,
    subject_id: UUID,
    asset: money.Asset,
    cap_minor: int,
    alerts: Sequence[int] = (),
) -> Fund:
    """Make room for a budget that is set together with what it pays for; BUDGET_TOO_SMALL."""
    budget = budget_id(kind, subject_id, asset)
    await _make_room(db, budget, cap_minor=cap_minor, asset=asset)
    return budget, asset.number, cap_minor, sorted(set(alerts))


async def set_cap(
    db: Database,
    *,
    kind: Kind,
    subject_id: UUID,
    asset: money.Asset,
    cap_minor: int,
    alerts: Sequence[int] = (),
) -> UUID:
    """Set a subject's budget, the first or another one; `alerts` are in basis points.

    BUDGET_TOO_SMALL if it is below what has been given already: shares that are not used are
    recalled before.
    """
    budget = budget_id(kind, subject_id, asset)
    for _ in range(RECALL_TRIES_MAX):
        found = await fund(
            db, kind=kind, subject_id=subject_id, asset=asset, cap_minor=cap_minor, alerts=alerts
        )
        if await db.fetchval(sql.load("queries/budget_set"), budget, kind, subject_id, *found[1:]):
            return budget
    raise await _too_small(db, budget, asset)


async def _make_room(db: Database, budget: UUID, *, cap_minor: int, asset: money.Asset) -> None:
    """Recall shares until no more than a new cap is allotted; BUDGET_TOO_SMALL if it was given."""
    if not 0 <= cap_minor <= money.AMOUNT_MAX_MINOR:
        raise errors.AmountInvalid(path=("budget",))
    for _ in range(RECALL_TRIES_MAX):
        allotted = await db.fetchval(
            "select allotted_minor from coalition.budget where budget_id = $1", budget
        )
        if (allotted or 0) <= cap_minor:
            return
        await recall(db, budget)
    raise await _too_small(db, budget, asset)


async def _too_small(db: Database, budget: UUID, asset: money.Asset) -> errors.BudgetTooSmall:
    given = (await standing(db, [budget]))[budget].given_minor
    return errors.BudgetTooSmall(path=("budget",), given_minor=given, asset=asset.code)


async def allot(db: Database, budget: UUID, *, bucket: int, need_minor: int) -> int:
    """Move more of the pool into a bucket's share; returns what was moved.

    It is what is needed or a 512th of what is left, whichever is more, and at most what is left.
    """
    answer = await db.call("select ledger.budget_allot($1, $2, $3)", bucket, budget, need_minor)
    return int(answer["moved_minor"])


async def recall(db: Database, budget: UUID, *, keep_bucket: int | None = None) -> int:
    """Bring back what all buckets but `keep_bucket` did not use; returns what came back."""
    rows = await db.fetch(
        "select bucket from ledger.budget_share where bucket = any ($1) and budget_id = $2"
        " and allotted > consumed order by allotted - consumed desc, bucket",
        [bucket for bucket in ledger.ALL_BUCKETS if bucket != keep_bucket],
        budget,
    )
    moved = 0
    for row in rows:
        answer = await db.call("select ledger.budget_recall($1, $2)", row["bucket"], budget)
        moved += int(answer["moved_minor"])
    return moved


async def provide(db: Database, budget: UUID, *, bucket: int, need_minor: int) -> int:
    """Bring `need_minor` into a bucket's share, if there is so much; returns what lies there.

    First from the pool, then from the shares of other buckets. Less than was asked is all there is
    for the moment; another purchase may still be faster.
    """
    there = await _unconsumed(db, budget, bucket)
    if there < need_minor:
        there += await allot(db, budget, bucket=bucket, need_minor=need_minor - there)
    if there < need_minor:
        await recall(db, budget, keep_bucket=bucket)
        await allot(db, budget, bucket=bucket, need_minor=need_minor - there)
        there = await _unconsumed(db, budget, bucket)
    return there


async def room(db: Database, budgets: Sequence[UUID], *, bucket: int) -> dict[UUID, int]:
    """What a bucket can give of each budget without a recall: its share and the pool's rest."""
    rows = await db.fetch(sql.load("queries/budget_room"), bucket, list(budgets))
    return {row["budget_id"]: row["room_minor"] for row in rows}


async def standing(db: Database, budgets: Sequence[UUID]) -> dict[UUID, Standing]:
    """How each of these budgets stands; one that does not exist is left out."""
    rows = await db.fetch(sql.load("queries/budget_standing"), list(budgets), ledger.ALL_BUCKETS)
    return {
        row["budget_id"]: Standing(
            row["cap_minor"], row["given_minor"], row["cap_minor"] - row["given_minor"]
        )
        for row in rows
    }


async def alert(db: Database, *, now: datetime | None = None) -> list[Alert]:
    """Put on record which warnings are due, each once, and return them for whoever must be told."""
    rows = await db.fetch(sql.load("queries/budget_alert"), ledger.ALL_BUCKETS, now, ALERTS_MAX)
    return [
        Alert(
            row["budget_id"],
            row["kind"],
            row["subject_id"],
            money.asset_by_number(row["asset"]),
            row["bps"],
            row["cap_minor"],
            row["given_minor"],
        )
        for row in rows
    ]


async def _unconsumed(db: Database, budget: UUID, bucket: int) -> int:
    return int(
        await db.fetchval(
            "select coalesce(max(allotted - consumed), 0) from ledger.budget_share"
            " where bucket = $1 and budget_id = $2",
            bucket,
            budget,
        )
    )
