"""Milestones: what a wallet has reached is kept once, paid once, and taken back where that is said.

A completion names its award before it is made, so whoever comes after a crash makes the same one.
What was taken back keeps its row; reached again it is another completion, with another award.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ids, ledger, members, programme
from wallet.campaigns import awards, winnings
from wallet.database import Database
from wallet.draws import tickets
from wallet.progress import goals, schemes, story
from wallet.rules.draws.definition import Draw
from wallet.rules.milestones import judging
from wallet.rules.progress import facts
from wallet.rules.schemes.milestones import Milestone, Tickets, free

NAME: Final = "milestones"
REWARDS_MAX: Final = 20
"""Rewards given in one look, and completions that get their tickets: a few hundred milliseconds
each; the rest is given in the next."""
PATIENCE: Final = timedelta(days=30)
"""How long a reward waits for its campaign to be in force again; then nothing is given."""
PAUSE: Final = timedelta(days=1)
"""When a reward that waits is tried again."""
RETURNED: Final = "goods went back"


def wants(book: schemes.Book, at: datetime) -> story.Wants | None:
    """All that any milestone counts; nothing while none runs."""
    # Which day it is matters by months here, and by hours nowhere.
    running = goals.of(book, at, "UTC")
    since = goals.since(running)
    if since is None:
        return None
    return story.Wants(since=since - timedelta(days=1), lines=goals.lines(running))


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Keep what was reached, take back what fell, and see to every reward."""
    zone = (await programme.of(db)).time_zone
    running = goals.of(book, at, zone)
    row = await goals.gather(db, running, seen.wallet_id, at)
    assert row is not None, "the wallet was seen"
    found = goals.found(row, seen)
    if found.version != seen.version:
        raise story.Stale
    judged = judging.judge(running, found.member, at=at, zone=zone)
    due = [_row(seen.wallet_id, one) for one in judged.due]
    if due or judged.fallen:
        await _record(db, running, seen, due, judged.fallen, at)
    fallen = {one.completion_id for one in judged.fallen}
    held = [*found.member.held, *(_held(one) for one in due)]
    standing = [one for one in held if one.standing and one.completion_id not in fallen]
    gone = [one for one in held if not one.standing or one.completion_id in fallen]
    await _take_back(db, book, seen.wallet_id, gone, at)
    waiting = [one for one in standing if one.award_id is not None and one.award == "none"]
    if not found.member.active:
        return at + PAUSE if waiting else None
    try:
        ticketed = await _ticket(db, book, seen.wallet_id, standing, at)
    except errors.MemberSuspended:
        return at + PAUSE
    paid = await _pay(db, book, seen.member_id, waiting, at)
    return min((one for one in (ticketed, paid) if one is not None), default=None)


async def _record(
    db: Database,
    running: Iterable[judging.Goal],
    seen: facts.Seen,
    due: list[dict[str, Any]],
    fallen: Iterable[judging.Held],
    at: datetime,
) -> None:
    by_id = {goal.scheme_id: goal for goal in running}
    house = await programme.of(db)
    answer = await db.call(
        "select ledger.record_completions($1, $2, $3, $4, $5, $6, $7)",
        *(ledger.bucket(seen.wallet_id), seen.wallet_id, house.asset.number, seen.version),
        orjson.dumps(due, default=str).decode(),
        orjson.dumps(
            [
                {
                    "completion": one.completion_id,
                    "detail": _told(by_id[one.scheme_id].versions[one.version_id].milestone),
                }
                for one in fallen
            ],
            default=str,
        ).decode(),
        at,
    )
    if answer["code"] == "stale":
        raise story.Stale
    ledger.replayed(answer)


def _row(wallet_id: UUID, due: judging.Due) -> dict[str, Any]:
    """A completion as the books take it; its ids follow from what it is."""
    it, milestone = due.reached, due.version.milestone
    step = f"milestone {due.scheme_id} {it.period} {it.nth} {due.earlier}"
    completion_id = ids.derived(wallet_id, step)
    return {
        "completion": completion_id,
        "milestone": due.scheme_id,
        "version": due.version.version_id,
        "period": it.period,
        "nth": it.nth,
        "measured": it.measured,
        "causes": it.causes,
        "award": None if milestone.reward is None else ids.derived(completion_id, "reward"),
        "reached_at": it.at,
        "detail": _told(milestone),
    }


def _told(milestone: Milestone) -> dict[str, Any]:
    return {"milestone": milestone.name, "on_return": milestone.on_return}


