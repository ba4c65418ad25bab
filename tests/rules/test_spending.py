"""When a member must prove who they are: by what is new or unusual about a spend."""

import pytest

from wallet.rules import spending
from wallet.rules.spending import Way


@pytest.mark.parametrize(
    ("way", "found"),
    [
        (Way(partner_known=True, device_known=True), ()),
        (Way(partner_known=False, device_known=True), ("new_partner",)),
        (Way(partner_known=True, device_known=False), ("new_device",)),
        (Way(True, True, amount_minor=3_001, largest_minor=1_000), ("unusual_amount",)),
        (Way(True, True, amount_minor=3_000, largest_minor=1_000), ()),
        (Way(True, True, amount_minor=3_000, largest_minor=0), ()),
        (Way(False, False, 9_000, 1), ("new_partner", "new_device", "unusual_amount")),
    ],
)
def test_what_is_new_or_unusual_is_named(way: Way, found: tuple[str, ...]) -> None:
    assert found == spending.signs(way)


@pytest.mark.parametrize(
    ("territories", "country", "may"),
    [((), None, True), (("PT", "ES"), "ES", True), (("PT",), "FR", False), (("PT",), None, False)],
)
def test_where_countries_are_named_only_who_lives_there_may(
    territories: tuple[str, ...], country: str | None, may: bool
) -> None:
    assert may == spending.permits(territories, country)
