"""How hard the model thinks: the words for the service's own efforts, and the panel to choose."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_chat.core.i18n import ctr, tr
from desktop_chat.core.services import Thinking, ThinkingDialect
from desktop_chat.ui.controls.buttons import Switch
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.theme import Theme

OFF_EFFORT: Final = "none"
"""The word by which some services are told not to think; it is the switch, not an effort."""

_EFFORTS: Final[dict[str, Callable[[], str]]] = {
    "minimal": lambda: ctr("effort", "Minimal"),
    "low": lambda: ctr("effort", "Low"),
    "medium": lambda: ctr("effort", "Medium"),
    "high": lambda: ctr("effort", "High"),
    "xhigh": lambda: ctr("effort", "Extra high"),
    "max": lambda: ctr("effort", "Max"),
}


def effort_label(effort: str) -> str:
    """Return an effort in words; one that we do not know stays literal."""
    known = _EFFORTS.get(effort)
    return known() if known is not None else effort


def efforts_of(thinking: Thinking) -> tuple[str, ...]:
    """Return the efforts to choose from, without the one that means off."""
    return tuple(effort for effort in thinking.efforts if effort != OFF_EFFORT)


def can_switch(thinking: Thinking) -> bool:
    """Tell whether there is anything to choose."""
    if thinking.dialect == ThinkingDialect.NONE:
        return False
    return thinking.can_disable or len(efforts_of(thinking)) > 1


def chip_text(thinking: Thinking, on: bool, effort: str) -> str:
    """Return what the chip says: ``Think · high``."""
    effort = effort or thinking.default_effort
    if on and effort and effort in efforts_of(thinking):
        return tr("Think · {effort}").format(effort=effort_label(effort).lower())
    return tr("Think")


class ThinkingPopup(Menu):
    """A switch and the service's own efforts.

    Args:
        theme: colours and fonts.
        thinking: what the model offers.
        on: whether it thinks.
        effort: the effort in use, or "" for the service's own.
        parent: the chip that opens it.
    """

    chosen = Signal(object, str)
    """On or off, and the effort."""

    def __init__(
        self, theme: Theme, thinking: Thinking, on: bool, effort: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, parent)
        self._thinking = thinking
        self._effort = effort
        self.setAccessibleName(tr("Thinking"))
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(8, 5, 8, 5)
        row.addWidget(Label(theme, tr("Thinking")))
        row.addStretch()
        self.switch = Switch(theme, tr("Thinking"))
        self.switch.setChecked(on)
        self.switch.setEnabled(thinking.can_disable)
        self.switch.clicked.connect(self._switched)
        row.addWidget(self.switch)
        head.setFixedHeight(30)
        self.body.addWidget(head)
        self.body.addSpacing(1)
        self.add_separator()
        current = effort or thinking.default_effort
        for name in efforts_of(thinking):
            row_widget = self.add_choice(
                effort_label(name), on and name == current, partial(self._choose, name)
            )
            row_widget.setProperty("effort", name)

    def _switched(self) -> None:
        on = self.switch.isChecked()
        current = self._effort or self._thinking.default_effort
        for row in self.rows:
            row.setChecked(on and row.property("effort") == current)
        self.chosen.emit(on, self._effort)

    def _choose(self, effort: str) -> None:
        self._effort = effort
        self.chosen.emit(True, effort)

    def _open(self, around: QRect, *, above: bool, gap: int) -> None:
        super()._open(around, above=above, gap=gap)
        if not any(row.isChecked() for row in self.rows) and self.switch.isEnabled():
            self.switch.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move up to the switch from the first row."""
        rows = self.rows
        going_up = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Backtab)
        if going_up and rows and rows[0].hasFocus() and self.switch.isEnabled():
            self.switch.setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    def switch_place(self) -> QPoint:
        """Return the middle of the switch, in this window."""
        return self.switch.mapTo(self, self.switch.rect().center())
