"""The keys of the transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

LINE_STEP: Final = 48


class Keyboard:
    """Turns keys into scrolling and selecting.

    Args:
        canvas: what they are for.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas

    def press(self, event: QKeyEvent) -> bool:
        """Take a key; tell whether it is dealt with."""
        canvas = self._canvas
        page = max(LINE_STEP, canvas.scroller.height - LINE_STEP)
        steps = {
            Qt.Key.Key_Up: -LINE_STEP,
            Qt.Key.Key_Down: LINE_STEP,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Space: page,
        }
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            canvas.scroll_by(-page)
        elif key in steps:
            canvas.scroll_by(steps[key])
        elif key == Qt.Key.Key_Home:
            canvas.scroll_to(0)
        elif key == Qt.Key.Key_End:
            canvas.scroll_to_end()
        else:
            return canvas.pointer.key(event)
        return True
