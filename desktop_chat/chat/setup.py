"""Setting up services: their keys, their lists of models, and whether they answer."""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import urlsplit

from desktop_chat.chat.listeners import subscription
from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError, SecretStoreError
from desktop_chat.core.events import (
    Notice,
    ReasoningDelta,
    StreamControl,
    TextDelta,
    ToolCallDelta,
)
from desktop_chat.core.messages import Role
from desktop_chat.core.ports import (
    Catalogue,
    KeyPlace,
    Provider,
    Providers,
    SecretStore,
    Unsubscribe,
)
from desktop_chat.core.requests import ChatMessage, ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service

_CHECK_TOKENS: Final = 16


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    """A key from an environment variable or a ``.env`` file.

    Attributes:
        key: the key.
        given: it was given for this very call and no service in particular; it goes to whatever
            address is asked. Otherwise it was found under a name of the service.
    """

    key: Secret
    given: bool


class KeyEnvironment(Protocol):
    """Keys that the user keeps in environment variables, or in a ``.env`` file."""

    def find(self, service: Service, *, own_names: bool) -> EnvironmentKey | None:
        """Return the key for a service.

        Args:
            service: whose key.
            own_names: whether the service's own names may be looked under.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeyState:
    """What is known of a service's key, without the key.

    Attributes:
        place: where it is kept, or None when there is none for this origin.
        hint: enough to tell it from another (``sk-…3f9a``), or "".
        origin: where it goes, or "" for a base URL that is none.
        problem: why the keyring could not be asked: a ``SecretStoreError`` reason, or "".
    """

    place: KeyPlace | None
    hint: str
    origin: str
    problem: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a short question to a service went.

    Attributes:
        ok: an answer began.
        first_token: seconds until it began, or None.
        error: why it did not, or None.
    """

    ok: bool
    first_token: float | None
    error: ErrorInfo | None


