"""What the list of services says of each: whether it has a key, and how the last check went."""

import time
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.setup import CheckResult, KeyState, ServiceSetup
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.i18n import language, ntr, tr
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.labels import Ink
from desktop_chat.ui.settings.jobs import Jobs

DEMO: Final = "demo"
"""The protocol that needs neither network nor key."""


@dataclass(frozen=True, slots=True)
class StateLine:
    """An icon and words.

    Attributes:
        icon: a Phosphor name.
        text: the words.
        ink: their colour.
    """

    icon: str
    text: str
    ink: Ink


class ServiceStates(QObject):
    """Knows the state of each service's key and its last check.

    Args:
        setup: is asked for keys.
        jobs: run the questions.
        parent: or None.
    """

    changed = Signal(str)
    """The id of a service."""

    def __init__(self, setup: ServiceSetup, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._setup = setup
        self._jobs = jobs
        self._keys: dict[str, KeyState] = {}
        self._checks: dict[str, CheckResult] = {}
        self._checked: dict[str, float] = {}

    def refresh(self, service: Service) -> None:
        """Ask again whether a service has a key at its present address."""
        if service.auth == "none":
            self._keys.pop(service.id, None)
            self.changed.emit(service.id)
            return
        self._jobs.start(
            f"key {service.id}",
            self._setup.key_state(service),
            lambda state: self._learn(service.id, state),
            lambda _error: None,
        )

    def _learn(self, service_id: str, state: KeyState) -> None:
        known = self._keys.get(service_id)
        if known is None or _kept(known) != _kept(state):
            self._checks.pop(service_id, None)
        self._keys[service_id] = state
        self.changed.emit(service_id)

    def key(self, service_id: str) -> KeyState | None:
        """Return what is known of a service's key; None before it is known."""
        return self._keys.get(service_id)

    def check(self, service_id: str) -> CheckResult | None:
        """Return how the last check went, if there was one since the key or address changed."""
        return self._checks.get(service_id)

    def check_age(self, service_id: str) -> float:
        """Return how many seconds ago the last check was."""
        return time.monotonic() - self._checked.get(service_id, time.monotonic())

    def set_check(self, service_id: str, result: CheckResult | None) -> None:
        """Remember how a check went; None forgets it."""
        if result is None:
            self._checks.pop(service_id, None)
        else:
            self._checks[service_id] = result
            self._checked[service_id] = time.monotonic()
        self.changed.emit(service_id)

    def line(self, service: Service) -> StateLine:
        """Return what to say of a service."""
        check = self._checks.get(service.id)
        if check is not None and check.ok:
            return StateLine("check-circle-fill", tr("Connected"), "ok")
        if check is not None and check.error is not None:
            return StateLine("x-circle", failure(check.error, service), "danger")
        if service.protocol == DEMO:
            return StateLine("check-circle-fill", tr("No network needed"), "ok")
        if service.auth == "none":
            return StateLine("check-circle-fill", _no_key_needed(service), "ok")
        return _key_line(self._keys.get(service.id))


def _no_key_needed(service: Service) -> str:
    count = len(service.models)
    if not service.configured or not count:
        return tr("No key needed")
    return ntr("{count} model", "{count} models", count).format(count=count)


def failure(error: ErrorInfo, service: Service) -> str:
    """Return why a check failed, in the few words that a row has room for."""
    short = {
        ErrorKind.NO_KEY: tr("No key"),
        ErrorKind.AUTHENTICATION: tr("Invalid key"),
        ErrorKind.PERMISSION: tr("No permission"),
        ErrorKind.BALANCE: tr("No balance left"),
        ErrorKind.NETWORK: tr("No connection"),
        ErrorKind.TIMEOUT: tr("No answer in time"),
        ErrorKind.OVERLOADED: tr("Overloaded"),
        ErrorKind.SERVER: tr("Fault of the service"),
    }
    words = tr("Wrong clock") if error.code == "clock" else short.get(error.kind)
    if words is None:
        words = explain_error(error, service_name=service.title(language())).title
    return f"{words} · {error.status}" if error.status else words


def _key_line(state: KeyState | None) -> StateLine:
    if state is None:
        return StateLine("circle-dashed", tr("Looking for the key"), "text3")
    if state.place == KeyPlace.KEYRING:
        return StateLine("check-circle-fill", tr("Key saved"), "ok")
    if state.place == KeyPlace.MEMORY:
        return StateLine("warning-circle", tr("Key in memory only"), "warn")
    if state.place == KeyPlace.ENVIRONMENT:
        return StateLine("check-circle-fill", tr("Key from the environment"), "ok")
    if state.problem in ("locked", "timeout", "failed"):
        return StateLine("warning-circle", tr("Keyring not available"), "warn")
    return StateLine("circle-dashed", tr("No key"), "text3")


def _kept(state: KeyState) -> tuple[object, ...]:
    """Return what a check rests on: which keys there are, not how they are doing."""
    hints = tuple(key.hint for key in state.keys)
    return state.place, state.hint, state.origin, state.problem, state.token_origin, hints
