"""How long is waited for a service."""

from typing import Final

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.fields import SpinField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import Flow, FormRow
from desktop_chat.ui.theme import Theme

_PAUSE_MS: Final = 600
"""Steps that follow each other within this time are saved as one."""
_FIELDS: Final = (
    ("connect_timeout", 120),
    ("first_token_timeout", 3600),
    ("idle_timeout", 3600),
)


class TimeRow(FormRow):
    """The row of the time-outs: to connect, to the first token, between two tokens.

    Args:
        theme: colours and fonts.
        editor: the service shown.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor) -> None:
        super().__init__(theme)
        self._editor = editor
        self.fields: dict[str, SpinField] = {}
        self._names: list[Label] = []
        flow = Flow()
        for name, most in _FIELDS:
            label = Label(theme)
            field = SpinField(theme, "")
            field.setRange(1, most)
            field.setFixedWidth(92)
            field.valueChanged.connect(self._stepped)
            field.editingFinished.connect(self.commit)
            self.fields[name] = field
            self._names.append(label)
            pair = QWidget()
            inside = QHBoxLayout(pair)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(8)
            inside.addWidget(label)
            inside.addWidget(field)
            flow.addWidget(pair)
        self.line.addLayout(flow)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        self._showing = False
        editor.changed.connect(self._service_changed)
        self.retranslate()

    def _service_changed(self) -> None:
        self._pause.stop()
        self._showing = True
        for name, field in self.fields.items():
            field.setValue(round(getattr(self._editor.service, name)))
        self._showing = False
        self.setVisible(self._editor.service.protocol != "demo")

    def _stepped(self) -> None:
        if not self._showing:
            self._pause.start()

    def commit(self) -> None:
        """Save what was changed."""
        self._pause.stop()
        service = self._editor.service
        changed = {
            name: float(field.value())
            for name, field in self.fields.items()
            if field.value() != round(getattr(service, name))
        }
        if service.id and changed:
            self._editor.change(**changed)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Time-outs"))
        names = (tr("Connect"), tr("First token"), tr("Between tokens"))
        for label, field, name in zip(self._names, self.fields.values(), names, strict=True):
            label.setText(name)
            field.set_name(name)
            field.setSuffix(" " + tr("s"))
