"""What single protocols know beyond the fields that all services have."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Segmented, Switch
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.row import LineRow, ServiceRow
from desktop_chat.ui.theme import Theme

_PATH: Final = re.compile(r"/[^\s?#]*")
_NUMBER: Final = re.compile(r"-?\d{1,9}")
_TIME: Final = re.compile(r"-?\d+(\.\d+)?(ms|s|m|h)?")


def _with_option(service: Service, name: str, value: JsonValue) -> Service:
    """Return a service with another option; None takes it away."""
    options = {key: item for key, item in service.options.items() if key != name}
    if value is not None:
        options[name] = value
    return replace(service, options=options)


def judge_path(text: str) -> str:
    """Say what is wrong with a path, or return ""."""
    if not text or _PATH.fullmatch(text):
        return ""
    return tr("A path begins with / and has no spaces, such as /v1/text/generate.")


def judge_time(text: str) -> str:
    """Say what is wrong with a time, or return ""."""
    if not text or _TIME.fullmatch(text):
        return ""
    return tr("Enter a time such as 30m or 24h, or -1 for ever.")


class OptionsRows(QWidget):
    """The options of the protocol of the service shown.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__()
        self._editor = editor
        self.text_path = self._line(theme, "text_path", judge_path)
        self.stream_path = self._line(theme, "stream_path", judge_path)
        self.image_path = self._line(theme, "image_path", judge_path)
        self.keep_alive = self._line(theme, "keep_alive", judge_time)
        self.request = ServiceRow(theme, editor)
        self.shape = Segmented(theme, [("messages", "messages", ""), ("prompt", "prompt", "")])
        self.shape.chosen.connect(self._set_shape)
        self.request.line.addWidget(self.shape)
        self.request.line.addStretch()
        self._shape_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.request.notes.addWidget(self._shape_note)
        self.encoding = ServiceRow(theme, editor)
        self.encode = Switch(theme, "")
        self.encode.clicked.connect(self._set_encode)
        self._encode_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.encoding.line.addWidget(self.encode)
        self.encoding.line.addWidget(self._encode_note, 1)
        self._rows: dict[ServiceRow, tuple[str, ...]] = {
            self.text_path: ("gateway",),
            self.image_path: ("gateway",),
            self.encoding: ("gateway",),
            self.stream_path: ("websocket",),
            self.request: ("websocket",),
            self.keep_alive: ("ollama",),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(18)
        for row in self._rows:
            column.addWidget(row)
        editor.changed.connect(self._show)
        self.retranslate()

    def _line(self, theme: Theme, name: str, judge: Callable[[str], str]) -> LineRow:
        def read(service: Service) -> str:
            value = service.options.get(name, "")
            return value if isinstance(value, str) else str(value)

        def write(service: Service, text: str) -> Service:
            # Ollama takes a bare number for seconds, and refuses it as a text.
            bare = name == "keep_alive" and _NUMBER.fullmatch(text)
            return _with_option(service, name, int(text) if bare else text or None)

        return LineRow(theme, self._editor, read, write, judge)

    def _show(self) -> None:
        service = self._editor.service
        for row, protocols in self._rows.items():
            row.setVisible(service.protocol in protocols)
            row.show_service(service)
        self.setVisible(any(service.protocol in item for item in self._rows.values()))
        self.shape.set_value(str(service.options.get("request", "messages")))
        self.encode.setChecked(service.options.get("url_encode") is True)

    def _set_shape(self, value: str) -> None:
        service = self._editor.service
        self._editor.save(_with_option(service, "request", value))

    def _set_encode(self) -> None:
        value: JsonValue = True if self.encode.isChecked() else None
        self._editor.save(_with_option(self._editor.service, "url_encode", value))

    def commit(self) -> None:
        """Save what was typed."""
        for row in self._rows:
            if row.isVisibleTo(self):
                row.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.text_path.set_name(tr("Text path"), "/v1/text/generate")
        self.image_path.set_name(tr("Picture path"), "/v1/image/create")
        self.stream_path.set_name(tr("Stream path"), "/v1/chat/stream")
        self.keep_alive.set_name(tr("Keep loaded"), "5m")
        self.request.set_label(tr("Request"))
        self.shape.setAccessibleName(tr("Request"))
        self._shape_note.setText(
            tr("Whether the service wants the whole conversation, or the question as one text.")
        )
        self.encoding.set_label(tr("URL-encode"))
        self.encode.set_name(tr("URL-encode"))
        self._encode_note.setText(tr("Send the text of pictures URL-encoded."))
