"""The rows of a settings page: a name at the left, what is set at the right, and notes below."""

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.ui.controls.fields import HEIGHT
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import Theme

LABEL_WIDTH: Final = 88
NARROW: Final = 520
"""Below this width of a page names stand above what they name, in pixels."""
COLUMN: Final = 752
"""Width of a column of rows, at most, in pixels."""


class FormRow(QWidget):
    """One row.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = Label(theme, ink="text2")
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setMinimumHeight(HEIGHT)
        self.label.setWordWrap(True)
        self.line = QHBoxLayout()
        self.line.setSpacing(8)
        self.notes = QVBoxLayout()
        self.notes.setSpacing(4)
        column = QVBoxLayout()
        column.setSpacing(5)
        column.addLayout(self.line)
        column.addLayout(self.notes)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(column, 1)

    def set_label(self, text: str) -> None:
        """Name what is set here."""
        self.label.setText(text)

    def set_narrow(self, narrow: bool) -> None:
        """Put the name above what it names, or at its left."""
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self.label.setFixedWidth(COLUMN if narrow else LABEL_WIDTH)
        self.label.setMinimumHeight(24 if narrow else HEIGHT)
        if narrow:
            self.label.setMinimumWidth(1)


class Column(QScrollArea):
    """A column of rows: at most ``COLUMN`` wide, at the left, scrolled where it is too high.

    Args:
        theme: colours and fonts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(ScrollBar(theme, Qt.Orientation.Vertical, self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        self._inner = QWidget()
        self._inner.setMaximumWidth(COLUMN)
        self.rows = QVBoxLayout(self._inner)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(18)
        self._outer = QHBoxLayout(content)
        self._outer.addWidget(self._inner, 1)
        self._outer.addStretch()
        self.setWidget(content)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        narrow = self.width() < NARROW
        side = 20 if narrow else 32
        self._outer.setContentsMargins(side, 26, side if narrow else 40, 32)
        for row in self._inner.findChildren(FormRow):
            row.set_narrow(narrow)


class Flow(QLayout):
    """Lays widgets side by side and goes on in a further line where there is no more room."""

    def __init__(self, gap: int = 16, line_gap: int = 8) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._line_gap = line_gap

    def addItem(self, item: QLayoutItem) -> None:
        """Take an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give an item back, or None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return none: it takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True: narrow makes it high."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the lines."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        """Return the size on one line."""
        sizes = [item.sizeHint() for item in self._items]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        """Return the size of the widest item."""
        sizes = [item.minimumSize() for item in self._items]
        return QSize(
            max((size.width() for size in sizes), default=0),
            max((size.height() for size in sizes), default=0),
        )

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, height = rect.left(), rect.top(), 0
        line: list[tuple[QLayoutItem, QRect]] = []
        for item in self._items:
            if item.isEmpty():
                continue
            width = min(item.sizeHint().width(), max(rect.width(), item.minimumSize().width()))
            if line and x + width > rect.right() + 1:
                self._place_line(line, y, height, move=move)
                line, x, y, height = [], rect.left(), y + height + self._line_gap, 0
            line.append((item, QRect(x, 0, width, item.sizeHint().height())))
            x += width + self._gap
            height = max(height, item.sizeHint().height())
        self._place_line(line, y, height, move=move)
        return y + height - rect.top()

    @staticmethod
    def _place_line(
        line: list[tuple[QLayoutItem, QRect]], y: int, height: int, *, move: bool
    ) -> None:
        """Place the items of a line, each in the middle of its height."""
        for item, place in line if move else ():
            item.setGeometry(place.translated(0, y + (height - place.height()) // 2))
