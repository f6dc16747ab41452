"""Where the viewport stands in the column: at the end, or held at a place that does not move."""

from typing import Final

from desktop_chat.ui.transcript.body import Spot
from desktop_chat.ui.transcript.model import Anchor, Column
from desktop_chat.ui.transcript.places import Part

_NEAR_END: Final = 2
"""So many pixels from the end still count as the end."""
_JUMP: Final = 3
"""A move of more viewports measures what it lands on instead of what lies between."""


class Scroller:
    """Keeps the viewport's place while heights change.

    Args:
        column: what is scrolled.

    Attributes:
        top: the height in the column at the viewport's upper edge.
        height: of the viewport, in logical pixels.
        following: whether it stays at the end.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self.top = 0
        self.height = 0
        self.following = True
        self._anchor = Anchor(0, Spot(Part.HEAD, 0, 0))

    @property
    def anchor(self) -> Anchor:
        """What lies at the viewport's upper edge."""
        return self._anchor

    @property
    def lowest(self) -> int:
        """The largest ``top`` there is."""
        return max(0, self._column.height - self.height)

    @property
    def at_end(self) -> bool:
        """Whether the end is in sight."""
        return self.following or self.top >= self.lowest - _NEAR_END

    def hold(self) -> tuple[str, Spot] | None:
        """Return the message and the place at the top, to find them again on another branch."""
        if self.following or not self._column.items:
            return None
        index = min(self._anchor.item, len(self._column.items) - 1)
        return self._column.items[index].id, self._anchor.spot

    def restore(self, held: tuple[str, Spot] | None) -> None:
        """Go to a place that ``hold`` returned; to the end where it is gone."""
        index = None if held is None else self._column.index_of(held[0])
        if held is None or index is None:
            self.following = True
        else:
            self._anchor = Anchor(index, held[1])

    def pause(self) -> None:
        """Hold the place even at the end, while something is unfolded by hand."""
        self.following = False

    def resume(self) -> None:
        """Follow again if the end is in sight."""
        self.following = self.top >= self.lowest - _NEAR_END

    def settle(self) -> None:
        """Measure what is in sight and find the viewport's place anew."""
        column = self._column
        if self.following:
            column.measure_end(self.height)
            self.top = self.lowest
        else:
            top = column.y_of(self._anchor)
            column.measure(top, top + self.height)
            top = column.y_of(self._anchor)
            if top > self.lowest:
                column.measure_end(self.height)
                top = min(column.y_of(self._anchor), self.lowest)
            self.top = max(0, top)
        self._anchor = column.anchor(self.top)

    def move(self, pixels: int) -> int | None:
        """Scroll by hand; scrolling to the end starts following, away from it ends it.

        Args:
            pixels: downwards.

        Returns:
            How far the content has moved up, or None when it is all different.
        """
        if abs(pixels) > _JUMP * max(1, self.height):
            return self.go(self.top + pixels)
        if pixels < 0:
            self._column.measure_up(self.top, -pixels)
            self.top = self._column.y_of(self._anchor)
        else:
            self._column.measure(self.top, self.top + self.height + pixels)
        return self.go(self.top + pixels)

    def go(self, top: int) -> int | None:
        """Scroll to a height; returns as ``move`` does."""
        held = self._anchor
        self.following = False
        self._anchor = self._column.anchor(max(0, min(top, self.lowest)))
        self.settle()
        self.following = self.top >= self.lowest - _NEAR_END
        if self.following:
            self.settle()
        return self._moved(held)

    def go_end(self) -> int | None:
        """Scroll to the end and stay there; returns as ``move`` does."""
        held = self._anchor
        self.following = True
        self.settle()
        return self._moved(held)

    def _moved(self, held: Anchor) -> int | None:
        moved = self.top - self._column.y_of(held)
        return moved if abs(moved) < self.height else None
