"""Work beside the UI thread: plain data in, plain data out, one job at a time."""

import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer

from desktop_chat.ui.transcript.aside import collector_off

T = TypeVar("T")
_POLL_MS: Final = 8

_log = logging.getLogger(__name__)


class Worker(QObject):
    """Runs functions on a thread and hands on what they return, on the UI thread.

    What a function gets and returns must not be, or hold, a ``QObject``: the thread may be the
    last to let it go. ``QImage`` is fine.

    Args:
        parent: or None.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Callable[[], Any], Callable[[Any], None]]] = deque()
        self._done: Callable[[Any], None] | None = None
        self._results: SimpleQueue[Any] = SimpleQueue()
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._take)

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        return self._done is not None

    def start(self, work: Callable[[], T], done: Callable[[T | None], None]) -> None:
        """Run a function when those before it are through.

        Args:
            work: runs on the thread.
            done: is given what it returned, on the UI thread; None when it failed.
        """
        self._waiting.append((work, done))
        if self._done is None:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            self._done = None
            self._poll.stop()
            return
        work, self._done = self._waiting.popleft()
        Thread(target=_run, args=(work, self._results), daemon=True).start()
        self._poll.start()

    def _take(self) -> None:
        if self._results.empty() or self._done is None:
            return
        result, done = self._results.get(), self._done
        self._next()
        done(result)


def _run(work: Callable[[], Any], results: "SimpleQueue[Any]") -> None:
    with collector_off():
        try:
            result = work()
        except Exception:
            _log.exception("work beside the UI thread failed")
            result = None
        results.put(result)
