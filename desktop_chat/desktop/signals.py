"""Ctrl+C in the terminal and ``kill`` end the window the way its close button does."""

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


class TerminationWatch(QObject):
    """Calls back on SIGINT and SIGTERM.

    While Qt's own loop runs, Python's signal handlers wait until some Python code runs; the
    wake-up file descriptor, watched by Qt, makes that at once.

    Args:
        ended: called on the Qt thread, once for each signal.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        super().__init__()
        self._ended = ended
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._old_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._old = {
            number: signal.signal(number, lambda *_: None)
            for number in (signal.SIGINT, signal.SIGTERM)
        }

    def _woken(self) -> None:
        numbers = self._read.recv(4096)
        if any(number in (signal.SIGINT, signal.SIGTERM) for number in numbers):
            self._ended()

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()
