"""What campaigns go by: all that was ever published, read once for each epoch and kept in memory.

The epoch of the programme grows with each change of reference data, in the statement that makes
the change. A process that has read the book of an epoch answers from memory until it hears of a
higher one; what was in force at any instant, as known at any other, is in the same book.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, sql
from wallet.database import Database
from wallet.rules.campaigns import contradictions, drafts, programme, timeline
from wallet.rules.campaigns.definition import Definition

_KEY: Final = "campaigns"
BEFORE: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Before anything was written down."""


@dataclass(frozen=True, slots=True)
class Published:
    """A campaign that was published, or put away, and all its changes in their order."""

    campaign_id: UUID
    merchant_id: UUID | None
    name: str
    changes: tuple[timeline.Change, ...]


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """The programme's rules from an instant on."""

    version: int
    request_id: UUID
    rules: programme.Rules
    valid_from: datetime
    note: str
    published_by: UUID
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """All of one epoch; nothing in it changes. Campaigns stand in the order they were made in.

    `edges` are all instants at which anything begins or ends, `recorded_at` the last one at which
    anything was written down: between two edges, for whoever knows all, the same is in force.
    """

    epoch: int
    campaigns: Mapping[UUID, Published]
    definitions: Mapping[UUID, Definition]
    rules: tuple[RulesVersion, ...]
    edges: tuple[datetime, ...]
    recorded_at: datetime
    evidence: Mapping[tuple[UUID, str, str], tuple[tuple[date, date], ...]]

    def versions_at(
        self, at: datetime, *, known_at: datetime
    ) -> list[tuple[UUID, UUID, Definition]]:
        """Campaign, version and definition of what is in force at an instant, as known at another.

        They come in the order in which the campaigns were made.
        """
        found = []
        for campaign_id, campaign in self.campaigns.items():
            version_id = timeline.in_force(campaign.changes, at, known_at)
            if version_id is not None and timeline.is_open(self.definitions[version_id], at):
                found.append((campaign_id, version_id, self.definitions[version_id]))
        return found

    def rules_at(self, at: datetime, *, known_at: datetime) -> programme.Rules:
        """The programme's rules in force at an instant, as known at another."""
        rules = programme.DEFAULT
        for one in self.rules:
            if one.valid_from <= at and one.published_at <= known_at:
                rules = one.rules
        return rules

    def groups_from(self, at: datetime) -> tuple[str, ...]:
        """The groups that there are from an instant on: then, and by all rules that will follow."""
        later = [set(one.rules.names()) for one in self.rules if one.valid_from > at]
        names = self.rules_at(at, known_at=at).names()
        return tuple(name for name in names if all(name in one for one in later))

    def certified(self, *, merchant_id: UUID, product: str, label: str, day: date) -> bool:
        """True if evidence shows that a merchant's product bore the label by right on that day."""
        spans = self.evidence.get((merchant_id, product, label), ())
        return any(valid_from <= day <= valid_until for valid_from, valid_until in spans)

    def changes_of(self, campaign_id: UUID) -> tuple[timeline.Change, ...]:
        """The changes of a campaign; none for a draft."""
        found = self.campaigns.get(campaign_id)
        return () if found is None else found.changes

    def status(self, campaign_id: UUID, now: datetime) -> timeline.Status:
        """Where a campaign stands."""
        return timeline.status(self.changes_of(campaign_id), self.definitions.__getitem__, now)

    def others(self, now: datetime, *, besides: UUID) -> list[contradictions.Other]:
        """What other campaigns have in force, paused, or waiting."""
        return [
            contradictions.Other(one.campaign_id, self.definitions[version_id])
            for one in self.campaigns.values()
            if one.campaign_id != besides
            for version_id in timeline.coming(one.changes, now)
        ]


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant by the database's clock, or the one that was told, and the book as it was then."""

    at: datetime
    book: Book


