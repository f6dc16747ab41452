"""Trying whether a service answers."""

from PySide6.QtCore import QEvent

from desktop_chat.chat.model_lists import ModelLists, chat_models
from desktop_chat.chat.setup import CheckResult, ServiceSetup
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Service
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.labels import Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import FormRow
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.states import ServiceStates
from desktop_chat.ui.settings.words import told_in_full
from desktop_chat.ui.theme import Theme

_JOB = "check"


class CheckRow(FormRow):
    """The row that tries the connection: a button, and how it went.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: asks the service.
        states: remembers how it went.
        lists: fetch a list where no model is known to ask.
        jobs: run the question.
    """

    def __init__(
        self,
        theme: Theme,
        editor: ServiceEditor,
        setup: ServiceSetup,
        states: ServiceStates,
        lists: ModelLists,
        jobs: Jobs,
    ) -> None:
        super().__init__(theme)
        self._editor = editor
        self._setup = setup
        self._states = states
        self._lists = lists
        self._jobs = jobs
        self._service_id = ""
        self._awaits_list = False
        self._fault = ""
        self.button = Button(theme, icon="activity")
        self.button.clicked.connect(self._check)
        self.status = Status(theme, pixels=13)
        self.line.addWidget(self.button)
        self.line.addWidget(self.status, 1)
        self.line.addStretch()
        editor.changed.connect(self._service_changed)
        states.changed.connect(self._state_changed)
        Relay(lists.subscribe, self).received.connect(self._list_changed)
        self.retranslate()

    def _service_changed(self) -> None:
        if self._editor.service.id != self._service_id:
            self._service_id = self._editor.service.id
            self.stop()
        self._fault = ""
        self._show()

    def _state_changed(self, service_id: str) -> None:
        if service_id == self._service_id:
            self._show()

    def _check(self) -> None:
        service = self._editor.service
        model = _model_to_ask(service)
        listed = bool(service.models_path)
        self._fault = "" if model or listed else tr("Add a model by its id first.")
        if self._fault:
            self._show()
            return
        self.button.set_busy(True)
        self._states.set_check(service.id, None)
        self.status.show_state("", "", "text3")
        if model:
            self._jobs.start(_JOB, self._setup.check(service, model), self._done, self._failed)
        else:
            self._awaits_list = True
            self._lists.fetch(service)

    def _list_changed(self, service_id: object) -> None:
        """Go on when the list has come in which a model is looked for."""
        state = self._lists.state(self._service_id)
        if service_id != self._service_id or not self._awaits_list or state.fetching:
            return
        self._awaits_list = False
        if state.error is not None:
            self._done(CheckResult(False, None, state.error))
        elif _model_to_ask(self._editor.service):
            self._check()
        else:
            self.button.set_busy(False)
            self._fault = tr("Add a model by its id first.")
            self._show()

    def _done(self, result: CheckResult) -> None:
        self.button.set_busy(False)
        self._states.set_check(self._service_id, result)
        service = self._editor.service
        if result.ok and not service.configured:
            # It has a key that was not saved here, or needs none: it can be asked from now on.
            self._editor.save(service)

    def _failed(self, error: Exception) -> None:
        self.button.set_busy(False)
        if isinstance(error, ChatError):
            self._states.set_check(self._service_id, CheckResult(False, None, error.info))
            return
        self._fault = str(error)
        self._show()

    def stop(self) -> None:
        """Give up a check that runs."""
        self._jobs.cancel(_JOB)
        self._awaits_list = False
        self.button.set_busy(False)

    def _show(self) -> None:
        result = self._states.check(self._service_id)
        if self._fault:
            self.status.show_state("warning-circle", self._fault, "warn")
        elif result is None:
            self.status.show_state("", "", "text3")
        elif result.error is not None:
            text = told_in_full(result.error, self._editor.service)
            self.status.show_state("x-circle-fill", text, "danger")
        elif result.first_token is None:
            self.status.show_state("check-circle-fill", tr("Connected"), "ok")
        else:
            text = tr("Connected · TTFT {seconds} s").format(seconds=f"{result.first_token:.2f}")
            self.status.show_state("check-circle-fill", text, "ok")

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Connection"))
        self.button.setText(tr("Test connection"))
        self._show()


def _model_to_ask(service: Service) -> str:
    """Return a model to try a service with: its default, or the first that can chat; or ""."""
    models = chat_models(service.models) or service.models
    return service.default_model or next((model.id for model in models), "")
