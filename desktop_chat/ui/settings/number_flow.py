"""Numbers side by side, each with its name, saved a moment after the last step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_chat.core.services import Service
from desktop_chat.ui.controls.fields import SpinField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import Flow
from desktop_chat.ui.theme import Theme

_PAUSE_MS: Final = 600
"""Steps that follow each other within this time are saved as one."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a service.

    Attributes:
        key: by which it is found.
        least: the smallest; 0 stands for "no limit".
        most: the largest.
        read: returns it for a service.
        write: returns the service with another one.
        width: of its field, in pixels.
    """

    key: str
    least: int
    most: int
    read: Callable[[Service], int]
    write: Callable[[Service, int], Service]
    width: int = 96


class NumberFlow(QWidget):
    """Some numbers of the service shown.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        numbers: which.
    """

    def __init__(self, theme: Theme, editor: ServiceEditor, numbers: Sequence[Number]) -> None:
        super().__init__()
        self._editor = editor
        self._numbers = {number.key: number for number in numbers}
        self.fields: dict[str, SpinField] = {}
        self._labels: dict[str, Label] = {}
        self._showing = False
        self._service_id = ""
        self._stepped: set[str] = set()
        self._flow = Flow()
        self._flow.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._flow)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        for number in numbers:
            self._add(theme, number)

    def _add(self, theme: Theme, number: Number) -> None:
        label = Label(theme)
        field = SpinField(theme, "")
        field.setRange(number.least, number.most)
        field.setFixedWidth(number.width)
        field.valueChanged.connect(lambda _value: self._step(number.key))
        field.editingFinished.connect(self.commit)
        pair = QWidget()
        inside = QHBoxLayout(pair)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(label)
        inside.addWidget(field)
        self._flow.addWidget(pair)
        self.fields[number.key], self._labels[number.key] = field, label

    def add_note(self, note: QWidget) -> None:
        """Let words stand behind the numbers."""
        self._flow.addWidget(note)

    def name(self, key: str, name: str, *, suffix: str = "", none: str = "") -> None:
        """Name a number.

        Args:
            key: of the number.
            name: what it counts.
            suffix: its unit.
            none: what is shown in place of the smallest, or "".
        """
        field = self.fields[key]
        self._labels[key].setText(name)
        field.set_name(name)
        field.setSuffix(f" {suffix}" if suffix else "")
        field.setSpecialValueText(none)

    def show_service(self, service: Service) -> None:
        """Show what holds for a service; what is being stepped for it stays."""
        if service.id != self._service_id:
            self._service_id = service.id
            self._pause.stop()
            self._stepped.clear()
        self._showing = True
        for key, field in self.fields.items():
            if key not in self._stepped:
                field.setValue(self._numbers[key].read(service))
        self._showing = False

    def _step(self, key: str) -> None:
        if not self._showing:
            self._stepped.add(key)
            self._pause.start()

    def commit(self) -> None:
        """Save what was changed."""
        self._pause.stop()
        stepped, self._stepped = self._stepped, set()
        service = self._editor.service
        if service.id != self._service_id:
            return
        changed = service
        for key in stepped:
            number, value = self._numbers[key], self.fields[key].value()
            if value != number.read(service):
                changed = number.write(changed, value)
        if changed != service:
            self._editor.save(changed)
