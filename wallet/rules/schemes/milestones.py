"""Milestones: a target that a member works towards, and what they get for reaching it."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from wallet.rules.schemes.definition import Scheme


class Milestone(Scheme, frozen=True, kw_only=True, tag="milestone"):
    """So much of a metric; `reward` is the campaign that pays, None for the honour alone.

    `amount` is what was bought and kept, in minor units; `purchases` those of which something was
    kept; `merchants` how many different ones.
    """

    metric: Literal["amount", "purchases", "merchants"]
    target: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000_000)]
    reward: uuid.UUID | None = None

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The one that pays, where there is one."""
        return {} if self.reward is None else {("reward",): self.reward}
