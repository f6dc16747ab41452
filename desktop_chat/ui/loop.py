"""The asyncio loop on Qt's, with less to pay for each callback.

qasync starts and kills a timer of Qt for every ``call_soon`` and ``call_later``, keeps that of a
cancelled one until its time has come, and makes a socket notifier anew each time a transport goes
on reading, which anyio's do for every read. A stream of tokens does this some hundred times a
second. Here what is due at once waits in a queue that one posted event works off, what is due later
in a heap that one timer serves, and a notifier that is no longer wanted is put aside for the next
one who reads there.
"""

import asyncio
import heapq
import sys
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from math import ceil, inf
from typing import Any, Final

import qasync
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier, Qt, QTimer

_CANCELLED_KEPT: Final = 64
_READ_EVERY: Final = 0.016
"""Seconds between two reads of a busy socket."""
_BULK: Final = 8192
"""Bytes that are not a token or a few."""
_READ_BURST: Final = 8
"""So many reads after a quiet moment follow each other at once."""
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


class _Later:
    """Callbacks that are due later, and the timer that runs the next of them.

    Args:
        parent: owns the timer.
    """

    def __init__(self, parent: QObject) -> None:
        self._heap: list[asyncio.TimerHandle] = []
        self._cancelled = 0
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._run)
        self._armed = inf

    def add(self, handle: asyncio.TimerHandle) -> None:
        heapq.heappush(self._heap, handle)
        if handle.when() < self._armed:
            self._arm()

    def cancelled(self) -> None:
        """Take note that one will not run; they go when they are many."""
        self._cancelled += 1
        if self._cancelled > _CANCELLED_KEPT and 2 * self._cancelled > len(self._heap):
            self._heap = [handle for handle in self._heap if not handle.cancelled()]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def clear(self) -> None:
        self._timer.stop()
        self._heap.clear()

    def _arm(self) -> None:
        self._armed = self._heap[0].when()
        # One that comes too early would find nothing and have to be started again.
        self._timer.start(max(0, ceil((self._armed - time.monotonic()) * 1000)))

    def _run(self) -> None:
        self._armed = inf
        now = time.monotonic()
        heap = self._heap
        try:
            while heap and (heap[0].cancelled() or heap[0].when() <= now):
                handle = heapq.heappop(heap)
                if handle.cancelled():
                    self._cancelled = max(0, self._cancelled - 1)
                else:
                    handle._run()  # noqa: SLF001
                    heap = self._heap
        finally:
            if self._heap and self._heap[0].when() < self._armed:
                self._arm()


class _Reader:
    """A socket notifier that can be used again, and that keeps a pace.

    A service sends each token in a packet of its own, and each that is read costs a turn of the
    loop. From a busy socket we read some 60 times a second, all that gathered there at once; the
    first packets after a quiet moment are read as they come, and so is bulk.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._handle: asyncio.Handle | None = None
        self._notifier = QSocketNotifier(fd, QSocketNotifier.Type.Read)
        self._notifier.setEnabled(False)
        self._notifier.activated.connect(self._activated)
        self._paid = 0.0
        """Until when the reads so far would have lasted at that pace; in seconds of the clock."""
        self._pause = QTimer(self._notifier)
        self._pause.setSingleShot(True)
        self._pause.setTimerType(Qt.TimerType.PreciseTimer)
        self._pause.setInterval(round(_READ_EVERY * 1000))
        self._pause.timeout.connect(self._resume)

    def start(self, handle: asyncio.Handle) -> None:
        self._handle = handle
        self._listen()

    def stop(self) -> None:
        self._handle = None
        self._pause.stop()
        self._notifier.setEnabled(False)

    def _listen(self) -> None:
        if self._paid - time.monotonic() > _READ_BURST * _READ_EVERY:
            self._pause.start()
        else:
            self._notifier.setEnabled(True)

    def _resume(self) -> None:
        if self._handle is not None:
            self._notifier.setEnabled(True)

    def _activated(self) -> None:
        handle = self._handle
        if handle is None or handle.cancelled():
            return
        # Not again from a loop of Qt's that the callback might start.
        self._notifier.setEnabled(False)
        if _waiting(self._fd) < _BULK:
            self._paid = max(self._paid, time.monotonic()) + _READ_EVERY
        try:
            handle._run()  # noqa: SLF001
        finally:
            if self._handle is handle:
                self._listen()


if sys.platform == "win32":

    def _waiting(_fd: int) -> int:
        # There asyncio's own transports wait for input otherwise, and no reader is ever added.
        return 0

else:
    from fcntl import ioctl
    from termios import FIONREAD

    def _waiting(fd: int) -> int:
        """Return how many bytes can be read at once, or 0 where that is not known."""
        count = bytearray(4)
        try:
            ioctl(fd, FIONREAD, count)
        except OSError:
            return 0
        return int.from_bytes(count, sys.byteorder)


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]
    """An asyncio event loop on Qt's.

    Args:
        app: the application.
    """

    def __init__(self, app: QCoreApplication) -> None:
        self._ready_calls = _Ready()
        self._later_calls = _Later(self._ready_calls)
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

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback after some seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback when ``time`` is at a value."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._later_calls.add(handle)
        return handle

    def _timer_handle_cancelled(self, _handle: asyncio.TimerHandle) -> None:
        """Asyncio's handles tell this when they are cancelled."""
        self._later_calls.cancelled()

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
        self._later_calls.clear()
        for reader in self._readers.values():
            reader.stop()
        self._readers.clear()
        self._parked.clear()
