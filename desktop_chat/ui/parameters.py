"""What one chat asks with beside its model: system prompt, sampling, length, context."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import ChatOptions
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import RADIUS_CONTROL, Theme

N = TypeVar("N", int, float)
_PROMPT_HEIGHT = 116


class _PromptBox(QWidget):
    """Several lines in the look of a field."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedHeight(_PROMPT_HEIGHT)
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(name)
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setFont(theme.font(13))
        self.edit.setTabChangesFocus(True)
        self.edit.viewport().setAutoFillBackground(False)
        self.edit.setVerticalScrollBar(ScrollBar(theme))
        self.edit.installEventFilter(self)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(7, 5, 3, 5)
        inside.addWidget(self.edit)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Repaint the border where the focus comes and goes."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the border."""
        t = self._theme.tokens
        painter = QPainter(self)
        edge = t.accent if self.edit.hasFocus() else t.line2
        paint_box(painter, QRect(self.rect()), RADIUS_CONTROL, t.canvas, edge)
        painter.end()


class ParametersDialog(Dialog):
    """Asks for a chat's parameters; an empty field means the default. Open it with ``open``.

    Args:
        theme: colours and fonts.
        parent: the window it belongs to.
        options: what the chat asks with now.
    """

    chosen = Signal(object)
    """The new ``ChatOptions``."""

    def __init__(self, theme: Theme, parent: QWidget, options: ChatOptions) -> None:
        super().__init__(
            theme,
            parent,
            tr("Chat parameters"),
            tr("For this chat alone. An empty field uses the default."),
            tr("Save"),
        )
        self._options = options
        self.prompt = _PromptBox(theme, tr("System prompt"))
        self.prompt.edit.setPlainText(options.system)
        self.temperature = self._field(tr("Temperature"), options.temperature)
        self.top_p = self._field(tr("Top P"), options.top_p)
        self.max_tokens = self._field(tr("Longest answer"), options.max_tokens)
        self.rounds = self._field(tr("Context rounds"), options.rounds)
        self.fault = Label(theme, "", ink="danger", wrap=True)
        self._lay_out()
        self.accepted.connect(self._submit)
        self._judge()

    def _field(self, name: str, value: float | None) -> Field:
        field = Field(self.theme, name)
        field.setText("" if value is None else str(value))
        field.setPlaceholderText(tr("Default"))
        field.textChanged.connect(self._judge)
        field.returnPressed.connect(self.accept)
        return field

    def _lay_out(self) -> None:
        self.body.addWidget(Label(self.theme, tr("System prompt"), ink="text2"))
        self.body.addWidget(self.prompt)
        grid = QGridLayout()
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        rows = (
            (self.temperature, tr("Temperature, 0 to 2")),
            (self.top_p, tr("Top P, 0 to 1")),
            (self.max_tokens, tr("Longest answer, in tokens")),
            (self.rounds, tr("Context rounds, 0 for all")),
        )
        for number, (field, label) in enumerate(rows):
            row, column = divmod(number, 2)
            grid.addWidget(Label(self.theme, label, ink="text2"), 2 * row, column)
            grid.addWidget(field, 2 * row + 1, column)
        self.body.addLayout(grid)
        self.body.addWidget(self.fault)

    def options(self) -> ChatOptions | None:
        """Return what the fields say, or None while one of them is wrong."""
        try:
            return replace(
                self._options,
                system=self.prompt.edit.toPlainText().strip(),
                temperature=self._temperature(),
                top_p=self._top_p(),
                max_tokens=self._max_tokens(),
                rounds=self._rounds(),
            )
        except ValueError:
            return None

    def _temperature(self) -> float | None:
        return _number(self.temperature, float, 0.0, 2.0)

    def _top_p(self) -> float | None:
        return _number(self.top_p, float, 0.0, 1.0)

    def _max_tokens(self) -> int | None:
        return _number(self.max_tokens, int, 1, 10_000_000)

    def _rounds(self) -> int | None:
        return _number(self.rounds, int, 0, 100_000)

    def _judge(self) -> None:
        checks: tuple[tuple[Field, Callable[[], object], str], ...] = (
            (self.temperature, self._temperature, tr("Temperature is a number from 0 to 2.")),
            (self.top_p, self._top_p, tr("Top P is a number from 0 to 1.")),
            (
                self.max_tokens,
                self._max_tokens,
                tr("The longest answer is a whole number of tokens, at least 1."),
            ),
            (self.rounds, self._rounds, tr("Context rounds are a whole number, 0 or more.")),
        )
        faults = []
        for field, read, sentence in checks:
            wrong = _fails(read)
            field.set_wrong(wrong)
            field.setAccessibleDescription(sentence if wrong else "")
            if wrong:
                faults.append(sentence)
        self.fault.setText(faults[0] if faults else "")
        self.fault.setVisible(bool(faults))
        self.confirm_button.setEnabled(not faults)
        if self.isVisible():
            self.adjustSize()

    def accept(self) -> None:
        """Close and hand over, unless a field is wrong."""
        if self.options() is not None:
            super().accept()

    def _submit(self) -> None:
        self.chosen.emit(self.options())

    def _focus_first(self) -> None:
        self.prompt.edit.setFocus(Qt.FocusReason.OtherFocusReason)


def _number(field: Field, kind: Callable[[str], N], low: N, high: N) -> N | None:
    """Return what a field says, or None when it is empty.

    Raises:
        ValueError: it is no such number, or out of its range.
    """
    text = field.text().strip()
    if not text:
        return None
    value = kind(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def _fails(read: Callable[[], object]) -> bool:
    try:
        read()
    except ValueError:
        return True
    return False
