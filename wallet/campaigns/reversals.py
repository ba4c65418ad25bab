"""What goes back of a purchase and its campaigns: by what was stored, line by line, lot by lot.

The contract's part follows `rules.returns`, each campaign's `rules.campaigns.returns`. What a rule
takes back is shared over the lots it opened and given back to the budgets it was drawn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from wallet import errors, money
from wallet.campaigns import giving, live
from wallet.database import Database
from wallet.rules import clock, expiry, returns, text
from wallet.rules.campaigns import returns as campaign_returns
from wallet.rules.campaigns.definition import Definition


@dataclass(frozen=True, slots=True)
class Reversal:
    """A return as the books take it: the rows of `return_line_in` and its sisters, and a detail.

    `detail` says for each campaign how much it took back and whether its terms are no longer met.
    """

    lines: list[tuple[int, int, int, int]]
    grants: list[tuple[int, UUID, int]]
    lots: list[tuple[UUID, int]]
    releases: list[tuple[UUID, int]]
    detail: dict[str, Any] | None


NOTHING = Reversal([], [], [], [], None)


async def decide(
    db: Database,
    facts: Mapping[str, Any],
    asked: Sequence[returns.ReturnLine],
    *,
    merchant_id: UUID,
) -> Reversal:
    """Decide a return of lines (none: all that is left) of a purchase; `facts` are the books'."""
    sold = tuple(sold_line(one) for one in facts["lines"])
    now = returns.decide(sold, tuple(asked) or _all_left(sold))
    by_rule = {facts["contract_id"]: sum(one.reversed_minor for one in now)}
    grants = [_grant(one) for one in facts["grants"]]
    found: tuple[campaign_returns.GrantReturn, ...] = ()
    definitions: dict[UUID, Definition] = {}
    left: dict[int, campaign_returns.Kept] = {}
    if grants:
        definitions = await definitions_of(db, {one.version_id for one in grants})
        bases = {
            one["number"]: (text.key(one["category"]), one["base_minor"]) for one in facts["lines"]
        }
        left = campaign_returns.kept(sold, now, bases)
        found = campaign_returns.decide(grants, definitions, left)
    for one in found:
        by_rule[one.version_id] = by_rule.get(one.version_id, 0) + one.reversed_minor
    lots = [_lot(one) for one in (*facts["lots"], *facts["gifts"])]
    parts = campaign_returns.lots(lots, {rule: minor for rule, minor in by_rule.items() if minor})
    campaign_of = {UUID(one["version_id"]): UUID(one["campaign_id"]) for one in facts["grants"]}
    return Reversal(
        lines=[
            (one.number, one.quantity_milli, one.amount_minor, one.reversed_minor) for one in now
        ],
        grants=[(one.number, one.version_id, one.reversed_minor) for one in found],
        lots=list(parts),
        releases=_releases(lots, dict(parts), definitions, campaign_of, merchant_id),
        detail=_detail(found, grants, definitions, left),
    )


async def definitions_of(db: Database, version_ids: set[UUID]) -> dict[UUID, Definition]:
    """The definitions of versions that were published; they never change."""
    book = await live.at(db, epoch=0)
    if not version_ids <= book.definitions.keys():
        book = (await live.moment(db)).book
    return {version_id: book.definitions[version_id] for version_id in version_ids}


async def clocks(
    db: Database, facts: Mapping[str, Any], due: clock.Due, zone: str
) -> tuple[list[UUID], list[datetime | None]]:
    """Each lot of a purchase whose clock is set, and when it expires by its own rule."""
    lots = [_lot(one) for one in facts["lots"]]
    rules = {lot.rule_id for lot in lots} - {facts["contract_id"]}
    definitions = await definitions_of(db, rules) if rules else {}
    expires: list[datetime | None] = []
    for lot in lots:
        definition = definitions.get(lot.rule_id)
        days = None if definition is None else definition.expiry_days
        own = days is not None and due.due_as == "mature"
        expires.append(expiry.end_of_day(due.due_at, days or 0, zone) if own else due.expires_at)
    return [lot.lot_id for lot in lots], expires


def _all_left(sold: Sequence[returns.SoldLine]) -> tuple[returns.ReturnLine, ...]:
    left = tuple(
        returns.ReturnLine(one.number)
        for one in sold
        if one.returned_quantity_milli < one.quantity_milli
        or one.returned_amount_minor < one.amount_minor
    )
    if not left:
        raise errors.ReturnExceedsPurchase(path=("lines",))
    return left


def _releases(
    lots: Sequence[campaign_returns.SoldLot],
    parts: Mapping[UUID, int],
    definitions: Mapping[UUID, Definition],
    campaign_of: Mapping[UUID, UUID],
    merchant_id: UUID,
) -> list[tuple[UUID, int]]:
    """What each budget gets back; the books ignore those that nothing was drawn from."""
    found: dict[UUID, int] = {}
    for lot in lots:
        minor = parts.get(lot.lot_id, 0)
        definition = definitions.get(lot.rule_id)
        if definition is None or minor == 0:
            continue
        asset = definition.asset
        for budget in (
            giving.budget_of(("campaign", campaign_of[lot.rule_id], asset)),
            giving.budget_of(("merchant", merchant_id, asset)),
            giving.budget_of(("funder", lot.funder_id, asset)),
        ):
            found[budget] = found.get(budget, 0) + minor
    return sorted(found.items())


def _detail(
    found: Sequence[campaign_returns.GrantReturn],
    grants: Sequence[campaign_returns.SoldGrant],
    definitions: Mapping[UUID, Definition],
    left: Mapping[int, campaign_returns.Kept],
) -> dict[str, Any] | None:
    """What each campaign took back, and whether it did because its terms are no longer met."""
    taken: dict[UUID, int] = {}
    for one in found:
        taken[one.version_id] = taken.get(one.version_id, 0) + one.reversed_minor
    if not taken:
        return None
    rest: dict[UUID, int] = {}
    keeping: set[UUID] = set()
    for grant in grants:
        standing = grant.granted_minor - grant.reversed_minor
        rest[grant.version_id] = rest.get(grant.version_id, 0) + standing
        if standing and left[grant.number].kept > 0:
            keeping.add(grant.version_id)
    return {
        "campaigns": [
            {
                "name": definitions[version_id].name,
                "asset": definitions[version_id].asset,
                "minor": minor,
                # Whoever keeps none of what earned it knows why nothing is left.
                "all": minor == rest[version_id] and version_id in keeping,
            }
            for version_id, minor in taken.items()
        ]
    }


def sold_line(one: Mapping[str, Any]) -> returns.SoldLine:
    """A line as the books tell it, which know more of it than a return asks."""
    names = returns.SoldLine.__slots__
    facts = {name: one[name] for name in names}
    return returns.SoldLine(**{**facts, "rounding": money.Rounding(one["rounding"])})


def _grant(one: Mapping[str, Any]) -> campaign_returns.SoldGrant:
    return campaign_returns.SoldGrant(
        number=one["line_no"],
        version_id=UUID(one["version_id"]),
        granted_minor=one["granted_minor"],
        reversed_minor=one["reversed_minor"],
    )


def _lot(one: Mapping[str, Any]) -> campaign_returns.SoldLot:
    return campaign_returns.SoldLot(
        lot_id=UUID(one["lot_id"]),
        rule_id=UUID(one["rule_id"]),
        funder_id=UUID(one["funder_id"]),
        amount_minor=one["amount_minor"],
        reversed_minor=one["reversed_minor"],
    )
