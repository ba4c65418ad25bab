"""Whether what a definition names is there: merchants, segments, ladders, plans, the charity.

A rule can not know it, so it is asked of the database when a draft is saved. None of them is ever
deleted, so it is asked once.
"""

from collections.abc import Iterator
from uuid import UUID

from wallet import merchants
from wallet.charities import directory
from wallet.database import Database
from wallet.rules.campaigns import conditions
from wallet.rules.campaigns.definition import Definition
from wallet.rules.campaigns.refusing import refuse

_NO_UUID = ("merchant", "operator")


async def check(db: Database, definition: Definition, *, merchant_id: UUID | None) -> None:
    """Refuse who or what is not there; a merchant's own campaign holds at that merchant only."""
    if merchant_id is not None and definition.merchants != (merchant_id,):
        refuse("a merchant's own campaign holds at this merchant, and names it", "merchants")
    named = dict(_merchants(definition))
    known = await merchants.find_many(db, list(set(named.values())))
    for path, one in named.items():
        if one not in known:
            refuse("there is no such merchant", *path)
    wanted = {
        ("when", str(place), "any_of", str(position)): name
        for place, condition in enumerate(definition.when)
        if isinstance(condition, conditions.Segment)
        for position, name in enumerate(condition.any_of)
    }
    rows = await db.fetch(
        "select name from coalition.segment where name = any($1)", list(wanted.values())
    )
    there = {row["name"] for row in rows}
    for path, name in wanted.items():
        if name not in there:
            refuse("there is no such segment", *path)
    receiver = definition.receiver
    if receiver is not None and not await directory.find_many(db, [receiver.charity_id]):
        refuse("there is no such charity", *receiver.path)
    await _check_schemes(db, definition)


async def _check_schemes(db: Database, definition: Definition) -> None:
    """Ladders and plans that conditions ask for."""
    named: dict[tuple[str, ...], tuple[UUID, str]] = {}
    for place, condition in enumerate(definition.when):
        path = ("when", str(place))
        if isinstance(condition, conditions.Tier) and condition.ladder is not None:
            named[*path, "ladder"] = condition.ladder, "ladder"
        if isinstance(condition, conditions.Membership):
            for position, plan_id in enumerate(condition.any_of):
                named[*path, "any_of", str(position)] = plan_id, "membership"
    if not named:
        return
    rows = await db.fetch(
        "select scheme_id, kind from coalition.scheme where scheme_id = any ($1)",
        [scheme_id for scheme_id, _ in named.values()],
    )
    there = {(row["scheme_id"], row["kind"]) for row in rows}
    for steps, one in named.items():
        if one not in there:
            refuse(f"there is no such {one[1]}", *steps)


def _merchants(definition: Definition) -> Iterator[tuple[tuple[str, ...], UUID]]:
    for place, one in enumerate(definition.merchants):
        yield ("merchants", str(place)), one
    for place, share in enumerate(definition.funding):
        if share.funder not in _NO_UUID:
            yield ("funding", str(place), "funder"), UUID(share.funder)
    for place, condition in enumerate(definition.when):
        if isinstance(condition, conditions.BoughtAt):
            for position, one in enumerate(condition.any_of):
                yield ("when", str(place), "any_of", str(position)), one
