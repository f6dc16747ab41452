"""What of a clipboard or a drag can go with a question as a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage

from desktop_chat.core.i18n import tr

_AS_THEY_ARE: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
"""Pictures whose own bytes are taken, not what Qt makes of them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Files to choose.

    Attributes:
        paths: of files on the disk.
        picture: one that is no file: its bytes, or its pixels; or None.
        name: what that is to be called.
    """

    paths: tuple[Path, ...] = ()
    picture: bytes | QImage | None = None
    name: str = ""


def has_files(data: QMimeData) -> bool:
    """Tell whether ``offer_of`` would find anything; nothing is fetched for that.

    Words with a picture of them (a cell of a table, a formula) are words.
    """
    if any(url.isLocalFile() for url in data.urls()):
        return True
    return data.hasImage() and (bool(data.urls()) or not data.hasText() or not data.text().strip())


def offer_of(data: QMimeData) -> Offer:
    """Return what a clipboard or a drag holds: files first, else a picture."""
    paths = tuple(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    if paths:
        return Offer(paths)
    name = tr("Pasted picture")
    for kind, suffix in _AS_THEY_ARE.items():
        if data.hasFormat(kind) and (raw := bytes(data.data(kind).data())):
            return Offer(picture=raw, name=f"{name}.{suffix}")
    image = data.imageData()
    if isinstance(image, QImage) and not image.isNull():
        return Offer(picture=image, name=f"{name}.png")
    return Offer()


def png_bytes(image: QImage) -> bytes:
    """Return a picture as PNG; b"" when it cannot be written. It takes its time."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(content.data())
