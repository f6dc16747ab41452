"""How a service is spoken to: its protocol, and how one proves to it who one is."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_chat.chat.setup import is_safe_for_keys
from desktop_chat.core.access import OAUTH_WAYS
from desktop_chat.core.i18n import tr
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.fields import SelectField
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.kinds import (
    AUTHS,
    IMAGES,
    PROTOCOLS,
    auth_note,
    auth_title,
    images_title,
    kind_note,
    kind_title,
    with_auth,
    with_protocol,
)
from desktop_chat.ui.settings.options_rows import OptionsRows
from desktop_chat.ui.settings.row import LineRow, ServiceRow
from desktop_chat.ui.settings.words import host_in
from desktop_chat.ui.theme import Theme

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9._~-]+")
_ADDRESS: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


class _SelectRow(ServiceRow):
    """One of several, with a word about it below."""

    def __init__(self, theme: Theme, editor: ServiceEditor, change: Callable[[str], None]) -> None:
        super().__init__(theme, editor)
        self.select = SelectField(theme, "")
        self.select.chosen.connect(change)
        self.note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.line.addWidget(self.select, 1)
        self.notes.addWidget(self.note)

    def show_value(self, value: str, title: Callable[[str], str], note: str) -> None:
        self.select.set_value(value)
        if not self.select.text():  # one that only a file can name
            self.select.setText(title(value))
        self.note.setText(note)
        self.note.setVisible(bool(note))


def judge_header(text: str) -> str:
    """Say what is wrong with the name of a header, or return ""."""
    if _HEADER.fullmatch(text):
        return ""
    return tr("A header's name has letters, digits and hyphens, such as x-api-key.")


def judge_query(text: str) -> str:
    """Say what is wrong with the name of a parameter, or return ""."""
    if _NAME.fullmatch(text):
        return ""
    return tr("A parameter's name has letters, digits and underscores, such as key.")


def judge_token_url(text: str) -> str:
    """Say what is wrong with the address of tokens, or return ""."""
    path = text.startswith("/") and not re.search(r"[\s?#]", text)
    whole = _ADDRESS.fullmatch(text) and host_in(text)
    if not (path or whole):
        return tr("Enter an address such as https://api.example.com/oauth/token.")
    if not path and not is_safe_for_keys(text):
        return tr("The secret goes there, so the address begins with https://.")
    return ""


def judge_nothing(_text: str) -> str:
    """Find nothing wrong."""
    return ""


class WayBox(QWidget):
    """Protocol, authentication and what both need, for the service shown.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        changed: called with a service after the way to it has changed.
    """

    def __init__(
        self, theme: Theme, editor: ServiceEditor, changed: Callable[[Service], None]
    ) -> None:
        super().__init__()
        self._editor = editor
        self._tell_changed = changed
        self._way: tuple[str, str, str, dict[str, str]] = ("", "", "", {})
        self.protocol = _SelectRow(theme, editor, self._set_protocol)
        self.images = _SelectRow(theme, editor, self._set_images)
        self.auth = _SelectRow(theme, editor, self._set_auth)
        self.header = self._field_row(theme, "header", judge_header)
        self.prefix = self._field_row(theme, "prefix", judge_nothing)
        self.query = self._field_row(theme, "query", judge_query)
        self.token_url = self._field_row(theme, "token_url", judge_token_url)
        self.scope = self._field_row(theme, "scope", judge_nothing)
        self.audience = self._field_row(theme, "audience", judge_nothing)
        self.client = _SelectRow(theme, editor, self._set_client)
        self.options = OptionsRows(theme, editor)
        self.status = Status(theme)
        self.status.hide()
        self._needs: dict[LineRow, tuple[str, ...]] = {
            self.header: ("header",),
            self.prefix: ("header",),
            self.query: ("query",),
            self.token_url: tuple(OAUTH_WAYS),
            self.scope: tuple(OAUTH_WAYS),
            self.audience: tuple(OAUTH_WAYS),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(18)
        for row in (self.protocol, self.options, self.images, self.auth, *self._needs):
            column.addWidget(row)
        column.addWidget(self.client)
        column.addWidget(self.status)
        editor.changed.connect(self._show)
        self.retranslate()

    def _field_row(self, theme: Theme, name: str, judge: Callable[[str], str]) -> LineRow:
        def read(service: Service) -> str:
            return service.auth_fields.get(name, "")

        def write(service: Service, text: str) -> Service:
            fields = {key: value for key, value in service.auth_fields.items() if key != name}
            return replace(service, auth_fields=fields | ({name: text} if text else {}))

        return LineRow(theme, self._editor, read, write, judge)

    def _show(self) -> None:
        service = self._editor.service
        way = (service.id, service.protocol, service.auth, dict(service.auth_fields))
        before, self._way = self._way, way
        if before[0] == service.id and before != way:
            # Keys are bound to where they go, and what was found out came over the other way.
            self._tell_changed(service)
        self.protocol.show_value(service.protocol, kind_title, kind_note(service.protocol))
        self.images.show_value(service.images, images_title, "")
        self.auth.show_value(service.auth, auth_title, auth_note(service.auth))
        for row, auths in self._needs.items():
            row.setVisible(service.auth in auths)
            row.show_service(service)
        self.client.setVisible(service.auth in OAUTH_WAYS)
        sent = "basic" if service.auth_fields.get("client_auth") == "basic" else ""
        self.client.show_value(sent, str, "")

    def hint(self) -> str:
        """Return protocol and authentication in a few words."""
        service = self._editor.service
        return f"{kind_title(service.protocol)} · {auth_title(service.auth)}"

    def _save(self, service: Service) -> None:
        fault = self._editor.attempt(service)
        self.status.show_state("warning-circle", fault, "danger")
        if fault:
            self._show()

    def _set_protocol(self, protocol: str) -> None:
        self._save(with_protocol(self._editor.service, protocol))

    def _set_images(self, images: str) -> None:
        self._save(replace(self._editor.service, images=images))

    def _set_auth(self, auth: str) -> None:
        self._save(with_auth(self._editor.service, auth))

    def _set_client(self, way: str) -> None:
        service = self._editor.service
        fields = {key: item for key, item in service.auth_fields.items() if key != "client_auth"}
        if way:
            fields["client_auth"] = way
        self._save(replace(service, auth_fields=fields))

    def commit(self) -> None:
        """Save what was typed."""
        for row in self._needs:
            if row.isVisibleTo(self):
                row.commit()
        self.options.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.protocol.set_label(tr("Protocol"))
        self.protocol.select.set_name(tr("Protocol"))
        self.protocol.select.set_choices([(item, kind_title(item)) for item in PROTOCOLS])
        self.images.set_label(tr("Pictures"))
        self.images.select.set_name(tr("Protocol of models that make pictures"))
        self.images.select.set_choices([(item, images_title(item)) for item in IMAGES])
        self.auth.set_label(tr("Access"))
        self.auth.select.set_name(tr("Authentication"))
        self.auth.select.set_choices([(item, auth_title(item)) for item in AUTHS])
        self.header.set_name(tr("Header"), "x-api-key")
        self.prefix.set_name(tr("Before the key"), tr("Nothing"))
        self.query.set_name(tr("Parameter"), "key")
        self.token_url.set_name(tr("Token address"), "https://api.example.com/oauth/token")
        self.scope.set_name(tr("Scope"), tr("Not needed"))
        self.client.set_label(tr("Sent"))
        self.client.select.set_name(tr("How id and secret are sent"))
        ways = [
            ("", tr("Beside the request for a token")),
            ("basic", tr("In a header, HTTP Basic")),
        ]
        self.client.select.set_choices(ways)
        self.audience.set_name(tr("Audience"), tr("Not needed"))
        if self._editor.service.id:
            self._show()
