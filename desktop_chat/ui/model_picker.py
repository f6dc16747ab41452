"""Choosing a model: the button in the composer's bar and the list that it opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.model_lists import ListState, chat_models
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Model, Service, ThinkingDialect
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import PaintedButton, plain_tip
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label, Line
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.popup import MenuRow, Popup, row_fill
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

_WIDTH: Final = 328
_ROW: Final = 32
_GROUP: Final = 28
_LIST_HEIGHT: Final = 360
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")
_Index = QModelIndex | QPersistentModelIndex


def context_label(tokens: int | None) -> str:
    """Return a context size as people say it: ``1M``, ``256K``; "" when unknown."""
    if not tokens:
        return ""
    for unit, decimal, binary in (("M", 1_000_000, 1 << 20), ("K", 1_000, 1 << 10)):
        if tokens >= decimal:
            size = decimal if tokens % 1000 == 0 else binary
            return f"{tokens / size:.1f}".removesuffix(".0") + unit
    return str(tokens)


def is_local(service: Service) -> bool:
    """Tell whether a service runs on this machine."""
    host = service.base_url.split("://")[-1].split("/")[0].rsplit(":", 1)[0]
    return host in _LOCAL


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the list: a service's heading, unless it has one of the others.

    Attributes:
        service: that it belongs to.
        model: of the service.
        typed: the model is not in a list: its id was typed.
        note: what there is to say of a service without models.
        mend: the note is a failure, and choosing it does this; or "".
    """

    service: Service
    model: Model | None = None
    typed: bool = False
    note: str = ""
    mend: str = ""

    @property
    def heading(self) -> bool:
        return self.model is None and not self.note

    @property
    def words(self) -> str:
        if self.model is None:
            return self.note or self.service.title(language())
        if self.typed:
            return tr("Use “{model}”").format(model=self.model.id)
        return self.model.id


def _is(row: _Row, model_id: str) -> bool:
    return row.model is not None and row.model.id == model_id


