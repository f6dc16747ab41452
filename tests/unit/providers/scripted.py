"""A provider that says what it is told to."""

from collections.abc import AsyncGenerator, Sequence

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model


class Scripted:
    """Yields the same events whenever it is asked.

    Attributes:
        events: what it yields.
        fails: whether it fails afterwards.
        asked: how often it was asked.
        closed: how often its stream ended.
    """

    def __init__(self, events: Sequence[StreamEvent]) -> None:
        self.events = list(events)
        self.fails = False
        self.asked = 0
        self.closed = 0

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        self.asked += 1
        try:
            for event in self.events:
                yield event
            if self.fails:
                raise ProviderError(ErrorInfo(ErrorKind.DROPPED))
        finally:
            self.closed += 1

    async def list_models(self) -> list[Model]:
        return []
