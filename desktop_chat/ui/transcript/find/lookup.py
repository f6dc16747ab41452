"""Looking through one message, in slices: all of its text, or what is new of one that grows."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final, overload

from desktop_chat.core.messages import Message, Role
from desktop_chat.markdown.blocks import Block, CodeBlock, ImageBlock, MathBlock, TextBlock
from desktop_chat.markdown.stream import MarkdownStream
from desktop_chat.ui.transcript.answer_text import AnswerText
from desktop_chat.ui.transcript.find.found import Found, PartHits
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.find.seekable import Seekable, joined, seekable
from desktop_chat.ui.transcript.section import Section
from desktop_chat.ui.transcript.text.plain import PlainStream
from desktop_chat.ui.transcript.text.units import split_pairs, to_characters

_SLICE_CHARS: Final = 2000
_LINES: Final = 200
"""So many lines of code are looked through between two looks at the clock."""


class Scan:
    """Looks through blocks in order; when they grow, only what is new.

    Args:
        needle: what is looked for.
        hits: where it is put down.
    """

    def __init__(self, needle: Needle, hits: PartHits) -> None:
        self._needle = needle
        self._hits = hits
        self._seen: list[Block] = []
        self._before: Seekable | None = None
        self._unsettled = False
        """Whether the last block that was seen may have grown since."""
        self._code: CodeBlock | None = None
        """The code of which lines were read, and how far."""
        self._line = 0
        self._offset = 0

    def run(self, blocks: Sequence[Block], deadline: float) -> bool:
        """Go on until a time on the clock of ``time.perf_counter``; tell whether it is done."""
        self._withdraw(blocks)
        seen = self._seen
        while len(seen) < len(blocks):
            block = blocks[len(seen)]
            if isinstance(block, CodeBlock):
                if not self._read_code(block, deadline):
                    return False
            else:
                self._read(block, len(seen))
            self._unsettled = isinstance(block, CodeBlock | MathBlock | ImageBlock) and block.open
            seen.append(block)
            if time.perf_counter() > deadline:
                return len(seen) == len(blocks)
        return True

    def _withdraw(self, blocks: Sequence[Block]) -> None:
        """Forget the blocks at the end that are others now, or have grown."""
        seen = self._seen
        count = min(len(seen), len(blocks))
        while count and seen[count - 1] is not blocks[count - 1]:
            count -= 1
        grown = self._unsettled and count == len(seen) > 0
        if grown:
            count -= 1
        if count == len(seen):
            return
        same = grown and isinstance(seen[count], CodeBlock) and seen[count] is blocks[count]
        del seen[count:]
        self._before = None
        self._unsettled = False
        if not same:
            self._code, self._line, self._offset = None, 0, 0
        self._hits.cut(count, self._offset)

    def _read(self, block: Block, number: int) -> None:
        text = seekable(block)
        before = self._before
        if text is not None:
            if number and isinstance(block, TextBlock) and _goes_on(self._seen[-1], block):
                before = before or seekable(self._seen[-1])
                across = None if before is None else joined(before, text, self._needle)
                if across is not None:
                    self._hits.add_joined(number, *across)
            for start, end in self._needle.spans(text.text):
                self._hits.add(number, *text.span(start, end))
        self._before = text

    def _read_code(self, block: CodeBlock, deadline: float) -> bool:
        """Look through the lines of code; tell whether it came to the end."""
        number = len(self._seen)
        lines = block.lines
        if self._code is not block or self._line >= len(lines):
            self._code, self._line, self._offset = block, 0, 0
            self._hits.cut(number)
        while self._line < len(lines) - 1:
            self._read_line(number, lines[self._line])
            self._offset += len(lines[self._line]) + 1
            self._line += 1
            if not self._line % _LINES and time.perf_counter() > deadline:
                return False
        if lines:
            # It is read again should it grow.
            self._read_line(number, lines[-1])
        if not block.open:
            self._code = None
        self._before = None
        return True

    def _read_line(self, number: int, line: str) -> None:
        offset = self._offset
        for start, end in self._needle.spans(split_pairs(line)):
            first, last = to_characters(line, start), to_characters(line, end)
            self._hits.add(number, offset + first, offset + last)


def _goes_on(before: Block, block: TextBlock) -> bool:
    """Tell whether a block goes on with the line of the one before it."""
    return isinstance(before, TextBlock) and not block.gap and 0 < before.end == block.start


class _Drawn(Sequence[Block]):
    """The blocks of a section as it is drawn."""

    def __init__(self, section: Section) -> None:
        self._section = section

    def __len__(self) -> int:
        return len(self._section.pieces)

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        if isinstance(index, slice):
            return [piece.block for piece in self._section.pieces[index]]
        return self._section.pieces[index].block


class Reading(ABC):
    """Looking through one message.

    Attributes:
        found: what was found so far.
    """

    def __init__(self) -> None:
        self.found = Found()

    @abstractmethod
    def run(self, deadline: float) -> bool:
        """Go on until a time on the clock of ``time.perf_counter``; tell whether it is done."""


class Growing(Reading):
    """Looks through an answer that streams: each call reads what is new.

    Args:
        needle: what is looked for.
        text: of the answer, as it is drawn.
    """

    def __init__(self, needle: Needle, text: AnswerText) -> None:
        super().__init__()
        self._thinking = Scan(needle, self.found.thinking)
        self._body = Scan(needle, self.found.body)
        self._text = text

    def run(self, deadline: float) -> bool:
        """Go on until a time; tell whether everything that is drawn has been looked through."""
        done = self._thinking.run(_Drawn(self._text.thinking), deadline)
        self.found.extent = len(self._text.body.pieces)
        return done and self._body.run(_Drawn(self._text.body), deadline)


class Whole(Reading):
    """Looks through a message of which nothing needs to be drawn.

    Args:
        needle: what is looked for.
        message: is let go of when it has been read.
    """

    def __init__(self, needle: Needle, message: Message) -> None:
        super().__init__()
        self._steps = self._read(needle, message)

    def run(self, deadline: float) -> bool:
        """Go on until a time; tell whether it is done."""
        return all(time.perf_counter() <= deadline for _step in self._steps)

    def _read(self, needle: Needle, message: Message) -> Iterator[None]:
        if message.role is Role.USER:
            text = message.text.strip("\n")
            if needle.in_plain(text):
                yield from self._plain(needle, text, self.found.body, blank_lines=True)
            return
        if needle.in_plain(message.reasoning):
            reasons = message.reasoning
            yield from self._plain(needle, reasons, self.found.thinking, blank_lines=False)
        if needle.in_markdown(message.text):
            yield from self._markdown(needle, message.text)

    def _plain(
        self, needle: Needle, text: str, hits: PartHits, *, blank_lines: bool
    ) -> Iterator[None]:
        stream = PlainStream(blank_lines=blank_lines)
        for start in range(0, len(text), _SLICE_CHARS):
            stream.feed(text[start : start + _SLICE_CHARS])
            yield
        if hits is self.found.body:
            self.found.extent = len(stream.blocks)
        yield from _scanned(Scan(needle, hits), stream.blocks)

    def _markdown(self, needle: Needle, text: str) -> Iterator[None]:
        stream = MarkdownStream()
        for start in range(0, len(text), _SLICE_CHARS):
            stream.feed(text[start : start + _SLICE_CHARS])
            yield
        stream.finish()
        self.found.extent = len(stream.blocks)
        yield from _scanned(Scan(needle, self.found.body), stream.blocks)


def _scanned(scan: Scan, blocks: Sequence[Block]) -> Iterator[None]:
    """Look through blocks one by one."""
    while not scan.run(blocks, 0.0):
        yield
