"""Boxes and hairlines that lie on the device's own pixel grid, at any scale."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen


def hairline_width(painter: QPainter) -> float:
    """Return the width of one device pixel, in logical pixels."""
    scale = painter.deviceTransform().m11()
    return 1.0 / scale if scale > 0 else 1.0


def snapped(painter: QPainter, rect: QRect | QRectF) -> QRectF:
    """Return a rectangle with its edges moved to the nearest edges of device pixels, inwards where
    two are equally near: what lies outside a widget is not painted.
    """
    transform = painter.deviceTransform()
    inverse, invertible = transform.inverted()
    if not invertible:
        return QRectF(rect)
    mapped = transform.mapRect(QRectF(rect))
    left, top = math.floor(mapped.left() + 0.5), math.floor(mapped.top() + 0.5)
    right, bottom = math.ceil(mapped.right() - 0.5), math.ceil(mapped.bottom() - 0.5)
    return inverse.mapRect(QRectF(left, top, right - left, bottom - top))


def paint_box(
    painter: QPainter,
    rect: QRect | QRectF,
    radius: float,
    fill: QColor | None = None,
    edge: QColor | None = None,
    width: float = 0.0,
) -> None:
    """Draw a rounded box.

    Args:
        painter: any.
        rect: the outer edge of the box, its border included.
        radius: of the outer corners, in logical pixels.
        fill: or None for none.
        edge: colour of the border, or None for none.
        width: of the border in logical pixels; 0 is one device pixel.
    """
    box = snapped(painter, rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        width = width or hairline_width(painter)
        painter.setPen(QPen(edge, width))
        half = width / 2
        box.adjust(half, half, -half, -half)
        radius = max(0.0, radius - half)
    painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else fill)
    painter.drawRoundedRect(box, radius, radius)
    painter.restore()


def paint_hairline(painter: QPainter, start: QPointF, end: QPointF, colour: QColor) -> None:
    """Draw a level or upright line of one device pixel from ``start``; it lies right of or below
    the coordinates given.
    """
    width = hairline_width(painter)
    level = start.y() == end.y()
    size = (end.x() - start.x(), width) if level else (width, end.y() - start.y())
    box = snapped(painter, QRectF(start.x(), start.y(), *size))
    if level:
        box.setHeight(width)
    else:
        box.setWidth(width)
    painter.fillRect(box, colour)


def blend(first: QColor, second: QColor, amount: float) -> QColor:
    """Return the colour ``amount`` (0 to 1) of the way from the first to the second."""
    if amount <= 0:
        return first
    if amount >= 1:
        return second
    rest = 1 - amount
    return QColor.fromRgbF(
        first.redF() * rest + second.redF() * amount,
        first.greenF() * rest + second.greenF() * amount,
        first.blueF() * rest + second.blueF() * amount,
        first.alphaF() * rest + second.alphaF() * amount,
    )


def clear(colour: QColor) -> QColor:
    """Return a colour's invisible form, for fading from nothing."""
    return QColor(colour.red(), colour.green(), colour.blue(), 0)