class _Models(QAbstractListModel):
    """The services and their models that match the search."""

    def __init__(
        self,
        services: Sequence[Service],
        current: tuple[str, str],
        states: Mapping[str, ListState],
    ) -> None:
        super().__init__()
        self._services = services
        self._states = states
        self._query = ""
        self.current = current
        self.rows: list[_Row] = []
        self.filter("")

    def supply(self, services: Sequence[Service], states: Mapping[str, ListState]) -> None:
        self._services, self._states = services, states
        self.filter(self._query)

    def filter(self, query: str) -> None:
        self._query = query
        words = query.casefold().split()
        rows: list[_Row] = []
        for service in self._services:
            names = " ".join([service.id, *service.name.values()]).casefold()
            found = [
                _Row(service, model)
                for model in self._models(service)
                if all(word in model.id.casefold() or word in names for word in words)
            ]
            if not found and not words:
                found = [self._note(service)]
            if found:
                rows += [_Row(service), *found]
        self.beginResetModel()
        self.rows = rows + self._typed(query.strip(), rows)
        self.endResetModel()

    def _note(self, service: Service) -> _Row:
        """Return what stands in place of the models of a service that has none."""
        state = self._states.get(service.id, ListState())
        if state.fetching:
            return _Row(service, note=tr("Fetching the list of models"))
        if state.error is not None:
            told = explain_error(state.error, service_name=service.title(language()))
            mend = tr("Update key") if state.wants_key else tr("Retry")
            return _Row(service, note=told.title, mend=mend)
        return _Row(service, note=tr("Type the id of a model above"))

    def _typed(self, text: str, rows: Sequence[_Row]) -> list[_Row]:
        """Return rows that take what was typed for an id: of services whose models are not known,
        or of all where nothing else matches.
        """
        if len(text.split()) != 1 or not text.isascii() or any(_is(row, text) for row in rows):
            return []
        return [
            _Row(service, service.model(text), typed=True)
            for service in self._services
            if service.protocol != "demo" and (not rows or not service.models)
        ]

    def _models(self, service: Service) -> Sequence[Model]:
        """Return its models but those hidden, with the one in use even when its list does not name
        it; those that do not chat come last.
        """
        service_id, model_id = self.current
        chat = chat_models(service.models)
        ids = {model.id for model in chat}
        rest = [item for item in service.models if item.enabled and item.id not in ids]
        models = chat + rest
        known = any(model.id == model_id for model in models)
        if service.id == service_id and model_id and not known:
            models.append(service.model(model_id))
        return models

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            title = row.service.title(language())
            if row.heading:
                return title
            makes = row.model is not None and row.model.makes == "image"
            return ", ".join([row.words, title, *([tr("Makes pictures")] if makes else [])])
        if role == Qt.ItemDataRole.ToolTipRole and row.model:
            return plain_tip(row.model.id)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        row = self.rows[index.row()]
        if row.model is None and not row.mend:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Painter(QStyledItemDelegate):
    """Draws a row: tile, id, size of the context, what it can, and a check on the one in use."""

    def __init__(self, theme: Theme, models: _Models) -> None:
        super().__init__()
        self._theme = theme
        self._models = models

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        heading = self._models.rows[index.row()].heading
        return QSize(_WIDTH - 30, _GROUP if heading else _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row = self._models.rows[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            paint_box(painter, rect, RADIUS_CONTROL, row_fill(self._theme))
        if row.model is None:
            self._paint_words(painter, rect, row)
        else:
            self._paint_model(painter, rect, row, row.model)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, row: _Row) -> None:
        t = self._theme.tokens
        painter.setFont(self._theme.font(12))
        metrics = QFontMetrics(painter.font())
        words = rect.adjusted(8, 0, -8, 0)
        ink = t.text3
        if row.mend:
            ink = t.danger
            place = QRect(words.left(), rect.top() + 8, 16, 16)
            icons.paint(painter, "warning-circle", place, ink, 16)
            width = metrics.horizontalAdvance(row.mend)
            painter.setPen(t.accent)
            self._text(painter, words.adjusted(words.width() - width, 0, 1, 0), row.mend)
            words.adjust(24, 0, -width - 12, 0)
        painter.setPen(ink)
        cut = metrics.elidedText(row.words, Qt.TextElideMode.ElideRight, words.width())
        self._text(painter, words, cut)

    def _paint_model(self, painter: QPainter, rect: QRect, row: _Row, model: Model) -> None:
        service = row.service
        t = self._theme.tokens
        painter.setFont(self._theme.font(13))
        tile = QRect(rect.left() + 8, rect.top() + 6, 20, 20)
        paint_tile(painter, tile, service.monogram, service.colour)
        right = rect.right() + 1 - 8
        if (service.id, model.id) == self._models.current:
            icons.paint(painter, "check", QRect(right - 16, rect.top() + 8, 16, 16), t.accent, 16)
        right -= 23
        if model.thinking.dialect != ThinkingDialect.NONE:
            icons.paint(painter, "brain", QRect(right - 16, rect.top() + 8, 16, 16), t.text3, 14)
            right -= 20
        if model.makes == "image":
            icons.paint(painter, "image", QRect(right - 16, rect.top() + 8, 16, 16), t.text3, 14)
            right -= 20
        size = tr("local") if is_local(service) else context_label(model.context_tokens)
        if row.typed:
            size = service.title(language())
        metrics = QFontMetrics(self._theme.font(12))
        room = right - rect.left() - 36 - (metrics.horizontalAdvance(size) + 16 if size else 0)
        name = QFontMetrics(painter.font()).elidedText(
            row.words, Qt.TextElideMode.ElideMiddle, room
        )
        painter.setPen(t.text)
        place = QRect(rect.left() + 36, rect.top(), room, rect.height())
        self._text(painter, place, name)
        used = QFontMetrics(painter.font()).horizontalAdvance(name)
        painter.setFont(self._theme.font(12))
        painter.setPen(t.text3)
        place.setLeft(place.left() + used + 8)
        place.setRight(right)
        self._text(painter, place, size)

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str) -> None:
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class ModelPicker(Popup):
    """A search field above the models of every service.

    Args:
        theme: colours and fonts.
        services: those to choose from, with their models.
        current: ids of service and model in use.
        states: how fetching the list of each service goes.
        parent: the button that opens it.
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
    ) -> None:
        super().__init__(theme, parent)
        self.setAccessibleName(tr("Model"))
        self._panel.setFixedWidth(_WIDTH)
        self.search = SearchField(theme, tr("Search models, or type an id"), bare=True)
        self.search.textChanged.connect(self._filter)
        self.body.addWidget(self.search)
        self.body.addWidget(Line(theme))
        self._models = _Models(services, current, states)
        self._painter = _Painter(theme, self._models)
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
        self.add_row.setParent(foot)
        self.add_row.setGeometry(4, 4, _WIDTH - 10, 32)
        self.body.addWidget(foot)
        self.setFocusProxy(self.search)
        self.search.installEventFilter(self)
        self._fit()
        self._select_current()

    def _make_list(self) -> QListView:
        view = QListView()
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
        palette = view.palette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        view.setPalette(palette)
        view.viewport().setAutoFillBackground(False)
        return view

    def _fit(self) -> None:
        """Give the list the height of its rows, up to a limit."""
        height = 8 + sum(_GROUP if row.heading else _ROW for row in self._models.rows)
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
        page = max(1, _LIST_HEIGHT // _ROW - 2)
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
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.search.composing:
                self._choose(self.list.currentIndex())
                return True
        return False

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
