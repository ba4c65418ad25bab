"""Deciding an old purchase again: by the versions and the facts of its day, and nothing of today.

The proof that a decision was no accident: whoever doubts it, years later, gets the same numbers and
the same reasons from what was kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from wallet import errors, ledger, merchants, money, programme, sql
from wallet.campaigns import reversals
from wallet.database import Database
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import compiled, decide, facts, outcome, record


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What was decided and what comes out again; `differences` names what is not the same."""

    purchase_id: UUID
    decision: cashback.Decision
    outcome: outcome.Outcome
    differences: tuple[str, ...]


async def reproduce(db: Database, purchase_id: UUID) -> Reproduced:
    """Decide a purchase again by what was kept of its day, or NOT_FOUND."""
    row = await db.fetchrow(
        sql.load("queries/decision_facts"), ledger.bucket(purchase_id), purchase_id
    )
    if row is None:
        raise errors.NotFound()
    lines = orjson.loads(row["lines"])
    bought = _purchase(row, lines)
    version = await merchants.contract(db, row["contract_id"])
    contract = contracts.Contract(
        version.contract_id, version.version, version.terms, row["merchant_name"]
    )
    house = await programme.of(db)
    decision = cashback.decide(bought, contract, reported_at=row["reported_at"], tz=house.time_zone)
    differences = [
        f"line {stored['line_no']}"
        for stored, again in zip(lines, decision.lines, strict=True)
        if (stored["rule"], stored["base_minor"], stored["credited_minor"], stored["sentence"])
        != (again.rule, again.base_minor, again.credited_minor, again.sentence)
    ]
    found = outcome.NOTHING
    if row["facts"] is not None:
        found = await _campaigns(db, record.load(orjson.loads(row["facts"])), bought, decision)
        stored = orjson.loads(row["document"])
        again = orjson.loads(orjson.dumps(outcome.document(found)))
        differences += [part for part in ("matched", "missed") if stored[part] != again[part]]
    return Reproduced(purchase_id, decision, found, tuple(differences))


async def _campaigns(
    db: Database, kept: record.Record, bought: purchases.Purchase, decision: cashback.Decision
) -> outcome.Outcome:
    definitions = await reversals.definitions_of(db, set(kept.versions))
    rows = await db.fetch(
        "select version_id, campaign_id from coalition.campaign_version"
        " where version_id = any($1::uuid[])",
        list(kept.versions),
    )
    versions = [
        facts.Version(row["campaign_id"], row["version_id"], definitions[row["version_id"]])
        for row in rows
    ]
    ready = compiled.compile_set(versions, kept.rules)
    return decide.decide(
        bought, decision, ready, place=kept.place, member=kept.member, room=kept.room
    )


def _purchase(row: Any, lines: list[Mapping[str, Any]]) -> purchases.Purchase:
    return purchases.Purchase(
        reference=row["reference"],
        asset=money.asset_by_number(row["asset"]).code,
        channel=row["channel"],
        store=row["store"],
        purchased_at=row["purchased_at"],
        lines=tuple(_line(one) for one in lines),
        paid_with_cashback_minor=row["cashback_paid_minor"],
        events=(),
        instrument=row["instrument"],
        subscription=row["subscription"],
        delivery=row["delivery"],
    )


def _line(one: Mapping[str, Any]) -> purchases.Line:
    names = (
        *("external_id", "product", "description", "kind", "category", "quantity_milli"),
        *("amount_minor", "discount_minor", "tax_minor", "brand"),
    )
    facts_of_line = {name: one[name] for name in names}
    return purchases.Line(number=one["line_no"], labels=tuple(one["labels"]), **facts_of_line)
