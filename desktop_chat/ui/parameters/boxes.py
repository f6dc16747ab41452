"""Several lines to write in, in the look of a field."""

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_chat.ui.controls.fields import paint_field
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import Theme


class TextBox(QWidget):
    """A box of lines.

    Args:
        theme: colours and fonts.
        name: what it holds, for a screen reader.
        height: in pixels.
        mono: the code font.
    """

    def __init__(self, theme: Theme, name: str, height: int, *, mono: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._wrong = False
        self.setFixedHeight(height)
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(name)
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setFont(theme.font(13, mono=mono))
        self.edit.setTabChangesFocus(True)
        self.edit.viewport().setAutoFillBackground(False)
        self.edit.setVerticalScrollBar(ScrollBar(theme))
        self.edit.installEventFilter(self)
        self.setFocusProxy(self.edit)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(7, 5, 3, 5)
        inside.addWidget(self.edit)
        theme.changed.connect(self.update)

    def set_wrong(self, wrong: bool) -> None:
        """Mark its content as wrong; say why in words below it."""
        self._wrong = wrong
        self.update()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Repaint the border where the focus comes and goes."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the border."""
        painter = QPainter(self)
        focused = self.edit.hasFocus()
        paint_field(painter, self._theme, QRect(self.rect()), focused=focused, wrong=self._wrong)
        painter.end()
