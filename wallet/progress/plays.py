"""Plays: what members scored in games and quizzes, and the story that pays what a door did not.

A play is written with the units that it earned, and paid by a campaign afterwards. Whoever is
stopped in between has lost nothing: the wallet is looked at because it moved, and the award's id
is the play's, so it is given once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from wallet import errors, ledger, members
from wallet.campaigns import winnings
from wallet.database import Database
from wallet.progress import schemes
from wallet.progress.story import Wants
from wallet.rules.progress import facts
from wallet.rules.schemes.games import Game
from wallet.rules.schemes.quizzes import Quiz

NAME: Final = "plays"
LIST_MAX: Final = 100
"""Plays that are shown, the newest: a screen of them."""
SETTLED_MAX: Final = 100
"""Plays that one look pays; whoever has more is looked at again at once."""
_SELECT: Final = (
    "select play_id, wallet_id, kind, scheme_id, version_id, merchant_id, reference, points, units,"
    " campaign_id, award_id, fingerprint, happened_at, recorded_at, outcome from ledger.play"
)


@dataclass(frozen=True, slots=True)
class Play:
    """A round of a game, or a finished quiz; `units` are what its campaign pays for."""

    play_id: UUID
    wallet_id: UUID
    kind: Literal["game", "quiz"]
    scheme_id: UUID
    version_id: UUID
    merchant_id: UUID | None
    reference: str
    points: int
    units: int
    campaign_id: UUID | None
    award_id: UUID
    fingerprint: UUID
    happened_at: datetime
    recorded_at: datetime
    outcome: str | None


def wants(book: schemes.Book, at: datetime) -> Wants | None:
    """No purchases at all, while there is anything that can be played."""
    playable = any(isinstance(entry.newest, Game | Quiz) for entry in book.entries.values())
    return Wants(since=at) if playable else None


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Pay what was played and not paid; when to go on, if there is more."""
    waiting = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2 and outcome is null and units > 0"
        " order by recorded_at, play_id limit $3",
        *(ledger.bucket(seen.wallet_id), seen.wallet_id, SETTLED_MAX),
    )
    if waiting:
        member = await members.find(db, seen.member_id)
        for row in waiting:
            await settle(db, book, member, Play(**dict(row)), now=at)
    return at if len(waiting) == SETTLED_MAX else None


async def settle(
    db: Database,
    book: schemes.Book,
    member: members.Member,
    play: Play,
    *,
    now: datetime | None = None,
) -> None:
    """Pay a play's units by its campaign, once, and keep what became of it."""
    if play.units == 0 or play.outcome is not None:
        return
    assert play.campaign_id is not None
    giving = winnings.give(
        db,
        member=member,
        campaign_id=play.campaign_id,
        award_id=play.award_id,
        kind=play.kind,
        name=book.entries[play.scheme_id].newest.name,
        reference=play.reference,
        partner_id=play.merchant_id,
        times=play.units,
        detail={"scheme": str(play.scheme_id), "points": play.points},
        now=now,
    )
    outcome = await winnings.became(giving)
    if outcome is None:
        return
    answer = await db.call(
        "select ledger.settle_play($1, $2, $3)",
        *(ledger.bucket(play.play_id), play.play_id, outcome),
    )
    ledger.replayed(answer)


async def find(db: Database, play_id: UUID) -> Play:
    """The play with this id, or NOT_FOUND."""
    found = await standing(db, play_id)
    if found is None:
        raise errors.NotFound()
    return found


async def standing(db: Database, play_id: UUID) -> Play | None:
    """The play with this id, if it was recorded."""
    row = await db.fetchrow(
        f"{_SELECT} where bucket = $1 and play_id = $2", ledger.bucket(play_id), play_id
    )
    return None if row is None else Play(**dict(row))


async def alike(
    db: Database, wallet_id: UUID, scheme_id: UUID, fingerprint: UUID, happened_at: datetime
) -> Play | None:
    """The play of a member's that says the very same, under whatever id, if it was recorded."""
    row = await db.fetchrow(
        f"{_SELECT} where bucket = $1 and wallet_id = $2 and scheme_id = $3 and happened_at = $4"
        " and fingerprint = $5",
        *(ledger.bucket(wallet_id), wallet_id, scheme_id, happened_at, fingerprint),
    )
    return None if row is None else Play(**dict(row))


async def newest(db: Database, wallet_id: UUID) -> Sequence[Play]:
    """What a member played, the newest first, at most LIST_MAX."""
    rows = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2"
        " order by happened_at desc, play_id desc limit $3",
        *(ledger.bucket(wallet_id), wallet_id, LIST_MAX),
    )
    return [Play(**dict(row)) for row in rows]
