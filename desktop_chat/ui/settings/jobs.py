"""What a page waits for: one piece of work under each name, and none after the page is left."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from shiboken6 import isValid

from desktop_chat.core.errors import ChatError, SecretStoreError
from desktop_chat.ui.bridge import Bridge

T = TypeVar("T")
Expected = (ChatError, SecretStoreError, OSError, ValueError)
"""What work may fail with and the page tells; anything else is a defect and is reported."""


class Jobs(QObject):
    """Runs the work of a page and calls back as long as the page is there.

    Args:
        bridge: starts the work.
        page: the widget that waits.
    """

    def __init__(self, bridge: Bridge, page: QObject) -> None:
        super().__init__(page)
        self._bridge = bridge
        self._tasks: dict[str, tuple[asyncio.Task[Any], bool]] = {}

    def start(
        self,
        name: str,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        finish: bool = False,
    ) -> None:
        """Start work; earlier work under the same name is cancelled.

        Args:
            name: of the work.
            work: what to do.
            done: called with its result.
            failed: called with an expected exception.
            finish: True lets it come to its end when the page is left, as saving a key must.
        """
        self.cancel(name)
        task: asyncio.Task[None] = self._bridge.start(
            self._run(name, work, done, failed), f"settings: {name}"
        )
        # Work that is given up before it begins must be closed, or Python complains.
        task.add_done_callback(lambda _task: work.close())
        self._tasks[name] = (task, finish)

    async def _run(
        self,
        name: str,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        try:
            result = await work
        except Expected as error:
            if self._is_current(name):
                failed(error)
        else:
            if self._is_current(name):
                done(result)

    def _is_current(self, name: str) -> bool:
        """Tell whether anyone still waits, and stop waiting."""
        if not isValid(self):
            return False
        held = self._tasks.get(name)
        if held is None or held[0] is not asyncio.current_task():
            return False
        del self._tasks[name]
        return True

    def running(self, name: str) -> bool:
        """Tell whether work of this name is under way."""
        return name in self._tasks

    def cancel(self, name: str) -> None:
        """Give up work, unless it must come to its end; no one is called back either way."""
        held = self._tasks.pop(name, None)
        if held is not None and not held[1]:
            held[0].cancel()

    def cancel_all(self) -> None:
        """Give up everything."""
        for name in list(self._tasks):
            self.cancel(name)
