"""The tile with a service's monogram: services have no logos here."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_chat.ui.controls.paint import paint_box


def paint_tile(painter: QPainter, rect: QRect | QRectF, monogram: str, colour: str) -> None:
    """Draw a tile.

    Args:
        painter: its font gives the families.
        rect: a square of 16 to 40 px.
        monogram: one or two characters.
        colour: ``#rrggbb``.
    """
    box = QRectF(rect)
    side = box.width()
    painter.save()
    paint_box(painter, box, max(4.0, round(side * 0.2)), QColor(colour))
    font = QFont(painter.font())
    share = 0.43 if len(monogram) > 1 else 0.56
    font.setPixelSize(max(7, round(side * share)))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("#FFFFFF"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, monogram)
    painter.restore()


class Tile(QWidget):
    """A tile as a widget; a screen reader passes over it, since the name stands beside it.

    Args:
        monogram: one or two characters.
        colour: ``#rrggbb``.
        size: of its square, in pixels.
        parent: or None.
    """

    def __init__(
        self,
        monogram: str = "",
        colour: str = "#56626A",
        size: int = 28,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._monogram = monogram
        self._colour = colour
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size, size)

    def show_service(self, monogram: str, colour: str) -> None:
        """Show another service."""
        self._monogram, self._colour = monogram, colour
        self.update()

    def sizeHint(self) -> QSize:
        """Return its square."""
        return self.size()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        paint_tile(painter, self.rect(), self._monogram, self._colour)
        painter.end()
