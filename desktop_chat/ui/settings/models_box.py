"""The models of a service: a table, adding by hand, and fetching the service's own list."""

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
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
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import language, ntr, tr
from desktop_chat.core.services import Model, Service, ThinkingDialect
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.dialog import TextDialog, ask_text
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label, Status, paint_tag, tag_size
from desktop_chat.ui.controls.paint import paint_box, paint_hairline
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.model_picker import context_label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.words import told_in_full
from desktop_chat.ui.theme import RADIUS_CODE, Theme

_ROW: Final = 31
_SHOWN: Final = 10
_FILTER_FROM: Final = 12
_JOB: Final = "fetch models"
_Index = QModelIndex | QPersistentModelIndex


class _Models(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.all: tuple[Model, ...] = ()
        self.shown: list[Model] = []
        self.default = ""
        self.query = ""

    def reset(self, models: tuple[Model, ...], default: str) -> None:
        self.all, self.default = models, default
        self.filter(self.query)

    def filter(self, query: str) -> None:
        self.query = query
        words = query.casefold().split()
        self.beginResetModel()
        self.shown = [m for m in self.all if all(word in m.id.casefold() for word in words)]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        model = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return model.id
        if role == Qt.ItemDataRole.ToolTipRole:
            return model.id
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = [model.id]
            if model.id == self.default:
                parts.append(tr("Default"))
            if size := context_label(model.context_tokens):
                parts.append(tr("Context {size}").format(size=size))
            if model.thinking.dialect != ThinkingDialect.NONE:
                parts.append(tr("Thinking"))
            return ", ".join(parts)
        return None


class _Columns:
    """Where the columns are in a row or the head; all but the first have fixed widths."""

    def __init__(self, rect: QRect) -> None:
        right = rect.right() + 1
        self.menu = QRect(right - 40, rect.top(), 32, rect.height())
        self.can = QRect(right - 128, rect.top(), 80, rect.height())
        self.context = QRect(right - 228, rect.top(), 80, rect.height())
        self.id = QRect(rect.left() + 12, rect.top(), right - 240 - rect.left(), rect.height())


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, models: _Models) -> None:
        super().__init__()
        self._theme = theme
        self._models = models

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t = self._theme.tokens
        model = self._models.shown[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        columns = _Columns(rect)
        middle = Qt.AlignmentFlag.AlignVCenter
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
        tag = tr("Default") if model.id == self._models.default else ""
        room = columns.id.width() - (tag_size(self._theme, tag).width() + 12 if tag else 0)
        painter.setFont(self._theme.font(13, mono=True))
        painter.setPen(t.text)
        words = QFontMetrics(painter.font()).elidedText(
            model.id, Qt.TextElideMode.ElideMiddle, room
        )
        painter.drawText(columns.id, middle | Qt.AlignmentFlag.AlignLeft, words)
        if tag:
            x = columns.id.left() + QFontMetrics(painter.font()).horizontalAdvance(words) + 12
            size = tag_size(self._theme, tag)
            paint_tag(painter, self._theme, QRect(QPoint(x, rect.top() + 6), size), tag)
        painter.setFont(self._theme.number_font(13))
        painter.setPen(t.text)
        size_text = context_label(model.context_tokens)
        painter.drawText(columns.context, middle | Qt.AlignmentFlag.AlignRight, size_text)
        if model.thinking.dialect != ThinkingDialect.NONE:
            place = QRect(columns.can.left(), rect.top() + 8, 16, 16)
            icons.paint(painter, "brain", place, t.text2, 16)
        icons.paint(painter, "dots-three", columns.menu, t.text2, 16)
        painter.restore()


class ModelTable(QListView):
    """The rows; Enter, Space or the menu key open a row's menu, Delete removes.

    Args:
        theme: colours and fonts.
        models: what is shown.
    """

    menu_requested = Signal(str, QPoint)
    """A model's id and where on the screen its menu belongs."""
    remove_requested = Signal(str)

    def __init__(self, theme: Theme, models: _Models) -> None:
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
        """Open the menu at its dots."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            menu = _Columns(self.visualRect(index)).menu
            if menu.contains(event.position().toPoint()):
                self._open_menu(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the row."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self._open_menu(self.currentIndex() if by_key else self.indexAt(event.pos()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the menu, or remove."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open_menu(index)
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


class _Frame(QWidget):
    """The border of the table and its head."""

    def __init__(self, theme: Theme, table: ModelTable) -> None:
        super().__init__()
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(1, _ROW + 1, 1, 1)
        column.addWidget(table)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_CODE, t.canvas)
        painter.save()
        painter.setClipRect(QRect(0, 0, self.width(), _ROW + 1))
        paint_box(painter, self.rect(), RADIUS_CODE, t.sunken)
        painter.restore()
        below = _ROW
        start, end = QPointF(0, below), QPointF(self.width(), below)
        paint_hairline(painter, start, end, t.line)
        paint_box(painter, self.rect(), RADIUS_CODE, None, t.line)
        columns = _Columns(QRect(1, 0, self.width() - 2, _ROW))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._theme.font(13, bold=True))
        painter.setPen(t.text)
        painter.drawText(columns.id, middle | Qt.AlignmentFlag.AlignLeft, tr("Model ID"))
        painter.drawText(columns.context, middle | Qt.AlignmentFlag.AlignRight, tr("Context"))
        painter.drawText(columns.can, middle | Qt.AlignmentFlag.AlignLeft, tr("Abilities"))
        painter.end()


class ModelsBox(QWidget):
    """The models of the service shown.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: fetches lists.
        jobs: run what takes time.
    """

    def __init__(
        self, theme: Theme, editor: ServiceEditor, setup: ServiceSetup, jobs: Jobs
    ) -> None:
        super().__init__()
        self._theme = theme
        self._editor = editor
        self._setup = setup
        self._jobs = jobs
        self._service_id = ""
        self.dialog: TextDialog | None = None
        self.menu: Menu | None = None
        self._models = _Models()
        self.title = Label(theme, bold=True)
        self.count = Label(theme, pixels=12, ink="text3")
        self.add_button = Button(theme, kind="quiet", small=True, icon="plus")
        self.add_button.clicked.connect(self._ask)
        self.fetch_button = Button(theme, small=True, icon="arrows-clockwise")
        self.fetch_button.clicked.connect(self._fetch)
        self.status = Status(theme)
        self.filter = SearchField(theme, "")
        self.filter.textChanged.connect(self._filter)
        self.table = ModelTable(theme, self._models)
        self.table.menu_requested.connect(self._open_menu)
        self.table.remove_requested.connect(self.remove)
        self._frame = _Frame(theme, self.table)
        self.nothing = Label(theme, ink="text3", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self.count)
        head.addStretch()
        head.addWidget(self.add_button)
        head.addWidget(self.fetch_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        for widget in (self.status, self.filter, self._frame, self.nothing):
            column.addWidget(widget)
        editor.changed.connect(self._service_changed)
        theme.changed.connect(self.table.viewport().update)
        self.retranslate()

    def _service_changed(self) -> None:
        service = self._editor.service
        if service.id != self._service_id:
            self._service_id = service.id
            self.stop()
            self.status.show_state("", "", "text3")
            self.filter.clear()
        self.fetch_button.setVisible(bool(service.models_path) and service.protocol != "demo")
        self.add_button.setVisible(service.protocol != "demo")
        self._show(service)

    def _show(self, service: Service) -> None:
        row = max(0, self.table.currentIndex().row())
        current = self._models.shown[row].id if row < len(self._models.shown) else ""
        self._models.reset(service.models, service.default_model)
        self._restore(row, current)
        count = len(service.models)
        self.count.setText(ntr("{count} model", "{count} models", count).format(count=count))
        self.filter.setVisible(count >= _FILTER_FROM)
        self._fit()

    def _restore(self, row: int, model_id: str) -> None:
        """Give the keyboard back the row it was on, or the one in its place."""
        shown = self._models.shown
        same = next((i for i, model in enumerate(shown) if model.id == model_id), row)
        if shown and self.table.hasFocus():
            self.table.setCurrentIndex(self._models.index(min(same, len(shown) - 1)))

    def _fit(self) -> None:
        rows = len(self._models.shown)
        self._frame.setVisible(rows > 0)
        self._frame.setFixedHeight(_ROW + 2 + min(rows, _SHOWN) * _ROW)
        self.nothing.setVisible(rows == 0)
        self.nothing.setText(
            tr("No matches")
            if self._models.all
            else tr("No models yet. Fetch the service's list, or add a model by its id.")
        )

    def _filter(self, query: str) -> None:
        self._models.filter(query)
        self._fit()

    # One model.

    def _ask(self) -> None:
        dialog = ask_text(self, self._theme, tr("Add a model"), tr("Model ID"), "", tr("Add"))
        dialog.submitted.connect(self.add)
        dialog.destroyed.connect(self._dialog_gone)
        self.dialog = dialog

    def _dialog_gone(self) -> None:
        self.dialog = None

    def add(self, model_id: str) -> None:
        """Add a model by its id; one that is there already is left alone."""
        service = self._editor.service
        if any(model.id == model_id for model in service.models):
            self._tell("info", tr("{model} is in the list already.").format(model=model_id))
            return
        models = (*service.models, service.model(model_id))
        if self._editor.change(models=models, default_model=service.default_model or model_id):
            self.status.show_state("", "", "text3")

    def remove(self, model_id: str) -> None:
        """Take a model out of the list."""
        service = self._editor.service
        models = tuple(model for model in service.models if model.id != model_id)
        default = service.default_model
        if default == model_id:
            default = models[0].id if models else ""
        self._editor.change(models=models, default_model=default)

    def set_default(self, model_id: str) -> None:
        """Let new chats with this service begin with a model."""
        self._editor.change(default_model=model_id)

    def _open_menu(self, model_id: str, corner: QPoint) -> None:
        menu = Menu(self._theme, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if model_id != self._editor.service.default_model:
            slot = partial(self.set_default, model_id)
            menu.add(tr("Set as default"), "check", slot=slot)
        menu.add(tr("Remove"), "trash", danger=True, slot=partial(self.remove, model_id))
        menu.closed.connect(self._menu_gone)
        self.menu = menu
        menu.open_at(corner)

    def _menu_gone(self) -> None:
        self.menu = None

    # The service's own list.

    def _fetch(self) -> None:
        self.fetch_button.set_busy(True)
        self.status.show_state("", "", "text3")
        work = self._setup.fetch_models(self._editor.service)
        self._jobs.start(_JOB, work, self._fetched, self._not_fetched)

    def _fetched(self, models: list[Model]) -> None:
        self.fetch_button.set_busy(False)
        service = self._editor.service
        known = {model.id: model for model in service.models}
        fresh = {model.id: model for model in models}
        added = [model for name, model in fresh.items() if name not in known]
        merged = [_merged(model, fresh.get(model.id)) for model in service.models] + added
        if not merged:
            self._tell("info", tr("The service lists no models. Add one by its id."))
            return
        default = service.default_model or merged[0].id
        if tuple(merged) != service.models and not self._editor.change(
            models=tuple(merged), default_model=default
        ):
            return
        text = ntr("{count} new model", "{count} new models", len(added)) if added else ""
        text = text.format(count=len(added)) if text else tr("The list is up to date.")
        self._tell("check-circle-fill", text)

    def _not_fetched(self, error: Exception) -> None:
        self.fetch_button.set_busy(False)
        if isinstance(error, ChatError):
            told = explain_error(error.info, service_name=self._editor.service.title(language()))
            text = told_in_full(told)
        else:
            text = str(error)
        self.status.show_state("x-circle-fill", text, "danger")

    def _tell(self, icon: str, text: str) -> None:
        ink = "ok" if icon == "check-circle-fill" else "text3"
        self.status.show_state(icon, text, ink)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Give up a list that is being fetched."""
        self._jobs.cancel(_JOB)
        self.fetch_button.set_busy(False)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.title.setText(tr("Models"))
        self.add_button.setText(tr("Add by hand"))
        self.fetch_button.setText(tr("Fetch list"))
        self.filter.set_name(tr("Filter models"))
        self.table.setAccessibleName(tr("Models"))
        self.status.show_state("", "", "text3")
        self._show(self._editor.service)
        self._frame.update()


def _merged(known: Model, fresh: Model | None) -> Model:
    """Return what is known of a model, with what its service adds."""
    if fresh is None:
        return known
    return replace(
        known,
        context_tokens=known.context_tokens or fresh.context_tokens,
        output_tokens=known.output_tokens or fresh.output_tokens,
    )
