"""What a provider's stream yields, whatever the protocol behind it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.json import JsonValue

if TYPE_CHECKING:
    from desktop_chat.core.trace import Trace


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
class ChoiceDelta:
    """More of a further answer, where several were asked for (``Sampling.n``).

    Attributes:
        index: its number, from 1; the first answer is what all other events tell of.
        text: more of it, or "".
        reasoning: more of its thinking, or "".
    """

    index: int
    text: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture, whole.

    Attributes:
        data: its bytes: PNG, JPEG, GIF or WebP, checked by their beginning.
        media_type: ``image/png``.
        prompt: what the service made of the question, where it tells; else "".
    """

    data: bytes = field(repr=False)
    media_type: str
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Echo:
    """What the service wants back with this answer when the conversation goes on: signatures of
    thinking, encrypted items, reasoning details. A later one replaces an earlier one.

    Attributes:
        data: JSON that only the protocol which made it reads: a mapping whose ``protocol`` names
            that.
    """

    data: JsonValue


@dataclass(frozen=True, slots=True)
class RemoteId:
    """The service's own id of this conversation; with it history need not be sent again."""

    id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Who really answers, where it is not simply the one that was asked: told before any delta.

    Attributes:
        service_id: of a backup, or of the same service for an answer from the cache.
        service_name: as shown.
        model: the model's id there.
        cached_at: when the answer was first given, in seconds since the epoch, where it comes from
            the cache; else None.
    """

    service_id: str
    service_name: str
    model: str
    cached_at: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them; a later one replaces an earlier one.

    Attributes:
        input_tokens: of the whole request, cached ones included.
        output_tokens: of the whole reply, reasoning included.
        cached_tokens: the part of ``input_tokens`` that came from the service's cache.
        reasoning_tokens: the part of ``output_tokens`` that was thinking.
        cache_write_tokens: the part of ``input_tokens`` that was written to the service's cache.
        images: pictures that were made.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0


class NoticeKind(StrEnum):
    """What a notice tells of."""

    RETRY = "retry"
    """Waiting before the next attempt; every attribute of the notice is set."""
    CONNECTING = "connecting"
    """The next attempt has begun; the card that told of waiting goes."""
    QUEUED = "queued"
    """Waiting for the service's own limits: ``place`` and ``delay`` tell how long."""
    SWITCHED = "switched"
    """A backup is asked from now on: ``service`` names it, ``error`` tells why."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know while waiting; not part of the answer.

    Attributes:
        kind: what it tells of.
        attempt: the number of the coming attempt, counted from 1 as *retries*.
        attempts: how many retries there are at most.
        delay: seconds until the attempt begins.
        error: why it is needed.
        place: how many wait before this one.
        service: the name of the service that is asked now.
    """

    kind: NoticeKind
    attempt: int = 0
    attempts: int = 0
    delay: float = 0.0
    error: ErrorInfo | None = None
    place: int = 0
    service: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every stream that did not fail."""

    reason: FinishReason


StreamEvent: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ChoiceDelta
    | ImagePart
    | Echo
    | RemoteId
    | Answered
    | Usage
    | Notice
    | Done
)


DELTAS: Final = (TextDelta, ReasoningDelta, ToolCallDelta, ChoiceDelta, ImagePart)
"""What an answer is made of: from the first of them on nothing is asked again."""


class StreamControl:
    """Lets the reader of a stream speak to what is behind it.

    Closing or cancelling the stream stops it; this is for what lies in between.

    Args:
        trace: takes down what goes over the wire, or None.
        fresh: whether an answer from the cache is not wanted.
    """

    def __init__(self, trace: "Trace | None" = None, *, fresh: bool = False) -> None:
        self.trace = trace
        self.fresh = fresh
        self._now = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    def retry_now(self) -> None:
        """End the present wait before a retry, if there is one."""
        self._now.set()
        for listener in list(self._listeners):
            listener()

    def on_retry_now(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` with each ``retry_now``; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def wait(self, seconds: float) -> bool:
        """Wait ``seconds``, or until ``retry_now`` is called; tell whether it was."""
        self._now.clear()
        # Not ``wait_for``: in Python 3.11 it forgets that it was cancelled when the event comes in
        # the same turn of the loop, and then Stop would stop nothing.
        try:
            async with asyncio.timeout(seconds):
                await self._now.wait()
        except TimeoutError:
            return False
        return True
