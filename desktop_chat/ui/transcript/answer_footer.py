"""The row below an answer: actions, sibling switch, figures."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.answer_paint import FOOTER, paint_stats, paint_version
from desktop_chat.ui.transcript.body import State
from desktop_chat.ui.transcript.controls import (
    SWITCH_WIDTH,
    Control,
    action_icon,
    switch_controls,
)
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page

ICON: Final = 28
ICON_MARGIN: Final = 6
"""From the edge of an icon's area to the icon."""
_DIVIDER: Final = 14


@dataclass(frozen=True, slots=True)
class Footer:
    """A footer in its place.

    Attributes:
        message: the answer.
        row: where it lies.
        state: what the view knows of the message.
        acts: whether it may have actions: a card has its own.
    """

    message: Message
    row: QRect
    state: State
    acts: bool

    @property
    def _active(self) -> bool:
        return self.acts and self.state.active

    @property
    def _actions_width(self) -> int:
        return len(self._actions()) * ICON if self._active else 0

    def _actions(self) -> list[tuple[str, str, str]]:
        """Return action, icon and name of each button."""
        found = [
            ("copy", "copy", tr("Copy message")),
            ("regenerate", "arrow-clockwise", tr("Regenerate")),
            ("request", "brackets-curly", tr("Show request")),
        ]
        if self.state.paints and self.message.text:
            found.insert(2, ("picture", "image", tr("Make a picture of this")))
        return found

    def _switch(self) -> QRect:
        """Return the place of ``2 / 3`` and its arrows."""
        left = self.row.left() - ICON_MARGIN
        if self._active:
            left += self._actions_width + _DIVIDER
        return QRect(left, self.row.top(), SWITCH_WIDTH, FOOTER)

    def paint(self, ink: Ink, page: Page) -> None:
        """Paint everything but the buttons."""
        row = self.row
        left = ICON_MARGIN + self._actions_width
        if self.state.siblings[1] > 1:
            switch = self._switch()
            paint_version(ink, page, switch, self.state.siblings)
            left = switch.right() - row.left()
            if self._active:
                divider = switch.left() - _DIVIDER // 2 - 1
                ink.vline(divider, row.top() + 8, row.bottom() - 7, ink.tokens.line2)
        if self.state.active:
            paint_stats(ink, page, row.adjusted(left, 0, 0, 0), self.message)

    def controls(self) -> list[Control]:
        """Return its buttons, from the left."""
        name = self.message.id
        result = []
        if self._active:
            place = QRect(self.row.left() - ICON_MARGIN, self.row.top(), ICON, ICON)
            for action, icon, words in self._actions():
                result.append(action_icon(name, action, icon, words, place))
                place = place.translated(ICON, 0)
        if self.state.siblings[1] > 1:
            result.extend(switch_controls(name, self._switch()))
        return result
