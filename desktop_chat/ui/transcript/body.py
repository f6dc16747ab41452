"""What a message looks like once its text is there: sections of pieces, and what is around them."""

from abc import ABC, abstractmethod
from collections.abc import Set
from typing import NamedTuple

from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Marked, Part
from desktop_chat.ui.transcript.section import Section


class Placed(NamedTuple):
    """A section and where it lies in its message.

    Attributes:
        part: which one.
        section: its pieces.
        x: its left edge in the column.
        y: its top in the message.
        page: with the section's own width.
    """

    part: Part
    section: Section
    x: int
    y: int
    page: Page


class Spot(NamedTuple):
    """A place in a message that stays when heights above it change.

    Attributes:
        part: the part.
        number: of the piece in it.
        dy: pixels below the piece's (or the message's) top.
    """

    part: Part
    number: int
    dy: int


class PieceAt(NamedTuple):
    """A piece and where its content lies in its message."""

    part: Part
    number: int
    piece: Piece
    x: int
    y: int
    page: Page


class State(NamedTuple):
    """What the view knows of a message when it paints it.

    Attributes:
        active: whether its actions are shown (last one, under the pointer, keyboard).
        near: whether the pointer or the keyboard is at it, so that its pieces show their tools.
        marked: what is selected or found in it.
        siblings: its place among its siblings and how many there are, from 1.
        paints: whether a picture can be made of an answer.
    """

    active: bool
    near: bool
    marked: Marked
    siblings: tuple[int, int]
    paints: bool = False


class MessageBody(ABC):
    """The drawn form of one message."""

    @abstractmethod
    def placed(self, page: Page) -> tuple[Placed, ...]:
        """Return the sections that are shown, from the top."""

    @abstractmethod
    def height(self, page: Page) -> int:
        """Return the height, measured or estimated, in logical pixels."""

    @abstractmethod
    def paint(self, ink: Ink, page: Page, x: int, y: int, state: State) -> None:
        """Paint what has to be painted.

        Args:
            ink: where to.
            page: of the column.
            x: the column's left edge.
            y: the message's top.
            state: what the view knows.
        """

    @abstractmethod
    def controls(
        self, page: Page, x: int, y: int, view: tuple[int, int], state: State
    ) -> list[Control]:
        """Return what can be pressed between two heights.

        Args:
            page: of the column.
            x: the column's left edge.
            y: the message's top.
            view: upper and lower edge of what is visible.
            state: what the view knows.
        """

    @abstractmethod
    def forget(self) -> None:
        """Forget what is painted around the sections: colours or language have changed."""

    def measure(self, page: Page, top: int, bottom: int) -> None:
        """Measure downwards what touches a range of heights."""
        for number in range(len(self.placed(page))):
            # Growth of one section moves the next.
            place = self.placed(page)[number]
            place.section.measure_between(top - place.y, bottom - place.y, place.page)

    def measure_up(self, page: Page, y: int, amount: int) -> int:
        """Measure upwards from a height.

        Returns:
            How much the message has grown above that height.
        """
        grown = 0
        left = amount
        for place in reversed(self.placed(page)):
            inside = y - place.y
            if inside <= 0 or not place.section.pieces or left <= 0:
                continue
            if inside > place.section.height:
                index = len(place.section.pieces)
                left -= inside - place.section.height
            else:
                index = place.section.heights.find(inside - 1) + 1
            found, more = place.section.measure_above(index, left, place.page)
            left -= found
            grown += more
        return grown

    def arrived(self, pieces: Set[Piece], page: Page) -> int | None:
        """Measure pieces anew for which something has been drawn beside the UI thread.

        Returns:
            The height below which the message may look different, or None when none is here.
        """
        changed = [
            place.y + below
            for place in self.placed(page)
            if (below := place.section.arrived(pieces, place.page)) is not None
        ]
        return min(changed, default=None)

    def spot(self, page: Page, y: int) -> Spot:
        """Return the place at a height."""
        for place in reversed(self.placed(page)):
            if y >= place.y and place.section.pieces:
                index = place.section.heights.find(y - place.y)
                return Spot(place.part, index, y - place.y - place.section.heights.offset(index))
        return Spot(Part.HEAD, 0, y)

    def y_of(self, page: Page, spot: Spot) -> int:
        """Return the height of a place; of one in a folded part, where that part begins."""
        if spot.part == Part.HEAD:
            return spot.dy
        for place in self.placed(page):
            if place.part == spot.part:
                index = min(spot.number, len(place.section.pieces))
                return place.y + place.section.heights.offset(index) + spot.dy
        return self.fold_y(page)

    def blank_from(self, page: Page) -> int | None:
        """Return the height below which text is missing so far, or None when all is there."""
        del page
        return None

    def fold_y(self, page: Page) -> int:
        """Return the height of the row that folds a part."""
        del page
        return 0

    def piece_at(self, page: Page, y: int) -> PieceAt | None:
        """Return the piece whose content is nearest to a height, or None without any text."""
        best: PieceAt | None = None
        for place in self.placed(page):
            if not place.section.pieces or (best is not None and y < place.y):
                continue
            index = place.section.heights.find(y - place.y)
            best = self._piece(place, index)
        return best

    def piece(self, page: Page, part: Part, index: int) -> PieceAt | None:
        """Return one piece and where it is, or None when it is not shown."""
        for place in self.placed(page):
            if place.part == part and index < len(place.section.pieces):
                return self._piece(place, index)
        return None

    @staticmethod
    def _piece(place: Placed, index: int) -> PieceAt:
        piece = place.section.pieces[index]
        y = place.y + place.section.heights.offset(index) + piece.top
        return PieceAt(place.part, index, piece, place.x + piece.indent, y, place.page)

    def keep(self, page: Page, top: int, bottom: int) -> None:
        """Let the layouts outside a range of heights go."""
        for place in self.placed(page):
            place.section.keep(top - place.y, bottom - place.y)

    def drop(self, page: Page) -> None:
        """Let all layouts go, because colours have changed."""
        for place in self.placed(page):
            place.section.drop()
        self.forget()

    def refont(self, page: Page) -> None:
        """Forget what depends on fonts beside what ``resize`` forgets, which is called, too."""
        for place in self.placed(page):
            place.section.refont()

    def resize(self, page: Page) -> None:
        """Forget what depends on the width."""
        for place in self.placed(page):
            place.section.resize()
        self.forget()
