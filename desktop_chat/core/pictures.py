"""What the first bytes of a picture say: its kind and its size. Nothing is decoded."""

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 96 * 1024
"""So many first bytes tell the size; before a JPEG's there may be a small picture of it."""
SUFFIXES: Final = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "bmp": "bmp"}
"""The kinds of pictures that are shown, and how their files' names end."""

_STANDALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class PictureHead:
    """What a picture says of itself.

    Attributes:
        kind: a key of ``SUFFIXES``.
        width: in pixels; 0 when the size was not found.
        height: in pixels, as stored: a camera's picture may be turned when it is shown.
    """

    kind: str
    width: int
    height: int

    @property
    def mime(self) -> str:
        """The media type."""
        return f"image/{self.kind}"


def picture_head(data: bytes) -> PictureHead | None:
    """Read the beginning of a picture.

    Args:
        data: the whole, or about its first ``HEAD_BYTES``.

    Returns:
        None when it is none of the kinds that are shown.
    """
    for magic, read in (
        (b"\x89PNG\r\n\x1a\n", _png),
        (b"\xff\xd8\xff", _jpeg),
        (b"GIF87a", _gif),
        (b"GIF89a", _gif),
        (b"BM", _bmp),
        (b"RIFF", _webp),
    ):
        if data.startswith(magic):
            return read(data)
    return None


def _number(data: bytes, at: int, size: int, *, big: bool = False) -> int:
    part = data[at : at + size]
    return int.from_bytes(part, "big" if big else "little") if len(part) == size else 0


def _png(data: bytes) -> PictureHead | None:
    if data[12:16] != b"IHDR":
        return None
    return PictureHead("png", _number(data, 16, 4, big=True), _number(data, 20, 4, big=True))


def _gif(data: bytes) -> PictureHead:
    return PictureHead("gif", _number(data, 6, 2), _number(data, 8, 2))


def _bmp(data: bytes) -> PictureHead | None:
    size = _number(data, 14, 4)
    if size not in (12, 40, 52, 56, 108, 124):
        return None
    if size == 12:
        return PictureHead("bmp", _number(data, 18, 2), _number(data, 20, 2))
    height = int.from_bytes(data[22:26], "little", signed=True)
    return PictureHead("bmp", _number(data, 18, 4), abs(height))


def _webp(data: bytes) -> PictureHead | None:
    if data[8:12] != b"WEBP":
        return None
    form = data[12:16]
    width = height = 0
    if form == b"VP8X" and len(data) >= 30:
        width, height = _number(data, 24, 3) + 1, _number(data, 27, 3) + 1
    elif form == b"VP8L" and len(data) >= 25:
        bits = _number(data, 21, 4)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif form == b"VP8 ":
        width, height = _number(data, 26, 2) & 0x3FFF, _number(data, 28, 2) & 0x3FFF
    return PictureHead("webp", width, height)


def _jpeg(data: bytes) -> PictureHead:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _FRAMES:
            return PictureHead(
                "jpeg", _number(data, at + 7, 2, big=True), _number(data, at + 5, 2, big=True)
            )
        else:
            at += 2 + _number(data, at + 2, 2, big=True)
    return PictureHead("jpeg", 0, 0)
