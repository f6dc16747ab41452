"""Tries again, around any provider, as long as nothing of an answer has arrived."""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import DELTAS, Notice, NoticeKind, StreamControl, StreamEvent
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model
from desktop_chat.core.trace import TraceNote
from desktop_chat.providers.breaker import Breaker

_RETRYABLE: Final = frozenset(
    (
        ErrorKind.RATE_LIMIT,
        ErrorKind.SERVER,
        ErrorKind.OVERLOADED,
        ErrorKind.NETWORK,
        ErrorKind.DROPPED,
    )
)
_HOPELESS_CODES: Final = frozenset(("proxy", "proxy_auth", "tls", "ca_file"))
"""Failures to connect that a second attempt does not mend."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often.

    Attributes:
        retries: how many at most, after the first attempt.
        base: seconds; the first wait is at most this, and each later one at most twice the last.
        ceiling: seconds; the longest wait of our own choice.
        retry_after_ceiling: seconds; a service that asks for more is not asked again by itself.
    """

    retries: int = 5
    base: float = 0.5
    ceiling: float = 8.0
    retry_after_ceiling: float = 60.0

    def delay(self, retry: int, error: ErrorInfo, chance: float) -> float | None:
        """Return the seconds to wait before a retry, or None when there should be none.

        Args:
            retry: its number, from 1.
            error: why it is needed.
            chance: 0 to 1; the wait is spread over its whole range ("full jitter"), so that many
                programs do not come back at the same moment.
        """
        if retry > self.retries or not may_help(error):
            return None
        if error.retry_after:
            return error.retry_after if error.retry_after <= self.retry_after_ceiling else None
        return min(self.ceiling, self.base * 2.0 ** (retry - 1)) * chance


def may_help(error: ErrorInfo) -> bool:
    """Tell whether the same request may succeed later."""
    if error.kind is ErrorKind.TIMEOUT:
        return error.code == "connect" or error.status == 408
    return error.kind in _RETRYABLE and error.code not in _HOPELESS_CODES


class RetryBudget:
    """Retries that all tabs may still make at one service, so that a dead one is not hammered.

    Each retry takes one from it, each answer gives some back. A service that mostly answers is
    asked again as often as is needed, one that never does only so many times in all.

    Args:
        size: how many there are at most, and at first.
        refund: what an answer gives back.
    """

    def __init__(self, size: float = 10.0, refund: float = 0.5) -> None:
        self._size = size
        self._refund = refund
        self.left = size

    def take(self, error: ErrorInfo) -> bool:
        """Take one retry; tell whether there was one.

        One after a rate limit is free: who says that lives, and says when to come back.
        """
        if error.kind is ErrorKind.RATE_LIMIT:
            return True
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def answered(self) -> None:
        """Give back what an answer is worth."""
        self.left = min(self._size, self.left + self._refund)


class Retrying:
    """A ``Provider`` that tries again until the first delta of any kind.

    Args:
        inner: what is asked.
        policy: when and how often.
        budget: what all that ask this service share; None for one of its own.
        breaker: of the service: while it is open nothing is tried again; None for none.
        chance: returns a number from 0 to 1 for each wait.
    """

    def __init__(
        self,
        inner: Provider,
        policy: RetryPolicy | None = None,
        *,
        budget: RetryBudget | None = None,
        breaker: Breaker | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._policy = policy or RetryPolicy()
        self._budget = budget or RetryBudget()
        self._breaker = breaker
        self._chance = chance

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask, and ask again; see ``Provider.stream``.

        Each wait is announced by a notice RETRY, and its end by CONNECTING.

        Raises:
            ProviderError: the last failure; its code is ``circuit_open`` where the breaker kept
                the next attempt back.
        """
        retry = 0
        attempts = self._policy.retries
        while True:
            started = False
            try:
                async with aclosing(self._inner.stream(request, control)) as events:
                    async for event in events:
                        if not started and isinstance(event, DELTAS):
                            started = True
                            self._budget.answered()
                        yield event
                return
            except ProviderError as error:
                retry += 1
                info = error.info
                delay = None if started else self._delay(retry, info)
                if delay is None:
                    raise
            if control.trace is not None:
                control.trace.add(TraceNote(control.trace.now(), "retry", info, f"{delay:.3g}"))
            yield Notice(NoticeKind.RETRY, retry, attempts, delay, info)
            by_hand = await control.wait(delay)
            yield Notice(NoticeKind.CONNECTING, retry, attempts)
            if self._breaker is not None and not by_hand and not self._breaker.try_pass():
                raise ProviderError(self._breaker.refusal(info))

    async def list_models(self) -> list[Model]:
        """Return the service's own list; someone waits for it, so it is asked once."""
        return await self._inner.list_models()

    def _delay(self, retry: int, error: ErrorInfo) -> float | None:
        """Return the seconds until the next attempt, or None when the failure stands.

        Raises:
            ProviderError: it stands because the breaker is open for longer than the wait.
        """
        delay = self._policy.delay(retry, error, self._chance())
        if delay is None:
            return None
        if self._breaker is not None and self._breaker.seconds() > delay:
            raise ProviderError(self._breaker.refusal(error))
        return delay if self._budget.take(error) else None
