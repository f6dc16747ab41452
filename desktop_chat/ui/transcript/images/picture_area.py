"""A pressed thing without a look of its own: it lies over a painted picture."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.theme import RADIUS_CODE, Theme


class AreaButton(PaintedButton):
    """Makes what is painted below it pressable, and gives it a name and the focus.

    Args:
        theme: of the focus ring.
        parent: the painted view.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, radius=RADIUS_CODE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return nothing in particular: it is as large as what it lies over."""
        return QSize(24, 24)

    def showEvent(self, event: QShowEvent) -> None:
        """Stay below the buttons that lie over the same picture."""
        super().showEvent(event)
        self.lower()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw nothing: the picture shows through."""
