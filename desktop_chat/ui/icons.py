"""Icons as glyphs of the Phosphor font, which the QtAwesome package carries as files.

QtAwesome itself is never imported: that costs 250 ms and tens of megabytes.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap


def _file(pattern: str) -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the QtAwesome package, which carries the icon font")
    return next((Path(spec.origin).parent / "fonts").glob(pattern))


@cache
def _charmap() -> dict[str, str]:
    data = json.loads(_file("phosphor-charmap-*.json").read_text("utf-8"))
    return {name: chr(int(code, 16)) for name, code in data.items()}


@cache
def _family() -> str:
    font_id = QFontDatabase.addApplicationFont(str(_file("phosphor-[0-9]*.ttf")))
    return QFontDatabase.applicationFontFamilies(font_id)[0]


def glyph(name: str) -> str:
    """Return the character of an icon.

    Raises:
        KeyError: no icon has this name.
    """
    return _charmap()[name]


def font(pixels: int) -> QFont:
    """Return the icon font at a size in logical pixels."""
    result = QFont(_family())
    result.setPixelSize(pixels)
    return result


def paint(
    painter: QPainter, name: str, rect: QRect | QRectF, colour: QColor, pixels: int = 16
) -> None:
    """Draw an icon in the middle of a rectangle."""
    painter.save()
    painter.setFont(font(pixels))
    painter.setPen(colour)
    painter.drawText(QRectF(rect), Qt.AlignmentFlag.AlignCenter, glyph(name))
    painter.restore()


def icon(name: str, colour: QColor, pixels: int = 16, ratio: float = 2.0) -> QIcon:
    """Return an icon for what Qt draws itself (menus, the tray)."""
    pixmap = QPixmap(QSize(pixels, pixels) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint(painter, name, QRectF(QPointF(0, 0), QSize(pixels, pixels).toSizeF()), colour, pixels)
    painter.end()
    return QIcon(pixmap)
