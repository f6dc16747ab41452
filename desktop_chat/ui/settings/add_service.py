"""Adding a service: its kind, its address, and how one proves to it who one is."""

import re
from collections.abc import Container
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout

from desktop_chat.chat.setup import ServiceSetup, is_safe_for_keys
from desktop_chat.core.access import OAUTH_WAYS, PAIR_WAYS
from desktop_chat.core.errors import ChatError
from desktop_chat.core.i18n import tr
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.fields import Field, SelectField
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.settings.form import Column, FormRow
from desktop_chat.ui.settings.key_field import KeyField
from desktop_chat.ui.settings.kinds import (
    AUTHS,
    KINDS,
    auth_note,
    auth_title,
    kind_note,
    kind_title,
    protocol_of,
)
from desktop_chat.ui.settings.way_box import judge_header, judge_query, judge_token_url
from desktop_chat.ui.settings.words import address_fault, host_in, key_fault, pair_fault
from desktop_chat.ui.theme import Theme

_AUTO: Final = "auto"
"""A key where one is typed, and none where not: what most compatible services want."""


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
    """Asks for kind, name, address, key and model of a new service.

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
        self.kind = SelectField(theme, "")
        self.kind.chosen.connect(self._set_kind)
        self.kind_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.name = Field(theme, "")
        self.address = Field(theme, "", mono=True)
        self.auth = SelectField(theme, "")
        self.auth.chosen.connect(self._set_auth)
        self.auth_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.detail = Field(theme, "", mono=True)
        self.detail_status = Status(theme)
        self.key_id = Field(theme, "", mono=True)
        self.key = KeyField(theme, "")
        self.model = Field(theme, "", mono=True)
        self.request = Label(theme, pixels=12, ink="text3", wrap=True)
        self.address_status = Status(theme)
        self.key_status = Status(theme)
        self.add_button = Button(theme, kind="primary")
        self.add_button.clicked.connect(self._submit)
        self.cancel_button = Button(theme, kind="quiet")
        self.cancel_button.clicked.connect(self.cancelled)
        self._build(theme)
        self.retranslate()

    def _build(self, theme: Theme) -> None:
        self._fields = (
            self.kind,
            self.name,
            self.address,
            self.auth,
            self.detail,
            self.key_id,
            self.key,
            self.model,
        )
        self._rows = {field: FormRow(theme) for field in self._fields}
        for field, row in self._rows.items():
            row.line.addWidget(field, 1)
            if isinstance(field, Field):
                field.returnPressed.connect(self._submit)
        for field, note in (
            (self.kind, self.kind_note),
            (self.address, self.request),
            (self.address, self.address_status),
            (self.auth, self.auth_note),
            (self.detail, self.detail_status),
            (self.key, self.key_status),
        ):
            self._rows[field].notes.addWidget(note)
        self.address.textEdited.connect(self._address_typed)
        self.detail.textEdited.connect(self._detail_typed)
        for field in (self.key, self.key_id):
            field.textEdited.connect(self._key_typed)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        actions = FormRow(theme)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch()
        actions.line.addLayout(buttons)
        for widget in (self.title, self.lead, *self._rows.values(), actions):
            self.rows.addWidget(widget)
        self.rows.addStretch(1)

    def begin(self, taken: Container[str]) -> None:
        """Begin anew.

        Args:
            taken: ids that other services have.
        """
        self._taken = taken
        for field in self._fields:
            if isinstance(field, Field):
                field.setText("")
                field.set_wrong(False)
        self.key.forget()
        self.request.hide()
        self.add_button.set_busy(False)
        for status in (self.address_status, self.key_status, self.detail_status):
            status.show_state("", "", "text3")
        self.kind.set_value("openai-chat")
        self._set_kind("openai-chat")
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    # What is shown.

    def _set_kind(self, kind: str) -> None:
        usual = KINDS[kind].auth
        self.auth.set_value(_AUTO if usual == "bearer" else usual)
        self.kind_note.setText(kind_note(kind))
        self.address.setPlaceholderText(KINDS[kind].example)
        listed = bool(KINDS[kind].models_path)
        hint = tr("Or fetch the list afterwards") if listed else tr("As the service names it")
        self.model.setPlaceholderText(hint)
        self._set_auth(self.auth.value())
        if self.address.text().strip():
            self._judge_address(told=False)

    def _set_auth(self, auth: str) -> None:
        """Ask for what a way of proving needs."""
        wants_detail = auth in ("header", "query") or auth in OAUTH_WAYS
        self._rows[self.detail].setVisible(wants_detail)
        self._rows[self.key_id].setVisible(auth in PAIR_WAYS)
        self._rows[self.key].setVisible(auth != "none")
        names = {"header": tr("Header"), "query": tr("Parameter")}
        self._name(self.detail, names.get(auth, tr("Token address")))
        fields = KINDS[self.kind.value()].auth_fields
        example = {"header": "x-api-key", "query": "key"}.get(auth, "/oauth/token")
        self.detail.setText(fields.get("header", example) if auth == "header" else example)
        oauth = auth in OAUTH_WAYS
        self._name(self.key_id, tr("Client id") if oauth else tr("Key id"))
        secret = tr("Client secret") if oauth else tr("Secret")
        self._name(self.key, secret if auth in PAIR_WAYS else tr("API key"))
        optional = auth == _AUTO
        self.key.setPlaceholderText(tr("Leave it empty where none is needed") if optional else "")
        note = auth_note(auth)
        self.auth_note.setText(note)
        self.auth_note.setVisible(bool(note))
        self._key_typed()
        self._detail_typed()

    def _name(self, field: Field | SelectField, name: str) -> None:
        self._rows[field].set_label(name)
        field.setAccessibleName(name)

    def _draft(self) -> Service:
        address, model = self.address.text().strip(), self.model.text().strip()
        name = self.name.text().strip() or host_in(address) or address
        kind = KINDS[self.kind.value() or "openai-chat"]
        auth = self.auth.value()
        if auth == _AUTO:
            auth = "bearer" if self.key.text().strip() else "none"
        makes = "image" if self.kind.value() == "images" else "text"
        return Service(
            new_service_id(self.name.text(), address, self._taken),
            {"": name},
            protocol=protocol_of(self.kind.value()),
            images=kind.images,
            base_url=address,
            auth=auth,
            auth_fields=self._auth_fields(auth),
            models_path=kind.models_path,
            models=(Model(model, makes=makes),) if model else (),
            default_model=model,
            configured=True,
        )

    def _auth_fields(self, auth: str) -> dict[str, str]:
        detail = self.detail.text().strip()
        if auth in OAUTH_WAYS:
            return {"token_url": detail}
        return {auth: detail} if auth in ("header", "query") else {}

    # What is wrong.

    def _address_typed(self) -> None:
        self._judge_address(told=False)

    def _judge_address(self, *, told: bool) -> bool:
        """Show what the address means; a fault is told when the form is sent."""
        draft = self._draft()
        self.address.set_wrong(False)
        self.address.setAccessibleDescription("")
        self.address_status.show_state("", "", "text3")
        try:
            url, origin = self._setup.chat_url(draft), self._setup.origin(draft)
        except ChatError as error:
            self.request.hide()
            if told:
                self.address.set_wrong(True)
                fault = address_fault(error.info)
                self.address.setAccessibleDescription(fault)
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
        self.key_id.set_wrong(False)
        self.key_status.show_state("", "", "text3")

    def _detail_typed(self) -> None:
        self.detail.set_wrong(False)
        self.detail_status.show_state("", "", "text3")

    def _judge_key(self) -> bool:
        auth, text = self.auth.value(), self.key.text()
        wrong: Field = self.key
        fault = ""
        if auth in PAIR_WAYS:
            fault, at_id = pair_fault(self.key_id.text(), text)
            wrong = self.key_id if at_id else self.key
        elif auth != "none" and (text.strip() or auth != _AUTO):
            fault = key_fault(text)
        wrong.set_wrong(bool(fault))
        wrong.setAccessibleDescription(fault)
        self.key_status.show_state("warning-circle", fault, "danger")
        if fault:
            wrong.setFocus(Qt.FocusReason.OtherFocusReason)
        return not fault

    def _judge_detail(self) -> bool:
        auth, text = self.auth.value(), self.detail.text().strip()
        fault = ""
        if auth in OAUTH_WAYS:
            fault = judge_token_url(text)
        elif auth in ("header", "query"):
            fault = judge_header(text) if auth == "header" else judge_query(text)
        self.detail.set_wrong(bool(fault))
        self.detail.setAccessibleDescription(fault)
        self.detail_status.show_state("warning-circle", fault, "danger")
        if fault:
            self.detail.setFocus(Qt.FocusReason.OtherFocusReason)
        return not fault

    def _submit(self) -> None:
        if self.add_button.busy:
            return
        # Each tells its own fault; the focus goes to the first of them.
        good = [self._judge_key(), self._judge_detail(), self._judge_address(told=True)]
        if all(good):
            self.submitted.emit(self._draft(), self._secret())

    def _secret(self) -> Secret | None:
        text = self.key.text().strip()
        auth = self.auth.value()
        if auth == "none" or not text:
            return None
        if auth in PAIR_WAYS:
            return Secret.pair(self.key_id.text(), text)
        return Secret(text)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.title.setText(tr("Add a service"))
        self.lead.setText(tr("The service's documentation says which of these it speaks."))
        names = (tr("Protocol"), tr("Name"), tr("Base URL"), tr("Access"))
        first: list[Field | SelectField] = [self.kind, self.name, self.address, self.auth]
        for field, name in zip(first, names, strict=True):
            self._name(field, name)
        self._name(self.model, tr("Model ID"))
        self.kind.set_name(tr("Protocol"))
        self.kind.set_choices([(kind, kind_title(kind)) for kind in KINDS])
        self.auth.set_name(tr("Authentication"))
        auths = [(auth, auth_title(auth)) for auth in AUTHS if auth != "bearer"]
        self.auth.set_choices([(_AUTO, auth_title("bearer")), *auths])
        self.key.retranslate()
        self.name.setPlaceholderText(tr("As you want to call it"))
        self.add_button.setText(tr("Add"))
        self.cancel_button.setText(tr("Cancel"))
        if not self.kind.value():
            self.kind.set_value("openai-chat")
        auth = self.auth.value()
        self._set_kind(self.kind.value())
        if auth:
            self.auth.set_value(auth)
            self._set_auth(auth)
