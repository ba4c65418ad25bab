"""Whether a schedule leaves any time at all to a campaign, whatever the programme's time zone is.

The answer is cautious: a campaign is said to have no time only if it has none in any zone there is.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from wallet.rules.campaigns import conditions

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=8)
"""A week and a day: whatever a schedule names has come by then."""
_ZONES: Final = timedelta(hours=14)
"""No place's clock is further from UTC."""
_WEEKDAYS: Final = get_args(conditions.Weekday)


def meets(schedule: conditions.Schedule, starts_at: datetime, ends_at: datetime | None) -> bool:
    """True if the schedule may be open at some instant from the start to before the end."""
    if ends_at is None or ends_at - starts_at >= _WEEK:
        return True
    first, last = starts_at - _ZONES, ends_at + _ZONES
    # The evening before may run over midnight.
    day = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _DAY
    while day < last:
        since, until = day + _clock(schedule.since), day + _clock(schedule.until)
        if until <= since:
            until += _DAY
        named = not schedule.days or _WEEKDAYS[day.weekday()] in schedule.days
        if named and since < last and first < until:
            return True
        day += _DAY
    return False


def _clock(text: str) -> timedelta:
    hours, _, minutes = text.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
