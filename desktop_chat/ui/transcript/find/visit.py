"""Bringing a hit into sight: in folded parts, in messages that were never laid out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect, QTimer, Signal

from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import MessageBody, PieceAt
from desktop_chat.ui.transcript.find.found import Hit
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.question import QuestionBody

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_SLICE: Final = 0.006
_STEP: Final = 0.001
_MARGIN: Final = 12
"""A hit stands at least so many pixels from the edges."""
_SIDE: Final = 40


class Visit(QObject):
    """Goes to one hit; what has to be parsed for that is parsed in slices.

    Args:
        canvas: what is scrolled.

    Attributes:
        top: the height of the viewport below which a hit is in sight.
    """

    arrived = Signal()
    """The hit is in sight."""

    def __init__(self, canvas: TranscriptCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._goal: tuple[str, Hit] | None = None
        self._asked = False
        self.top = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether a hit is not in sight yet."""
        return self._goal is not None

    def go(self, message_id: str, hit: Hit) -> None:
        """Bring a hit into sight: now if that is quick, else within the next frames."""
        self._goal = (message_id, hit)
        self._asked = False
        self._go_on()

    def text_came(self, message_id: str) -> None:
        """Go on with a message whose text was not there."""
        if self._goal is not None and self._goal[0] == message_id and not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Stay where the reader is."""
        self._goal = None
        self._timer.stop()

    def _go_on(self) -> None:
        if self._goal is None:
            return
        name, hit = self._goal
        index = self._canvas.column.index_of(name)
        if index is None or (self._ready(index, hit) and self._arrive(index, hit)):
            self._goal = None
            self.arrived.emit()
        elif self._canvas.column.items[index].message is not None:
            self._timer.start()

    # Making the text

    def _ready(self, index: int, hit: Hit) -> bool:
        """Make the drawn form of the hit's message as far as the hit; tell whether it is there."""
        canvas = self._canvas
        body = canvas.column.body(index)
        if body is None:
            if not self._asked:
                self._asked = True
                canvas.texts_needed.emit([canvas.column.items[index].id])
            return False
        if not self._parsed(index, body, hit):
            return False
        self._unfold(index, body, hit)
        return True

    def _parsed(self, index: int, body: MessageBody, hit: Hit) -> bool:
        """Parse a message for a slice of time; tell whether the hit's piece is final."""
        if not isinstance(body, AnswerBody) or not body.waiting:
            return True
        section = body.text.thinking if hit.part == Part.THINKING else body.text.body
        deadline = time.perf_counter() + _SLICE
        while body.waiting and hit.piece >= len(section.pieces) - 1:
            body.work(self._canvas.page, _STEP)
            if time.perf_counter() > deadline:
                break
        self._canvas.column.refresh(index)
        return not body.waiting or hit.piece < len(section.pieces) - 1

    def _unfold(self, index: int, body: MessageBody, hit: Hit) -> None:
        """Unfold what the hit is folded away in."""
        page = self._canvas.page
        changed = False
        if isinstance(body, AnswerBody) and hit.part == Part.THINKING:
            changed = not body.thinking.unfolded
            if changed:
                body.thinking.toggle()
        elif isinstance(body, QuestionBody) and not body.open and body.foldable:
            at = body.piece(page, hit.part, hit.piece)
            changed = at is None or hit.end > at.piece.length()
            if changed:
                body.toggle(page)
        for place in body.placed(page):
            if place.part == hit.part and hit.piece < len(place.section.pieces):
                if place.section.pieces[hit.piece].reveal(hit.start):
                    place.section.remeasure(hit.piece, place.page)
                    changed = True
                else:
                    place.section.measure(hit.piece, place.page)
        self._canvas.column.refresh(index)
        if changed:
            self._canvas.scroller.pause()
            self._canvas.rebuild()

    # Scrolling

    def _arrive(self, index: int, hit: Hit) -> bool:
        """Scroll to a hit whose piece is there; tell whether it is in sight now."""
        canvas = self._canvas
        scroller, column = canvas.scroller, canvas.column
        scroller.pause()
        found = self._line(index, hit)
        if found is None:
            return True
        y, height = found
        bottom = scroller.height - _MARGIN - height
        if not self.top + _MARGIN <= y - scroller.top <= max(bottom, self.top + _MARGIN):
            above = max(self.top + _MARGIN, scroller.height // 3)
            column.measure_up(y, above)
            y = (self._line(index, hit) or found)[0]
            if not self._work_above(y - above, y):
                return False
            column.measure(y - above, y - above + scroller.height)
            y = (self._line(index, hit) or found)[0]
            canvas.scroll_to(max(0, y - above))
            scroller.pause()
        self._move_sideways(index, hit)
        canvas.update_message(index)
        return True

    def _work_above(self, top: int, y: int) -> bool:
        """Parse what will be seen above a hit, so that it does not grow there afterwards."""
        canvas = self._canvas
        for index in canvas.column.unparsed(max(0, top), y)[:-1]:
            body = canvas.column.answer(index)
            if body is not None and body.waiting:
                body.work(canvas.page, _SLICE)
                canvas.column.refresh(index)
                return False
        return True

    def _at(self, index: int, hit: Hit) -> PieceAt | None:
        body = self._canvas.column.items[index].body
        return None if body is None else body.piece(self._canvas.page, hit.part, hit.piece)

    def _line(self, index: int, hit: Hit) -> tuple[int, int] | None:
        """Return the top of a hit's line in the column, and its height."""
        at = self._at(index, hit)
        if at is None:
            return None
        rect = at.piece.caret_at(at.page, hit.start)
        return self._canvas.column.top_of(index) + at.y + int(rect.top()), int(rect.height())

    def rect(self, message_id: str, hit: Hit) -> QRect:
        """Return where a hit is in the viewport, its first line if it has more; or nothing."""
        canvas = self._canvas
        index = canvas.column.index_of(message_id)
        at = None if index is None else self._at(index, hit)
        if index is None or at is None:
            return QRect()
        first = at.piece.caret_at(at.page, hit.start)
        last = at.piece.caret_at(at.page, min(hit.end, at.piece.length()))
        right = last.x() if last.top() == first.top() else at.page.width - at.piece.indent
        place = QRect(int(first.x()), int(first.top()), int(right - first.x()) + 1, 0)
        place.setHeight(int(first.height()))
        top = canvas.column.top_of(index) - canvas.scroller.top
        return place.translated(canvas.left + at.x, top + at.y)

    def _move_sideways(self, index: int, hit: Hit) -> None:
        """Scroll a wide piece so that the hit is in sight."""
        at = self._at(index, hit)
        if at is None or not at.piece.scroll_range(at.page):
            return
        width = at.page.width - at.piece.indent
        first = at.piece.caret_at(at.page, hit.start).x()
        last = at.piece.caret_at(at.page, min(hit.end, at.piece.length())).x()
        if first < _MARGIN or max(first, last) > width - _SIDE:
            at.piece.scroll_to(int(at.piece.scrolled() + first - width / 3), at.page)
