"""The text of blocks as it is looked through: its positions are those of the drawn pieces."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from desktop_chat.markdown.blocks import Block, ImageBlock, MathBlock, Span, TableRow, TextBlock
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.text.runs import Run, make_run
from desktop_chat.ui.transcript.text.units import split_pairs


class Edit(NamedTuple):
    """What is looked through in place of a part of what is drawn.

    Attributes:
        start: position in the drawn text.
        end: position behind it.
        text: what stands there for a reader; "" for what only makes room.
    """

    start: int
    end: int
    text: str


class Seekable:
    """A text to look through, and where each of its characters is drawn.

    Args:
        drawn: the text in which positions of the piece count.
        edits: what is looked through in place of parts of it, in order.
    """

    __slots__ = ("_drawn_at", "_edited", "_starts", "length", "text")

    def __init__(self, drawn: str, edits: Iterable[Edit] = ()) -> None:
        self.length = len(drawn)
        self._starts: list[int] = []
        self._drawn_at: list[int] = []
        self._edited: list[int] = []
        parts: list[str] = []
        length = at = 0
        for edit in edits:
            for text, start, width in (
                (drawn[at : edit.start], at, 0),
                (edit.text, edit.start, edit.end - edit.start),
            ):
                if text:
                    self._starts.append(length)
                    self._drawn_at.append(start)
                    self._edited.append(width)
                    parts.append(text)
                    length += len(text)
            at = edit.end
        if at:
            self._starts.append(length)
            self._drawn_at.append(at)
            self._edited.append(0)
            parts.append(drawn[at:])
        self.text = "".join(parts) if at else drawn

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the text is drawn; the part is not empty."""
        if not self._starts:
            return start, end
        return self._drawn(start)[0], self._drawn(end - 1)[1]

    def _drawn(self, at: int) -> tuple[int, int]:
        """Return where one character is drawn."""
        part = bisect_right(self._starts, at) - 1
        start, width = self._drawn_at[part], self._edited[part]
        if width:
            return start, start + width
        start += at - self._starts[part]
        return start, start + 1


def _edits(run: Run, offset: int = 0) -> list[Edit]:
    """Return what a reader looks for in place of pads and marks (nothing) and of formulas."""
    others = [(position, "") for position in run.inserted]
    others += [(position, split_pairs(latex)) for position, latex in run.objects]
    if run.objects:
        others.sort()
    return [Edit(offset + at, offset + at + 1, text) for at, text in others]


def _of_run(run: Run) -> Seekable:
    return Seekable(run.text, _edits(run))


def _of_row(row: TableRow) -> Seekable:
    texts: list[str] = []
    edits: list[Edit] = []
    at = 0
    for cell in row.cells:
        run = make_run(cell)
        texts.append(run.text)
        edits.extend(_edits(run, at))
        at += len(run.text) + 1
    return Seekable("\t".join(texts), edits)


def seekable(block: Block) -> Seekable | None:
    """Return the text of a block, or None for one without; code has lines instead."""
    if isinstance(block, TextBlock):
        return _of_run(make_run(block.spans))
    if isinstance(block, TableRow):
        return _of_row(block)
    if isinstance(block, MathBlock):
        return _of_run(make_run((Span(block.text.strip("\n")),)))
    if isinstance(block, ImageBlock) and block.alt.strip():
        return _of_run(make_run((Span(block.alt.strip()),)))
    return None


def joined(before: Seekable, after: Seekable, needle: Needle) -> tuple[int, int] | None:
    """Return what was found across the end of one piece of a long line and the start of the next.

    Returns:
        Where it begins in the first piece and where it ends in the second one, or None.
    """
    room = needle.length
    head, tail = before.text[-room:], after.text[:room]
    for start, end in needle.spans(head + tail):
        if start < len(head) < end:
            shift = len(before.text) - len(head)
            first = before.span(shift + start, shift + start + 1)[0]
            return first, after.span(0, end - len(head))[1]
    return None
