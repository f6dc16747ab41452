"""The protocols by name, and the connections that all providers share."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Final

from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model, Service
from desktop_chat.providers.address import Address, parse_address
from desktop_chat.providers.anthropic import Anthropic
from desktop_chat.providers.auth import also_redacting, make_auth
from desktop_chat.providers.by_model import ByModel
from desktop_chat.providers.demo.models import MODELS
from desktop_chat.providers.demo.server import DemoServer
from desktop_chat.providers.errors import ErrorReader
from desktop_chat.providers.exchange import ProtocolFactory
from desktop_chat.providers.gateway import Gateway
from desktop_chat.providers.gateway_images import GatewayImages
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.images_api import ImagesApi
from desktop_chat.providers.ollama import Ollama
from desktop_chat.providers.openai_chat import OpenAiChat
from desktop_chat.providers.pictures import HttpPictures
from desktop_chat.providers.retry import Retrying, RetryPolicy

_DEMO: Final = "demo"
_DEMO_ADDRESS: Final = "http://127.0.0.1/v1"
"""What is shown while the demo server does not run."""

_PROTOCOLS: Final[dict[str, ProtocolFactory]] = {
    "openai-chat": OpenAiChat,
    "anthropic": Anthropic,
    "ollama": Ollama,
    "gateway": Gateway,
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

    Attributes:
        pictures: fetches images over the same connections.
    """

    def __init__(
        self,
        *,
        redact: Callable[[str], str],
        demo_texts: Path,
        retry: RetryPolicy | None = None,
        demo_speed: float = 1.0,
    ) -> None:
        self._redact = redact
        self._retry = retry or RetryPolicy()
        self._transport = HttpTransport()
        self._demo = DemoServer(demo_texts, speed=demo_speed)
        self.pictures = HttpPictures(self._transport, redact=redact)

    def provider(self, access: Access, backup: Access | None = None) -> Provider:
        """Return a provider for a service; see ``Providers.provider``."""
        service = access.service
        key = access.keys[0] if access.keys else None
        if service.protocol == _DEMO:
            return Retrying(_Demo(service, self._demo, self._transport, self._redact), self._retry)
        protocol = _named(_PROTOCOLS, service.protocol)
        address = parse_address(service.base_url)
        errors = ErrorReader(address.host, also_redacting(key, self._redact))
        auth = make_auth(service, key, errors)
        asked: Provider = protocol(service, address, auth, self._transport, errors)
        if service.images:
            images = _named(_IMAGES, service.images)
            asked = ByModel(service, asked, images(service, address, auth, self._transport, errors))
        return Retrying(asked, self._retry)

    def origin(self, service: Service) -> str:
        """Return the origin a key would go to; see ``Providers.origin``."""
        return self._address(service).origin

    def chat_url(self, service: Service) -> str:
        """Return the address that a question is sent to; see ``Providers.chat_url``."""
        address = self._address(service)
        protocol = _PROTOCOLS.get(service.protocol, OpenAiChat)
        errors = ErrorReader(address.host, self._redact)
        asked = protocol(service, address, None, self._transport, errors)
        return asked.url(ChatRequest(service.default_model, ()))

    async def aclose(self) -> None:
        """Close every connection and the demo server, if it runs."""
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
