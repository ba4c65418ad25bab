"""What is written down of a standing: the changes that follow on those that were told before.

History is told once. Where something is reported late and the past looks different now, what was
told stays, and one more change leads from there to where the member stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wallet.rules.tiers.facts import Standing, Step


@dataclass(frozen=True, slots=True)
class Last:
    """The newest change that was written down, and its number."""

    tier: str
    number: int
    effective_at: datetime
    lifetime: bool = False


def following(found: Standing, last: Last | None) -> Sequence[Step]:
    """The changes that are to be written after the last one, in their order."""
    if last is None:
        return found.steps
    changes: list[Step] = []
    tier = last.tier
    for one in found.steps:
        if one.since <= last.effective_at:
            continue
        if one.tier != tier or (one.why == "lifetime" and not last.lifetime):
            changes.append(one)
            tier = one.tier
    if tier != found.tier:
        changes.append(replace(found.steps[-1], why="restated"))
    return changes
