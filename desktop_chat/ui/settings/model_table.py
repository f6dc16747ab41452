"""The table of a service's models: its rows, how they are drawn, and the keys that act on them."""

from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Model
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import plain_tip
from desktop_chat.ui.controls.labels import paint_tag, tag_size
from desktop_chat.ui.controls.paint import paint_box, paint_hairline
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.model_picker import context_label
from desktop_chat.ui.settings.model_words import (
    abilities,
    common_currency,
    price_label,
    price_lines,
    sign,
    told_of,
)
from desktop_chat.ui.theme import RADIUS_CODE, RADIUS_TAG, Theme

ROW: Final = 31
"""Height of a row and of the head, in pixels."""
_SHOWN: Final = 10
_PRICE_FROM: Final = 560
_CAN_FROM: Final = 420
_CONTEXT_FROM: Final = 300
"""Widths of a row from which it has these columns, in pixels."""
_MIDDLE: Final = Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex


class ModelRows(QAbstractListModel):
    """The models that match the filter."""

    def __init__(self) -> None:
        super().__init__()
        self.all: tuple[Model, ...] = ()
        self.shown: list[Model] = []
        self.default = ""
        self.currency = ""
        self.query = ""

    def reset(self, models: tuple[Model, ...], default: str) -> None:
        """Show other models; the filter stays."""
        self.all, self.default = models, default
        self.currency = common_currency(models)
        self.filter(self.query)

    def filter(self, query: str) -> None:
        """Show the models whose id has all words of a query."""
        self.query = query
        words = query.casefold().split()
        self.beginResetModel()
        self.shown = [m for m in self.all if all(word in m.id.casefold() for word in words)]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many are shown."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a model's id, and what a screen reader says of it."""
        model = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return model.id
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(told_of(model))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(self._spoken(model))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return ". ".join(price_lines(model.price))
        return None

    def _spoken(self, model: Model) -> list[str]:
        parts = [model.id, tr("Enabled") if model.enabled else tr("Disabled")]
        if model.id == self.default:
            parts.append(tr("Default"))
        if size := context_label(model.context_tokens):
            parts.append(tr("Context {size}").format(size=size))
        return parts + [name for _icon, name in abilities(model)]


