"""One parameter each: its name, what is set, and what is wrong with that."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.fields import Field, SelectField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.parameters.boxes import TextBox
from desktop_chat.ui.theme import Theme

MAX_STOPS: Final = 16
_LONGEST_STOP: Final = 200
_LONGEST_WORD: Final = 100
SIZES: Final = ("1024x1024", "1536x1024", "1024x1536", "512x512", "2048x2048", "2560x1440")


class Entry(QWidget):
    """A parameter: a label, what is set below it, and a quiet note where that is not sent.

    Args:
        theme: colours and fonts.
        label: its name and range.
        wide: it takes the whole width.

    Attributes:
        offered: it is shown: it is sent, or was set all the same.
    """

    changed = Signal()

    def __init__(self, theme: Theme, label: str, *, wide: bool = False) -> None:
        super().__init__()
        self.theme = theme
        self.wide = wide
        self.offered = True
        self.label = Label(theme, label, pixels=12, ink="text2", wrap=True)
        self.note = Label(theme, "", pixels=12, ink="text3", wrap=True)
        self.note.hide()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3)
        self.column.addWidget(self.label)

    def _hold(self, widget: QWidget) -> None:
        self.column.addWidget(widget)
        self.column.addWidget(self.note)

    def is_set(self) -> bool:
        """Tell whether it says anything."""
        raise NotImplementedError

    def fault(self) -> str:
        """Say what is wrong with it, or return ""."""
        raise NotImplementedError

    def value(self) -> Any:
        """Return what is set; call it only where there is no fault."""
        raise NotImplementedError

    def mark(self, fault: str) -> None:
        """Mark it as wrong, or no longer."""

    def offer(self, sent: bool) -> None:
        """Have it shown where it is sent or set; say so where it is set and not sent."""
        self.offered = sent or self.is_set()
        self.note.setText("" if sent else tr("Not sent to this model as it is asked now."))
        self.note.setVisible(not sent)


class NumberEntry(Entry):
    """A number.

    Args:
        theme: colours and fonts.
        name: of the parameter.
        label: its name and range.
        sentence: what a number must be.
        bounds: the least and the most; whole numbers ask for one.
        value: that is set, or None.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        label: str,
        sentence: str,
        bounds: tuple[float, float],
        value: float | None,
    ) -> None:
        super().__init__(theme, label)
        self._sentence = sentence
        self._bounds = bounds
        self._whole = all(isinstance(bound, int) for bound in bounds)
        self.field = Field(theme, name)
        self.field.setText("" if value is None else str(value))
        self.field.setPlaceholderText(tr("Service's default"))
        self.field.textChanged.connect(self.changed)
        self._hold(self.field)

    def is_set(self) -> bool:
        """Tell whether there is a number."""
        return bool(self.field.text().strip())

    def fault(self) -> str:
        """Say what is wrong with the number."""
        try:
            self.value()
        except (ValueError, OverflowError):
            return self._sentence
        return ""

    def value(self) -> Any:
        """Return the number, or None."""
        text = self.field.text().strip()
        if not text:
            return None
        number = int(text) if self._whole else float(text)
        low, high = self._bounds
        if not low <= number <= high:
            raise ValueError(text)
        return number

    def mark(self, fault: str) -> None:
        """Mark the field."""
        self.field.set_wrong(bool(fault))
        self.field.setAccessibleDescription(fault)


