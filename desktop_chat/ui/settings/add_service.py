"""Adding a service at any OpenAI-compatible address."""

import re
from collections.abc import Container
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout

from desktop_chat.chat.setup import ServiceSetup, is_safe_for_keys
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import tr
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.settings.form import Column, FormRow
from desktop_chat.ui.settings.key_row import KeyField
from desktop_chat.ui.settings.words import address_fault, host_in, key_fault
from desktop_chat.ui.theme import Theme


def new_service_id(name: str, base_url: str, taken: Container[str]) -> str:
    """Return an id for a new service: from its name, or else from its host."""
    for source in (name, host_in(base_url)):
        stem = re.sub(r"[^a-z0-9]+", "-", source.casefold()).strip("-")[:48]
        if stem:
            break
    else:
        stem = "service"
    number, result = 1, stem
    while result in taken:
        number += 1
        result = f"{stem}-{number}"
    return result


class AddService(Column):
    """Asks for name, address, key and model of a new service.

    Args:
        theme: colours and fonts.
        setup: knows what an address means.
    """

    submitted = Signal(object, object)
    """A ``Service`` and its ``Secret``, or None where it needs none."""
    cancelled = Signal()

    def __init__(self, theme: Theme, setup: ServiceSetup) -> None:
        super().__init__(theme)
        self._setup = setup
        self._taken: Container[str] = ()
        self.title = Label(theme, pixels=18, bold=True)
        self.lead = Label(theme, ink="text2", wrap=True)
        self.address = Field(theme, "", mono=True)
        self.name = Field(theme, "")
        self.key = KeyField(theme, "")
        self.model = Field(theme, "", mono=True)
        self.request = Label(theme, pixels=12, ink="text3", wrap=True)
        self.address_status = Status(theme)
        self.key_status = Status(theme)
        self._rows = [FormRow(theme) for _number in range(4)]
        fields = (self.name, self.address, self.key, self.model)
        for row, field in zip(self._rows, fields, strict=True):
            row.line.addWidget(field, 1)
            field.returnPressed.connect(self._submit)
        self._rows[1].notes.addWidget(self.request)
        self._rows[1].notes.addWidget(self.address_status)
        self._rows[2].notes.addWidget(self.key_status)
        self.address.textEdited.connect(self._address_typed)
        self.key.textEdited.connect(self._key_typed)
        self.add_button = Button(theme, kind="primary")
        self.add_button.clicked.connect(self._submit)
        self.cancel_button = Button(theme, kind="quiet")
        self.cancel_button.clicked.connect(self.cancelled)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        actions = FormRow(theme)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch()
        actions.line.addLayout(buttons)
        for widget in (self.title, self.lead, *self._rows, actions):
            self.rows.addWidget(widget)
        self.rows.addStretch(1)
        self.retranslate()

    def begin(self, taken: Container[str]) -> None:
        """Begin anew.

        Args:
            taken: ids that other services have.
        """
        self._taken = taken
        for field in (self.name, self.address, self.key, self.model):
            field.setText("")
            field.set_wrong(False)
        self.key.forget()
        self.request.hide()
        self.add_button.set_busy(False)
        for status in (self.address_status, self.key_status):
            status.show_state("", "", "text3")
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _draft(self) -> Service:
        address, model = self.address.text().strip(), self.model.text().strip()
        name = self.name.text().strip() or host_in(address) or address
        return Service(
            new_service_id(self.name.text(), address, self._taken),
            {"": name},
            base_url=address,
            auth="bearer" if self.key.text().strip() else "none",
            models=(Model(model),) if model else (),
            default_model=model,
            configured=True,
        )

    def _address_typed(self) -> None:
        self._judge_address(told=False)

    def _judge_address(self, *, told: bool) -> bool:
        """Show what the address means; a fault is told when the form is sent."""
        draft = self._draft()
        self.address.set_wrong(False)
        self.address_status.show_state("", "", "text3")
        try:
            url, origin = self._setup.chat_url(draft), self._setup.origin(draft)
        except ChatError as error:
            self.request.hide()
            if told:
                self.address.set_wrong(True)
                fault = address_fault(error.info)
                self.address_status.show_state("warning-circle", fault, "danger")
                self.address.setFocus(Qt.FocusReason.OtherFocusReason)
            return False
        self.request.setText(tr("Requests go to {url}").format(url=url))
        self.request.show()
        if not is_safe_for_keys(origin):
            self.address_status.show_state(
                "lock-key-open",
                tr("This address is not encrypted: others on the way can read messages and key."),
                "warn",
            )
        return True

    def _key_typed(self) -> None:
        self.key.set_wrong(False)
        self.key_status.show_state("", "", "text3")

    def _judge_key(self) -> bool:
        text = self.key.text()
        fault = key_fault(text) if text.strip() else ""
        self.key.set_wrong(bool(fault))
        self.key_status.show_state("warning-circle", fault, "danger")
        if fault:
            self.key.setFocus(Qt.FocusReason.OtherFocusReason)
        return not fault

    def _submit(self) -> None:
        if self.add_button.busy:
            return
        key_is_good = self._judge_key()
        if self._judge_address(told=True) and key_is_good:
            key = self.key.text().strip()
            draft = replace(self._draft())
            self.submitted.emit(draft, Secret(key) if key else None)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.title.setText(tr("Add a service"))
        self.lead.setText(tr("Any address that speaks the OpenAI chat completions protocol."))
        names = (tr("Name"), tr("Base URL"), tr("API key"), tr("Model ID"))
        fields = (self.name, self.address, self.key, self.model)
        for row, field, name in zip(self._rows, fields, names, strict=True):
            row.set_label(name)
            field.setAccessibleName(name)
        self.key.retranslate()
        self.address.setPlaceholderText("https://api.example.com/v1")
        self.key.setPlaceholderText(tr("Leave it empty where none is needed"))
        self.model.setPlaceholderText(tr("Or fetch the list afterwards"))
        self.add_button.setText(tr("Add"))
        self.cancel_button.setText(tr("Cancel"))
