"""Playing within limits: what members say about their own games, and who is shut out of them.

Whoever writes a game checks again under the wallet's lock, by `ledger.excluded` (and for draws by
`ledger.play_refusal`); `check` is for what is decided before that, and `excluded` for lists.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wallet import audit, errors, ids, ledger, members, programme
from wallet.database import Database
from wallet.rules import play_limits as rules

TRIES_MAX: Final = 5
"""How often a change is decided anew because another one came first; two at once are a double tap.
"""
_SELECT: Final = (
    "select w.wallet_id, coalesce($3::timestamptz, clock_timestamp()) as at,"
    " coalesce(l.version, 0) as version, day_most, week_most, month_most, later_day_most,"
    " later_week_most, later_month_most, later_at, excluded_at, excluded_until"
    " from (select $2::uuid as wallet_id) w left join ledger.play_limit l"
    " on l.bucket = $1 and l.wallet_id = w.wallet_id"
)


async def check(db: Database, member: members.Member, now: datetime | None = None) -> None:
    """Refuse a member who has shut themselves out of games: SELF_EXCLUDED."""
    standing, at, _ = await _standing(db, member.wallet_id, now)
    if standing.excluded(at):
        raise errors.SelfExcluded()


async def excluded(db: Database, wallets: Sequence[UUID], at: datetime) -> frozenset[UUID]:
    """Which of these wallets belong to members who are shut out at an instant."""
    rows = await db.fetch(
        "select wallet_id from ledger.play_limit where bucket = any($1) and wallet_id = any($2)"
        " and excluded_at is not null and (excluded_until is null or $3 < excluded_until)",
        sorted({ledger.bucket(one) for one in wallets}),
        list(wallets),
        at,
    )
    return frozenset(row["wallet_id"] for row in rows)


async def of(db: Database, wallet_id: UUID) -> rules.Standing:
    """What a member has said; nothing if they never did."""
    return (await _standing(db, wallet_id, None))[0]


async def set_limits(
    db: Database,
    *,
    member: members.Member,
    limits: rules.Limits,
    actor: audit.Actor,
    now: datetime | None = None,
) -> rules.Standing:
    """Set a member's own limits. Repeating it changes nothing. PLAY_INVALID."""

    def decide(standing: rules.Standing, at: datetime) -> rules.Standing:
        return rules.change(standing, limits, at)

    return await _change(db, member, decide, "play.limit", actor, now)


async def exclude(
    db: Database,
    *,
    member: members.Member,
    until: datetime | None,
    actor: audit.Actor,
    now: datetime | None = None,
) -> rules.Standing:
    """Shut a member out of games until an instant, or for ever; longer is possible, shorter is not.

    SELF_EXCLUDED for an end before the one that stands, PLAY_INVALID for one that is past.
    """

    def decide(standing: rules.Standing, at: datetime) -> rules.Standing:
        return rules.exclude(standing, until, at)

    return await _change(db, member, decide, "play.exclude", actor, now)


async def _standing(
    db: Database, wallet_id: UUID, now: datetime | None
) -> tuple[rules.Standing, datetime, int]:
    row: Any = await db.fetchrow(_SELECT, ledger.bucket(wallet_id), wallet_id, now)
    standing = rules.Standing(
        limits=rules.Limits(row["day_most"], row["week_most"], row["month_most"]),
        later=rules.Limits(row["later_day_most"], row["later_week_most"], row["later_month_most"]),
        later_at=row["later_at"],
        excluded_at=row["excluded_at"],
        excluded_until=row["excluded_until"],
    )
    return standing, row["at"], row["version"]


async def _change(
    db: Database,
    member: members.Member,
    decide: Callable[[rules.Standing, datetime], rules.Standing],
    act: str,
    actor: audit.Actor,
    now: datetime | None,
) -> rules.Standing:
    asset = (await programme.of(db)).asset.number
    for _ in range(TRIES_MAX):
        standing, at, version = await _standing(db, member.wallet_id, now)
        wanted = decide(standing, at)
        if wanted == standing:
            return standing
        answer = await db.call(
            "select ledger.set_play_limit($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            ledger.bucket(member.wallet_id),
            member.wallet_id,
            asset,
            version,
            _most(wanted.limits),
            _most(wanted.later),
            wanted.later_at,
            wanted.excluded_at,
            wanted.excluded_until,
        )
        if answer["code"] == "stale":
            continue
        ledger.replayed(answer)
        await audit.write(
            db,
            actor=actor,
            act=act,
            subject=member.member_id,
            detail={"version": version + 1},
            once=ids.derived(member.wallet_id, f"play {version + 1}"),
        )
        return wanted
    raise errors.IdempotencyInProgress()


def _most(limits: rules.Limits) -> list[int | None]:
    return [limits.day, limits.week, limits.month]
