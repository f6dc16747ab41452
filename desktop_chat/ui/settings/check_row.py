"""Trying whether a service answers."""

from typing import Final

from PySide6.QtCore import QEvent, QTimer

from desktop_chat.chat.model_lists import ModelLists, chat_models
from desktop_chat.chat.setup import CheckResult, ServiceSetup
from desktop_chat.core.balance import Balance
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.services import Service
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.labels import Ink, Label, Status
from desktop_chat.ui.settings.balance_words import balance_label, balance_warning
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import Flow, FormRow
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.states import ServiceStates
from desktop_chat.ui.settings.words import told_in_full
from desktop_chat.ui.theme import Theme

_JOB: Final = "check"
_BALANCE_JOB: Final = "balance"
_MINUTE_MS: Final = 60_000
_WARN: Final[Ink] = "warn"
_DANGER: Final[Ink] = "danger"


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
        self._balances: dict[str, Balance] = {}
        self.button = Button(theme, icon="activity")
        self.button.clicked.connect(self._check)
        self.status = Status(theme, pixels=13)
        self.meta = Label(theme, pixels=12, ink="text3")
        flow = Flow(gap=12)
        for widget in (self.button, self.status, self.meta):
            flow.addWidget(widget)
        self.line.addLayout(flow)
        self.fault = Status(theme)
        self.fault.hide()
        self.low = Status(theme)
        self.low.hide()
        self.notes.addWidget(self.fault)
        self.notes.addWidget(self.low)
        self._clock = QTimer(self)
        self._clock.setInterval(_MINUTE_MS)
        self._clock.timeout.connect(self._show)
        editor.changed.connect(self._service_changed)
        states.changed.connect(self._state_changed)
        Relay(lists.subscribe, self).received.connect(self._list_changed)
        self.retranslate()

    def _service_changed(self) -> None:
        if self._editor.service.id != self._service_id:
            self._service_id = self._editor.service.id
            self.stop()
            self._ask_balance()
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
        self._balances.pop(service.id, None)
        self._states.set_check(service.id, None)
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
        # How each of its keys is doing is known now.
        self._states.refresh(service)
        self._ask_balance(fresh=True)
        if result.ok and not service.configured:
            # It has a key that was not saved here, or needs none: it can be asked from now on.
            self._editor.save(service)

    def _ask_balance(self, *, fresh: bool = False) -> None:
        """Ask what is left where the last check was good; a failure is no fault of the check."""
        service = self._editor.service
        result = self._states.check(service.id)
        if result is None or not result.ok or not service.balance:
            return
        self._jobs.start(
            _BALANCE_JOB,
            self._setup.balance(service, fresh=fresh),
            lambda balance: self._keep_balance(service.id, balance),
            lambda _error: None,
        )

    def _keep_balance(self, service_id: str, balance: Balance | None) -> None:
        if balance is not None:
            self._balances[service_id] = balance
        if service_id == self._service_id:
            self._show()

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
        self._jobs.cancel(_BALANCE_JOB)
        self._awaits_list = False
        self.button.set_busy(False)

    def _show(self) -> None:
        result = self._states.check(self._service_id)
        fault, icon, ink = self._fault, "warning-circle", _WARN
        if not fault and result is not None and result.error is not None:
            fault, icon = told_in_full(result.error, self._editor.service), "x-circle-fill"
            ink = _DANGER
        self.fault.show_state(icon, fault, ink)
        good = not fault and result is not None
        self.status.show_state("check-circle-fill", tr("Connected") if good else "", "ok")
        self.meta.setVisible(good)
        balance = self._balances.get(self._service_id) if good else None
        warning = balance_warning(balance) if balance is not None else ""
        self.low.show_state("warning-circle", warning, _WARN)
        if good and result is not None:
            self.meta.setText(" · ".join(self._measured(result)))
            self._clock.start()
        else:
            self._clock.stop()

    def _measured(self, result: CheckResult) -> list[str]:
        """Return what the check found, and how long ago."""
        parts = []
        if result.first_token is not None:
            parts.append(tr("TTFT {seconds} s").format(seconds=f"{result.first_token:.2f}"))
        if balance := self._balances.get(self._service_id):
            parts += filter(None, [balance_label(balance)])
        minutes = int(self._states.check_age(self._service_id) // 60)
        ago = ntr("{count} min ago", "{count} min ago", minutes).format(count=minutes)
        return [*parts, ago if minutes else tr("just now")]

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
