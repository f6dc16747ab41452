"""Keys in the system's keyring; in memory for this run where there is none or it does not work.

Never in a file: keyring backends that write plain or home-made files are not used.

How long a call may take is a choice. A read gets 8 seconds: a keyring that works answers in
hundredths, and the user waits for the answer to a question. A write or a deletion gets 60: the
user has just asked for it, and a locked keyring shows a prompt for its password meanwhile. In both
cases the call is not given up: when the user answers the prompt later, what was to be saved is
saved, ``problem`` is cleared and the listeners are told. While a call hangs, reads fail at once,
so that no second prompt is stacked on the first.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from desktop_chat.core.errors import SecretStoreError
from desktop_chat.core.ports import KeyPlace, Unsubscribe
from desktop_chat.core.secret import Secret
from desktop_chat.system.blocking import BlockingCalls, CallTimeoutError, Outcome

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

R = TypeVar("R")

_log = logging.getLogger(__name__)

READ_SECONDS: Final = 8.0
WRITE_SECONDS: Final = 60.0
MAX_KEYS: Final = 16
"""Of one service for one origin."""
_REFUSED_MODULES: Final = ("keyrings.alt", "keyring.backends.fail", "keyring.backends.null")
_LOCKED_NAMES: Final = ("KeyringLocked", "LockedException", "PromptDismissedException")
_MISSING_NAMES: Final = ("NoKeyringError", "InitError", "SecretServiceNotAvailableException")


class KeyringSecrets:
    """The secret store (``core.ports.SecretStore``). Use it from one loop at a time.

    Args:
        service_name: the name that keys are kept under: ``AppPaths.keyring_service``.
        seen: told every key that passes, so that the log can leave it out: ``Redactor.add``.
        read_seconds: how long a read may take.
        write_seconds: how long a write or a deletion may take.
    """

    def __init__(
        self,
        service_name: str,
        *,
        seen: Callable[[str], None] | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._keyring = _Keyring(service_name)
        self._calls = BlockingCalls("keyring")
        self._seen = seen
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._memory: dict[str, Secret] = {}
        self._wanted: dict[str, Secret | None] = {}
        self._putting: set[str] = set()
        self._stale: set[str] = set()
        self._problem = ""
        self._backend = ""
        self._listeners: list[Callable[[], None]] = []
        self._settling: asyncio.Task[None] | None = None

    async def get(self, service_id: str, origin: str, slot: int = 0) -> Secret | None:
        """Return a key, from memory or else from the keyring; None when there is none.

        Args:
            service_id: whose key.
            origin: where it goes.
            slot: which of several, from 0.

        Raises:
            SecretStoreError: the keyring could not be asked.
        """
        name = _user_name(service_id, origin, slot)
        if (held := self._memory.get(name)) is not None:
            return held
        if name in self._stale:
            return self._wanted.get(name)
        if self._problem and self._calls.hanging:
            raise SecretStoreError(self._problem)
        value = await self._ask(lambda: self._keyring.get(name), self._read_seconds, self._late)
        if (newer := self._memory.get(name)) is not None:
            return newer
        return self._known(Secret(value)) if value else None

    async def get_all(self, service_id: str, origin: str) -> list[Secret]:
        """Return every key of a service for an origin, the first one first, each once.

        Raises:
            SecretStoreError: the keyring could not be asked, and nothing is in memory.
        """
        found: list[Secret] = []
        for slot in range(MAX_KEYS):
            try:
                key = await self.get(service_id, origin, slot)
            except SecretStoreError:
                if not found:
                    raise
                break
            if key is None:
                break
            if key not in found:
                found.append(key)
        return found

    async def set(self, service_id: str, origin: str, key: Secret, slot: int = 0) -> KeyPlace:
        """Keep a key: in the keyring, or in memory for this run when there is none or it fails.

        A key that had to stay in memory moves to the keyring as soon as that works again.

        Args:
            service_id: whose key.
            origin: where it goes.
            key: what is kept.
            slot: which of several, from 0; what it held is replaced. Slots have no gaps: one
                beyond the end is the next one.

        Raises:
            ValueError: the key is empty, or there are too many.
        """
        if not key:
            raise ValueError("an empty key is not kept")
        if slot:
            slot = await self._next_slot(service_id, origin, slot)
        if slot >= MAX_KEYS:
            raise ValueError("there are too many keys")
        return await self._keep(_user_name(service_id, origin, slot), key)

    async def delete(self, service_id: str, origin: str, slot: int | None = None) -> None:
        """Forget keys in both places; no error when there is none.

        Args:
            service_id: whose keys.
            origin: where they go.
            slot: which one; those behind it move up. None forgets them all.

        Raises:
            SecretStoreError: the keyring holds one and did not delete it, or could not be asked.
        """
        names = [_user_name(service_id, origin, number) for number in range(MAX_KEYS)]
        if slot is None:
            for name in names:
                if name in self._memory:
                    self._wanted[name] = None
                    self._memory.pop(name)
            await self._forget(names[0])
            for number in range(1, len(await self._row(service_id, origin, 1)) + 1):
                await self._forget(names[number])
            return
        behind = await self._row(service_id, origin, slot + 1)
        # First the copies, then the deletion: what fails half-way leaves one key twice.
        for number, key in enumerate(behind, slot):
            await self._keep(names[number], key)
        await self._forget(names[slot + len(behind)])

    async def _row(self, service_id: str, origin: str, slot: int) -> list[Secret]:
        """Return the keys from a slot to the end; none where there is no keyring."""
        found: list[Secret] = []
        try:
            for number in range(slot, MAX_KEYS):
                key = await self.get(service_id, origin, number)
                if key is None:
                    break
                found.append(key)
        except SecretStoreError as error:
            if error.reason != "missing":
                raise
        return found

    async def _next_slot(self, service_id: str, origin: str, slot: int) -> int:
        try:
            return min(slot, len(await self._row(service_id, origin, 0)))
        except SecretStoreError:
            return slot  # nobody can tell; a key that is there must not be replaced

    async def _keep(self, name: str, key: Secret) -> KeyPlace:
        self._wanted[name] = self._memory[name] = self._known(key)
        try:
            await self._put(name, key)
        except SecretStoreError:
            return KeyPlace.MEMORY
        return KeyPlace.KEYRING

    async def _forget(self, name: str) -> None:
        self._wanted[name] = None
        self._memory.pop(name, None)
        try:
            await self._put(name, None)
        except SecretStoreError as error:
            if error.reason != "missing":
                raise

    def backend(self) -> str:
        """Return the name of the keyring in use, for people; "" when there is none, or it has not
        been asked yet.
        """
        return self._backend

    def problem(self) -> str:
        """Return why the keyring is not used (a ``SecretStoreError`` reason), or ""."""
        return self._problem

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call ``listener`` whenever ``problem`` or ``backend`` changes, on the loop's thread."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def aclose(self) -> None:
        """Stop moving keys from memory to the keyring. What hangs is left to its daemon thread."""
        if (task := self._settling) is not None:
            task.cancel()
            await asyncio.wait([task])

    def _known(self, key: Secret) -> Secret:
        if self._seen is not None:
            self._seen(key.reveal())
        return key

    async def _put(self, name: str, key: Secret | None) -> None:
        """Make the keyring hold a key under a name, or none."""
        self._putting.add(name)
        try:
            await self._ask(
                lambda: self._keyring.put(name, key.reveal() if key is not None else None),
                self._write_seconds,
                lambda outcome: self._late_put(name, key, outcome),
                before_success=lambda: self._settled(name, key),
            )
        finally:
            self._putting.discard(name)

    async def _ask(
        self,
        function: Callable[[], R],
        seconds: float,
        late: Callable[[Outcome[R]], None],
        before_success: Callable[[], None] = lambda: None,
    ) -> R | None:
        try:
            outcome = await self._calls.run(function, seconds, late)
        except CallTimeoutError:
            self._failed("timeout")
            raise SecretStoreError("timeout") from None
        if outcome.error is not None:
            reason = _reason(outcome.error)
            _log.warning("keyring: %s (%s)", reason, type(outcome.error).__name__)
            self._failed(reason)
            # The backend's own exception may quote what it was given.
            raise SecretStoreError(reason) from None
        before_success()
        self._succeeded()
        return outcome.value

    def _late(self, outcome: Outcome[Any]) -> None:
        if outcome.error is None:
            self._succeeded()
        else:
            self._failed(_reason(outcome.error))

    def _late_put(self, name: str, key: Secret | None, outcome: Outcome[None]) -> None:
        """Take note of a write that came after all; one that is no longer wanted is put right."""
        if outcome.error is None:
            self._settled(name, key)
            if self._wanted.get(name) != key:
                self._stale.add(name)
        self._late(outcome)

    def _settled(self, name: str, key: Secret | None) -> None:
        if self._wanted.get(name) == key:
            self._memory.pop(name, None)
            self._stale.discard(name)

    def _succeeded(self) -> None:
        """Clear the problem, or first bring the keyring that works again up to date."""
        if not self._unsettled():
            self._set("", self._keyring.description)
        elif self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle(), name="keyring")

    def _unsettled(self) -> list[str]:
        return [name for name in (*self._memory, *self._stale) if name not in self._putting]

    async def _settle(self) -> None:
        try:
            while names := self._unsettled():
                await self._put(names[0], self._wanted.get(names[0]))
        except SecretStoreError:
            return  # noted in ``problem``; tried again with the next call that succeeds
        finally:
            self._settling = None

    def _failed(self, reason: str) -> None:
        self._set(reason, "" if reason == "missing" else self._keyring.description)

    def _set(self, problem: str, backend: str) -> None:
        if (problem, backend) == (self._problem, self._backend):
            return
        self._problem, self._backend = problem, backend
        for listener in list(self._listeners):
            listener()


class _Keyring:
    """The blocking half: every method runs on the worker thread and may raise anything.

    Args:
        service_name: the name that keys are kept under.
    """

    def __init__(self, service_name: str) -> None:
        self._service = service_name
        self._backend: KeyringBackend | None = None
        self.description = ""

    def get(self, name: str) -> str | None:
        return self._try(lambda backend: backend.get_password(self._service, name))

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self._try(lambda backend: self._delete(backend, name))
        else:
            self._try(lambda backend: backend.set_password(self._service, name, value))

    def _delete(self, backend: "KeyringBackend", name: str) -> None:
        # More than one can be there when other programs wrote too; a backend deletes the first.
        for _ in range(8):
            if backend.get_password(self._service, name) is None:
                return
            backend.delete_password(self._service, name)

    def _try(self, use: "Callable[[KeyringBackend], R]") -> R:
        backend = self._backend or self._find()
        try:
            return use(backend)
        except Exception:
            self._backend = None  # it may be another one next time: look again
            raise

    def _find(self) -> "KeyringBackend":
        import keyring.backend
        import keyring.core
        import keyring.errors

        chosen = keyring.core.load_env() or keyring.core.load_config()
        if chosen is not None:
            usable = _usable(getattr(chosen, "backends", [chosen]))
        else:
            keyring.backend.get_all_keyring()  # loads what other packages bring
            usable = _usable(_instances(keyring.backend.KeyringBackend.get_viable_backends()))
        if not usable:
            raise keyring.errors.NoKeyringError
        self._backend = max(usable, key=lambda backend: float(backend.priority))
        self.description = _describe(self._backend)
        return self._backend


def _instances(classes: "Iterable[type[KeyringBackend]]") -> "list[KeyringBackend]":
    found = []
    for kind in classes:
        try:
            found.append(kind())
        except TypeError:  # an abstract one
            continue
    return found


def _usable(backends: "Iterable[KeyringBackend]") -> "list[KeyringBackend]":
    return [backend for backend in backends if _is_usable(backend)]


def _is_usable(backend: "KeyringBackend") -> bool:
    """Tell whether keys may be trusted to a backend: not a stand-in, not a file."""
    if any(
        kind.__module__.startswith(_REFUSED_MODULES) or "plaintext" in kind.__name__.lower()
        for kind in type(backend).__mro__
    ):
        return False
    # A chain may hold a file; its links are looked at one by one.
    if hasattr(backend, "backends") or hasattr(backend, "file_path"):
        return False
    # Below 1 is what keyring itself does not recommend.
    return float(backend.priority) >= 1


def _describe(backend: "KeyringBackend") -> str:
    """Return a name that people know."""
    module = type(backend).__module__
    if sys.platform == "darwin" and "macOS" in module:
        return "Keychain"
    if "Windows" in module:
        return "Credential Manager"
    if "kwallet" in module:
        return "KWallet"
    if module.startswith("keyring.backends.") and module.endswith(("SecretService", "libsecret")):
        desktops = os.environ.get("XDG_CURRENT_DESKTOP", "").upper()
        return "GNOME Keyring" if "GNOME" in desktops.split(":") else "Secret Service"
    return str(backend.name)


def _reason(error: Exception) -> str:
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & set(_LOCKED_NAMES):
        return "locked"
    if names & set(_MISSING_NAMES) or isinstance(error, ImportError):
        return "missing"
    return "failed"


def _user_name(service_id: str, origin: str, slot: int) -> str:
    """Return what a key is found by. The origin is part of it: a key saved for one host is never
    found for another. No origin holds a ``#``.
    """
    name = f"{service_id}@{origin}"
    return f"{name}#{slot + 1}" if slot else name
