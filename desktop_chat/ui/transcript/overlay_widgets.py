"""The widgets that lie over the painted view and are found nowhere else."""

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import IconButton, PaintedButton
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.ink import put_text

_TEXT_LEFT: Final = 24
_TOOL: Final = 24
_TOOL_ICON: Final = 14


class FoldRow(PaintedButton):
    """A row with a caret that shows and hides what is below it.

    Args:
        theme: colours and fonts.
        mono: in the code font.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, mono: bool) -> None:
        super().__init__(theme, parent)
        self._mono = mono
        self.setCheckable(True)

    def nextCheckState(self) -> None:
        """Leave the state to the message."""

    def sizeHint(self) -> QSize:
        """Return the size of the caret and the words."""
        font = self.theme.font(12 if self._mono else 13, mono=self._mono)
        width = QFontMetrics(font).horizontalAdvance(self.text())
        return QSize(_TEXT_LEFT + width + 8, 22 if self._mono else 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        ink = t.text if self.hover or self.isDown() else t.text2
        name = "caret-down" if self.isChecked() else "caret-right"
        left = 2 if self._mono else 6
        icons.paint(painter, name, QRect(left, 0, 12, self.height()), ink, 12)
        painter.setFont(self.theme.font(12 if self._mono else 13, mono=self._mono))
        painter.setPen(ink)
        text_left = _TEXT_LEFT - (6 if self._mono else 0)
        words = QRect(text_left, 0, self.width() - text_left, self.height())
        text = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, words.width()
        )
        put_text(painter, words, text)
        painter.end()


class OverlayIcon(IconButton):
    """An icon whose state is the message's: a press does not change how it looks.

    Args:
        theme: colours.
        size: of the area that is pressed, in pixels.
        pixels: of the icon.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, size: int, pixels: int = 16) -> None:
        super().__init__(theme, "copy", "", size=size, pixels=pixels, parent=parent)
        self._dressed: tuple[str, str, bool, bool] = ("copy", "", False, False)

    def dress(self, icon: str, name: str, *, switches: bool, checked: bool) -> None:
        """Set what it shows and says, if that is anything new."""
        dressed = (icon, name, switches or checked, checked)
        if dressed == self._dressed:
            return
        before, self._dressed = self._dressed, dressed
        if icon != before[0]:
            self.set_icon(icon)
        if name != before[1]:
            self.set_name(name)
        if dressed[2:] != before[2:]:
            self.setCheckable(switches or checked)
            self.setChecked(checked)
            self.update()

    def nextCheckState(self) -> None:
        """Leave the state to the message."""


class ToolButton(OverlayIcon):
    """An icon of 24 px on a raised ground, which can be told from whatever lies below it.

    Args:
        theme: colours.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, size=_TOOL, pixels=_TOOL_ICON)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), self.radius, t.raised, t.line2)
        painter.end()
        super().paintEvent(event)
