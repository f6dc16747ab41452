"""The notice above the composer that concerns the whole program, such as a missing keyring."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import Button, IconButton
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.theme import RADIUS_CARD, Theme, Tokens

WIDTH: Final = 784
"""As wide as the composer, at most, in pixels."""


def tone_colours(tokens: Tokens, tone: str) -> tuple[QColor, QColor, QColor]:
    """Return ground, edge and icon colour of a tone: ``danger``, ``warn``, ``ok``, ``neutral``."""
    return {
        "danger": (tokens.dangersoft, tokens.dangerline, tokens.danger),
        "warn": (tokens.warnsoft, tokens.warnline, tokens.warn),
        "ok": (tokens.oksoft, tokens.line2, tokens.ok),
    }.get(tone, (tokens.raised, tokens.line2, tokens.text2))


class NoticeBar(QWidget):
    """A bar with icon, title, sentence, actions and a way to close it. Hidden until shown.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    action = Signal(str)
    """The id of the action pressed."""
    closed = Signal()
    """The user closed it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = "neutral"
        self._icon = ""
        self.setMaximumWidth(WIDTH)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._title = Label(theme, bold=True)
        self._text = Label(theme, ink="text2", wrap=True)
        self._buttons: list[Button] = []
        self._close = IconButton(theme, "x", tr("Close"))
        self._close.clicked.connect(self._dismiss)
        words = QHBoxLayout()
        words.setSpacing(8)
        words.addWidget(self._title, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._text, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(0)
        # One line stands in the middle, whatever its script; several fill the bar.
        column.addStretch(1)
        column.addLayout(words)
        column.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(45, 9, 9, 9)
        layout.setSpacing(8)
        layout.addLayout(column, 1)
        layout.addWidget(self._close)
        self._layout = layout
        theme.changed.connect(self.update)
        self.hide()

    def show_notice(
        self,
        tone: str,
        icon: str,
        title: str,
        text: str = "",
        actions: Sequence[tuple[str, str]] = (),
        *,
        closable: bool = True,
    ) -> None:
        """Show a notice in place of the one before.

        Args:
            tone: ``danger``, ``warn``, ``ok`` or ``neutral``.
            icon: a Phosphor name.
            title: what happened.
            text: what to do.
            actions: id and label of each; the primary one last.
            closable: False leaves it until ``hide``.
        """
        self._tone, self._icon = tone, icon
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        for number, (name, label) in enumerate(actions):
            last = number == len(actions) - 1
            button = Button(
                self._theme, label, kind="secondary" if last else "quiet", small=True, parent=self
            )
            button.clicked.connect(lambda _on=False, name=name: self.action.emit(name))
            self._layout.insertWidget(self._layout.count() - 1, button)
            self._buttons.append(button)
        self._close.setVisible(closable)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.show()
        self.update()

    def buttons(self) -> list[Button]:
        """Return its actions, as shown."""
        return list(self._buttons)

    def title(self) -> str:
        """Return the title shown."""
        return self._title.text()

    def _dismiss(self) -> None:
        self.hide()
        self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language in use."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use; title, text and actions are the owner's to set again."""
        self._close.set_name(tr("Close"))

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be."""
        return QSize(0, 46)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw ground and icon."""
        ground, edge, ink = tone_colours(self._theme.tokens, self._tone)
        painter = QPainter(self)
        paint_box(painter, self.rect(), RADIUS_CARD, ground, edge)
        icons.paint(painter, self._icon, QRect(17, 15, 16, 16), ink, 16)
        painter.end()
