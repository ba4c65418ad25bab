"""What a page does not wait for: letters, and notes on failed attempts.

A page that waited would tell by its time whether somebody exists. The work is bounded; when there
is too much of it, or the process stops, it is lost, and the person asks for another letter.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

log = structlog.get_logger("background")

TASKS_MAX: Final = 200  # a letter takes a second or two, so this is a flood and not a busy day
SECONDS_MAX: Final = 60


class Background:
    """The tasks of one process that run beside its answers."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do it soon; what goes wrong is logged by its kind, never with what it was about."""
        if len(self._tasks) >= TASKS_MAX:
            work.close()
            log.warning("background.full", work=name)
            return
        task = asyncio.get_running_loop().create_task(self._run(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Wait for what was started."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(SECONDS_MAX):
                await work
        except Exception as error:  # nobody waits for it, so this is where it must be told
            log.warning("background.failed", work=name, error=type(error).__name__)
