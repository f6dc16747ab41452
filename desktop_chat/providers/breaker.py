"""Stops asking a service that is dead, and finds out when it lives again."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import DELTAS, StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.providers.timers import Clock, LoopClock

FAILURES: Final = 6
"""As many as one question makes attempts: what is told after them is told for a reason."""
_DEAD: Final = frozenset((ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.OVERLOADED))
_OURS: Final = frozenset(("proxy", "proxy_refused", "tls"))
"""Failures to connect that say nothing of the service."""


class Breaker:
    """The circuit breaker of one service at one origin.

    After some failures in a row it opens for a time that grows with each further failure. While it
    is open nothing is asked *automatically*: no retry, no hedge; a backup, where there is one, is
    asked in its place. What a person does is never stopped: a new question, "Retry" and "Retry now"
    are asked at once and serve as the probe. A person who has just started the server, joined the
    network or topped up knows more than a counter does, and an error that nobody tried to avoid
    would be a riddle. When the time is over one automatic attempt is let through in each further
    period (half-open); the first answer of any kind closes the circuit.

    Failures of attempts that ran side by side count once: twenty tabs that lose one connection have
    seen one failure, not twenty.

    Args:
        failures: how many in a row open it.
        rest: seconds that it stays open at first.
        ceiling: seconds that it stays open at most.
        clock: tells the time.

    Attributes:
        last: the failure that was seen last, or None.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        rest: float = 5.0,
        ceiling: float = 120.0,
        clock: Clock | None = None,
    ) -> None:
        self._failures = failures
        self._base = rest
        self._ceiling = ceiling
        self._clock = clock or LoopClock()
        self._count = 0
        self._rest = rest
        self._until: float | None = None
        self._failed_at = float("-inf")
        self.last: ErrorInfo | None = None

    @property
    def is_open(self) -> bool:
        """Whether the service is taken for dead; a probe may be due all the same."""
        return self._until is not None

    def seconds(self) -> float:
        """Return the seconds until a probe is due; 0 for a closed circuit."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock.time())

    def try_pass(self) -> bool:
        """Tell whether an automatic attempt may be made now; of an open circuit this is the probe,
        and there is none before the next period.
        """
        if self._until is None:
            return True
        if self.seconds() > 0:
            return False
        self._grow()
        return True

    def begin(self) -> float:
        """Return the mark of an attempt that begins, for ``failed``."""
        return self._clock.time()

    def failed(self, began: float, error: ErrorInfo) -> None:
        """Take note of a failure; one that says nothing of the service counts for nothing.

        Args:
            began: what ``begin`` gave.
            error: why it failed.
        """
        if not is_dead(error):
            if error.status is not None and error.kind not in _DEAD:
                self.answered()
            return
        self.last = error
        if self._until is not None:
            if self.seconds() <= 0:
                self._grow()
        elif began >= self._failed_at:
            self._failed_at = self._clock.time()
            self._count += 1
            if self._count >= self._failures:
                self._until = self._clock.time() + self._rest

    def answered(self) -> None:
        """Close the circuit: the service lives."""
        self._until = None
        self._count = 0
        self._rest = self._base

    def trip(self, error: ErrorInfo, rest: float) -> None:
        """Open the circuit now, because a backup has taken over.

        Args:
            error: why.
            rest: seconds that it stays open at least.
        """
        self.last = error
        self._rest = max(self._rest, min(rest, self._ceiling))
        if self.seconds() < self._rest:
            self._until = self._clock.time() + self._rest

    def refusal(self, error: ErrorInfo) -> ErrorInfo:
        """Return what is told in place of an automatic attempt.

        Args:
            error: the failure after which it would have come. It keeps its kind; its code becomes
                ``circuit_open``, with the old one as ``code`` and the seconds until the probe as
                ``probe`` among the values.
        """
        told = {"code": error.code, "probe": f"{max(1, round(self.seconds()))}"}
        return replace(error, code="circuit_open", values={**error.values, **told})

    def _grow(self) -> None:
        self._rest = min(self._ceiling, self._rest * 2)
        self._until = self._clock.time() + self._rest


def is_dead(error: ErrorInfo) -> bool:
    """Tell whether a failure speaks for a service that cannot be reached or does not work."""
    if error.kind is ErrorKind.TIMEOUT:
        return error.code == "connect"
    return error.kind in _DEAD and error.code not in _OURS


class Watched:
    """A ``Provider`` whose outcomes a breaker learns.

    Args:
        inner: what is asked.
        breaker: of the same service.
    """

    def __init__(self, inner: Provider, breaker: Breaker) -> None:
        self._inner = inner
        self._breaker = breaker

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask; see ``Provider.stream``. A stream that is closed early tells nothing."""
        began = self._breaker.begin()
        answered = False
        try:
            async with aclosing(self._inner.stream(request, control)) as events:
                async for event in events:
                    if not answered and isinstance(event, DELTAS):
                        answered = True
                        self._breaker.answered()
                    yield event
        except ProviderError as error:
            if not answered:
                self._breaker.failed(began, error.info)
            raise
        if not answered:
            self._breaker.answered()

    async def list_models(self) -> list[Model]:
        """Return the service's own list; someone waits for it, so it is asked."""
        return await self._inner.list_models()
