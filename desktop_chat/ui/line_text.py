"""One line of text on an even baseline, whatever scripts it mixes."""

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter


def paint_line(painter: QPainter, box: QRect, text: str, *, right: bool = False) -> None:
    """Draw a line in the middle of a box, elided at its end.

    ``QPainter.drawText`` centres what was laid out, and a line that falls back to another font is
    higher: a title with Chinese in it would stand lower than its neighbour. Here the painter's
    own font alone decides where the baseline is.

    Args:
        painter: its font and pen are used.
        box: where; the text is cut to its width.
        text: without line feeds.
        right: sets the line at the right edge.
    """
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    baseline = box.top() + round((box.height() + metrics.ascent() - metrics.descent()) / 2)
    left = box.right() + 1 - metrics.horizontalAdvance(shown) if right else box.left()
    painter.drawText(QPointF(left, baseline), shown)
