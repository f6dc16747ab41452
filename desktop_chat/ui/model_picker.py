"""Choosing a model: the button in the composer's bar and the list that it opens."""

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QWidget,
)

from desktop_chat.chat.model_choice import ModelShelf
from desktop_chat.chat.model_lists import ListState
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Service
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label, Line, Tag
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.popup import MenuRow, Popup
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.keys import hint
from desktop_chat.ui.model_painter import GROUP, ROW, STAR, RowPainter
from desktop_chat.ui.model_rows import ModelRows, context_label, is_local
from desktop_chat.ui.theme import Theme

__all__ = ["ModelButton", "ModelPicker", "context_label", "is_local"]

_WIDTH: Final = 376
_LIST_HEIGHT: Final = 360
_STAR_KEYS: Final = Qt.KeyboardModifier.ControlModifier


class _List(QListView):
    """The list, where a press on the place of the star stars a model."""

    starred = Signal(QModelIndex)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Star a model, or choose it."""
        index = self._star_at(event)
        if index is None:
            super().mousePressEvent(event)
            return
        self.starred.emit(index)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose nothing where a star was pressed."""
        if self._star_at(event) is None:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take the second of two quick presses for a press."""
        self.mousePressEvent(event)

    def _star_at(self, event: QMouseEvent) -> QModelIndex | None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        rows = self.model()
        if not isinstance(rows, ModelRows) or not rows.has_stars or not index.isValid():
            return None
        row = rows.rows[index.row()]
        if row.model is None or row.typed:
            return None
        return index if place.x() > self.visualRect(index).right() - STAR else None


class ModelPicker(Popup):
    """A search field above the models of every service.

    Args:
        theme: colours and fonts.
        services: those to choose from, with their models.
        current: ids of service and model in use.
        states: how fetching the list of each service goes.
        parent: the button that opens it.
        shelf: favourites and models used last; None shows neither.
    """

    chosen = Signal(str, str)
    """Ids of service and model."""
    mend = Signal(str)
    """The id of a service whose list could not be fetched."""
    add_service = Signal()

    def __init__(
        self,
        theme: Theme,
        services: Sequence[Service],
        current: tuple[str, str],
        states: Mapping[str, ListState],
        parent: QWidget | None = None,
        shelf: ModelShelf | None = None,
    ) -> None:
        super().__init__(theme, parent)
        self.setAccessibleName(tr("Model"))
        self._panel.setFixedWidth(_WIDTH)
        self.search = SearchField(theme, tr("Search models, or type an id"), bare=True)
        self.search.textChanged.connect(self._filter)
        self.body.addWidget(self.search)
        self.body.addWidget(Line(theme))
        self._models = ModelRows(services, current, states, shelf)
        self._painter = RowPainter(theme, self._models)
        self.list = self._make_list()
        self.body.addWidget(self.list)
        self._nothing = Label(theme, tr("No matches"), ink="text3")
        self._nothing.setContentsMargins(12, 14, 12, 14)
        self._nothing.hide()
        self.body.addWidget(self._nothing)
        self.body.addWidget(Line(theme))
        self.add_row = MenuRow(theme, tr("Add a service"), "plus")
        self.add_row.clicked.connect(self._add)
        foot = QWidget()
        foot.setFixedHeight(40)
        line = QHBoxLayout(foot)
        line.setContentsMargins(4, 4, 12, 4)
        line.setSpacing(6)
        line.addWidget(self.add_row, 1)
        if shelf is not None:
            line.addWidget(Label(theme, tr("Favourite"), pixels=12, ink="text3"))
            line.addWidget(Tag(theme, hint("favourite")))
        self.body.addWidget(foot)
        self.setFocusProxy(self.search)
        self.search.installEventFilter(self)
        self._fit()
        self._select_current()

    def _make_list(self) -> _List:
        view = _List()
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setModel(self._models)
        view.setItemDelegate(self._painter)
        view.setAccessibleName(tr("Models"))
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setVerticalScrollBar(ScrollBar(self.theme, Qt.Orientation.Vertical, view))
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setMouseTracking(True)
        view.setViewportMargins(4, 4, 4, 4)
        view.entered.connect(view.setCurrentIndex)
        view.clicked.connect(self._choose)
        view.starred.connect(self._star)
        palette = view.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        view.setPalette(palette)
        view.viewport().setAutoFillBackground(False)
        return view

    def _fit(self) -> None:
        """Give the list the height of its rows, up to a limit."""
        height = 8 + sum(GROUP if row.heading else ROW for row in self._models.rows)
        self.list.setFixedHeight(min(_LIST_HEIGHT, height))

    def supply(self, services: Sequence[Service], states: Mapping[str, ListState]) -> None:
        """Show services and lists as they are now; what is searched and selected stays."""
        at = self.list.currentIndex()
        row = self._models.rows[at.row()] if at.isValid() else None
        self._models.supply(services, states)
        self._show_rows()
        kept = None if row is None or row.model is None else (row.service.id, row.model.id)
        if kept is None or not self._select(kept):
            self._select_current()
        if not self.search.text():
            self._fit()
            self.refit()

    def _filter(self, query: str) -> None:
        self._models.filter(query)
        self._show_rows()
        self._select_first()

    def _show_rows(self) -> None:
        empty = not self._models.rows
        self.list.setVisible(not empty)
        self._nothing.setVisible(empty)

    def _select_current(self) -> None:
        """Select the model in use. Where none is, Enter must not choose one by chance: it does
        what its service needs to list its models, if anything.
        """
        service_id = self._models.current[0]
        if self._select(self._models.current):
            return
        if not service_id:
            self._select_first()
            return
        self.list.clearSelection()
        self.list.setCurrentIndex(QModelIndex())
        for number, row in enumerate(self._models.rows):
            if row.mend and row.service.id == service_id:
                self.list.setCurrentIndex(self._models.index(number))

    def _select(self, wanted: tuple[str, str]) -> bool:
        """Select a model; False when it is not shown."""
        for number, row in enumerate(self._models.rows):
            if row.model and (row.service.id, row.model.id) == wanted:
                index = self._models.index(number)
                self.list.setCurrentIndex(index)
                self.list.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
                return True
        return False

    def _select_first(self) -> None:
        self._step(1, -1)

    def _step(self, step: int, start: int) -> None:
        """Select the next row that can be chosen."""
        at = start + step
        while 0 <= at < len(self._models.rows):
            index = self._models.index(at)
            if index.flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentIndex(index)
                if at <= 1:
                    self.list.scrollToTop()
                else:
                    self.list.scrollTo(index)
                return
            at += step

    def _move(self, key: int) -> bool:
        at = self.list.currentIndex().row()
        last = len(self._models.rows)
        page = max(1, _LIST_HEIGHT // ROW - 2)
        if key == Qt.Key.Key_Down:
            self._step(1, at)
        elif key == Qt.Key.Key_Up:
            self._step(-1, at)
        elif key == Qt.Key.Key_PageDown:
            self._step(-1, min(last, at + page + 1))
        elif key == Qt.Key.Key_PageUp:
            self._step(1, max(-1, at - page - 1))
        else:
            return False
        return True

    def eventFilter(self, _watched: object, event: QEvent) -> bool:
        """Move in the list and choose from the search field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if self._move(event.key()):
                return True
            if event.key() == Qt.Key.Key_D and event.modifiers() == _STAR_KEYS:
                self._star(self.list.currentIndex())
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.search.composing:
                self._choose(self.list.currentIndex())
                return True
        return False

    def _star(self, index: QModelIndex) -> None:
        """Make a model a favourite, or no longer; it stays chosen and in sight."""
        if not index.isValid():
            return
        row = self._models.rows[index.row()]
        if row.name is None or row.typed:
            return
        self._models.toggle_star(row)
        self._show_rows()
        self._select(row.name)
        if not self.search.text():
            self._fit()
            self.refit()

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row = self._models.rows[index.row()]
        if row.model is not None:
            self.close()
            self.chosen.emit(row.service.id, row.model.id)
        elif row.mend:
            self.mend.emit(row.service.id)

    def _add(self) -> None:
        self.close()
        self.add_service.emit()

    def _open(self, around: QRect, *, above: bool, gap: int) -> None:
        super()._open(around, above=above, gap=gap)
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)


