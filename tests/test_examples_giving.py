"""The example of the page about giving, played on a real database: each figure shown is right."""

from datetime import datetime

import pytest

from tests import test_examples
from tests.test_examples import bought, day, movements, shown, told
from tests.wallet import factories, giving
from wallet import database, earn
from wallet.charities import pledges


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """The programme of the examples, in Lisbon."""
    return await factories.open_coalition(db)


async def test_the_example_of_giving_is_what_happens(coalition: factories.Coalition) -> None:
    rosa, _, harvest = await test_examples.three_merchants(coalition)
    ana, river = await coalition.member(), await giving.charity(coalition, name="River Fund")

    async def carry_out(now: datetime) -> None:
        await pledges.carry_out(coalition.db, ana.wallet_id, now)

    await giving.pledge(coalition, ana, river, now=day(0))
    await giving.pledge(coalition, ana, river, kind="round_up", now=day(0))
    await coalition.report(rosa, ana, bought(day(0), ("food", 1, 6_400)), now=day(0))
    await earn.mature(coalition.db, now=day(14))
    await carry_out(day(14))
    await coalition.spend(ana, harvest, 130, now=day(19))
    await carry_out(day(19))
    await coalition.give(ana, river, 50, now=day(20))

    found = await movements(coalition, ana)
    assert told("charity.md") == [
        shown(one, one.pending_minor, one.available_minor) for one in found
    ]