class _Columns:
    """Where the columns are in a row or the head; all but the id have fixed widths. Where there is
    little room, prices go first, then what a model can do, then its context: a row's tooltip has
    them all.
    """

    def __init__(self, rect: QRect) -> None:
        right, top, height = rect.right() + 1, rect.top(), rect.height()
        width = rect.width()
        self.check = QRect(rect.left(), top, 44, height)
        self.menu = QRect(right - 40, top, 36, height)
        right -= 52
        self.price = self.can = self.context = QRect()
        if width >= _PRICE_FROM:
            self.price = QRect(right - 200, top, 200, height)
            right -= 200
        if width >= _CAN_FROM:
            self.can = QRect(right - 106, top, 106, height)
            right -= 106 + 24
        if width >= _CONTEXT_FROM:
            self.context = QRect(right - 64, top, 64, height)
            right -= 64 + 12
        self.id = QRect(rect.left() + 52, top, right - rect.left() - 52, height)


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, models: ModelRows) -> None:
        super().__init__()
        self._theme = theme
        self._models = models

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t = self._theme.tokens
        model = self._models.shown[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        columns = _Columns(rect)
        painter.save()
        view = option.widget
        current = isinstance(view, ModelTable) and view.hasFocus()
        if state & QStyle.StateFlag.State_MouseOver or (
            current and state & QStyle.StateFlag.State_Selected
        ):
            painter.fillRect(rect, t.hover)
        if index.row():
            start, end = QPointF(rect.left(), rect.top()), QPointF(rect.right() + 1, rect.top())
            paint_hairline(painter, start, end, t.line)
        self._paint_check(painter, columns.check, model.enabled)
        self._paint_id(painter, columns.id, model)
        self._paint_numbers(painter, columns, model)
        icons.paint(painter, "dots-three", columns.menu, t.text2, 16)
        painter.restore()

    def _paint_check(self, painter: QPainter, rect: QRect, on: bool) -> None:
        t = self._theme.tokens
        box = QRect(rect.left() + 12, rect.top() + (rect.height() - 16) // 2, 16, 16)
        paint_box(painter, box, RADIUS_TAG, t.accent if on else t.canvas, None if on else t.ctl)
        if on:
            icons.paint(painter, "check", box, t.onaccent, 12)

    def _paint_id(self, painter: QPainter, rect: QRect, model: Model) -> None:
        t = self._theme.tokens
        tag = tr("Default") if model.id == self._models.default else ""
        room = rect.width() - (tag_size(self._theme, tag).width() + 12 if tag else 0)
        painter.setFont(self._theme.font(13, mono=True))
        painter.setPen(t.text if model.enabled else t.text3)
        words = QFontMetrics(painter.font()).elidedText(
            model.id, Qt.TextElideMode.ElideMiddle, room
        )
        painter.drawText(rect, _MIDDLE | Qt.AlignmentFlag.AlignLeft, words)
        if tag:
            x = rect.left() + QFontMetrics(painter.font()).horizontalAdvance(words) + 12
            size = tag_size(self._theme, tag)
            paint_tag(painter, self._theme, QRect(QPoint(x, rect.top() + 6), size), tag)

    def _paint_numbers(self, painter: QPainter, columns: _Columns, model: Model) -> None:
        t = self._theme.tokens
        right = _MIDDLE | Qt.AlignmentFlag.AlignRight
        painter.setFont(self._theme.number_font(13))
        painter.setPen(t.text if model.enabled else t.text3)
        if columns.context.isValid():
            painter.drawText(columns.context, right, context_label(model.context_tokens) or "–")
        if columns.price.isValid():
            words = price_label(model, self._models.currency) or tr("unknown")
            if model.price is None:
                painter.setPen(t.text3)
                painter.setFont(self._theme.font(12))
            painter.drawText(columns.price, right, words)
        if columns.can.isValid():
            place = QRect(columns.can.left(), columns.can.top() + 8, 16, 16)
            for icon, _name in abilities(model):
                icons.paint(painter, icon, place, t.text2, 16)
                place.translate(22, 0)


class ModelTable(QListView):
    """The rows; Enter or the menu key open a row's menu, Space enables or disables, Delete removes.

    Args:
        theme: colours and fonts.
        models: what is shown.
    """

    menu_requested = Signal(str, QPoint)
    """A model's id and where on the screen its menu belongs."""
    toggled = Signal(str)
    """The id of a model that is to be enabled or disabled."""
    remove_requested = Signal(str)

    def __init__(self, theme: Theme, models: ModelRows) -> None:
        super().__init__()
        self._models = models
        self._painter = _Painter(theme, models)
        self.setModel(models)
        self.setItemDelegate(self._painter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBar(ScrollBar(theme, Qt.Orientation.Vertical, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.setPalette(palette)
        self.viewport().setAutoFillBackground(False)

    def _open_menu(self, index: QModelIndex) -> None:
        if index.isValid():
            place = _Columns(self.visualRect(index)).menu
            corner = self.viewport().mapToGlobal(place.bottomLeft())
            self.menu_requested.emit(self._models.shown[index.row()].id, corner)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the menu at its dots; enable or disable at the box."""
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        index = self.indexAt(place)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            columns = _Columns(self.visualRect(index))
            if columns.menu.contains(place):
                self._open_menu(index)
            elif columns.check.contains(place):
                self.toggled.emit(self._models.shown[index.row()].id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the row."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self._open_menu(self.currentIndex() if by_key else self.indexAt(event.pos()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the menu, enable or disable, or remove."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_menu(index)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.toggled.emit(self._models.shown[index.row()].id)
        elif event.key() == Qt.Key.Key_Delete and index.isValid():
            self.remove_requested.emit(self._models.shown[index.row()].id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Give the keyboard a current row."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._models.shown:
            self.setCurrentIndex(self._models.index(0))
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Repaint without a current row."""
        super().focusOutEvent(event)
        self.viewport().update()


class TableFrame(QWidget):
    """The border of the table and its head.

    Args:
        theme: colours and fonts.
        table: the rows.
        models: what is shown.
    """

    def __init__(self, theme: Theme, table: ModelTable, models: ModelRows) -> None:
        super().__init__()
        self._theme = theme
        self._models = models
        column = QVBoxLayout(self)
        column.setContentsMargins(1, ROW + 1, 1, 1)
        column.addWidget(table)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw them."""
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_CODE, t.canvas)
        painter.save()
        painter.setClipRect(QRect(0, 0, self.width(), ROW + 1))
        paint_box(painter, self.rect(), RADIUS_CODE, t.sunken)
        painter.restore()
        below = ROW
        start, end = QPointF(0, below), QPointF(self.width(), below)
        paint_hairline(painter, start, end, t.line)
        paint_box(painter, self.rect(), RADIUS_CODE, None, t.line)
        columns = _Columns(QRect(1, 0, self.width() - 2, ROW))
        left, right = (
            _MIDDLE | Qt.AlignmentFlag.AlignLeft,
            _MIDDLE | Qt.AlignmentFlag.AlignRight,
        )
        painter.setFont(self._theme.font(13, bold=True))
        painter.setPen(t.text)
        painter.drawText(columns.id, left, tr("Model ID"))
        if columns.context.isValid():
            painter.drawText(columns.context, right, tr("Context"))
        if columns.can.isValid():
            painter.drawText(columns.can, left, tr("Abilities"))
        if columns.price.isValid():
            painter.drawText(columns.price, right, self._price_head())
        painter.end()

    def _price_head(self) -> str:
        currency = sign(self._models.currency).strip()
        if not currency:
            return tr("Input / output per million")
        return tr("Input / output ({currency} per million)").format(currency=currency)


def frame_height(rows: int) -> int:
    """Return the height of a table with its head, in pixels; beyond ten rows it scrolls."""
    return ROW + 2 + min(rows, _SHOWN) * ROW
