"""What is missing of a milestone, in one sentence of the member's language."""

from typing import Final

from api.explaining import tongue
from wallet import money
from wallet.rules.milestones import judging
from wallet.rules.milestones.counting import MILLI
from wallet.rules.schemes.milestones import Milestone

NAME_CHARS_MAX: Final = 60


def missing(
    standing: judging.Standing, told: tongue.Tongue, *, asset: money.Asset, after: str | None
) -> str:
    """Say what is missing, or why nothing can be done; `after` names the one that comes before."""
    match standing.state:
        case "done" if standing.milestone.times == 1 and standing.milestone.per == "ever":
            said = told.say("You have reached it.")
        case "done":
            said = told.say("You have reached it as often as it counts for now.")
        case "over":
            said = told.say("It is over.")
        case "barred":
            said = told.say("It is not open to you at the moment.")
        case "locked":
            name = tongue.short(after or "", NAME_CHARS_MAX)
            said = told.say("It begins when you have reached {name}.", name=name)
        case _:
            said = _left(
                standing.milestone, standing.ahead.target - standing.ahead.had, told, asset
            )
    return tongue.bounded(said)


def _left(milestone: Milestone, left: int, told: tongue.Tongue, asset: money.Asset) -> str:
    match milestone.metric:
        case "amount":
            return told.say("Buy for {missing} more.", missing=told.amount(left, asset))
        case "purchases":
            return told.many("One more purchase.", "{count} more purchases.", left)
        case "units" if left % MILLI == 0:
            return told.many("One more piece.", "{count} more pieces.", left // MILLI)
        case "units":
            return told.say("{missing} more pieces.", missing=told.thousandths(left))
        case "merchants":
            return told.many("One more merchant.", "{count} more merchants.", left)
        case "categories":
            return told.many("One more category.", "{count} more categories.", left)
        case "weeks":
            return told.many("One more week in a row.", "{count} more weeks in a row.", left)
        case _:
            return told.many("One more activity.", "{count} more activities.", left)
