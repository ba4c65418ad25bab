"""Every story, in the order in which they look: what one decides, a later one may see."""

from collections.abc import Sequence
from typing import Final

from wallet.charities import matching, pledges
from wallet.draws import tickets
from wallet.progress import boards, membership_days, milestones, plays, tiers
from wallet.progress.story import Story

STORIES: Final[Sequence[Story]] = (
    membership_days,
    milestones,
    tiers,
    boards,
    plays,
    tickets,
    pledges,
    matching,
)
