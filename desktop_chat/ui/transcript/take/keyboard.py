"""The keys of the transcript: scrolling, going from question to question, selecting.

Ctrl+A selects the message that was pressed last, and pressed again the whole conversation; with no
message pressed it is the whole conversation at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from desktop_chat.ui.transcript.take.caret import CaretMoves, Spot
from desktop_chat.ui.transcript.take.selection import Point

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

LINE_STEP: Final = 48
_MARGIN: Final = 12
"""So many pixels stay between the caret and the edge of the view."""
_MAC: Final = sys.platform == "darwin"
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_STEPS: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Home: -1,
    Qt.Key.Key_End: 1,
    Qt.Key.Key_PageUp: -1,
    Qt.Key.Key_PageDown: 1,
}
_SIDEWAYS: Final = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_LINES: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down)
_EDGES: Final = (Qt.Key.Key_Home, Qt.Key.Key_End)


class Keyboard:
    """Turns keys into scrolling and selecting.

    Args:
        canvas: what they are for.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self.moves = CaretMoves(canvas, canvas.pointer.words)
        self._goal: tuple[Point, int] | None = None
        """The caret that keys moved up or down, and the x that it keeps to."""

    def press(self, event: QKeyEvent) -> bool:
        """Take a key; tell whether it is dealt with."""
        modifiers = event.modifiers() & (_SHIFT | _CTRL | _ALT)
        key = Qt.Key(event.key())
        if key in _STEPS and modifiers & _SHIFT:
            self._select(key, modifiers)
            return True
        if key in _LINES and modifiers == _ALT:
            return self._go_turn(_STEPS[key])
        return self._command(event) or self._scroll(key, modifiers)

    def _command(self, event: QKeyEvent) -> bool:
        pointer = self._canvas.pointer
        if event.matches(QKeySequence.StandardKey.Copy):
            self._canvas.clips.copy()
            return True
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self._select_all()
            return True
        if event.key() == Qt.Key.Key_Escape and not pointer.selection.empty:
            pointer.clear()
            return True
        return False

    def _select_all(self) -> None:
        pointer = self._canvas.pointer
        caret = pointer.selection.caret
        if caret is None:
            pointer.select_all()
            return
        before = pointer.selection.range()
        pointer.select_message(caret.message_id)
        if pointer.selection.range() == before:
            pointer.select_all()
        self._canvas.clips.give_primary()

    # Scrolling

    def _scroll(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        canvas = self._canvas
        page = max(LINE_STEP, canvas.scroller.height - LINE_STEP)
        if key == Qt.Key.Key_Space and not modifiers & (_CTRL | _ALT):
            canvas.scroll_by(-page if modifiers & _SHIFT else page)
        elif modifiers & _ALT or key not in _STEPS or key in _SIDEWAYS:
            return False
        elif key in _EDGES or (_MAC and modifiers & _CTRL and key in _LINES):
            if _STEPS[key] < 0:
                canvas.scroll_to(0)
            else:
                canvas.scroll_to_end()
        else:
            canvas.scroll_by(_STEPS[key] * (LINE_STEP if key in _LINES else page))
        return True

    def _go_turn(self, step: int) -> bool:
        """Go to the question before or after the one at the view's upper edge."""
        canvas = self._canvas
        turns = canvas.turns
        # The first turn that begins below the edge.
        low, high = 0, turns.count
        while low < high:
            middle = (low + high) // 2
            top = turns.top_of(middle)
            if top is not None and top <= canvas.scroller.top + 1:
                low = middle + 1
            else:
                high = middle
        wanted = low
        if step < 0:
            here = turns.top_of(low - 1)
            wanted = low - 1 if here is not None and here < canvas.scroller.top - 1 else low - 2
        question = turns.question(max(wanted, 0))
        if question is None:
            canvas.scroll_to_end()
        else:
            canvas.scroll_to_item(question)
        return True

    # Selecting

    def _select(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        """Move the caret and select up to it."""
        selection = self._canvas.pointer.selection
        if selection.branch_changed() or selection.caret is None:
            start = self.moves.in_sight()
            if start is None:
                return
            selection.begin(start, start)
        caret, anchor = selection.caret, selection.anchor
        if caret is None or anchor is None:
            return
        moved = self._moved(caret, key, wide=bool(modifiers & _CTRL))
        if moved is None:
            return
        self._canvas.pointer.select(anchor, moved)
        self._show(moved)
        self._canvas.clips.give_primary()

    def _moved(self, caret: Point, key: Qt.Key, *, wide: bool) -> Point | None:
        """Return where a key takes the caret; None when it stays."""
        step = _STEPS[key]
        moves = self.moves
        if key in _EDGES and wide:
            return moves.edge(last=step > 0)
        spot = moves.spot(caret)
        if spot is None:
            return self._over_unread(caret, step)
        if key in _SIDEWAYS:
            return moves.word(spot, step) if wide else moves.character(spot, step)
        if key in _EDGES:
            return moves.line_edge(spot, step)
        if wide and key in _LINES:
            return moves.paragraph(spot, step)
        x = self._goal[1] if self._goal and self._goal[0] == caret else moves.rect(spot).left()
        found = moves.line(spot, step, x) if key in _LINES else self._page(spot, step, x)
        if found is not None:
            self._goal = (found, x)
        return found

    def _over_unread(self, caret: Point, step: int) -> Point | None:
        """Pass over a message whose text is not there, to the edge of the next one."""
        items = self._canvas.column.items
        index = self._canvas.column.index_of(caret.message_id)
        if index is None or not 0 <= index + step < len(items):
            return None
        return self.moves.outer(index + step, last=step < 0)

    def _page(self, spot: Spot, step: int, x: int) -> Point | None:
        """Move the caret with the view by a page."""
        canvas = self._canvas
        self._show(self.moves.point(spot))
        before = canvas.scroller.top
        y = self.moves.rect(spot).center().y() - before
        canvas.scroll_by(step * max(LINE_STEP, canvas.scroller.height - LINE_STEP))
        if canvas.scroller.top == before:
            return self.moves.edge(last=step > 0)
        found = canvas.pointer.find.nearest(QPoint(canvas.left + x, y))
        return None if found is None else Point(*found)

    def _show(self, point: Point) -> None:
        """Scroll so that a point can be seen."""
        canvas = self._canvas
        index = canvas.column.index_of(point.message_id)
        if index is None:
            return
        spot = self.moves.spot(point)
        if spot is None:
            canvas.scroll_to_item(index)
            return
        rect = self.moves.rect(spot)
        top, height = canvas.scroller.top, canvas.scroller.height
        if rect.top() < top + _MARGIN:
            canvas.scroll_to(rect.top() - _MARGIN)
        elif rect.bottom() > top + height - _MARGIN:
            canvas.scroll_to(rect.bottom() + _MARGIN - height)
        self._show_sideways(spot, rect.left() - spot.at.x)

    def _show_sideways(self, spot: Spot, x: int) -> None:
        piece, page = spot.at.piece, spot.at.page
        room = page.width - piece.indent - 2 * _MARGIN
        step = min(0, x - 2 * _MARGIN) or max(0, x - room)
        if step and piece.scroll_range(page) and piece.scroll_to(piece.scrolled() + step, page):
            self._canvas.update_message(spot.item)
