"""Files that are dropped anywhere on a chat."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui import icons
from desktop_chat.ui.attach_mime import has_files, offer_of
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_POPUP, Theme

_INSET: Final = 12
_VEIL: Final = 225


class DropOverlay(QWidget):
    """Lies over a chat while files are dragged over it.

    Args:
        theme: colours and fonts.
        page: the chat.
    """

    dropped = Signal(object)
    """An ``Offer``."""

    def __init__(self, theme: Theme, page: QWidget) -> None:
        super().__init__(page)
        self._theme = theme
        self._inside = False
        self.setAcceptDrops(True)
        self.hide()
        theme.changed.connect(self.update)

    def rise(self) -> None:
        """Cover the page."""
        page = self.parentWidget()
        if page is not None:
            self._inside = False
            self.setAccessibleName(tr("Drop the files here"))
            self.setGeometry(page.rect())
            self.raise_()
            self.show()

    def leave(self) -> None:
        """Go, unless the drag has come over this widget itself by now."""
        if not self._inside:
            self.hide()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        self._inside = True
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Take files."""
        event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Go when the drag goes."""
        self._inside = False
        self.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files over."""
        self._inside = False
        self.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(offer_of(event.mimeData()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a veil, a frame and what happens here."""
        t = self._theme.tokens
        painter = QPainter(self)
        veil = t.canvas.toRgb()
        veil.setAlpha(_VEIL)
        painter.fillRect(self.rect(), veil)
        frame = self.rect().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        paint_box(painter, frame, RADIUS_POPUP, None, t.accent)
        middle = frame.center()
        place = QRect(middle.x() - 16, middle.y() - 36, 32, 32)
        icons.paint(painter, "paperclip", place, t.accent, 28)
        painter.setFont(self._theme.font(15))
        painter.setPen(t.text)
        words = QRect(frame.left(), middle.y() + 4, frame.width(), 28)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, tr("Drop the files here"))
        painter.end()


class DropZone(QObject):
    """Lets files be dropped on a page and on everything in it that has no use for them.

    Args:
        theme: of the overlay.
        page: the chat.
        ready: tells whether files are of any use here now.
    """

    dropped = Signal(object)
    """An ``Offer``."""

    def __init__(self, theme: Theme, page: QWidget, ready: Callable[[], bool]) -> None:
        super().__init__(page)
        self._ready = ready
        self.overlay = DropOverlay(theme, page)
        self.overlay.dropped.connect(self.dropped)
        self._leaving = QTimer(self, interval=0, singleShot=True)
        self._leaving.timeout.connect(self.overlay.leave)
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Watch what is dragged over the page."""
        kind = event.type()
        if isinstance(event, QDropEvent) and kind in (
            QEvent.Type.DragEnter,
            QEvent.Type.DragMove,
            QEvent.Type.Drop,
        ):
            return self._dragged(event, kind)
        if kind == QEvent.Type.DragLeave:
            # The drag may have come from the page to the overlay.
            self._leaving.start()
            return True
        if kind == QEvent.Type.Resize and self.overlay.isVisible():
            self.overlay.rise()
        return False

    def _dragged(self, event: QDropEvent, kind: QEvent.Type) -> bool:
        if not self._ready() or not has_files(event.mimeData()):
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if kind == QEvent.Type.DragEnter:
            self.overlay.rise()
        elif kind == QEvent.Type.Drop:
            self.overlay.hide()
            self.dropped.emit(offer_of(event.mimeData()))
        return True
