"""Makes pictures small enough for models, with Qt. It runs on a thread; see ``ImageScaler``."""

from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader, QImageWriter, QPainter

from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.pictures import PictureHead, picture_head

MAX_PIXELS: Final = 200_000_000
"""A picture of more is not decoded: a few kilobytes can claim any size. Phones make 200 million."""
_DECODED_WHOLE: Final = 60_000_000
"""Pixels: what is no JPEG is decoded before it is scaled, and Qt stops there at 256 MB."""
_SCAN: Final = b"\xff\xda"
_MOST_SCANS: Final = 64
_SENT_AS_THEY_ARE: Final = ("png", "jpeg", "gif", "webp")
_QUALITIES: Final = (90, 80, 65, 50)
_SHRINK: Final = 0.75
_LEAST_SIDE: Final = 64
_OPAQUE: Final = QImage.Format.Format_RGB32
_CLEAR: Final = QImage.Format.Format_ARGB32


class QtImageScaler:
    """Fits pictures; see ``core.ports.ImageScaler``."""

    def scale(self, data: bytes, longest: int, max_bytes: int) -> bytes:
        """Return a picture that fits: the same bytes where they do, else PNG for what has clear
        places or few colours, and JPEG for the rest. A moving one loses its movement only when it
        does not fit.
        """
        head = picture_head(data)
        # Each scan of a progressive JPEG goes over the whole picture, and needs only twelve bytes.
        if head is None or (head.kind == "jpeg" and data.count(_SCAN) > _MOST_SCANS):
            raise _refused("image_damaged")
        buffer = QBuffer()
        buffer.setData(QByteArray(data))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        reader = QImageReader(buffer, QByteArray(head.kind.encode()))
        # What the first bytes say is what is read: no other decoder gets a try.
        reader.setAutoDetectImageFormat(False)
        reader.setAutoTransform(True)
        size = reader.size()
        if not size.isValid() or size.isEmpty():
            raise _refused("image_damaged")
        if size.width() * size.height() > MAX_PIXELS:
            raise _refused("image_too_large")
        if _fits(head, reader, size, longest) and len(data) <= max_bytes:
            return data
        return _written(_read(reader, size, longest), max_bytes)


def _fits(head: PictureHead, reader: QImageReader, size: QSize, longest: int) -> bool:
    upright = reader.transformation() == QImageIOHandler.Transformation.TransformationNone
    small = max(size.width(), size.height()) <= longest
    return upright and small and head.kind in _SENT_AS_THEY_ARE


def _read(reader: QImageReader, size: QSize, longest: int) -> QImage:
    if max(size.width(), size.height()) > longest:
        target = size.scaled(QSize(longest, longest), Qt.AspectRatioMode.KeepAspectRatio)
        # A JPEG is decoded at half or a quarter of its size then, which saves most of the memory.
        reader.setScaledSize(target.expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        pixels = size.width() * size.height()
        raise _refused("image_too_large" if pixels > _DECODED_WHOLE else "image_damaged")
    return image.convertToFormat(_CLEAR if image.hasAlphaChannel() else _OPAQUE)


def _written(image: QImage, max_bytes: int) -> bytes:
    """Return a picture as the first of some forms that is small enough."""
    while True:
        png = _bytes(image, b"png", -1)
        if len(png) <= max_bytes:
            return png
        flat = _on_white(image) if image.hasAlphaChannel() else image
        for quality in _QUALITIES:
            if len(jpeg := _bytes(flat, b"jpeg", quality)) <= max_bytes:
                return jpeg
        side = int(max(image.width(), image.height()) * _SHRINK)
        if side < _LEAST_SIDE:
            return jpeg
        image = image.scaled(
            QSize(side, side),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )


def _on_white(image: QImage) -> QImage:
    flat = QImage(image.size(), _OPAQUE)
    flat.fill(Qt.GlobalColor.white)
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    return flat


def _bytes(image: QImage, form: bytes, quality: int) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(form))
    writer.setQuality(quality)
    if not writer.write(image):
        raise _refused("image_damaged")
    return bytes(content.data())


def _refused(code: str) -> ChatError:
    return ChatError(ErrorInfo(ErrorKind.BAD_REQUEST, code=code))
