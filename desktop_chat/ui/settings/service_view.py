"""The view of the list of services: it is put in order by dragging, or by Alt and the arrows."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QListView

from desktop_chat.ui.theme import Theme

_EDGE: Final = 24
"""So near to an edge a drag scrolls, in pixels."""


class ServiceView(QListView):
    """A list whose rows can be moved.

    Args:
        theme: colours.
    """

    moved = Signal(int, int)
    """A row, and the row before which it belongs now."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.keyboard = False
        self.movable = 0
        """So many rows, from the first, can be moved among each other."""
        self._pressed: QPoint | None = None
        self._dragged = -1
        self._before = -1

    @property
    def dragging(self) -> bool:
        """Whether a row is being dragged."""
        return self._dragged >= 0

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether the keyboard brought the focus."""
        self.keyboard = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the current row by Alt and an arrow; Esc ends a drag."""
        if self.dragging and event.key() == Qt.Key.Key_Escape:
            self._end()
            return
        keys = (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in keys:
            row = self.currentIndex().row()
            before = row - 1 if event.key() == Qt.Key.Key_Up else row + 2
            if 0 <= row < self.movable and 0 <= before <= self.movable:
                self.moved.emit(row, before)
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a drag may begin."""
        self.keyboard = False
        place = event.position().toPoint()
        row = self.indexAt(place).row()
        drags = event.button() == Qt.MouseButton.LeftButton and 0 <= row < self.movable
        self._pressed = place if drags and self.movable > 1 else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        if self._pressed is None:
            super().mouseMoveEvent(event)
            return
        place = event.position().toPoint()
        if not self.dragging:
            far = (place - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if not far:
                return
            self._dragged = self.indexAt(self._pressed).row()
        self._before = self._row_before(place)
        self._scroll(place)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop."""
        row, before = self._dragged, self._before
        dragged = self.dragging
        self._end()
        if not dragged:
            super().mouseReleaseEvent(event)
        elif before not in (row, row + 1):
            self.moved.emit(row, before)

    def _end(self) -> None:
        self._pressed = None
        self._dragged = self._before = -1
        self.viewport().update()

    def _row_before(self, place: QPoint) -> int:
        """Return the row that what is dropped at a place comes before."""
        for row in range(self.movable):
            if place.y() < self._place_of(row).center().y():
                return row
        return self.movable

    def _place_of(self, row: int) -> QRect:
        model = self.model()
        return self.visualRect(model.index(row, 0) if model is not None else QModelIndex())

    def _scroll(self, place: QPoint) -> None:
        bar = self.verticalScrollBar()
        if place.y() < _EDGE:
            bar.setValue(bar.value() - 12)
        elif place.y() > self.viewport().height() - _EDGE:
            bar.setValue(bar.value() + 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, and the line where a dragged one would be dropped."""
        super().paintEvent(event)
        if not self.dragging:
            return
        if self._before < self.movable:
            y = self._place_of(self._before).top() - 1
        else:
            y = self._place_of(self.movable - 1).bottom() - 1
        painter = QPainter(self.viewport())
        line = QRect(0, max(0, y), self.viewport().width(), 2)
        painter.fillRect(line, self._theme.tokens.accent)
        painter.end()
