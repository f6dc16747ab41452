"""How a file looks where it is named: its icon, its size in words, its thumbnail."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QTransform

from desktop_chat.core.attachments import AttachmentKind
from desktop_chat.ui.transcript.images.picture_words import amount

_ICONS: Final = {
    AttachmentKind.IMAGE: "image",
    AttachmentKind.PDF: "file-pdf",
    AttachmentKind.TEXT: "file-text",
}


def kind_icon(kind: AttachmentKind | None) -> str:
    """Return the icon of a kind of file; None is for one that is still read."""
    return "circle-dashed" if kind is None else _ICONS[kind]


def size_words(size: int) -> str:
    """Return the size of a file: ``412 B``, ``12 KB``, ``1.4 MB``."""
    return f"{size} B" if size < 1000 else amount(size)


def paint_thumb(painter: QPainter, image: QImage, rect: QRectF, radius: float) -> None:
    """Paint a picture so that it fills a rounded rectangle; what sticks out is cut off."""
    scale = max(rect.width() / image.width(), rect.height() / image.height())
    shift_x = (rect.width() - image.width() * scale) / 2
    shift_y = (rect.height() - image.height() * scale) / 2
    brush = QBrush(image)
    move = QTransform.fromTranslate(rect.left() + shift_x, rect.top() + shift_y)
    brush.setTransform(move.scale(scale, scale))
    painter.save()
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.setPen(Qt.PenStyle.NoPen)
    if image.hasAlphaChannel():
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(rect, radius, radius)
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, radius, radius)
    painter.restore()
