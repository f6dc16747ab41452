"""Further headers of a chat's requests, one line for each; none of them carries a key."""

import re
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.secret_names import names_secret, names_secret_header
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.header_line import HEADER_NAME, HeaderLine
from desktop_chat.ui.parameters.entries import Entry
from desktop_chat.ui.theme import Theme

_KEY: Final = re.compile(
    r"\b(sk|pk|rk|ak|hf|gsk|ghp|xai|AIza)[-_]?[A-Za-z0-9_-]{16,}|\b(bearer|basic)\s+\S{8,}"
    r"|\beyJ[\w-]{8,}\.[\w-]+",
    re.IGNORECASE,
)
"""What keys and tokens look like, whatever they are called."""
_OURS: Final = frozenset(
    ("host", "content-length", "content-type", "connection", "transfer-encoding", "accept-encoding")
)
_MOST: Final = 20


def carries_key(name: str, value: object) -> bool:
    """Tell whether a field looks as if it proved who we are: such values belong in the keyring."""
    return names_secret(name) or (isinstance(value, str) and _KEY.search(value) is not None)


def key_in(value: JsonValue, depth: int = 0) -> str:
    """Return the name of a field that carries a key, anywhere in it; or ""."""
    if depth > 40:
        return ""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if carries_key(name, item):
                return name
            if found := key_in(item, depth + 1):
                return found
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := key_in(item, depth + 1))), "")
    return ""


def key_refused(name: str) -> str:
    """Say that a field carries a key."""
    return tr(
        "{field} holds a key, and keys belong in the system keyring. Enter it in the settings."
    ).format(field=name)


class HeadersEntry(Entry):
    """The headers.

    Args:
        theme: colours and fonts.
        headers: that are set.
    """

    def __init__(self, theme: Theme, headers: Mapping[str, str]) -> None:
        super().__init__(theme, tr("Headers"), wide=True)
        self.lines: list[HeaderLine] = []
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.add_button = Button(theme, tr("Add a header"), kind="quiet", small=True, icon="plus")
        self.add_button.clicked.connect(self._add)
        self._column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._hold(inside)
        for name, value in headers.items():
            self._make(name, value)

    def _make(self, name: str, value: str) -> HeaderLine:
        line = HeaderLine(self.theme, name, value)
        line.changed.connect(self.changed)
        line.removed.connect(self._remove)
        self.lines.append(line)
        self._column.insertWidget(self._column.count() - 1, line)
        self.add_button.setEnabled(len(self.lines) < _MOST)
        return line

    def _add(self) -> None:
        empty = next((line for line in self.lines if not any(line.pair())), None)
        line = empty or self._make("", "")
        line.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _remove(self, line: object) -> None:
        if isinstance(line, HeaderLine):
            self.lines.remove(line)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
            self.add_button.setEnabled(True)
            self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.changed.emit()

    def is_set(self) -> bool:
        """Tell whether there is a header."""
        return bool(self.value())

    def value(self) -> Any:
        """Return the headers that are whole."""
        return {name: value for name, value in map(HeaderLine.pair, self.lines) if name and value}

    def fault(self) -> str:
        """Say what is wrong with the first line that is."""
        return self._judged()[0]

    def mark(self, fault: str) -> None:
        """Mark the field that is wrong."""
        wrong = self._judged()[1] if fault else None
        for line in self.lines:
            for field in (line.name, line.value):
                field.set_wrong(field is wrong)
                field.setAccessibleDescription(fault if field is wrong else "")

    def _judged(self) -> tuple[str, Field | None]:
        seen: set[str] = set()
        for line in self.lines:
            name, value = line.pair()
            if not name and not value:
                continue
            if not HEADER_NAME.fullmatch(name):
                return tr("A header's name has letters, digits and hyphens."), line.name
            if name.casefold() in _OURS:
                words = tr("{field} is filled by the program. Leave it out.")
                return words.format(field=name), line.name
            if name.casefold() in seen:
                return tr("{header} is there twice.").format(header=name), line.name
            if names_secret_header(name) or carries_key(name, value):
                return key_refused(name), line.name
            if not value.isascii() or not value.isprintable():
                return tr("A header's value has only letters, digits and signs."), line.value
            seen.add(name.casefold())
        return "", None
