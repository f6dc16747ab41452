"""One of two that are asked at the same time: its stream is read by a task of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest

_AHEAD: Final = 256
"""Events that are read before someone takes them."""


class Contender:
    """A stream that goes on while nobody looks.

    It runs in one task from beginning to end, as a stream must whose time-outs belong to a task.

    Args:
        provider: is asked at once.
        request: what it is asked.
        control: speaks to it.
        news: set whenever there is an event, or the end.

    Attributes:
        events: what has come and was not taken yet.
        held: what came before the first delta, kept until it is clear who is heard.
    """

    def __init__(
        self,
        provider: Provider,
        request: ChatRequest,
        control: StreamControl,
        news: asyncio.Event,
    ) -> None:
        self.events: deque[StreamEvent] = deque()
        self.held: list[StreamEvent] = []
        self._news = news
        self._room = asyncio.Event()
        self._task = asyncio.create_task(self._read(provider, request, control), name="contender")

    @property
    def ended(self) -> bool:
        """Whether everything was taken and nothing more comes."""
        return not self.events and self._task.done()

    def take(self) -> StreamEvent:
        """Take the next event; there must be one."""
        self._room.set()
        return self.events.popleft()

    def outcome(self) -> ErrorInfo:
        """Return why it ended before there was an answer. Call it when it has ended."""
        try:
            self._task.result()
        except ProviderError as error:
            return error.info
        return ErrorInfo(ErrorKind.INTERNAL, code="no_end")

    async def rest(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield what is still to come.

        Raises:
            ProviderError: as for ``Provider.stream``.
        """
        while True:
            while self.events:
                yield self.take()
            if self._task.done():
                # Raises what it raised.
                self._task.result()
                return
            self._news.clear()
            await self._news.wait()

    def stop(self) -> None:
        """Begin to close it; ``aclose`` waits for the end of that."""
        self._task.cancel()

    async def aclose(self) -> None:
        """Close the stream and wait until its connection is released."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            # Looked at, so that nobody complains that it was not.
            self._task.exception()

    async def _read(self, provider: Provider, request: ChatRequest, control: StreamControl) -> None:
        try:
            async with aclosing(provider.stream(request, control)) as events:
                async for event in events:
                    self.events.append(event)
                    self._news.set()
                    if len(self.events) >= _AHEAD:
                        self._room.clear()
                        await self._room.wait()
        finally:
            # The task is done only in the next turn of the loop, and then its reader looks.
            asyncio.get_running_loop().call_soon(self._news.set)
