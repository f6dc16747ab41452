"""Builds every part that needs no Qt, and hands each its neighbours."""

import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktop_chat.chat.defaults import default_options, default_rounds
from desktop_chat.chat.history import History
from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.preparing import SessionPorts
from desktop_chat.chat.prompts import Prompts
from desktop_chat.chat.sessions import Sessions
from desktop_chat.chat.setup import EnvironmentKey, ServiceSetup
from desktop_chat.core.errors import ErrorInfo, StoreError
from desktop_chat.core.i18n import install
from desktop_chat.core.services import Service
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.system.environment import find_key, key_in, own_names_of
from desktop_chat.system.log import Log, setup_logging
from desktop_chat.system.paths import AppPaths, HomeError, find_resources
from desktop_chat.system.redaction import Redactor
from desktop_chat.system.secrets import KeyringSecrets
from desktop_chat.system.settings import FileSettings
from desktop_chat.system.tasks import Tasks

if TYPE_CHECKING:
    from desktop_chat.providers.registry import HttpProviders
    from desktop_chat.store.sqlite import SqliteStore

__all__ = ["HomeError", "House", "build", "install_language"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """Every part of the program that needs no Qt.

    Attributes:
        paths: where things are.
        log: the open log, and what nobody caught.
        redactor: takes keys out of texts.
        settings: of the program.
        catalogue: of services.
        secrets: the keyring.
        providers: makes what answers.
        store: conversations.
        tasks: what runs.
        setup: services and their keys.
        lists: the services' own lists of models.
        prompts: what is said to a model on the program's own account.
        history: the list of conversations.
        sessions: the conversations that are open or run.
    """

    paths: AppPaths
    log: Log
    redactor: Redactor
    settings: FileSettings
    catalogue: FileCatalogue
    secrets: KeyringSecrets
    providers: "HttpProviders"
    store: "SqliteStore"
    tasks: Tasks
    setup: ServiceSetup
    lists: ModelLists
    prompts: Prompts
    history: History
    sessions: Sessions

    async def open(self) -> ErrorInfo | None:
        """Open the database: mark answers that a dead run left, and read the list.

        Returns:
            Why the history cannot be read, or None. The program goes on without it.
        """
        trouble = None
        try:
            if interrupted := await self.store.recover():
                _log.info("%d answers of an earlier run were interrupted", len(interrupted))
        except StoreError as error:
            _log.error("what an earlier run left cannot be put right: %s", error)
            trouble = error.info
        try:
            # A database that another program has locked, or a full one, can still be read.
            await self.history.refresh()
        except StoreError as error:
            _log.error("the history cannot be read: %s", error)
            trouble = error.info
        return trouble

    async def aclose(self) -> None:
        """Stop what runs, save it, and close everything; one failure does not keep the rest."""
        async with AsyncExitStack() as stack:
            # Run from the last to the first.
            stack.callback(self.log.close)
            stack.push_async_callback(self.store.aclose)
            stack.callback(self.settings.close)
            stack.push_async_callback(self.secrets.aclose)
            stack.push_async_callback(self.providers.aclose)
            stack.push_async_callback(self.tasks.aclose)
            stack.push_async_callback(self.sessions.aclose)


def install_language(language: str = "system") -> None:
    """Choose the language of all sentences, before or after the house is built.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    install(language, find_resources() / "translations")


def build(environ: Mapping[str, str], *, terminal: bool = False) -> House:
    """Build the house. Nothing is asked, opened or started but the log.

    Args:
        environ: the process's environment.
        terminal: keys are looked for in the environment and in ``.env`` first, and
            ``DESKTOP_CHAT_API_KEY`` counts.

    Raises:
        HomeError: a folder of the program cannot be used.
    """
    # Here and not above: they cost a quarter of a second, which --help need not pay.
    from desktop_chat.providers.registry import HttpProviders
    from desktop_chat.store.sqlite import SqliteStore

    paths = AppPaths.from_environment(environ)
    redactor = Redactor()
    settings = FileSettings(paths.config / "settings.toml")
    catalogue = FileCatalogue(
        paths.resources / "services.toml",
        paths.config / "services.toml",
        lists=paths.cache / "models",
    )
    secrets = KeyringSecrets(paths.keyring_service, seen=redactor.add)
    providers = HttpProviders(
        redact=redactor.clean,
        demo_texts=paths.resources / "demo",
        cache=paths.cache,
        hide=redactor.hide,
    )
    store = SqliteStore(paths.data)
    tasks = Tasks()
    setup = ServiceSetup(
        catalogue,
        secrets,
        providers,
        environment=_TerminalKeys(environ) if terminal else _WindowKeys(environ),
        environment_first=terminal,
        home=partial(_home, catalogue),
        hide=redactor.add,
    )
    prompts = Prompts(paths.resources / "prompts")
    history = History(store)
    ports = SessionPorts(store, tasks, setup, prompts, partial(default_rounds, settings))
    return House(
        paths=paths,
        log=setup_logging(paths, redactor),
        redactor=redactor,
        settings=settings,
        catalogue=catalogue,
        secrets=secrets,
        providers=providers,
        store=store,
        tasks=tasks,
        setup=setup,
        lists=ModelLists(setup, catalogue, tasks),
        prompts=prompts,
        history=history,
        sessions=Sessions(
            ports, history, default_options=partial(default_options, settings, setup)
        ),
    )


def _home(catalogue: FileCatalogue, service: Service) -> Service | None:
    """Return a service as its environment names know it.

    One that ships is known as it ships: its well-known name in the environment holds a key for
    that host, not for one that the user has put in its place.
    """
    return catalogue.shipped(service.id) or catalogue.service(service.id)


class _TerminalKeys:
    """The keys of a terminal: the process's environment, then ``.env`` in the current folder."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(
        self, service: Service, *, own_names: bool, given: bool = True
    ) -> EnvironmentKey | None:
        found = find_key(service, self._environ, own_names=own_names, given=given)
        if found is None:
            return None
        return EnvironmentKey(found.secret, found.given)


class _WindowKeys:
    """The keys of the window: only those that stand under a service's own names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(
        self, service: Service, *, own_names: bool, given: bool = True
    ) -> EnvironmentKey | None:
        del given  # none is, for the window
        found = key_in(self._environ, own_names_of(service)) if own_names else None
        return EnvironmentKey(found[0], given=False) if found is not None else None
