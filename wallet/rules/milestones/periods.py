"""The periods of a milestone: of the programme's calendar, from midnight to midnight.

A period is as long as its clocks make it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from wallet.rules import local
from wallet.rules.schemes.milestones import Per

_REMEMBERED: Final = 4_096  # days: each look at a member asks for the same ones again


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its key, its first instant and the first one after it, None where it has none."""

    key: str
    since: datetime | None
    until: datetime | None


@lru_cache(_REMEMBERED)
def of(per: Per, day: date, zone: str) -> Span:
    """The period that a local day belongs to; rolling ones and the whole of time have no bounds."""
    if per in ("ever", "rolling"):
        return Span(per, None, None)
    key, first, after = local.period(per, day)
    return Span(key, local.midnight(first, zone), local.midnight(after, zone))


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return local.period("week", day).first
