"""The page about tiers shows what the product takes."""

import json
from pathlib import Path
from typing import Any

from tests.wallet import climbing, promotions
from tests.wallet.factories import AT_ONCE, NOON, Coalition
from tests.wallet.test_tiers import MINUTE, granted
from wallet.rules.schemes import kinds, ladders

PAGE = Path(__file__).parents[2] / "docs" / "tiers.md"


def example(place: int) -> Any:
    """One of the JSON documents of the page."""
    return json.loads(
        PAGE.read_text(encoding="utf-8").split("```json\n")[place + 1].split("```")[0]
    )


async def test_the_ladder_and_the_campaign_of_the_page_work_together(
    coalition: Coalition,
) -> None:
    five = {"default_bps": 500, "by_category": {}}
    rosa, ana = await coalition.merchant(rates=five, pending=AT_ONCE), await coalition.member()
    ladder, campaign = example(0), example(1)
    await climbing.publish(coalition, **ladder)
    await promotions.promote(
        coalition, **{**campaign, "starts_at": promotions.BEGUN.isoformat(), "stack": {}}
    )
    bought = [
        await coalition.earned(rosa, ana, amount, now=NOON + n * MINUTE)
        for n, amount in enumerate((35_000, 10_000))
    ]

    assert [await granted(coalition, one) for one in bought] == [0, 500]


def test_every_field_of_a_ladder_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    fields = set(ladders.Ladder.__struct_fields__) - {"name", "about", "tiers"}
    found = {name for name in fields if f"| `{name}` |" in page}

    assert found == fields
    assert kinds.read(example(0)).name == "Beauty Insider"
