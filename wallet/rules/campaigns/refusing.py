"""How a campaign, or the rules of the programme, are refused: at a path, with a reason.

A path names the field in the JSON as it was sent.
"""

from typing import NoReturn

from wallet import errors
from wallet.rules import malformed


def refuse(says: str, *steps: str) -> NoReturn:
    """Raise CAMPAIGN_INVALID for the field at this path."""
    raise invalid(says, *steps)


def unread(problem: str) -> errors.CampaignInvalid:
    """The refusal of what msgspec could not read, by its words for it."""
    found = malformed.problem(problem)
    return invalid(found.says, *found.path)


def invalid(says: str, *steps: str) -> errors.CampaignInvalid:
    """The refusal of the field at this path."""
    path = malformed.printable(steps)
    return errors.CampaignInvalid(
        f"This is wrong at {malformed.where(path)}: {says[:1].lower()}{says[1:]}."
        " Correct it and send it again.",
        path=path,
    )
