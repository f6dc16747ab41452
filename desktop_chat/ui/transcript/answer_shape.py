"""Where the parts of an answer are: head, thinking, Markdown, its tail, card and footer."""

from collections.abc import Set
from typing import Final

from desktop_chat.core.messages import Message, MessageState
from desktop_chat.ui.transcript.answer_paint import FOOTER, HEADER, NOTE
from desktop_chat.ui.transcript.answer_text import AnswerText
from desktop_chat.ui.transcript.body import MessageBody, Placed
from desktop_chat.ui.transcript.cards import Card
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.files.answer_tail import AnswerTail
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.thinking import Thinking
from desktop_chat.ui.transcript.words import figures

GAP: Final = 20
THINK_ROW: Final = 28
_THINK_INDENT: Final = 23
_THINK_PAD: Final = 4
_AFTER_THINKING: Final = 10
_AFTER_FOLD: Final = 4
_AFTER_HEADER: Final = 2
_CARD_GAP: Final = 8
_BARE: Final = 4
"""A card without a footer stands this much nearer to the next message."""


class AnswerShape(MessageBody):
    """The parts of an answer, and their places.

    Args:
        message: as it is now.
        lexers: where code gets its colours from.

    Attributes:
        message: the message.
        text: its thinking and its Markdown.
        live: whether it streams.
        card: why it failed, ended or waits; or None.
        versions: how many siblings there are, itself included.
        tail: its pictures, and the tools that it asked for.
        thinking: how long it thought, and whether that is unfolded.
    """

    def __init__(self, message: Message, lexers: Lexers) -> None:
        self.message = message
        self.text = AnswerText(message, lexers)
        self.live = message.state is MessageState.STREAMING
        self.card = None if self.live else Card.of_end(message)
        self.versions = 1
        self.tail = AnswerTail()
        self.thinking = Thinking(
            message.timing.reasoning if message.timing else None,
            there=bool(message.reasoning),
            unfolded=self.live and not message.text,
        )

    def _header_y(self) -> int:
        return GAP + (NOTE if self.message.omitted > 0 else 0)

    def tip(self, page: Page, x: int, y: int) -> str:
        """Return what is told of a point of the message: the figures in full, over them."""
        top = self._footer_y(page)
        over = self._has_footer and not self.live and top <= y < top + FOOTER
        return figures(self.message) if over and x > page.width // 3 else ""

    def fold_y(self, page: Page) -> int:
        """Return the height of the thinking row."""
        del page
        return self._header_y() + HEADER

    def _thinking_y(self, page: Page) -> int:
        return self.fold_y(page) + THINK_ROW + _THINK_PAD

    def _body_y(self, page: Page) -> int:
        y = self.fold_y(page)
        if not self.thinking.there:
            return y + _AFTER_HEADER
        if self.thinking.shown:
            return self._thinking_y(page) + self.text.thinking.height + _THINK_PAD + _AFTER_THINKING
        return y + THINK_ROW + _AFTER_FOLD

    def _body_height(self, page: Page) -> int:
        height = self.text.body.height + self.text.rest
        waits = self.live and not self.thinking.shown and self.card is None
        if not height and waits and not self.tail:
            # Room for the caret that waits for the first token.
            return page.look.styles[Face.BODY].leading
        return height

    def _tail_y(self, page: Page) -> int:
        self.tail.sync(self.message, page)
        return self._body_y(page) + self._body_height(page)

    def _card_y(self, page: Page) -> int:
        if self.text.body.pieces or self.thinking.shown or self.tail:
            return self._tail_y(page) + self.tail.height(page) + _CARD_GAP
        return self.fold_y(page) + (THINK_ROW if self.thinking.there else 0) + _CARD_GAP

    def card_area(self, page: Page) -> tuple[int, int]:
        """Return the upper and the lower edge of the card."""
        top = self._card_y(page)
        return top, top + (self.card.height(page) if self.card is not None else 0)

    def _footer_y(self, page: Page) -> int:
        self.tail.sync(self.message, page)
        if self.card is None:
            return self._tail_y(page) + self.tail.height(page)
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
        if not self.thinking.shown:
            return (body,)
        inner = think_page(page)
        y = self._thinking_y(page)
        return (Placed(Part.THINKING, self.text.thinking, _THINK_INDENT, y, inner), body)

    def blank_from(self, page: Page) -> int | None:
        """Return the height below which text is not parsed yet, or None when all is there."""
        return self.text_bottom(page) if self.text.rest else None

    def shows_thinking(self, page: Page, top: int, bottom: int) -> bool:
        """Tell whether open thinking touches a range of heights."""
        return self.thinking.shown and top < self._body_y(page) and bottom > self.fold_y(page)

    # What stands below the text

    def measure(self, page: Page, top: int, bottom: int) -> None:
        """Measure downwards what touches a range of heights."""
        super().measure(page, top, bottom)
        y = self._tail_y(page)
        self.tail.measure(top - y, bottom - y, page)

    def measure_up(self, page: Page, y: int, amount: int) -> int:
        """Measure upwards from a height; return how much it has grown above that height."""
        inside = y - self._tail_y(page)
        grown = self.tail.measure(inside - amount, inside, page)
        return grown + super().measure_up(page, y + grown, amount)

    def arrived(self, pieces: Set[Piece], page: Page) -> int | None:
        """Measure pieces anew for which something has been drawn beside the UI thread."""
        below = super().arrived(pieces, page)
        tail = self.tail.arrived(pieces, page)
        if tail is None:
            return below
        tail += self._tail_y(page)
        return tail if below is None else min(below, tail)

    def keep(self, page: Page, top: int, bottom: int) -> None:
        """Let the layouts outside a range of heights go."""
        super().keep(page, top, bottom)
        y = self._tail_y(page)
        self.tail.keep(top - y, bottom - y, page)

    def drop(self, page: Page) -> None:
        """Let all layouts and pictures go."""
        super().drop(page)
        self.tail.drop()

    def resize(self, page: Page) -> None:
        """Forget what depends on the width."""
        super().resize(page)
        self.text.thinking.resize()
        self.tail.resize(page)


def think_page(page: Page) -> Page:
    """Return the page of the thinking: it stands beside a rule."""
    return page.narrowed(page.width - _THINK_INDENT)
