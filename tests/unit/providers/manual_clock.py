"""A clock that goes on when it is told to, and what waits for tasks and sockets without it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from tests.unit.providers.support import Heard, collect


@dataclass
class ManualTimer:
    """Something that is due at a time."""

    due: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class ManualClock:
    """A ``timers.Clock``."""

    now: float = 1000.0
    timers: list[ManualTimer] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object]) -> ManualTimer:
        timer = ManualTimer(self.now + delay, callback)
        self.timers.append(timer)
        return timer

    @property
    def pending(self) -> list[ManualTimer]:
        """What is still to come."""
        return [timer for timer in self.timers if not timer.cancelled]

    def advance(self, seconds: float) -> None:
        """Go on, and call what becomes due, each at its time."""
        end = self.now + seconds
        while due := [timer for timer in self.pending if timer.due <= end + 1e-9]:
            timer = min(due, key=lambda item: item.due)
            self.timers.remove(timer)
            self.now = max(self.now, timer.due)
            timer.callback()
        self.now = end


async def until(condition: Callable[[], object]) -> None:
    """Let tasks and sockets go on until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


async def settle() -> None:
    """Let everything run that can without a socket."""
    for _ in range(20):
        await asyncio.sleep(0)


class Listening:
    """Reads a stream in a task of its own, and shows what has come so far."""

    def __init__(
        self, provider: Provider, request: ChatRequest, control: StreamControl | None = None
    ) -> None:
        self.events: list[StreamEvent] = []
        self.control = control or StreamControl()
        self._stream = provider.stream(request, self.control)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> Heard:
        heard = Heard(self.events)
        try:
            async for event in self._stream:
                self.events.append(event)
        finally:
            await self._stream.aclose()
        return heard

    async def stop(self) -> None:
        """Cancel it, and wait for its end."""
        self.task.cancel()
        await asyncio.wait({self.task})


__all__ = ["Listening", "ManualClock", "collect", "settle", "until"]
