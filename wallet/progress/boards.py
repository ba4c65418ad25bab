"""Boards: the story that works out each member's scores, and writes what has changed.

A score is a projection of the books. It is worked out whole, from the purchases of its window, so
a return, a late report and a rebuilding all come to the same. A window is scored until it is final,
`settle_days` after its end, by the version that holds at its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import ledger, programme, sql
from wallet.database import Database
from wallet.progress import rounds, schemes, standings
from wallet.progress.story import Stale, Wants
from wallet.rules.progress import facts
from wallet.rules.ranking import scores
from wallet.rules.schemes.boards import Ranked
from wallet.rules.schemes.contests import Contest

NAME: Final = "boards"
MARGIN: Final = timedelta(days=2)
"""Further back than any zone's window begins: what is wanted is asked before the zone is known."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What boards ask besides the purchases, the scores that stand, and the contests entered."""

    tier: str | None
    segments: frozenset[str]
    left: bool
    standing: dict[tuple[UUID, str], scores.Score]
    entered: frozenset[tuple[UUID, str]]
    plays: tuple[scores.Play, ...]


def wants(book: schemes.Book, at: datetime) -> Wants | None:
    """The purchases of all windows that are still scored."""
    found = [one.window.starts_at for one in opened(book, at, "UTC")]
    return Wants(since=min(found) - MARGIN) if found else None


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Work out a wallet's scores and write those that have changed; nothing comes by time alone."""
    house = await programme.of(db)
    boards = list(opened(book, at, house.time_zone))
    if not boards:
        return None
    known = await _known(db, seen, boards)
    if any(one.definition.group.tier is not None for one in boards):
        moment = schemes.Moment(at, book)
        tier = await standings.tier(db, moment, seen.wallet_id, profile=known.tier)
        known = replace(known, tier=tier)
    for one in boards:
        found = _score(one, seen, known, house.time_zone)
        if found != known.standing.get((one.scheme_id, one.window.key)):
            await _write(db, house, seen, one, found)
    return None


def opened(book: schemes.Book, at: datetime, zone: str) -> Iterator[rounds.Round[Ranked]]:
    """The windows of all boards that are scored at an instant."""
    for entry in book.entries.values():
        yield from rounds.opened(entry, Ranked, at, zone)


async def _known(db: Database, seen: facts.Seen, boards: Sequence[rounds.Round[Ranked]]) -> _Known:
    row = await db.fetchrow(
        sql.load("queries/board_facts"),
        ledger.bucket(seen.wallet_id),
        seen.wallet_id,
        seen.member_id,
        [one.scheme_id for one in boards],
        [one.window.key for one in boards],
        list({game for one in boards for game in one.definition.games}),
        min(one.window.starts_at for one in boards),
    )
    assert row is not None
    standing: list[list[Any]] = orjson.loads(row["scores"] or "[]")
    return _Known(
        tier=row["tier"],
        segments=frozenset(row["segments"]),
        left=row["left"],
        standing={
            (UUID(board_id), period): scores.Score(points, datetime.fromisoformat(reached))
            for board_id, period, points, reached in standing
        },
        entered=frozenset(
            (UUID(contest_id), period)
            for contest_id, period in orjson.loads(row["entries"] or "[]")
        ),
        plays=tuple(
            scores.Play(UUID(game), datetime.fromisoformat(at), points)
            for game, at, points in orjson.loads(row["plays"] or "[]")
        ),
    )


def _score(
    one: rounds.Round[Ranked], seen: facts.Seen, known: _Known, zone: str
) -> scores.Score | None:
    group = one.definition.group
    if (
        known.left
        or (
            isinstance(one.definition, Contest)
            and (one.scheme_id, one.window.key) not in known.entered
        )
        or (group.tier is not None and group.tier != known.tier)
        or (group.segment is not None and group.segment not in known.segments)
        or (
            group.customers_of is not None
            and not scores.bought_at(group.customers_of, one.window, seen.purchases)
        )
    ):
        return None
    return scores.score(one.definition, one.window, seen.purchases, known.plays, zone)


async def _write(
    db: Database,
    house: programme.Programme,
    seen: facts.Seen,
    one: rounds.Round[Ranked],
    found: scores.Score | None,
) -> None:
    answer = await db.call(
        "select ledger.score_board($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ledger.bucket(seen.wallet_id),
        seen.wallet_id,
        house.asset.number,
        seen.version,
        one.scheme_id,
        one.window.key,
        None if found is None else found.points,
        None if found is None else scores.band(found.points),
        None if found is None else scores.slot(found, one.window),
        None if found is None else found.reached_at,
    )
    if answer["code"] == "stale":
        raise Stale
    ledger.replayed(answer)
