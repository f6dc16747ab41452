"""The services' own lists of models, fetched in the background, and the model to begin with."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from desktop_chat.chat.listeners import subscription
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.ports import Catalogue, TaskKeeper, Unsubscribe
from desktop_chat.core.services import Model, Service

_NO_CHAT: Final = re.compile(
    r"embed|rerank|(^|/)bge|whisper|tts|speech|voice|audio|sensevoice|transcri|realtime|"
    r"dall-e|image|flux|kolors|diffusion|sora|video|moderation|ocr",
    re.IGNORECASE,
)
"""Parts of names of models that do not chat; lists name them without a word about it."""


def chat_models(models: Sequence[Model]) -> list[Model]:
    """Return the models that the user has not hidden, and that answer with text as far as the
    catalogue and their names tell.
    """
    return [
        model
        for model in models
        if model.enabled and model.makes == "text" and not _NO_CHAT.search(model.id)
    ]


def first_model(service: Service) -> str:
    """Return the model that new chats with a service begin with, or "" where the user chooses.

    It is the service's default, or else the only one there is to chat with. Where there are
    several, one is taken only from a service that needs no key: elsewhere each has its price.
    """
    if service.default_model:
        return service.default_model
    found = chat_models(service.models) or service.models
    if len(found) == 1 or (found and service.auth == "none"):
        return found[0].id
    return ""


@dataclass(frozen=True, slots=True)
class ListState:
    """What is known of fetching a service's list.

    Attributes:
        fetching: it is on its way.
        found: how many models the list had when it came last, or None.
        added: how many of these were new.
        error: why it did not come, or None.
        unsaved: why it came and could not be kept, or "".
    """

    fetching: bool = False
    found: int | None = None
    added: int = 0
    error: ErrorInfo | None = None
    unsaved: str = ""

    @property
    def wants_key(self) -> bool:
        """Whether a key, or another one, may bring the list."""
        refused = (ErrorKind.NO_KEY, ErrorKind.AUTHENTICATION)
        return self.error is not None and self.error.kind in refused


class ModelLists:
    """Fetches lists of models and lays them into the catalogue.

    A service that has no models gets its list as soon as it has a key.

    Args:
        setup: asks the services, and tells of saved keys.
        catalogue: of services; lists are kept there.
        tasks: hold what runs.
    """

    def __init__(self, setup: ServiceSetup, catalogue: Catalogue, tasks: TaskKeeper) -> None:
        self._setup = setup
        self._catalogue = catalogue
        self._tasks = tasks
        self._states: dict[str, ListState] = {}
        self._running: dict[str, tuple[Service, asyncio.Task[None]]] = {}
        self._listeners: list[Callable[[str], None]] = []
        setup.subscribe(self._key_saved)

    def subscribe(self, listener: Callable[[str], None]) -> Unsubscribe:
        """Call ``listener`` with the id of each service whose state changes."""
        return subscription(self._listeners, listener)

    def state(self, service_id: str) -> ListState:
        """Return how fetching a service's list goes, or went."""
        return self._states.get(service_id, ListState())

    @staticmethod
    def lacks(service: Service) -> bool:
        """Tell whether a service has a list and none of its models that chat is known."""
        known = any(model.makes == "text" for model in service.models)
        return bool(service.models_path) and not known and service.protocol != "demo"

    def fetch(self, service: Service, *, unasked: bool = False) -> None:
        """Fetch a service's list, unless it is on its way from the same address.

        Args:
            service: which one.
            unasked: the user does not wait for it: a key that lacks is no failure.
        """
        held = self._running.get(service.id)
        if held is not None and _place(held[0]) == _place(service):
            return
        self.forget(service.id)
        task = self._tasks.start(self._fetch(service, unasked), f"models of {service.id}")
        self._running[service.id] = (service, task)
        self._set(service.id, ListState(fetching=True))

    def want(self, service: Service) -> None:
        """Fetch, unasked, the list of a service that has one and of which no model is known."""
        if self.lacks(service):
            self.fetch(service, unasked=True)

    def forget(self, service_id: str) -> None:
        """Give up a list that is on its way, and what is known of the one before."""
        held = self._running.pop(service_id, None)
        if held is not None:
            held[1].cancel()
        if service_id in self._states:
            self._set(service_id, ListState())

    def _key_saved(self, service_id: str) -> None:
        """Begin anew: what was refused without the key, or with another one, may come now."""
        self.forget(service_id)
        service = self._catalogue.service(service_id)
        if service is not None:
            self.want(service)

    async def _fetch(self, service: Service, unasked: bool) -> None:
        state = ListState()
        try:
            models = await self._setup.list_models(service)
        except ChatError as error:
            if not (unasked and error.info.kind is ErrorKind.NO_KEY):
                state = ListState(error=error.info)
        else:
            # What runs ends here, so that whoever hears of the change sees that it has ended.
            if self._is_current(service.id):
                state = self._keep(service, models)
        finally:
            if self._is_current(service.id):
                del self._running[service.id]
                self._set(service.id, state)
        if state.found is not None:
            await self._catalogue.write_list(service.id)

    def _is_current(self, service_id: str) -> bool:
        held = self._running.get(service_id)
        return held is not None and held[1] is asyncio.current_task()

    def _keep(self, asked: Service, models: Sequence[Model]) -> ListState:
        """Lay a list under what is known of the service by now."""
        now = self._catalogue.service(asked.id)
        if now is None or _place(now) != _place(asked) or (asked.configured and not now.configured):
            return ListState()
        told = {model.id: _drawing(now, model) for model in models}
        added = told.keys() - {model.id for model in now.models}
        try:
            self._catalogue.save_list(asked.id, list(told.values()), _settled)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else ""
            return ListState(found=len(told), unsaved=reason or str(error))
        return ListState(found=len(told), added=len(added))

    def _set(self, service_id: str, state: ListState) -> None:
        self._states[service_id] = state
        for listener in list(self._listeners):
            listener(service_id)


def _drawing(service: Service, listed: Model) -> Model:
    """Take a model of a service that someone set up for pictures for one that draws: such lists do
    not tell.
    """
    draws = bool(service.images) and service.model(service.default_model).makes == "image"
    return replace(listed, makes="image") if draws and not service.builtin else listed


def _place(service: Service) -> tuple[str, str, str]:
    """Return what decides where a list comes from."""
    return service.base_url, service.models_path, service.auth


def _settled(listed: Service) -> Service:
    """Return a service as it is set up once it has a list: with a model to begin with."""
    return replace(
        listed,
        default_model=first_model(listed),
        configured=listed.configured or bool(listed.models),
    )
