"""A trace as lines of JSON, one for each record, for a file or another program.

    {"at":0.0012,"record":"request","service":"deepseek","method":"POST","url":"..","headers":[..],
     "body":".."}
    {"at":0.2,"record":"reply","status":200,"http":"HTTP/2","headers":[..]}
    {"at":0.2,"record":"bytes","sent":false,"size":42,"data":".."}   ("base64" where it is no text)
    {"at":0.2,"record":"event","event":"TextDelta","text":".."}
    {"at":0.2,"record":"note","what":"retry","detail":"0.5","error":{..}}

``at`` counts seconds from the question. A trace holds no secret, so its lines hold none.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TextIO

from desktop_chat.chat.ask_output import json_line
from desktop_chat.core.trace import (
    Trace,
    TraceBytes,
    TraceEvent,
    TraceNote,
    TraceRecord,
    TraceReply,
    TraceRequest,
)


def trace_lines(trace: Trace) -> Iterator[str]:
    """Return the lines of a trace, each with its line feed."""
    for record in tuple(trace.records):
        yield json_line(record_fields(record))


def record_fields(record: TraceRecord) -> dict[str, Any]:
    """Return what a line says of a record."""
    at = round(record.at, 6)
    match record:
        case TraceRequest():
            return {
                "at": at,
                "record": "request",
                "service": record.service_id,
                "method": record.method,
                "url": record.url,
                "headers": [list(pair) for pair in record.headers],
                **_data("body", record.body),
            }
        case TraceReply():
            return {
                "at": at,
                "record": "reply",
                "status": record.status,
                "http": record.http_version,
                "headers": [list(pair) for pair in record.headers],
            }
        case TraceBytes():
            start = {"at": at, "record": "bytes", "sent": record.sent, "size": record.size}
            return {**start, **_data("data", record.data)}
        case TraceEvent():
            name = type(record.event).__name__
            return {"at": at, "record": "event", "event": name, **_plain(record.event)}
        case TraceNote():
            note = {"at": at, "record": "note", "what": record.what, "detail": record.detail}
            return note | ({"error": _plain(record.error)} if record.error else {})


class WrittenTrace(Trace):
    """A trace that is written as it comes, and keeps nothing.

    Args:
        file: where to.
        lost: called once with the reason when it cannot be written any more.
    """

    def __init__(self, file: TextIO, lost: Callable[[OSError], None]) -> None:
        super().__init__()
        self._file: TextIO | None = file
        self._lost = lost

    def add(self, record: TraceRecord) -> None:
        """Write one more record."""
        if self._file is None:
            return
        try:
            self._file.write(json_line(record_fields(record)))
            self._file.flush()
        except OSError as error:
            self._file = None
            self._lost(error)

    def add_bytes(self, data: bytes, *, sent: bool = False) -> None:
        """Write bytes of a body."""
        self.add(TraceBytes(self.now(), data, len(data), sent))


def _data(name: str, data: bytes) -> dict[str, str]:
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _plain(value: Any) -> Any:
    """Return what JSON can say of a value; of bytes their number."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
