"""The stories that docs/orders.md tells, played at the demo partner."""

from pathlib import Path

import pytest

from tests.partners import demo, driving
from wallet import orders
from wallet.database import Database

PAGE = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")


def told(place: int) -> list[list[str]]:
    """The rows of one table of the example."""
    example = PAGE.partition("## An example")[2].partition("\n## ")[0]
    table = example.split("| ---: | --- | --- | --- | --- |\n")[place].partition("\n\n")[0]
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in table.splitlines()]


@pytest.mark.parametrize(("place", "flavour", "minor"), [(1, "keyed", 506), (2, "natural", 505)])
async def test_an_order_goes_as_the_page_tells_it(
    db: Database,
    tmp_path: Path,
    demo_partner: demo.Partner,
    place: int,
    flavour: str,
    minor: int,
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, flavour=flavour) as one:
        order = await one.drive(await one.begin(minor))

        story = await orders.attempts(db, order.redemption_id)
    assert told(place) == [[str(a.number), a.asked, a.said, a.state, a.reason or ""] for a in story]
