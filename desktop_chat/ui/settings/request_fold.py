"""Further headers of every request, and further fields of every question."""

import json
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Button
from desktop_chat.ui.controls.fields import Field, paint_field
from desktop_chat.ui.controls.labels import Label, Status
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.header_line import HEADER_NAME, HeaderLine
from desktop_chat.ui.json_text import read_body
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.row import ServiceRow, focus
from desktop_chat.ui.theme import Theme


class HeadersRow(ServiceRow):
    """The row of the headers: a line for each, saved when it is whole and left.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        self._shown: tuple[str, dict[str, str]] = ("", {})
        self.lines: list[HeaderLine] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        self.add_button = Button(theme, kind="quiet", small=True, icon="plus")
        self.add_button.clicked.connect(self._add)
        self.status = Status(theme)
        self.status.hide()
        inside = QVBoxLayout()
        inside.setSpacing(6)
        inside.addLayout(self._column)
        inside.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.line.addLayout(inside, 1)
        self.notes.addWidget(self.status)
        self.retranslate()

    def show_service(self, service: Service) -> None:
        """Show the headers of a service; lines that are being typed for it stay."""
        shown = (service.id, dict(service.headers))
        if shown == self._shown:
            return
        typed = dict(line.pair() for line in self.lines)
        same = shown[0] == self._shown[0] and typed == shown[1]
        self._shown = shown
        if same:
            return
        for line in [*self.lines]:
            self._drop(line)
        for name, value in shown[1].items():
            self._make(name, value)
        self._tell("", None)

    def _make(self, name: str, value: str) -> HeaderLine:
        line = HeaderLine(self.theme, name, value)
        line.left.connect(self.commit)
        line.removed.connect(self._remove)
        self.lines.append(line)
        self._column.addWidget(line)
        return line

    def _drop(self, line: HeaderLine) -> None:
        self.lines.remove(line)
        line.blockSignals(True)
        self._column.removeWidget(line)
        line.hide()
        line.deleteLater()

    def _add(self) -> None:
        empty = next((line for line in self.lines if not any(line.pair())), None)
        focus((empty or self._make("", "")).name)

    def _remove(self, line: object) -> None:
        if isinstance(line, HeaderLine):
            focus(self.add_button)
            self._drop(line)
            self.commit()

    def _tell(self, fault: str, wrong: Field | None) -> None:
        for line in self.lines:
            for field in (line.name, line.value):
                field.set_wrong(field is wrong)
                field.setAccessibleDescription(fault if field is wrong else "")
        self.status.show_state("warning-circle", fault, "danger")

    def commit(self) -> None:
        """Save the lines that are whole, if none is wrong."""
        service = self.editor.service
        if service.id != self._shown[0]:
            return
        headers: dict[str, str] = {}
        for line in self.lines:
            name, value = line.pair()
            if not name and not value:
                continue
            if value and not HEADER_NAME.fullmatch(name):
                self._tell(tr("A header's name has letters, digits and hyphens."), line.name)
                return
            if name.casefold() in {item.casefold() for item in headers}:
                self._tell(tr("{header} is there twice.").format(header=name), line.name)
                return
            if value:
                headers[name] = value
        if headers == dict(service.headers):
            self._tell("", None)
            return
        fault = self.editor.attempt(replace(service, headers=headers))
        last = next((line for line in self.lines if _is_new(line, service.headers)), None)
        self._tell(fault, last.name if last and fault else None)

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Headers"))
        self.add_button.setText(tr("Add a header"))
        for line in self.lines:
            line.name.setAccessibleName(tr("Header"))
            line.value.setAccessibleName(tr("Value"))
            line.value.setPlaceholderText(tr("Value"))
            line.remove.set_name(tr("Remove this header"))


def _is_new(line: HeaderLine, headers: Mapping[str, str]) -> bool:
    name, value = line.pair()
    return bool(name) and headers.get(name) != value


class _TextBox(QWidget):
    """Several lines of code in the look of a field."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._wrong = False
        self.setFixedHeight(112)
        self.edit = QPlainTextEdit()
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setFont(theme.font(13, mono=True))
        self.edit.setTabChangesFocus(True)
        self.edit.viewport().setAutoFillBackground(False)
        self.edit.setVerticalScrollBar(ScrollBar(theme))
        inside = QVBoxLayout(self)
        inside.setContentsMargins(7, 5, 3, 5)
        inside.addWidget(self.edit)
        theme.changed.connect(self.update)

    def set_wrong(self, wrong: bool) -> None:
        """Mark its content as wrong."""
        self._wrong = wrong
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the border."""
        painter = QPainter(self)
        focused = self.edit.hasFocus()
        place = QRect(self.rect())
        paint_field(painter, self._theme, place, focused=focused, wrong=self._wrong)
        painter.end()


class BodyRow(ServiceRow):
    """The row of the fields of a question, as JSON; saved when it is left.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme, editor)
        self._shown: tuple[str, str] = ("", "")
        self._box = _TextBox(theme)
        self.edit = self._box.edit
        self.edit.installEventFilter(self)
        self.edit.textChanged.connect(self._typed)
        self.note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.status = Status(theme)
        self.status.hide()
        self.line.addWidget(self._box, 1)
        self.notes.addWidget(self.status)
        self.notes.addWidget(self.note)
        self.retranslate()

    def show_service(self, service: Service) -> None:
        """Show the fields of a service; what is being typed for it stays."""
        text = (
            json.dumps(_plain(service.body), ensure_ascii=False, indent=2) if service.body else ""
        )
        if (service.id, text) != self._shown:
            self._shown = (service.id, text)
            self.edit.setPlainText(text)
            self._tell("")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Save what was typed when the box is left."""
        if event.type() == QEvent.Type.FocusOut:
            self.commit()
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._box.update()
        return False

    def _tell(self, fault: str) -> None:
        self._box.set_wrong(bool(fault))
        self.edit.setAccessibleDescription(fault)
        self.status.show_state("warning-circle", fault, "danger")

    def _typed(self) -> None:
        """Take a fault back as soon as it is mended; say a new one only when the box is left."""
        if self.status.text() and not read_body(self.edit.toPlainText())[1]:
            self._tell("")

    def commit(self) -> None:
        """Save the fields, if they are some."""
        service = self.editor.service
        text = self.edit.toPlainText()
        if service.id != self._shown[0] or text == self._shown[1]:
            return
        body, fault = read_body(text)
        if not fault and body != _plain(service.body):
            fault = self.editor.attempt(replace(service, body=body))
        self._tell(fault)

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Fields"))
        self.edit.setAccessibleName(tr("Request fields"))
        self.edit.setPlaceholderText('{\n  "top_k": 20\n}')
        self.note.setText(tr("JSON that every question carries along, such as top_k or provider."))


def _plain(value: object) -> JsonValue:
    """Return JSON with plain dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


class RequestFold(Fold):
    """The fold of headers and fields.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme)
        self._editor = editor
        self.headers = HeadersRow(theme, editor)
        self.fields = BodyRow(theme, editor)
        self.body.addWidget(self.headers)
        self.body.addWidget(self.fields)
        editor.changed.connect(self._show)

    def _show(self) -> None:
        service = self._editor.service
        self.setVisible(service.protocol != "demo")
        parts = []
        if count := len(service.headers):
            parts.append(ntr("{count} header", "{count} headers", count).format(count=count))
        if count := len(service.body):
            parts.append(ntr("{count} field", "{count} fields", count).format(count=count))
        self.head.set_hint(", ".join(parts) or tr("not set"))

    def commit(self) -> None:
        """Save what was typed."""
        self.headers.commit()
        self.fields.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.head.setText(tr("Custom headers and request fields"))
        if self._editor.service.id:
            self._show()
