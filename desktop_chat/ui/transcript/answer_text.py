"""The text of an answer: what has arrived, what of it is parsed, and the pieces it became."""

import time
from typing import Final

from desktop_chat.core.messages import Message
from desktop_chat.markdown.stream import MarkdownStream
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.section import Section
from desktop_chat.ui.transcript.text.plain import PlainStream

UNCHANGED: Final = 1 << 30
_SLICE_CHARS: Final = 2000
_CHAR_WIDTH: Final = 0.7
"""Of a character of mixed text, in ems, about."""


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


class AnswerText:
    """Thinking and Markdown of one answer.

    Args:
        message: its text waits until it is read.
        lexers: where code gets its colours from.

    Attributes:
        thinking: the pieces of the thinking.
        body: the pieces of the answer.
        source: the Markdown.
        reasons: the thinking as it arrived.
        chars: how many characters of the Markdown have become pieces.
        rest: about how high the Markdown will be that waits, in logical pixels.
    """

    def __init__(self, message: Message, lexers: Lexers) -> None:
        self.thinking = Section(lexers, Face.THINKING)
        self.body = Section(lexers)
        self.source = Queue(message.text)
        self.reasons = Queue(message.reasoning)
        self.chars = 0
        self.rest = 0
        self._thoughts = PlainStream(blank_lines=False)
        self._stream = MarkdownStream()
        self._finished = False

    @property
    def waiting(self) -> int:
        """How many characters have arrived and are not read yet."""
        return self.source.length + self.reasons.length

    def holds(self, message: Message) -> bool:
        """Tell whether a message has exactly the text that has arrived."""
        return message.text == self.source.text and message.reasoning == self.reasons.text

    def read_thinking(self, page: Page, deadline: float) -> int:
        """Lay out thinking that waits.

        Args:
            page: of the thinking's width.
            deadline: on the clock of ``time.perf_counter``.

        Returns:
            The height in the section below which it may look different, or ``UNCHANGED``.
        """
        changed = UNCHANGED
        while self.reasons.length:
            first = self._thoughts.feed(self.reasons.take(_SLICE_CHARS))
            changed = min(changed, self.thinking.update(self._thoughts.blocks, first, page))
            if time.perf_counter() > deadline:
                break
        return changed

    def read_body(self, page: Page, deadline: float, *, more: bool) -> int:
        """Parse Markdown that waits.

        Args:
            page: of the column.
            deadline: on the clock of ``time.perf_counter``.
            more: whether more may arrive; if not, what is open is closed at the end.

        Returns:
            The height in the section below which it may look different, or ``UNCHANGED``.
        """
        changed = UNCHANGED
        self.body.live = more
        while self.source.length and time.perf_counter() <= deadline:
            text = self.source.take(_SLICE_CHARS)
            first = self._stream.feed(text)
            self.chars += len(text)
            changed = min(changed, self.body.update(self._stream.blocks, first, page))
        if not self.source.length and not more and not self._finished:
            self._finished = True
            first = self._stream.finish()
            changed = min(changed, self.body.update(self._stream.blocks, first, page))
        self._guess_rest(page)
        return changed

    def reopen(self, page: Page) -> None:
        """Make a finished text grow again: what stands there is parsed anew, at once, and pieces
        that come out as they were keep their layouts.
        """
        if not self._finished:
            return
        self._finished = False
        self.body.live = True
        self._stream = MarkdownStream()
        self.source.rewind()
        self.chars = self.source.length
        self._stream.feed(self.source.take(self.source.length))
        self.body.update(self._stream.blocks, 0, page)

    def _guess_rest(self, page: Page) -> None:
        style = page.look.styles[Face.BODY]
        lines = self.source.length * style.em * _CHAR_WIDTH / page.width
        self.rest = round(lines + 0.5) * style.leading if self.source.length else 0
