"""Where places lie on the scroll bar: on a scale that real heights do not shake."""

from collections.abc import Iterable

from desktop_chat.ui.transcript.heights import HeightIndex


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
