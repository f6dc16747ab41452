"""Setting up services: their keys, their lists of models, and whether they answer."""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from desktop_chat.chat.balances import Balances
from desktop_chat.chat.listeners import subscription
from desktop_chat.chat.service_keys import (
    EnvironmentKey,
    FoundKeys,
    KeyEnvironment,
    ServiceKeys,
    is_safe_for_keys,
)
from desktop_chat.core.access import Access, KeyUse
from desktop_chat.core.balance import Balance
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError, SecretStoreError
from desktop_chat.core.events import (
    ChoiceDelta,
    ImagePart,
    Notice,
    NoticeKind,
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
from desktop_chat.core.trace import TraceRequest

__all__ = [
    "CheckResult",
    "EnvironmentKey",
    "KeyEnvironment",
    "KeySlot",
    "KeyState",
    "ServiceSetup",
    "is_safe_for_keys",
]

_CHECK_TOKENS: Final = 16


_OF_KEYS: Final = frozenset(
    (
        ErrorKind.AUTHENTICATION,
        ErrorKind.PERMISSION,
        ErrorKind.BALANCE,
        ErrorKind.RATE_LIMIT,
    )
)
"""What one key of a service may meet and another may not."""
_DELTAS: Final = (TextDelta, ReasoningDelta, ToolCallDelta, ChoiceDelta, ImagePart)


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One of the keys of a service, without the key.

    Attributes:
        slot: its number, from 0; what ``save_key`` and ``delete_key`` know it by.
        hint: enough to tell it from another (``sk-…3f9a``).
        use: how it is doing.
    """

    slot: int
    hint: str
    use: KeyUse


@dataclass(frozen=True, slots=True)
class KeyState:
    """What is known of a service's keys, without the keys.

    Attributes:
        place: where they are kept, or None when there is none for this origin.
        hint: enough to tell the first one from another (``sk-…3f9a``), or "".
        origin: where they go, or "" for an address that is none.
        problem: why the keyring could not be asked: a ``SecretStoreError`` reason, or "".
        keys: all of them; each of several has a state of its own.
        token_origin: where tokens are got with them, if that is elsewhere; else "".
    """

    place: KeyPlace | None
    hint: str
    origin: str
    problem: str
    keys: tuple[KeySlot, ...] = ()
    token_origin: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a short question to a service went.

    Attributes:
        ok: an answer began.
        first_token: seconds until it began, or None.
        error: why it did not, or None.
        keys: how each of the service's keys is doing, in their order. Each was tried.
    """

    ok: bool
    first_token: float | None
    error: ErrorInfo | None
    keys: tuple[KeyUse, ...] = ()


class ServiceSetup:
    """Finds, keeps and tries the keys of services, each for its own origin alone.

    Args:
        catalogue: of services.
        secrets: the keyring.
        providers: makes what answers.
        environment: keys in environment variables.
        environment_first: see ``ServiceKeys``.
        home: returns a service as its environment names know it, or None.
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
        home: Callable[[Service], Service | None],
        hide: Callable[[str], None],
    ) -> None:
        self._catalogue = catalogue
        self._secrets = secrets
        self._providers = providers
        self._keys = ServiceKeys(
            secrets,
            providers,
            environment=environment,
            environment_first=environment_first,
            home=home,
            hide=hide,
        )
        self._balances = Balances(providers)
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

    def preview(self, service: Service, request: ChatRequest) -> TraceRequest:
        """Return what would be sent; see ``Providers.preview``."""
        return self._providers.preview(service, request)

    def keyring_name(self) -> str:
        """Return the name of the keyring in use, for people; "" when there is none."""
        return self._secrets.backend()

    async def key_state(self, service: Service) -> KeyState:
        """Tell whether there are keys for a service at its present address, and where."""
        try:
            origin, *others = self._providers.origins(service)
        except ProviderError:
            return KeyState(None, "", "", "")
        token_origin = others[0] if others else ""
        problem = ""
        found: FoundKeys | None = None
        try:
            found = await self._keys.find(service)
        except SecretStoreError as error:
            problem = error.reason
        if found is None:
            problem = problem or self._secrets.problem()
            return KeyState(None, "", origin, problem, token_origin=token_origin)
        uses = self._providers.key_states(Access(service, found.keys))
        slots = tuple(
            KeySlot(slot, key.hint(), use)
            for slot, (key, use) in enumerate(zip(found.keys, uses, strict=True))
        )
        return KeyState(
            found.place, slots[0].hint, origin, self._secrets.problem(), slots, token_origin
        )

    async def save_key(self, service: Service, key: Secret, slot: int = 0) -> KeyPlace:
        """Keep a key for a service at its present address, and for no other.

        A service that was not set up yet is so from now on.

        Args:
            service: whose key.
            key: the key; an id with its secret where the service wants a pair (``Secret.pair``).
            slot: which of several; what it held is replaced, one beyond the last is added.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
            OSError: the user's file of services could not be written.
            ValueError: the key is empty, or there are too many.
        """
        place = await self._keys.save(service, key, slot)
        known = self._catalogue.service(service.id)
        if known is None or not known.configured:
            self._catalogue.save(service)
        for listener in list(self._listeners):
            listener(service.id)
        return place

    async def delete_key(self, service: Service, slot: int | None = None) -> None:
        """Forget one key of a service at its present address, or all of them.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
            SecretStoreError: the keyring holds it and did not delete it.
        """
        await self._keys.delete(service, slot)

    async def forget_keys(self, service: Service) -> None:
        """Forget every key of a service that goes, at each address it is known to have had, and
        the password of its proxy.

        Raises:
            SecretStoreError: the keyring holds one and did not delete it.
        """
        await self._keys.forget(service)

    async def proxy_user(self, service: Service) -> str:
        """Return the user whose password is kept for a service's own proxy, or ""."""
        login = await self._keys.proxy(service)
        return login.parts()[0] if login is not None else ""

    async def save_proxy(self, service: Service, login: Secret | None) -> KeyPlace | None:
        """Keep user and password (``Secret.pair``) of a service's own proxy; None forgets them.

        Raises:
            ValueError: the service has no proxy of its own.
            SecretStoreError: the keyring holds them and did not delete them.
        """
        return await self._keys.save_proxy(service, login)

    async def system_proxy(self, service: Service) -> str:
        """Return the proxy that the system names for a service, without password; or ""."""
        return await self._providers.system_proxy(service)

    async def check(self, service: Service, model: str) -> CheckResult:
        """Ask a service for a few tokens, with each of its keys, and tell whether an answer begins.

        No backup is asked in its place.
        """
        try:
            access = await self._keys.access(service)
            self._providers.wake_keys(access)
        except ProviderError as error:
            return CheckResult(False, None, error.info)
        results: list[CheckResult] = []
        alone = [replace(access, keys=(key,)) for key in access.keys] or [access]
        for with_one in alone:
            result = await self._try(with_one, model)
            results.append(result)
            if result.error is not None and result.error.kind not in _OF_KEYS:
                break
        told = next((result for result in results if result.ok), results[0])
        return replace(told, keys=self._providers.key_states(access))

    async def _try(self, access: Access, model: str) -> CheckResult:
        request = ChatRequest(
            model=model, messages=(ChatMessage(Role.USER, "Hi"),), max_tokens=_CHECK_TOKENS
        )
        try:
            provider = self._providers.provider(access)
            began = time.monotonic()
            control = StreamControl(fresh=True)
            async with aclosing(provider.stream(request, control)) as events:
                async for event in events:
                    if isinstance(event, _DELTAS):
                        return CheckResult(True, time.monotonic() - began, None)
                    # Nobody waits for a second attempt; in the queue everyone does.
                    if (
                        isinstance(event, Notice)
                        and event.kind is not NoticeKind.QUEUED
                        and event.error is not None
                    ):
                        return CheckResult(False, None, event.error)
        except ProviderError as error:
            return CheckResult(False, None, error.info)
        return CheckResult(True, None, None)

    async def balance(self, service: Service, *, fresh: bool = False) -> Balance | None:
        """Return what is left on a service's account, as it was some minutes ago at most; None
        where the service has no word for it.

        Args:
            service: whose account.
            fresh: ask anew.

        Raises:
            ProviderError: as for ``Providers.balance``, and NO_KEY.
        """
        if not service.balance:
            return None
        return await self._balances.get(await self._keys.access(service), fresh=fresh)

    async def list_models(self, service: Service) -> list[Model]:
        """Return what a service's own list tells of its models, and nothing else.

        Raises:
            ProviderError: as for ``Provider.list_models``, and NO_KEY.
        """
        provider = await self.provider(replace(service, models=()))
        return await provider.list_models()

    async def fetch_models(self, service: Service) -> list[Model]:
        """Return a service's own list, with what the catalogue knows of each model.

        Raises:
            ProviderError: as for ``Provider.list_models``, and NO_KEY.
        """
        known = {model.id: model for model in service.models}
        told = await self.list_models(service)
        return [
            known[model.id].over(model, service.thinking) if model.id in known else model
            for model in told
        ]

    async def provider(self, service: Service) -> Provider:
        """Return what answers for a service, with the keys for its present address inside.

        Raises:
            ProviderError: NO_KEY, or what ``Providers.provider`` raises.
        """
        access = await self._keys.access(service)
        return self._providers.provider(access, await self._backup(service))

    def environment_key(self, service: Service) -> EnvironmentKey | None:
        """Return the key that the environment holds for a service at its present address."""
        try:
            return self._keys.in_environment(service)
        except ProviderError:
            return None

    async def _backup(self, service: Service) -> Access | None:
        """Return who is asked in its place; None where nobody is, or there is no key for them."""
        plan = service.backup
        backup = self._catalogue.service(plan.service_id) if plan.enabled else None
        if backup is None or backup.id == service.id:
            return None
        try:
            return await self._keys.access(backup, meant=False)
        except ProviderError:
            return None
