"""A message of the model: header, thinking, Markdown, a card where it went wrong, a footer."""

import time
from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.core.messages import Message, MessageState
from desktop_chat.ui.transcript.answer_footer import ICON_MARGIN, Footer
from desktop_chat.ui.transcript.answer_paint import (
    FOOTER,
    HEADER,
    NOTE,
    Tiles,
    paint_header,
    paint_omitted,
    paint_thinking_rule,
)
from desktop_chat.ui.transcript.answer_text import UNCHANGED, AnswerText
from desktop_chat.ui.transcript.body import MessageBody, Placed, State
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import PieceKeys
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.thinking import Thinking

_GAP: Final = 20
_THINK_ROW: Final = 28
_THINK_INDENT: Final = 23
_THINK_PAD: Final = 4
_AFTER_THINKING: Final = 10
_AFTER_FOLD: Final = 4
_AFTER_HEADER: Final = 2
_CARD_GAP: Final = 8
_BARE: Final = 4
"""A card without a footer stands this much nearer to the next message."""
_CARET: Final = QRect(3, 0, 8, 16)


class AnswerBody(MessageBody):
    """The drawn form of an answer, finished or streaming.

    Args:
        message: as it is now; its text waits until ``work`` is called.
        lexers: where code gets its colours from.
        tiles: the look of services.

    Attributes:
        message: the message.
        text: its thinking and its Markdown.
        live: whether it streams.
        card: why it failed, ended or waits; or None.
        versions: how many siblings there are, itself included.
        thinking: how long it thought, and whether that is unfolded.
    """

    def __init__(self, message: Message, lexers: Lexers, tiles: Tiles) -> None:
        self.message = message
        self.text = AnswerText(message, lexers)
        self.live = message.state is MessageState.STREAMING
        self.card = None if self.live else Card.of_end(message)
        self.versions = 1
        self._tiles = tiles
        self._has_text = bool(message.text)
        self.thinking = Thinking(
            message.timing.reasoning if message.timing else None,
            there=bool(message.reasoning),
            unfolded=self.live and not self._has_text,
        )

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
        below = self.text.read_thinking(_think_page(page), deadline)
        if below != UNCHANGED and self.thinking.unfolded:
            changed = self._thinking_y(page) + below
        below = self.text.read_body(page, deadline, more=self.live)
        if below != UNCHANGED:
            changed = min(changed, self._body_y(page) + below)
        return changed

    # Where things are

    def _header_y(self) -> int:
        return _GAP + (NOTE if self.message.omitted > 0 else 0)

    def fold_y(self, page: Page) -> int:
        """Return the height of the thinking row."""
        del page
        return self._header_y() + HEADER

    def _thinking_y(self, page: Page) -> int:
        return self.fold_y(page) + _THINK_ROW + _THINK_PAD

    def _body_y(self, page: Page) -> int:
        y = self.fold_y(page)
        if not self.thinking.there:
            return y + _AFTER_HEADER
        if self.thinking.shown:
            return self._thinking_y(page) + self.text.thinking.height + _THINK_PAD + _AFTER_THINKING
        return y + _THINK_ROW + _AFTER_FOLD

    def _body_height(self, page: Page) -> int:
        height = self.text.body.height + self.text.rest
        if not height and self.live and not self.thinking.shown and self.card is None:
            # Room for the caret that waits for the first token.
            return page.look.styles[Face.BODY].leading
        return height

    def _card_y(self, page: Page) -> int:
        if self.text.body.pieces or self.thinking.shown:
            return self._body_y(page) + self._body_height(page) + _CARD_GAP
        return self.fold_y(page) + (_THINK_ROW if self.thinking.there else 0) + _CARD_GAP

    def card_area(self, page: Page) -> tuple[int, int]:
        """Return the upper and the lower edge of the card."""
        top = self._card_y(page)
        return top, top + (self.card.height(page) if self.card is not None else 0)

    def _footer_y(self, page: Page) -> int:
        if self.card is None:
            return self._body_y(page) + self._body_height(page)
        return self.card_area(page)[1]

    @property
    def _has_footer(self) -> bool:
        """Whether there is a row for actions and figures: a card has its own actions."""
        return self.card is None or (not self.live and self.versions > 1)

    def _footer(self, page: Page, x: int, y: int, state: State) -> Footer | None:
        """Return the footer in its place; None for an answer that streams or has none."""
        if self.live or not self._has_footer:
            return None
        row = QRect(x, y + self._footer_y(page), page.width, FOOTER)
        return Footer(self.message, row, state, self.card is None)

    def height(self, page: Page) -> int:
        """Return the height, measured or estimated."""
        return self._footer_y(page) + (FOOTER if self._has_footer else -_BARE)

    def text_bottom(self, page: Page) -> int:
        """Return the lower edge of the text."""
        return self._body_y(page) + self.text.body.height

    def placed(self, page: Page) -> tuple[Placed, ...]:
        """Return the sections that are shown."""
        body = Placed(Part.BODY, self.text.body, 0, self._body_y(page), page)
        if not self.thinking.shown:
            return (body,)
        inner = _think_page(page)
        y = self._thinking_y(page)
        return (Placed(Part.THINKING, self.text.thinking, _THINK_INDENT, y, inner), body)

    def blank_from(self, page: Page) -> int | None:
        """Return the height below which text is not parsed yet, or None when all is there."""
        return self.text_bottom(page) if self.text.rest else None

    def shows_thinking(self, page: Page, top: int, bottom: int) -> bool:
        """Tell whether open thinking touches a range of heights."""
        return self.thinking.shown and top < self._body_y(page) and bottom > self.fold_y(page)

    # Painting

    def forget(self) -> None:
        """Forget what is painted around the sections."""
        self.text.thinking.drop()
        if self.card is not None:
            self.card.forget()

    def resize(self, page: Page) -> None:
        """Forget what depends on the width."""
        super().resize(page)
        self.text.thinking.resize()

    def paint(self, ink: Ink, page: Page, x: int, y: int, state: State) -> None:
        """Paint what has to be painted."""
        if ink.top < y + self._thinking_y(page):
            if self.message.omitted > 0:
                paint_omitted(ink, page, x, y + _GAP, self.message.omitted)
            paint_header(ink, page, x, y + self._header_y(), self.message, self._tiles)
        for place in self.placed(page):
            if place.part == Part.THINKING:
                paint_thinking_rule(ink, x, y + place.y, place.section.height)
            place.section.paint(ink, place.page, x + place.x, y + place.y, place.part, state.marked)
        caret = self.caret(page)
        if caret is not None:
            ink.box(QRectF(caret.translated(x, y)), 2, ink.tokens.caret, None)
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
            if self.thinking.shown:
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
        result = []
        if self.thinking.there:
            title = self.thinking.title(live=self.thinks)
            result.append(
                Control(
                    (self.message.id, "thinking"),
                    Kind.FOLD,
                    QRect(x - ICON_MARGIN, y + self.fold_y(page), 0, _THINK_ROW),
                    Command("thinking", self.message.id),
                    text=title,
                    name=title,
                    checked=self.thinking.unfolded,
                )
            )
        result.extend(self._piece_controls(page, x, y, view, state))
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


def _think_page(page: Page) -> Page:
    return page.narrowed(page.width - _THINK_INDENT)
