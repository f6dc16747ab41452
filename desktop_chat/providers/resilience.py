"""Tries again, around any provider, as long as nothing of an answer has arrived."""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.events import (
    Notice,
    NoticeKind,
    ReasoningDelta,
    StreamControl,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from desktop_chat.core.ports import Provider
from desktop_chat.core.requests import ChatRequest
from desktop_chat.core.services import Model

_RETRYABLE: Final = frozenset(
    (
        ErrorKind.RATE_LIMIT,
        ErrorKind.SERVER,
        ErrorKind.OVERLOADED,
        ErrorKind.NETWORK,
        ErrorKind.DROPPED,
    )
)
_HOPELESS_CODES: Final = frozenset(("proxy", "tls"))
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


class Resilient:
    """A ``Provider`` that tries again until the first delta of any kind.

    Args:
        inner: what is asked.
        policy: when and how often.
        chance: returns a number from 0 to 1 for each wait.
    """

    def __init__(
        self,
        inner: Provider,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._policy = policy or RetryPolicy()
        self._chance = chance

    async def stream(
        self, request: ChatRequest, control: StreamControl
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask, and ask again; see ``Provider.stream``.

        Each wait is announced by a notice RETRY, and its end by CONNECTING.
        """
        retry = 0
        while True:
            started = False
            try:
                async with aclosing(self._inner.stream(request, control)) as events:
                    async for event in events:
                        if isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta):
                            started = True
                        yield event
                return
            except ProviderError as error:
                retry += 1
                info = error.info
                delay = None if started else self._policy.delay(retry, info, self._chance())
                if delay is None:
                    raise
            attempts = self._policy.retries
            yield Notice(NoticeKind.RETRY, retry, attempts, delay, info)
            await control.wait(delay)
            yield Notice(NoticeKind.CONNECTING, retry, attempts)

    async def list_models(self) -> list[Model]:
        """Return the service's own list; someone waits for it, so it is asked once."""
        return await self._inner.list_models()
