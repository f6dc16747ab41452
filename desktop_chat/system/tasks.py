"""Holds the tasks of the program, so that none is lost, forgotten or silently failed."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from desktop_chat.core.ports import Unsubscribe

_log = logging.getLogger(__name__)


class Tasks:
    """The task keeper (``core.ports.TaskKeeper``).

    Args:
        grace: seconds that ``aclose`` waits for tasks that were told to end.
    """

    def __init__(self, *, grace: float = 10.0) -> None:
        self._grace = grace
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[str, BaseException], None]] = []
        self._closed = False

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a task on the running loop; after ``aclose`` it is cancelled before it begins.

        Raises:
            RuntimeError: no loop runs on this thread.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work.close()
            raise
        task = loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        if self._closed:
            task.cancel()
        return task

    def subscribe(self, listener: Callable[[str, BaseException], None]) -> Unsubscribe:
        """Call ``listener`` with a task's name and the exception that ended it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def aclose(self) -> None:
        """Cancel every task and wait for them, but not for ever; the caller's own is left out."""
        self._closed = True
        others = self._others()
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=self._grace)
        for task in self._others():
            _log.error("task %s did not end when it was told to", task.get_name())

    def _others(self) -> set[asyncio.Task[Any]]:
        return {task for task in self._tasks if task is not asyncio.current_task()}

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("task %s failed", task.get_name(), exc_info=error)
        for listener in list(self._listeners):
            try:
                listener(task.get_name(), error)
            except Exception:
                _log.exception("a listener of the task keeper failed")
