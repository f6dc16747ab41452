"""Several keys of one service: which is used, and which rest.

A key that was asked too often, has no money behind it or is not known to the service makes room for
the next one within the same attempt, as long as nothing of an answer has arrived.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final, TypeVar

from desktop_chat.core.access import KeyHealth, KeyUse
from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    ChoiceDelta,
    ImagePart,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.core.trace import TraceNote
from desktop_chat.providers.clock import CLOCK

R = TypeVar("R")

REST: Final = 60.0
"""Seconds that a key rests after a 429 that does not say how long."""
LONGEST_REST: Final = 24 * 3600.0
NO_BALANCE_REST: Final = 3600.0

_DELTAS: Final = (TextDelta, ReasoningDelta, ToolCallDelta, ChoiceDelta, ImagePart)
_HOPE: Final = (ErrorKind.AUTHENTICATION, ErrorKind.BALANCE, ErrorKind.RATE_LIMIT)
"""What another key may mend; what is worth most to be told comes last: it may pass by itself."""


class KeyMemory:
    """What is known of one key, for all tabs together.

    Args:
        clock: returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._use = KeyUse()

    @property
    def use(self) -> KeyUse:
        """How it is doing now."""
        use = self._use
        if use.until is not None and self._clock() >= use.until:
            return KeyUse(error=use.error)
        return use

    @property
    def waits(self) -> float:
        """Seconds until it may be used; infinite for one that the service does not know."""
        use = self.use
        if use.health is KeyHealth.REFUSED:
            return float("inf")
        return 0.0 if use.until is None else use.until - self._clock()

    def works(self) -> None:
        """Take note that it was accepted."""
        self._use = KeyUse(KeyHealth.WORKS)

    def failed(self, error: ErrorInfo) -> None:
        """Take note of a failure; one that tells nothing of the key changes nothing."""
        now = self._clock()
        if error.kind is ErrorKind.RATE_LIMIT:
            rest = REST if error.retry_after is None else min(error.retry_after, LONGEST_REST)
            self._use = KeyUse(KeyHealth.RESTING, now + rest, error)
        elif error.kind is ErrorKind.BALANCE:
            self._use = KeyUse(KeyHealth.NO_BALANCE, now + NO_BALANCE_REST, error)
        elif error.kind is ErrorKind.AUTHENTICATION and error.code != CLOCK:
            self._use = KeyUse(KeyHealth.REFUSED, None, error)

    def wake(self) -> None:
        """Let it be tried again: the user asks for that."""
        if self._use.health is not KeyHealth.WORKS:
            self._use = KeyUse(error=self._use.error)


class RotatingKeys:
    """A ``Provider`` that asks with the first key that can be used, and then with the next.

    When none can be used, the one that rests the shortest is asked all the same: the service knows
    better than we do, and its own words are what the user is told.

    Args:
        keys: what is known of each key; at least one.
        asking: what asks with each of them, in the same order.
    """

    def __init__(self, keys: Sequence[KeyMemory], asking: Sequence[Provider]) -> None:
        self._keys = keys
        self._asking = asking

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``."""
        round_ = _Round(self._keys)
        while True:
            started = False
            try:
                provider = self._asking[round_.number]
                async with aclosing(provider.stream(request, control)) as events:
                    async for event in events:
                        if not started and isinstance(event, _DELTAS):
                            started = True
                            round_.memory.works()
                        yield event
                if not started:
                    round_.memory.works()
                return
            except ProviderError as error:
                if started:
                    raise
                round_.next(error)
            if control.trace is not None:
                number = str(round_.number + 1)
                control.trace.add(TraceNote(control.trace.now(), "key", round_.last, number))

    async def list_models(self) -> list[Model]:
        """Return the service's own list; see ``Provider.list_models``."""
        return await self.ask(lambda provider: provider.list_models())

    async def ask(self, work: Callable[[Provider], Awaitable[R]]) -> R:
        """Do something that is no stream, with one key after another.

        Raises:
            ProviderError: as ``work`` does.
        """
        round_ = _Round(self._keys)
        while True:
            try:
                found = await work(self._asking[round_.number])
            except ProviderError as error:
                round_.next(error)
            else:
                round_.memory.works()
                return found


class _Round:
    """One attempt, which goes from key to key and takes none twice.

    Attributes:
        number: of the key that is to be used.
        last: why the one before was not, or None.
    """

    def __init__(self, keys: Sequence[KeyMemory]) -> None:
        self._keys = keys
        self._refusals: dict[int, ErrorInfo] = {}
        self.number = min(range(len(keys)), key=lambda number: max(keys[number].waits, 0.0))
        self.last: ErrorInfo | None = None

    @property
    def memory(self) -> KeyMemory:
        """What is known of the key that is used."""
        return self._keys[self.number]

    def next(self, error: ProviderError) -> None:
        """Go on to the next key that can be used.

        Raises:
            ProviderError: there is none, or another one would not help.
        """
        self.memory.failed(error.info)
        if error.info.kind not in _HOPE or error.info.code == CLOCK:
            raise error
        self._refusals[self.number] = self.last = error.info
        for number, memory in enumerate(self._keys):
            if number not in self._refusals and memory.waits <= 0:
                self.number = number
                return
        if len(self._keys) == 1:
            raise error
        raise ProviderError(self._told()) from error

    def _told(self) -> ErrorInfo:
        """Return what the user is told when every key was refused: what may pass by itself, with
        the shortest wait.
        """
        info = max(self._refusals.values(), key=lambda info: _HOPE.index(info.kind))
        if info.kind is ErrorKind.RATE_LIMIT and info.retry_after is not None:
            soonest = min(memory.waits for memory in self._keys)
            return replace(info, retry_after=max(0.0, min(info.retry_after, soonest)))
        return info
