"""The ring around what has the keyboard focus: 2 px, with a gap of 2 px, outside the control."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QWidget

from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

REACH: Final = 4
"""How far the ring extends beyond its control, in pixels."""
_WIDTH: Final = 2
_KEYBOARD: Final = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
_MOVING: Final = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Hide,
    QEvent.Type.ParentChange,
    QEvent.Type.ZOrderChange,
)


class _Frame(QWidget):
    def __init__(self, theme: Theme, radius: float, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        paint_box(painter, box, self._radius + REACH, None, self._theme.tokens.accent, _WIDTH)
        painter.end()


class FocusRing(QObject):
    """Shows the ring while a widget has the focus and it came by the keyboard.

    A widget cannot paint outside itself, so the ring is a frame laid over the nearest ancestor
    that has room for it.

    Args:
        theme: for the colour.
        target: calls ``focus_in`` and ``focus_out`` from its focus events.
        radius: of the target's own corners.
    """

    def __init__(self, theme: Theme, target: QWidget, radius: float = RADIUS_CONTROL) -> None:
        super().__init__(target)
        self._theme = theme
        self._target = target
        self._radius = radius
        self._keyboard = False
        self._frame: _Frame | None = None
        self._watched: list[QWidget] = []

    @property
    def visible(self) -> bool:
        """Whether the ring is shown."""
        return self._frame is not None

    def focus_in(self, reason: Qt.FocusReason) -> None:
        """Tell that the target got the focus.

        A window that becomes active again, or a popup that closes, gives the focus back for no
        reason of its own: then the ring is as it was before.
        """
        if reason in _KEYBOARD:
            self._keyboard = True
        elif reason == Qt.FocusReason.MouseFocusReason:
            self._keyboard = False
        if self._keyboard:
            self._show()

    def focus_out(self) -> None:
        """Tell that the target lost the focus."""
        self._hide()

    def _host(self) -> QWidget | None:
        """Return the nearest ancestor that has room, and watch what lies between."""
        self._watched = [self._target]
        host = self._target.parentWidget()
        while host is not None:
            rect = self._rect(host)
            parent = host.parentWidget()
            if not isinstance(host, QSplitter) and (
                host.isWindow() or parent is None or host.rect().contains(rect)
            ):
                return host
            self._watched.append(host)
            host = parent
        return None

    def _rect(self, host: QWidget) -> QRect:
        origin = self._target.mapTo(host, QPoint(0, 0))
        return QRect(origin, self._target.size()).adjusted(-REACH, -REACH, REACH, REACH)

    def _show(self) -> None:
        self._hide()
        host = self._host()
        if host is None:
            return
        self._frame = _Frame(self._theme, self._radius, host)
        self._frame.setGeometry(self._rect(host))
        self._frame.show()
        self._frame.raise_()
        self._target.destroyed.connect(self._frame.deleteLater)
        for widget in self._watched:
            widget.installEventFilter(self)

    def _hide(self) -> None:
        for widget in self._watched:
            widget.removeEventFilter(self)
        self._watched = []
        if self._frame is not None:
            self._frame.hide()
            self._frame.deleteLater()
            self._frame = None

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the target."""
        if self._frame is not None and event.type() in _MOVING:
            if event.type() in (QEvent.Type.Hide, QEvent.Type.ParentChange):
                self._hide()
            elif (host := self._frame.parentWidget()) is not None:
                self._frame.setGeometry(self._rect(host))
                self._frame.raise_()
        return False
