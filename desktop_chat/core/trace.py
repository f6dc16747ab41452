"""What really went over the wire for one answer: for people who want to see or to repeat it.

Whoever adds a record takes the secrets out first: a trace holds none, so it can be shown, copied
and saved as it is.
"""

import time
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.events import StreamEvent

MAX_TRACE_BYTES: Final = 8 * 1024 * 1024
"""Raw bytes of bodies that one trace keeps; of the rest it counts the bytes."""

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """A request, as it was sent.

    Attributes:
        at: seconds on the clock of ``Trace.now``.
        service_id: the service that was asked.
        method: ``POST``; ``WEBSOCKET`` for the opening of one.
        url: whole, with secrets as ``***``.
        headers: likewise.
        body: likewise; its secrets are masked, everything else is byte for byte.
    """

    at: float
    service_id: str
    method: str
    url: str
    headers: Headers
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class TraceReply:
    """The beginning of a reply."""

    at: float
    status: int
    headers: Headers
    http_version: str = ""


@dataclass(frozen=True, slots=True)
class TraceBytes:
    """Bytes of a body as one read gave them, or one frame of a WebSocket.

    Attributes:
        at: when they came or went.
        data: empty where the bound was passed.
        size: how many there were.
        sent: whether we sent them.
    """

    at: float
    data: bytes = field(repr=False)
    size: int = 0
    sent: bool = False


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """What was decoded."""

    at: float
    event: StreamEvent


@dataclass(frozen=True, slots=True)
class TraceNote:
    """What was decided on the way.

    Attributes:
        at: when.
        what: ``retry``, ``switch``, ``hedge``, ``queue``, ``cache``, ``refresh``, ``key``,
            ``error`` or ``end``.
        error: why, or None.
        detail: seconds, a service's name, a place in a queue.
    """

    at: float
    what: Literal["retry", "switch", "hedge", "queue", "cache", "refresh", "key", "error", "end"]
    error: ErrorInfo | None = None
    detail: str = ""


TraceRecord: TypeAlias = TraceRequest | TraceReply | TraceBytes | TraceEvent | TraceNote


class Trace:
    """Collects the records of one answer, in order. It costs nothing where there is none.

    Attributes:
        began: seconds since the epoch.
        records: all of them, oldest first.
    """

    def __init__(self) -> None:
        self.began = time.time()
        self.records: list[TraceRecord] = []
        self._zero = time.monotonic()
        self._kept = 0

    def now(self) -> float:
        """Return the seconds since the trace began."""
        return time.monotonic() - self._zero

    def add(self, record: TraceRecord) -> None:
        """Take one more record. What is sent again and again, with megabytes of files, is kept
        once.
        """
        if isinstance(record, TraceRequest):
            record = self._with_same_body(record)
        self.records.append(record)

    def _with_same_body(self, record: TraceRequest) -> TraceRequest:
        for earlier in self.records:
            if isinstance(earlier, TraceRequest) and earlier.body == record.body:
                return replace(record, body=earlier.body)
        return record

    def add_bytes(self, data: bytes, *, sent: bool = False) -> None:
        """Take bytes of a body; past the bound only their number is kept."""
        self._kept += len(data)
        kept = data if self._kept <= MAX_TRACE_BYTES else b""
        self.records.append(TraceBytes(self.now(), kept, len(data), sent))
