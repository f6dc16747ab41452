"""The ring that says that something is under way: a turn in 900 ms, or a still arc."""

import time
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_chat.ui.controls.paint import blend, clear
from desktop_chat.ui.theme import Theme

_TURN_S: Final = 0.9
_FRAME_MS: Final = 33


def turn_of() -> float:
    """Return how far round the ring is now, 0 to 1; every ring on the screen agrees."""
    return (time.monotonic() % _TURN_S) / _TURN_S


def paint_ring(
    painter: QPainter, rect: QRectF, colour: QColor, turn: float, width: float = 1.5
) -> None:
    """Draw the ring.

    Args:
        painter: any.
        rect: the square it fills.
        colour: of the arc; the rest of the circle is a shade of it.
        turn: how far round it is, 0 to 1.
        width: of the line, in pixels.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    half = width / 2
    box = rect.adjusted(half, half, -half, -half)
    painter.setPen(QPen(blend(clear(colour), colour, 0.28), width))
    painter.drawEllipse(box)
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawArc(box, round((90 - 360 * turn) * 16), -100 * 16)
    painter.restore()


class Ring(QWidget):
    """The ring as a widget: it turns while it is visible, and costs nothing while hidden.

    Args:
        theme: its accent is the colour.
        size: of its square, in pixels.
        parent: or None.
    """

    def __init__(self, theme: Theme, size: int = 12, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._side = size
        self._clock = QTimer(self)
        self._clock.setInterval(_FRAME_MS)
        self._clock.timeout.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size, size)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return its square."""
        return QSize(self._side, self._side)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to turn."""
        super().showEvent(event)
        if not self._theme.reduced_motion:
            self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop turning."""
        super().hideEvent(event)
        self._clock.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        turn = 0.0 if self._theme.reduced_motion else turn_of()
        paint_ring(painter, QRectF(self.rect()), self._theme.tokens.accent, turn)
        painter.end()
