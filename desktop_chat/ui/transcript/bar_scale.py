"""Where places lie on the scroll bar: on a scale that real heights do not shake."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from desktop_chat.ui.transcript.heights import HeightIndex

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.model import Column


class BarScale:
    """The heights that the scroll bar counts in, one for each message.

    A message's height is an estimate until it is laid out. If the bar counted real heights, the
    thumb would leap whenever an estimate is corrected. So a height of this scale stays as it was
    when the message came, and real heights are taken over by ``settle``, which is called while the
    thumb stands at an end and cannot leap.

    Args:
        heights: the first ones, in logical pixels.
    """

    __slots__ = ("_heights", "_loose")

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = HeightIndex(heights)
        self._loose: set[int] = set()

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    @property
    def total(self) -> int:
        """The sum of all heights."""
        return self._heights.total

    def append(self, height: int) -> None:
        """Add one at the end."""
        self._heights.append(height)

    def set(self, index: int, height: int) -> None:
        """Change one at once: the message grows."""
        self._heights.set(index, height)

    def note(self, index: int) -> None:
        """Take note that a message has another height than the one counted with."""
        self._loose.add(index)

    def settle(self, real: HeightIndex) -> bool:
        """Take the real heights of what was noted; tell whether there was any."""
        if not self._loose:
            return False
        for index in self._loose:
            self._heights.set(index, real[index])
        self._loose.clear()
        return True

    def value(self, index: int, inside: int, height: int) -> int:
        """Return the value of a place.

        Args:
            index: of its message.
            inside: how far below the message's top it is.
            height: of the message, as it is now.
        """
        share = min(max(inside, 0), height)
        return self._heights.offset(index) + self._heights[index] * share // max(1, height)

    def place(self, value: int) -> tuple[int, float]:
        """Return the message that a value lies in, and how far in it: 0 top, 1 bottom.

        Raises:
            IndexError: there is no message.
        """
        index = self._heights.find(value)
        inside = value - self._heights.offset(index)
        return index, min(1.0, max(0.0, inside / max(1, self._heights[index])))


class ColumnBar:
    """Turns heights of a column into values of its scroll bar, and back.

    Args:
        column: the messages.
    """

    def __init__(self, column: Column) -> None:
        self._column = column

    @property
    def total(self) -> int:
        """The height of everything on the scroll bar's scale."""
        column = self._column
        return column.scale.total + column.height - column.heights.total

    def value(self, y: int) -> int:
        """Return the value of a height."""
        column = self._column
        if not column.items:
            return y
        index = column.at(y)
        height = column.heights[index]
        inside = y - column.top_of(index)
        # What lies beyond the last message counts as it is.
        beyond = max(0, inside - height)
        return column.top_of(0) + column.scale.value(index, inside, height) + beyond

    def place(self, value: int) -> int:
        """Return the height that a value means; its message is made for that."""
        column = self._column
        if not column.items:
            return 0
        index, share = self.share(value)
        column.body(index)
        return column.top_of(index) + int(share * column.heights[index])

    def share(self, value: int) -> tuple[int, float]:
        """Return the message that a value lies in, and how far: 0 top, 1 bottom.

        Raises:
            IndexError: there is no message.
        """
        return self._column.scale.place(value - self._column.top_of(0))

    def settle(self) -> bool:
        """Count in the heights as they are; tell whether that is new.

        Only while the thumb stands at an end: elsewhere it would leap.
        """
        return self._column.scale.settle(self._column.heights)
