"""Agreements: what who pays for gifts has agreed with a charity, before anything is promised.

A merchant, or the operator, that promises gifts for what is bought needs the charity's agreement in
writing first, and must tell the public how much goes where. Both are on record here: the contract's
reference, and the statement in the languages of members. An agreement never changes; it runs out,
or another one follows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, merchants, programme
from wallet.charities import directory
from wallet.database import Database
from wallet.rules import charities as rules
from wallet.rules.campaigns.definition import Definition

AGREEMENTS_MAX: Final = 500
"""Agreements of one charity: one for each merchant of a large coalition, and their successors."""
MERCHANTS_MAX: Final = 10_000
"""Merchants that are looked at for one campaign: as many as a coalition has."""

_SELECT: Final = (
    "select agreement_id, charity_id, funder_id, reference, statement, valid_from, valid_until,"
    " reason, actor_kind, actor_id, recorded_at from coalition.charity_agreement"
)
_INSERT: Final = (
    "insert into coalition.charity_agreement (agreement_id, charity_id, funder_id, reference,"
    " statement, valid_from, valid_until, reason, actor_kind, actor_id)"
    " values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)"
    " on conflict (agreement_id) do nothing returning agreement_id"
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A written agreement of a charity with who pays: a merchant, or the operator."""

    agreement_id: UUID
    charity_id: UUID
    funder_id: UUID
    reference: str
    statement: dict[rules.Language, str]
    valid_from: datetime
    valid_until: datetime | None
    reason: str
    actor_kind: str
    actor_id: UUID | None
    recorded_at: datetime

    @property
    def span(self) -> rules.Span:
        """The time in which it holds."""
        return rules.Span(self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An agreement that is on record; `replayed` if this id had been recorded before."""

    agreement: Agreement
    replayed: bool


async def record(
    db: Database,
    *,
    agreement_id: UUID,
    charity_id: UUID,
    funder_id: UUID,
    reference: str,
    statement: dict[rules.Language, str],
    valid_from: datetime,
    valid_until: datetime | None,
    reason: str,
    actor: audit.Actor,
) -> Recorded:
    """Put an agreement on record: CHARITY_UNKNOWN, or NOT_FOUND for who is to pay."""
    audit.check_reason(reason)
    rules.check_agreement(reference, statement, rules.Span(valid_from, valid_until))
    await directory.find(db, charity_id)
    await name_of(db, funder_id)
    standing = {one.agreement_id for one in (await of(db, [charity_id]))[charity_id]}
    if agreement_id not in standing and len(standing) >= AGREEMENTS_MAX:
        raise errors.TooMany(path=("charity_id",), limit=AGREEMENTS_MAX)
    made = await db.fetchval(
        _INSERT,
        *(agreement_id, charity_id, funder_id, reference, orjson.dumps(statement).decode()),
        *(valid_from, valid_until, reason, actor.kind, actor.actor_id),
    )
    found = await find(db, agreement_id)
    told = (charity_id, funder_id, reference, statement, valid_from, valid_until, reason)
    if told != (
        *(found.charity_id, found.funder_id, found.reference, found.statement),
        *(found.valid_from, found.valid_until, found.reason),
    ):
        raise errors.IdempotencyKeyReused(first_used_at=found.recorded_at)
    await audit.write(
        db,
        actor=actor,
        act="charity.agree",
        subject=charity_id,
        reason=reason,
        detail={"reference": reference},
        once=agreement_id,
    )
    return Recorded(found, replayed=made is None)


async def require(
    db: Database,
    *,
    charity_id: UUID,
    funder_id: UUID,
    since: datetime,
    until: datetime | None,
    path: Sequence[str] = (),
) -> list[Agreement]:
    """The agreements that cover a time, in order: AGREEMENT_MISSING if they do not.

    `until` is out; None asks for an agreement without an end.
    """
    found = (await of(db, [charity_id]))[charity_id]
    missing = gap(found, funder_id, since=since, until=until)
    if missing is not None:
        charity = await directory.find(db, charity_id)
        raise errors.AgreementMissing(
            path=path,
            funder=await name_of(db, funder_id),
            charity=charity.name,
            since=missing.isoformat(),
        )
    return [
        one
        for one in found
        if one.funder_id == funder_id and (one.valid_until is None or one.valid_until > since)
    ]


def gap(
    found: Sequence[Agreement], funder_id: UUID, *, since: datetime, until: datetime | None
) -> datetime | None:
    """From when on a time is not agreed with who pays; None if all of it is."""
    spans = [one.span for one in found if one.funder_id == funder_id]
    return rules.uncovered(spans, since=since, until=until)


async def require_for(
    db: Database, definition: Definition, *, since: datetime, path: Sequence[str] = ()
) -> None:
    """Refuse a campaign that promises gifts which are not agreed: it may not start.

    CHARITY_UNKNOWN or CHARITY_UNVERIFIED, and AGREEMENT_MISSING for the first of its funders that
    has no agreement for all of its time. Who pays `merchant` is each merchant where it holds.
    """
    receiver = definition.receiver
    if receiver is None:
        return
    charity_id, place = receiver.charity_id, (*path, *receiver.path)
    await directory.require_receiver(db, charity_id, *place)
    for funder_id in await _funders(db, definition):
        await require(
            db,
            charity_id=charity_id,
            funder_id=funder_id,
            since=since,
            until=definition.ends_at,
            path=place,
        )


async def stating(
    db: Database, definition: Definition, now: datetime | None = None
) -> list[Agreement]:
    """The agreements in force whose statements tell the public what a campaign gives."""
    if definition.receiver is None:
        return []
    at = now or await db.fetchval("select clock_timestamp()")
    payers = set(await _funders(db, definition))
    charity_id = definition.receiver.charity_id
    return [
        one
        for one in (await of(db, [charity_id]))[charity_id]
        if one.funder_id in payers and rules.uncovered([one.span], since=at, until=at) is None
    ]


async def find(db: Database, agreement_id: UUID) -> Agreement:
    """The agreement with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where agreement_id = $1", agreement_id)
    if row is None:
        raise errors.NotFound(path=("agreement_id",))
    return _agreement(row)


async def of(db: Database, charity_ids: Sequence[UUID]) -> dict[UUID, list[Agreement]]:
    """The agreements of charities by their beginning, for a loader."""
    rows = await db.fetch(
        f"{_SELECT} where charity_id = any($1) order by charity_id, valid_from, agreement_id",
        list(charity_ids),
    )
    found: dict[UUID, list[Agreement]] = {one: [] for one in charity_ids}
    for row in rows:
        found[row["charity_id"]].append(_agreement(row))
    return found


async def name_of(db: Database, funder_id: UUID) -> str:
    """What who pays is called: the operator by the programme's name; NOT_FOUND for neither."""
    house = await programme.of(db)
    if funder_id == house.operator_id:
        return house.name
    found = (await merchants.find_many(db, [funder_id])).get(funder_id)
    if found is None:
        raise errors.NotFound(path=("funder_id",))
    return found.name


async def _funders(db: Database, definition: Definition) -> list[UUID]:
    """Everybody who may pay for a grant of a campaign, the operator last."""
    said = [one.funder for one in definition.funding]
    named = [UUID(one) for one in said if one not in ("merchant", "operator")]
    sellers: list[UUID] = []
    if "merchant" in said:
        sellers = list(definition.merchants) or await _merchants(db)
    operator = [(await programme.of(db)).operator_id] if "operator" in said else []
    return list(dict.fromkeys([*named, *sellers, *operator]))


async def _merchants(db: Database) -> list[UUID]:
    rows = await db.fetch(
        "select merchant_id from coalition.merchant where status = 'active'"
        " order by merchant_id limit $1",
        MERCHANTS_MAX,
    )
    return [row["merchant_id"] for row in rows]


def _agreement(row: asyncpg.Record) -> Agreement:
    return Agreement(**{**dict(row), "statement": orjson.loads(row["statement"])})