async def at(db: Database, *, epoch: int) -> Book:
    """The book of an epoch, or of a later one: from memory if this process has read it."""
    known = db.known.get(_KEY)
    if isinstance(known, Book) and known.epoch >= epoch:
        return known
    definitions = known.definitions if isinstance(known, Book) else {}
    row = await db.fetchrow(sql.load("queries/campaigns_live"), list(definitions))
    if row is None:
        raise errors.NotFound("There is no programme yet. Run `commonpurse up` or create one.")
    book = _book(row, definitions)
    latest = db.known.get(_KEY)
    if not isinstance(latest, Book) or latest.epoch < book.epoch:
        db.known[_KEY] = book
    return book


async def moment(db: Database, now: datetime | None = None) -> Moment:
    """What holds now: one small question, and the book if it has changed."""
    row = await db.fetchrow(
        "select epoch, coalesce($1::timestamptz, clock_timestamp()) as at from coalition.programme",
        now,
    )
    if row is None:
        raise errors.NotFound("There is no programme yet. Run `commonpurse up` or create one.")
    return Moment(row["at"], await at(db, epoch=row["epoch"]))


def _book(row: Any, known: Mapping[UUID, Definition]) -> Book:
    definitions = dict(known)
    for version_id, written in orjson.loads(row["versions"]):
        definitions[UUID(version_id)] = drafts.read(written)
    changes: dict[UUID, list[timeline.Change]] = {}
    for one in orjson.loads(row["changes"]):
        change = _change(one)
        changes.setdefault(change.campaign_id, []).append(change)
    all_changes = [one for found in changes.values() for one in found]
    rules = tuple(_rules(one) for one in orjson.loads(row["rules"]))
    evidence: dict[tuple[UUID, str, str], tuple[tuple[date, date], ...]] = {}
    for merchant_id, product, label, valid_from, valid_until in orjson.loads(row["evidence"]):
        key = (UUID(merchant_id), product, label)
        span = (date.fromisoformat(valid_from), date.fromisoformat(valid_until))
        evidence[key] = (*evidence.get(key, ()), span)
    return Book(
        epoch=row["epoch"],
        campaigns={
            UUID(campaign_id): Published(
                UUID(campaign_id),
                None if merchant_id is None else UUID(merchant_id),
                name,
                tuple(changes[UUID(campaign_id)]),
            )
            for campaign_id, merchant_id, name in orjson.loads(row["campaigns"])
        },
        definitions=definitions,
        rules=rules,
        edges=_edges(all_changes, definitions, rules),
        recorded_at=max(
            (
                BEFORE,
                *(one.recorded_at for one in all_changes),
                *(one.published_at for one in rules),
            )
        ),
        evidence=evidence,
    )


def _edges(
    changes: Iterable[timeline.Change],
    definitions: Mapping[UUID, Definition],
    rules: Iterable[RulesVersion],
) -> tuple[datetime, ...]:
    found = {change.effective_at for change in changes}
    for definition in definitions.values():
        found.add(definition.starts_at)
        if definition.ends_at is not None:
            found.add(definition.ends_at)
    found.update(at for one in rules for at in (one.valid_from, one.published_at))
    return tuple(sorted(found))


def _change(one: dict[str, Any]) -> timeline.Change:
    return timeline.Change(
        change_id=UUID(one["change_id"]),
        campaign_id=UUID(one["campaign_id"]),
        epoch=one["epoch"],
        act=one["act"],
        version_id=_uuid(one["version_id"]),
        replaced_id=_uuid(one["replaced_id"]),
        effective_at=datetime.fromisoformat(one["effective_at"]),
        recorded_at=datetime.fromisoformat(one["recorded_at"]),
        reason=one["reason"],
        actor_kind=one["actor_kind"],
        actor_id=_uuid(one["actor_id"]),
    )


def _rules(one: dict[str, Any]) -> RulesVersion:
    return RulesVersion(
        version=one["version"],
        request_id=UUID(one["request_id"]),
        rules=programme.parse(one["rules"]),
        valid_from=datetime.fromisoformat(one["valid_from"]),
        note=one["note"],
        published_by=UUID(one["published_by"]),
        published_at=datetime.fromisoformat(one["published_at"]),
    )


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