def _held(row: dict[str, Any]) -> judging.Held:
    return judging.Held(
        completion_id=row["completion"],
        scheme_id=row["milestone"],
        version_id=row["version"],
        period=row["period"],
        nth=row["nth"],
        reached_at=row["reached_at"],
        standing=True,
        award_id=row["award"],
        award="none",
        tickets="none",
    )


async def _take_back(
    db: Database, book: schemes.Book, wallet_id: UUID, fallen: Iterable[judging.Held], at: datetime
) -> None:
    """Take back the money, what of the benefits was not used, and the tickets that are left."""
    for one in fallen:
        if one.award_id is not None and one.award == "given":
            await awards.reverse(
                db,
                award_id=one.award_id,
                reason=RETURNED,
                return_id=ids.derived(one.award_id, "taken back"),
                now=at,
            )
        given = book.definition(Milestone, one.scheme_id, one.version_id).tickets
        if one.tickets == "free" and given is not None:
            await tickets.withdraw(
                db,
                wallet_id=wallet_id,
                scheme_id=given.draw,
                source="milestone",
                source_id=one.completion_id,
                now=at,
            )


async def _ticket(
    db: Database,
    book: schemes.Book,
    wallet_id: UUID,
    standing: Iterable[judging.Held],
    at: datetime,
) -> datetime | None:
    """Give the first of the tickets that are due, while their draw can be played; when to go on."""
    due: list[tuple[judging.Held, Tickets, Draw]] = []
    for one in standing:
        given = book.definition(Milestone, one.scheme_id, one.version_id).tickets
        draw = None if given is None or one.tickets != "none" else _draw(book, given.draw, at)
        if given is not None and draw is not None:
            due.append((one, given, draw))
    for one, given, draw in due[:REWARDS_MAX]:
        await tickets.grant(
            db,
            wallet_id=wallet_id,
            scheme_id=given.draw,
            source="milestone",
            source_id=one.completion_id,
            n=given.number,
            expires_at=tickets.expiry(draw, at),
            now=at,
        )
    return at if len(due) > REWARDS_MAX else None


def _draw(book: schemes.Book, draw_id: UUID, at: datetime) -> Draw | None:
    """A draw that can be played yet, and without a purchase; else nothing is given for it."""
    held = book.entries[draw_id].at(at)
    if held is None or not isinstance(held.definition, Draw) or not free(held.definition):
        return None
    return held.definition if at < held.definition.closes_at else None


async def _pay(
    db: Database,
    book: schemes.Book,
    member_id: UUID,
    waiting: Sequence[judging.Held],
    at: datetime,
) -> datetime | None:
    """Give the first of the rewards that wait; when to go on."""
    if not waiting:
        return None
    member = await members.find(db, member_id)
    again = [await _give(db, book, member, one, at) for one in waiting[:REWARDS_MAX]]
    left = [at] if len(waiting) > REWARDS_MAX else []
    return min([*left, *(one for one in again if one is not None)], default=None)


async def _give(
    db: Database, book: schemes.Book, member: members.Member, one: judging.Held, at: datetime
) -> datetime | None:
    """Give the reward of a completion; when to try again, if it has to wait."""
    assert one.award_id is not None
    milestone = book.definition(Milestone, one.scheme_id, one.version_id)
    assert milestone.reward is not None
    try:
        won = await winnings.give(
            db,
            member=member,
            campaign_id=milestone.reward,
            award_id=one.award_id,
            kind="milestone",
            name=milestone.name,
            reference=ids.show("com", one.completion_id),
            partner_id=milestone.merchants[0] if len(milestone.merchants) == 1 else None,
            detail={"completion": str(one.completion_id), "period": one.period, "nth": one.nth},
            now=at,
        )
    except (errors.MemberSuspended, errors.IdempotencyKeyReused):
        # The books refuse this award for ever, so there has to be another; if somebody has made it
        # at this moment, by a version that began just then, it keeps its name.
        await _rename(db, one, ids.derived(one.award_id, "again"))
        return at + PAUSE
    if won.award is not None:
        return None
    if at < one.reached_at + PATIENCE:
        return at + PAUSE
    await _rename(db, one, None)
    return None


async def _rename(db: Database, one: judging.Held, award_id: UUID | None) -> None:
    await db.call(
        "select ledger.rename_reward($1, $2, $3, $4)",
        *(ledger.bucket(one.completion_id), one.completion_id, one.award_id, award_id),
    )