class WordEntry(Entry):
    """A word of the service's, with common ones in a menu.

    Args:
        theme: colours and fonts.
        name: of the parameter.
        label: likewise, with what it may be.
        sentence: what it must be.
        value: that is set, or "".
        common: words to choose from.
        spaces: it may have several words.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        label: str,
        sentence: str,
        value: str,
        *,
        common: Sequence[str] = (),
        spaces: bool = False,
    ) -> None:
        super().__init__(theme, label)
        self._sentence = sentence
        self._common = common
        self._spaces = spaces
        self.menu: Menu | None = None
        self.field = Field(theme, name)
        self.field.setText(value)
        self.field.setPlaceholderText(tr("Service's default"))
        self.field.textChanged.connect(self.changed)
        inside = QWidget()
        row = QHBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        self.button = IconButton(theme, "caret-down", tr("Choose"), pixels=12)
        self.button.clicked.connect(self._open)
        row.addWidget(self.button)
        self.button.setVisible(bool(common))
        self._hold(inside)

    def is_set(self) -> bool:
        """Tell whether there is a word."""
        return bool(self.value())

    def fault(self) -> str:
        """Say what is wrong with the word."""
        word = self.value()
        bad = len(word) > _LONGEST_WORD or (" " in word and not self._spaces)
        return self._sentence if bad else ""

    def value(self) -> Any:
        """Return the word; the sign for times between two numbers is an x."""
        text = " ".join(self.field.text().split())
        for sign in ("×", "*", "X"):
            left, found, right = text.partition(sign)
            if found and left.strip().isdecimal() and right.strip().isdecimal():
                return f"{left.strip()}x{right.strip()}"
        return text

    def mark(self, fault: str) -> None:
        """Mark the field."""
        self.field.set_wrong(bool(fault))
        self.field.setAccessibleDescription(fault)

    def _open(self) -> None:
        self.menu = menu = Menu(self.theme, self)
        menu.add_choice(tr("Service's default"), not self.is_set(), partial(self.field.setText, ""))
        for word in self._common:
            menu.add_choice(word, word == self.value(), partial(self.field.setText, word))
        menu.closed.connect(self._forget)
        menu.open_for(self.button)

    def _forget(self) -> None:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = None


class BoxEntry(Entry):
    """Several lines.

    Args:
        theme: colours and fonts.
        name: of the parameter.
        label: likewise, with what it may be.
        value: that is set, or "".
        height: in pixels.
        mono: the code font.
        placeholder: shown while it is empty.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        label: str,
        value: str,
        *,
        height: int = 60,
        mono: bool = False,
        placeholder: str = "",
    ) -> None:
        super().__init__(theme, label, wide=True)
        self.box = TextBox(theme, name, height, mono=mono)
        self.edit = self.box.edit
        self.edit.setPlainText(value)
        self.edit.setPlaceholderText(placeholder or tr("Service's default"))
        self.edit.textChanged.connect(self.changed)
        self._hold(self.box)

    def is_set(self) -> bool:
        """Tell whether there is text."""
        return bool(self.edit.toPlainText().strip())

    def fault(self) -> str:
        """Return "": every text will do."""
        return ""

    def value(self) -> Any:
        """Return the text."""
        return self.edit.toPlainText().strip()

    def mark(self, fault: str) -> None:
        """Mark the box."""
        self.box.set_wrong(bool(fault))
        self.edit.setAccessibleDescription(fault)


class StopEntry(BoxEntry):
    r"""Texts before which an answer ends, one on each line; ``\n`` in one is a line break."""

    def is_set(self) -> bool:
        """Tell whether there is a text."""
        return bool(self.value())

    def fault(self) -> str:
        """Say what is wrong with the texts."""
        stops = self.value()
        if len(stops) > MAX_STOPS:
            return tr("Enter {count} stop texts at most.").format(count=MAX_STOPS)
        if any(len(stop) > _LONGEST_STOP for stop in stops):
            return tr("A stop text has {count} characters at most.").format(count=_LONGEST_STOP)
        return ""

    def value(self) -> Any:
        """Return the texts."""
        lines = self.edit.toPlainText().split("\n")
        return tuple(_unescaped(line) for line in lines if line)


def escaped(stop: str) -> str:
    """Return a text on one line."""
    return stop.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _unescaped(line: str) -> str:
    signs = {"n": "\n", "t": "\t", "\\": "\\"}
    out: list[str] = []
    rest = iter(line)
    for sign in rest:
        if sign != "\\":
            out.append(sign)
            continue
        after = next(rest, "")
        out.append(signs.get(after, "\\" + after))
    return "".join(out)


class JsonEntry(BoxEntry):
    """An object of JSON.

    Args:
        theme: colours and fonts.
        name: of the parameter.
        label: likewise.
        value: that is set.
        read: returns the object of a text, and what is wrong with it.
        placeholder: shown while it is empty.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        label: str,
        value: Mapping[str, Any],
        read: Callable[[str], tuple[dict[str, Any], str]],
        placeholder: str,
    ) -> None:
        text = json.dumps(value, ensure_ascii=False, indent=2) if value else ""
        super().__init__(theme, name, label, text, height=112, mono=True, placeholder=placeholder)
        self._read = read

    def fault(self) -> str:
        """Say what is wrong with the text."""
        return self._read(self.edit.toPlainText())[1]

    def value(self) -> Any:
        """Return the object."""
        return self._read(self.edit.toPlainText())[0]


class ChoiceEntry(Entry):
    """One of several words; "" is the service's default.

    Args:
        theme: colours and fonts.
        name: of the parameter.
        choices: value and label of each.
        value: that is set, or "".
    """

    def __init__(
        self, theme: Theme, name: str, choices: Sequence[tuple[str, str]], value: str
    ) -> None:
        super().__init__(theme, name)
        all_choices = [("", tr("Service's default")), *choices]
        if value not in dict(all_choices):
            all_choices.append((value, value))
        self.field = SelectField(theme, name, all_choices)
        self.field.set_value(value)
        self.field.chosen.connect(lambda _value: self.changed.emit())
        self._hold(self.field)

    def is_set(self) -> bool:
        """Tell whether one is chosen."""
        return bool(self.field.value())

    def fault(self) -> str:
        """Return "": what can be chosen will do."""
        return ""

    def value(self) -> Any:
        """Return the one chosen."""
        return self.field.value()
