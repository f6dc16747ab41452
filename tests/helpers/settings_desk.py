"""The settings page over the real catalogue, settings and providers, in a folder of its own."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.setup import EnvironmentKey, ServiceSetup
from desktop_chat.core.errors import SecretStoreError
from desktop_chat.core.ports import KeyPlace, Unsubscribe
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.system.settings import FileSettings
from desktop_chat.system.tasks import Tasks
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.settings.page import SettingsPage
from desktop_chat.ui.theme import Theme
from tests.helpers.theme import RESOURCES, make_theme


class MemoryKeyring:
    """Keys in a dictionary: ``SecretStore`` without a keyring, whose state a test can choose.

    Args:
        problem: why "the keyring" is not used, or "".
    """

    def __init__(self, problem: str = "") -> None:
        self.keys: dict[tuple[str, str], Secret] = {}
        self.more: dict[tuple[str, str], list[Secret]] = {}
        self.fails = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self._problem = problem
        self._listeners: list[Callable[[], None]] = []

    async def get(self, service_id: str, origin: str, slot: int = 0) -> Secret | None:
        return dict(enumerate(await self.get_all(service_id, origin))).get(slot)

    async def get_all(self, service_id: str, origin: str) -> list[Secret]:
        first = self.keys.get((service_id, origin))
        return [] if first is None else [first, *self.more.get((service_id, origin), [])]

    async def set(self, service_id: str, origin: str, key: Secret, slot: int = 0) -> KeyPlace:
        await self.gate.wait()
        kept = await self.get_all(service_id, origin)
        kept[slot : slot + 1] = [key]
        self._put(service_id, origin, kept)
        return KeyPlace.MEMORY if self._problem else KeyPlace.KEYRING

    async def delete(self, service_id: str, origin: str, slot: int | None = None) -> None:
        if self.fails:
            raise SecretStoreError(self.fails)
        kept = await self.get_all(service_id, origin)
        del kept[slot if slot is not None else 0 : None if slot is None else slot + 1]
        self._put(service_id, origin, kept)

    def _put(self, service_id: str, origin: str, kept: list[Secret]) -> None:
        self.keys.pop((service_id, origin), None)
        self.more.pop((service_id, origin), None)
        if kept:
            self.keys[service_id, origin] = kept[0]
            self.more[service_id, origin] = kept[1:]

    def backend(self) -> str:
        return "" if self._problem == "missing" else "Test keyring"

    def problem(self) -> str:
        return self._problem

    def set_problem(self, problem: str) -> None:
        self._problem = problem
        for listener in list(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class Environment:
    """Environment variables of a test."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def find(
        self, service: Service, *, own_names: bool, given: bool = True
    ) -> EnvironmentKey | None:
        for name in service.key_env if own_names else ():
            if name in self._values:
                return EnvironmentKey(Secret(self._values[name]), given=False)
        return None


@dataclass
class SettingsDesk:
    """A page and what is behind it."""

    page: SettingsPage
    catalogue: FileCatalogue
    settings: FileSettings
    keyring: MemoryKeyring
    setup: ServiceSetup
    lists: ModelLists
    theme: Theme
    file: Path
    closed: list[bool]
    failures: list[BaseException]

    def service(self, service_id: str) -> Service:
        """Return a service as the catalogue has it now."""
        found = self.catalogue.service(service_id)
        assert found is not None
        return found


@asynccontextmanager
async def open_settings(
    folder: Path,
    *,
    problem: str = "",
    environment: Mapping[str, str] | None = None,
    choice: str = "light",
    size: tuple[int, int] = (1280, 820),
    setup_first: Callable[[FileCatalogue, MemoryKeyring], None] | None = None,
) -> AsyncIterator[SettingsDesk]:
    """Open the settings page; nothing of it is left running afterwards."""
    file = folder / "services.toml"
    catalogue = FileCatalogue(RESOURCES / "services.toml", file)
    settings = FileSettings(folder / "settings.toml", delay=0.0)
    keyring = MemoryKeyring(problem)
    tasks = Tasks()
    if setup_first is not None:
        setup_first(catalogue, keyring)
    providers = HttpProviders(
        redact=lambda text: text, demo_texts=RESOURCES / "demo", demo_speed=math.inf
    )

    def home(service: Service) -> Service | None:
        return catalogue.shipped(service.id) or service

    setup = ServiceSetup(
        catalogue,
        keyring,
        providers,
        environment=Environment(environment or {}),
        environment_first=False,
        home=home,
        hide=lambda _key: None,
    )
    lists = ModelLists(setup, catalogue, tasks)
    theme = make_theme(choice)
    bridge = Bridge(tasks, settings, catalogue, keyring)
    failures: list[BaseException] = []
    bridge.task_failed.connect(lambda _name, error: failures.append(error))
    page = SettingsPage(theme, bridge, setup, lists, catalogue, settings)
    closed: list[bool] = []
    page.closed.connect(lambda: closed.append(True))
    page.resize(*size)
    try:
        yield SettingsDesk(
            page, catalogue, settings, keyring, setup, lists, theme, file, closed, failures
        )
    finally:
        page.close()
        bridge.close()
        await tasks.aclose()
        await providers.aclose()
        settings.close()
        assert not failures, failures
