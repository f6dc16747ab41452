"""Places in the text of a message."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from PySide6.QtGui import QColor

from desktop_chat.ui.theme import Tokens

END = 1 << 60
"""A position behind every other."""


class Part(IntEnum):
    """The parts of a message that hold text, from the top."""

    HEAD = 0
    THINKING = 1
    BODY = 2


class Place(NamedTuple):
    """A position in the text of one message: part, piece in it, position in its text."""

    part: Part
    piece: int
    position: int


class Shade(NamedTuple):
    """What stands out in one piece, as positions in its text.

    Attributes:
        selected: what is selected, or None.
        hits: what was looked for and found, in order.
        current: the hit that the reader is at, or None.
    """

    selected: tuple[int, int] | None = None
    hits: tuple[tuple[int, int], ...] = ()
    current: tuple[int, int] | None = None

    def grounds(self, tokens: Tokens) -> list[tuple[tuple[int, int], QColor]]:
        """Return what is filled behind the text: positions and colour, the lowest first."""
        grounds = [(hit, tokens.warnsoft) for hit in self.hits]
        if self.current is not None:
            grounds.append((self.current, tokens.warnline))
        if self.selected is not None:
            grounds.append((self.selected, tokens.sel))
        return grounds

    def part(self, start: int, length: int) -> "Shade":
        """Return what lies in a part of the piece (a cell, a line), counted from its start.

        What goes on beyond the part's end goes on by one position.
        """
        if self == PLAIN:
            return self
        hits = [cut for hit in self.hits if (cut := _cut(hit, start, length)) is not None]
        current = _cut(self.current, start, length)
        return Shade(_cut(self.selected, start, length), tuple(hits), current)


PLAIN = Shade()


def _cut(span: tuple[int, int] | None, start: int, length: int) -> tuple[int, int] | None:
    if span is None or span[0] >= start + length or span[1] <= start:
        return None
    return max(0, span[0] - start), min(length + 1, span[1] - start)


class Selected(NamedTuple):
    """What is selected in one message: everything between two places."""

    first: Place
    last: Place

    def range(self, part: Part, piece: int) -> tuple[int, int] | None:
        """Return the selected positions of one piece, or None."""
        low, high = Place(part, piece, 0), Place(part, piece, END)
        if high < self.first or low > self.last:
            return None
        start = self.first.position if self.first > low else 0
        end = self.last.position if self.last < high else END
        return (start, end) if end > start else None


class Hits(NamedTuple):
    """What was looked for and found in one message.

    Attributes:
        found: positions by part and number of the piece, in order.
        current: part, number and positions of the one that the reader is at, or None.
    """

    found: Mapping[tuple[Part, int], tuple[tuple[int, int], ...]]
    current: tuple[Part, int, tuple[int, int]] | None = None


class Marked(NamedTuple):
    """What stands out in one message.

    Attributes:
        selected: what is selected, or None.
        hits: what was found, or None.
    """

    selected: Selected | None = None
    hits: Hits | None = None

    def shade(self, part: Part, piece: int) -> Shade:
        """Return what stands out in one piece."""
        if self.selected is None and self.hits is None:
            return PLAIN
        chosen = None if self.selected is None else self.selected.range(part, piece)
        if self.hits is None:
            return Shade(chosen)
        at = self.hits.current
        current = at[2] if at is not None and at[:2] == (part, piece) else None
        return Shade(chosen, self.hits.found.get((part, piece), ()), current)
