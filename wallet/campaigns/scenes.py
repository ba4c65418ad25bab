"""What a simulation must know besides the purchases: members, shops, returns, evidence."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import asyncpg
import orjson

from wallet import programme, sql
from wallet.campaigns import playback
from wallet.rules import local
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, needs, relevant
from wallet.rules.campaigns import programme as campaign_rules

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Span:
    """The period, and the number of the programme's asset."""

    since: datetime
    until: datetime
    asset: int


async def scene(
    connection: Connection,
    drafts: Sequence[facts.Version],
    rules: campaign_rules.Rules,
    house: programme.Programme,
    asked: relevant.Question,
    span: Span,
) -> playback.Scene:
    """Set the scene for drafts, but for the people."""
    when = [one for draft in drafts for one in draft.definition.when]
    lines = [one for draft in drafts for one in draft.definition.lines]
    returns: list[asyncpg.Record] = []
    if asked.remembers:
        returns = await connection.fetch(
            sql.load("queries/simulate_returns"), span.asset, asked.since, span.until
        )
    stores: list[asyncpg.Record] = []
    if any(isinstance(one, c.Store) for one in when):
        stores = await connection.fetch("select store_id, external_id from coalition.store")
    return playback.Scene(
        drafts=tuple(drafts),
        rules=rules,
        operator_id=house.operator_id,
        zone=house.time_zone,
        asset=house.asset.code,
        dated=False,
        people={},
        stores={row["store_id"]: row["external_id"] for row in stores},
        returns=[playback.Returned(*row) for row in returns],
        proofs=await _proofs(
            connection, [one.label for one in lines if isinstance(one, c.Certified)], span
        ),
        live=None,
    )


async def people(
    connection: Connection,
    drafts: Sequence[facts.Version],
    zone: str,
    asked: relevant.Question,
    asks: needs.Needs,
    span: Span,
    more: Mapping[uuid.UUID, frozenset[str]],
) -> dict[uuid.UUID, playback.Person]:
    """Say by wallet who members are, as far as it is asked; `more` are segments by member."""
    if not (asks.segments or asks.profile or asks.plans or asked.every):
        return {}
    names = {
        name
        for draft in drafts
        for one in draft.definition.when
        if isinstance(one, c.Segment)
        for name in one.any_of
    }
    rows = await connection.fetch(
        sql.load("queries/simulate_people"),
        span.until,
        None if asked.every else sorted(names),
        asked.segments is not None,
        list(more),
        bool(asks.plans),
    )
    return {
        row["wallet_id"]: playback.Person(
            joined_on=local.day(row["joined_at"], zone),
            birth_date=row["birth_date"],
            tier=row["tier"],
            tiers={uuid.UUID(key): one for key, one in orjson.loads(row["tiers"]).items()},
            memberships=frozenset(row["memberships"]),
            segments=more.get(row["member_id"], frozenset()).union(row["segments"]),
        )
        for row in rows
    }


async def _proofs(
    connection: Connection, labels: Sequence[str], span: Span
) -> list[playback.Proof]:
    if not labels:
        return []
    rows = await connection.fetch(
        sql.load("queries/simulate_proofs"),
        labels,
        _day(span.since, -1),
        _day(span.until, 1),
    )
    return [playback.Proof(*row) for row in rows]


def _day(at: datetime, away: int) -> date:
    return (at + timedelta(days=away)).date()
