"""How campaigns stand beside each other in the programme: its groups, their order, and one cap."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["all", "best", "first"]


@dataclass(frozen=True, slots=True)
class Group:
    """A stacking group: on each line `all` of it pay, the `best`, or the `first` by priority."""

    name: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Rules:
    """The groups in the order in which they are asked, and the most of one purchase."""

    groups: tuple[Group, ...]
    purchase_cap_minor: int | None = None


DEFAULT = Rules((Group("bonus", "all"), Group("offers", "best")))
