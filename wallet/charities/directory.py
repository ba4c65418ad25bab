"""The directory of charities: who they are, and who made sure of it, when and by what.

Each step is one row that never changes and says how the charity stood after it. It is written only
if nothing has changed since it was judged: of two steps at once one wins, and the other is judged
again.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, ids, sql
from wallet.database import Database
from wallet.rules import charities as rules
from wallet.rules import text

PAGE_MAX: Final = 100
CHARITIES_MAX: Final = 10_000
"""Charities of one directory: more is a register, and a register has a home already."""
CHANGES_MAX: Final = 200
"""Steps of one charity; whoever changes it more often does not know it."""
TRIES_MAX: Final = 10
"""How often a step is judged again because something else has changed meanwhile."""

_FACTS: Final = tuple(one.name for one in dataclasses.fields(rules.Facts))
_SELECT: Final = (
    "select charity_id, version, state, created_at, name, about, category, country, registrar,"
    " registration, website from coalition.charity"
)
_CHANGES: Final = (
    "select change_id, charity_id, version, act, state, facts, reason, evidence, actor_kind,"
    " actor_id, happened_at from coalition.charity_change"
)


@dataclass(frozen=True, slots=True)
class Charity:
    """A charity as it stands; `version` counts its changes."""

    charity_id: UUID
    version: int
    state: rules.State
    facts: rules.Facts
    created_at: datetime

    @property
    def name(self) -> str:
        """What it is called."""
        return self.facts.name


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a charity, and how it stood after it."""

    change_id: UUID
    charity_id: UUID
    version: int
    act: rules.Act
    state: rules.State
    facts: rules.Facts
    reason: str
    evidence: str | None
    actor_kind: str
    actor_id: UUID | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """A charity after a step; `replayed` if this id had done it before."""

    charity: Charity
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that somebody wants to take; `facts` where it is told anew who the charity is."""

    request_id: UUID
    charity_id: UUID
    act: rules.Act
    reason: str
    actor: audit.Actor
    facts: rules.Facts | None = None
    evidence: str | None = None
    is_new: bool = False


async def save(
    db: Database,
    *,
    request_id: UUID,
    charity_id: UUID | None,
    facts: rules.Facts,
    reason: str,
    actor: audit.Actor,
    new_id: UUID | None = None,
    now: datetime | None = None,
) -> Changed:
    """Propose a charity, or correct what is known of one (`charity_id`).

    A new one gets an id that follows from the request's, or `new_id` where contracts name it
    already.

    CHARITY_UNKNOWN, CHARITY_CLOSED, CHARITY_INVALID or TEXT_INVALID at the field at fault, and
    REFERENCE_USED for the registration of another charity.
    """
    rules.check(facts)
    key = charity_id or new_id or ids.derived(request_id, "charity")
    is_new = charity_id is None
    step = _Step(request_id, key, "save", reason, actor, facts=facts, is_new=is_new)
    return await _take(db, step, now)


async def verify(
    db: Database,
    *,
    request_id: UUID,
    charity_id: UUID,
    evidence: str,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Say that a charity is who it says it is, and what was looked at to know it."""
    if not evidence.strip():
        raise errors.ReasonMissing(
            "Verification needs evidence. Write what was looked at, then send it again.",
            path=("evidence",),
        )
    text.check(evidence, "evidence", chars_max=rules.EVIDENCE_CHARS_MAX)
    step = _Step(request_id, charity_id, "verify", reason, actor, evidence=evidence)
    return await _take(db, step, now)


