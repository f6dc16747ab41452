"""What a provider's stream yields, whatever the protocol behind it."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from desktop_chat.core.errors import ErrorInfo


class FinishReason(StrEnum):
    """Why an answer ended. The values are part of the ``--json`` output and of the database."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    STOPPED = "stopped"
    """By the user."""
    UNKNOWN = "unknown"
    """The stream ended without a reason that we know: the text may be cut short."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer. ``text`` is never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the thinking. ``text`` is never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a tool call; pieces of one call share ``index`` and their arguments are joined."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them; a later one replaces an earlier one.

    Attributes:
        input_tokens: of the whole request, cached ones included.
        output_tokens: of the whole reply, reasoning included.
        cached_tokens: the part of ``input_tokens`` that came from the service's cache.
        reasoning_tokens: the part of ``output_tokens`` that was thinking.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class NoticeKind(StrEnum):
    """What a notice tells of."""

    RETRY = "retry"
    """Waiting before the next attempt; every attribute of the notice is set."""
    CONNECTING = "connecting"
    """The next attempt has begun; the retry card goes."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know while waiting; not part of the answer.

    Attributes:
        kind: what it tells of.
        attempt: the number of the coming attempt, counted from 1 as *retries*.
        attempts: how many retries there are at most.
        delay: seconds until the attempt begins.
        error: why it is needed.
    """

    kind: NoticeKind
    attempt: int = 0
    attempts: int = 0
    delay: float = 0.0
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every stream that did not fail."""

    reason: FinishReason


StreamEvent: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Usage | Notice | Done


class StreamControl:
    """Lets the reader of a stream speak to what is behind it.

    Closing or cancelling the stream stops it; this is for the one thing in between.
    """

    def __init__(self) -> None:
        self._now = asyncio.Event()

    def retry_now(self) -> None:
        """End the present wait before a retry, if there is one."""
        self._now.set()

    async def wait(self, seconds: float) -> None:
        """Wait ``seconds``, or until ``retry_now`` is called."""
        self._now.clear()
        # Not ``wait_for``: in Python 3.11 it forgets that it was cancelled when the event comes in
        # the same turn of the loop, and then Stop would stop nothing.
        try:
            async with asyncio.timeout(seconds):
                await self._now.wait()
        except TimeoutError:
            return
