"""What went over the wire for the last answers of a conversation: in memory, and only there."""

from collections import OrderedDict
from typing import Final

from desktop_chat.core.events import ImagePart, ReasoningDelta, StreamEvent, TextDelta
from desktop_chat.core.trace import Trace, TraceBytes, TraceEvent, TraceRequest

MAX_TRACES: Final = 20
MAX_BYTES: Final = 48 * 1024 * 1024
_RECORD_BYTES: Final = 200
"""About what a record costs beside its data."""


class Traces:
    """The traces of the newest answers, bounded in number and in size."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Trace] = OrderedDict()

    def begin(self, message_id: str) -> Trace:
        """Return a trace for an answer that begins; an earlier one of the same answer goes."""
        self._kept.pop(message_id, None)
        self._shrink()
        trace = self._kept[message_id] = Trace()
        return trace

    def get(self, message_id: str) -> Trace | None:
        """Return the trace of an answer, or None."""
        return self._kept.get(message_id)

    def _shrink(self) -> None:
        sizes = {message_id: _size(trace) for message_id, trace in self._kept.items()}
        total = sum(sizes.values())
        while self._kept and (len(self._kept) >= MAX_TRACES or total > MAX_BYTES):
            message_id, _trace = self._kept.popitem(last=False)
            total -= sizes[message_id]


def _size(trace: Trace) -> int:
    size = len(trace.records) * _RECORD_BYTES
    bodies: set[int] = set()
    for record in trace.records:
        if isinstance(record, TraceBytes):
            size += len(record.data)
        elif isinstance(record, TraceRequest) and id(record.body) not in bodies:
            # A body that was sent again is the same object.
            bodies.add(id(record.body))
            size += len(record.body)
        elif isinstance(record, TraceEvent):
            size += _event_size(record.event)
    return size


def _event_size(event: StreamEvent) -> int:
    if isinstance(event, ImagePart):
        return len(event.data)
    return len(event.text) if isinstance(event, TextDelta | ReasoningDelta) else 0
