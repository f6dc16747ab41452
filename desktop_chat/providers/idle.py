"""A time-out for waits that come in thousands.

``asyncio.timeout`` makes and cancels a timer for every wait, which for a stream of small pieces
costs as much as reading them. Here one timer runs until its moment and then looks whether the
wait has been going on that long.
"""

import asyncio
from types import TracebackType
from typing import Final

_GRACE: Final = 0.1
"""Seconds."""


class IdleWatch:
    """Ends a wait by ``TimeoutError``; use it with ``with`` around one ``await``, again and again.

    ``limit`` (seconds) counts from the beginning of each wait and may be changed between them.
    """

    def __init__(self) -> None:
        self.limit = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        # Kept here because the handles of the Qt loop have no when().
        self._due = 0.0
        self._task: asyncio.Task[object] | None = None
        self._deadline = 0.0
        self._cancelling = 0
        self._expired = False
        self._looked = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._expired = False
        self._looked = False
        self._deadline = self._loop.time() + self.limit
        if self._timer is None or self._due > self._deadline:
            self._arm()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task, self._task = self._task, None
        if not self._expired or task is None:
            return
        # Only our own cancellation becomes a time-out; someone else's goes on.
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def stop(self) -> None:
        """Take the timer away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self.stop()
        self._due = self._deadline
        self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._deadline:
            self._arm()
            return
        if not self._looked:
            # The loop may have stood still, and what came meanwhile is about to be read.
            self._looked = True
            self._due = self._loop.time() + _GRACE
            self._timer = self._loop.call_later(_GRACE, self._look)
            return
        self._expired = True
        self._task.cancel()
