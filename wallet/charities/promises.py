"""Whether a match may be promised: its funder and charities are there and agreed, and its budget.

It is asked when a match is published. The budget is set with the version, in one statement, and
never below what was given.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wallet import errors, merchants, programme
from wallet.campaigns import budgets
from wallet.charities import agreements, directory
from wallet.database import Database
from wallet.rules.schemes.definition import refuse
from wallet.rules.schemes.matching import Match

ALERTS_BPS: Final = (8_000, 9_500)
"""When to warn that a budget is nearly given: as with campaigns."""


async def check(db: Database, it: Match, *, since: datetime) -> None:
    """Refuse a funder or charity that is not there, is not verified, or has not agreed.

    A match for every charity needs no agreement now: a gift is matched where there is one.
    """
    house = await programme.of(db)
    funder_id = house.operator_id
    if it.funder is not None:
        funder_id = it.funder
        if not await merchants.find_many(db, [funder_id]):
            refuse("no merchant has this id", "definition", "funder")
    if it.ends_at is not None and it.ends_at <= since:
        refuse("the end must come after the start", "definition", "ends_at")
    for place, charity_id in enumerate(it.charities):
        path = ("definition", "charities", str(place))
        await directory.require_receiver(db, charity_id, *path)
        await agreements.require(
            db,
            charity_id=charity_id,
            funder_id=funder_id,
            since=since,
            until=it.ends_at,
            path=path,
        )


async def fund(db: Database, scheme_id: UUID, it: Match) -> budgets.Fund:
    """The budget of a match, set with its version; BUDGET_TOO_SMALL below what was given."""
    house = await programme.of(db)
    try:
        return await budgets.fund(
            db,
            kind="match",
            subject_id=scheme_id,
            asset=house.asset,
            cap_minor=it.budget_minor,
            alerts=ALERTS_BPS,
        )
    except errors.BudgetTooSmall as refusal:
        data: dict[str, Any] = refusal.data
        raise errors.BudgetTooSmall(path=("definition", "budget_minor"), **data) from None
