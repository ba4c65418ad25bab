"""Tiers in sentences: what is missing to rise or to stay, until which day, and what follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel import dates

from api.explaining import tongue
from wallet import money
from wallet.rules.schemes.ladders import Metric


@dataclass(frozen=True, slots=True)
class Aim:
    """So much more of what counts, until an instant, to have a tier; names as people read them."""

    tier: str
    remaining: int
    until: datetime | None
    metric: Metric
    asset: money.Asset
    zone: str


def to_rise(aim: Aim, language: str) -> str:
    """Say what is missing to reach the next tier."""
    told = tongue.of(language)
    if aim.remaining == 0:
        return told.say("Your next purchase takes you to {tier}.", tier=aim.tier)
    act = _act(aim, told)
    if aim.until is None:
        return told.say("{act} to reach {tier}.", act=act, tier=aim.tier)
    day = _day(aim, language)
    return told.say("{act} by {day} to reach {tier}.", act=act, day=day, tier=aim.tier)


def to_stay(aim: Aim, language: str, *, falls_to: str | None) -> str:
    """Say what is missing to keep a tier, and what follows if it is not done."""
    told = tongue.of(language)
    if aim.remaining == 0 or aim.until is None:
        return told.say("You have done enough to stay {tier}.", tier=aim.tier)
    act, day = _act(aim, told), _day(aim, language)
    said = told.say("{act} by {day} to stay {tier}.", act=act, day=day, tier=aim.tier)
    if falls_to is None:
        return said
    after = told.say("After that you are {tier}.", tier=falls_to)
    return f"{said} {after}"


def _act(aim: Aim, told: tongue.Tongue) -> str:
    match aim.metric:
        case "spend":
            return told.say("Spend {amount} more", amount=told.amount(aim.remaining, aim.asset))
        case "points":
            return told.say("Earn {amount} more", amount=told.amount(aim.remaining, money.PTS))
        case "purchases":
            return told.many("Buy once more", "Buy {count} more times", aim.remaining)


def _day(aim: Aim, language: str) -> str:
    """The last day on which it counts: the instant is the start of the day after."""
    assert aim.until is not None
    last = aim.until.astimezone(ZoneInfo(aim.zone)).date() - timedelta(days=1)
    return dates.format_date(last, format="long", locale=tongue.LOCALES[language])
