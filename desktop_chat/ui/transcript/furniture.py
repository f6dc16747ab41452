"""What stands beside and over the transcript: scroll bar, jump pill, turn rail."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QSizePolicy, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.ink import put_text

BAR_WIDTH: Final = 12
RAIL_WIDTH: Final = 30
_THUMB: Final = 6
_THUMB_RIGHT: Final = 3
_LEAST_THUMB: Final = 32
_ENDS: Final = 4
"""Free above and below the thumb."""
_MARK: Final = 2
PILL_HEIGHT: Final = 32
_PILL_BOTTOM: Final = 12
_TICK_STEP: Final = 12
_TICK: Final = 2
_TICK_RIGHT: Final = 8
_SHORTEST: Final = 8
_LONGEST: Final = 20


class ThinScrollBar(QScrollBar):
    """A vertical scroll bar that is a thumb, and ticks where something was found.

    Args:
        theme: colours.
        parent: the view.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = theme
        self._grip: int | None = None
        self.ticks: Sequence[float] = ()
        """Where hits of a search are, as shares of the length, in order."""
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the width of the strip."""
        return QSize(BAR_WIDTH, 60)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the strip."""
        return QSize(BAR_WIDTH, 0)

    def thumb(self) -> QRect:
        """Return where the thumb is; empty when everything fits."""
        span = self.maximum() - self.minimum()
        if span <= 0:
            return QRect()
        room = self.height() - 2 * _ENDS
        height = max(_LEAST_THUMB, room * self.pageStep() // (span + self.pageStep()))
        top = _ENDS + (room - height) * (self.value() - self.minimum()) // span
        return QRect(self.width() - _THUMB_RIGHT - _THUMB, top, _THUMB, height)

    def set_ticks(self, ticks: Sequence[float]) -> None:
        """Mark places with ticks.

        Args:
            ticks: shares of the length from the top, in order.
        """
        if ticks != self.ticks:
            self.ticks = ticks
            self.update()

    def tick_rows(self) -> list[int]:
        """Return the upper edge of each tick; those in one row are one."""
        room = self.height() - 2 * _ENDS - _MARK
        rows = (_ENDS + round(room * share) for share in self.ticks)
        return list(dict.fromkeys(rows)) if self.maximum() > self.minimum() else []

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the thumb, and the ticks over it."""
        t = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.canvas)
        thumb = self.thumb()
        if not thumb.isEmpty():
            held = self._grip is not None or self.underMouse()
            paint_box(painter, thumb, _THUMB / 2, t.ctl if held else t.line2)
        left = self.width() - _THUMB_RIGHT - _THUMB
        for row in self.tick_rows():
            painter.fillRect(left, row, _THUMB, _MARK, t.warn)
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Darken the thumb."""
        super().enterEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the thumb, or jump to where the strip was pressed."""
        if event.button() != Qt.MouseButton.LeftButton or self.thumb().isEmpty():
            event.ignore()
            return
        thumb = self.thumb()
        y = int(event.position().y())
        if not thumb.top() <= y <= thumb.bottom():
            self._grip = thumb.height() // 2
            self._drag(y)
        else:
            self._grip = y - thumb.top()
        self.setSliderDown(True)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the thumb."""
        if self._grip is not None:
            self._drag(int(event.position().y()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let the thumb go."""
        self._grip = None
        self.setSliderDown(False)
        self.update()

    def _drag(self, y: int) -> None:
        room = self.height() - 2 * _ENDS - self.thumb().height()
        top = y - (self._grip or 0) - _ENDS
        span = self.maximum() - self.minimum()
        self.setValue(self.minimum() + span * min(max(0, top), room) // max(1, room))


def _scroll_behind(widget: QWidget, event: QWheelEvent) -> None:
    """Hand a turn of the wheel to the view that a widget belongs to."""
    view = widget.parentWidget()
    while view is not None and not isinstance(view, QAbstractScrollArea):
        view = view.parentWidget()
    if view is not None:
        view.wheelEvent(event)


class JumpPill(PaintedButton):
    """The way back to the end, shown while the end is out of sight.

    Args:
        theme: colours and fonts.
        parent: the view.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, radius=PILL_HEIGHT / 2)
        self._key = ""
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        self.setText(tr("Jump to latest"))
        self._key = "Ctrl End"
        self.setAccessibleName(self.text())
        self.resize(self.sizeHint())

    def show_in(self, left: int, width: int, bottom: int) -> None:
        """Show it in the middle above an edge.

        Args:
            left: of the column.
            width: of the column.
            bottom: of the view.
        """
        place = QPoint(left + (width - self.width()) // 2, bottom - PILL_HEIGHT - _PILL_BOTTOM)
        if self.pos() != place:
            self.move(place)
        if self.isHidden():
            self.show()
            self.raise_()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll as over the text."""
        _scroll_behind(self, event)

    def sizeHint(self) -> QSize:
        """Return the size of arrow, words and key."""
        width = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        hint = QFontMetrics(self.theme.font(12)).horizontalAdvance(self._key)
        return QSize(10 + 16 + 8 + width + 8 + hint + 14, PILL_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        fill = t.selected if self.isDown() else t.hover2 if self.hover else t.raised
        paint_box(painter, self.rect(), PILL_HEIGHT / 2, fill, t.line2)
        icons.paint(painter, "arrow-down", QRect(10, 8, 16, 16), t.text, 16)
        painter.setFont(self.theme.font(13))
        painter.setPen(t.text)
        words = put_text(painter, QRect(34, 0, self.width(), PILL_HEIGHT), self.text())
        painter.setFont(self.theme.font(12))
        painter.setPen(t.text3)
        put_text(painter, QRect(34 + words + 8, 0, self.width(), PILL_HEIGHT), self._key)
        painter.end()


class TurnRail(QWidget):
    """One tick for each question, as long as its answer is; a press goes there.

    Args:
        theme: colours.
        parent: the view.
    """

    chosen = Signal(int)
    """The number of the turn, from 0."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lengths: tuple[int, ...] = ()
        self._current = -1
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        self.setAccessibleName(tr("Questions"))

    def set_turns(self, chars: Sequence[int]) -> None:
        """Show so many turns.

        Args:
            chars: the length of each answer, in characters.
        """
        most = max(chars, default=0)
        lengths = tuple(
            _SHORTEST + (_LONGEST - _SHORTEST) * count // most if most else _SHORTEST
            for count in chars
        )
        if lengths != self._lengths:
            self._lengths = lengths
            self.update()

    def set_current(self, turn: int) -> None:
        """Mark the turn that is being read."""
        if turn != self._current:
            self._current = turn
            self.update()

    @property
    def current(self) -> int:
        """The turn that is marked, or -1."""
        return self._current

    @property
    def turns(self) -> int:
        """How many ticks there are."""
        return len(self._lengths)

    def _step(self) -> float:
        count = len(self._lengths)
        return min(float(_TICK_STEP), max(1.0, (self.height() - 32) / max(1, count)))

    def _top(self) -> float:
        return (self.height() - self._step() * len(self._lengths)) / 2

    def turn_at(self, y: float) -> int:
        """Return the turn whose tick is nearest to a height, or -1."""
        if len(self._lengths) < 2:
            return -1
        turn = int((y - self._top()) // self._step())
        return turn if 0 <= turn < len(self._lengths) else -1

    def tick(self, turn: int) -> QPoint:
        """Return the middle of a tick, for tests."""
        y = self._top() + (turn + 0.5) * self._step()
        return QPoint(self.width() - _TICK_RIGHT - 4, int(y))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ticks."""
        t = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(event.rect(), t.canvas)
        if len(self._lengths) > 1:
            right = self.width() - _TICK_RIGHT
            step, top = self._step(), self._top()
            skip = max(1, int(3 / step)) if step < 3 else 1
            for turn in range(0, len(self._lengths), skip):
                length = self._lengths[turn]
                y = round(top + (turn + 0.5) * step) - 1
                painter.fillRect(QRectF(right - length, y, length, _TICK), t.line2)
            if 0 <= self._current < len(self._lengths):
                length = max(16, self._lengths[self._current])
                y = round(top + (self._current + 0.5) * step) - 1
                painter.fillRect(QRectF(right - length, y, length, _TICK), t.accent)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over a tick."""
        over = self.turn_at(event.position().y()) >= 0
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the turn of the tick."""
        turn = self.turn_at(event.position().y())
        if turn >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(turn)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep the release that belongs to the press."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll as over the text."""
        _scroll_behind(self, event)
