"""Pictures out of untrusted bytes: bounded, of few kinds, and beside the UI thread.

SVG is never drawn: it is a document that can nest, refer and fill memory without end, and a
thread that draws it cannot be stopped. It can be saved.
"""

import binascii
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from desktop_chat.core.pictures import HEAD_BYTES, PictureHead, picture_head

MAX_PIXELS: Final = 40_000_000
"""A picture of more is not decoded: a few kilobytes can claim any size."""
MAX_SIDE: Final = 32_000
_JPEG: Final = b"\xff\xd8"
_SCAN: Final = b"\xff\xda"
_MOST_SCANS: Final = 64
_MAX_HEADER: Final = 200
_HEAD_CHARS: Final = HEAD_BYTES // 3 * 4
_SLICE: Final = 1 << 18
_LEAST_LEVEL: Final = 1024


class Trouble(StrEnum):
    """Why a picture is not shown."""

    NONE = ""
    DAMAGED = "damaged"
    KIND = "kind"
    """None of the kinds that are shown."""
    SVG = "svg"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What decoding gave.

    Attributes:
        images: the picture, and for a viewer its halves, quarters, ... after it; or none.
        size: of the whole picture as it is shown, in pixels.
        trouble: why there is none.
    """

    images: tuple[QImage, ...] = ()
    size: tuple[int, int] = (0, 0)
    trouble: Trouble = field(default=Trouble.NONE)


def is_data(href: str) -> bool:
    """Tell whether an address is a ``data:`` URI."""
    return href[:5].lower() == "data:"


def data_kind(href: str) -> str:
    """Return the media type that a ``data:`` URI names, in lower case, or ""."""
    header = href[5:_MAX_HEADER].partition(",")[0]
    return header.partition(";")[0].strip().lower()


def data_bytes(href: str, *, first: bool = False) -> bytes | None:
    """Return what a ``data:`` URI holds.

    Args:
        href: the URI.
        first: about the first ``HEAD_BYTES`` are enough.

    Returns:
        None when it is broken.
    """
    comma = href.find(",", 0, _MAX_HEADER)
    if comma < 0:
        return None
    if not href[:comma].rstrip().lower().endswith(";base64"):
        return unquote_to_bytes(href[comma + 1 :])
    end = min(len(href), comma + 1 + _HEAD_CHARS) if first else len(href)
    try:
        return _base64(href, comma + 1, end)
    except ValueError:
        return None


def _base64(href: str, start: int, end: int) -> bytes:
    """Decode base64, in slices: each holds up the other threads, but none for long.

    Raises:
        ValueError: it is none.
    """
    whole = end == len(href)
    decoded = []
    rest = ""
    for at in range(start, end, _SLICE):
        last = at + _SLICE >= end
        text = rest + href[at : min(at + _SLICE, end)]
        if "%" in text:
            # The three characters of an escape may lie on both sides of a cut.
            cut = len(text) if last else max(text.rfind("%", len(text) - 2), 0) or len(text)
            text, rest = unquote_to_bytes(text[:cut]).decode("ascii", "replace"), text[cut:]
        else:
            rest = ""
        text = "".join(text.split())
        if last and whole:
            text = text.rstrip("=")
            text += "=" * (-len(text) % 4)
        else:
            full = len(text) // 4 * 4
            text, rest = text[:full], text[full:] + rest
            if "=" in text:
                raise ValueError(at)
        decoded.append(binascii.a2b_base64(text, strict_mode=True))
    return b"".join(decoded)


def judge(head: PictureHead | None, data: bytes, kind: str = "") -> Trouble:
    """Return why a picture cannot be shown, as far as its beginning tells.

    Args:
        head: what ``picture_head`` found.
        data: the beginning.
        kind: the media type that it came with, or "".
    """
    if head is None:
        start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        markup = start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in start
        return Trouble.SVG if markup or kind.startswith("image/svg") else Trouble.KIND
    if head.width * head.height > MAX_PIXELS or max(head.width, head.height) > MAX_SIDE:
        return Trouble.LARGE
    return Trouble.NONE


def decode(data: bytes | str, box: tuple[int, int] | None) -> Decoded:
    """Decode a picture; runs on a thread.

    Args:
        data: the picture, or the ``data:`` URI that holds it.
        box: it is scaled down to fit into so many pixels; None keeps its size and adds halves.
    """
    raw = data_bytes(data) if isinstance(data, str) else data
    if raw is None:
        return Decoded(trouble=Trouble.DAMAGED)
    if raw.startswith(_JPEG) and raw.count(_SCAN) > _MOST_SCANS:
        # Each scan of a progressive JPEG goes over the whole picture, and needs only twelve bytes.
        return Decoded(trouble=Trouble.DAMAGED)
    head = picture_head(raw)
    trouble = judge(head, raw)
    if head is None or trouble:
        return Decoded(trouble=trouble)
    buffer = QBuffer()
    buffer.setData(QByteArray(raw))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(head.kind.encode()))
    # What the first bytes say is what is read: no other decoder gets a try.
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    return _read(reader, box)


def _read(reader: QImageReader, box: tuple[int, int] | None) -> Decoded:
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        return Decoded(trouble=Trouble.DAMAGED)
    if size.width() * size.height() > MAX_PIXELS or max(size.width(), size.height()) > MAX_SIDE:
        return Decoded(trouble=Trouble.LARGE)
    turned = bool(reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90)
    shown = size.transposed() if turned else size
    if box is not None and (shown.width() > box[0] or shown.height() > box[1]):
        target = shown.scaled(QSize(*box), Qt.AspectRatioMode.KeepAspectRatio)
        target = target.expandedTo(QSize(1, 1))
        reader.setScaledSize(target.transposed() if turned else target)
    image = reader.read()
    if image.isNull():
        return Decoded(trouble=Trouble.DAMAGED)
    form = QImage.Format.Format_RGB32
    if image.hasAlphaChannel():
        form = QImage.Format.Format_ARGB32_Premultiplied
    image = image.convertToFormat(form)
    image.setDevicePixelRatio(1.0)
    images = [image]
    while box is None and max(images[-1].width(), images[-1].height()) > _LEAST_LEVEL:
        half = images[-1].size() / 2
        images.append(
            images[-1].scaled(
                half.expandedTo(QSize(1, 1)),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return Decoded(tuple(images), (shown.width(), shown.height()))
