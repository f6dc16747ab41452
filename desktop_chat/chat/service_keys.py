"""Finds and keeps the keys of services, each for its own address alone.

A key is bound to every origin that it, or a token got with it, goes to: to the service's own, and
for OAuth to that of the ``token_url`` as well, if that is another. Change one of them, and the key
is no longer found; it has to be entered again by whoever changed it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from desktop_chat.core.access import PAIR_WAYS, Access
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError, SecretStoreError
from desktop_chat.core.ports import KeyPlace, Providers, SecretStore
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    """A key from an environment variable or a ``.env`` file.

    Attributes:
        key: the key; a pair where the service wants one.
        given: it was given for this very call and no service in particular; it goes to whatever
            address is asked. Otherwise it was found under a name of the service.
    """

    key: Secret
    given: bool


class KeyEnvironment(Protocol):
    """Keys that the user keeps in environment variables, or in a ``.env`` file."""

    def find(
        self, service: Service, *, own_names: bool, given: bool = True
    ) -> EnvironmentKey | None:
        """Return the key for a service.

        Args:
            service: whose key.
            own_names: whether the service's own names may be looked under.
            given: whether one counts that was given for this very call.
        """
        ...


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """Keys and where they are kept.

    Attributes:
        keys: at least one; the first one first.
        place: of all of them.
    """

    keys: tuple[Secret, ...]
    place: KeyPlace


class ServiceKeys:
    """The keys of services, and the passwords of their proxies.

    The service's own environment names hold a key for the address that the service is known by, so
    such a key goes to that origin only. No key from the environment goes over plain http beyond
    this machine.

    Args:
        secrets: the keyring.
        providers: knows where a key goes.
        environment: keys in environment variables.
        environment_first: whether they go before saved ones, as a terminal user expects. In the
            window a saved key goes first: it was given for this service by hand, and can be
            changed there.
        home: returns a service as its environment names know it, or None.
        hide: called with every key that is read or saved, so that no log shows it.
    """

    def __init__(
        self,
        secrets: SecretStore,
        providers: Providers,
        *,
        environment: KeyEnvironment,
        environment_first: bool,
        home: Callable[[Service], Service | None],
        hide: Callable[[str], None],
    ) -> None:
        self._secrets = secrets
        self._providers = providers
        self._environment = environment
        self._environment_first = environment_first
        self._home = home
        self._hide = hide

    async def find(self, service: Service, *, meant: bool = True) -> FoundKeys | None:
        """Look in the environment and in the keyring; a locked keyring matters only when it is
        the last hope.

        Args:
            service: whose keys.
            meant: whether it is the service that the user asks. A key that was given for this
                very call is for that one alone, and not for its backup.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
            SecretStoreError: the keyring could not be asked.
        """
        found = self.in_environment(service, given=meant)
        if found is not None and self._environment_first:
            return FoundKeys((found.key,), KeyPlace.ENVIRONMENT)
        try:
            saved = await self._secrets.get_all(service.id, self._account(service))
        except SecretStoreError:
            if found is None:
                raise
            saved = []
        for key in saved:
            self._hide(key.reveal())
        if saved:
            place = KeyPlace.MEMORY if self._secrets.problem() else KeyPlace.KEYRING
            return FoundKeys(tuple(saved), place)
        return None if found is None else FoundKeys((found.key,), KeyPlace.ENVIRONMENT)

    def in_environment(self, service: Service, *, given: bool = True) -> EnvironmentKey | None:
        """Return the key that the environment holds for a service at its present address.

        Args:
            service: whose key.
            given: whether one counts that was given for this very call.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
        """
        origins = self._providers.origins(service)
        if not all(map(is_safe_for_keys, origins)):
            return None
        at_home = self._home_origins(service) == origins
        found = self._environment.find(service, own_names=at_home, given=given)
        if found is not None:
            self._hide(found.key.reveal())
        return found

    async def access(self, service: Service, *, meant: bool = True) -> Access:
        """Return a service with its keys and the password of its proxy.

        Args:
            service: that is asked.
            meant: see ``find``.

        Raises:
            ProviderError: NO_KEY, or BAD_REQUEST for an address that is none.
        """
        proxy = await self.proxy(service)
        if service.auth == "none":
            return Access(service, proxy=proxy)
        found, problem = None, ""
        try:
            found = await self.find(service, meant=meant)
        except SecretStoreError as error:
            # Where there is no keyring at all, none is expected to hold a key.
            problem = "" if error.reason == "missing" else error.reason
        if found is None:
            raise self._no_key(service, problem)
        return Access(service, found.keys, proxy)

    async def save(self, service: Service, key: Secret, slot: int) -> KeyPlace:
        """Keep a key for a service at its present address, and for no other.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
        """
        self._hide(key.reveal())
        place = await self._secrets.set(service.id, self._account(service), key, slot)
        await self._providers.forget_keys(service.id)
        return place

    async def delete(self, service: Service, slot: int | None) -> None:
        """Forget one key of a service at its present address, or all.

        Raises:
            ProviderError: BAD_REQUEST for an address that is none.
            SecretStoreError: the keyring holds it and did not delete it.
        """
        account = self._account(service)
        await self._providers.forget_keys(service.id)
        await self._secrets.delete(service.id, account, slot)

    async def forget(self, service: Service) -> None:
        """Forget every key of a service, at its present address and at the one it is known by,
        and the password of its proxy.

        Raises:
            SecretStoreError: the keyring holds one and did not delete it.
        """
        await self._providers.forget_keys(service.id)
        accounts = {_proxy_account(service.network.proxy_url)}
        for known in (service, self._home(service)):
            try:
                accounts |= {self._account(known)} if known is not None else set()
            except ProviderError:
                continue  # no key can have been kept for an address that is none
        for account in sorted(filter(None, accounts)):
            await self._secrets.delete(service.id, account)

    async def proxy(self, service: Service) -> Secret | None:
        """Return user and password of a service's own proxy, a pair; None when there are none, or
        the keyring cannot be asked: the proxy will say so.
        """
        network = service.network
        account = _proxy_account(network.proxy_url)
        if network.proxy != "custom" or not account:
            return None
        try:
            login = await self._secrets.get(service.id, account)
        except SecretStoreError:
            return None
        if login is not None:
            self._hide(login.reveal())
        return login

    async def save_proxy(self, service: Service, login: Secret | None) -> KeyPlace | None:
        """Keep user and password of a service's own proxy, for that proxy alone; None forgets them.

        Raises:
            ValueError: the service has no proxy of its own.
            SecretStoreError: the keyring holds them and did not delete them.
        """
        account = _proxy_account(service.network.proxy_url)
        if not account:
            raise ValueError("there is no proxy")
        if login is None:
            await self._secrets.delete(service.id, account)
            return None
        self._hide(login.reveal())
        return await self._secrets.set(service.id, account, login)

    def _account(self, service: Service) -> str:
        return " ".join(self._providers.origins(service))

    def _home_origins(self, service: Service) -> tuple[str, ...]:
        """Return where a service's own names may send a key; nowhere when that is no address."""
        home = self._home(service)
        try:
            return self._providers.origins(home) if home is not None else ()
        except ProviderError:
            return ()

    def _no_key(self, service: Service, problem: str) -> ProviderError:
        origins = self._providers.origins(service)
        if not all(map(is_safe_for_keys, origins)):
            problem = "plain_http"
        values = {"problem": problem} if problem else {}
        if service.auth in PAIR_WAYS:
            values["pair"] = service.auth
        return ProviderError(ErrorInfo(ErrorKind.NO_KEY, host=origins[0], values=values))


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


def _proxy_account(address: str) -> str:
    """Return what the password of a proxy is kept under: the proxy's own origin, marked as one, so
    that it is no service's; "" for no address.
    """
    try:
        parts = urlsplit(address.strip().lower())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.removesuffix("h")  # who looks names up is no other proxy
    return f"proxy {scheme}://{host}{port}" if host else ""
