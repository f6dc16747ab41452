"""A chip that stands for one file: thumbnail or icon, name, size, and a cross."""

from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.chat.words import fill
from desktop_chat.core.i18n import tr
from desktop_chat.ui import icons
from desktop_chat.ui.attach import Chosen
from desktop_chat.ui.controls.buttons import IconButton, plain_tip
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.file_marks import kind_icon, paint_thumb, size_words
from desktop_chat.ui.theme import RADIUS_CONTROL, RADIUS_TAG, Theme

HEIGHT: Final = 28
_WIDEST: Final = 240
_THUMB: Final = 20
_CROSS: Final = 20
_PAD: Final = 4


class _Cross(IconButton):
    """The cross of a chip; Delete presses it, too."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.click()
            return
        super().keyPressEvent(event)


class FileChip(QWidget):
    """One file, 28 px high.

    Args:
        theme: colours and fonts.
        item: the file.
        parent: the strip.
    """

    removed = Signal()

    def __init__(self, theme: Theme, item: Chosen, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.item = item
        self.cross = _Cross(theme, "x", "", size=_CROSS, pixels=12, parent=self)
        self.cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cross.clicked.connect(self.removed)
        theme.changed.connect(self.update)
        self.refresh()

    def refresh(self) -> None:
        """Show the file as it is now."""
        item = self.item
        size = size_words(item.size) if item.size else ""
        told = ", ".join(part for part in (item.name, size, item.words) if part)
        self.setAccessibleName(told)
        self.setToolTip(plain_tip("\n".join(filter(None, (item.name, item.words)))))
        self.cross.set_name(fill(tr("Remove {name}"), name=item.name))
        self.cross.setAccessibleDescription(item.words)
        self.resize(self.sizeHint())
        self.update()

    def _size_text(self) -> str:
        item = self.item
        if item.reading or item.thumb is not None or item.error is not None or not item.size:
            return ""
        return size_words(item.size)

    def sizeHint(self) -> QSize:
        """Return the size of what it shows; long names are cut."""
        width = _PAD + _THUMB + 6
        width += QFontMetrics(self._theme.font(13)).horizontalAdvance(self.item.name)
        if size := self._size_text():
            width += 8 + QFontMetrics(self._theme.font(12)).horizontalAdvance(size)
        return QSize(min(_WIDEST, width + 4 + _CROSS + _PAD), HEIGHT)

    def resizeEvent(self, _event: QEvent) -> None:
        """Keep the cross at the right."""
        self.cross.move(self.width() - _PAD - _CROSS, (HEIGHT - _CROSS) // 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self._theme.tokens
        item = self.item
        bad = item.fault is not None
        painter = QPainter(self)
        fill_, edge = (t.dangersoft, t.danger) if bad else (t.sunken, t.line2)
        paint_box(painter, self.rect(), RADIUS_CONTROL, fill_, edge)
        mark = QRect(_PAD, (HEIGHT - _THUMB) // 2, _THUMB, _THUMB)
        if item.thumb is not None and not bad:
            paint_thumb(painter, item.thumb, QRectF(mark), RADIUS_TAG)
        else:
            name = "warning-circle" if bad else kind_icon(item.file.kind if item.file else None)
            icons.paint(painter, name, mark, t.danger if bad else t.text2, 16)
        left = mark.right() + 7
        right = self.width() - _PAD - _CROSS - 4
        middle = Qt.AlignmentFlag.AlignVCenter
        if size := self._size_text():
            painter.setFont(self._theme.font(12))
            painter.setPen(t.text3)
            painter.drawText(
                QRect(left, 0, right - left, HEIGHT), middle | Qt.AlignmentFlag.AlignRight, size
            )
            right -= painter.fontMetrics().horizontalAdvance(size) + 8
        painter.setFont(self._theme.font(13))
        painter.setPen(t.danger if bad else t.text)
        room = QRect(left, 0, right - left + 1, HEIGHT)
        cut = painter.fontMetrics().elidedText(
            item.name, Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, cut)
        painter.end()
