"""Magic amounts: what the demo partner does for an order by the last two digits of its amount.

12.03 and 7.03 are both an `.03`. A fault happens the first time that the partner is asked to do it
for an order, so that what comes after it can be seen too; what is marked `always` never ends.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Asked: TypeAlias = Literal["issue", "find", "reverse"]
Act: TypeAlias = Literal[
    "refuse",
    "turn_away",
    "slow_down",
    "break",
    "hang",
    "cut",
    "babble",
    "flood",
    "redirect",
    "change",
    "hide",
]
"""What it does; the class Magic says whether the effect has happened by then."""


@dataclass(frozen=True, slots=True)
class Magic:
    """What happens when the demo partner is asked for something, and whether it has an effect.

    Where a look-up is magic, the issue before it has its effect and resets the connection.
    """

    asked: Asked
    act: Act
    about: str
    effect: bool = False
    always: bool = False
    times: int = 1


MAGIC: Final[dict[int, Magic]] = {
    1: Magic("issue", "refuse", "It says no to the amount.", always=True),
    2: Magic("issue", "hang", "It never answers; nothing has happened."),
    3: Magic("issue", "hang", "It never answers; it has issued.", effect=True),
    4: Magic("issue", "cut", "It resets the connection; nothing has happened."),
    5: Magic("issue", "break", "It answers 500; nothing has happened."),
    6: Magic("issue", "break", "It answers 500; it has issued.", effect=True),
    7: Magic("issue", "slow_down", "It answers 429 and asks for a pause of a second."),
    8: Magic("issue", "turn_away", "It does not take our credentials: 401.", always=True),
    9: Magic("find", "break", "It resets and has issued; the first look-up is answered 500."),
    10: Magic("find", "hide", "It resets and has issued; the first look-up says absent."),
    11: Magic(
        "find", "hide", "It resets and has issued; the first three look-ups say absent.", times=3
    ),
    12: Magic("issue", "cut", "It resets the connection; it has issued.", effect=True),
    13: Magic("issue", "babble", "It answers 200 with a web page; it has issued.", effect=True),
    14: Magic("issue", "flood", "It answers with two megabytes; it has issued.", effect=True),
    15: Magic("issue", "change", "It issues and confirms one unit less.", effect=True, always=True),
    16: Magic("issue", "redirect", "It sends us to another address; nothing has happened."),
    17: Magic("issue", "break", "It answers 500, always; nothing ever happens.", always=True),
    21: Magic("reverse", "refuse", "It takes nothing back: it is spent.", always=True),
    22: Magic("reverse", "hang", "Asked to take back, it never answers; nothing has happened."),
    23: Magic(
        "reverse", "hang", "Asked to take back, it never answers; it has done so.", effect=True
    ),
    24: Magic("reverse", "cut", "Asked to take back, it resets; nothing has happened."),
    25: Magic("reverse", "break", "Asked to take back, it answers 500; nothing has happened."),
    26: Magic("reverse", "break", "Asked to take back, it answers 500; it did so.", effect=True),
    31: Magic("find", "break", "It resets and has issued; no look-up is answered.", always=True),
}
"""By the last two digits of the amount in its smallest unit; all others work."""


def of(amount_minor: int) -> Magic | None:
    """What is magic about an amount; None if nothing is."""
    return MAGIC.get(amount_minor % 100)
