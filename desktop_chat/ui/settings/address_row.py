"""The address of a service, and what follows from it for requests and keys."""

from dataclasses import replace

from PySide6.QtCore import QEvent

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.setup import ServiceSetup, is_safe_for_keys
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import KeyPlace
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import FormRow
from desktop_chat.ui.settings.states import ServiceStates
from desktop_chat.ui.settings.words import address_fault, host_of
from desktop_chat.ui.theme import Theme


class AddressRow(FormRow):
    """The row of the base URL. It is saved when the field is left or Enter is pressed.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: knows what an address means.
        states: what is known of keys.
        lists: what came from another address is no longer so.
    """

    def __init__(
        self,
        theme: Theme,
        editor: ServiceEditor,
        setup: ServiceSetup,
        states: ServiceStates,
        lists: ModelLists,
    ) -> None:
        super().__init__(theme)
        self._editor = editor
        self._setup = setup
        self._states = states
        self._lists = lists
        self._shown = ("", "")
        self._moved = ""
        self.field = Field(theme, "", mono=True)
        self.field.textEdited.connect(self._preview)
        self.field.editingFinished.connect(self.commit)
        self.line.addWidget(self.field, 1)
        self.request = Label(theme, pixels=12, ink="text3", wrap=True)
        self.status = Status(theme)
        self.warning = Status(theme)
        for note in (self.request, self.status, self.warning):
            self.notes.addWidget(note)
        editor.changed.connect(self._service_changed)
        self.retranslate()

    def _service_changed(self) -> None:
        service = self._editor.service
        self.setVisible(service.protocol != "demo")
        if service.id != self._shown[0]:
            self._moved = ""
        if (service.id, service.base_url) != self._shown:
            self._shown = (service.id, service.base_url)
            self.field.setText(service.base_url)
            self.field.setCursorPosition(0)
        self._preview()

    def _preview(self) -> bool:
        """Say what the address as typed means; return whether it is one."""
        service = self._editor.service
        if not service.id or service.protocol == "demo":
            return False
        typed = replace(service, base_url=self.field.text().strip())
        try:
            url, origin = self._setup.chat_url(typed), self._setup.origin(typed)
        except ChatError as error:
            self._show_fault(address_fault(error.info))
            return False
        self.field.set_wrong(False)
        self.field.setAccessibleDescription("")
        self.request.setText(tr("Requests go to {url}").format(url=url))
        self.request.show()
        self._tell_of_key(origin)
        plain = not is_safe_for_keys(origin)
        self.warning.show_state(
            "lock-key-open",
            tr("This address is not encrypted: others on the way can read messages and key.")
            if plain
            else "",
            "warn",
        )
        return True

    def _show_fault(self, fault: str) -> None:
        self.field.set_wrong(True)
        self.field.setAccessibleDescription(fault)
        self.request.hide()
        self.warning.show_state("", "", "warn")
        self.status.show_state("warning-circle", fault, "danger")

    def _tell_of_key(self, origin: str) -> None:
        """Say that a key stays behind when the address moves to another host."""
        state = self._states.key(self._editor.service.id)
        if state is not None and state.place in (KeyPlace.KEYRING, KeyPlace.MEMORY):
            self._moved = state.origin if state.origin != origin else ""
        if not self._moved or self._moved == origin:
            self.status.show_state("", "", "text3")
            return
        sentence = tr(
            "The saved key was given for {old}. It is not sent to {new}"
            " until you enter it again for that address."
        )
        text = sentence.format(old=host_of(self._moved), new=host_of(origin))
        self.status.show_state("warning-circle", text, "warn")

    def commit(self) -> None:
        """Save the address, if it is one and another."""
        service = self._editor.service
        text = self.field.text().strip()
        if not service.id or text == service.base_url or not self._preview():
            return
        if self._editor.change(base_url=text):
            self._states.set_check(service.id, None)
            self._states.refresh(self._editor.service)
            self._lists.forget(service.id)
            self._lists.want(self._editor.service)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Base URL"))
        self.field.setAccessibleName(tr("Base URL"))
        self._preview()