class ServiceSetup:
    """Finds, keeps and tries the keys of services, each for its own origin alone.

    The service's own environment names hold a key for the address that the service is known by,
    so such a key goes to that origin only. No key from the environment goes over plain http
    beyond this machine.

    Args:
        catalogue: of services.
        secrets: the keyring.
        providers: makes what answers.
        environment: keys in environment variables.
        environment_first: whether they go before saved ones, as a terminal user expects. In the
            window a saved key goes first: it was given for this service by hand, and can be
            changed there.
        home_address: returns the base URL a service's environment names belong to.
        hide: called with every key that is read or saved, so that no log shows it.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        secrets: SecretStore,
        providers: Providers,
        *,
        environment: KeyEnvironment,
        environment_first: bool,
        home_address: Callable[[Service], str],
        hide: Callable[[str], None],
    ) -> None:
        self._catalogue = catalogue
        self._secrets = secrets
        self._providers = providers
        self._environment = environment
        self._environment_first = environment_first
        self._home_address = home_address
        self._hide = hide
        self._listeners: list[Callable[[str], None]] = []

    def subscribe(self, listener: Callable[[str], None]) -> Unsubscribe:
        """Call ``listener`` with the id of each service whose key was saved."""
        return subscription(self._listeners, listener)

    def service(self, service_id: str) -> Service | None:
        """Return a service of the catalogue."""
        return self._catalogue.service(service_id)

    def usable(self) -> list[Service]:
        """Return the services that pickers offer: enabled and set up, the demo last."""
        return [item for item in self._catalogue.services() if item.enabled and item.configured]

    def origin(self, service: Service) -> str:
        """Return the origin that a service's key would go to.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        return self._providers.origin(service)

    def chat_url(self, service: Service) -> str:
        """Return the address that a question is sent to, for showing it.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
        """
        return self._providers.chat_url(service)

    def keyring_name(self) -> str:
        """Return the name of the keyring in use, for people; "" when there is none."""
        return self._secrets.backend()

    async def key_state(self, service: Service) -> KeyState:
        """Tell whether there is a key for a service at its present address, and where."""
        try:
            origin = self._providers.origin(service)
        except ProviderError:
            return KeyState(None, "", "", "")
        problem = ""
        try:
            found = await self._find(service, origin)
        except SecretStoreError as error:
            found, problem = None, error.reason
        if found is None:
            return KeyState(None, "", origin, problem or self._secrets.problem())
        key, place = found
        return KeyState(place, key.hint(), origin, self._secrets.problem())

    async def save_key(self, service: Service, key: Secret) -> KeyPlace:
        """Keep a key for a service at its present address, and for no other.

        A service that was not set up yet is so from now on.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
            OSError: the user's file of services could not be written.
        """
        self._hide(key.reveal())
        origin = self._providers.origin(service)
        place = await self._secrets.set(service.id, origin, key)
        known = self._catalogue.service(service.id)
        if known is None or not known.configured:
            self._catalogue.save(service)
        for listener in list(self._listeners):
            listener(service.id)
        return place

    async def delete_key(self, service: Service) -> None:
        """Forget the key of a service at its present address.

        Raises:
            ProviderError: BAD_REQUEST for a base URL that is none.
            SecretStoreError: the keyring holds it and did not delete it.
        """
        await self._secrets.delete(service.id, self._providers.origin(service))

    async def check(self, service: Service, model: str) -> CheckResult:
        """Ask a service for a few tokens, and tell whether an answer begins."""
        request = ChatRequest(
            model=model, messages=(ChatMessage(Role.USER, "Hi"),), max_tokens=_CHECK_TOKENS
        )
        try:
            provider = await self.provider(service)
            began = time.monotonic()
            async with aclosing(provider.stream(request, StreamControl())) as events:
                async for event in events:
                    if isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta):
                        return CheckResult(True, time.monotonic() - began, None)
                    if isinstance(event, Notice) and event.error is not None:
                        return CheckResult(False, None, event.error)
        except ProviderError as error:
            return CheckResult(False, None, error.info)
        return CheckResult(True, None, None)

    async def fetch_models(self, service: Service) -> list[Model]:
        """Return a service's own list, with what the catalogue knows of each model.

        Raises:
            ProviderError: as for ``Provider.list_models``, and NO_KEY.
        """
        provider = await self.provider(service)
        return [self._known(service, model) for model in await provider.list_models()]

    async def provider(self, service: Service) -> Provider:
        """Return what answers for a service, with the key for its present address inside.

        Raises:
            ProviderError: NO_KEY, or what ``Providers.provider`` raises.
        """
        if service.auth == "none":
            return self._providers.provider(Access(service))
        origin = self._providers.origin(service)
        found, problem = None, ""
        try:
            found = await self._find(service, origin)
        except SecretStoreError as error:
            # Where there is no keyring at all, none is expected to hold a key.
            problem = "" if error.reason == "missing" else error.reason
        if found is None:
            raise _no_key(origin, problem if is_safe_for_keys(origin) else "plain_http")
        return self._providers.provider(Access(service, (found[0],)))

    def environment_key(self, service: Service) -> EnvironmentKey | None:
        """Return the key that the environment holds for a service at its present address."""
        try:
            return self._from_environment(service, self._providers.origin(service))
        except ProviderError:
            return None

    async def _find(self, service: Service, origin: str) -> tuple[Secret, KeyPlace] | None:
        """Look in the environment and in the keyring; a locked keyring matters only when it is
        the last hope.
        """
        found = self._from_environment(service, origin)
        if found is not None and self._environment_first:
            return found.key, KeyPlace.ENVIRONMENT
        try:
            saved = await self._secrets.get(service.id, origin)
        except SecretStoreError:
            if found is None:
                raise
            saved = None
        if saved is not None:
            self._hide(saved.reveal())
            return saved, KeyPlace.MEMORY if self._secrets.problem() else KeyPlace.KEYRING
        return None if found is None else (found.key, KeyPlace.ENVIRONMENT)

    def _from_environment(self, service: Service, origin: str) -> EnvironmentKey | None:
        if not is_safe_for_keys(origin):
            return None
        own_names = self._home_origin(service) == origin
        found = self._environment.find(service, own_names=own_names)
        if found is not None:
            self._hide(found.key.reveal())
        return found

    def _home_origin(self, service: Service) -> str:
        """Return where a service's own names may send a key; "" when that is no address."""
        address = self._home_address(service)
        try:
            return self._providers.origin(replace(service, base_url=address)) if address else ""
        except ProviderError:
            return ""

    @staticmethod
    def _known(service: Service, model: Model) -> Model:
        known = service.model(model.id)
        return replace(
            model,
            context_tokens=model.context_tokens or known.context_tokens,
            output_tokens=model.output_tokens or known.output_tokens,
            thinking=known.thinking,
        )


def is_safe_for_keys(origin: str) -> bool:
    """Tell whether a key may go to an origin unasked: by https, or on this machine.

    Names below ``localhost`` are not this machine for sure: many resolvers ask the network.
    """
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _no_key(origin: str, problem: str) -> ProviderError:
    values = {"problem": problem} if problem else {}
    return ProviderError(ErrorInfo(ErrorKind.NO_KEY, host=origin, values=values))
