"""Overrides: two of the staff give a member a tier until a day, for a reason that both have seen.

An override is no floor that nobody sees: it stands in the member's history with its end, and when
it ends the member stands where their purchases put them. Whoever earns more meanwhile has more.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from wallet import errors, ids, ledger, members, programme
from wallet.database import Database
from wallet.progress import ladders, schemes

LIFE_MAX: Final = timedelta(days=366)
"""A year: whoever is to keep a tier for longer is looked at again."""


async def check(
    db: Database, *, scheme_id: UUID, tier: str, until: datetime, now: datetime | None = None
) -> None:
    """Refuse what nobody could approve: TIER_OVERRIDE_INVALID with the field at fault."""
    held = await schemes.moment(db, now)
    running = {one.scheme_id: one for one in ladders.of(db, held.book)}.get(scheme_id)
    edition = None if running is None else running.edition(held.at)
    if edition is None:
        raise errors.NotFound(path=("scheme_id",))
    if edition.ladder.place(tier) is None:
        words = ", ".join(one.word for one in edition.ladder.tiers)
        raise errors.TierOverrideInvalid(
            f"There is no such tier. Name one of {words}.", path=("tier",)
        )
    if not held.at < until <= held.at + LIFE_MAX:
        raise errors.TierOverrideInvalid(path=("until",))


async def prepare(
    db: Database,
    *,
    request_id: UUID,
    member_id: UUID,
    detail: dict[str, Any],
    reason: str,
    maker_id: UUID,
    checker_id: UUID,
    now: datetime | None = None,
) -> ledger.Call:
    """The call that gives the tier which was proposed."""
    member = await members.find(db, member_id)
    house = await programme.of(db)
    bucket = ledger.bucket(member.wallet_id)
    until = datetime.fromisoformat(detail["until"])
    return ledger.Call(
        "ledger.override_tier",
        (
            bucket,
            ids.placed(request_id, bucket),
            member.wallet_id,
            house.asset.number,
            UUID(detail["ladder"]),
            detail["tier"],
            until,
            reason,
            maker_id,
            checker_id,
            ids.fingerprint(member_id, detail["ladder"], detail["tier"], until, reason),
            now,
        ),
    )
