"""A painter with the few strokes that the transcript is made of, snapped to device pixels."""

from math import floor
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QRegion

from desktop_chat.ui.theme import Tokens

_HALF: Final = 0.5
_HIT_RADIUS: Final = 3.0

Align: TypeAlias = Literal["left", "centre", "right"]


def put_text(painter: QPainter, rect: QRect, text: str, align: Align = "left") -> int:
    """Paint one line of text in the middle of a row.

    The baseline depends on the painter's font alone: text of another script, whose font is
    higher, stands on the same line.

    Args:
        painter: with font and pen.
        rect: the row.
        text: one line; it is not cut.
        align: where in the row.

    Returns:
        The width of the text.
    """
    metrics = QFontMetricsF(painter.font())
    height = metrics.ascent() + metrics.descent()
    baseline = rect.top() + round((rect.height() - height) / 2 + metrics.ascent())
    width = metrics.horizontalAdvance(text)
    spare = rect.width() - width
    left = rect.left() + {"left": 0.0, "centre": spare / 2, "right": spare}[align]
    painter.drawText(QPointF(left, baseline), text)
    return int(width) + 1


class Ink:
    """Paints on one widget during one paint event.

    Args:
        painter: open.
        tokens: the colours.
        region: what has to be painted, in the painter's coordinates.

    Attributes:
        top: the upper edge of what has to be painted.
        bottom: its lower edge.
        pixel: the length of a device pixel, in logical pixels.
    """

    __slots__ = ("_dx", "_dy", "bottom", "painter", "pixel", "region", "tokens", "top")

    def __init__(self, painter: QPainter, tokens: Tokens, region: QRegion) -> None:
        self.painter = painter
        self.tokens = tokens
        self.region = region
        bounds = region.boundingRect()
        self.top = bounds.top()
        self.bottom = bounds.top() + bounds.height()
        transform = painter.deviceTransform()
        self.pixel = 1 / (transform.m22() or 1.0)
        self._dx = transform.dx()
        self._dy = transform.dy()

    def wanted(self, rect: QRect) -> bool:
        """Tell whether any of a rectangle has to be painted."""
        return self.region.intersects(rect)

    def snap_x(self, x: float) -> float:
        """Return the nearest left edge of a device pixel; halves always go the same way."""
        return (floor(x / self.pixel + self._dx + _HALF) - self._dx) * self.pixel

    def snap_y(self, y: float) -> float:
        """Return the nearest upper edge of a device pixel; halves always go the same way."""
        return (floor(y / self.pixel + self._dy + _HALF) - self._dy) * self.pixel

    def fill(self, rect: QRectF, colour: QColor) -> None:
        """Fill a rectangle."""
        self.painter.fillRect(rect, colour)

    def ground(self, rect: QRectF, colour: QColor) -> None:
        """Fill behind a part of a line, in a colour of ``Shade.grounds``.

        What was found has an edge, for it lies on surfaces of any colour; the hit that the reader
        is at has a strong one, for a ground that differs as much would drown the text.
        """
        t = self.tokens
        if colour not in (t.warnsoft, t.warnline):
            self.fill(rect, colour)
            return
        inner = rect.adjusted(0, 1, 0, -1)
        if colour == t.warnsoft:
            self.box(inner, _HIT_RADIUS, t.warnsoft, t.warnline)
            return
        self.box(inner.adjusted(-1, 0, 1, 0), _HIT_RADIUS, t.warn, None)
        self.box(inner.adjusted(0.5, 1.5, -0.5, -1.5), _HIT_RADIUS - 1, t.warnsoft, None)

    def hline(self, left: float, right: float, y: float, colour: QColor) -> None:
        """Draw a horizontal hairline whose upper edge is at ``y``."""
        self.painter.fillRect(QRectF(left, self.snap_y(y), right - left, self.pixel), colour)

    def vline(self, x: float, top: float, bottom: float, colour: QColor) -> None:
        """Draw a vertical hairline whose left edge is at ``x``."""
        self.painter.fillRect(QRectF(self.snap_x(x), top, self.pixel, bottom - top), colour)

    def box(self, rect: QRectF, radius: float, fill: QColor | None, line: QColor | None) -> None:
        """Draw a rounded rectangle with a hairline inside its edge."""
        painter = self.painter
        left, top = self.snap_x(rect.left()), self.snap_y(rect.top())
        right, bottom = self.snap_x(rect.right()), self.snap_y(rect.bottom())
        half = self.pixel * _HALF if line is not None else 0.0
        shape = QRectF(QPointF(left + half, top + half), QPointF(right - half, bottom - half))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if line is None:
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setPen(QPen(line, self.pixel))
        if fill is None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setBrush(fill)
        painter.drawRoundedRect(shape, radius, radius)
        painter.restore()

    def slice(
        self,
        rect: QRectF,
        radius: float,
        fill: QColor | None,
        line: QColor,
        top: bool,
        bottom: bool,
    ) -> None:
        """Draw a part of a rounded box that goes on above, below, or both.

        Args:
            rect: of this part.
            radius: of the corners.
            fill: of the inside.
            line: of the border.
            top: whether this part has the box's upper edge.
            bottom: whether it has the lower one.
        """
        if top and bottom:
            self.box(rect, radius, fill, line)
            return
        beyond = radius * 2
        whole = rect.adjusted(0, 0 if top else -beyond, 0, 0 if bottom else beyond)
        self.painter.save()
        self.painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        self.box(whole, radius, fill, line)
        self.painter.restore()
