"""Where the window was, kept as text, and put right when the screens are others now."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

MINIMUM: Final = QSize(720, 520)
DEFAULT: Final = QSize(1280, 820)
_TITLE_BAR: Final = 40
_REACHABLE: Final = 80
"""Pixels of the title bar that must be on a screen for the window to be moved."""


def describe(window: QWidget) -> str:
    """Return place, size and state: ``x,y,width,height,maximised``."""
    box = window.normalGeometry() if window.isMaximized() else window.geometry()
    return f"{box.x()},{box.y()},{box.width()},{box.height()},{int(window.isMaximized())}"


def restore(window: QWidget, described: str) -> None:
    """Give a window the place and size described, or the default size in the middle of the main
    screen for a text that describes none.
    """
    box, maximised = _read(described)
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if box is None:
        box = QRect(QPoint(0, 0), DEFAULT.boundedTo(screens[0].size()))
        box.moveCenter(screens[0].center())
    window.setGeometry(corrected(box, screens))
    if maximised:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)


def corrected(box: QRect, screens: Sequence[QRect]) -> QRect:
    """Return a box that is no larger than a screen and whose title bar can be reached.

    Args:
        box: where the window was, without its frame.
        screens: the parts of the screens that windows may use; the first is the main one.
    """
    home = max(screens, key=lambda screen: _area(screen.intersected(box)))
    size = box.size().boundedTo(home.size()).expandedTo(MINIMUM)
    top = QRect(box.left(), box.top(), box.width(), 1).intersected(home)
    if size == box.size() and top.width() >= _REACHABLE:
        return box
    left = min(max(box.left(), home.left()), home.right() + 1 - size.width())
    upper = min(max(box.top(), home.top() + _TITLE_BAR), home.bottom() + 1 - size.height())
    return QRect(QPoint(max(left, home.left()), max(upper, home.top())), size)


def _area(box: QRect) -> int:
    return box.width() * box.height() if box.isValid() else 0


def _read(described: str) -> tuple[QRect | None, bool]:
    try:
        x, y, width, height, maximised = (int(part) for part in described.split(","))
    except ValueError:
        return None, False
    return QRect(x, y, width, height), bool(maximised)
