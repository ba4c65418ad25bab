"""Games: a merchant's game server reports scores, and each full step of a score earns a unit."""

import uuid
from collections.abc import Mapping
from typing import Annotated

import msgspec

from wallet.rules.schemes.definition import Scheme, refuse

POINTS_MAX = 1_000_000_000
UNITS_MAX = 10_000
"""Units of one reward: a campaign's cents for each, so a hundred times this is a fortune."""

Points = Annotated[int, msgspec.Meta(ge=1, le=POINTS_MAX)]
Units = Annotated[int, msgspec.Meta(ge=1, le=UNITS_MAX)]


class Game(Scheme, frozen=True, kw_only=True, tag="game"):
    """A game of the merchants it names. Its points count on boards, and may earn a reward.

    `reward` is a campaign that gives so much for each unit; a unit is `points_per_unit` points. At
    most so many units of a round, of a local day and of a month are given, whatever the score.
    """

    points_max: Points
    """The most that one round can give; more is refused."""
    seconds_min: Annotated[int, msgspec.Meta(ge=1, le=3_600)]
    """How long a round takes at least; two rounds of a member that are closer are refused."""
    points_per_unit: Points | None = None
    most_round: Units | None = None
    most_day: Units | None = None
    most_month: Units | None = None
    reward: uuid.UUID | None = None

    def check(self) -> None:
        """See to it that a reward has its step and its limits, and that somebody runs the game."""
        if not self.merchants:
            refuse("a game names the merchants whose servers report it", "merchants")
        for name in ("points_per_unit", "most_round", "most_day", "most_month"):
            if (getattr(self, name) is None) != (self.reward is None):
                refuse("a reward has its step and its three limits, and nothing else has", name)

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The one that pays, where there is one."""
        return {} if self.reward is None else {("reward",): self.reward}

    def units(self, points: int) -> int:
        """The units of a round, within the limit of one."""
        if self.points_per_unit is None or self.most_round is None:
            return 0
        return min(points // self.points_per_unit, self.most_round)