async def suspend(
    db: Database,
    *,
    request_id: UUID,
    charity_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Let a charity receive nothing new until it is verified again; what is due stays due."""
    return await _take(db, _Step(request_id, charity_id, "suspend", reason, actor), now)


async def close(
    db: Database,
    *,
    request_id: UUID,
    charity_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Let a charity receive nothing new, for ever; what is due stays due."""
    return await _take(db, _Step(request_id, charity_id, "close", reason, actor), now)


async def require_receiver(db: Database, charity_id: UUID, *path: str) -> Charity:
    """The charity, if it may be given something: else CHARITY_UNKNOWN or CHARITY_UNVERIFIED."""
    charity = await find(db, charity_id, *path)
    if charity.state != "verified":
        raise errors.CharityUnverified(path=path or ("charity_id",), status=charity.state)
    return charity


async def find(db: Database, charity_id: UUID, *path: str) -> Charity:
    """The charity with this id, or CHARITY_UNKNOWN."""
    found = (await find_many(db, [charity_id])).get(charity_id)
    if found is None:
        raise errors.CharityUnknown(path=path or ("charity_id",))
    return found


async def find_many(db: Database, charity_ids: Sequence[UUID]) -> dict[UUID, Charity]:
    """The charities with these ids, for a loader; those that are not there are left out."""
    rows = await db.fetch(f"{_SELECT} where charity_id = any($1)", list(charity_ids))
    return {row["charity_id"]: _charity(row) for row in rows}


async def page(
    db: Database,
    *,
    first: int,
    after: tuple[str, UUID] | None,
    category: rules.Category | None = None,
    country: str | None = None,
    state: rules.State | None = "verified",
) -> list[Charity]:
    """Charities by name; `after` is the name and id of the last one seen. At most `first`."""
    assert 0 < first <= PAGE_MAX + 1
    name, last = after or ("", UUID(int=0))
    rows = await db.fetch(
        f"{_SELECT} where (name, charity_id) > ($1, $2) and ($3::text is null or category = $3)"
        " and ($4::text is null or country = $4) and ($5::text is null or state = $5)"
        " order by name, charity_id limit $6",
        name,
        last,
        category,
        country,
        state,
        first,
    )
    return [_charity(row) for row in rows]


async def changes(db: Database, charity_ids: Sequence[UUID]) -> dict[UUID, list[Change]]:
    """What was done with charities, in order, for a loader."""
    rows = await db.fetch(
        f"{_CHANGES} where charity_id = any($1) order by charity_id, version", list(charity_ids)
    )
    found: dict[UUID, list[Change]] = {one: [] for one in charity_ids}
    for row in rows:
        found[row["charity_id"]].append(_change(row))
    return found


async def as_of(db: Database, charity_ids: Sequence[UUID], at: datetime) -> dict[UUID, rules.Facts]:
    """Who charities were at an instant, as it was known then; their first facts before that."""
    rows = await db.fetch(
        "select distinct on (charity_id) charity_id, facts from coalition.charity_change"
        " where charity_id = any($1)"
        " order by charity_id, happened_at > $2, case when happened_at > $2 then version"
        " else -version end",
        list(charity_ids),
        at,
    )
    return {row["charity_id"]: rules.Facts(**orjson.loads(row["facts"])) for row in rows}


async def _take(db: Database, step: _Step, now: datetime | None) -> Changed:
    audit.check_reason(step.reason)
    for _ in range(TRIES_MAX):
        replayed = await _known(db, step)
        if not replayed and not await _record(db, step, now):
            continue  # Something has changed meanwhile: judge it again by what holds now.
        await audit.write(
            db,
            actor=step.actor,
            act=f"charity.{step.act}",
            subject=step.charity_id,
            reason=step.reason,
            detail=None if step.evidence is None else {"evidence": step.evidence},
            once=step.request_id,
        )
        return Changed(await find(db, step.charity_id), replayed)
    raise errors.IdempotencyInProgress()


async def _known(db: Database, step: _Step) -> bool:
    row = await db.fetchrow(f"{_CHANGES} where change_id = $1", step.request_id)
    if row is None:
        return False
    found = _change(row)
    same = (found.charity_id, found.act, found.reason, found.evidence) == (
        *(step.charity_id, step.act, step.reason, step.evidence),
    )
    if not same or step.facts not in (None, found.facts):
        raise errors.IdempotencyKeyReused(first_used_at=found.happened_at)
    return True


async def _record(db: Database, step: _Step, now: datetime | None) -> bool:
    """Judge the step and write it; False if the charity has changed in between."""
    version, state, facts = await _judged(db, step)
    try:
        recorded = await db.fetchval(
            sql.load("queries/charity_change"),
            *(step.charity_id, version, state, orjson.dumps(dataclasses.asdict(facts)).decode()),
            *(now, step.request_id, step.act, step.reason, step.evidence),
            *(step.actor.kind, step.actor.actor_id),
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "charity_registration":
            raise errors.ReferenceUsed(path=("registration",)) from None
        return False  # The same step, sent twice at once.
    return recorded is not None


async def _judged(db: Database, step: _Step) -> tuple[int, rules.State, rules.Facts]:
    standing = (await find_many(db, [step.charity_id])).get(step.charity_id)
    if standing is None and step.is_new:
        assert step.facts is not None
        if await db.fetchval("select count(*) from coalition.charity") >= CHARITIES_MAX:
            raise errors.TooMany(limit=CHARITIES_MAX)
        return 1, "proposed", step.facts
    if standing is None:
        raise errors.CharityUnknown(path=("charity_id",))
    if standing.version >= CHANGES_MAX:
        raise errors.TooMany(path=("charity_id",), limit=CHANGES_MAX)
    if step.facts is not None:
        state = rules.saved(standing.state, before=standing.facts, facts=step.facts)
        return standing.version + 1, state, step.facts
    return standing.version + 1, rules.stepped(standing.state, step.act), standing.facts


def _charity(row: asyncpg.Record) -> Charity:
    return Charity(
        charity_id=row["charity_id"],
        version=row["version"],
        state=row["state"],
        facts=rules.Facts(**{name: row[name] for name in _FACTS}),
        created_at=row["created_at"],
    )


def _change(row: asyncpg.Record) -> Change:
    told: dict[str, Any] = dict(row)
    return Change(**{**told, "facts": rules.Facts(**orjson.loads(row["facts"]))})
