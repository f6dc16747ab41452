"""Where the viewport stands in the column: at the end, or held at a place that does not move."""

from enum import StrEnum
from typing import Final, NamedTuple

from desktop_chat.core.messages import Role
from desktop_chat.ui.transcript.body import Spot
from desktop_chat.ui.transcript.model import Anchor, Column
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.text.textmark import TextMark, find_mark, row_of

_NEAR_END: Final = 2
"""So many pixels from the end still count as the end."""
_JUMP: Final = 3
"""A move of more viewports measures what it lands on instead of what lies between."""
_ATTEMPTS: Final = 8
_LEAST_SEEN: Final = 96
"""So many pixels of the last message stay in sight whatever goes below them."""


class Follow(StrEnum):
    """How far a growing answer is followed."""

    END = "end"
    QUESTION = "question"
    """Until its question is at the viewport's top."""


class Held(NamedTuple):
    """A place that is to be found again on another branch.

    Attributes:
        message_id: the message's.
        number: where it was.
        spot: the place in it that was at the viewport's top; None when an edge is held.
        bottom: whether it is the lower edge that is held.
        row: of the edge in the viewport.
    """

    message_id: str
    number: int
    spot: Spot | None
    bottom: bool = False
    row: int = 0


class Scroller:
    """Keeps the viewport's place while heights change.

    Args:
        column: what is scrolled.

    Attributes:
        top: the height in the column at the viewport's upper edge.
        height: of the viewport, in logical pixels.
        following: whether it stays at the end.
        follow: how far an answer is followed.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self.top = 0
        self.height = 0
        self.following = True
        self.follow = Follow.END
        self._anchor = Anchor(0, Spot(Part.HEAD, 0, 0))
        self._beyond = True
        """Whether the reader went on to the end though the question is out of sight then."""
        self._stopped = False
        """Whether following ended because the question came to the top."""
        self._spare = False
        """Whether what was folded by hand left free room below the end."""
        self._towards = 0
        """Where the reader moved last: up (negative), down, or 0 once that was looked at."""
        self._marked: tuple[Anchor, TextMark] | None = None
        """Where a mark was brought back to last, and the mark."""

    @property
    def anchor(self) -> Anchor:
        """What lies at the viewport's upper edge."""
        return self._anchor

    @property
    def lowest(self) -> int:
        """The largest ``top`` that one can scroll to."""
        return max(0, self._column.height - self.height)

    @property
    def at_end(self) -> bool:
        """Whether the end is in sight."""
        return self.following or self.top >= self.lowest - _NEAR_END

    @property
    def led(self) -> bool:
        """Whether the reader leaves it to the view where to stand: has not scrolled away."""
        return self.following or self._stopped

    # Other messages

    def hold(self, switched: str = "") -> Held | None:
        """Return the place, to find it again on another branch; None when it is the end.

        Args:
            switched: the id of a message whose sibling takes its place because the reader wants
                so: what was pressed stays under the pointer. Its switch is at the top of a
                question and at the bottom of an answer.
        """
        column = self._column
        index = column.index_of(switched)
        if index is not None:
            bottom = column.items[index].role is not Role.USER
            edge = column.top_of(index) + (column.height_of(index) if bottom else 0)
            return Held(switched, index, None, bottom, edge - self.top)
        if self.following or not column.items:
            return None
        index = min(self._anchor.item, len(column.items) - 1)
        return Held(column.items[index].id, index, self._anchor.spot)

    def restore(self, held: Held | None) -> None:
        """Go to a place that ``hold`` returned; to the end where it is gone."""
        column = self._column
        if held is None:
            return
        if held.spot is None and held.number < len(column.items):
            self._restore_edge(held)
            return
        index = column.index_of(held.message_id)
        if held.spot is None or index is None:
            self._beyond = self.following = True
        else:
            self._anchor = Anchor(index, held.spot)

    def _restore_edge(self, held: Held) -> None:
        column = self._column
        index = held.number
        column.body(index)
        y = column.top_of(index) + (column.height_of(index) if held.bottom else 0)
        column.measure_up(y, self.height)
        y = column.top_of(index) + (column.height_of(index) if held.bottom else 0)
        self._anchor = column.anchor(max(0, y - held.row))
        self.following = self._stopped = False
        self.settle()
        self.resume()

    def sent(self) -> None:
        """Take note that something was asked: its answer is followed."""
        self.following = True
        self._beyond = self._stopped = self._spare = False

    # Holding

    def pause(self) -> None:
        """Hold the place even at the end, while something is unfolded by hand."""
        self.following = self._stopped = False

    def resume(self) -> None:
        """Follow again if the end is in sight. Free room below the end stays until it is filled,
        so that nothing moves now.
        """
        self.following = self.top >= self.lowest - _NEAR_END
        self._spare = self.following and self.top > self.lowest

    def settle(self) -> None:
        """Measure what is in sight and find the viewport's place anew."""
        if not self.following or not self._settle_end():
            self._settle_place()
        self._anchor = self._column.anchor(self.top, self.top + self.height)

    def _settle_end(self) -> bool:
        """Stand at the end; tell whether that is allowed so far."""
        column = self._column
        column.measure_end(self.height)
        top = self.lowest
        limit = self._limit()
        if limit is not None and top > limit:
            self.following = False
            self._stopped = True
            self._anchor = column.anchor(limit)
            return False
        self._spare = self._spare and self.top > top
        if not self._spare:
            self.top = top
        return True

    def _settle_place(self) -> None:
        column = self._column
        top = column.y_of(self._anchor)
        column.measure(top, top + self.height)
        top = column.y_of(self._anchor)
        if top > self.lowest:
            column.measure_end(self.height)
            # Free room below the end rather than text that moves under the reader.
            most = max(self.lowest, column.height - min(_LEAST_SEEN, self.height))
            top = min(column.y_of(self._anchor), most)
        self.top = max(0, top)

    def _limit(self) -> int | None:
        """Return the ``top`` at which an answer is followed no more, or None."""
        if self.follow is not Follow.QUESTION or self._beyond:
            return None
        items = self._column.items
        question = len(items) - 1
        while question >= 0 and items[question].role is not Role.USER:
            question -= 1
        if question < 0 or question + 1 == len(items):
            return None
        top = self._column.top_of(question)
        # Of a long question the end stays, so that the answer is to be seen at all.
        return max(top, self._column.top_of(question + 1) - self.height // 2)

    def clamp(self) -> None:
        """Leave no free room below the end: the reader has moved something by hand."""
        if self.top > self.lowest and not self.following:
            self.top = self.lowest
            self._anchor = self._column.anchor(self.top)

    def mark(self) -> TextMark | None:
        """Return the text at the viewport's top, to find it again when it is set in another way;
        None at the end.
        """
        if self.following or not self._column.items:
            return None
        self._anchor = self._column.anchor(self.top, self.top + self.height)
        if self._marked is not None and self._marked[0] == self._anchor:
            # Nobody has moved: else the place would drift when a width goes to and fro.
            return self._marked[1]
        return find_mark(self._column, self._anchor, self.top)

    def return_to(self, mark: TextMark | None) -> None:
        """Bring a text that ``mark`` returned back to its row; without one, find the end."""
        if mark is not None and not self.following:
            column = self._column
            top = row_of(column, mark)
            for _ in range(_ATTEMPTS):
                # What is measured above the mark moves it.
                column.measure(max(0, top), max(1, top + mark.row))
                before, top = top, row_of(column, mark)
                if top == before:
                    break
            self._anchor = column.anchor(max(0, top))
        self.settle()
        self._marked = None if mark is None else (self._anchor, mark)

    # Scrolling

    def move(self, pixels: int) -> int | None:
        """Scroll by hand; scrolling to the end starts following, away from it ends it.

        Args:
            pixels: downwards.

        Returns:
            How far the content has moved up, or None when it is all different.
        """
        self._towards = pixels
        if abs(pixels) > _JUMP * max(1, self.height):
            return self.go(self.top + pixels)
        if pixels < 0:
            self._column.measure_up(self.top, -pixels)
            self.top = self._column.y_of(self._anchor)
        else:
            self._column.measure(self.top, self.top + self.height + pixels)
        return self.go(self.top + pixels)

    def look_ahead(self) -> bool:
        """Measure what comes into sight if the reader moves on, so that formulas and images are
        there by then and push nothing; tell whether there was anything to do.
        """
        towards, self._towards = self._towards, 0
        if towards < 0:
            self._column.measure_up(self.top, self.height)
        elif towards > 0:
            bottom = self.top + self.height
            self._column.measure(bottom, bottom + self.height)
        if towards:
            self.settle()
        return bool(towards)

    def go(self, top: int) -> int | None:
        """Scroll to a height; returns as ``move`` does."""
        held = self._anchor
        self.following = self._stopped = self._spare = False
        top = max(0, min(top, self.lowest))
        self._anchor = self._column.anchor(top, top + self.height)
        self.settle()
        self.clamp()
        if self.top >= self.lowest - _NEAR_END:
            limit = self._limit()
            self._beyond = self._beyond or limit is None or self.top > limit
            self.following = True
            self.settle()
        return self._moved(held)

    def go_to(self, index: int) -> int | None:
        """Scroll to the top of a message, drawn or not; returns as ``move`` does."""
        column = self._column
        column.body(index)
        top = column.top_of(index)
        column.measure(top, top + self.height)
        return self.go(column.top_of(index))

    def go_end(self) -> int | None:
        """Scroll to the end and stay there; returns as ``move`` does."""
        held = self._anchor
        self.following = self._beyond = True
        self._stopped = self._spare = False
        self.settle()
        return self._moved(held)

    def _moved(self, held: Anchor) -> int | None:
        moved = self.top - self._column.y_of(held)
        return moved if abs(moved) < self.height else None

    # The scroll bar

    def bar(self) -> tuple[int, int]:
        """Return the value and the largest value of the scroll bar."""
        column = self._column
        if self.top <= 0 or self.top >= self.lowest:
            column.bar.settle()
        lowest = self.lowest
        if not lowest:
            return 0, 0
        largest = max(1, column.bar.value(lowest))
        return (
            largest if self.top >= lowest else min(column.bar.value(self.top), largest)
        ), largest

    def go_bar(self, value: int, largest: int) -> int | None:
        """Scroll to a value of the scroll bar; returns as ``move`` does."""
        if value >= largest:
            return self.go(self.lowest)
        return self.go(self._column.bar.place(value))
