"""The log: one rotating file that holds no key, no question and no answer, and never gets in the
way; and the hooks by which what nobody caught comes there, and to whoever listens.
"""

import asyncio
import contextlib
import io
import logging
import logging.handlers
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from desktop_chat.core.ports import Paths, Unsubscribe
from desktop_chat.system.redaction import Redactor

__all__ = ["FILE_NAME", "Faults", "Log", "Redactor", "setup_logging"]

FILE_NAME: Final = "desktop-chat.log"
_PACKAGE: Final = "desktop_chat"
_NOISY: Final = ("httpx", "httpcore", "asyncio", "keyring", "qasync", "markdown_it")
_FORMAT: Final = "%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s"

_log = logging.getLogger(__name__)


class _Formatter(logging.Formatter):
    """Makes the finished text, traceback and all, and takes the secrets out of it."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(_FORMAT)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        # The plain traceback that ``logging`` would keep on the record must not reach others.
        had, record.exc_text = record.exc_text, None
        try:
            return self._redactor.clean(super().format(record))
        finally:
            record.exc_text = had


class _File(logging.handlers.RotatingFileHandler):
    """A rotating file for its owner alone. What cannot be written is dropped without a word."""

    def __init__(self, path: Path, size: int, count: int) -> None:
        super().__init__(path, maxBytes=size, backupCount=count, encoding="utf-8", delay=True)
        self.dropped = 0

    def _open(self) -> io.TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError, AttributeError):
            os.fchmod(handle, 0o600)
        # Unbuffered: a buffer that a full disk does not take would raise again when it is closed.
        raw = io.FileIO(handle, "a", closefd=True)
        return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        self._follow()
        return bool(super().shouldRollover(record))

    def _follow(self) -> None:
        """Go on in the new file when another process has rotated this one."""
        if self.stream is None or os.name == "nt":
            return
        try:
            here = os.stat(self.baseFilename)
            same = os.path.samestat(here, os.fstat(self.stream.fileno()))
        except OSError:
            same = False
        if not same:
            self.stream.close()
            self.stream = None

    def handleError(self, record: logging.LogRecord) -> None:
        self.dropped += 1


class Faults:
    """Catches what nobody caught: in the main thread, in others, in a ``__del__``, in a loop.

    Each goes to the log and to the listeners. A listener is called on the thread where it
    happened, with a short name of the place and the exception.

    Args:
        redactor: for what is also printed to standard error.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._listeners: list[Callable[[str, BaseException], None]] = []
        self._before: tuple[Any, Any, Any] | None = None
        self._telling = threading.local()

    def subscribe(self, listener: Callable[[str, BaseException], None]) -> Unsubscribe:
        """Call ``listener`` with the place and the exception."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def install(self) -> None:
        """Take the hooks of the interpreter."""
        if self._before is None:
            self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
            sys.excepthook = self._uncaught
            threading.excepthook = self._in_thread
            sys.unraisablehook = self._unraisable

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the exception handler of a loop."""
        loop.set_exception_handler(self._in_loop)

    def report(self, place: str, error: BaseException) -> None:
        """Log a failure that has been caught at the last moment, and tell the listeners."""
        _log.error("not caught in %s", place, exc_info=error)
        if getattr(self._telling, "now", False):
            return
        self._telling.now = True
        try:
            for listener in list(self._listeners):
                try:
                    listener(place, error)
                except Exception:
                    _log.exception("a listener failed")
        finally:
            self._telling.now = False

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.report("main", error.with_traceback(trace))
        if sys.stderr is not None:
            text = "".join(traceback.format_exception(kind, error, trace))
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(self._redactor.clean(text))

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is None or issubclass(args.exc_type, SystemExit):
            return
        name = args.thread.name if args.thread is not None else "?"
        self.report(f"thread {name}", args.exc_value)

    def _unraisable(self, args: Any) -> None:
        if args.exc_value is not None:
            # The object may hold anything; only its type is named.
            self.report(f"finaliser of {type(args.object).__name__}", args.exc_value)

    def _in_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        message = str(context.get("message") or "event loop")
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.report(message, error)
        else:
            # Handles, futures and tasks of the context show results when printed: left out.
            _log.error("event loop: %s", message)


class Log:
    """The open log. ``close`` gives everything back as it was.

    Args:
        path: the file.
        redactor: takes the secrets out of each line.
        size: bytes at which the file is rotated.
        count: how many old files are kept.
    """

    def __init__(self, path: Path, redactor: Redactor, *, size: int, count: int) -> None:
        self.path = path
        self.faults = Faults(redactor)
        self._handler = _File(path, size, count)
        self._handler.setFormatter(_Formatter(redactor))
        root = logging.getLogger()
        root.addHandler(self._handler)
        self._levels = {name: logging.getLogger(name).level for name in (_PACKAGE, *_NOISY)}
        for name in self._levels:
            logging.getLogger(name).setLevel(logging.INFO if name == _PACKAGE else logging.WARNING)

    @property
    def dropped(self) -> int:
        """How many records could not be written."""
        return self._handler.dropped

    def close(self) -> None:
        """Close the file, and give hooks and levels back."""
        self.faults.uninstall()
        logging.getLogger().removeHandler(self._handler)
        with contextlib.suppress(OSError):
            self._handler.close()
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)


def setup_logging(
    paths: Paths, redactor: Redactor, *, size: int = 1_000_000, count: int = 3
) -> Log:
    """Open the log in ``paths.logs`` and take the hooks for what nobody catches.

    It never raises for a folder that cannot be written or a disk that is full: what cannot be
    written is dropped. Events carry no questions and no answers.

    Args:
        paths: where things are.
        redactor: takes the secrets out of each line.
        size: bytes at which the file is rotated.
        count: how many old files are kept.
    """
    log = Log(paths.logs / FILE_NAME, redactor, size=size, count=count)
    log.faults.install()
    return log
