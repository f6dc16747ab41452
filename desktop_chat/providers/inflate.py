"""Unpacks replies that are compressed although none was asked for, a bounded piece at a time.

A few kilobytes can hold gigabytes of nothing: what is unpacked is handed on before more is.
"""

import zlib
from typing import Any, Final

PIECE_BYTES: Final = 256 * 1024
"""The most that is unpacked at a time."""

_GZIP: Final = b"\x1f\x8b"


class Inflater:
    """Unpacks gzip, several of them one after another, and deflate with or without zlib's head.

    Nothing that follows the end is kept, nor an error: some servers pad with zeros.

    Args:
        encoding: the name that the reply gives.
    """

    def __init__(self, encoding: str) -> None:
        self._bare = encoding == "deflate"
        self._inner: Any = None
        self._head = b""

    def __call__(self, data: bytes) -> tuple[bytes, bytes | None]:
        """Take packed bytes; return some of what they hold, and those that are left, to be fed
        next; None for all.

        Raises:
            zlib.error: it is neither.
        """
        if self._inner is None or self._inner.eof:
            data = self._head + data
            self._head = data[:2] if len(data) < 2 else b""
            if len(data) < 2 or (self._inner is not None and not data.startswith(_GZIP)):
                return b"", None
            self._inner = zlib.decompressobj(self._bits(data))
        unpacked: bytes = self._inner.decompress(data, PIECE_BYTES)
        if self._inner.eof:
            return unpacked, self._inner.unused_data or None
        # What is unpacked but had no room is given even when every packed byte was taken.
        more = len(unpacked) == PIECE_BYTES
        return unpacked, self._inner.unconsumed_tail if more else None

    def _bits(self, head: bytes) -> int:
        """Return how what begins so is packed (RFC 1950, section 2.2; RFC 1952, 2.3.1)."""
        zlib_head = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
        bare = self._bare and not zlib_head and not head.startswith(_GZIP)
        return -zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32
