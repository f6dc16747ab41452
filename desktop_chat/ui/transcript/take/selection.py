"""What is selected: an anchor and a caret, each a place in the text of a message.

Messages between them are wholly selected without being looked at, so a selection costs the same
whether it covers a word or ten thousand messages.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from desktop_chat.ui.transcript.places import END, Part, Place, Selected

START: Final = Place(Part.HEAD, 0, 0)
"""Before everything in a message."""
FINISH: Final = Place(Part.BODY, END, END)
"""Behind everything in a message, whatever is still to come."""


class Point(NamedTuple):
    """A place in the conversation."""

    message_id: str
    place: Place


class Range(NamedTuple):
    """Two points in reading order."""

    first: Point
    last: Point


class Selection:
    """The selected text.

    Args:
        index_of: where a message is in the column, or None when it is not on this branch.

    Attributes:
        anchor: where it was begun, or None.
        caret: where it ends, or None.
    """

    def __init__(self, index_of: Callable[[str], int | None]) -> None:
        self._index_of = index_of
        self.anchor: Point | None = None
        self.caret: Point | None = None

    @property
    def empty(self) -> bool:
        """Whether no text is selected."""
        return self.anchor == self.caret

    def clear(self) -> None:
        """Select nothing; the caret stays where the last press was."""
        self.anchor = self.caret

    def forget(self) -> None:
        """Select nothing, and have no caret."""
        self.anchor = self.caret = None

    def begin(self, anchor: Point, caret: Point) -> None:
        """Select between two points."""
        self.anchor, self.caret = anchor, caret

    def compare(self, one: Point, other: Point) -> int:
        """Return a number below, at or above 0 as one point stands before another one or not."""
        first, second = self._index_of(one.message_id) or 0, self._index_of(other.message_id) or 0
        if first != second:
            return first - second
        return (one.place > other.place) - (one.place < other.place)

    def range(self) -> Range | None:
        """Return both ends in reading order, or None when nothing is selected."""
        if self.anchor is None or self.caret is None or self.empty:
            return None
        if self.compare(self.anchor, self.caret) > 0:
            return Range(self.caret, self.anchor)
        return Range(self.anchor, self.caret)

    def of(self, message_id: str) -> Selected | None:
        """Return what is selected in a message, or None. Costs the same in any conversation."""
        found = self.range()
        if found is None:
            return None
        first, last = self._index_of(found.first.message_id), self._index_of(found.last.message_id)
        index = self._index_of(message_id)
        if first is None or last is None or index is None or not first <= index <= last:
            return None
        return Selected(
            found.first.place if index == first else START,
            found.last.place if index == last else FINISH,
        )

    def branch_changed(self) -> bool:
        """Clear it when one of its messages is gone; tell whether it was cleared."""
        for point in (self.anchor, self.caret):
            if point is not None and self._index_of(point.message_id) is None:
                self.forget()
                return True
        return False
