"""Favourites and personal offers: worked out in sweeps over members, and read back for decisions.

Both come from the books and never write to them. A sweep may run twice, late, or at once on two
machines: favourites are replaced whole, and a member who has an offer that holds gets no other of
that campaign. Who has opted out has neither, from that moment on.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from wallet import ledger, programme, sql
from wallet.campaigns import live
from wallet.database import Database
from wallet.rules import expiry, favourites, local, text
from wallet.rules import offers as rule

BATCH: Final = 200
"""Members of one step: their year of purchases is a second's work, and fits into memory easily."""
FRESH_DAYS: Final = 7
"""Favourites are looked at again after so many days even without a purchase: some are then over."""
OFFER_DAYS: Final = 7
"""An offer holds to the end of its seventh day: time for one more week's shopping."""
CANDIDATES_MAX: Final = 500
"""As many categories as one condition of a campaign may name."""


@dataclass(frozen=True, slots=True)
class Swept:
    """One step of the sweep: members looked at, members written, where to go on (None: done)."""

    looked: int
    written: int
    last: UUID | None


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: members asked about, offers kept, and why the scorer was ignored."""

    members: int = 0
    offers: int = 0
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Offer:
    """A member's own rate of a campaign in a category, `bps` on top of what the contract gives."""

    campaign_id: UUID
    category: str
    bps: int
    code: str
    data: Mapping[str, int | str]
    scorer: str
    scorer_version: int
    valid_from: datetime
    valid_until: datetime

    @property
    def sentence(self) -> str:
        """Why it is made, in English."""
        return rule.sentence(self.category, self.code, self.data)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: favourites written, and what was made for each campaign."""

    favourites: int
    made: dict[UUID, Made]


@dataclass(frozen=True, slots=True)
class _Question:
    """What a scorer is asked about one member."""

    history: rule.History
    candidates: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Moment:
    """An instant, and its day in the programme's time zone."""

    now: datetime
    zone: str

    @property
    def today(self) -> date:
        return local.day(self.now, self.zone)

    def since(self, days: int) -> datetime:
        """The beginning of the local day with which the last so many days begin."""
        return local.midnight(self.today - timedelta(days=days - 1), self.zone)


async def targets(db: Database, now: datetime | None = None) -> list[rule.Target]:
    """The campaigns in force that pay by personal offers, and what they want offers for."""
    moment = await live.moment(db, now)
    versions = moment.book.versions_at(moment.at, known_at=moment.at)
    found = (rule.target(campaign_id, definition) for campaign_id, _, definition in versions)
    return [one for one in found if one is not None]


async def refresh(
    db: Database, *, targets: Sequence[rule.Target], scorer: rule.Scorer, now: datetime
) -> Refreshed:
    """Look at all members: favourites first, then the offers of each campaign that wants some."""
    written, after = 0, None
    while True:
        swept = await compute_favourites(db, now=now, after=after)
        written, after = written + swept.written, swept.last
        if after is None:
            break
    made = {
        one.campaign_id: await compute_offers(
            db,
            campaign_id=one.campaign_id,
            bps_max=one.bps_max,
            scorer=scorer,
            now=now,
            categories=one.categories,
            without=one.without,
            favourites_only=one.favourites_only,
        )
        for one in targets
    }
    return Refreshed(written, made)


async def compute_favourites(
    db: Database, *, now: datetime, limit: int = BATCH, after: UUID | None = None
) -> Swept:
    """Work out anew the favourites of the next `limit` members for whom something has changed."""
    moment = _Moment(now, (await programme.of(db)).time_zone)
    members = await _fetch(
        db,
        "queries/favourites_due",
        after,
        limit,
        now,
        moment.since(favourites.WINDOW_DAYS),
        now - timedelta(days=FRESH_DAYS),
    )
    due = [row for row in members if row["due"]]
    if due:
        willing = [row["wallet_id"] for row in due if not row["opted_out"]]
        histories = await _histories(db, willing, moment, days=favourites.WINDOW_DAYS)
        chosen = {
            row["member_id"]: favourites.choose(
                histories.get(row["wallet_id"], ()),
                today=moment.today,
                opted_out=row["opted_out"],
            )
            for row in due
        }
        await _replace(db, chosen, now)
    return Swept(len(members), len(due), _last(members, limit))


