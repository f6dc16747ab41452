"""The keys of a service: entered, shown by their hints alone, replaced, removed."""

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout

from desktop_chat.chat.setup import KeyState, ServiceSetup
from desktop_chat.core.access import OAUTH_WAYS, PAIR_WAYS
from desktop_chat.core.errors import ChatError, SecretStoreError
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Ink, Label, Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import FormRow
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.key_field import KeyField
from desktop_chat.ui.settings.key_lines import KeyLines
from desktop_chat.ui.settings.states import ServiceStates
from desktop_chat.ui.settings.words import (
    host_of,
    key_fault,
    key_place,
    masked,
    pair_fault,
    reason_of,
)
from desktop_chat.ui.theme import Theme


class KeyRow(FormRow):
    """The row of the keys: the first one, and below it those that stand by. Some ways of proving
    want two values, an id and a secret, for one key.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: keeps keys.
        states: what is known of keys.
        jobs: run what takes time.
    """

    saved = Signal()
    """The key that was entered here is kept now."""

    def __init__(
        self,
        theme: Theme,
        editor: ServiceEditor,
        setup: ServiceSetup,
        states: ServiceStates,
        jobs: Jobs,
    ) -> None:
        super().__init__(theme)
        self._editor = editor
        self._setup = setup
        self._states = states
        self._jobs = jobs
        self._editing = False
        self._slot = 0
        self._service_id = ""
        self._fault = ""
        self.shown = Field(theme, "", mono=True)
        self.shown.setReadOnly(True)
        self.id_field = Field(theme, "", mono=True)
        self.id_field.returnPressed.connect(self._save)
        self.id_field.textEdited.connect(self._typed)
        self.field = KeyField(theme, "")
        self.field.returnPressed.connect(self._save)
        self.field.textEdited.connect(self._typed)
        self.save_button = Button(theme, kind="primary")
        self.save_button.clicked.connect(self._save)
        self.cancel_button = Button(theme, kind="quiet")
        self.cancel_button.clicked.connect(self.cancel)
        self.replace_button = Button(theme)
        self.replace_button.clicked.connect(self.begin)
        self.remove_button = Button(theme, kind="quiet")
        self.remove_button.clicked.connect(lambda: self._remove(0))
        fields = QVBoxLayout()
        fields.setSpacing(6)
        for widget in (self.shown, self.id_field, self.field):
            fields.addWidget(widget)
        self.line.addLayout(fields, 1)
        for button in (
            self.save_button,
            self.cancel_button,
            self.replace_button,
            self.remove_button,
        ):
            self.line.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        self.status = Status(theme)
        self.lines = KeyLines(theme)
        self.lines.removed.connect(self._remove)
        self.token_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.add_button = Button(theme, kind="quiet", small=True, icon="plus")
        self.add_button.clicked.connect(self._add)
        self.site_button = Button(theme, kind="quiet", small=True, icon="arrow-square-out")
        self.site_button.clicked.connect(self._open_site)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.status, 1)
        first.addStretch()
        first.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        self.notes.addLayout(first)
        for note in (self.lines, self.token_note):
            self.notes.addWidget(note)
        self.notes.addWidget(self.site_button, 0, Qt.AlignmentFlag.AlignLeft)
        editor.changed.connect(self._service_changed)
        states.changed.connect(self._state_changed)
        self.retranslate()

    # What is shown.

    def _service_changed(self) -> None:
        service = self._editor.service
        if service.id != self._service_id:
            self._service_id = service.id
            self._leave_editing()
        needs_key = service.auth != "none" or not service.builtin
        self.setVisible(needs_key and service.protocol != "demo")
        self._name(service)
        self._show()

    def _state_changed(self, service_id: str) -> None:
        if service_id == self._editor.service.id:
            self._show()

    def _show(self) -> None:
        service = self._editor.service
        state = self._states.key(service.id)
        place = state.place if state is not None else None
        saved = place in (KeyPlace.KEYRING, KeyPlace.MEMORY)
        entering = self._editing or place is None
        several = state is not None and len(state.keys) > 1
        self.shown.setVisible(not entering)
        self.id_field.setVisible(entering and service.auth in PAIR_WAYS)
        self.field.setVisible(entering)
        self.save_button.setVisible(entering)
        self.cancel_button.setVisible(entering and place is not None)
        self.replace_button.setVisible(not entering)
        self.remove_button.setVisible(not entering and saved and not several)
        self.lines.show_keys(state.keys if state is not None else (), removable=saved)
        self.add_button.setVisible(not entering and saved)
        elsewhere = state.token_origin if state is not None else ""
        self.token_note.setVisible(bool(elsewhere))
        told = tr("Id and secret go to {host} too, where tokens are made.")
        self.token_note.setText(told.format(host=host_of(elsewhere)))
        if not entering and state is not None:
            self.shown.setText(masked(state.hint))
            self.shown.setCursorPosition(0)
        site = service.site.startswith("https://")
        self.site_button.setVisible(entering and place is None and site)
        self._show_note(state)

    def _show_note(self, state: KeyState | None) -> None:
        if self._fault:
            self.status.show_state("warning-circle", self._fault, "danger")
            return
        if state is None or self._editor.service.auth == "none":
            self.status.show_state("", "", "text3")
            return
        service = self._editor.service
        text = key_place(state, self._setup.keyring_name(), service.key_env)
        icon, ink, words = _look(state)
        self.status.show_state(icon, text, ink, words)

    def _typed(self) -> None:
        if self._fault:
            self._tell("")

    def _tell(self, fault: str, *, at_id: bool = False) -> None:
        self._fault = fault
        for field, wrong in ((self.id_field, at_id), (self.field, not at_id)):
            field.set_wrong(bool(fault) and wrong)
            field.setAccessibleDescription(fault if wrong else "")
        self._show_note(self._states.key(self._editor.service.id))

    # What is done.

    def begin(self) -> None:
        """Let a key be entered, in place of the first one that there may be."""
        self._enter(0)

    def _add(self) -> None:
        """Let a further key be entered."""
        state = self._states.key(self._editor.service.id)
        self._enter(len(state.keys) if state is not None else 0)

    def _enter(self, slot: int) -> None:
        self._slot = slot
        self._editing = True
        self._show()
        pair = self._editor.service.auth in PAIR_WAYS
        (self.id_field if pair else self.field).setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_editing(self) -> None:
        self._editing = False
        self._slot = 0
        self._fault = ""
        self.field.forget()
        self.id_field.setText("")
        for field in (self.field, self.id_field):
            field.set_wrong(False)
            field.setAccessibleDescription("")
        self.save_button.set_busy(False)
        self.remove_button.set_busy(False)

    def cancel(self) -> None:
        """Enter no key after all."""
        self._leave_editing()
        self._show()
        self.replace_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self) -> None:
        if self.save_button.busy:
            return
        service = self._editor.service
        key = self._entered(service)
        if key is None:
            return
        if service.auth == "none":
            # A service of the user's own that had no key until now.
            if not self._editor.change(auth="bearer"):
                return
            service = self._editor.service
        self.save_button.set_busy(True)
        self._jobs.start(
            "save key",
            self._setup.save_key(service, key, self._slot),
            lambda _place: self._saved(service),
            lambda error: self._failed(service, error),
            finish=True,
        )

    def _entered(self, service: Service) -> Secret | None:
        """Return the key as typed; tell what is wrong with it, and return None."""
        text = self.field.text()
        if service.auth in PAIR_WAYS:
            fault, at_id = pair_fault(self.id_field.text(), text)
            self._tell(fault, at_id=at_id)
            return None if fault else Secret.pair(self.id_field.text(), text)
        self._tell(key_fault(text))
        return None if self._fault else Secret(text)

    def _saved(self, service: Service) -> None:
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        self._kept(service)
        if had_focus and service.id == self._service_id:
            self.saved.emit()

    def _kept(self, service: Service) -> None:
        """Show the key's new state; by now another service may be shown, and one typed for it."""
        if service.id == self._service_id:
            self._leave_editing()
        self._states.set_check(service.id, None)
        self._states.refresh(service)

    def _remove(self, slot: int) -> None:
        service = self._editor.service
        self.remove_button.set_busy(True)
        self._jobs.start(
            "remove key",
            self._setup.delete_key(service, slot),
            lambda _none: self._kept(service),
            lambda error: self._failed(service, error),
            finish=True,
        )

    def _failed(self, service: Service, error: Exception) -> None:
        if service.id != self._service_id:
            self._states.refresh(service)
            return
        self.save_button.set_busy(False)
        self.remove_button.set_busy(False)
        if isinstance(error, SecretStoreError):
            sentence = tr("The key was not changed: {reason}. Unlock it, then try again.")
            self._tell(sentence.format(reason=reason_of(error)))
        elif isinstance(error, ChatError):
            self._tell(tr("Correct the address below first."))
        else:
            sentence = tr(
                "The key is kept, but the service was not saved: {reason}."
                " Make room on the disk or allow writing, then try again."
            )
            self._tell(sentence.format(reason=reason_of(error)))

    def _open_site(self) -> None:
        QDesktopServices.openUrl(QUrl(self._editor.service.site))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.field.retranslate()
        self.lines.retranslate()
        self.add_button.setText(tr("Add another key"))
        self.save_button.setText(tr("Save"))
        self.cancel_button.setText(tr("Cancel"))
        self.replace_button.setText(tr("Replace"))
        self.remove_button.setText(tr("Remove"))
        self.site_button.setText(tr("Get a key"))
        self._fault = ""
        if self._editor.service.id:
            self._name(self._editor.service)
            self._show()

    def _name(self, service: Service) -> None:
        """Call the values as the way of proving calls them."""
        oauth = service.auth in OAUTH_WAYS
        pair = service.auth in PAIR_WAYS
        label = tr("Client") if oauth else tr("Key pair") if pair else tr("API key")
        self.set_label(label)
        self.shown.setAccessibleName(label)
        self.id_field.setAccessibleName(tr("Client id") if oauth else tr("Key id"))
        self.id_field.setPlaceholderText(self.id_field.accessibleName())
        secret = tr("Client secret") if oauth else tr("Secret")
        self.field.setAccessibleName(secret if pair else label)
        optional = service.auth == "none"
        paste = tr("Not needed") if optional else tr("Paste the key")
        self.field.setPlaceholderText(secret if pair else paste)


def _look(state: KeyState) -> tuple[str, Ink, Ink]:
    """Return icon, its colour and that of the words, for where a key is kept."""
    if state.place == KeyPlace.KEYRING:
        return "lock-key", "ok", "text2"
    if state.place == KeyPlace.ENVIRONMENT:
        return "info", "text2", "text2"
    return "lock-key-open", "warn", "warn"
