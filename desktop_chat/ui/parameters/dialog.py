"""The dialog of a chat's parameters: what is set is sent; what is empty is left to the service."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from desktop_chat.chat.sent_parameters import ALL
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import ChatOptions, ImageOptions, Sampling
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.json_text import read_body, read_schema
from desktop_chat.ui.parameters.entries import (
    BoxEntry,
    ChoiceEntry,
    Entry,
    JsonEntry,
    NumberEntry,
    WordEntry,
)
from desktop_chat.ui.parameters.headers import HeadersEntry, key_in, key_refused
from desktop_chat.ui.parameters.kinds import image_entries, sampling_entries
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.theme import Theme

_WIDTH: Final = 560
_AROUND: Final = 250
"""What of the window's height the dialog leaves to its heading, its buttons and the space around
it, in pixels."""
_LEAST: Final = 220
_MOST_TOKENS: Final = 10_000_000
_SCHEMA_EXAMPLE: Final = """\
{
  "type": "object",
  "properties": {"name": {"type": "string"}},
  "required": ["name"]
}"""


class ParametersDialog(Dialog):
    """Asks for a chat's parameters; an empty field means the default. Open it with ``open``.

    Args:
        theme: colours and fonts.
        parent: the window it belongs to.
        options: what the chat asks with now.
        sent: the parameters that reach the model (see ``sent_parameters``); others are shown only
            where they are set.
    """

    chosen = Signal(object)
    """The new ``ChatOptions``."""

    def __init__(
        self,
        theme: Theme,
        parent: QWidget,
        options: ChatOptions,
        sent: frozenset[str] = ALL,
    ) -> None:
        super().__init__(
            theme,
            parent,
            tr("Chat parameters"),
            tr("For this chat alone. An empty field uses the default."),
            tr("Save"),
            width=_WIDTH,
        )
        self._options = options
        self._sent = sent
        self.entries: dict[str, Entry] = {}
        self.folds: dict[str, Fold] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._make_entries()
        self._lay_out()
        self.area = self._make_scroll()
        self.body.addWidget(self.area)
        self.fault = Label(theme, "", ink="danger", wrap=True)
        self.body.addWidget(self.fault)
        self.accepted.connect(self._submit)
        for entry in self.entries.values():
            entry.changed.connect(self._judge)
            if isinstance(entry, NumberEntry | WordEntry):
                entry.field.returnPressed.connect(self.accept)
        self._judge()

    # What there is.

    def _make_entries(self) -> None:
        theme, options = self.theme, self._options
        prompt = BoxEntry(
            theme,
            tr("System prompt"),
            tr("System prompt"),
            options.system,
            height=104,
            placeholder=tr("None"),
        )
        self.prompt = prompt.box
        self.entries["system"] = prompt
        self.temperature = self._number(
            "temperature",
            tr("Temperature"),
            tr("Temperature, 0 to 2"),
            tr("Temperature is a number from 0 to 2."),
            (0.0, 2.0),
            options.temperature,
        ).field
        self.top_p = self._number(
            "top_p",
            tr("Top P"),
            tr("Top P, 0 to 1"),
            tr("Top P is a number from 0 to 1."),
            (0.0, 1.0),
            options.top_p,
        ).field
        self.max_tokens = self._number(
            "max_tokens",
            tr("Longest answer"),
            tr("Longest answer, in tokens"),
            tr("The longest answer is a whole number of tokens, at least 1."),
            (1, _MOST_TOKENS),
            options.max_tokens,
        ).field
        rounds = self._number(
            "rounds",
            tr("Context rounds"),
            tr("Context rounds, 0 for all"),
            tr("Context rounds are a whole number, 0 or more."),
            (0, 100_000),
            options.rounds,
        )
        rounds.field.setPlaceholderText(tr("Default"))
        self.rounds = rounds.field
        self.entries |= sampling_entries(theme, options.sampling)
        self._make_format(options.sampling)
        self.entries |= image_entries(theme, options.image)
        self.entries["extra"] = JsonEntry(
            theme,
            tr("Request fields"),
            tr("Request fields, as JSON"),
            options.extra,
            _read_extra,
            '{\n  "top_k": 20\n}',
        )
        self.entries["headers"] = HeadersEntry(theme, options.extra_headers)

    def _number(
        self,
        key: str,
        name: str,
        label: str,
        sentence: str,
        bounds: tuple[float, float],
        value: float | None,
    ) -> NumberEntry:
        entry = NumberEntry(self.theme, name, label, sentence, bounds, value)
        self.entries[key] = entry
        return entry

    def _make_format(self, sampling: Sampling) -> None:
        choices = [
            ("text", tr("Text")),
            ("json_object", tr("Any JSON object")),
            ("json_schema", tr("JSON by a schema")),
        ]
        offered = [
            (value, label) for value, label in choices if value == "text" or value in self._sent
        ]
        self.format = ChoiceEntry(
            self.theme, tr("Shape of the answer"), offered, sampling.response_format
        )
        self.entries["response_format"] = self.format
        self.schema = JsonEntry(
            self.theme,
            tr("JSON schema"),
            tr("JSON schema"),
            sampling.json_schema,
            read_schema,
            _SCHEMA_EXAMPLE,
        )
        self.entries["json_schema"] = self.schema

    # Where it stands.

    def _lay_out(self) -> None:
        sent = self._sent
        for key, entry in self.entries.items():
            entry.offer(self._is_sent(key))
        paints = "image_size" in sent or "image_count" in sent
        image = ("image_size", "image_count", "image_seed", "style", "negative_prompt")
        top = ("system", "temperature", "top_p", "max_tokens", "rounds")
        if paints:
            self._column.addWidget(self._grid((*image, *top)))
        else:
            self._column.addWidget(self._grid(top))
        numbers = ("top_k", "min_p", "frequency_penalty", "presence_penalty", "seed", "n", "stop")
        self._fold("sampling", tr("More sampling"), numbers)
        self._fold("format", tr("Shape of the answer"), ("response_format", "json_schema"))
        if not paints:
            self._fold("image", tr("Pictures"), image)
        self._fold("request", tr("Request fields and headers"), ("extra", "headers"))
        self._column.addStretch()

    def _is_sent(self, key: str) -> bool:
        if key == "response_format":
            return bool({"json_object", "json_schema"} & self._sent)
        return key in self._sent or key in ("extra", "headers")

    def _shown(self, keys: Sequence[str]) -> list[Entry]:
        return [entry for key in keys if (entry := self.entries[key]).offered]

    def _grid(self, keys: Sequence[str]) -> QWidget:
        """Put entries into two columns; wide ones take both."""
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        row, column = 0, 0
        for entry in self._shown(keys):
            if entry.wide:
                row, column = row + (1 if column else 0), 0
                grid.addWidget(entry, row, 0, 1, 2)
                row += 1
                continue
            grid.addWidget(entry, row, column, Qt.AlignmentFlag.AlignTop)
            row, column = (row + 1, 0) if column else (row, 1)
        for key in keys:
            if not self.entries[key].offered:
                self.entries[key].setParent(inside)
                self.entries[key].hide()
        return inside

    def _fold(self, name: str, title: str, keys: Sequence[str]) -> None:
        fold = Fold(self.theme)
        fold.head.setText(title)
        fold.body.setContentsMargins(18, 8, 0, 4)
        fold.body.addWidget(self._grid(keys))
        fold.opened.connect(self._fit)
        fold.setVisible(bool(self._shown(keys)))
        self.folds[name] = fold
        self._names[name] = tuple(keys)
        self._column.addWidget(fold)

    def _make_scroll(self) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBar(ScrollBar(self.theme, Qt.Orientation.Vertical, scroll))
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._content)
        scroll.viewport().setAutoFillBackground(False)
        self._content.setAutoFillBackground(False)
        return scroll

    def _fit(self) -> None:
        """Take the height of the content, as far as the window has room."""
        parent = self.parentWidget()
        room = max(_LEAST, (parent.height() if parent is not None else 800) - _AROUND)
        self._content.ensurePolished()
        self._column.activate()
        width = _WIDTH - 40
        height = self._column.totalHeightForWidth(width)
        if height < 0:
            height = self._column.totalSizeHint().height()
        self._column.setContentsMargins(0, 0, 10 if height > room else 0, 0)
        self.area.setFixedHeight(min(room, height))
        if self.isVisible():
            self.refit()

    # What it says.

    def _value(self, key: str) -> Any:
        return self.entries[key].value()

    def options(self) -> ChatOptions | None:
        """Return what the fields say, or None while one of them is wrong."""
        if any(self._faults().values()):
            return None
        value = self._value
        return replace(
            self._options,
            system=value("system"),
            temperature=value("temperature"),
            top_p=value("top_p"),
            max_tokens=value("max_tokens"),
            rounds=value("rounds"),
            sampling=Sampling(
                n=value("n"),
                stop=value("stop"),
                top_k=value("top_k"),
                min_p=value("min_p"),
                frequency_penalty=value("frequency_penalty"),
                presence_penalty=value("presence_penalty"),
                seed=value("seed"),
                response_format=value("response_format"),
                json_schema=value("json_schema"),
            ),
            image=ImageOptions(
                size=value("image_size"),
                count=value("image_count") or 0,
                seed=value("image_seed"),
                negative_prompt=value("negative_prompt"),
                style=value("style"),
            ),
            extra=value("extra"),
            extra_headers=value("headers"),
        )

    def _faults(self) -> dict[str, str]:
        faults = {key: entry.fault() for key, entry in self.entries.items()}
        if self.format.value() != "json_schema":
            faults["json_schema"] = ""
        elif not self.schema.is_set():
            faults["json_schema"] = tr("Enter the schema that answers are to follow.")
        return faults

    def _judge(self) -> None:
        schema_before = self.schema.isHidden()
        self.schema.setVisible(self.schema.offered and self.format.value() == "json_schema")
        faults = self._faults()
        for key, entry in self.entries.items():
            entry.mark(faults[key])
        self._hint()
        first = next((fault for fault in faults.values() if fault), "")
        resized = bool(first) == self.fault.isHidden() or schema_before != self.schema.isHidden()
        self.fault.setText(first)
        self.fault.setVisible(bool(first))
        self.confirm_button.setEnabled(not first)
        for name, keys in self._names.items():
            if any(faults[key] for key in keys):
                self.folds[name].set_open(True)
        if resized or not self.isVisible():
            self._fit()

    def _hint(self) -> None:
        """Say on each fold how much is set in it."""
        for name, keys in self._names.items():
            count = sum(self.entries[key].is_set() for key in keys)
            words = ntr("{count} set", "{count} set", count).format(count=count)
            none = tr("not set") if name == "request" else tr("service's default")
            self.folds[name].head.set_hint(words if count else none)

    def accept(self) -> None:
        """Close and hand over, unless a field is wrong."""
        if self.options() is not None:
            super().accept()

    def _submit(self) -> None:
        self.chosen.emit(self.options())

    def _focus_first(self) -> None:
        first = next(entry for entry in self.entries.values() if entry.offered)
        target = self.prompt.edit if first is self.entries["system"] else first
        target.setFocus(Qt.FocusReason.OtherFocusReason)


def _read_extra(text: str) -> tuple[dict[str, JsonValue], str]:
    found, fault = read_body(text)
    if not fault and (name := key_in(found)):
        return {}, key_refused(name)
    return found, fault