class ModelButton(PaintedButton):
    """The button that shows the model in use: tile, id, caret; 28 px high with a border.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._monogram = ""
        self._colour = ""
        self._asks = False
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_model(self, service: Service | None, model_id: str) -> None:
        """Show a model; without one it asks to choose."""
        self._monogram = service.monogram if service else ""
        self._colour = service.colour if service else ""
        self._asks = not model_id
        self.setText(model_id or tr("Choose a model"))
        self.setAccessibleName(tr("Model"))
        title = service.title(language()) if service else ""
        self.setAccessibleDescription(f"{self.text()} {title}".strip())
        self.setToolTip(f"{model_id} · {title}" if title and model_id else "")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the whole id."""
        words = QFontMetrics(self.theme.font(13)).horizontalAdvance(self.text())
        return QSize(9 + (22 if self._monogram else 0) + words + 6 + 12 + 9, 28)

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be: a long id is cut in its middle."""
        return QSize(96, 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        painter.setFont(self.theme.font(13))
        fill = t.selected if self.isDown() else blend(t.raised, t.hover2, self.hover)
        paint_box(painter, self.rect(), self.radius, fill, t.accent if self._asks else t.line2)
        x = 9
        if self._monogram:
            paint_tile(painter, QRect(x, 6, 16, 16), self._monogram, self._colour)
            x += 22
        room = self.width() - x - 27
        ink = t.accent if self._asks else t.text
        painter.setPen(ink if self.isEnabled() else t.disabled)
        words = QFontMetrics(painter.font()).elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, room + 1
        )
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(x, 0, room + 2, self.height()), middle, words)
        icons.paint(painter, "caret-down", QRect(self.width() - 21, 8, 12, 12), t.text2, 12)
        painter.end()
