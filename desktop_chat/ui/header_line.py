"""One further header of a request: its name, its value, and what takes it away."""

import re
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.theme import Theme

HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class HeaderLine(QWidget):
    """A line of two fields.

    Args:
        theme: colours and fonts.
        name: of the header.
        value: its value.
    """

    changed = Signal()
    left = Signal()
    """The focus left a field, or Return was pressed in it."""
    removed = Signal(object)

    def __init__(self, theme: Theme, name: str, value: str) -> None:
        super().__init__()
        self.name = Field(theme, tr("Header"), mono=True)
        self.name.setPlaceholderText("X-Team")
        self.name.setText(name)
        self.value = Field(theme, tr("Value"), mono=True)
        self.value.setPlaceholderText(tr("Value"))
        self.value.setText(value)
        self.remove = IconButton(theme, "x", tr("Remove this header"))
        self.remove.clicked.connect(lambda: self.removed.emit(self))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.name, 2)
        row.addWidget(self.value, 3)
        row.addWidget(self.remove)
        for field in (self.name, self.value):
            field.textChanged.connect(self.changed)
            field.editingFinished.connect(self.left)

    def pair(self) -> tuple[str, str]:
        """Return name and value as typed."""
        return self.name.text().strip(), self.value.text().strip()
