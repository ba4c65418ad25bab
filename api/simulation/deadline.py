"""When a simulation must end with what it has: the wallet reads no clock, so it is told."""

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 60
"""A person watches a bar for a minute; a longer run belongs into the night, with its own limit."""


def after(seconds: int) -> Callable[[], bool]:
    """Return what says whether so many seconds have passed from now on."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end
