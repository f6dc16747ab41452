"""The protocols by name, and the connections that all providers share."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from desktop_chat.core.access import OAUTH_WAYS, Access, KeyUse
from desktop_chat.core.balance import Balance
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.core.trace import TraceRequest
from desktop_chat.providers.address import Address, parse_address
from desktop_chat.providers.answer_cache import AnswerCache, Cached
from desktop_chat.providers.anthropic import Anthropic
from desktop_chat.providers.auth import Tokens, make_auth
from desktop_chat.providers.auth_oauth import token_place
from desktop_chat.providers.auth_state import AuthState
from desktop_chat.providers.balance import fetch_balance
from desktop_chat.providers.breaker import Breaker
from desktop_chat.providers.by_model import ByModel
from desktop_chat.providers.demo.models import MODELS
from desktop_chat.providers.demo.server import DemoServer
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.exchange import ProtocolFactory
from desktop_chat.providers.failover import FailOver, Side
from desktop_chat.providers.gateway import Gateway
from desktop_chat.providers.gateway_images import GatewayImages
from desktop_chat.providers.gemini import Gemini
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.images_api import ImagesApi
from desktop_chat.providers.key_ring import RotatingKeys
from desktop_chat.providers.network import ProxySettingError, parse_proxy
from desktop_chat.providers.ollama import Ollama
from desktop_chat.providers.openai_chat import OpenAiChat
from desktop_chat.providers.openai_responses import OpenAiResponses
from desktop_chat.providers.pictures import HttpPictures
from desktop_chat.providers.quiet import silence_libraries
from desktop_chat.providers.retry import RetryPolicy
from desktop_chat.providers.states import ServiceStates
from desktop_chat.providers.tracing import Traced
from desktop_chat.providers.websocket import WebSocketChat

_DEMO: Final = "demo"
_DEMO_ADDRESS: Final = "http://127.0.0.1/v1"
"""What is shown while the demo server does not run."""

_PROTOCOLS: Final[dict[str, ProtocolFactory]] = {
    "openai-chat": OpenAiChat,
    "openai-responses": OpenAiResponses,
    "anthropic": Anthropic,
    "gemini": Gemini,
    "ollama": Ollama,
    "gateway": Gateway,
    "websocket": WebSocketChat,
}
_IMAGES: Final[dict[str, ProtocolFactory]] = {
    "openai-images": ImagesApi,
    "gateway-images": GatewayImages,
}
"""For models that make pictures."""


class HttpProviders:
    """Makes providers; see ``core.ports.Providers``.

    Args:
        redact: takes secrets out of what errors quote.
        demo_texts: the folder with the demo's answers.
        retry: when and how often to try again; None for the usual.
        demo_speed: 1.0 is a natural pace; ``math.inf`` does not wait at all.
        cache: the folder for what can be made anew; None keeps no answers.
        hide: called with each token that is got with a key, so that no log shows it; returns what
            ends its hiding.

    Attributes:
        pictures: fetches images over the same connections.
        answers: answers that are given again, or None.
        states: limits, breakers and budgets of the services.
    """

    def __init__(
        self,
        *,
        redact: Callable[[str], str],
        demo_texts: Path,
        retry: RetryPolicy | None = None,
        demo_speed: float = 1.0,
        cache: Path | None = None,
        hide: Callable[[str], Callable[[], None]] | None = None,
    ) -> None:
        silence_libraries()
        self._redact = redact
        self._auths = AuthState(hide)
        self._retry = retry or RetryPolicy()
        self._transport = HttpTransport()
        self._demo = DemoServer(demo_texts, speed=demo_speed)
        self.answers = AnswerCache(cache / "answers") if cache is not None else None
        self.states = ServiceStates()
        self.pictures = HttpPictures(self._transport, redact=redact)

    def provider(self, access: Access, backup: Access | None = None) -> Provider:
        """Return a provider for a service; see ``Providers.provider``."""
        return Traced(self._composed(access, backup))

    def preview(self, service: Service, request: ChatRequest) -> TraceRequest:
        """Return what would be sent; see ``Providers.preview``."""
        address = self._address(service)
        errors = ErrorReader(address.host, self._redact)
        makes_pictures = service.images and service.model(request.model).makes == "image"
        name = "openai-chat" if service.protocol == _DEMO else service.protocol
        protocol = _named(_IMAGES, service.images) if makes_pictures else _named(_PROTOCOLS, name)
        return protocol(service, address, None, self._transport, errors).preview(request)

    def _composed(self, access: Access, backup: Access | None) -> Provider:
        """From the outside in: the cache, the backup, retries, the breaker, limits, the keys."""
        service = access.service
        asked = self._alone(access)
        plan = service.backup
        if plan.enabled and backup is not None and backup.service.id != service.id:
            asked = FailOver(self._side(access), self._side(backup), plan)
        if service.cache and self.answers is not None:
            asked = Cached(asked, self.answers, service, self.origin(service))
        return asked

    def _side(self, access: Access) -> Side:
        service = access.service
        try:
            breaker = self.states.of(service, self.origin(service)).breaker
        except ProviderError:
            breaker = Breaker()  # What is wrong with its address is told when it is asked.
        return Side(service, partial(self._alone, access), breaker)

    def _alone(self, access: Access) -> Provider:
        """Return what answers for one service, without a backup."""
        service = access.service
        state = self.states.of(service, self.origin(service))
        if service.protocol == _DEMO:
            demo = _Demo(service, self._demo, self._transport, self._redact)
            return state.around(demo, self._retry)
        return state.around(self._asking(access), self._retry)

    def _asking(self, access: Access) -> Provider:
        """Return what asks a service once, with whichever of its keys can be used."""
        address = parse_address(access.service.base_url)
        if not access.keys:
            return self._with_key(access, address, None)
        asking = [self._with_key(access, address, key) for key in access.keys]
        memories = self._auths.memories(access.service.id, address.origin, access.keys)
        return RotatingKeys(memories, asking)

    def _with_key(self, access: Access, address: Address, key: Secret | None) -> Provider:
        service = access.service
        transport, errors, auth = self._opened(access, address, key)
        # With several keys each has limits of its own, and the next one is asked.
        alone = len(access.keys) <= 1
        heard = self.states.of(service, address.origin).limiter.heard if alone else None
        text = _named(_PROTOCOLS, service.protocol)(service, address, auth, transport, errors)
        text.on_headers = heard
        if not service.images:
            return text
        images = _named(_IMAGES, service.images)(service, address, auth, transport, errors)
        images.on_headers = heard
        return ByModel(service, text, images)

    def _opened(
        self, access: Access, address: Address, key: Secret | None
    ) -> tuple[HttpTransport, ErrorReader, httpx.Auth | None]:
        """Return what sends requests to a service, reads its errors, and proves who we are."""
        service = access.service
        secrets = (*access.keys, *([access.proxy] if access.proxy else ()))
        redact = self._auths.redacting(service.id, secrets, self._redact)
        transport = self._transport.with_login(access.proxy)
        errors = ErrorReader(address.host, redact)
        auth = make_auth(service, key, errors, Tokens(address, self._auths, transport, redact))
        return transport, errors, auth

    async def balance(self, access: Access) -> Balance | None:
        """Return what is left on the account of a key; see ``Providers.balance``."""
        service = access.service
        if not service.balance or service.protocol == _DEMO:
            return None
        address = parse_address(service.base_url)
        memories = self._auths.memories(service.id, address.origin, access.keys)
        usable = min(range(len(memories)), key=lambda at: max(memories[at].waits, 0.0), default=0)
        key = access.keys[usable] if access.keys else None
        transport, errors, auth = self._opened(access, address, key)
        asked = _named(_PROTOCOLS, service.protocol)(service, address, auth, transport, errors)
        return await fetch_balance(service.balance, address, asked.get_json, errors)

    def origin(self, service: Service) -> str:
        """Return the origin a key would go to; see ``Providers.origin``."""
        return self._address(service).origin

    def origins(self, service: Service) -> tuple[str, ...]:
        """Return every origin that a key opens; see ``Providers.origins``."""
        origin = self.origin(service)
        if service.auth not in OAUTH_WAYS:
            return (origin,)
        place = token_place(service, origin)
        return (origin,) if place.origin == origin else (origin, place.origin)

    def key_states(self, access: Access) -> tuple[KeyUse, ...]:
        """Tell how keys are doing; see ``Providers.key_states``."""
        return self._auths.uses(access.service.id, self.origin(access.service), access.keys)

    def wake_keys(self, access: Access) -> None:
        """Let keys be tried again; see ``Providers.wake_keys``."""
        self._auths.wake(access.service.id, self.origin(access.service), access.keys)

    async def system_proxy(self, service: Service) -> str:
        """Return the system's proxy for a service; see ``Providers.system_proxy``."""
        url = self._address(service).origin
        try:
            # Where the system keeps it, it may have to be asked for.
            found = await asyncio.to_thread(self._transport.proxy_for, url)
            return parse_proxy(found)[0] if found else ""
        except ProxySettingError as error:
            return error.shown

    async def forget_keys(self, service_id: str) -> None:
        """Forget tokens and states of keys; see ``Providers.forget_keys``."""
        await self._auths.forget(service_id)

    def chat_url(self, service: Service) -> str:
        """Return the address that a question is sent to; see ``Providers.chat_url``."""
        address = self._address(service)
        protocol = _PROTOCOLS.get(service.protocol, OpenAiChat)
        errors = ErrorReader(address.host, self._redact)
        asked = protocol(service, address, None, self._transport, errors)
        return asked.url(ChatRequest(service.default_model, ()))

    async def aclose(self) -> None:
        """Close every connection and the demo server, if it runs."""
        await self._auths.aclose()
        await self._transport.aclose()
        await self._demo.aclose()

    def _address(self, service: Service) -> Address:
        return parse_address(_DEMO_ADDRESS if service.protocol == _DEMO else service.base_url)


def _named(table: Mapping[str, ProtocolFactory], name: str) -> ProtocolFactory:
    if name not in table:
        values = {"protocol": name}
        raise ProviderError(ErrorInfo(ErrorKind.PROTOCOL, code="unknown_protocol", values=values))
    return table[name]


class _Demo:
    """Asks the demo server, which is started by the first question."""

    def __init__(
        self,
        service: Service,
        server: DemoServer,
        transport: HttpTransport,
        redact: Callable[[str], str],
    ) -> None:
        self._service = replace(service, models=MODELS, models_path="/models")
        self._server = server
        self._transport = transport
        self._redact = redact

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        inner = await self._inner()
        async with aclosing(inner.stream(request, control)) as events:
            async for event in events:
                yield event

    async def list_models(self) -> list[Model]:
        """Return the demo's models."""
        return await (await self._inner()).list_models()

    async def _inner(self) -> Provider:
        address = parse_address(await self._server.start())
        errors = ErrorReader(address.host, self._redact)
        return OpenAiChat(self._service, address, None, self._transport, errors)
