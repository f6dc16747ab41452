"""Lays the sidebar beside the chats, or over them where there is little room."""

from typing import Final

from PySide6.QtCore import QEasingCurve, QRect, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.ui.theme import Theme

OVERLAY_BELOW: Final = 960
_SLIDE_MS: Final = 160


class _Scrim(QWidget):
    """Dims the chats under an overlaid sidebar; a click on it puts the sidebar away."""

    pressed = Signal()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.pressed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 70))
        painter.end()


class Frame(QWidget):
    """The sidebar and what stands beside it.

    From 960 px on they stand side by side, and the sidebar is as the user left it; below that it
    lies over the content while it is asked for, and goes as soon as something is chosen in it.

    Args:
        theme: tells whether motion is reduced.
        sidebar: left.
        content: the rest.
        parent: the window.
    """

    sidebar_changed = Signal(bool)
    """Whether the sidebar can be seen."""
    docked_changed = Signal(bool)
    """Whether the user wants the sidebar beside the content: this is to be remembered."""

    def __init__(
        self, theme: Theme, sidebar: QWidget, content: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._sidebar = sidebar
        self._content = content
        self._scrim = _Scrim(self)
        self._wanted = True
        self._over = False
        self._width = sidebar.sizeHint().width()
        self._shown = 1.0
        content.setParent(self)
        self._scrim.raise_()
        sidebar.setParent(self)
        sidebar.raise_()
        self._scrim.hide()
        self._scrim.pressed.connect(self.put_away)
        self._slide = QVariantAnimation(self)
        self._slide.setDuration(_SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._slid)
        self._slide.finished.connect(self._arrange)

    @property
    def overlays(self) -> bool:
        """Whether there is too little room for both side by side."""
        return self.width() < OVERLAY_BELOW

    @property
    def sidebar_open(self) -> bool:
        """Whether the sidebar can be seen."""
        return self._over if self.overlays else self._wanted

    def set_docked(self, docked: bool) -> None:
        """Say, at the start, whether the user wants the sidebar beside the content."""
        self._wanted = docked
        self._settle()

    def set_sidebar_width(self, width: int) -> None:
        """Give the sidebar a width, in pixels."""
        self._width = width
        self._arrange()

    def toggle(self) -> None:
        """Show the sidebar, or put it away."""
        if self.overlays:
            self._over = not self._over
        else:
            self._wanted = not self._wanted
            self.docked_changed.emit(self._wanted)
        self._move()

    def reveal(self) -> None:
        """Show the sidebar if it is not there."""
        if not self.sidebar_open:
            self.toggle()

    def put_away(self) -> bool:
        """Put an overlaid sidebar away; one that stands beside the content stays.

        Returns:
            Whether it was there and is gone, and the focus that it may have had with it.
        """
        if not (self.overlays and self._over):
            return False
        self._over = False
        self._move()
        return True

    def _move(self) -> None:
        self.sidebar_changed.emit(self.sidebar_open)
        self._slide.stop()
        if self._theme.reduced_motion or not self.isVisible():
            self._settle()
            return
        self._slide.setStartValue(self._shown)
        self._slide.setEndValue(1.0 if self.sidebar_open else 0.0)
        self._slide.start()

    def _slid(self, value: float) -> None:
        self._shown = value
        self._arrange()

    def _settle(self) -> None:
        self._slide.stop()
        self._shown = 1.0 if self.sidebar_open else 0.0
        self._arrange()

    def _arrange(self) -> None:
        """Place everything for how far the sidebar is in."""
        width = self._width
        left = round(width * (self._shown - 1))
        room = 0 if self.overlays else width + left
        self._sidebar.setGeometry(QRect(left, 0, width, self.height()))
        self._sidebar.setVisible(self._shown > 0)
        self._content.setGeometry(QRect(room, 0, self.width() - room, self.height()))
        self._scrim.setGeometry(self.rect())
        self._scrim.setVisible(self.overlays and self._over)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place everything anew; crossing 960 px changes the way it stands."""
        super().resizeEvent(event)
        before = event.oldSize().width() < OVERLAY_BELOW
        if before != self.overlays or event.oldSize().width() < 0:
            self._over = False
            self.sidebar_changed.emit(self.sidebar_open)
        self._settle()
