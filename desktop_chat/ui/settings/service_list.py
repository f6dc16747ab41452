"""The list of services at the left of their settings."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Service
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label, ink_of, paint_tag, tag_size
from desktop_chat.ui.controls.paint import blend, clear, paint_box
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.settings.service_view import ServiceView
from desktop_chat.ui.settings.states import DEMO, ServiceStates
from desktop_chat.ui.theme import RADIUS_CODE, RADIUS_CONTROL, Theme

_PITCH: Final = 54
_ROW: Final = 52
_Index = QModelIndex | QPersistentModelIndex


class _Services(QAbstractListModel):
    def __init__(self, states: ServiceStates) -> None:
        super().__init__()
        self._states = states
        self.all: list[Service] = []
        self.shown: list[Service] = []
        self.query = ""

    def reset(self, services: Sequence[Service]) -> None:
        self.all = list(services)
        self.filter(self.query)

    def filter(self, query: str) -> None:
        self.query = query
        word = query.strip().casefold()
        self.beginResetModel()
        self.shown = [
            service
            for service in self.all
            if word in " ".join([service.id, *service.name.values()]).casefold()
        ]
        self.endResetModel()

    def row_of(self, service_id: str) -> int:
        return next((i for i, item in enumerate(self.shown) if item.id == service_id), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        service = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return service.title(language())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = [service.title(language()), self._states.line(service).text]
            return ", ".join(parts if service.enabled else [*parts, tr("Disabled")])
        return None


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, services: _Services, states: ServiceStates) -> None:
        super().__init__()
        self._theme = theme
        self._services = services
        self._states = states

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, _PITCH)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t = self._theme.tokens
        service = self._services.shown[index.row()]
        state: QStyle.StateFlag = option.state
        rect = QRect(option.rect)
        rect.setHeight(_ROW)
        painter.save()
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            edge = t.edge if selected else None
            paint_box(painter, rect, RADIUS_CODE, t.selected if selected else t.hover, edge)
        if state & QStyle.StateFlag.State_HasFocus and self._keyboard(option):
            paint_box(painter, rect, RADIUS_CODE, None, t.accent, 2)
        painter.setFont(self._theme.font(13))
        tile = QRect(rect.left() + 10, rect.top() + 12, 28, 28)
        paint_tile(painter, tile, service.monogram, service.colour)
        right = rect.right() + 1 - 10
        if not service.enabled:
            size = tag_size(self._theme, tr("Disabled"))
            place = QRect(right - size.width(), rect.top() + 16, size.width(), 20)
            paint_tag(painter, self._theme, place, tr("Disabled"))
            right = place.left() - 8
        x = rect.left() + 50
        painter.setFont(self._theme.font(13))
        painter.setPen(t.text)
        self._text(painter, QRect(x, rect.top() + 8, right - x, 20), service.title(language()))
        line = self._states.line(service)
        ink = ink_of(t, line.ink)
        icons.paint(painter, line.icon, QRect(x, rect.top() + 29, 14, 14), ink, 14)
        painter.setFont(self._theme.font(12))
        painter.setPen(ink)
        self._text(painter, QRect(x + 18, rect.top() + 26, right - x - 18, 20), line.text)
        painter.restore()

    @staticmethod
    def _keyboard(option: QStyleOptionViewItem) -> bool:
        view = option.widget
        return isinstance(view, ServiceView) and view.keyboard

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str) -> None:
        words = QFontMetrics(painter.font()).elidedText(
            text, Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


class AddButton(PaintedButton):
    """The row that adds a service, as wide as the list.

    Args:
        theme: colours and fonts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of a row."""
        return QSize(120, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        fill = t.selected if self.isDown() else blend(clear(t.hover), t.hover, self.hover)
        paint_box(painter, self.rect(), RADIUS_CONTROL, fill)
        icons.paint(painter, "plus", QRect(10, 8, 16, 16), t.text2, 16)
        painter.setFont(self.theme.font(13))
        painter.setPen(t.text)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(34, 0, 0, 0), middle, self.text())
        painter.end()


class ServiceList(QWidget):
    """A filter, the services, and the way to add one.

    Args:
        theme: colours and fonts.
        states: what to say of each service.
    """

    selected = Signal(str)
    """The id of the service that is now shown."""
    add_requested = Signal()
    ordered = Signal(object)
    """The ids of all services, in their new order."""

    def __init__(self, theme: Theme, states: ServiceStates) -> None:
        super().__init__()
        self._model = _Services(states)
        self._painter = _Painter(theme, self._model, states)
        self._current = ""
        self.filter = SearchField(theme, "")
        self.filter.textChanged.connect(self._filter)
        self.view = self._make_view(theme)
        self.nothing = Label(theme, ink="text3")
        self.nothing.setContentsMargins(12, 8, 12, 8)
        self.nothing.hide()
        self.add_button = AddButton(theme)
        self.add_button.clicked.connect(self.add_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.filter)
        column.addWidget(self.view, 1)
        column.addWidget(self.nothing)
        column.addWidget(self.add_button)
        column.addStretch()
        self.hint = Label(theme, pixels=12, ink="text3", wrap=True)
        self.hint.setContentsMargins(8, 0, 8, 8)
        column.addWidget(self.hint)
        states.changed.connect(self._state_changed)
        theme.changed.connect(self.view.viewport().update)
        self.retranslate()

    def _make_view(self, theme: Theme) -> ServiceView:
        view = ServiceView(theme)
        view.moved.connect(self._move)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setModel(self._model)
        view.setItemDelegate(self._painter)
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setVerticalScrollBar(ScrollBar(theme, Qt.Orientation.Vertical, view))
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        palette = view.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        view.setPalette(palette)
        view.viewport().setAutoFillBackground(False)
        view.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)
        view.selectionModel().currentChanged.connect(self._current_changed)
        return view

    def set_services(self, services: Sequence[Service]) -> None:
        """Show these services; the one shown stays, if it is still there."""
        self._model.reset(services)
        self._restore()

    def select(self, service_id: str) -> None:
        """Show a service as the current one."""
        self._current = service_id
        if self._model.row_of(service_id) < 0:
            self.filter.clear()
        self._restore()

    def clear_selection(self) -> None:
        """Show none as the current one, as while one is being added."""
        self._current = ""
        self.view.selectionModel().clear()

    def _restore(self) -> None:
        row = self._model.row_of(self._current)
        # A list as high as its rows, up to the place there is.
        self.view.setMaximumHeight(max(1, len(self._model.shown) * _PITCH))
        self.view.setMinimumHeight(min(3, len(self._model.shown)) * _PITCH)
        self.view.setVisible(bool(self._model.shown))
        # The demo stays last; what a filter hides cannot be put in order.
        fixed = sum(service.protocol == DEMO for service in self._model.shown)
        self.view.movable = 0 if self._model.query.strip() else len(self._model.shown) - fixed
        self.hint.setVisible(self.view.movable > 1)
        self.nothing.setVisible(not self._model.shown)
        if row >= 0:
            self.view.setCurrentIndex(self._model.index(row))

    def _move(self, row: int, before: int) -> None:
        """Give a service another place."""
        ids = [service.id for service in self._model.all]
        moved = ids.pop(row)
        ids.insert(before if before < row else before - 1, moved)
        self.ordered.emit(ids)

    def _filter(self, query: str) -> None:
        self._model.filter(query)
        self._restore()

    def _current_changed(self, index: QModelIndex) -> None:
        if index.isValid():
            service = self._model.shown[index.row()]
            if service.id != self._current:
                self._current = service.id
                self.selected.emit(service.id)

    def _state_changed(self, service_id: str) -> None:
        row = self._model.row_of(service_id)
        if row >= 0:
            index = self._model.index(row)
            self._model.dataChanged.emit(index, index)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.filter.set_name(tr("Filter services"))
        self.view.setAccessibleName(tr("Model services"))
        self.nothing.setText(tr("No matches"))
        self.add_button.setText(tr("Add a service"))
        self.hint.setText(tr("Drag to change the order in the model lists"))
        self.view.setAccessibleDescription(tr("Alt and an arrow key move a service."))
        self.view.viewport().update()
