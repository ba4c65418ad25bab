"""The end of a day, twice: the rule in Python and the function in SQL must name the same instant.

The rule works out when a lot expires; the function works out a grace, a notice and a goodwill's
year, in the middle of a write. PostgreSQL and Python each have time zones of their own.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Connection
from wallet.rules import expiry

# Where a midnight is skipped or comes twice, where days are of 23, 25 or 23.5 hours, and the ends
# of the world.
ZONES = (
    "Africa/Cairo",
    "America/Asuncion",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "UTC",
)


@pytest.mark.parametrize("days", [0, 30])
async def test_a_day_ends_at_one_instant(owner: Connection, days: int) -> None:
    start = datetime(2024, 1, 1, 0, 30, tzinfo=UTC)
    instants = [start + timedelta(hours=7 * step) for step in range(2600)]
    differ = []
    for zone in ZONES:
        rows = await owner.fetch(
            "select at, ledger.end_of_day(at, $2, $3) as ends from unnest($1::timestamptz[]) as at",
            instants,
            days,
            zone,
        )
        differ += [
            (zone, row["at"], row["ends"], expected)
            for row in rows
            if row["ends"] != (expected := expiry.end_of_day(row["at"], days, zone))
        ]

    assert [] == differ
