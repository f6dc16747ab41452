"""Plain text as blocks, one for each line, in the manner of a Markdown stream."""

from typing import Final

from desktop_chat.markdown.blocks import Gap, Span, TextBlock

LONGEST: Final = 4000
"""A longer line becomes several blocks, so that each is laid out only when it is near."""


class PlainStream:
    """Text that arrives in pieces and is shown as it is, line by line.

    A block that goes on with the line of the one before it starts where that one ends.

    Args:
        blank_lines: True keeps empty lines; False turns them into a gap.
    """

    def __init__(self, *, blank_lines: bool) -> None:
        self.blocks: list[TextBlock] = []
        self._blank_lines = blank_lines
        self._line = ""
        self._start = 0
        self._open = False
        self._gap = Gap.NONE

    def feed(self, text: str) -> int:
        """Append text.

        Returns:
            The index of the first block that is new or changed.
        """
        first = len(self.blocks) - (1 if self._open else 0)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for number, part in enumerate(lines):
            if number:
                self._end_line()
            self._grow(part)
        return first

    def _end_line(self) -> None:
        if not self._line and self.blocks and not self._blank_lines:
            self._gap = Gap.PARAGRAPH
        self._start += len(self._line) + 1
        self._line = ""
        self._open = False

    def _grow(self, part: str) -> None:
        self._line += part
        while len(self._line) > LONGEST:
            rest = self._line[LONGEST:]
            self._line = self._line[:LONGEST]
            self._put()
            self._start += LONGEST
            self._line = rest
            self._open = False
        if self._line or self._blank_lines:
            self._put()

    def _put(self) -> None:
        end = self._start + len(self._line)
        if self._open:
            gap = self.blocks[-1].gap
            self.blocks[-1] = TextBlock((Span(self._line),), (), gap, 0, self._start, end)
            return
        block = TextBlock((Span(self._line),), (), self._gap, 0, self._start, end)
        self.blocks.append(block)
        self._gap = Gap.NONE
        self._open = True
