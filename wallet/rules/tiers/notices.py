"""What members are told of their tiers: a change with its reason, and what is needed to stay."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from wallet import money
from wallet.rules import local

_WHY: Final = {
    "began": "you reached it with what you had bought before.",
    "upgrade": "you reached it with your purchases.",
    "milestone": "you reached a milestone.",
    "downgrade": "the time to stay has passed.",
    "return": "because goods went back.",
    "override": "our staff gave it to you for a time.",
    "override_ended": "what our staff gave you for a time is over.",
    "membership": "it is in your membership.",
    "membership_ended": "what your membership gave you is over.",
    "edited": "the rules have changed.",
    "restated": "something was reported late.",
}
_DOWN: Final = ("downgrade", "return", "override_ended", "membership_ended")


def sentence(topic: str, detail: Mapping[str, Any], *, asset: money.Asset, zone: str) -> str | None:
    """The sentence for an event of a tier; `detail` is what was written with it."""
    match topic:
        case "tier.changed":
            return _changed(detail)
        case "tier.warning":
            return _warned(detail, asset, zone)
        case _:
            return None


def _changed(detail: Mapping[str, Any]) -> str:
    tier, before, ladder, why = (detail[name] for name in ("tier", "from", "ladder", "why"))
    if why == "lifetime":
        return f"You are {tier} in {ladder} for life."
    if why == "return":
        return (
            f"You are {tier} again in {ladder}, no longer {before}, because goods went back."
            " What you were given before stays yours."
        )
    if why in _DOWN:
        return f"You are {tier} again in {ladder}, no longer {before}: {_WHY[why]}"
    return f"You are {tier} now in {ladder}: {_WHY[why]}"


def _warned(detail: Mapping[str, Any], asset: money.Asset, zone: str) -> str:
    until = datetime.fromisoformat(detail["until"])
    # The instant is the start of the day after the last day.
    day = local.day(until, zone) - timedelta(days=1)
    remaining: int = detail["remaining"]
    match detail["metric"]:
        case "spend":
            act = f"Spend {money.phrase(remaining, asset)} more"
        case "points":
            act = f"Earn {money.phrase(remaining, money.PTS)} more"
        case _:
            act = f"Buy {remaining} more times" if remaining > 1 else "Buy once more"
    return (
        f"{act} by {day.day} {day:%B %Y} to stay {detail['tier']} in {detail['ladder']};"
        f" after that you are {detail['falls_to']}."
    )
