"""The models of a service: a table, adding by hand, and fetching the service's own list."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import (
    QEvent,
    QPoint,
    Qt,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.chat.model_lists import ListState, ModelLists
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.dialog import TextDialog, ask_text
from desktop_chat.ui.controls.fields import Field, SearchField
from desktop_chat.ui.controls.labels import Ink, Label, Status
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.model_dialog import ModelDialog
from desktop_chat.ui.settings.model_table import ModelRows, ModelTable, TableFrame, frame_height
from desktop_chat.ui.settings.words import not_saved, told_in_full
from desktop_chat.ui.theme import Theme

_FILTER_FROM: Final = 12


class ModelsBox(QWidget):
    """The models of the service shown.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        lists: fetch the services' own lists.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor, lists: ModelLists) -> None:
        super().__init__()
        self._theme = theme
        self._editor = editor
        self._lists = lists
        self._service_id = ""
        self.dialog: TextDialog | None = None
        self.model_dialog: ModelDialog | None = None
        self.menu: Menu | None = None
        self._models = ModelRows()
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
        self.table.toggled.connect(self.toggle)
        self._frame = TableFrame(theme, self.table, self._models)
        self.nothing = Label(theme, ink="text3", wrap=True)
        self.entry = Field(theme, "", mono=True)
        self.entry.returnPressed.connect(self._enter)
        self.entry_button = Button(theme)
        self.entry_button.clicked.connect(self._enter)
        self._entry_row = QWidget()
        entry = QHBoxLayout(self._entry_row)
        entry.setContentsMargins(0, 0, 0, 0)
        entry.setSpacing(8)
        entry.addWidget(self.entry, 1)
        entry.addWidget(self.entry_button)
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
        for widget in (self.status, self.filter, self._frame, self.nothing, self._entry_row):
            column.addWidget(widget)
        editor.changed.connect(self._service_changed)
        Relay(lists.subscribe, self).received.connect(self._list_changed)
        theme.changed.connect(self.table.viewport().update)
        self.retranslate()

    def _service_changed(self) -> None:
        service = self._editor.service
        if service.id != self._service_id:
            self._service_id = service.id
            self.filter.clear()
            self.entry.clear()
            self._show_list()
        self.fetch_button.setVisible(bool(service.models_path) and service.protocol != "demo")
        self._show(service)

    def _show(self, service: Service) -> None:
        row = max(0, self.table.currentIndex().row())
        current = self._models.shown[row].id if row < len(self._models.shown) else ""
        self._models.reset(service.models, service.default_model)
        self._restore(row, current)
        count = len(service.models)
        self.count.setText(_counted(service))
        self.filter.setVisible(count >= _FILTER_FROM)
        # Without a model there is no chat: what must be typed is asked for right here.
        typed = service.protocol != "demo"
        chats = any(model.makes == "text" for model in service.models)
        self._entry_row.setVisible(typed and not chats)
        self.add_button.setVisible(typed and chats)
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
        self._frame.setFixedHeight(frame_height(rows))
        self.nothing.setVisible(rows == 0)
        self.nothing.setText(
            tr("No matches")
            if self._models.all
            else tr("No models yet. Fetch the service's list, or enter the id of a model.")
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
            text = tr("{model} is in the list already.").format(model=model_id)
            self.status.show_state("info", text, "text3")
            return
        models = (*service.models, service.model(model_id))
        if self._editor.change(models=models, default_model=service.default_model or model_id):
            self.status.show_state("", "", "text3")

    def toggle(self, model_id: str) -> None:
        """Show a model in the pickers, or show it no more."""
        self._replace(model_id, lambda model: replace(model, enabled=not model.enabled))

    def _replace(self, model_id: str, change: Callable[[Model], Model]) -> bool:
        models = [
            change(model) if model.id == model_id else model
            for model in self._editor.service.models
        ]
        return self._editor.change(models=tuple(models))

    def edit(self, model_id: str) -> None:
        """Ask what is known of a model."""
        service = self._editor.service
        dialog = ModelDialog(self._theme, self, service.model(model_id))
        dialog.chosen.connect(partial(self._edited, service.id))
        dialog.destroyed.connect(self._model_dialog_gone)
        self.model_dialog = dialog
        dialog.open()

    def _edited(self, service_id: str, model: Model) -> None:
        if service_id == self._service_id:
            self._replace(model.id, lambda _old: model)

    def _model_dialog_gone(self) -> None:
        self.model_dialog = None

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
        menu.add(tr("Edit"), "pencil-simple", slot=partial(self.edit, model_id))
        if model_id != self._editor.service.default_model:
            slot = partial(self.set_default, model_id)
            menu.add(tr("Set as default"), "check", slot=slot)
        menu.add(tr("Remove"), "trash", danger=True, slot=partial(self.remove, model_id))
        menu.closed.connect(self._menu_gone)
        self.menu = menu
        menu.open_at(corner)

    def _menu_gone(self) -> None:
        self.menu = None

    def _enter(self) -> None:
        model_id = self.entry.text().strip()
        if model_id:
            self.add(model_id)
            self.entry.clear()

    # The service's own list.

    def _fetch(self) -> None:
        self._lists.fetch(self._editor.service)

    def _list_changed(self, service_id: object) -> None:
        if service_id == self._service_id:
            self._show_list()

    def _show_list(self) -> None:
        """Say how fetching the list goes, or went."""
        state = self._lists.state(self._service_id)
        self.fetch_button.set_busy(state.fetching)
        icon, text, ink = self._told(state)
        self.status.show_state(icon, text, ink)

    def _told(self, state: ListState) -> tuple[str, str, Ink]:
        if state.error is not None:
            return "x-circle-fill", told_in_full(state.error, self._editor.service), "danger"
        if state.unsaved:
            return "x-circle-fill", not_saved(state.unsaved), "danger"
        if state.found == 0:
            return "info", tr("The service lists no models. Add one by its id."), "text3"
        if state.found is None:
            return "", "", "text3"
        text = tr("The list is up to date.")
        if state.added:
            text = ntr("{count} new model", "{count} new models", state.added)
        return "check-circle-fill", text.format(count=state.added), "ok"

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
        self.entry.setAccessibleName(tr("Model ID"))
        self.entry.setPlaceholderText(tr("Model ID"))
        self.entry_button.setText(tr("Add"))
        self._show_list()
        self._show(self._editor.service)
        self._frame.update()


def _counted(service: Service) -> str:
    count = len(service.models)
    if not count:
        return ""
    shown = sum(model.enabled for model in service.models)
    return tr("{shown} / {count} enabled").format(shown=shown, count=count)
