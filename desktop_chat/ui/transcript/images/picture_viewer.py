"""A window that shows one picture large: fitted, in its own pixels, and anything between."""

from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import Button, IconButton
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.images.picture_decode import Decoded

_INSET: Final = 24
_LEAST: Final = (480, 360)
_BAR: Final = 44
_MARGIN: Final = 16
_STEP: Final = 1.25
_NOTCH: Final = 120
_PAN: Final = 60
_LARGEST: Final = 16.0
_SMALLEST: Final = 0.01
_SHARP: Final = 3.0
"""From this zoom on pixels are shown as squares."""
_TITLE: Final = 120


class PictureCanvas(QWidget):
    """The picture itself. Zoom 1 shows one of its pixels on one of the screen.

    Args:
        theme: colours.
        name: for assistive technology.
        parent: the window.
    """

    changed = Signal()
    """The zoom is another."""

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels: tuple[QImage, ...] = ()
        self._zoom = 1.0
        self._fitted = True
        self._middle = QPointF()
        self._grabbed: QPointF | None = None
        self.words = tr("Loading…")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the picture."""
        return self._zoom

    @property
    def fitted(self) -> bool:
        """Whether it shows as much of the picture as it can."""
        return self._fitted

    def set_picture(self, levels: tuple[QImage, ...]) -> None:
        """Show a picture.

        Args:
            levels: whole, half, quarter, ... of its size.
        """
        self._levels = levels
        self._middle = QPointF(levels[0].width() / 2, levels[0].height() / 2)
        self.fit()

    def fit(self) -> None:
        """Show all of it, not larger than it is."""
        self._fitted = True
        if not self._levels:
            return
        ratio = self.devicePixelRatioF()
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN).size() * ratio
        whole = self._levels[0]
        zoom = min(1.0, room.width() / whole.width(), room.height() / whole.height())
        self._set_zoom(max(zoom, _SMALLEST))

    def zoom_to(self, zoom: float, around: QPointF | None = None) -> None:
        """Zoom, and keep what is at a point of the widget where it is.

        Args:
            zoom: pixels of the screen for one of the picture.
            around: or None for the middle.
        """
        if not self._levels:
            return
        self._fitted = False
        centre = QRectF(self.rect()).center()
        away = (around or centre) - centre
        before = self._scale()
        zoom = min(max(zoom, _SMALLEST), _LARGEST)
        held = self._middle + away / before
        self._zoom = zoom
        self._middle = held - away / self._scale()
        self._set_zoom(zoom)

    def pan(self, dx: float, dy: float) -> None:
        """Move what is looked at, in logical pixels."""
        self._middle += QPointF(dx, dy) / self._scale()
        self._set_zoom(self._zoom)

    def _scale(self) -> float:
        """Return logical pixels for one pixel of the picture."""
        return self._zoom / self.devicePixelRatioF()

    def _set_zoom(self, zoom: float) -> None:
        self._zoom = zoom
        whole = self._levels[0] if self._levels else None
        if whole is not None:
            scale = self._scale()
            self._middle = QPointF(
                _held(self._middle.x(), self.width() / scale, whole.width()),
                _held(self._middle.y(), self.height() / scale, whole.height()),
            )
        self.update()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay fitted."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        else:
            self._set_zoom(self._zoom)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        steps = event.angleDelta().y() / _NOTCH
        if steps:
            self.zoom_to(self._zoom * _STEP**steps, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move the picture."""
        if event.button() == Qt.MouseButton.LeftButton and self._levels:
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the picture."""
        if self._grabbed is not None:
            moved = self._grabbed - event.position()
            self._grabbed = event.position()
            self.pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let the picture go."""
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go from all of it to its own pixels, and back."""
        if self._fitted:
            self.zoom_to(1.0, event.position())
        else:
            self.fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.sunken)
        if not self._levels:
            painter.setFont(self._theme.font(13))
            painter.setPen(t.text2)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
            painter.end()
            return
        whole = self._levels[0]
        scale = self._scale()
        size = QPointF(whole.width() * scale, whole.height() * scale)
        corner = QRectF(self.rect()).center() - self._middle * scale
        ratio = self.devicePixelRatioF()
        # On whole pixels of the screen, so that its own size is sharp.
        corner = QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio)
        target = QRectF(corner.x(), corner.y(), size.x(), size.y())
        if whole.hasAlphaChannel():
            painter.fillRect(target, Qt.GlobalColor.white)
        smooth = self._zoom < _SHARP
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        level = whole
        for smaller in self._levels[1:]:
            if smaller.width() >= size.x() * ratio:
                level = smaller
        painter.drawImage(target, level)
        painter.end()


def _held(middle: float, seen: float, size: int) -> float:
    """Return a middle from which no more than needed lies beyond the picture's edge."""
    if seen >= size:
        return size / 2
    return min(max(middle, seen / 2), size - seen / 2)


