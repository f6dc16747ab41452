"""Markdown that arrives in pieces, as blocks: finished ones first, then the open tail."""

import re
from typing import Final

from desktop_chat.markdown.block_parser import BlockParser
from desktop_chat.markdown.blocks import Block, RuleBlock, TextBlock
from desktop_chat.markdown.lines import MAX_PIECE, clean, cut_at

_ROOM: Final = MAX_PIECE
"""Characters of an incomplete line."""

_LINE_END: Final = re.compile(r"\r\n?|\n")


class MarkdownStream:
    """Turns text into blocks while it arrives.

    The blocks depend on the text alone, not on how it was cut into pieces: after ``finish`` they
    are those of ``parse``. A call costs what its text and the open tail cost (the last line, and
    the few lines before it in which something is still open), however long the text is.

    Attributes:
        blocks: what there is so far. Those before the index that a call returns are the same
            objects as before, unchanged.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._parser = BlockParser.over(self.blocks)
        self._done = 0
        self._rest = ""
        self._offset = 0
        self._in_cut = False
        self._finished = False

    def feed(self, text: str) -> int:
        """Append text.

        Returns:
            The index of the first block that is new or changed; ``len(blocks)`` if none is.

        Raises:
            ValueError: after ``finish``.
        """
        if self._finished:
            raise ValueError("the text is finished")
        if not text:
            return len(self.blocks)
        before, at, grows = self._withdraw()
        self._take(clean(text))
        self._parser.settle(self._rest)
        self._done = len(self.blocks)
        self._show_rest()
        return at - 1 if grows else self._first_change(at, before)

    def finish(self) -> int:
        """Close what is open: no more comes, and marks that nothing closed stand as they are.

        Returns:
            The index of the first block that is new or changed; ``len(blocks)`` if none is.
        """
        if self._finished:
            return len(self.blocks)
        self._finished = True
        before, at, grows = self._withdraw()
        self._read(self._rest, final=True)
        if self._rest:
            self._read_line(self._parser, self._rest, self._offset)
        self._parser.close()
        self._done = len(self.blocks)
        return at - 1 if grows else self._first_change(at, before)

    def _withdraw(self) -> tuple[list[Block], int, bool]:
        """Take the tail's blocks away.

        Returns:
            Them, their index, and whether the block before them is one that grows.
        """
        at = self._done
        before = self.blocks[at:]
        del self.blocks[at:]
        self._parser.restore()
        return before, at, self._parser.growing

    def _first_change(self, at: int, before: list[Block]) -> int:
        """Put blocks that came out the same back; return the index of the first other one."""
        for block, old in zip(self.blocks[at : at + len(before)], before, strict=False):
            if block != old or not _is_still(old):
                break
            self.blocks[at] = old
            at += 1
        return at

    def _take(self, text: str) -> None:
        """Read what has arrived, as far as it is whole lines or full pieces."""
        rest = self._rest
        if "\n" in text or "\r" in text or rest.endswith("\r") or len(rest) > _ROOM - len(text):
            self._read(rest + text, final=False)
        else:
            self._rest = rest + text

    def _read(self, data: str, *, final: bool) -> None:
        """Read the complete lines, and the full pieces of a line that is too long."""
        pos = 0
        while True:
            end = _LINE_END.search(data, pos)
            if end and end.group() == "\r" and end.end() == len(data) and not final:
                end = None
                limit = len(data) - 1
            else:
                limit = end.start() if end else len(data)
            while limit - pos > MAX_PIECE:
                cut = cut_at(data, pos)
                self._read_piece(data[pos:cut], self._offset + pos)
                pos = cut
            if end is None:
                break
            self._read_line(self._parser, data[pos:limit], self._offset + pos)
            self._in_cut = False
            pos = end.end()
        self._rest = data[pos:]
        self._offset += pos

    def _read_piece(self, text: str, start: int) -> None:
        end = start + len(text)
        if self._in_cut:
            self._parser.more(text, start, end, last=False)
        else:
            self._parser.line(text, start, end, cut=True)
        self._in_cut = True

    def _read_line(self, parser: BlockParser, text: str, start: int) -> None:
        """Read a line, or what is left of one."""
        end = start + len(text)
        if not self._in_cut:
            parser.line(text, start, end)
        elif text:
            parser.more(text, start, end, last=True)

    def _show_rest(self) -> None:
        """Append blocks for what is not finished."""
        preview = self._parser.preview()
        text = self._rest.rstrip("\r")
        if text:
            self._read_line(preview, text, self._offset)
        preview.show_tail()


def parse(text: str) -> list[Block]:
    """Return the blocks of a whole text."""
    stream = MarkdownStream()
    stream.feed(text)
    stream.finish()
    return stream.blocks


def _is_still(block: Block) -> bool:
    """Tell whether an equal block shows the same: those that share a changing object may not."""
    return isinstance(block, TextBlock | RuleBlock)
