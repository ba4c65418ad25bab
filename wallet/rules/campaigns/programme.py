"""The programme's rules: in which groups campaigns stand together, and the cap of one purchase.

The order of the groups is the order in which they are counted. Where nothing was published, there
are two groups: all of `bonus` are paid, and of `offers` the best one.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

from wallet import errors
from wallet.rules import text
from wallet.rules.campaigns import refusing
from wallet.rules.campaigns.conditions import Minor, Name, Part

GROUPS_MAX: Final = 20
"""Groups of a programme: nobody can explain to a member how twenty of them stand together."""
RESERVED: Final = "contract"
"""What a multiplier calls the merchant's contract; no group may have this name."""

Mode = Literal["all", "best", "first"]
"""Of the campaigns of one group on one line: all pay, the one that gives most, or the first."""


class Group(Part, frozen=True):
    """A stacking group."""

    name: Name
    mode: Mode


class Rules(Part, frozen=True):
    """How campaigns stand together; `purchase_cap_minor` is the most that all give at once."""

    groups: Annotated[tuple[Group, ...], msgspec.Meta(min_length=1, max_length=GROUPS_MAX)]
    purchase_cap_minor: Minor | None = None

    def names(self) -> tuple[str, ...]:
        """The names of the groups, in their order."""
        return tuple(group.name for group in self.groups)


DEFAULT: Final = Rules(groups=(Group(name="bonus", mode="all"), Group(name="offers", mode="best")))


def parse(raw: object) -> Rules:
    """Read rules from decoded JSON. CAMPAIGN_INVALID, with the path, for anything else."""
    try:
        rules = msgspec.convert(raw, Rules)
    except msgspec.ValidationError as problem:
        raise refusing.unread(str(problem)) from None
    seen: set[str] = set()
    for place, name in enumerate(rules.names()):
        path = ("groups", str(place), "name")
        try:
            text.check(name, chars_max=text.CATEGORY_CHARS_MAX)
        except errors.TextInvalid as problem:
            raise refusing.invalid(problem.message.partition(".")[0], *path) from None
        if name in seen or name == RESERVED or name != name.strip():
            refusing.refuse(
                "a group has a name of its own, without spaces around it, and not `contract`",
                *path,
            )
        seen.add(name)
    return rules


def dump(rules: Rules) -> dict[str, Any]:
    """Write rules as plain JSON values: `parse(dump(rules)) == rules`."""
    written = msgspec.to_builtins(rules)
    assert isinstance(written, dict)
    return written
