"""JSON values one per line, decoded from bytes as they arrive, whatever the reads cut in two.

Lines that a proxy has turned into server-sent events (``data: {…}``) are taken as what they were.
Lines are split on bytes: ``str.splitlines`` would cut JSON at U+2028, U+2029 and U+0085.
"""

from typing import Final

from desktop_chat.providers.sse import MAX_FRAME_BYTES, FrameTooLargeError, ServerEvent

_BOM: Final = b"\xef\xbb\xbf"


class NdjsonDecoder:
    """Turns bytes into lines; a line that can be no JSON object or array is kept as ``stray``.

    Args:
        max_frame: the most bytes that one line, or all stray lines together, may have.
    """

    def __init__(self, max_frame: int = MAX_FRAME_BYTES) -> None:
        self._max_frame = max_frame
        self._pending = bytearray()
        self._first = True
        self._spread = False
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """Lines that are no frame, joined by line feeds."""
        return bytes(self._stray[:-1])

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take bytes and return the lines they complete, with an empty name.

        Raises:
            FrameTooLargeError: what is pending, or stray, grew over the bound.
        """
        cut = data.rfind(b"\n") + 1
        if not cut:
            self._keep(data)
            return []
        block = bytes(self._pending) + data[:cut]
        self._pending.clear()
        self._keep(data[cut:])
        return self._lines(block)

    def close(self) -> list[ServerEvent]:
        """Return the last line if it had no end.

        Raises:
            FrameTooLargeError: as for ``feed``.
        """
        block = bytes(self._pending)
        self._pending.clear()
        return self._lines(block)

    def _keep(self, data: bytes) -> None:
        if data:
            self._pending += data
            if len(self._pending) > self._max_frame:
                raise FrameTooLargeError

    def _lines(self, block: bytes) -> list[ServerEvent]:
        if self._first and block:
            self._first = False
            block = block.removeprefix(_BOM)
        frames: list[ServerEvent] = []
        for part in block.split(b"\n"):
            line = part.strip()
            if line.startswith(b"data:"):
                line = line[5:].lstrip()
            # A lone bracket begins one value that is printed over several lines.
            self._spread = self._spread or line in (b"{", b"[")
            if not line:
                continue
            if not self._spread and line.startswith((b"{", b"[")):
                frames.append((b"", line))
            elif self._spread or not line.startswith(b":"):
                self._add_stray(line)
        return frames

    def _add_stray(self, line: bytes) -> None:
        self._stray += line + b"\n"
        if len(self._stray) > self._max_frame:
            raise FrameTooLargeError
