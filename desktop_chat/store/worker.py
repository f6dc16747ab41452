"""The one thread on which all SQL runs."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from desktop_chat.store.errors import store_error

_log = logging.getLogger(__name__)
R = TypeVar("R")


class Worker:
    """Runs jobs one after another on a thread of its own, for any number of event loops.

    The thread starts with the first job.

    Args:
        name: the beginning of the thread's name.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[None] | None = None

    async def run(self, job: Callable[[], R], *, droppable: bool) -> R:
        """Run a job after those that wait already, and return what it returns.

        Args:
            job: what to do.
            droppable: whether a cancelled caller takes a job back that has not begun. One that
                is not droppable is always done; should it fail then, the log tells.

        Raises:
            StoreError: the worker is closed.
        """
        if self._last is not None:
            raise store_error("other", "the store is closed")
        waiting = asyncio.wrap_future(self._executor.submit(job))
        if droppable:
            return await waiting
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            waiting.add_done_callback(_tell_failure)
            raise

    async def aclose(self, last: Callable[[], None]) -> None:
        """Do what waits, then ``last``, and end the thread. Further calls wait for the first."""
        if self._last is None:
            self._last = self._executor.submit(last)
        try:
            await asyncio.shield(asyncio.wrap_future(self._last))
        finally:
            # Joining is instant once the last job is done; a cancelled caller does not wait.
            self._executor.shutdown(wait=self._last.done())


def _tell_failure(future: asyncio.Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.error("saving failed after its caller was gone", exc_info=error)
