"""The days that the data holds: the year 2017, as its own calendar counts it."""

from datetime import date
from typing import Final

FIRST_DAY: Final = date(2017, 1, 1)
LAST_DAY: Final = date(2017, 12, 31)
