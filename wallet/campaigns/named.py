"""Whether what a definition names is there: merchants that sell or pay, segments, ladders.

A rule can not know it, so it is asked of the database when a draft is saved. None of them is ever
deleted, so it is asked once.
"""

from collections.abc import Iterator
from uuid import UUID

from wallet import merchants
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
    await _check_ladders(db, definition)


async def _check_ladders(db: Database, definition: Definition) -> None:
    named = {
        ("when", str(place), "ladder"): condition.ladder
        for place, condition in enumerate(definition.when)
        if isinstance(condition, conditions.Tier) and condition.ladder is not None
    }
    if not named:
        return
    rows = await db.fetch(
        "select scheme_id from coalition.scheme where kind = 'ladder' and scheme_id = any($1)",
        list(named.values()),
    )
    there = {row["scheme_id"] for row in rows}
    for path, one in named.items():
        if one not in there:
            refuse("there is no such ladder", *path)


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