class PictureViewer(QDialog):
    """Shows a picture over the window; Esc closes it. It deletes itself.

    Args:
        theme: colours and fonts.
        window: what it stands before.
        name: what the picture is called, or "".
    """

    copy_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, theme: Theme, window: QWidget, name: str) -> None:
        super().__init__(window, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        name = " ".join(name.split()) or tr("Image")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(name)
        self.setAccessibleName(name)
        self.canvas = PictureCanvas(theme, name, self)
        title = Label(theme, name[:_TITLE], bold=True)
        title.setMinimumWidth(0)
        title.setSizePolicy(title.sizePolicy().Policy.Ignored, title.sizePolicy().Policy.Preferred)
        self.smaller = self._icon("minus", tr("Zoom out"))
        self.level = Button(theme, "100 %", kind="quiet", small=True)
        self.level.setAccessibleName(tr("Own size"))
        self.level.setToolTip(tr("Own size"))
        self.larger = self._icon("plus", tr("Zoom in"))
        self.all = self._icon("corners-in", tr("Fit in the window"))
        self.copy = self._icon("copy", tr("Copy image"))
        self.save = self._icon("download-simple", tr("Save image"))
        self.leave = self._icon("x", tr("Close"))
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 0, 8, 0)
        bar.setSpacing(4)
        bar.addWidget(title, 1)
        for button in (self.smaller, self.level, self.larger, self.all):
            bar.addWidget(button)
        bar.addSpacing(12)
        for button in (self.copy, self.save, self.leave):
            bar.addWidget(button)
        head = QWidget(self)
        head.setFixedHeight(_BAR)
        head.setLayout(bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.canvas, 1)
        self._connect()
        self._show_zoom()

    def _icon(self, icon: str, name: str) -> IconButton:
        return IconButton(self._theme, icon, name, parent=self)

    def _connect(self) -> None:
        canvas = self.canvas
        self.smaller.clicked.connect(lambda: canvas.zoom_to(canvas.zoom / _STEP))
        self.larger.clicked.connect(lambda: canvas.zoom_to(canvas.zoom * _STEP))
        self.level.clicked.connect(lambda: canvas.zoom_to(1.0))
        self.all.clicked.connect(canvas.fit)
        self.copy.clicked.connect(self.copy_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.leave.clicked.connect(self.reject)
        canvas.changed.connect(self._show_zoom)
        self._theme.changed.connect(self.update)

    def show_picture(self, found: Decoded | None) -> None:
        """Show what was decoded; the window may be closed by now."""
        if not isValid(self):
            return
        if found is None or not found.images:
            self.canvas.words = tr("The image is damaged.")
            self.canvas.update()
            return
        self.canvas.set_picture(found.images)

    def _show_zoom(self) -> None:
        self.level.setText(f"{round(self.canvas.zoom * 100)} %")

    def showEvent(self, event: QShowEvent) -> None:
        """Cover the window but for a margin."""
        super().showEvent(event)
        window = self.parentWidget()
        if window is not None:
            place = QRect(window.mapToGlobal(QPoint(0, 0)), window.size())
            place.adjust(_INSET, _INSET, -_INSET, -_INSET)
            place.setSize(place.size().expandedTo(self.minimumSizeHint()))
            place.setWidth(max(place.width(), _LEAST[0]))
            place.setHeight(max(place.height(), _LEAST[1]))
            self.setGeometry(place)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, move, copy, save, close."""
        canvas = self.canvas
        moves = {
            Qt.Key.Key_Left: (-_PAN, 0),
            Qt.Key.Key_Right: (_PAN, 0),
            Qt.Key.Key_Up: (0, -_PAN),
            Qt.Key.Key_Down: (0, _PAN),
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            canvas.zoom_to(canvas.zoom * _STEP)
        elif key == Qt.Key.Key_Minus:
            canvas.zoom_to(canvas.zoom / _STEP)
        elif key == Qt.Key.Key_0:
            canvas.fit()
        elif key == Qt.Key.Key_1:
            canvas.zoom_to(1.0)
        elif key in moves:
            canvas.pan(*moves[key])
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save_wanted.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the frame."""
        t = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), t.raised)
        paint_box(painter, self.rect(), 0, None, t.line2)
        painter.end()
