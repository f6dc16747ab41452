"""The message that the keyboard is at: it has a ring, is told to assistive technology, and opens
as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPen

from desktop_chat.ui.theme import RADIUS_CARD
from desktop_chat.ui.transcript.access.review import open_review
from desktop_chat.ui.transcript.ink import Ink

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_STEPS: Final = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PLAIN: Final = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
_OUT: Final = 8
_ABOVE: Final = 14
"""A message begins with a gap of 20 pixels; so much of it is above the ring."""
_BELOW: Final = 6
_WIDTH: Final = 2


class CurrentMessage:
    """Which message the keyboard is at.

    Args:
        canvas: the view.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self._id = ""

    @property
    def message_id(self) -> str:
        """The message, or "" while none was chosen or it is not on this branch."""
        return self._id if self._canvas.column.index_of(self._id) is not None else ""

    @property
    def focused(self) -> str:
        """The message while the view itself has the focus, else ""."""
        return self.message_id if self._canvas.hasFocus() else ""

    def focus_in(self) -> None:
        """Be at a message in sight: at the last of them, for that is where reading goes on."""
        index = self._canvas.column.index_of(self._id)
        seen = self._seen()
        if seen and (index is None or index not in seen):
            self._put(seen[-1] if self._canvas.scroller.at_end else seen[0])
        elif self.message_id:
            self._put(self._canvas.column.index_of(self._id) or 0)

    def press(self, event: QKeyEvent) -> bool:
        """Take a key that goes from message to message, or opens one; tell whether it did."""
        key = Qt.Key(event.key())
        if event.modifiers() == Qt.KeyboardModifier.AltModifier and key in _STEPS:
            self.move(_STEPS[key])
            return True
        if key in _ENTER and event.modifiers() in _PLAIN and self.message_id:
            return open_review(self._canvas, self.message_id) is not None
        return False

    def open(self) -> None:
        """Open the message as text; without one, the last that is in sight."""
        seen = self._seen()
        name = self.message_id
        if not name and seen:
            name = self._canvas.column.items[seen[-1]].id
        if name:
            open_review(self._canvas, name)

    def followed(self, event: QKeyEvent) -> None:
        """Take note that another key has gone from question to question."""
        if event.modifiers() == Qt.KeyboardModifier.AltModifier:
            seen = self._seen()
            if seen:
                self._put(seen[0])

    def clicked(self, y: int) -> None:
        """Take note that the pointer pressed at a height of the viewport."""
        column = self._canvas.column
        if column.items:
            self._put(column.at(y + self._canvas.scroller.top))

    def move(self, step: int) -> None:
        """Go so many messages on; negative goes back."""
        column = self._canvas.column
        if not column.items:
            return
        index = column.index_of(self._id)
        seen = self._seen()
        if index is None or index not in seen:
            # From what is seen, not from where the reader was long ago.
            index = (seen[0] if step < 0 else seen[-1]) if seen else 0
        self.go(max(0, min(len(column.items) - 1, index + step)))

    def go(self, index: int) -> None:
        """Go to a message and bring it into sight."""
        canvas = self._canvas
        top = canvas.column.top_of(index)
        bottom = top + canvas.column.height_of(index)
        seen = canvas.scroller.top
        if top < seen or bottom > seen + canvas.scroller.height:
            canvas.scroll_to_item(index)
        canvas.focus_came(Qt.FocusReason.ShortcutFocusReason)
        self._put(index)

    def _put(self, index: int) -> None:
        canvas = self._canvas
        before = canvas.column.index_of(self._id)
        self._id = canvas.column.items[index].id
        for changed in {index, index if before is None else before}:
            self._repaint(changed)
        if canvas.hasFocus():
            canvas.accessible.focus(self._id)

    def _seen(self) -> range:
        canvas = self._canvas
        top = canvas.scroller.top
        return canvas.column.between(top + _ABOVE, top + canvas.scroller.height)

    # The ring

    def _frame(self, index: int) -> QRect:
        """Return where the ring of a message is, in the viewport."""
        canvas = self._canvas
        top = canvas.column.top_of(index) - canvas.scroller.top + _ABOVE
        height = canvas.column.height_of(index) - _ABOVE + _BELOW
        return QRect(canvas.left - _OUT, top, canvas.page.width + 2 * _OUT, height)

    def _repaint(self, index: int) -> None:
        self._canvas.viewport().update(self._frame(index).adjusted(-2, -2, 2, 2))

    def paint(self, ink: Ink) -> None:
        """Paint the ring, as far as it has to be painted."""
        index = self._canvas.column.index_of(self._id)
        if index is None:
            return
        frame = self._frame(index)
        if not ink.wanted(frame):
            return
        half = _WIDTH / 2
        ink.painter.setPen(QPen(ink.tokens.accent, _WIDTH))
        ink.painter.setBrush(Qt.BrushStyle.NoBrush)
        box = QRectF(frame).adjusted(half, half, -half, -half)
        ink.painter.drawRoundedRect(box, RADIUS_CARD, RADIUS_CARD)
