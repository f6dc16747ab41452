"""A message of the model: header, thinking, Markdown, a card where it went wrong, a footer."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt

from desktop_chat.core.i18n import ntr, tr
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.markdown.stream import MarkdownStream
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.transcript.body import MessageBody, Placed, State
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.highlight import Lexers
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_code import HEADER, CodePiece
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import estimate_lines
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.plain import PlainStream
from desktop_chat.ui.transcript.question import action_icon, switch_controls
from desktop_chat.ui.transcript.section import Section
from desktop_chat.ui.transcript.words import clock_time, stats, thinking_title

_GAP: Final = 20
_NOTE: Final = 32
_HEADER: Final = 24
_THINK_ROW: Final = 28
_THINK_INDENT: Final = 23
_THINK_PAD: Final = 4
_AFTER_THINKING: Final = 10
_AFTER_FOLD: Final = 4
_AFTER_HEADER: Final = 2
_CARD_GAP: Final = 8
_FOOTER: Final = 28
_BARE: Final = 4
"""A card without a footer stands this much nearer to the next message."""
_TILE: Final = 18
_CARET: Final = QRect(3, 0, 8, 16)
_SLICE_CHARS: Final = 2000

Tiles = Callable[[str], tuple[str, str]]
"""Service id -> monogram and colour."""


class Queue:
    """Text that arrives: what waits to be parsed, and all of it."""

    __slots__ = ("_all", "_parts", "_taken", "length")

    def __init__(self, text: str = "") -> None:
        self._all = text
        self._parts: list[str] = []
        self._taken = 0
        self.length = len(text)

    @property
    def text(self) -> str:
        """Everything that has arrived."""
        if self._parts:
            self._all += "".join(self._parts)
            self._parts.clear()
        return self._all

    def put(self, text: str) -> None:
        """Add text at the end."""
        self._parts.append(text)
        self.length += len(text)

    def take(self, limit: int) -> str:
        """Take at most so many characters of what waits."""
        text = self.text[self._taken : self._taken + limit]
        self._taken += len(text)
        self.length -= len(text)
        return text

    def rewind(self) -> None:
        """Let everything wait again."""
        self._taken = 0
        self.length = len(self.text)


class AnswerBody(MessageBody):
    """The drawn form of an answer, finished or streaming.

    Args:
        message: as it is now; its text waits in the queue until ``work`` is called.
        lexers: where code gets its colours from.
        tiles: the look of services.
    """

    def __init__(self, message: Message, lexers: Lexers, tiles: Tiles) -> None:
        self.message = message
        self._tiles = tiles
        self.live = message.state is MessageState.STREAMING
        self.thinking = Section(lexers, Face.THINKING)
        self.body = Section(lexers)
        self._thoughts = PlainStream(blank_lines=False)
        self._stream = MarkdownStream()
        self._source = Queue(message.text)
        self._reasons = Queue(message.reasoning)
        self.chars = 0
        """How many characters of the text have been parsed and laid out."""
        self.versions = 1
        """How many siblings there are, itself included."""
        self._finished = False
        self._rest = 0
        self.has_thinking = bool(message.reasoning)
        self.has_text = bool(message.text)
        self._thinking_since: float | None = None
        self._thinking_seconds = message.timing.reasoning if message.timing else None
        self.thinking_open = self.live and not self.has_text
        self._by_hand = False
        self.card: Card | None = None
        if not self.live:
            self.card = Card.of_end(message)

    # What arrives

    def add_text(self, text: str) -> None:
        """Take more of the answer; it is parsed by ``work``."""
        if not self.has_text:
            self.has_text = True
            self._end_thinking()
        self._source.put(text)

    def add_reasoning(self, text: str) -> None:
        """Take more of the thinking; it is laid out by ``work``."""
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
            if not self.has_thinking and not self.has_text and not self._by_hand:
                self.thinking_open = True
            self.has_thinking = True
        self._reasons.put(text)

    def _end_thinking(self) -> None:
        if self._thinking_since is not None and self._thinking_seconds is None:
            self._thinking_seconds = time.monotonic() - self._thinking_since

    @property
    def thinks(self) -> bool:
        """Whether the thinking goes on at this moment."""
        return self.live and self.has_thinking and not self.has_text

    @property
    def waiting(self) -> int:
        """How many characters have arrived and are not parsed yet."""
        return self._source.length + self._reasons.length

    def fold_when_answering(self) -> bool:
        """Fold the thinking because the answer has begun, unless the reader chose otherwise.

        Returns:
            Whether it was folded.
        """
        if self._by_hand or not self.thinking_open or not self.has_text:
            return False
        self.thinking_open = False
        return True

    def toggle_thinking(self) -> None:
        """Fold or unfold the thinking, by the reader's hand."""
        self._by_hand = True
        self.thinking_open = not self.thinking_open

    def finish(self, message: Message) -> None:
        """Take the final form of the message."""
        self._end_thinking()
        self.message = message
        self.live = False
        self.has_text = bool(message.text)
        self.has_thinking = bool(message.reasoning)
        if message.timing is not None and message.timing.reasoning is not None:
            self._thinking_seconds = message.timing.reasoning
        self.card = Card.of_end(message)

    def reopen(self, message: Message) -> None:
        """Go on streaming: what is there stays and grows."""
        self.message = message
        self.live = True
        self.card = None
        if self._finished:
            # A finished stream takes no more: parse again what stands there.
            self._stream = MarkdownStream()
            self._finished = False
            self.chars = 0
            self._source.rewind()

    def work(self, page: Page, seconds: float) -> int:
        """Parse what waits, for about so many seconds.

        Returns:
            The height below which the message may look different; its height when nothing did.
        """
        deadline = time.perf_counter() + seconds
        changed = 1 << 30
        while self._reasons.length:
            first = self._thoughts.feed(self._reasons.take(_SLICE_CHARS))
            below = self.thinking.update(self._thoughts.blocks, first, self._think_page(page))
            if self.thinking_open:
                changed = min(changed, self._thinking_y(page) + below)
            if time.perf_counter() > deadline:
                break
        while self._source.length and time.perf_counter() <= deadline:
            text = self._source.take(_SLICE_CHARS)
            first = self._stream.feed(text)
            self.chars += len(text)
            changed = min(changed, self._update(first, page))
        if not self._source.length and not self.live and not self._finished:
            self._finished = True
            changed = min(changed, self._update(self._stream.finish(), page))
        self._guess_rest(page)
        return changed

    def _update(self, first: int, page: Page) -> int:
        below = self.body.update(self._stream.blocks, first, page)
        return self._body_y(page) + below

    def _guess_rest(self, page: Page) -> None:
        """Estimate the height of text that is not parsed yet."""
        self._rest = 0
        if self._source.length:
            style = page.look.styles[Face.BODY]
            sample = estimate_lines("中" * min(self._source.length, 100), style.em, page.width)
            lines = max(sample, self._source.length * style.em * 0.7 // page.width)
            self._rest = int(lines) * style.leading

    def source(self) -> str:
        """Return the Markdown that has arrived, parsed or not."""
        return self._source.text if self.live else self.message.text

    def holds(self, message: Message) -> bool:
        """Tell whether a final form goes on from what is here: nothing shown has to go."""
        return message.text == self._source.text and message.reasoning == self._reasons.text

    # Where things are

    def _note_height(self) -> int:
        return _NOTE if self.message.omitted > 0 else 0

    def _header_y(self) -> int:
        return _GAP + self._note_height()

    def fold_y(self, page: Page) -> int:
        """Return the height of the thinking row."""
        return self._header_y() + _HEADER

    def _think_page(self, page: Page) -> Page:
        return page.narrowed(page.width - _THINK_INDENT)

    def _thinking_y(self, page: Page) -> int:
        return self.fold_y(page) + _THINK_ROW + _THINK_PAD

    @property
    def _shows_thinking(self) -> bool:
        return self.has_thinking and self.thinking_open

    def _body_y(self, page: Page) -> int:
        y = self.fold_y(page)
        if not self.has_thinking:
            return y + _AFTER_HEADER
        if self._shows_thinking:
            return self._thinking_y(page) + self.thinking.height + _THINK_PAD + _AFTER_THINKING
        return y + _THINK_ROW + _AFTER_FOLD

    def _body_height(self, page: Page) -> int:
        height = self.body.height + self._rest
        if not height and self.live and not self._shows_thinking and self.card is None:
            return page.look.styles[Face.BODY].leading
        return height

    def _card_y(self, page: Page) -> int:
        y = self._body_y(page) + self._body_height(page)
        if not self.body.pieces:
            y = self.fold_y(page) + (_THINK_ROW if self.has_thinking else 0)
            if self._shows_thinking:
                y = self._body_y(page)
        return y + _CARD_GAP

    def _footer_y(self, page: Page) -> int:
        if self.card is None:
            return self._body_y(page) + self._body_height(page)
        return self._card_y(page) + self.card.height(page)

    def height(self, page: Page) -> int:
        """Return the height, measured or estimated."""
        if self.card is not None and not self.live and self.versions <= 1:
            return self._footer_y(page) - _BARE
        return self._footer_y(page) + _FOOTER

    def text_bottom(self, page: Page) -> int:
        """Return the lower edge of the text."""
        return self._body_y(page) + self.body.height

    def placed(self, page: Page) -> tuple[Placed, ...]:
        """Return the sections that are shown."""
        body = Placed(Part.BODY, self.body, 0, self._body_y(page), page)
        if not self._shows_thinking:
            return (body,)
        inner = self._think_page(page)
        y = self._thinking_y(page)
        return (Placed(Part.THINKING, self.thinking, _THINK_INDENT, y, inner), body)

    def in_thinking(self, page: Page, y: int) -> bool:
        """Tell whether a height lies in the open thinking."""
        return self._shows_thinking and self.fold_y(page) <= y < self._body_y(page)

    def card_area(self, page: Page) -> tuple[int, int]:
        """Return the upper and the lower edge of the card."""
        top = self._card_y(page)
        return top, top + (self.card.height(page) if self.card is not None else 0)

    # Painting

    def forget(self) -> None:
        """Forget what is painted around the sections."""
        if self.card is not None:
            self.card.forget()

    def resize(self, page: Page) -> None:
        """Forget what depends on the width."""
        super().resize(page)
        if not self._shows_thinking:
            self.thinking.resize()

    def paint(self, ink: Ink, page: Page, x: int, y: int, state: State) -> None:
        """Paint what has to be painted."""
        top = y + _GAP
        if ink.top < y + self._thinking_y(page):
            self._paint_head(ink, page, x, top)
        for place in self.placed(page):
            if place.part == Part.THINKING:
                self._paint_rule(ink, x, y + place.y, place.section.height)
            place.section.paint(
                ink, place.page, x + place.x, y + place.y, place.part, state.selected
            )
        if self.live:
            self._paint_caret(ink, page, x, y)
        if self.card is not None:
            card_y = y + self._card_y(page)
            if ink.wanted(QRect(x, card_y, page.width, self.card.height(page))):
                self.card.paint(ink, page, x, card_y)
        footer = QRect(x, y + self._footer_y(page), page.width, _FOOTER)
        if not self.live and ink.wanted(footer):
            self._paint_footer(ink, page, footer, state)

    def _paint_head(self, ink: Ink, page: Page, x: int, y: int) -> None:
        t = ink.tokens
        painter = ink.painter
        middle = Qt.AlignmentFlag.AlignVCenter
        left = int(middle | Qt.AlignmentFlag.AlignLeft)
        if self.message.omitted > 0:
            painter.setFont(page.look.meta)
            painter.setPen(t.text3)
            count = self.message.omitted
            note = ntr(
                "{count} earlier message was not sent",
                "{count} earlier messages were not sent",
                count,
            ).format(count=count)
            row = QRectF(x, y, page.width, _NOTE - 8)
            painter.drawText(row, int(Qt.AlignmentFlag.AlignCenter), note)
            half = painter.fontMetrics().horizontalAdvance(note) / 2 + 12
            centre = x + page.width / 2
            for edge_left, edge_right in ((x, centre - half), (centre + half, x + page.width)):
                ink.hline(edge_left, edge_right, y + (_NOTE - 8) // 2, t.line)
            y += _NOTE
        painter.setFont(page.look.ui_bold)
        monogram, colour = self._tiles(self.message.service_id)
        tile = QRectF(x, y + (_HEADER - _TILE) // 2, _TILE, _TILE)
        paint_tile(painter, tile, monogram, colour)
        clock = clock_time(self.message.created_at)
        painter.setFont(page.look.numbers)
        clock_width = painter.fontMetrics().horizontalAdvance(clock) + 12
        painter.setPen(t.text3)
        row = QRectF(x, y, page.width, _HEADER)
        painter.drawText(row, int(middle | Qt.AlignmentFlag.AlignRight), clock)
        name_left = x + _TILE + 8
        painter.setFont(page.look.ui_bold)
        painter.setPen(t.text)
        room = page.width - _TILE - 8 - clock_width
        title = self.message.model or self.message.service_name
        title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(name_left, y, room, _HEADER), left, title)
        used = painter.fontMetrics().horizontalAdvance(title) + 8
        if self.message.model and self.message.service_name and room - used > 40:
            painter.setFont(page.look.ui)
            painter.setPen(t.text3)
            service = painter.fontMetrics().elidedText(
                self.message.service_name, Qt.TextElideMode.ElideRight, room - used
            )
            painter.drawText(QRectF(name_left + used, y, room - used, _HEADER), left, service)

    def _paint_rule(self, ink: Ink, x: int, y: int, height: int) -> None:
        top = max(y - 2, ink.top)
        bottom = min(y + height + 2, ink.bottom)
        if bottom > top:
            ink.vline(x + 5, top, bottom, ink.tokens.line2)

    def _paint_caret(self, ink: Ink, page: Page, x: int, y: int) -> None:
        rect = self.caret(page)
        if rect is not None:
            ink.box(QRectF(rect.translated(x, y)), 2, ink.tokens.caret, None)

    def caret(self, page: Page) -> QRect | None:
        """Return the block that stands where the next character will, in the message."""
        if self.card is not None:
            return None
        leading = page.look.styles[Face.BODY].leading
        if not self.body.pieces:
            if self._shows_thinking:
                return None
            return _CARET.translated(-3, self._body_y(page) + (leading - _CARET.height()) // 2)
        last = self.body.pieces[-1]
        if not last.measured:
            return None
        found = self._piece(self.placed(page)[-1], len(self.body.pieces) - 1)
        end = last.caret(found.page)
        if end is None:
            return None
        left = min(int(found.x + end.left()), page.width - _CARET.right())
        top = int(found.y + end.top() + (end.height() - _CARET.height()) // 2)
        return _CARET.translated(left, top)

    def _paint_footer(self, ink: Ink, page: Page, row: QRect, state: State) -> None:
        painter = ink.painter
        t = ink.tokens
        painter.setFont(page.look.numbers)
        painter.setPen(t.text3)
        if state.siblings[1] > 1:
            switch = self._switch(row, state)
            text = f"{state.siblings[0]} / {state.siblings[1]}"
            painter.drawText(switch, int(Qt.AlignmentFlag.AlignCenter), text)
            if self._acts(state):
                ink.vline(switch.left() - 8, row.top() + 8, row.bottom() - 7, t.line2)
        if state.active:
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(row, int(flags), stats(self.message))

    def _acts(self, state: State) -> bool:
        """Tell whether the footer has actions: a card has its own."""
        return state.active and self.card is None

    def _switch(self, row: QRect, state: State) -> QRect:
        left = row.left() - 6 + (2 * 28 + 14 if self._acts(state) else 0)
        return QRect(left, row.top(), 84, _FOOTER)

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
        message_id = self.message.id
        if self.has_thinking:
            title = self.thinking_title()
            rect = QRect(x - 6, y + self.fold_y(page), 0, _THINK_ROW)
            result.append(
                Control(
                    (message_id, "thinking"),
                    Kind.FOLD,
                    rect,
                    Command("thinking", message_id),
                    text=title,
                    name=title,
                    checked=self.thinking_open,
                )
            )
        result.extend(self._code_controls(page, x, y, view))
        if self.card is not None:
            result.extend(self.card.controls(page, x, y + self._card_y(page)))
        if not self.live:
            result.extend(self._footer_controls(page, x, y, state))
        low, high = view
        return [item for item in result if item.rect.bottom() >= low and item.rect.top() < high]

    def _code_controls(self, page: Page, x: int, y: int, view: tuple[int, int]) -> list[Control]:
        result = []
        top = y + self._body_y(page)
        for index in self.body.visible(view[0] - top, view[1] - top):
            piece = self.body.pieces[index]
            if not isinstance(piece, CodePiece):
                continue
            head = top + self.body.heights.offset(index) + piece.top
            result.append(
                Control(
                    (self.message.id, f"code:{index}"),
                    Kind.COPY_CODE,
                    QRect(x + page.width, head + (HEADER - 28) // 2, 0, 28),
                    Command("copy_code", self.message.id, str(index)),
                    text=tr("Copy"),
                    icon="copy",
                    name=tr("Copy code"),
                )
            )
        return result

    def _footer_controls(self, page: Page, x: int, y: int, state: State) -> list[Control]:
        row = QRect(x, y + self._footer_y(page), page.width, _FOOTER)
        message_id = self.message.id
        result = []
        if self._acts(state):
            place = QRect(x - 6, row.top(), 28, 28)
            result.append(action_icon(message_id, "copy", "copy", tr("Copy message"), place))
            place = place.translated(28, 0)
            result.append(
                action_icon(message_id, "regenerate", "arrow-clockwise", tr("Regenerate"), place)
            )
        if state.siblings[1] > 1:
            result.extend(switch_controls(message_id, self._switch(row, state)))
        return result
