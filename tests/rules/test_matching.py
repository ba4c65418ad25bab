"""What a match comes to: rounded down, cut to the cap and then to the budget, and why."""

import json
import re
from pathlib import Path

import pytest

from wallet.rules import matching
from wallet.rules.schemes import kinds
from wallet.rules.schemes.matching import Match

PAGE = Path(__file__).parents[2] / "docs" / "remittances.md"


@pytest.mark.parametrize(
    ("gift", "bps", "cap", "budget", "expected"),
    [
        (500, 10_000, None, 1000, (500, 500, None)),
        (500, 20_000, None, 1000, (1000, 1000, None)),
        (3, 5_000, None, 1000, (1, 1, None)),
        (1, 5_000, None, 1000, (0, 0, None)),
        (500, 10_000, 300, 1000, (500, 300, "member_cap")),
        (500, 10_000, 300, 200, (500, 200, "budget")),
        (500, 10_000, 0, 1000, (500, 0, "member_cap")),
        (500, 10_000, None, -5, (500, 0, "budget")),
    ],
)
def test_a_match_is_a_share_within_its_limits(
    gift: int, bps: int, cap: int | None, budget: int, expected: tuple[int, int, str | None]
) -> None:
    allowed = matching.allow(gift, bps, cap_left_minor=cap, budget_left_minor=budget)

    assert expected == (allowed.desired_minor, allowed.minor, allowed.cut_by)


def test_the_match_that_the_page_shows_can_be_published() -> None:
    shown = [
        json.loads(code)
        for code in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ]

    (found,) = [kinds.read(one) for one in shown if "kind" in one]
    assert isinstance(found, Match)
    assert (10_000, None) == (found.bps, found.funder)
