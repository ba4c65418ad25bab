"""Seeds of draws: committed to before their use, opened, replaced, and revealed at their end.

The database makes and keeps them; here is decided when. A wheel always has the commitment to its
next seed published while the present one is used. All of it may be done twice, or by two at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wallet import ids
from wallet.database import Database
from wallet.progress import schemes
from wallet.rules.draws import definition, sampler

EPOCHS_MAX: Final = 5_000
"""Epochs of one draw in an export: a new one each hour for half a year."""

_SELECT: Final = (
    "select draw_id, epoch, kind, commitment, committed_at, version_id, definition_sha256,"
    " opened_at, closed_at, seed, spins from coalition.draw_seed"
)


@dataclass(frozen=True, slots=True)
class Seed:
    """One epoch of a draw; `seed` is None until it is revealed."""

    draw_id: UUID
    epoch: int
    kind: str
    commitment: bytes
    committed_at: datetime
    version_id: UUID | None
    definition_sha256: bytes | None
    opened_at: datetime | None
    closed_at: datetime | None
    seed: bytes | None
    spins: int

    @property
    def open(self) -> bool:
        """True while it is used."""
        return self.opened_at is not None and self.closed_at is None


async def of(db: Database, draw_id: UUID) -> list[Seed]:
    """The epochs of a draw, the first first; one more than EPOCHS_MAX where there are too many."""
    rows = await db.fetch(
        f"{_SELECT} where draw_id = $1 order by epoch limit $2", draw_id, EPOCHS_MAX + 1
    )
    return [Seed(**dict(row)) for row in rows]


async def latest(db: Database, draw_id: UUID) -> list[Seed]:
    """The epochs that are used or will be."""
    rows = await db.fetch(
        f"{_SELECT} where draw_id = $1 and seed is null order by epoch limit $2", draw_id, 5
    )
    return [Seed(**dict(row)) for row in rows]


async def known(db: Database) -> dict[UUID, int]:
    """The last epoch of each draw that was ever committed to."""
    rows = await db.fetch("select draw_id, max(epoch) as epoch from coalition.draw_seed group by 1")
    return {row["draw_id"]: row["epoch"] for row in rows}


async def secret(db: Database) -> dict[UUID, list[Seed]]:
    """The epochs of all draws whose seed is not revealed."""
    rows = await db.fetch(
        f"{_SELECT} where seed is null order by draw_id, epoch limit $1",
        schemes.SCHEMES_MAX * 2,
    )
    found: dict[UUID, list[Seed]] = {}
    for row in rows:
        found.setdefault(row["draw_id"], []).append(Seed(**dict(row)))
    return found


async def commit(db: Database, draw_id: UUID, epoch: int, kind: str, at: datetime) -> None:
    """Make the seed of an epoch and publish its hash, unless that was done."""
    await db.call("select coalition.commit_seed($1, $2, $3, $4)", draw_id, epoch, kind, at)


async def begin(
    db: Database,
    draw_id: UUID,
    epoch: int,
    version_id: UUID,
    draw: definition.Draw,
    at: datetime,
) -> None:
    """Commit to the next seed of a draw. A raffle goes by this version of it from now on."""
    if isinstance(draw, definition.Raffle):
        await commit(db, draw_id, epoch, "raffle", at)
        await _open(db, draw_id, epoch, version_id, draw, at)
    else:
        await commit(db, draw_id, epoch, "wheel", at)
        await commit(db, draw_id, epoch + 1, "wheel", at)


async def roll(
    db: Database, draw_id: UUID, version_id: UUID, wheel: definition.Wheel, at: datetime
) -> None:
    """See to it that a wheel has an open epoch that is not over, by this version of it."""
    waiting = await latest(db, draw_id)
    current = next((one for one in waiting if one.open), None)
    if current is not None:
        if not _over(current, version_id, wheel, at):
            return
        await reveal(db, draw_id, current.epoch, at)
    following = [one for one in waiting if one.opened_at is None]
    if following:
        epoch = following[0].epoch
    else:
        epoch = 1 + await db.fetchval(
            "select coalesce(max(epoch), 0) from coalition.draw_seed where draw_id = $1", draw_id
        )
        await commit(db, draw_id, epoch, "wheel", at)
    await _open(db, draw_id, epoch, version_id, wheel, at)
    await commit(db, draw_id, epoch + 1, "wheel", at)


async def reveal(db: Database, draw_id: UUID, epoch: int, at: datetime) -> None:
    """Close an epoch and publish its seed."""
    await db.call("select coalition.reveal_seed($1, $2, $3)", draw_id, epoch, at)


def definition_of(
    book: schemes.Book, draw_id: UUID, version_id: UUID | None
) -> definition.Draw | None:
    """The definition that an epoch goes by; None for no draw, or before it is opened."""
    entry = book.entries.get(draw_id)
    version = None if entry is None else entry.version(version_id)
    if version is None or not isinstance(version.definition, definition.Draw):
        return None
    return version.definition


async def _open(
    db: Database,
    draw_id: UUID,
    epoch: int,
    version_id: UUID,
    draw: definition.Draw,
    at: datetime,
) -> None:
    await db.call(
        "select coalition.open_epoch($1, $2, $3, $4, $5)",
        draw_id,
        epoch,
        version_id,
        bytes.fromhex(sampler.definition_hash(draw.shown())),
        at,
    )


def _over(seed: Seed, version_id: UUID, wheel: definition.Wheel, at: datetime) -> bool:
    assert seed.opened_at is not None
    return (
        seed.spins >= wheel.epochs.spins
        or at - seed.opened_at >= timedelta(hours=wheel.epochs.hours)
        or seed.version_id != version_id
    )


def text(draw_id: UUID) -> str:
    """A draw's id as it stands in messages and exports."""
    return ids.show("sch", draw_id)