async def compute_offers(
    db: Database,
    *,
    campaign_id: UUID,
    bps_max: int,
    scorer: rule.Scorer,
    now: datetime,
    categories: Collection[str] | None = None,
    without: Collection[str] = (),
    favourites_only: bool = False,
) -> Made:
    """Make offers of a campaign for every member without one that holds, as a scorer proposes.

    Candidates are `categories`, or all that are somebody's favourite, but for those `without`; with
    `favourites_only`, each member's own favourites among them.
    """
    moment = _Moment(now, (await programme.of(db)).time_zone)
    candidates = await _candidates(db, categories, without)
    made, after = Made(), None
    while True:
        members = await _fetch(db, "queries/offers_due", after, BATCH, campaign_id, now)
        asked = {row["member_id"]: row["wallet_id"] for row in members if row["due"]}
        histories = await _histories(db, asked.values(), moment, days=rule.HISTORY_DAYS)
        liked = await _liked(db, asked) if favourites_only else {}
        questions = {
            member_id: _Question(
                rule.History(histories[wallet_id]),
                [one for one in candidates if one in liked[member_id]]
                if favourites_only
                else candidates,
            )
            for member_id, wallet_id in asked.items()
        }
        # In a thread: a scorer may be a model that thinks, and the API may share this loop.
        outcomes = await asyncio.to_thread(_ask, scorer, questions, moment.today, bps_max)
        kept = await _keep(db, campaign_id, scorer, outcomes, moment)
        failures = Counter(one.failure for one in outcomes.values() if one.failure is not None)
        made = Made(made.members + len(asked), made.offers + kept, made.failures + failures)
        after = _last(members, BATCH)
        if after is None:
            return made


async def favourites_of(
    db: Database, member_ids: Collection[UUID]
) -> dict[UUID, tuple[favourites.Favourite, ...]]:
    """The favourites of each of these members, the dearest first; empty for who has none."""
    found: dict[UUID, list[favourites.Favourite]] = {one: [] for one in member_ids}
    for row in await db.fetch(sql.load("queries/favourites_of"), list(found)):
        told = orjson.loads(row["reason"])
        reason = favourites.Reason(told["times"], told["days"], date.fromisoformat(told["last_on"]))
        found[row["member_id"]].append(favourites.Favourite(row["place"], row["category"], reason))
    return {member_id: tuple(chosen) for member_id, chosen in found.items()}


async def offers_of(
    db: Database,
    member_ids: Collection[UUID],
    at: datetime | None = None,
    *,
    campaign_ids: Collection[UUID] | None = None,
) -> dict[UUID, tuple[Offer, ...]]:
    """The offers of each of these members that held at an instant (now), the best rate first.

    Of all campaigns, whatever became of them, or of those that are given.
    """
    found: dict[UUID, list[Offer]] = {one: [] for one in member_ids}
    chosen = None if campaign_ids is None else list(campaign_ids)
    for row in await db.fetch(sql.load("queries/offers_of"), list(found), at, chosen):
        facts = dict(row)
        member_id, reason = facts.pop("member_id"), orjson.loads(facts.pop("reason"))
        found[member_id].append(Offer(**facts, code=reason["code"], data=reason["data"]))
    return {member_id: tuple(held) for member_id, held in found.items()}


async def _candidates(
    db: Database, categories: Collection[str] | None, without: Collection[str]
) -> list[str]:
    rows = await _fetch(db, "queries/categories_liked", CANDIDATES_MAX)
    excluded = {text.key(category) for category in without}
    liked = [row["category"] for row in rows if row["category"] not in excluded]
    if categories is None:
        return liked
    named = {text.key(category) for category in categories} - excluded
    known = [category for category in liked if category in named]
    return known + sorted(named.difference(known))


