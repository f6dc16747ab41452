"""What is known of a model, corrected by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop_chat.core.i18n import ctr, tr
from desktop_chat.core.services import Model, Price, Thinking, ThinkingDialect
from desktop_chat.ui.controls.buttons import Segmented
from desktop_chat.ui.controls.dialog import Dialog
from desktop_chat.ui.controls.fields import Field, SelectField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.model_words import amount
from desktop_chat.ui.settings.row import focus
from desktop_chat.ui.theme import Theme

N = TypeVar("N", int, float)
_MOST: Final = 1e9
_CELL: Final = 174
"""Width of a field, half of the dialog, in pixels."""
_CURRENCIES: Final = ("CNY", "USD")
_ANSWERS: Final = {"": None, "yes": True, "no": False}


class ModelDialog(Dialog):
    """Asks what a model reads, writes, can do and costs; an empty field means that it is not
    known.

    Args:
        theme: colours and fonts.
        parent: the window it belongs to.
        model: as it is known now.
    """

    chosen = Signal(object)
    """The new ``Model``."""

    def __init__(self, theme: Theme, parent: QWidget, model: Model) -> None:
        super().__init__(
            theme,
            parent,
            model.id,
            tr("What a field does not say is not known, and nothing is made of it."),
            tr("Save"),
        )
        self._model = model
        price = model.price
        self.context = self._field(tr("Context, in tokens"), model.context_tokens)
        self.output = self._field(tr("Longest answer, in tokens"), model.output_tokens)
        self.makes = Segmented(
            theme, [("text", tr("Text"), ""), ("image", tr("Pictures"), "")], small=True
        )
        self.makes.setAccessibleName(tr("Makes"))
        self.makes.set_value(model.makes)
        self.thinking = SelectField(theme, tr("Thinking"), _dialects())
        self.thinking.set_value(model.thinking.dialect.value)
        self.thinking.chosen.connect(self._judge)
        self.efforts = self._field(tr("Efforts, weakest first"), None)
        self.efforts.setText(", ".join(model.thinking.efforts))
        self.efforts.setPlaceholderText("low, medium, high")
        self.images = self._answer(tr("Takes images"), model.images)
        self.files = self._answer(tr("Takes PDF files"), model.files)
        self.tools = self._answer(tr("Calls tools"), model.tools)
        self.currency = SelectField(theme, tr("Currency"), _currencies(price))
        self.currency.set_value(price.currency if price else "CNY")
        self.input = self._field(tr("Input, per million"), price.input if price else None)
        self.answer = self._field(tr("Output, per million"), price.output if price else None)
        self.cached = self._field(tr("Input from the cache"), price.cached if price else None)
        self.picture = self._field(tr("A picture"), price.image if price else None)
        self.fault = Label(theme, "", ink="danger", wrap=True)
        self._lay_out()
        for field in self.findChildren(Field):
            field.textChanged.connect(self._judge)
        self.accepted.connect(self._submit)
        self._judge()

    def _field(self, name: str, value: float | None) -> Field:
        field = Field(self.theme, name)
        field.setText("" if value is None else amount(value))
        field.setPlaceholderText(tr("Not known"))
        field.returnPressed.connect(self.accept)
        return field

    def _answer(self, name: str, value: bool | None) -> SelectField:
        choices = [("", tr("Not known")), ("yes", tr("Yes")), ("no", tr("No"))]
        field = SelectField(self.theme, name, choices)
        field.set_value(next(key for key, held in _ANSWERS.items() if held is value))
        return field

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        cells: tuple[QWidget, ...] = (
            self.context,
            self.output,
            self.thinking,
            self.efforts,
            self.makes,
            self.tools,
            self.images,
            self.files,
            self.input,
            self.answer,
            self.cached,
            self.picture,
            self.currency,
        )
        for number, widget in enumerate(cells):
            row, column = divmod(number, 2)
            name = Label(self.theme, widget.accessibleName(), pixels=12, ink="text2")
            if widget is not self.makes:
                widget.setFixedWidth(_CELL)
            grid.addWidget(name, 3 * row, column)
            grid.addWidget(widget, 3 * row + 1, column)
            grid.setRowMinimumHeight(3 * row + 2, 4)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self.fault)

    def model(self) -> Model | None:
        """Return what the fields say, or None while one of them is wrong."""
        try:
            return replace(
                self._model,
                context_tokens=_tokens(self.context),
                output_tokens=_tokens(self.output),
                makes=self.makes.value(),
                thinking=self._thinking(),
                images=_ANSWERS[self.images.value()],
                files=_ANSWERS[self.files.value()],
                tools=_ANSWERS[self.tools.value()],
                price=self._price(),
            )
        except ValueError:
            return None

    def _thinking(self) -> Thinking:
        """Return the thinking; what else was known of it holds as long as the dialect does."""
        dialect = ThinkingDialect(self.thinking.value())
        efforts = tuple(item.strip() for item in self.efforts.text().split(",") if item.strip())
        if any(not item.isascii() or " " in item for item in efforts):
            raise ValueError(self.efforts.text())
        old = self._model.thinking
        kept = old if dialect is old.dialect else Thinking(dialect)
        default = kept.default_effort if kept.default_effort in efforts else ""
        return replace(kept, efforts=efforts, default_effort=default)

    def _price(self) -> Price | None:
        """Return the price; a new one is as of today."""
        old = self._model.price
        values = [_price(field) for field in (self.input, self.answer, self.cached, self.picture)]
        if all(value is None for value in values):
            return None
        paid, answer, cached, picture = values
        if (paid is None or answer is None) and picture is None:
            raise ValueError(self.input.text())
        base = old or Price(self.currency.value(), 0.0, 0.0)
        new = replace(
            base,
            currency=self.currency.value(),
            input=paid or 0.0,
            output=answer or 0.0,
            cached=cached,
            image=picture,
        )
        return new if new == old else replace(new, as_of=_today())

    def _judge(self) -> None:
        whole = tr("Tokens are a whole number, at least 1.")
        price = tr("A price is a number, 0 or more, such as 0.25.")
        checks: tuple[tuple[Field, Callable[[], object], str], ...] = (
            (self.context, lambda: _tokens(self.context), whole),
            (self.output, lambda: _tokens(self.output), whole),
            (self.efforts, self._thinking, tr("Efforts are words, parted by commas.")),
            (self.input, lambda: _price(self.input), price),
            (self.answer, lambda: _price(self.answer), price),
            (self.cached, lambda: _price(self.cached), price),
            (self.picture, lambda: _price(self.picture), price),
        )
        faults = []
        for field, read, sentence in checks:
            wrong = _fails(read)
            field.set_wrong(wrong)
            field.setAccessibleDescription(sentence if wrong else "")
            if wrong:
                faults.append(sentence)
        if not faults and _fails(self._price):
            faults.append(tr("Enter both prices, that of input and that of output."))
            self.input.set_wrong(not self.input.text().strip())
            self.answer.set_wrong(not self.answer.text().strip())
        self.efforts.setEnabled(self.thinking.value() not in ("none", "enable"))
        self.fault.setText(faults[0] if faults else "")
        self.fault.setVisible(bool(faults))
        self.confirm_button.setEnabled(not faults)
        if self.isVisible():
            self.adjustSize()

    def accept(self) -> None:
        """Close and hand over, unless a field is wrong."""
        if self.model() is not None:
            super().accept()

    def _submit(self) -> None:
        self.chosen.emit(self.model())

    def _focus_first(self) -> None:
        focus(self.context)
        self.context.selectAll()


def _dialects() -> list[tuple[str, str]]:
    return [
        ("none", ctr("thinking", "None, or not to be switched")),
        ("type", "thinking: {type}"),
        ("enable", "enable_thinking"),
        ("effort", "reasoning_effort"),
        ("reasoning", "reasoning: {effort}"),
        ("budget", "thinking: {budget_tokens}"),
        ("adaptive", "thinking: adaptive"),
        ("think", "think"),
    ]


def _currencies(price: Price | None) -> list[tuple[str, str]]:
    codes = [*_CURRENCIES]
    if price is not None and price.currency not in codes:
        codes.append(price.currency)
    return [(code, code) for code in codes]


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def _tokens(field: Field) -> int | None:
    return _number(field, int, 1)


def _price(field: Field) -> float | None:
    return _number(field, float, 0.0)


def _number(field: Field, kind: Callable[[str], N], least: N) -> N | None:
    """Return what a field says, or None when it is empty.

    Raises:
        ValueError: it is no such number.
    """
    text = field.text().strip().replace(",", "").replace("_", "")
    if not text:
        return None
    value = kind(text)
    if not least <= value <= _MOST:
        raise ValueError(text)
    return value


def _fails(read: Callable[[], object]) -> bool:
    try:
        read()
    except ValueError:
        return True
    return False
