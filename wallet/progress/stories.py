"""Every story, in the order in which they look: what one decides, a later one may see."""

from collections.abc import Sequence
from typing import Final

from wallet.draws import tickets
from wallet.progress import milestones, story

STORIES: Final[Sequence[story.Story]] = (milestones, tickets)