async def _liked(db: Database, member_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    found = await favourites_of(db, member_ids)
    return {member_id: {one.category for one in chosen} for member_id, chosen in found.items()}


def _ask(
    scorer: rule.Scorer, questions: Mapping[UUID, _Question], today: date, bps_max: int
) -> dict[UUID, rule.Outcome]:
    return {
        member_id: rule.ask(scorer, one.history, one.candidates, today, bps_max=bps_max)
        for member_id, one in questions.items()
    }


async def _histories(
    db: Database, wallet_ids: Collection[UUID], moment: _Moment, *, days: int
) -> dict[UUID, tuple[favourites.Bought, ...]]:
    """What each of these wallets bought in the last so many days, in order of category."""
    ordered = list(wallet_ids)
    rows = await _fetch(
        db,
        "queries/category_purchases",
        [ledger.bucket(wallet_id) for wallet_id in ordered],
        ordered,
        moment.since(days),
        moment.now,
        moment.zone,
    )
    bought: dict[UUID, dict[str, tuple[list[date], int]]] = {one: {} for one in ordered}
    for row in rows:
        # One purchase may write a category in two ways; it is one purchase of it all the same.
        kept: Counter[str] = Counter()
        for category, kept_minor in zip(row["categories"], row["kept_minor"], strict=True):
            kept[text.key(category)] += kept_minor
        of = bought[row["wallet_id"]]
        for category, kept_minor in kept.items():
            on, sum_minor = of.get(category, ([], 0))
            on.append(row["day"])
            of[category] = (on, sum_minor + kept_minor)
    return {
        wallet_id: tuple(
            favourites.Bought(category, tuple(on), kept_minor)
            for category, (on, kept_minor) in sorted(of.items())
        )
        for wallet_id, of in bought.items()
    }


async def _replace(
    db: Database, chosen: Mapping[UUID, Sequence[favourites.Favourite]], now: datetime
) -> None:
    rows = [(member_id, one) for member_id, found in chosen.items() for one in found]
    await db.execute(
        sql.load("queries/favourites_replace"),
        list(chosen),
        [len(found) for found in chosen.values()],
        [member_id for member_id, _ in rows],
        [one.place for _, one in rows],
        [one.category for _, one in rows],
        [orjson.dumps(one.reason).decode() for _, one in rows],
        now,
    )


async def _keep(
    db: Database,
    campaign_id: UUID,
    scorer: rule.Scorer,
    outcomes: Mapping[UUID, rule.Outcome],
    moment: _Moment,
) -> int:
    rows = [(member_id, one) for member_id, found in outcomes.items() for one in found.offers]
    if not rows:
        return 0
    tag = await db.execute(
        sql.load("queries/offers_insert"),
        campaign_id,
        scorer.name,
        scorer.version,
        moment.now,
        expiry.end_of_day(moment.now, OFFER_DAYS - 1, moment.zone),
        [member_id for member_id, _ in rows],
        [one.category for _, one in rows],
        [one.uplift_bps for _, one in rows],
        [orjson.dumps({"code": one.code, "data": one.data}).decode() for _, one in rows],
    )
    return int(tag.rpartition(" ")[2])


async def _fetch(db: Database, name: str, *arguments: object) -> "list[asyncpg.Record]":
    # A sweep reads far more than a page does: it has the connections for bulk, and their time.
    async with db.bulk_pool.acquire() as connection:
        return await connection.fetch(sql.load(name), *arguments)


def _last(members: "Sequence[asyncpg.Record]", limit: int) -> UUID | None:
    """Where the next step begins; None behind the last member."""
    last: UUID | None = members[-1]["member_id"] if len(members) == limit else None
    return last
