"""What happens to memberships by the passing of days: reminded, welcomed, and run out.

A story of the looks. Nothing that is decided waits for it: who is entitled is a matter of instants,
and this writes down that a membership has ended, so that its member is told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from wallet import ids, ledger, members, programme
from wallet.campaigns import awards, earned, winnings
from wallet.database import Database
from wallet.progress import membership_acts as acts
from wallet.progress import plans, schemes, story
from wallet.rules import local
from wallet.rules.progress import facts
from wallet.rules.progress import memberships as rules

NAME: Final = "memberships"
WELCOME: Final = timedelta(days=7)
"""How long a welcome is tried: its campaign may begin a little later than the plan."""
PAUSE: Final = timedelta(days=1)
"""When a welcome that waits is tried again."""


def wants(book: schemes.Book, at: datetime) -> story.Wants | None:
    """No purchases; nothing at all where no plan was ever published."""
    sold = any(entry.kind == "membership" for entry in book.entries.values())
    return story.Wants(since=at) if sold else None


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Let the member's memberships run out, remind of ends, welcome; when to look again."""
    held = await plans.of(db, seen.wallet_id)
    if not held:
        return None
    zone = (await programme.of(db)).time_zone
    again: list[datetime] = []
    for one in held:
        if one.closed is None:
            again += await _look(db, one, at, zone)
    again += await _welcome(db, book, seen, held, at)
    return min(again, default=None)


async def _look(db: Database, one: plans.Membership, at: datetime, zone: str) -> list[datetime]:
    if at >= one.entitled_until:
        if not await acts.lapse(db, one, now=at):
            raise story.Stale
        return []
    remind_at = local.midnight(one.until_day - timedelta(days=one.plan.remind_days), zone)
    if one.plan.remind_days and at < remind_at:
        return [remind_at, one.entitled_until]
    ended = at >= local.midnight(one.until_day, zone)
    if one.plan.remind_days and one.reminded_day != one.until_day and not ended:
        await _remind(db, one, at)
    return [one.entitled_until]


async def _remind(db: Database, one: plans.Membership, at: datetime) -> None:
    detail = {
        "plan": one.plan.name,
        "last_day": (one.until_day - rules.DAY).isoformat(),
        "seller": one.seller_name,
        "by_itself": one.plan.renewal == "by_itself",
    }
    await db.call(
        "select ledger.remind_membership($1, $2, $3, $4, $5, $6)",
        ledger.bucket(one.membership_id),
        one.membership_id,
        one.until_day,
        (await programme.of(db)).asset.number,
        orjson.dumps(detail).decode(),
        at,
    )


async def _welcome(
    db: Database,
    book: schemes.Book,
    seen: facts.Seen,
    held: Sequence[plans.Membership],
    at: datetime,
) -> list[datetime]:
    """Give what the plan that somebody joined promises, and take it back if all was paid back.

    When to try again what its campaign does not give yet.
    """
    campaigns: dict[UUID, UUID] = {}
    for one in held:
        campaign_id = _promised(book, one)
        if campaign_id is not None and at < one.started_at + WELCOME + rules.PAID_AGO_MAX:
            campaigns[one.membership_id] = campaign_id
    if not campaigns:
        return []
    again: list[datetime] = []
    standing = await earned.awards_by_id(db, [_award_id(key) for key in campaigns])
    for one in held:
        if one.membership_id not in campaigns:
            continue
        given = standing.get(_award_id(one.membership_id))
        whole = one.closed == "cancelled" and one.refunded_minor == one.paid_minor
        if given is not None and whole and given.reversed_at is None:
            await awards.reverse(
                db,
                award_id=given.award_id,
                reason="All that was paid for the membership goes back.",
                return_id=ids.derived(one.membership_id, "welcome back"),
                now=at,
            )
        elif (
            given is None
            and one.closed is None
            and not await _give(db, seen, one, campaigns[one.membership_id], at)
        ):
            again.append(at + PAUSE)
    return again


async def _give(
    db: Database, seen: facts.Seen, one: plans.Membership, campaign_id: UUID, at: datetime
) -> bool:
    """Give a welcome; False if it has to wait, for its campaign or for its member."""
    member = await members.find(db, seen.member_id)
    if member.status != "active":
        return False
    operator_id = (await programme.of(db)).operator_id
    won = await winnings.give(
        db,
        member=member,
        campaign_id=campaign_id,
        award_id=_award_id(one.membership_id),
        kind="membership",
        name=one.plan.name,
        reference=ids.show("mbr", one.membership_id),
        partner_id=None if one.seller_id == operator_id else one.seller_id,
        now=at,
    )
    return won.award is not None


def _promised(book: schemes.Book, one: plans.Membership) -> UUID | None:
    """The campaign that welcomes, by the version that was joined; another plan came later."""
    for entry in book.entries.values():
        version = entry.version(one.first_version)
        if version is not None and version.definition is not None:
            return version.definition.rewards().get(("welcome",))
    return None


def _award_id(membership_id: UUID) -> UUID:
    return ids.derived(membership_id, "welcome")
