"""How a campaign, or the rules of the programme, are refused: at a path, with a reason.

A path names the field in the JSON as it was sent. A step may be a field that somebody made up, so
it is cut to what still prints.
"""

import re
from typing import Final, NoReturn

from wallet import errors

_STEP_CHARS_MAX: Final = 64
_PLACE: Final = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$(.*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"Object (?:missing required|contains unknown) field `(.+?)`", re.DOTALL)
_SAID: Final = {
    "Object missing required field": "this field is missing",
    "Object contains unknown field": "there is no such field",
}


def refuse(says: str, *steps: str) -> NoReturn:
    """Raise CAMPAIGN_INVALID for the field at this path."""
    raise invalid(says, *steps)


def unread(problem: str) -> errors.CampaignInvalid:
    """The refusal of what msgspec could not read, by its words for it."""
    match = _PLACE.fullmatch(problem)
    assert match is not None
    says, place = match[1], match[2] or ""
    path = [step for step in re.split(r"[.\[\]]+", place) if step]
    named = _NAMED.fullmatch(says)
    if named is not None:
        path.append(named[1])
        says = next(said for begins, said in _SAID.items() if says.startswith(begins))
    return invalid(says, *path)


def invalid(says: str, *steps: str) -> errors.CampaignInvalid:
    """The refusal of the field at this path."""
    path = tuple(step.encode(errors="replace").decode()[:_STEP_CHARS_MAX] for step in steps)
    where = ".".join(path) or "the top"
    return errors.CampaignInvalid(
        f"This is wrong at {where}: {says[:1].lower()}{says[1:]}. Correct it and send it again.",
        path=path,
    )
