"""Which service and model a command of the terminal asks."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.setup import ServiceSetup, is_safe_for_keys
from desktop_chat.core import settings as keys
from desktop_chat.core.access import PROTOCOLS, ProtocolKind
from desktop_chat.core.errors import ProviderError
from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import DEMO_SERVICE_ID, KEY_VARIABLE
from desktop_chat.core.ports import Catalogue, Providers, Settings
from desktop_chat.core.services import Service

_OTHER_ID: Final = "custom"
"""The id of a service that is known by its address alone."""


class ChoiceError(Exception):
    """The command does not say enough, or names what is not there; ``str`` is for people."""


class NothingSetUpError(Exception):
    """No service can be asked: none is set up, or none has a key; ``str`` is for people."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a service is asked, where the command says it; "" leaves it as it is.

    Attributes:
        protocol: see ``Service.protocol``.
        auth: see ``Service.auth``.
        token_url: see ``Service.auth_fields``.
    """

    protocol: str = ""
    auth: str = ""
    token_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.protocol or self.auth or self.token_url)

    def of(self, service: Service) -> Service:
        """Return a service that is asked in this way."""
        fields = dict(service.auth_fields)
        if self.token_url:
            fields["token_url"] = self.token_url
        return replace(
            service,
            protocol=self.protocol or service.protocol,
            auth=self.auth or service.auth,
            auth_fields=fields,
        )


class Chooser:
    """Finds the service that a command means.

    Args:
        catalogue: of services.
        providers: knows the origin of an address.
        setup: knows which services have keys.
        settings: know the user's default.
    """

    def __init__(
        self, catalogue: Catalogue, providers: Providers, setup: ServiceSetup, settings: Settings
    ) -> None:
        self._catalogue = catalogue
        self._providers = providers
        self._setup = setup
        self._settings = settings

    async def service(
        self, service_id: str | None, base_url: str | None, way: Way | None = None
    ) -> Service:
        """Return the service that is asked.

        Args:
            service_id: as given, or None.
            base_url: an address in place of its own, or None.
            way: how it is asked, where that is said.

        Raises:
            ChoiceError: there is no such service, or the address is none.
            NothingSetUpError: none was named, and none can be asked.
        """
        way = way or Way()
        if service_id is None:
            if base_url is not None:
                return self._at(base_url, way)
            if way:
                raise ChoiceError(tr("Say with --service or --base-url which service it is for."))
            return await self._usable()
        service = self._catalogue.service(service_id)
        if service is None:
            known = ", ".join(item.id for item in self._catalogue.services())
            raise ChoiceError(
                tr("There is no service {service}. There are: {known}").format(
                    service=service_id, known=known
                )
            )
        if base_url is not None:
            service = replace(service, base_url=base_url)
        service = way.of(service)
        if base_url is not None or way:
            self._origin(service)
        return service

    def model(self, service: Service, model: str | None) -> str:
        """Return the model that is asked.

        Raises:
            ChoiceError: none was named, and the service has no default.
        """
        chosen = model or self._default_model(service) or service.default_model
        if not chosen:
            raise ChoiceError(
                tr("Choose a model with --model. `desktop-chat models` lists those of a service.")
            )
        return chosen

    def _default_model(self, service: Service) -> str:
        if self._settings.get(keys.DEFAULT_SERVICE) != service.id:
            return ""
        return self._settings.get(keys.DEFAULT_MODEL)

    def _at(self, base_url: str, way: Way) -> Service:
        """Return the service that an address belongs to, or one that is known by it alone."""
        usual = PROTOCOLS.get(way.protocol, ProtocolKind())
        # One that wants no key as a rule may have been given one.
        auth = "bearer" if usual.auth == "none" else usual.auth
        fields = dict(usual.auth_fields)
        unknown = way.of(Service(_OTHER_ID, {}, base_url=base_url, auth=auth, auth_fields=fields))
        origin = self._origin(unknown)
        unknown = replace(unknown, name={"": urlsplit(origin).netloc})
        for service in self._catalogue.services():
            if service.id != DEMO_SERVICE_ID and self._origin_or_none(service) == origin:
                return way.of(replace(service, base_url=base_url))
        if way.auth:
            return unknown
        if self._setup.environment_key(unknown) is None and _is_local(origin):
            # A server on this machine seldom wants a key; one that does will say so.
            return replace(unknown, auth="none")
        return unknown

    async def _usable(self) -> Service:
        services = [item for item in self._catalogue.services() if item.id != DEMO_SERVICE_ID]
        default = self._settings.get(keys.DEFAULT_SERVICE)
        for service in services:
            # With or without a key: a question meant for one company never goes to another.
            if service.id == default:
                return service
        for service in services:
            if service.enabled and service.configured and await self._has_key(service):
                return service
        for service in services:
            found = self._setup.environment_key(service)
            if found is not None and not found.given:
                return service
        if any(self._setup.environment_key(service) for service in services):
            raise NothingSetUpError(
                tr("Say with --service which service the key in {variable} is for.").format(
                    variable=KEY_VARIABLE
                )
            )
        raise NothingSetUpError(
            tr(
                "No service is set up. Give the key of one in its environment variable "
                "(`desktop-chat services` lists them), save one in the window, or try "
                "--service demo."
            )
        )

    async def _has_key(self, service: Service) -> bool:
        return service.auth == "none" or bool((await self._setup.key_state(service)).place)

    def _origin(self, service: Service) -> str:
        try:
            return self._providers.origins(service)[0]
        except ProviderError as error:
            if error.info.code != "base_url":
                raise ChoiceError(explain_error(error.info, terminal=True).cause) from error
            raise ChoiceError(
                tr("{address} is not the address of a service.").format(address=service.base_url)
            ) from error

    def _origin_or_none(self, service: Service) -> str | None:
        try:
            return self._providers.origin(service)
        except ProviderError:
            return None


def _is_local(origin: str) -> bool:
    return origin.startswith("http:") and is_safe_for_keys(origin)
