"""A trace in words: for people who look at what went over the wire.

Names of headers, fields and events stay as they are on the wire; only what we decided is told in
sentences.
"""

import json
import math
from dataclasses import dataclass, fields
from typing import Any, Final

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.words import fill
from desktop_chat.core.events import StreamEvent
from desktop_chat.core.i18n import tr
from desktop_chat.core.trace import (
    Trace,
    TraceBytes,
    TraceEvent,
    TraceNote,
    TraceRecord,
    TraceReply,
    TraceRequest,
)

MAX_SHOWN: Final = 100_000
"""Characters of a body that are shown; a text box with more of them stands still."""
_MAX_PARSED: Final = 4 * 1024 * 1024
_MAX_VALUE: Final = 4_000
"""Characters of one value that are shown: pictures are longer."""
_MAX_LINE: Final = 400


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it.

    Attributes:
        request: as it was sent.
        reply: its beginning, or None.
        body: what came, as one.
        missing: bytes of the body that were not kept.
    """

    request: TraceRequest
    reply: TraceReply | None = None
    body: bytes = b""
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list of events: what came, and beside it what was made of it.

    Attributes:
        at: seconds since the question.
        raw: what went over the wire, or None.
        told: what was decoded or decided, or None.
    """

    at: float
    raw: TraceRequest | TraceReply | TraceBytes | None = None
    told: TraceEvent | TraceNote | None = None


