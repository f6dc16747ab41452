"""The asyncio loop on Qt's, with less to pay for each callback.

qasync starts and kills a timer of Qt for every ``call_soon``, and makes a socket notifier anew each
time a transport goes on reading, which anyio's do for every read. A stream of tokens does both some
hundred times a second. Here what is due at once waits in a queue that one posted event works off,
and a notifier that is no longer wanted is put aside for the next one who reads there.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, Final

import qasync
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier

_READY: Final = QEvent.Type(QEvent.registerEventType())


class _Ready(QObject):
    """Callbacks that are due; one event runs those that wait when it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[asyncio.Handle] = deque()
        self._posted = False

    def add(self, handle: asyncio.Handle) -> None:
        self._waiting.append(handle)
        if not self._posted:
            self._posted = True
            QCoreApplication.postEvent(self, QEvent(_READY))

    def customEvent(self, _event: QEvent) -> None:
        self._posted = False
        waiting = self._waiting
        try:
            # What these add comes with the next event: painting and input have their turn between.
            for _turn in range(len(waiting)):
                handle = waiting.popleft()
                if not handle.cancelled():
                    handle._run()  # noqa: SLF001  asyncio's own way to run one
        finally:
            if waiting and not self._posted:
                self._posted = True
                QCoreApplication.postEvent(self, QEvent(_READY))

    def clear(self) -> None:
        self._waiting.clear()


class _Reader:
    """A socket notifier that can be used again."""

    def __init__(self, fd: int) -> None:
        self._handle: asyncio.Handle | None = None
        self._notifier = QSocketNotifier(fd, QSocketNotifier.Type.Read)
        self._notifier.setEnabled(False)
        self._notifier.activated.connect(self._activated)

    def start(self, handle: asyncio.Handle) -> None:
        self._handle = handle
        self._notifier.setEnabled(True)

    def stop(self) -> None:
        self._handle = None
        self._notifier.setEnabled(False)

    def _activated(self) -> None:
        handle = self._handle
        if handle is None or handle.cancelled():
            return
        # Not again from a loop of Qt's that the callback might start.
        self._notifier.setEnabled(False)
        try:
            handle._run()  # noqa: SLF001
        finally:
            if self._handle is not None:
                self._notifier.setEnabled(True)


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]
    """An asyncio event loop on Qt's.

    Args:
        app: the application.
    """

    def __init__(self, app: QCoreApplication) -> None:
        self._ready_calls = _Ready()
        self._readers: dict[int, _Reader] = {}
        self._parked: dict[int, _Reader] = {}
        super().__init__(app)

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback in one of the next turns of the loop."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready_calls.add(handle)
        return handle

    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:
        """Run a callback whenever something can be read; as asyncio's transports call it."""
        self._check_closed()
        number = fd if isinstance(fd, int) else int(fd.fileno())
        reader = self._readers.get(number) or self._parked.pop(number, None) or _Reader(number)
        self._readers[number] = reader
        reader.start(asyncio.Handle(callback, args, self))

    def _remove_reader(self, fd: Any) -> bool:
        """Stop that; tell whether there was anything to stop."""
        number = fd if isinstance(fd, int) else int(fd.fileno())
        reader = self._readers.pop(number, None)
        if reader is None:
            return False
        reader.stop()
        self._parked[number] = reader
        return True

    def close(self) -> None:
        """Close the loop; what waits is dropped, as asyncio does."""
        super().close()
        self._ready_calls.clear()
        for reader in self._readers.values():
            reader.stop()
        self._readers.clear()
        self._parked.clear()
