"""The one door between Qt and asyncio: slots start coroutines here, and ports become signals."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_chat.core.ports import Catalogue, SecretStore, Settings, TaskKeeper, Unsubscribe


class Bridge(QObject):
    """Starts coroutines from slots and turns what ports tell into signals.

    Args:
        tasks: holds what is started.
        settings: of the program.
        catalogue: of services.
        secrets: the keyring.
    """

    setting_changed = Signal(str)
    """The name of a setting."""
    services_changed = Signal()
    keyring_changed = Signal()
    task_failed = Signal(str, object)
    """The name of a task and the exception that ended it."""

    def __init__(
        self, tasks: TaskKeeper, settings: Settings, catalogue: Catalogue, secrets: SecretStore
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._unsubscribe: list[Unsubscribe] = [
            settings.subscribe(self.setting_changed.emit),
            catalogue.subscribe(self.services_changed.emit),
            secrets.subscribe(self.keyring_changed.emit),
            tasks.subscribe(self.task_failed.emit),
        ]

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a coroutine on the running loop; a failure in it is reported, not lost."""
        return self._tasks.start(work, name)

    def close(self) -> None:
        """Stop listening; the objects behind the ports outlive the window."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()


class Relay(QObject):
    """Turns the events of one source with a ``subscribe`` method into a signal.

    Args:
        subscribe: takes a listener and returns the way to end it.
        parent: the widget that watches; the relay ends with it.
    """

    received = Signal(object)

    def __init__(
        self, subscribe: Callable[[Callable[[Any], None]], Unsubscribe], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._unsubscribe: Unsubscribe | None = subscribe(self._receive)
        parent.destroyed.connect(self.close)

    def _receive(self, event: object) -> None:
        self.received.emit(event)

    def close(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
