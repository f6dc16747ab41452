"""Places in the text of a message."""

from enum import IntEnum
from typing import NamedTuple

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
