"""The shadow under popups, made once for each size it needs and stretched as nine patches."""

import math
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QMargins, QMarginsF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_POPUP

MARGINS: Final = QMargins(40, 24, 40, 56)
"""Room that a window keeps around its panel for the shadow, in pixels."""
_CORE: Final = 120
"""Beyond this many pixels the middle of the shadow is even and can be stretched."""


def _profile(length: int, start: float, end: float, sigma: float) -> list[float]:
    """Return how dark a blurred bar from ``start`` to ``end`` is at each pixel, 0 to 1."""
    scale = sigma * math.sqrt(2)
    return [
        0.5 * (math.erf((i + 0.5 - start) / scale) - math.erf((i + 0.5 - end) / scale))
        for i in range(length)
    ]


def _ink(dark: bool) -> QColor:
    return QColor(0, 0, 0) if dark else QColor(16, 32, 38)


@lru_cache(maxsize=16)
def _patch(width: int, height: int, dark: bool) -> QImage:
    """Return the shadow of a panel of this size, with the margins around it."""
    blur, drop, far = (40.0, 16.0, 0.55) if dark else (32.0, 12.0, 0.18)
    full_w = width + MARGINS.left() + MARGINS.right()
    full_h = height + MARGINS.top() + MARGINS.bottom()
    left, top = MARGINS.left(), MARGINS.top()
    far_x = _profile(full_w, left, left + width, blur / 2)
    far_y = _profile(full_h, top + drop, top + drop + height, blur / 2)
    rows = bytearray()
    for y in far_y:
        rows += bytes(int(255 * far * x * y + 0.5) for x in far_x)
    alpha = QImage(bytes(rows), full_w, full_h, full_w, QImage.Format.Format_Alpha8)
    image = QImage(full_w, full_h, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(_ink(dark))
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, alpha)
    painter.end()
    return image


def paint_shadow(painter: QPainter, panel: QRectF, dark: bool) -> None:
    """Draw the shadow of a panel; the painter needs ``MARGINS`` around it.

    Args:
        painter: of the window that holds the panel.
        panel: the panel itself.
        dark: whether the scheme is dark.
    """
    core_w, core_h = min(int(panel.width()), _CORE), min(int(panel.height()), _CORE)
    image = _patch(core_w, core_h, dark)
    target = panel.marginsAdded(QMarginsF(MARGINS))
    columns = _spans(MARGINS.left(), core_w, MARGINS.right(), target.left(), target.width())
    rows = _spans(MARGINS.top(), core_h, MARGINS.bottom(), target.top(), target.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    for source_x, source_w, x, w in columns:
        for source_y, source_h, y, h in rows:
            painter.drawImage(
                QRectF(x, y, w, h), image, QRectF(source_x, source_y, source_w, source_h)
            )
    painter.restore()
    # The near shadow, 0 1 2: too small for corners that are not round.
    for spread, share in ((1, 0.35), (0, 0.65)):
        near = _ink(dark)
        near.setAlphaF(share * (0.5 if dark else 0.10))
        box = panel.adjusted(-spread, 1 - spread, spread, 1 + spread)
        paint_box(painter, box, RADIUS_POPUP + spread, near)


def _spans(
    before: int, core: int, after: int, start: float, length: float
) -> list[tuple[float, float, float, float]]:
    """Cut one axis in three: where each part lies in the image and where it goes."""
    first = before + core // 2
    last = after + core - core // 2 - 1
    middle = length - first - last
    return [
        (0, first, start, first),
        (first, 1, start + first, middle),
        (first + 1, last, start + first + middle, last),
    ]
