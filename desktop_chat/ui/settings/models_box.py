"""The models of a service: a table, adding by hand, and fetching the service's own list."""

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

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import language, ntr, tr
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.dialog import TextDialog, ask_text
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.model_table import ModelRows, ModelTable, TableFrame, frame_height
from desktop_chat.ui.settings.words import told_in_full
from desktop_chat.ui.theme import Theme

_FILTER_FROM: Final = 12
_JOB: Final = "fetch models"


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
        self._frame = TableFrame(theme, self.table)
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
        self._frame.setFixedHeight(frame_height(rows))
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
