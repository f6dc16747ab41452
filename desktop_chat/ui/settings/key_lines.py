"""The keys of a service, one below the other, each with how it is doing."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.chat.setup import KeySlot
from desktop_chat.core.access import KeyHealth, KeyUse
from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.labels import Ink, Label, Status
from desktop_chat.ui.theme import Theme

_USABLE = (KeyHealth.UNTRIED, KeyHealth.WORKS)


def first_usable(keys: Sequence[KeySlot]) -> int:
    """Return the slot of the key that is asked with now, or -1 when none can be."""
    return next((key.slot for key in keys if key.use.health in _USABLE), -1)


def told_of_key(use: KeyUse, *, in_use: bool) -> tuple[str, str, Ink]:
    """Return icon, words and colour for how a key is doing.

    Args:
        use: what is known of it.
        in_use: it is the one that is asked with now.
    """
    if use.health is KeyHealth.REFUSED:
        return "x-circle", tr("Refused. Replace it."), "danger"
    if use.health is KeyHealth.NO_BALANCE:
        return "warning-circle", tr("No balance left"), "warn"
    if use.health is KeyHealth.RESTING:
        words = tr("Resting until {time}").format(time=_clock(use.until))
        return "hourglass-medium", words if use.until else tr("Resting"), "warn"
    if in_use:
        return "check-circle-fill", tr("In use"), "ok"
    return "circle-dashed", tr("In reserve"), "text3"


def _clock(until: float | None) -> str:
    moment = datetime.fromtimestamp(until or 0.0).astimezone()
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def told_apart(key: KeySlot) -> str:
    """Return what tells a key from the others; a short one tells nothing of itself."""
    return key.hint if key.hint.strip("…") else f"{key.slot + 1}. {key.hint}"


class KeyLines(QWidget):
    """A line for each of several keys; of a single one there is nothing to say here.

    Args:
        theme: colours and fonts.
    """

    removed = Signal(int)
    """The slot of the key that is to go."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[KeySlot, ...], bool] | None = None
        self.states: list[Status] = []
        self.remove_buttons: list[IconButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_keys(self, keys: tuple[KeySlot, ...], *, removable: bool) -> None:
        """Show keys.

        Args:
            keys: all of a service.
            removable: whether they are kept here, and can be forgotten here.
        """
        troubled = any(key.use.health not in _USABLE for key in keys)
        if len(keys) < 2 and not troubled:
            keys = ()
        self.setVisible(bool(keys))
        if (keys, removable) == self._shown:
            return
        self._shown = (keys, removable)
        self._clear()
        current = first_usable(keys)
        for key in keys:
            line = self._line(key, in_use=key.slot == current, several=len(keys) > 1)
            if removable and len(keys) > 1:
                self._add_removing(line, key)
            holder = QWidget()
            holder.setLayout(line)
            self._column.addWidget(holder)

    def _line(self, key: KeySlot, *, in_use: bool, several: bool) -> QHBoxLayout:
        hint = Label(self._theme, told_apart(key), pixels=12, ink="text2", mono=True)
        hint.setMinimumWidth(112)
        # The field above shows it: a single key needs no telling apart.
        hint.setVisible(several)
        state = Status(self._theme)
        state.show_state(*told_of_key(key.use, in_use=in_use))
        self.states.append(state)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(hint)
        row.addWidget(state, 1)
        return row

    def _add_removing(self, row: QHBoxLayout, key: KeySlot) -> None:
        name = tr("Remove the key {hint}").format(hint=told_apart(key))
        remove = IconButton(self._theme, "x", name)
        remove.clicked.connect(partial(self.removed.emit, key.slot))
        self.remove_buttons.append(remove)
        row.addWidget(remove)

    def _clear(self) -> None:
        self.states.clear()
        self.remove_buttons.clear()
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self._shown = None
