"""What an empty chat shows: the ways to begin."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.core import i18n
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Settings
from desktop_chat.core.services import Service
from desktop_chat.core.settings import LANGUAGE, THEME
from desktop_chat.ui import icons
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.controls.buttons import Button, PaintedButton, Segmented
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.line_text import paint_line
from desktop_chat.ui.theme import RADIUS_CARD, RADIUS_CODE, Theme

COLUMN: Final = 816
_CARD_WIDTH: Final = 264
_CARD_HEIGHT: Final = 64
_GAP: Final = 12
_ANY_TILE: Final = ("{}", "#56626A")


class ServiceCard(PaintedButton):
    """A way to a service: tile, name, what it has.

    Args:
        theme: colours and fonts.
        service: which one, or None for one at any address that the user gives.
    """

    def __init__(self, theme: Theme, service: Service | None) -> None:
        super().__init__(theme, radius=RADIUS_CARD)
        self._service = service
        self._note = ""
        self._tile = (service.monogram, service.colour) if service else _ANY_TILE
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every sentence anew."""
        if self._service is None:
            self.setText(tr("OpenAI-compatible"))
            self._note = tr("Any base URL")
        else:
            language = i18n.language()
            self.setText(self._service.title(language))
            notes = self._service.note
            self._note = notes.get(language) or notes.get("") or notes.get("en") or ""
        self.setAccessibleName(tr("Add {service}").format(service=self.text()))
        self.setAccessibleDescription(self._note)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Return the size of a card."""
        return QSize(_CARD_WIDTH, _CARD_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be."""
        return QSize(180, _CARD_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the card."""
        tokens = self.theme.tokens
        painter = QPainter(self)
        ground = (
            tokens.selected if self.isDown() else blend(tokens.canvas, tokens.sunken, self.hover)
        )
        paint_box(painter, self.rect(), RADIUS_CARD, ground, tokens.line2)
        painter.setFont(self.theme.font(13))
        paint_tile(painter, QRect(13, 16, 32, 32), *self._tile)
        words = QRect(57, 14, self.width() - 57 - 40, 20)
        if not self._note:
            words.moveTop(22)
        self._line(painter, words, self.text(), 13, bold=True)
        if self._note:
            words.moveTop(32)
            self._line(painter, words, self._note, 12)
        icons.paint(painter, "plus", QRect(self.width() - 40, 0, 32, 64), tokens.text2, 16)
        painter.end()

    def _line(
        self, painter: QPainter, box: QRect, text: str, pixels: int, *, bold: bool = False
    ) -> None:
        tokens = self.theme.tokens
        painter.setFont(self.theme.font(pixels, bold=bold))
        painter.setPen(tokens.text if bold else tokens.text3)
        paint_line(painter, box, text)


class _DemoCard(QWidget):
    """The way that needs nothing: the offline demo."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = Label(theme, pixels=15, bold=True, wrap=True)
        self.text = Label(theme, ink="text2", wrap=True)
        self.button = Button(theme)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(73, 16, 17, 16)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_CARD, tokens.soft, tokens.softline)
        tile = QRect(17, (self.height() - 40) // 2, 40, 40)
        paint_box(painter, tile, RADIUS_CODE, tokens.accent)
        icons.paint(painter, "play", tile, tokens.onaccent, 20)
        painter.end()


class _Switches(QWidget):
    """Language and theme, at the top right."""

    def __init__(self, theme: Theme, bridge: Bridge, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.language = Segmented(theme, [("zh_CN", "中文", ""), ("en", "English", "")], small=True)
        self.theme = Segmented(
            theme,
            [("light", "", "sun"), ("dark", "", "moon"), ("system", "", "desktop")],
            small=True,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 20, 24, 0)
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(self.language)
        row.addWidget(self.theme)
        self.language.chosen.connect(lambda value: settings.set(LANGUAGE, value))
        self.theme.chosen.connect(lambda value: settings.set(THEME, value))
        bridge.setting_changed.connect(self._setting_changed)
        self.retranslate()

    def retranslate(self) -> None:
        self.language.setAccessibleName(tr("Language"))
        self.theme.setAccessibleName(tr("Theme"))
        self.theme.set_labels([tr("Light"), tr("Dark"), tr("Follow the system")])
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _setting_changed(self, name: str) -> None:
        if name in (LANGUAGE.name, THEME.name):
            self._show()

    def _show(self) -> None:
        self.language.set_value(i18n.language())
        self.theme.set_value(self._settings.get(THEME))


class FirstRun(QWidget):
    """No service is set up: try the demo, or add one.

    Args:
        theme: colours and fonts.
        bridge: tells of changed settings.
        settings: language and theme are chosen here, too.
        parent: the page.
    """

    demo_requested = Signal()
    service_requested = Signal(str)
    """The id of a service to set up, or "" for one at any address."""

    def __init__(
        self, theme: Theme, bridge: Bridge, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cards: list[ServiceCard] = []
        self._columns = 0
        self._title = Label(theme, pixels=28, bold=True, wrap=True)
        self._text = Label(theme, pixels=15, ink="text2", wrap=True)
        self._demo = _DemoCard(theme)
        self._own = Label(theme, bold=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(_GAP)
        self._scroll = _scrolled(theme, self._column(), self)
        self._switches = _Switches(theme, bridge, settings)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._switches)
        column.addWidget(self._scroll, 1)
        self._demo.button.clicked.connect(self.demo_requested)
        self.retranslate()

    def _column(self) -> QWidget:
        inner = QWidget()
        inner.setMaximumWidth(COLUMN)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 38, 0, 24)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addSpacing(8)
        column.addWidget(self._text)
        column.addSpacing(24)
        column.addWidget(self._demo)
        column.addSpacing(28)
        column.addWidget(self._own)
        column.addSpacing(10)
        column.addLayout(self._grid)
        column.addStretch(1)
        return inner

    def retranslate(self) -> None:
        """Set every sentence anew."""
        self._title.setText(tr("Add a model service to start chatting"))
        self._text.setText(
            tr(
                "Keys go to the system keyring, chats stay on this computer, and messages go "
                "only to the service you choose."
            )
        )
        self._demo.title.setText(tr("Try the offline demo"))
        self._demo.text.setText(
            tr(
                "Needs no key and no network: built-in answers show streaming, thinking, tables, "
                "code, and what errors look like."
            )
        )
        self._demo.button.setText(tr("Open demo"))
        self._demo.button.setAccessibleName(tr("Try the offline demo"))
        self._own.setText(tr("Add a service"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def set_services(self, services: Sequence[Service]) -> None:
        """Offer these services."""
        for card in self._cards:
            self._grid.removeWidget(card)
            card.deleteLater()
        self._cards = [ServiceCard(self._theme, service) for service in (*services, None)]
        for card, name in zip(self._cards, [*(item.id for item in services), ""], strict=True):
            card.clicked.connect(lambda _on=False, name=name: self.service_requested.emit(name))
        self._columns = 0
        self._place()

    def focus_first(self) -> None:
        """Put the focus on the first way to begin."""
        self._demo.button.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def demo_button(self) -> Button:
        """What opens the demo."""
        return self._demo.button

    @property
    def language_switch(self) -> Segmented:
        """What chooses the language."""
        return self._switches.language

    @property
    def theme_switch(self) -> Segmented:
        """What chooses the theme."""
        return self._switches.theme

    def cards(self) -> Sequence[ServiceCard]:
        """Return the cards of the services."""
        return self._cards

    def _place(self) -> None:
        width = min(COLUMN, self.width() - 48)
        columns = max(1, min(3, (width + _GAP) // (228 + _GAP)))
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(self._cards):
            self._grid.addWidget(card, number // columns, number % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cards in as many columns as there is room for."""
        super().resizeEvent(event)
        self._place()


class StartPage(QWidget):
    """A service is set up: a title and templates that fill the box.

    Args:
        theme: colours and fonts.
        parent: the page.
    """

    template_chosen = Signal(str)
    """The text for the composer."""
    model_requested = Signal()
    """A model is to be chosen."""
    add_service_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._demo = False
        self._lacks_model = False
        self._title = Label(theme, pixels=22, bold=True, wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = Label(theme, ink="text2", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._templates = [Button(theme) for _number in range(3)]
        self._add = Button(theme, kind="quiet", icon="plus")
        self.model_button = Button(theme, kind="primary")
        self.model_button.clicked.connect(self.model_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(2)
        column.addWidget(self._title)
        column.addSpacing(8)
        column.addWidget(self._text)
        column.addSpacing(20)
        column.addWidget(self.model_button, 0, Qt.AlignmentFlag.AlignHCenter)
        for button in self._templates:
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(8)
        column.addSpacing(8)
        column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        for number, button in enumerate(self._templates):
            button.clicked.connect(lambda _on=False, number=number: self._choose(number))
        self._add.clicked.connect(self.add_service_requested)
        self.retranslate()

    def set_demo(self, demo: bool) -> None:
        """Say that it is the demo that answers."""
        self._demo = demo
        self.retranslate()

    def set_lacks_model(self, lacks: bool) -> None:
        """Ask for a model before anything else."""
        self._lacks_model = lacks
        self.retranslate()

    def templates(self) -> Sequence[Button]:
        """Return the buttons of the templates that are offered."""
        return self._templates[: len(self._texts())]

    def retranslate(self) -> None:
        """Set every sentence anew."""
        title, text = self._words()
        self._title.setText(title)
        self._text.setText(text)
        self.model_button.setText(tr("Choose a model"))
        self.model_button.setVisible(self._lacks_model)
        self._add.setText(tr("Add a service"))
        self._add.setVisible(self._demo)
        texts = self._texts()
        for number, button in enumerate(self._templates):
            button.setVisible(number < len(texts))
            if number < len(texts):
                button.setText(texts[number][0])

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _words(self) -> tuple[str, str]:
        if self._demo:
            return (
                tr("The demo is ready"),
                tr("Its answers are built in: a demonstration, not a model."),
            )
        if self._lacks_model:
            return (
                tr("Choose a model to begin with"),
                tr("New chats begin with the one you chose last."),
            )
        return tr("Start with a question"), tr("Type it below, or begin with a template.")

    def _choose(self, number: int) -> None:
        self.template_chosen.emit(self._texts()[number][1])

    def _texts(self) -> Sequence[tuple[str, str]]:
        if self._lacks_model:
            return ()
        if self._demo:
            questions = (
                tr("How do a token bucket and a sliding window differ?"),
                tr("What can an answer look like here?"),
            )
            return tuple((question, question) for question in questions)
        return (
            (tr("Explain a piece of code"), tr("Explain this code step by step:") + "\n\n"),
            (tr("Polish a message"), tr("Make this text clear and polite:") + "\n\n"),
            (tr("Compare two choices"), tr("Compare these two in a table:") + "\n\n"),
        )


def _scrolled(theme: Theme, inner: QWidget, parent: QWidget) -> QScrollArea:
    """Return an area that scrolls a centred column and takes no colours of its own."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(24, 0, 24, 0)
    row.addStretch(1)
    row.addWidget(inner, 100)
    row.addStretch(1)
    area = QScrollArea(parent)
    area.setVerticalScrollBar(ScrollBar(theme))
    area.setWidget(holder)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    holder.setAutoFillBackground(False)
    return area