class Rows:
    """Makes rows of records as they come."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._seen = 0

    def take(self, trace: Trace) -> int:
        """Take what a trace has beyond what was taken; return the first row that is new or
        changed.
        """
        first = len(self.rows)
        new = trace.records[self._seen :]
        self._seen += len(new)
        for record in new:
            changed = self._add(record)
            first = min(first, changed)
        return first

    def _add(self, record: TraceRecord) -> int:
        last = self.rows[-1] if self.rows else None
        if not isinstance(record, TraceEvent | TraceNote):
            self.rows.append(Row(record.at, record))
        elif (
            isinstance(record, TraceEvent)
            and last is not None
            and last.told is None
            and isinstance(last.raw, TraceBytes)
        ):
            self.rows[-1] = Row(last.at, last.raw, record)
        else:
            self.rows.append(Row(record.at, None, record))
        return len(self.rows) - 1


def exchanges(trace: Trace) -> list[Exchange]:
    """Return what was asked and answered, in order.

    Bytes belong to the newest request.
    """
    found: list[Exchange] = []
    replies: dict[int, TraceReply] = {}
    bodies: list[list[TraceBytes]] = []
    for record in tuple(trace.records):
        if isinstance(record, TraceRequest):
            found.append(Exchange(record))
            bodies.append([])
        elif found and isinstance(record, TraceReply):
            replies.setdefault(len(found) - 1, record)
        elif found and isinstance(record, TraceBytes) and not record.sent:
            bodies[-1].append(record)
    return [
        Exchange(
            item.request,
            replies.get(number),
            b"".join(piece.data for piece in pieces),
            sum(piece.size - len(piece.data) for piece in pieces),
        )
        for number, (item, pieces) in enumerate(zip(found, bodies, strict=True))
    ]


def request_text(request: TraceRequest) -> str:
    """Return a request as it stands on the wire, its JSON laid out for reading."""
    head = [f"{request.method} {request.url}", *_header_lines(request.headers)]
    return "\n".join((*head, "", body_text(request.body))).rstrip() + "\n"


def reply_text(exchange: Exchange) -> str:
    """Return a reply as it stands on the wire, or that there is none."""
    reply = exchange.reply
    if reply is None:
        return tr("There was no reply.")
    head = [f"{reply.http_version or 'HTTP'} {reply.status}", *_header_lines(reply.headers)]
    text = "\n".join((*head, "", body_text(exchange.body))).rstrip() + "\n"
    if exchange.missing:
        text += "\n" + tr("{count} more bytes were not kept.").format(count=f"{exchange.missing:,}")
    return text


def body_text(body: bytes) -> str:
    """Return a body for reading: JSON with one field a line, long values shortened."""
    if len(body) <= _MAX_PARSED:
        try:
            text = json.dumps(_shortened(json.loads(body)), ensure_ascii=False, indent=2)
            return _cut(text.encode("utf-8", "replace").decode())
        except (ValueError, RecursionError):
            pass
    return _cut(body[: 4 * MAX_SHOWN].decode("utf-8", "replace"))


def raw_line(row: Row) -> str:
    """Return what went over the wire, in one line."""
    match row.raw:
        case TraceRequest(method=method, url=url):
            return f"→ {method} {url}"
        case TraceReply(http_version=version, status=status):
            return f"← {version or 'HTTP'} {status}"
        case TraceBytes(data=data, size=size, sent=sent):
            text = data[: 4 * _MAX_LINE].decode("utf-8", "replace") if data else f"({size:,} B)"
            return _one_line(f"→ {text}" if sent else text)
    return ""


def raw_text(row: Row) -> str:
    """Return what went over the wire, whole."""
    match row.raw:
        case TraceRequest():
            return request_text(row.raw)
        case TraceReply():
            return "\n".join((raw_line(row), *_header_lines(row.raw.headers)))
        case TraceBytes(data=data):
            return _cut(data.decode("utf-8", "replace")) if data else raw_line(row)
    return ""


def told_line(row: Row) -> str:
    """Return what was decoded or decided, in one line."""
    match row.told:
        case TraceEvent(event=event):
            return _one_line(f"{type(event).__name__}  {_event_words(event)}".rstrip())
        case TraceNote():
            return _one_line(note_words(row.told))
    return ""


def told_text(row: Row) -> str:
    """Return what was decoded or decided, whole."""
    match row.told:
        case TraceEvent(event=event):
            return _cut(f"{type(event).__name__}\n{_event_words(event, sep=chr(10))}")
        case TraceNote(error=error):
            detail = explain_error(error).detail if error is not None else ""
            return "\n".join(filter(None, (note_words(row.told), detail)))
    return ""


def note_words(note: TraceNote) -> str:
    """Return what was decided, in a few words."""
    why = explain_error(note.error).title if note.error is not None else ""
    match note.what:
        case "retry" if note.detail == "connection":
            words = tr("The connection had died; asked again over a new one")
        case "retry":
            words = fill(tr("Asks again in {seconds} s"), seconds=note.detail)
        case "queue":
            words = fill(tr("Waits in the queue, {place} before it"), place=note.detail)
        case "switch":
            words = fill(tr("Switched to {service}"), service=note.detail)
        case "hedge":
            words = fill(tr("Asks {service} as well"), service=note.detail)
        case "cache":
            words = tr("Answered from the cache")
        case "refresh":
            words = tr("Refused; asked again with a new token")
        case "key":
            words = tr("Went on to the next key")
        case "error":
            words = tr("Failed")
        case "end":
            words = fill(tr("End: {reason}"), reason=note.detail or "?")
    return f"{words} · {why}" if why else words


def milliseconds(seconds: float) -> str:
    """Return a time as milliseconds, for a column of them."""
    return f"{max(0, math.floor(seconds * 1000)):,}"


def _event_words(event: StreamEvent, sep: str = "  ") -> str:
    said = []
    for item in fields(event):
        value: Any = getattr(event, item.name)
        if isinstance(value, bytes):
            value = f"({len(value):,} B)"
        if value not in ("", None):
            said.append((item.name, value if isinstance(value, str) else str(value)))
    if len(said) == 1:
        return said[0][1]
    return sep.join(f"{name}={value}" for name, value in said)


def _header_lines(headers: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _one_line(text: str) -> str:
    text = text[: 2 * _MAX_LINE].replace("\r", "").strip("\n").replace("\n", "⏎")
    return text[:_MAX_LINE]


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _MAX_VALUE:
        rest = tr("{count} more characters").format(count=f"{len(value) - 200:,}")
        return f"{value[:200]}… ({rest})"
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return value


def _cut(text: str) -> str:
    if len(text) <= MAX_SHOWN:
        return text
    rest = tr("{count} more characters").format(count=f"{len(text) - MAX_SHOWN:,}")
    return f"{text[:MAX_SHOWN]}… ({rest})"
