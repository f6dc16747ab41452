"""Server-sent events, decoded from bytes as they arrive, whatever the reads cut in two.

The rules are those of the HTML standard's event stream: three kinds of line end, one leading byte
order mark, comments, fields with or without a space, several data lines in one event. Two things
go beyond it, because real services need them: an event whose closing blank line never came is
given by ``close``, and lines that belong to no event stream are kept as ``stray``.

Lines are split on bytes: ``str.splitlines`` would cut JSON at U+2028, U+2029 and U+0085.
"""

from typing import Final, TypeAlias

ServerEvent: TypeAlias = tuple[bytes, bytes]
"""The value of the event's ``event`` field (often empty) and its data. A plain tuple, because one
is made for every token."""

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
"""No real event is near this; a stream without line ends would fill the memory otherwise."""

_BOM: Final = b"\xef\xbb\xbf"
_PADS: Final = b"\xef\xbb\xbf\0 \t"
_KNOWN_FIELDS: Final = frozenset((b"data", b"event", b"id", b"retry"))


class FrameTooLargeError(Exception):
    """An event, or what is no event, grew over the bound."""


class SseDecoder:
    """Turns bytes into events.

    Args:
        max_frame: the most bytes that one event, or all stray lines together, may have.
    """

    def __init__(self, max_frame: int = MAX_FRAME_BYTES) -> None:
        self._max_frame = max_frame
        self._pending = bytearray()
        self._ends_with_newline = False
        self._skip_line_feed = False
        self._head: bytes | None = b""
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """Lines that are no field of an event stream, joined by line feeds."""
        return bytes(self._stray[:-1])

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take bytes and return the events that they complete.

        Raises:
            FrameTooLargeError: what is pending grew over the bound.
        """
        data = self._normalise(data)
        if not data:
            return []
        start = data.rfind(b"\n\n")
        if start < 0:
            if not (self._ends_with_newline and data.startswith(b"\n")):
                self._keep(data)
                return []
            cut = 1
        else:
            cut = start + 2
        block = bytes(self._pending) + data[:cut]
        self._pending.clear()
        self._keep(data[cut:])
        return self._events(block)

    def close(self) -> list[ServerEvent]:
        """Return the last event if the stream ended without its blank line."""
        if self._head:
            self._pending += self._head
        self._head = None
        block = bytes(self._pending)
        self._pending.clear()
        return self._events(block)

    def _normalise(self, data: bytes) -> bytes:
        """Take off the byte order mark and turn every line end into a line feed."""
        if self._head is not None:
            data = self._head + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._head = data
                return b""
            self._head = None
            data = data.removeprefix(_BOM)
        if self._skip_line_feed and data:
            self._skip_line_feed = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._skip_line_feed = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _keep(self, data: bytes) -> None:
        self._ends_with_newline = data.endswith(b"\n")
        if data:
            self._pending += data
            if len(self._pending) > self._max_frame:
                raise FrameTooLargeError

    def _events(self, block: bytes) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        for part in block.split(b"\n\n"):
            if b"\n" not in part and part.startswith(b"data: "):
                events.append((b"", part[6:]))
            elif part:
                self._lines(part, events)
        return events

    def _lines(self, part: bytes, events: list[ServerEvent]) -> None:
        name = b""
        data: list[bytes] = []
        for line in part.split(b"\n"):
            if not line or line.startswith(b":"):
                continue
            field, _, value = line.partition(b":")
            if field not in _KNOWN_FIELDS:
                # Pieces of streams that were put together bring marks and pads in their middle.
                field = field.lstrip(_PADS)
                if field not in _KNOWN_FIELDS:
                    self._add_stray(line)
                    continue
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
        if data:
            events.append((name, b"\n".join(data)))

    def _add_stray(self, line: bytes) -> None:
        self._stray += line + b"\n"
        if len(self._stray) > self._max_frame:
            raise FrameTooLargeError
