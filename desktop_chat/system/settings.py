"""Settings in a TOML file that a person may read and edit."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from desktop_chat.core.ports import Unsubscribe
from desktop_chat.core.settings import Setting, T
from desktop_chat.system.problems import Problem, ProblemKind
from desktop_chat.system.tomlfile import Change, TomlFile

_log = logging.getLogger(__name__)

_HEADER: Final = """\
# Settings of Desktop Chat. The program changes single values and leaves the rest as it is.
# It reads this file when it starts. Keys are never kept here but in the system keyring.

"""


class FileSettings:
    """Settings kept in a file (``core.ports.Settings``).

    Values live in memory; a change is written by a thread of its own a moment later, several
    together. What could not be written stays in memory and is tried again with the next change
    and by ``close``. Keys and comments that the program does not know are kept.

    Args:
        path: the file; it need not exist.
        delay: seconds between a change and its writing.
    """

    def __init__(self, path: Path, *, delay: float = 0.5) -> None:
        self._file = TomlFile(path, _HEADER)
        self._delay = delay
        self._listeners: list[Callable[[str], None]] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._changed: dict[str, Any] = {}
        self._unwritten: Problem | None = None
        self._content, problem = self._file.read()
        self._found = problem
        if problem is not None:
            _log.warning("settings: %s %s", problem.kind, problem.detail)

    @property
    def problems(self) -> list[Problem]:
        """What was wrong with the file when it was read, and with the last attempt to write it."""
        return [problem for problem in (self._found, self._unwritten) if problem is not None]

    def get(self, setting: Setting[T]) -> T:
        """Return the value; the default where the file has none or one that is not accepted."""
        with self._lock:
            value = self._value(setting.name)
        if isinstance(value, list):
            value = tuple(value)
        if isinstance(setting.default, float) and type(value) is int:
            value = float(value)
        if not _accepted(setting, value):
            return setting.default
        return value  # type: ignore[no-any-return]

    def set(self, setting: Setting[T], value: T) -> None:
        """Change the value, tell subscribers at once, and write the file soon after.

        Raises:
            ValueError: a value that the setting does not accept.
        """
        if not _accepted(setting, value):
            raise ValueError(f"{setting.name} does not accept {value!r}")
        if self.get(setting) == value:
            self._retry()
            return
        with self._lock:
            self._changed[setting.name] = list(value) if isinstance(value, tuple) else value
            self._schedule()
        for listener in list(self._listeners):
            listener(setting.name)

    def subscribe(self, listener: Callable[[str], None]) -> Unsubscribe:
        """Call ``listener`` with the name of each setting that changes, on the caller's thread."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def flush(self) -> bool:
        """Write what is waiting, now.

        Returns:
            False when it could not be written; ``problems`` tells why.
        """
        with self._writing:
            with self._lock:
                self._stop_timer()
                waiting = dict(self._changed)
            if not waiting:
                return True
            try:
                self._file.edit(lambda _: _changes(waiting))
            except OSError as error:
                detail = error.strerror or type(error).__name__
                self._unwritten = Problem(ProblemKind.UNWRITABLE, self._file.path, detail=detail)
                _log.warning("settings could not be written: %s", detail)
                return False
            with self._lock:
                self._settle(waiting)
            self._unwritten = None
            return True

    def close(self) -> None:
        """Write what is waiting. Further changes are still taken, and written soon after."""
        self.flush()

    def _value(self, name: str) -> Any:
        if name in self._changed:
            return self._changed[name]
        section, _, key = name.partition(".")
        table = self._content.get(section)
        return table.get(key) if isinstance(table, dict) else None

    def _retry(self) -> None:
        with self._lock:
            if self._changed:
                self._schedule()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._delay, self.flush)
            self._timer.name = "settings"
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _settle(self, written: Mapping[str, Any]) -> None:
        for name, value in written.items():
            section, _, key = name.partition(".")
            table = self._content.get(section)
            if not isinstance(table, dict):
                table = self._content[section] = {}
            table[key] = value
            if self._changed.get(name) == value:
                del self._changed[name]


def _accepted(setting: Setting[T], value: object) -> bool:
    if isinstance(value, tuple) and not all(type(item) is str for item in value):
        return False
    return setting.accepts(value)


def _changes(values: Mapping[str, Any]) -> Iterable[Change]:
    return [(tuple(name.split(".", 1)), value) for name, value in values.items()]
