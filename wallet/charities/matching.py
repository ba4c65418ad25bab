"""Matching members' gifts: what a funder promised to give on top, decided once for each gift.

Each time a wallet that gave is looked at, its gifts of the last days are compared with the matches
that held when they were made. A match has an id that follows from its gift and its scheme, so it is
given once, whoever looks, and however often. Where a cap or the budget cut it, it says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from wallet import errors, ids, ledger, money, programme, sql
from wallet.campaigns import budgets
from wallet.charities import agreements
from wallet.database import Database
from wallet.progress import schemes, story
from wallet.rules import local
from wallet.rules import matching as rules
from wallet.rules.campaigns import facts as campaign_facts
from wallet.rules.progress import facts
from wallet.rules.schemes.matching import Match

NAME: Final = "matching"
LOOK_BACK: Final = timedelta(days=30)
"""How long a gift waits for its match, should nobody have looked: longer than any outage."""
GIFTS_MAX: Final = 500
"""Gifts of one wallet in that time that are looked at, the newest."""
STALE_TRIES_MAX: Final = 12
"""How often a match is decided anew because others drew on its budget meanwhile."""

Held: TypeAlias = tuple[UUID, UUID, Match]
"""A match that held for a gift: its scheme, its version, its definition."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What was given on top of one gift, by whom; `cut_by` says why it is less than promised."""

    match_id: UUID
    donation_id: UUID
    funder_id: UUID
    funder: str
    charity_id: UUID
    asset: money.Asset
    desired_minor: int
    amount_minor: int
    cut_by: rules.CutBy | None
    matched_at: datetime


def wants(book: schemes.Book, at: datetime) -> story.Wants | None:
    """Nothing of what was bought; and nothing at all where nobody ever promised a match."""
    known = any(entry.kind == "match" for entry in book.entries.values())
    return story.Wants(since=at) if known else None


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Match the gifts of a wallet that are not matched yet."""
    house = await programme.of(db)
    rows = await db.fetch(
        sql.load("queries/gifts_to_match"),
        *(ledger.bucket(seen.wallet_id), seen.wallet_id, house.asset.number),
        *(at - LOOK_BACK, GIFTS_MAX),
    )
    waiting = [(row, held) for row in reversed(rows) for held in _held(book, row)]
    if not waiting:
        return None
    agreed = await agreements.of(db, list({row["charity_id"] for row, _ in waiting}))
    for row, held in waiting:
        if _agreed(agreed[row["charity_id"]], house, held[2], row["donated_at"]):
            await _match(db, house, seen.wallet_id, held, row, at)
    return None


async def of_donations(db: Database, donation_ids: Sequence[UUID]) -> dict[UUID, list[Matched]]:
    """What was given on top of some gifts, for a loader."""
    house = await programme.of(db)
    rows = await db.fetch(
        "select m.match_id, m.donation_id, m.funder_id, coalesce(f.name, $3) as funder,"
        " m.charity_id, m.asset, m.desired_minor, m.amount as amount_minor, m.cut_by, m.matched_at"
        " from ledger.match m left join coalition.merchant f on f.merchant_id = m.funder_id"
        " where m.bucket = any ($1) and m.donation_id = any ($2) order by m.matched_at, m.match_id",
        sorted({ledger.bucket(one) for one in donation_ids}),
        list(donation_ids),
        house.name,
    )
    found: dict[UUID, list[Matched]] = {one: [] for one in donation_ids}
    for row in rows:
        one = Matched(**{**dict(row), "asset": money.asset_by_number(row["asset"])})
        found[one.donation_id].append(one)
    return found


def _held(book: schemes.Book, row: Any) -> list[Held]:
    """The matches that held when a gift was made, and were not asked yet."""
    given_at, found = row["donated_at"], []
    for entry in book.entries.values():
        version = entry.at(given_at) if entry.kind == "match" else None
        if version is None or entry.scheme_id in row["matched"]:
            continue
        definition = version.definition
        assert isinstance(definition, Match)
        ended = definition.ends_at is not None and definition.ends_at <= given_at
        meant = not definition.charities or row["charity_id"] in definition.charities
        if meant and not ended:
            found.append((entry.scheme_id, version.version_id, definition))
    return found


def _agreed(
    found: Sequence[agreements.Agreement],
    house: programme.Programme,
    it: Match,
    given_at: datetime,
) -> bool:
    """Whether the funder has an agreement with the charity of a gift, at the time of the gift."""
    until = given_at + timedelta(microseconds=1)
    return agreements.gap(found, funder_of(it, house), since=given_at, until=until) is None


async def _match(
    db: Database,
    house: programme.Programme,
    wallet_id: UUID,
    held: Held,
    row: Any,
    at: datetime,
) -> None:
    """Give on top of one gift by one scheme; a write that others overtook is decided anew."""
    scheme_id, version_id, it = held
    bucket, budget = ledger.bucket(wallet_id), budgets.budget_id("match", scheme_id, house.asset)
    day = local.day(row["donated_at"], house.time_zone)
    since = _since(it, day)
    for _ in range(STALE_TRIES_MAX):
        had = await _had(db, wallet_id, scheme_id, house.asset, since)
        standing = (await budgets.standing(db, [budget])).get(budget)
        allowed = rules.allow(
            row["amount"],
            it.bps,
            cap_left_minor=None if it.cap is None else max(0, it.cap.minor - had),
            budget_left_minor=0 if standing is None else standing.left_minor,
        )
        if allowed.minor:
            await budgets.provide(db, budget, bucket=bucket, need_minor=allowed.minor)
        answer = await db.call(
            "select ledger.match_donation($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
            " $14, $15, $16, $17)",
            *(bucket, ids.derived(row["donation_id"], f"match {scheme_id}"), row["donation_id"]),
            *(wallet_id, scheme_id, version_id, funder_of(it, house), row["charity_id"]),
            *(house.asset.number, allowed.desired_minor, allowed.minor, allowed.cut_by),
            *(budget, day, since, had, at),
        )
        if answer["code"] != "stale":
            ledger.replayed(answer)
            return
    raise errors.IdempotencyInProgress()


def funder_of(it: Match, house: programme.Programme) -> UUID:
    """Who pays a match."""
    return it.funder or house.operator_id


def _since(it: Match, day: date) -> date:
    start = None if it.cap is None else campaign_facts.period_start(it.cap.per, day)
    return start or date.min


async def _had(
    db: Database, wallet_id: UUID, scheme_id: UUID, asset: money.Asset, since: date
) -> int:
    """What was given on top of this member's gifts in a period."""
    return int(
        await db.fetchval(
            "select coalesce(sum(amount), 0)::bigint from ledger.match where bucket = $1"
            " and wallet_id = $2 and scheme_id = $3 and asset = $4 and day >= $5",
            *(ledger.bucket(wallet_id), wallet_id, scheme_id, asset.number, since),
        )
    )
