"""What is set rarely: a line that opens to show it."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.paint import blend
from desktop_chat.ui.theme import Theme


class FoldHead(PaintedButton):
    """The line that opens and closes: a caret, words, and what holds while it is closed.

    Args:
        theme: colours and fonts.
        small: in the size of notes.
    """

    def __init__(self, theme: Theme, *, small: bool = False) -> None:
        super().__init__(theme)
        self._pixels = 12 if small else 13
        self._hint = ""
        self.setCheckable(True)

    def set_hint(self, text: str) -> None:
        """Say what holds."""
        self._hint = text
        self.setAccessibleDescription(text)
        self.updateGeometry()
        self.update()

    def hint(self) -> str:
        """Return what is said to hold."""
        return self._hint

    def sizeHint(self) -> QSize:
        """Return the size of the words."""
        width = QFontMetrics(self.theme.font(self._pixels)).horizontalAdvance(self.text()) + 22
        if self._hint:
            width += 10 + QFontMetrics(self.theme.font(12)).horizontalAdvance(self._hint)
        return QSize(width, 24)

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be: words may be cut."""
        return QSize(80, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        ink = blend(t.text2, t.text, self.hover)
        caret = "caret-down" if self.isChecked() else "caret-right"
        icons.paint(painter, caret, QRect(0, 0, 12, self.height()), ink, 12)
        painter.setFont(self.theme.font(self._pixels))
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        words = self.rect().adjusted(18, 0, 0, 0)
        metrics = painter.fontMetrics()
        cut = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, middle, cut)
        if self._hint:
            words.setLeft(words.left() + metrics.horizontalAdvance(cut) + 8)
            painter.setFont(self.theme.font(12))
            painter.setPen(t.text3)
            hint = painter.fontMetrics().elidedText(
                self._hint, Qt.TextElideMode.ElideRight, words.width()
            )
            painter.drawText(words, middle, hint)
        painter.end()


class Fold(QWidget):
    """A head and what it opens.

    Args:
        theme: colours and fonts.
        small: in the size of notes.
    """

    opened = Signal(bool)

    def __init__(self, theme: Theme, *, small: bool = False) -> None:
        super().__init__()
        self.head = FoldHead(theme, small=small)
        policy = QSizePolicy.Policy
        self.head.setSizePolicy(policy.Maximum, policy.Fixed)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(0, 4 if small else 10, 0, 4)
        self.body.setSpacing(8 if small else 18)
        self._inside.hide()
        line = QHBoxLayout()
        line.addWidget(self.head, 1)
        line.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self._inside)
        self.head.toggled.connect(self._toggle)

    def _toggle(self, on: bool) -> None:
        self._inside.setVisible(on)
        self.opened.emit(on)

    def set_open(self, on: bool) -> None:
        """Open or close it."""
        self.head.setChecked(on)

    @property
    def is_open(self) -> bool:
        """Whether what it holds is shown."""
        return self.head.isChecked()
