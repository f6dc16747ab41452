"""The events of an answer as rows: what came over the wire, and beside it what was made of it."""

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from desktop_chat.chat.trace_text import Row, Rows, milliseconds, raw_line, told_line
from desktop_chat.core.i18n import tr
from desktop_chat.core.trace import Trace, TraceNote
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import Theme

_ROW: Final = 24
_TIME_WIDTH: Final = 76
_Index = QModelIndex | QPersistentModelIndex


class EventModel(QAbstractTableModel):
    """The rows of a trace; texts are made when a row is looked at.

    Args:
        theme: colours and fonts.
        trace: what went over the wire; it may still grow.
    """

    def __init__(self, theme: Theme, trace: Trace) -> None:
        super().__init__()
        self._theme = theme
        self._trace = trace
        self._rows = Rows()
        self._rows.take(trace)
        self._shown = len(self._rows.rows)

    def grow(self) -> None:
        """Show what has come since."""
        before = self._shown
        first = self._rows.take(self._trace)
        count = len(self._rows.rows)
        if first < before:
            self.dataChanged.emit(self.index(first, 0), self.index(before - 1, 2))
        if count > before:
            self.beginInsertRows(QModelIndex(), before, count - 1)
            self._shown = count
            self.endInsertRows()

    def row(self, number: int) -> Row:
        """Return one row."""
        return self._rows.rows[number]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many rows there are."""
        return 0 if parent.isValid() else self._shown

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return the three columns: time, raw, decoded."""
        return 0 if parent.isValid() else 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return what a column holds, in words."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (tr("ms"), tr("On the wire"), tr("Decoded"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == 0 else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell."""
        row, column = self._rows.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (milliseconds(row.at), raw_line(row), told_line(row))[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column)
        return None

    def _ink(self, row: Row, column: int) -> Any:
        t = self._theme.tokens
        if isinstance(row.told, TraceNote) and column == 2:
            if row.told.what == "end":
                return t.text2
            return t.danger if row.told.what == "error" else t.warn
        return t.text3 if column == 0 else t.text


class EventTable(QTableView):
    """Shows an ``EventModel``; any number of rows costs what is seen of them.

    Args:
        theme: colours and fonts.
        model: its rows.
        parent: or None.
    """

    picked = Signal(object)
    """The ``Row`` that is chosen now."""

    def __init__(self, theme: Theme, model: EventModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._events = model
        self.setModel(model)
        self.setAccessibleName(tr("Events"))
        self.setFont(theme.font(12, mono=True))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setVerticalScrollBar(ScrollBar(theme))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(_ROW)
        rows.setDefaultSectionSize(_ROW)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setFont(theme.font(12))
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        columns.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        columns.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, _TIME_WIDTH)
        self._colour()
        theme.changed.connect(self._colour)
        self.selectionModel().currentRowChanged.connect(self._pick)

    def _pick(self, current: QModelIndex) -> None:
        if current.isValid():
            self.picked.emit(self._events.row(current.row()))

    def _colour(self) -> None:
        t = self._theme.tokens
        self.setStyleSheet(
            f"QTableView {{ background: {t.canvas.name()}; color: {t.text.name()};"
            f" selection-background-color: {t.selected.name()};"
            f" selection-color: {t.text.name()}; outline: 0; }}"
            f" QTableView::item {{ padding: 0 8px; border: 0; }}"
            f" QHeaderView::section {{ background: {t.canvas.name()}; color: {t.text3.name()};"
            f" border: 0; border-bottom: 1px solid {t.line.name()}; padding: 3px 11px; }}"
            f" QHeaderView {{ background: {t.canvas.name()}; }}"
        )
