"""Who may play a draw, and when: by its dates, the member's age and country, and how often.

What is not known of a member keeps the gate shut: an age that is asked for must be known.
"""

from datetime import date, datetime

from wallet.rules import local, play_limits
from wallet.rules.draws import definition


def refusal(
    draw: definition.Draw,
    at: datetime,
    *,
    zone: str,
    birth_date: date | None,
    country: str | None,
) -> str | None:
    """The code of what keeps a member from playing at an instant, None if nothing does."""
    if not draw.opens_at <= at < draw.closes_at:
        return "draw_closed"
    gates = draw.gates
    if gates.age_min is not None and (
        birth_date is None or local.age(birth_date, local.day(at, zone)) < gates.age_min
    ):
        return "age_gate"
    if gates.countries is not None and country not in gates.countries:
        return "jurisdiction_gate"
    return None


def since(per: definition.Period, draw: definition.Draw, at: datetime, zone: str) -> datetime:
    """When the period began in which an instant lies."""
    if per == "draw":
        return min(draw.opens_at, at)
    day, week, month = play_limits.starts(at, zone)
    return {"day": day, "week": week, "month": month}[per]
