"""Tending draws: what the worker does by their dates, so that nobody has to be there.

It commits before a draw opens, changes a wheel's seed when its time or its spins are over, and
reveals the last one when it has closed; it freezes, draws and pays raffles. Each step may run
twice, late, or at once on two machines.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from wallet import errors
from wallet.database import Database
from wallet.draws import raffles, seeds, wheels
from wallet.progress import schemes
from wallet.rules.draws import definition

GRACE: Final = timedelta(minutes=1)
"""How long a wheel's last seed is kept after its end, for spins that are on their way."""

FAILURES: Final = (errors.Refusal, errors.Unavailable, asyncpg.PostgresError)
"""What may stand in one draw's way, and stops no other."""


@dataclass(slots=True)
class Tended:
    """How many wins were paid, and which draws, spins or tickets failed, with what."""

    paid: int = 0
    failures: dict[UUID, str] = field(default_factory=dict)

    def count(self, wins: dict[UUID, str | None]) -> None:
        """Add wins that were looked at; of each, what stood in the way, or None."""
        self.paid += sum(why is None for why in wins.values())
        self.failures |= {key: why for key, why in wins.items() if why is not None}


async def tend(db: Database, *, now: datetime | None = None) -> Tended:
    """Do what is due for every draw; one that fails stops no other."""
    moment = await schemes.moment(db, now)
    done = Tended()
    done.count(await wheels.sweep(db, now=now))
    # In this order: whoever begins a draw meanwhile has a seed that is seen, and it begins once.
    known = await seeds.known(db)
    secret = await seeds.secret(db)
    for draw_id, entry in moment.book.entries.items():
        held = entry.at(moment.at)
        try:
            if draw_id in secret:
                await _tend(db, moment, draw_id, secret[draw_id])
            elif held is not None and _coming(held, moment.at, begun=draw_id in known):
                assert isinstance(held.definition, definition.Draw)
                epoch = known.get(draw_id, 0) + 1
                await seeds.begin(db, draw_id, epoch, held.version_id, held.definition, moment.at)
                await _tend(db, moment, draw_id, await seeds.latest(db, draw_id))
        except FAILURES as problem:
            done.failures[draw_id] = f"{type(problem).__name__}: {problem}"
    for draw_id in await raffles.unplaced(db):
        try:
            await raffles.draw(db, draw_id=draw_id, now=now)
        except FAILURES as problem:
            done.failures[draw_id] = f"{type(problem).__name__}: {problem}"
    done.count(await raffles.pay(db, now=now))
    return done


def _coming(held: schemes.Published, at: datetime, *, begun: bool) -> bool:
    """True for a draw that is to begin, and for a wheel that was closed and is there again."""
    it = held.definition
    kind = definition.Wheel if begun else definition.Draw
    return isinstance(it, kind) and at < it.closes_at


async def _tend(
    db: Database, moment: schemes.Moment, draw_id: UUID, waiting: list[seeds.Seed]
) -> None:
    if waiting[0].kind == "raffle":
        raffle = seeds.definition_of(moment.book, draw_id, waiting[0].version_id)
        assert isinstance(raffle, definition.Raffle)
        await _raffle(db, moment, draw_id, raffle)
    else:
        await _wheel(db, moment, draw_id, waiting)


async def _wheel(
    db: Database, moment: schemes.Moment, draw_id: UUID, waiting: list[seeds.Seed]
) -> None:
    at, entry = moment.at, moment.book.entries[draw_id]
    held = entry.at(at)
    if held is None:
        ended = entry.versions[-1].valid_from
        if at >= ended + GRACE:
            await _close(db, draw_id, waiting, at)
        return
    wheel = held.definition
    assert isinstance(wheel, definition.Wheel)
    if at >= wheel.closes_at + GRACE:
        await _close(db, draw_id, waiting, at)
    elif wheel.opens_at <= at < wheel.closes_at:
        await seeds.roll(db, draw_id, held.version_id, wheel, at)


async def _close(db: Database, draw_id: UUID, waiting: list[seeds.Seed], at: datetime) -> None:
    """Reveal what is left, the seed that was never used too, unless a spin is owed its turn."""
    owed = await db.fetchval(
        "select exists (select 1 from ledger.spin where settled_at is null and draw_id = $1)",
        draw_id,
    )
    for one in [] if owed else waiting:
        await seeds.reveal(db, draw_id, one.epoch, at)


async def _raffle(
    db: Database, moment: schemes.Moment, draw_id: UUID, raffle: definition.Raffle
) -> None:
    ended = moment.book.entries[draw_id].at(moment.at) is None
    if moment.at < raffle.closes_at and not ended:
        return
    standing = await raffles.freeze(db, draw_id=draw_id, now=moment.at)
    # A value that was recorded before a crash is enough to go on with.
    known = raffle.randomness is None or standing.drawn_at is not None
    if moment.at >= raffle.draw_at and known:
        await raffles.draw(db, draw_id=draw_id, now=moment.at)
