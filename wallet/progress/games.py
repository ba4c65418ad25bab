"""Games: a merchant's game server reports the score of a round, and full steps of it are credited.

A round is claimed like a purchase's reference, so it counts once, whoever sends it under whatever
key. A score that cannot be is refused; the units that are left of the limits are decided under the
wallet's lock, and the campaign's own budget and caps hold besides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wallet import claims, errors, ids, ledger, members, merchants, programme
from wallet.database import Database
from wallet.progress import plays, schemes
from wallet.rules import text
from wallet.rules.ranking import windows
from wallet.rules.schemes.games import Game

ROUND_CHARS_MAX: Final = 100
LATE_MAX: Final = timedelta(days=1)
"""How late a round may be reported: a game server that was away for a night."""
AHEAD_MAX: Final = timedelta(minutes=1)
"""How far the game server's clock may go before ours."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A round that counts; `replayed` if it had been reported before."""

    play: plays.Play
    replayed: bool


@dataclass(frozen=True, slots=True)
class Round:
    """A round as the game server tells it: which game, by its own id, how many points, when."""

    game_id: UUID
    round_id: str
    points: int
    happened_at: datetime


async def report(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    member_id: UUID,
    told: Round,
    now: datetime | None = None,
) -> Reported:
    """Report a round of a member's.

    NOT_FOUND for a game that is not this merchant's or does not run, GAME_SCORE_INVALID for what
    cannot be, REFERENCE_USED for a round of another score or member; MEMBER_SUSPENDED,
    SELF_EXCLUDED.
    """
    text.check(told.round_id, "round_id", chars_max=ROUND_CHARS_MAX)
    held = await schemes.moment(db, now)
    found = _game(held, told, merchant_id)
    if not 0 <= told.points <= found.definition.points_max:
        raise errors.GameScoreInvalid(path=("points",))
    member = await members.find(db, member_id, "member_id")
    fingerprint = ids.fingerprint(
        merchant_id, member_id, told.game_id, told.round_id, told.points, told.happened_at
    )
    play_id = ids.placed(request_id, ledger.bucket(member.wallet_id))
    play = await plays.standing(db, play_id)
    if play is None or play.fingerprint != fingerprint:
        # A retry comes whenever it comes, also under a key that was not the first.
        play = await plays.alike(db, member.wallet_id, told.game_id, fingerprint, told.happened_at)
    if play is None and not _timely(told, held.at):
        raise errors.GameScoreInvalid(
            "A round is reported on the day on which it was played. Correct its time.",
            path=("happened_at",),
        )
    replayed = play is not None
    if play is None:
        if (await merchants.find(db, merchant_id)).status != "active":
            raise errors.MerchantSuspended()
        named = claims.named("game", told.game_id, told.round_id)
        claim = claims.Claim(merchant_id, named, play_id, member.wallet_id, fingerprint)
        play_id = await claims.take(db, claim, path=("round_id",))
        replayed = await _record(db, merchant_id, member, told, found, play_id, fingerprint, now)
        play = await plays.find(db, play_id)
    await plays.settle(db, held.book, member, play, now=now)
    return Reported(await plays.find(db, play.play_id), replayed)


def _timely(told: Round, at: datetime) -> bool:
    return at - LATE_MAX <= told.happened_at <= at + AHEAD_MAX


def _game(held: schemes.Moment, told: Round, merchant_id: UUID) -> schemes.Version[Game]:
    version = held.book.one(Game, told.game_id, min(told.happened_at, held.at))
    if version is None or merchant_id not in version.definition.merchants:
        raise errors.NotFound(path=("game_id",))
    return version


async def _record(
    db: Database,
    merchant_id: UUID,
    member: members.Member,
    told: Round,
    found: schemes.Version[Game],
    play_id: UUID,
    fingerprint: UUID,
    now: datetime | None,
) -> bool:
    house = await programme.of(db)
    game = found.definition
    day = windows.day(told.happened_at, house.time_zone)
    month = windows.month(told.happened_at, house.time_zone)
    answer = await db.call(
        "select ledger.record_game($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18, $19, $20)",
        *(ledger.bucket(play_id), play_id, member.wallet_id, house.asset.number),
        *(told.game_id, found.version_id, merchant_id, f"{told.game_id} {told.round_id}"),
        *(told.points, game.units(told.points), game.seconds_min),
        *(game.most_day or 0, game.most_month or 0),
        [day.starts_at, day.ends_at],
        [month.starts_at, month.ends_at],
        *(game.reward, ids.derived(play_id, "award"), fingerprint, told.happened_at, now),
    )
    return ledger.replayed(answer)
