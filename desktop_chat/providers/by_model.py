"""One service, two protocols: pictures are asked for in one way, everything else in another."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model, Service


class ByModel:
    """A ``Provider`` that asks in the way that the model of a request needs.

    Args:
        service: what is asked; it knows what its models make.
        text: for everything else.
        images: for models that make pictures.
    """

    def __init__(self, service: Service, text: Provider, images: Provider) -> None:
        self._service = service
        self._text = text
        self._images = images

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        makes = self._service.model(request.model).makes
        chosen = self._images if makes == "image" else self._text
        async with aclosing(chosen.stream(request, control)) as events:
            async for event in events:
                yield event

    async def list_models(self) -> list[Model]:
        """Return the service's own list; see ``Provider.list_models``."""
        return await self._text.list_models()
