"""Draining the outbox: what happened becomes what members are told, at least once and once seen.

A notice's id follows from its event's, so telling twice is telling once. An event leaves the outbox
only after its notice is stored; a crash in between only repeats it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from wallet import ids, money, programme, sql
from wallet.database import Database
from wallet.progress import looks
from wallet.rules import notices, prepaid_notices
from wallet.rules.tiers import notices as tier_notices

PAGE_MAX: Final = 100
"""Notices of one page."""
BATCH: Final = 500
"""Events of one turn: a few milliseconds of work, so that a stop never waits."""

Also: TypeAlias = Callable[[Database, Sequence[asyncpg.Record]], Awaitable[None]]
"""Somebody else who must hear of every event, as it is in the outbox, before it leaves it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the member was told."""

    notice_id: UUID
    topic: str
    subject_id: UUID
    sentence: str
    happened_at: datetime


async def drain(db: Database, *, limit: int = BATCH, also: Also | None = None) -> int:
    """Tell members about the oldest events and remove them; returns how many there were.

    Whoever's wallet moved is looked at again, because something may have been reached by it. `also`
    is told of the same events before they are gone, twice if something breaks in between.
    """
    rows = await db.fetch(sql.load("queries/notice_facts"), limit)
    if not rows:
        return 0
    house = await programme.of(db)
    told = [(row, _sentence(row, house)) for row in _together(rows)]
    fresh = [(row, words) for row, words in told if words is not None]
    await db.execute(
        "insert into coalition.notice (notice_id, wallet_id, topic, subject_id, sentence,"
        " happened_at) select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[],"
        " $5::text[], $6::timestamptz[]) on conflict do nothing",
        [ids.derived(row["event_id"], "notice") for row, _ in fresh],
        [row["wallet_id"] for row, _ in fresh],
        [row["topic"] for row, _ in fresh],
        [row["subject_id"] for row, _ in fresh],
        [words for _, words in fresh],
        [row["happened_at"] for row, _ in fresh],
    )
    if also is not None:
        await also(db, rows)
    await looks.ask(db, {row["wallet_id"]: row["happened_at"] for row in rows})
    await db.execute(
        "delete from ledger.outbox o using unnest($1::smallint[], $2::uuid[])"
        " as d (bucket, event_id) where o.bucket = d.bucket and o.event_id = d.event_id",
        [row["bucket"] for row in rows],
        [row["event_id"] for row in rows],
    )
    return len(rows)


async def page(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Notice]:
    """What a member was told, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, notice_id = before or (None, None)
    rows = await db.fetch(sql.load("queries/notices_page"), wallet_id, at, notice_id, first)
    return [Notice(**dict(row)) for row in rows]


def _together(rows: Sequence[asyncpg.Record]) -> list[dict[str, Any]]:
    """Lots of one purchase that matured together are told as one: it is one thing to the member."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key: tuple[Any, ...] = (row["event_id"],)
        if row["topic"] == "lot.matured":
            key = (row["wallet_id"], row["subject_id"], row["asset"], row["happened_at"])
        if key in found:
            found[key]["moved_minor"] += row["moved_minor"]
        else:
            found[key] = dict(row)
    return list(found.values())


def _sentence(row: Mapping[str, Any], house: programme.Programme) -> str | None:
    detail: dict[str, Any] = orjson.loads(row["detail"]) if row["detail"] else {}
    if row["topic"].startswith("tier."):
        return tier_notices.sentence(row["topic"], detail, asset=house.asset, zone=house.time_zone)
    if row["topic"].startswith(prepaid_notices.TOPICS):
        return prepaid_notices.sentence(row["topic"], detail)
    asset = house.asset if row["asset"] is None else money.asset_by_number(row["asset"])
    amounts = ("moved_minor", "taken_minor", "credit_minor", "award_minor", "award_taken_minor")
    amount = next((row[name] for name in amounts if row[name]), 0)
    return notices.sentence(
        notices.Facts(
            topic=row["topic"],
            asset=asset,
            zone=house.time_zone,
            merchant=row["merchant_name"],
            amount_minor=detail.get("amount", amount),
            desired_minor=detail.get("desired", 0),
            deficit_minor=row["deficit_minor"] or row["award_deficit_minor"] or 0,
            extended_minor=detail.get("extended", 0),
            expires_at=row["expires_at"],
            reason=row["credit_reason"] or row["reason"] or row["award_reason"],
            campaign=row["campaign"],
            charity=row["charity"],
            gift=detail.get("kind"),
            award=row["award"],
            funder=row["funder"] or house.name,
            lost=tuple(
                notices.Lost(one["name"], one["minor"], money.asset(one["asset"]), one["all"])
                for one in detail.get("campaigns", ())
            ),
            draw=detail.get("draw"),
            prize=detail.get("prize"),
            milestone=detail.get("milestone"),
            taken_back=detail.get("on_return") == "take_back",
        )
    )
