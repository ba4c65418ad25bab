"""Activities that are kept once for whoever counts them, whether or not a campaign gives."""

import asyncio
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import factories
from tests.wallet.factories import Coalition, refused
from tests.wallet.test_activities import minors, report, review, visit, welcome
from wallet import errors, members


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant who reports."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who does things."""
    return await coalition.member()


async def kept(coalition: Coalition) -> list[tuple[str, str]]:
    rows = await coalition.db.fetch(
        "select kind, reference from ledger.activity order by reference"
    )
    return [(row["kind"], row["reference"]) for row in rows]


async def test_what_was_done_is_kept_once_where_no_campaign_gives_and_where_one_does(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    it = visit("a")
    await asyncio.gather(*(report(coalition, rosa, ana, it) for _ in range(6)))
    await welcome(coalition)
    await report(coalition, rosa, ana, visit("b"))
    over = await refused(report(coalition, rosa, ana, visit("c")))

    assert errors.ActivityLimit() == over
    assert [("visit", "a"), ("visit", "b")] == await kept(coalition)


async def test_a_line_keeps_its_first_review_where_no_campaign_gives(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    bought = await coalition.report(rosa, ana, factories.purchase(1_000))
    for reference in ("a", "b"):
        it = replace(review(bought.purchase_id), reference=reference)
        await report(coalition, rosa, ana, it)

    assert [("review", "a")] == await kept(coalition)


async def test_a_crash_before_an_activity_was_kept_is_mended_by_the_retry(
    coalition: Coalition, rosa: UUID, ana: members.Member, owner: Connection
) -> None:
    await welcome(coalition)
    it = visit("a")
    await owner.execute("alter table ledger.activity rename to lost")
    with pytest.raises(asyncpg.UndefinedTableError):
        await report(coalition, rosa, ana, it)
    await owner.execute("alter table ledger.lost rename to activity")

    again = await report(coalition, rosa, ana, it)
    assert (True, [100]) == (again.replayed, minors(again))
    assert [("visit", "a")] == await kept(coalition)
