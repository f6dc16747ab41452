"""A scroll bar that is only its thumb: 6 px wide, lying at the edge."""

from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollBar, QStyle, QStyleOptionSlider, QWidget

from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.theme import Theme

_THICK: Final = 6
_BAR: Final = 12


class ScrollBar(QScrollBar):
    """A scroll bar for ``setVerticalScrollBar`` and ``setHorizontalScrollBar``.

    Args:
        theme: colours.
        orientation: of the bar.
        parent: or None.
    """

    def __init__(
        self,
        theme: Theme,
        orientation: Qt.Orientation = Qt.Orientation.Vertical,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(orientation, parent)
        self._theme = theme
        self._over = False
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the room it takes."""
        upright = self.orientation() == Qt.Orientation.Vertical
        return QSize(_BAR, 40) if upright else QSize(40, _BAR)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Darken under the pointer."""
        super().enterEvent(event)
        self._over = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Lighten again."""
        super().leaveEvent(event)
        self._over = False
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the thumb, where there is something to scroll."""
        if self.maximum() <= self.minimum():
            return
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        thumb = QRectF(
            self.style().subControlRect(
                QStyle.ComplexControl.CC_ScrollBar,
                option,
                QStyle.SubControl.SC_ScrollBarSlider,
                self,
            )
        )
        upright = self.orientation() == Qt.Orientation.Vertical
        if upright:
            thumb = QRectF(self.width() - _THICK - 3, thumb.top(), _THICK, thumb.height())
        else:
            thumb = QRectF(thumb.left(), self.height() - _THICK - 3, thumb.width(), _THICK)
        t = self._theme.tokens
        strong = self._over or self.isSliderDown()
        painter = QPainter(self)
        paint_box(painter, thumb, _THICK / 2, blend(t.line2, t.ctl, 0.7 if strong else 0.0))
        painter.end()
