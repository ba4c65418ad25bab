"""What is published of a draw, out of the books: for anybody, with nothing personal in it."""

from typing import Any, Final
from uuid import UUID

import asyncpg

from wallet import errors, ids
from wallet.database import Database
from wallet.draws import gathering, seeds
from wallet.progress import schemes
from wallet.rules.draws import definition, record

TURNS_MAX: Final = 500_000
"""Spins of one export, some 100 MB of text; a wheel that is spun more often needs a shorter life.
"""

TURNS_PAGE: Final = 20_000
"""Spins that one statement reads: well within the time that a statement has."""


async def export(db: Database, draw_id: UUID) -> record.Record:
    """All that is published of a draw. NOT_FOUND for none, or before its first commitment.

    TOO_MANY for a wheel with more spins or epochs than one export may hold.
    """
    moment = await schemes.moment(db)
    draw = gathering.draw_of(moment, draw_id)
    epochs = await seeds.of(db, draw_id)
    if not epochs:
        raise errors.NotFound()
    if isinstance(draw, definition.Wheel):
        return await _wheel(db, moment, draw_id, epochs)
    return await _raffle(db, moment, draw_id, epochs[0])


async def _wheel(
    db: Database, moment: schemes.Moment, draw_id: UUID, epochs: list[seeds.Seed]
) -> record.WheelRecord:
    if sum(one.spins for one in epochs) > TURNS_MAX:
        raise errors.TooMany(limit=TURNS_MAX)
    if len(epochs) > seeds.EPOCHS_MAX:
        raise errors.TooMany(limit=seeds.EPOCHS_MAX)
    spun = await turns(db, draw_id)
    versions = {one.version_id for one in epochs if one.version_id is not None}
    return record.WheelRecord(
        format=record.FORMAT,
        draw=seeds.text(draw_id),
        definitions={
            ids.show("ver", one): _definition(moment, draw_id, one) for one in sorted(versions)
        },
        epochs=tuple(_epoch(one, spun.get(one.epoch, [])) for one in epochs),
    )


async def turns(
    db: Database, draw_id: UUID, *, page: int = TURNS_PAGE
) -> dict[int, list[record.Turn]]:
    """The turns of a wheel in their order, by epoch; read page by page."""
    found: dict[int, list[record.Turn]] = {}
    last = (0, 0)
    while True:
        rows = await db.fetch(
            "select epoch, number, ticket_id, client_seed, drawn, given, unit, drawn_at"
            " from coalition.draw_turn where draw_id = $1 and (epoch, number) > ($2, $3)"
            " order by epoch, number limit $4",
            *(draw_id, *last, page),
        )
        for row in rows:
            found.setdefault(row["epoch"], []).append(_turn(row))
            last = (row["epoch"], row["number"])
        if len(rows) < page:
            return found


def _epoch(one: seeds.Seed, turns: list[record.Turn]) -> record.Epoch:
    hashed = one.definition_sha256
    return record.Epoch(
        epoch=one.epoch,
        version=None if one.version_id is None else ids.show("ver", one.version_id),
        definition_sha256=None if hashed is None else hashed.hex(),
        commitment=one.commitment.hex(),
        committed_at=one.committed_at,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        seed=None if one.seed is None else one.seed.hex(),
        # Somebody may have spun since the epochs were read, so the turns say how many they are.
        spins=one.spins if one.seed is not None else max(one.spins, len(turns)),
        turns=tuple(turns),
    )


def _turn(row: asyncpg.Record) -> record.Turn:
    return record.Turn(
        number=row["number"],
        ticket=ids.show("tic", row["ticket_id"]),
        client_seed=row["client_seed"],
        drawn=row["drawn"],
        given=row["given"],
        unit=row["unit"],
        at=row["drawn_at"],
    )


async def _raffle(
    db: Database, moment: schemes.Moment, draw_id: UUID, seed: seeds.Seed
) -> record.RaffleRecord:
    raffle = seeds.definition_of(moment.book, draw_id, seed.version_id)
    assert isinstance(raffle, definition.Raffle)
    assert seed.version_id is not None
    assert seed.definition_sha256 is not None
    row: Any = await db.fetchrow(
        "select l.frozen_at, l.sha256, l.tickets, r.randomness, r.drawn_at from (select 1) one"
        " left join coalition.draw_list l on l.draw_id = $1"
        " left join coalition.draw_result r on r.draw_id = $1",
        draw_id,
    )
    places = await db.fetch(
        "select place, ticket_id, prize, passed, name from coalition.draw_place"
        " where draw_id = $1 order by place",
        draw_id,
    )
    chance = raffle.randomness
    return record.RaffleRecord(
        format=record.FORMAT,
        draw=seeds.text(draw_id),
        definition=_definition(moment, draw_id, seed.version_id),
        definition_sha256=seed.definition_sha256.hex(),
        commitment=seed.commitment.hex(),
        committed_at=seed.committed_at,
        seed=None if seed.seed is None else seed.seed.hex(),
        frozen=None
        if row["frozen_at"] is None
        else record.Frozen(
            at=row["frozen_at"],
            count=len(row["tickets"]),
            sha256=row["sha256"].hex(),
            tickets=tuple(ids.show("tic", one) for one in row["tickets"]),
        ),
        randomness=None
        if chance is None
        else record.Chance(source=chance.source, round=chance.round, value=row["randomness"]),
        drawn_at=row["drawn_at"],
        places=tuple(
            record.Place(
                place=one["place"],
                ticket=ids.show("tic", one["ticket_id"]),
                prize=one["prize"],
                passed=one["passed"],
                name=one["name"],
            )
            for one in places
        ),
    )


def _definition(moment: schemes.Moment, draw_id: UUID, version_id: UUID) -> dict[str, Any]:
    draw = seeds.definition_of(moment.book, draw_id, version_id)
    assert draw is not None
    return draw.shown()
