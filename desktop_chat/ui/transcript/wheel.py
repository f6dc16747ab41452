"""The wheel over the transcript: it scrolls, moves what is wide sideways, or sizes the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_NOTCH_STEP: Final = 96
_NOTCH: Final = 120


class Wheel:
    """Turns the wheel's events into moves.

    Args:
        canvas: what is moved.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self._turned = 0
        """How far it was turned for another text size, in eighths of a degree."""

    def turn(self, event: QWheelEvent) -> None:
        """Scroll, move what is under the pointer sideways, or with Ctrl size the text."""
        event.accept()
        pixels, degrees = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._size(degrees.y())
            return
        sideways = degrees.x() if degrees.x() else 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = degrees.y()
        if abs(sideways) > abs(degrees.y()) or sideways == degrees.y() != 0:
            step = pixels.x() or sideways * _NOTCH_STEP // _NOTCH
            self._canvas.pointer.scroll_piece(event.position().toPoint(), -step)
            return
        step = pixels.y() or degrees.y() * _NOTCH_STEP // _NOTCH
        if step:
            self._canvas.scroll_by(-step)

    def _size(self, degrees: int) -> None:
        """Set the text larger or smaller by whole notches."""
        self._turned += degrees
        notches = int(self._turned / _NOTCH)
        if notches:
            self._turned -= notches * _NOTCH
            self._canvas.text_size_wanted.emit(notches)
