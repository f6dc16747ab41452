"""A message of the model: header, thinking, Markdown, what stands below it (pictures, tools), a
card where it went wrong, a footer.
"""

import time
from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.answer_footer import ICON_MARGIN, Footer
from desktop_chat.ui.transcript.answer_head import Head
from desktop_chat.ui.transcript.answer_paint import (
    FOOTER,
    HEADER,
    Tiles,
    paint_omitted,
    paint_thinking_rule,
)
from desktop_chat.ui.transcript.answer_shape import GAP, THINK_ROW, AnswerShape, think_page
from desktop_chat.ui.transcript.answer_text import UNCHANGED
from desktop_chat.ui.transcript.body import State
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import PieceKeys
from desktop_chat.ui.transcript.places import Part

_CARET: Final = QRect(3, 0, 8, 16)


class AnswerBody(AnswerShape):
    """The drawn form of an answer, finished or streaming.

    Args:
        message: as it is now; its text waits until ``work`` is called.
        lexers: where code gets its colours from.
        tiles: the look of services.
    """

    def __init__(self, message: Message, lexers: Lexers, tiles: Tiles) -> None:
        super().__init__(message, lexers)
        self._tiles = tiles
        self._has_text = bool(message.text)

    # What arrives

    def add_text(self, text: str, began: float | None = None) -> None:
        """Take more of the answer; ``work`` parses it. The card of a wait goes.

        Args:
            text: what came.
            began: when the first of it came, on the clock of ``time.monotonic``; None for now.
        """
        self.card = None
        if not self._has_text:
            self._has_text = True
            self.thinking.end(now=began)
        self.text.source.put(text)

    def add_reasoning(self, text: str, began: float | None = None) -> None:
        """Take more of the thinking; ``work`` lays it out. ``began`` is as for ``add_text``."""
        self.thinking.begin(began)
        self.card = None
        self.text.reasons.put(text)

    @property
    def thinks(self) -> bool:
        """Whether the thinking goes on at this moment."""
        return self.live and self.thinking.there and not self._has_text

    @property
    def waiting(self) -> bool:
        """Whether text has arrived that is not parsed yet."""
        return self.text.waiting > 0

    def fold_when_answering(self) -> bool:
        """Fold the thinking because the answer has begun, unless the reader chose otherwise.

        Returns:
            Whether it was folded.
        """
        return self._has_text and self.thinking.fold()

    def finish(self, message: Message) -> None:
        """Take the final form of the message, whose text is what has arrived."""
        self.thinking.end(message.timing.reasoning if message.timing else None)
        self.thinking.there = bool(message.reasoning)
        self.message = message
        self.live = False
        self._has_text = bool(message.text)
        self.card = Card.of_end(message)

    def reopen(self, message: Message, page: Page) -> None:
        """Go on streaming: what is there stays and grows."""
        self.message = message
        self.live = True
        self.card = None
        self.text.reopen(page)

    def work(self, page: Page, seconds: float) -> int:
        """Parse what waits, for about so many seconds.

        Returns:
            The height below which the message may look different; beyond its end when nothing
            does.
        """
        deadline = time.perf_counter() + seconds
        changed = UNCHANGED
        below = self.text.read_thinking(think_page(page), deadline)
        if below != UNCHANGED and self.thinking.unfolded:
            changed = self._thinking_y(page) + below
        below = self.text.read_body(page, deadline, more=self.live)
        if below != UNCHANGED:
            changed = min(changed, self._body_y(page) + below)
        return changed

    # Painting

    def forget(self) -> None:
        """Forget what is painted around the sections."""
        self.text.thinking.drop()
        self.tail.forget()
        if self.card is not None:
            self.card.forget()

    def _head(self, page: Page, x: int, y: int) -> Head:
        row = QRect(x, y + self._header_y(), page.width, HEADER)
        return Head(self.message, row, live=self.live)

    def _footer(self, page: Page, x: int, y: int, state: State) -> Footer | None:
        """Return the footer in its place; None for an answer that streams or has none."""
        if self.live or not self._has_footer:
            return None
        row = QRect(x, y + self._footer_y(page), page.width, FOOTER)
        return Footer(self.message, row, state, self.card is None)

    def paint(self, ink: Ink, page: Page, x: int, y: int, state: State) -> None:
        """Paint what has to be painted."""
        if ink.top < y + self._thinking_y(page):
            if self.message.omitted > 0:
                paint_omitted(ink, page, x, y + GAP, self.message.omitted)
            self._head(page, x, y).paint(ink, page, self._tiles)
        for place in self.placed(page):
            if place.part == Part.THINKING:
                paint_thinking_rule(ink, x, y + place.y, place.section.height)
            place.section.paint(ink, place.page, x + place.x, y + place.y, place.part, state.marked)
        caret = self.caret(page)
        if caret is not None:
            ink.box(QRectF(caret.translated(x, y)), 2, ink.tokens.caret, None)
        if self.tail:
            self.tail.paint(ink, page, x, y + self._tail_y(page))
        if self.card is not None:
            top, bottom = self.card_area(page)
            if ink.wanted(QRect(x, y + top, page.width, bottom - top)):
                self.card.paint(ink, page, x, y + top)
        footer = self._footer(page, x, y, state)
        if footer is not None and ink.wanted(footer.row):
            footer.paint(ink, page)

    def caret(self, page: Page) -> QRect | None:
        """Return the block that stands where the next character will, in the message."""
        if not self.live or self.card is not None:
            return None
        leading = page.look.styles[Face.BODY].leading
        pieces = self.text.body.pieces
        if not pieces:
            if self.thinking.shown or self.tail:
                return None
            middle = (leading - _CARET.height()) // 2
            return _CARET.translated(-_CARET.left(), self._body_y(page) + middle)
        if not pieces[-1].measured:
            return None
        found = self._piece(self.placed(page)[-1], len(pieces) - 1)
        end = found.piece.caret(found.page)
        if end is None:
            return None
        left = min(int(found.x + end.left()), page.width - _CARET.right())
        top = int(found.y + end.top() + (end.height() - _CARET.height()) // 2)
        return _CARET.translated(left, top)

    # What is pressed

    def controls(
        self, page: Page, x: int, y: int, view: tuple[int, int], state: State
    ) -> list[Control]:
        """Return what can be pressed between two heights."""
        result = self._head(page, x, y).controls(page)
        if self.thinking.there:
            title = self.thinking.title(live=self.thinks)
            result.append(
                Control(
                    (self.message.id, "thinking"),
                    Kind.FOLD,
                    QRect(x - ICON_MARGIN, y + self.fold_y(page), 0, THINK_ROW),
                    Command("thinking", self.message.id),
                    text=title,
                    name=title,
                    checked=self.thinking.unfolded,
                )
            )
        result.extend(self._piece_controls(page, x, y, view, state))
        if self.tail:
            top = y + self._tail_y(page)
            name, near = self.message.id, state.near
            result.extend(self.tail.controls(name, page, x, top, view, near=near))
        if self.card is not None:
            result.extend(self.card.controls(page, x, y + self._card_y(page)))
        footer = self._footer(page, x, y, state)
        if footer is not None:
            result.extend(footer.controls())
        low, high = view
        return [item for item in result if item.rect.bottom() >= low and item.rect.top() < high]

    def _piece_controls(
        self, page: Page, x: int, y: int, view: tuple[int, int], state: State
    ) -> list[Control]:
        result: list[Control] = []
        body = self.text.body
        top = y + self._body_y(page)
        for index in body.visible(view[0] - top, view[1] - top):
            piece = body.pieces[index]
            head = top + body.heights.offset(index) + piece.top
            keys = PieceKeys(self.message.id, index, x + piece.indent, head, view, state.near)
            result.extend(piece.controls(keys, page))
        return result
