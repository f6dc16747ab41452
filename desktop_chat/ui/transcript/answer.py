"""A message of the model: header, thinking, Markdown, a card where it went wrong, a footer."""

import time
from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.ui.transcript.answer_paint import (
    FOOTER,
    HEADER,
    NOTE,
    Tiles,
    paint_header,
    paint_omitted,
    paint_stats,
    paint_version,
)
from desktop_chat.ui.transcript.answer_text import UNCHANGED, AnswerText
from desktop_chat.ui.transcript.body import MessageBody, Placed, State
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.controls import (
    SWITCH_WIDTH,
    Command,
    Control,
    Kind,
    action_icon,
    switch_controls,
)
from desktop_chat.ui.transcript.highlight import Lexers
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_code import HEADER as CODE_HEADER
from desktop_chat.ui.transcript.layout_code import CodePiece
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.words import thinking_title

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
_ICON: Final = 28
_ICON_MARGIN: Final = 6
"""From the edge of an icon's area to the icon."""
_DIVIDER: Final = 14


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
        thinking_open: whether the thinking is unfolded.
    """

    def __init__(self, message: Message, lexers: Lexers, tiles: Tiles) -> None:
        self.message = message
        self.text = AnswerText(message, lexers)
        self.live = message.state is MessageState.STREAMING
        self.card = None if self.live else Card.of_end(message)
        self.versions = 1
        self._tiles = tiles
        self._has_thinking = bool(message.reasoning)
        self._has_text = bool(message.text)
        self._thinking_since: float | None = None
        self._thinking_seconds = message.timing.reasoning if message.timing else None
        self.thinking_open = self.live and not self._has_text
        self._by_hand = False

    # What arrives

    def add_text(self, text: str) -> None:
        """Take more of the answer; ``work`` parses it. The card of a wait goes."""
        self.card = None
        if not self._has_text:
            self._has_text = True
            self._end_thinking()
        self.text.source.put(text)

    def add_reasoning(self, text: str) -> None:
        """Take more of the thinking; ``work`` lays it out."""
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
            self._has_thinking = True
        self.card = None
        self.text.reasons.put(text)

    def _end_thinking(self) -> None:
        if self._thinking_since is not None and self._thinking_seconds is None:
            self._thinking_seconds = time.monotonic() - self._thinking_since

    @property
    def thinks(self) -> bool:
        """Whether the thinking goes on at this moment."""
        return self.live and self._has_thinking and not self._has_text

    @property
    def waiting(self) -> bool:
        """Whether text has arrived that is not parsed yet."""
        return self.text.waiting > 0

    def fold_when_answering(self) -> bool:
        """Fold the thinking because the answer has begun, unless the reader chose otherwise.

        Returns:
            Whether it was folded.
        """
        if self._by_hand or not self.thinking_open or not self._has_text:
            return False
        self.thinking_open = False
        return self._has_thinking

    def toggle_thinking(self) -> None:
        """Fold or unfold the thinking, by the reader's hand."""
        self._by_hand = True
        self.thinking_open = not self.thinking_open

    def finish(self, message: Message) -> None:
        """Take the final form of the message, whose text is what has arrived."""
        self._end_thinking()
        self.message = message
        self.live = False
        self._has_text = bool(message.text)
        self._has_thinking = bool(message.reasoning)
        if message.timing is not None and message.timing.reasoning is not None:
            self._thinking_seconds = message.timing.reasoning
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
        below = self.text.read_thinking(self._think_page(page), deadline)
        if below != UNCHANGED and self.thinking_open:
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

    @staticmethod
    def _think_page(page: Page) -> Page:
        return page.narrowed(page.width - _THINK_INDENT)

    def _thinking_y(self, page: Page) -> int:
        return self.fold_y(page) + _THINK_ROW + _THINK_PAD

    @property
    def _shows_thinking(self) -> bool:
        return self._has_thinking and self.thinking_open

    def _body_y(self, page: Page) -> int:
        y = self.fold_y(page)
        if not self._has_thinking:
            return y + _AFTER_HEADER
        if self._shows_thinking:
            return self._thinking_y(page) + self.text.thinking.height + _THINK_PAD + _AFTER_THINKING
        return y + _THINK_ROW + _AFTER_FOLD

    def _body_height(self, page: Page) -> int:
        height = self.text.body.height + self.text.rest
        if not height and self.live and not self._shows_thinking and self.card is None:
            # Room for the caret that waits for the first token.
            return page.look.styles[Face.BODY].leading
        return height

    def _card_y(self, page: Page) -> int:
        if self.text.body.pieces or self._shows_thinking:
            return self._body_y(page) + self._body_height(page) + _CARD_GAP
        return self.fold_y(page) + (_THINK_ROW if self._has_thinking else 0) + _CARD_GAP

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

    def height(self, page: Page) -> int:
        """Return the height, measured or estimated."""
        return self._footer_y(page) + (FOOTER if self._has_footer else -_BARE)

    def text_bottom(self, page: Page) -> int:
        """Return the lower edge of the text."""
        return self._body_y(page) + self.text.body.height

    def placed(self, page: Page) -> tuple[Placed, ...]:
        """Return the sections that are shown."""
        body = Placed(Part.BODY, self.text.body, 0, self._body_y(page), page)
        if not self._shows_thinking:
            return (body,)
        inner = self._think_page(page)
        y = self._thinking_y(page)
        return (Placed(Part.THINKING, self.text.thinking, _THINK_INDENT, y, inner), body)

    def in_thinking(self, page: Page, y: int) -> bool:
        """Tell whether a height lies in the open thinking."""
        return self._shows_thinking and self.fold_y(page) <= y < self._body_y(page)

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
                self._paint_rule(ink, x, y + place.y, place.section.height)
            place.section.paint(
                ink, place.page, x + place.x, y + place.y, place.part, state.selected
            )
        caret = self.caret(page)
        if caret is not None:
            ink.box(QRectF(caret.translated(x, y)), 2, ink.tokens.caret, None)
        if self.card is not None:
            top, bottom = self.card_area(page)
            if ink.wanted(QRect(x, y + top, page.width, bottom - top)):
                self.card.paint(ink, page, x, y + top)
        footer = QRect(x, y + self._footer_y(page), page.width, FOOTER)
        if not self.live and self._has_footer and ink.wanted(footer):
            self._paint_footer(ink, page, footer, state)

    @staticmethod
    def _paint_rule(ink: Ink, x: int, y: int, height: int) -> None:
        top = max(y - 2, ink.top)
        bottom = min(y + height + 2, ink.bottom)
        if bottom > top:
            ink.vline(x + 5, top, bottom, ink.tokens.line2)

    def caret(self, page: Page) -> QRect | None:
        """Return the block that stands where the next character will, in the message."""
        if not self.live or self.card is not None:
            return None
        leading = page.look.styles[Face.BODY].leading
        pieces = self.text.body.pieces
        if not pieces:
            if self._shows_thinking:
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

    def _paint_footer(self, ink: Ink, page: Page, row: QRect, state: State) -> None:
        left = _ICON_MARGIN
        if self._acts(state):
            left += 2 * _ICON
        if state.siblings[1] > 1:
            switch = self._switch(row, state)
            paint_version(ink, page, switch, state.siblings)
            left = switch.right() - row.left()
            if self._acts(state):
                divider = switch.left() - _DIVIDER // 2 - 1
                ink.vline(divider, row.top() + 8, row.bottom() - 7, ink.tokens.line2)
        if state.active:
            paint_stats(ink, page, row.adjusted(left, 0, 0, 0), self.message)

    def _acts(self, state: State) -> bool:
        """Tell whether the footer has actions: a card has its own."""
        return state.active and self.card is None

    def _switch(self, row: QRect, state: State) -> QRect:
        left = row.left() - _ICON_MARGIN + (2 * _ICON + _DIVIDER if self._acts(state) else 0)
        return QRect(left, row.top(), SWITCH_WIDTH, FOOTER)

    # What is pressed

    def thinking_title(self) -> str:
        """Return the words of the thinking row."""
        if self.thinks and self._thinking_since is not None:
            return thinking_title(time.monotonic() - self._thinking_since, live=True)
        return thinking_title(self._thinking_seconds, live=self.thinks)

    def controls(
        self, page: Page, x: int, y: int, view: tuple[int, int], state: State
    ) -> list[Control]:
        """Return what can be pressed between two heights."""
        result = []
        if self._has_thinking:
            title = self.thinking_title()
            result.append(
                Control(
                    (self.message.id, "thinking"),
                    Kind.FOLD,
                    QRect(x - _ICON_MARGIN, y + self.fold_y(page), 0, _THINK_ROW),
                    Command("thinking", self.message.id),
                    text=title,
                    name=title,
                    checked=self.thinking_open,
                )
            )
        result.extend(self._code_controls(page, x, y, view))
        if self.card is not None:
            result.extend(self.card.controls(page, x, y + self._card_y(page)))
        if not self.live and self._has_footer:
            result.extend(self._footer_controls(page, x, y, state))
        low, high = view
        return [item for item in result if item.rect.bottom() >= low and item.rect.top() < high]

    def _code_controls(self, page: Page, x: int, y: int, view: tuple[int, int]) -> list[Control]:
        result = []
        body = self.text.body
        top = y + self._body_y(page)
        for index in body.visible(view[0] - top, view[1] - top):
            piece = body.pieces[index]
            if not isinstance(piece, CodePiece):
                continue
            head = top + body.heights.offset(index) + piece.top
            result.append(
                Control(
                    (self.message.id, f"code:{index}"),
                    Kind.COPY_CODE,
                    QRect(x + page.width, head + (CODE_HEADER - _ICON) // 2, 0, _ICON),
                    Command("copy_code", self.message.id, str(index)),
                    text=tr("Copy"),
                    icon="copy",
                    name=tr("Copy code"),
                )
            )
        return result

    def _footer_controls(self, page: Page, x: int, y: int, state: State) -> list[Control]:
        row = QRect(x, y + self._footer_y(page), page.width, FOOTER)
        name = self.message.id
        result = []
        if self._acts(state):
            place = QRect(x - _ICON_MARGIN, row.top(), _ICON, _ICON)
            result.append(action_icon(name, "copy", "copy", tr("Copy message"), place))
            place = place.translated(_ICON, 0)
            again = tr("Regenerate")
            result.append(action_icon(name, "regenerate", "arrow-clockwise", again, place))
        if state.siblings[1] > 1:
            result.extend(switch_controls(name, self._switch(row, state)))
        return result
