"""Where a caret goes by keys: over characters, words, lines, pieces and messages.

A step costs what its piece costs, however long the conversation is. Messages that the caret comes
to are built then; one whose text is not there yet is asked for, and the caret waits before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPoint, QRect, QTextBoundaryFinder

from desktop_chat.ui.transcript.body import MessageBody, PieceAt
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import END, Part, Place
from desktop_chat.ui.transcript.take.finder import around
from desktop_chat.ui.transcript.take.selection import FINISH, START, Point
from desktop_chat.ui.transcript.take.wordcut import Words
from desktop_chat.ui.transcript.text.units import to_characters, to_units

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_FAR: Final = 1_000_000
"""An x beyond every line."""


class Spot(NamedTuple):
    """A point, and the piece that it is in.

    Attributes:
        item: the index of its message.
        at: its piece and where that lies in the message.
        position: in the piece.
    """

    item: int
    at: PieceAt
    position: int


class CaretMoves:
    """Finds where a caret goes.

    Args:
        canvas: whose messages it walks through.
        words: finds words.
    """

    def __init__(self, canvas: TranscriptCanvas, words: Words) -> None:
        self._canvas = canvas
        self._words = words

    # Points and spots

    def spot(self, point: Point) -> Spot | None:
        """Return the piece that a point is in, or None where its message has no text (yet)."""
        canvas = self._canvas
        index = canvas.column.index_of(point.message_id)
        body = None if index is None else canvas.column.body(index)
        if index is None or body is None:
            return None
        part, number, position = point.place
        if part is Part.HEAD:
            return self._edge(index, body, last=False)
        if number >= END:
            return self._edge(index, body, last=True)
        at = body.piece(canvas.page, part, number)
        if at is None:
            # What it was in is folded away, or has become shorter.
            return self._edge(index, body, last=part is Part.BODY)
        return Spot(index, at, min(position, at.piece.length()))

    def point(self, spot: Spot) -> Point:
        """Return a spot as a point."""
        message_id = self._canvas.column.items[spot.item].id
        return Point(message_id, Place(spot.at.part, spot.at.number, spot.position))

    def _edge(self, index: int, body: MessageBody, *, last: bool) -> Spot | None:
        """Return the first or the last spot of a message."""
        page = self._canvas.page
        placed = body.placed(page)
        for place in reversed(placed) if last else placed:
            numbers = range(len(place.section.pieces))
            for number in reversed(numbers) if last else numbers:
                piece = place.section.pieces[number]
                at = body.piece(page, place.part, number) if piece.selectable else None
                if at is not None:
                    return Spot(index, at, at.piece.length() if last else 0)
        return None

    def rect(self, spot: Spot) -> QRect:
        """Return where a spot is, relative to the column's upper left corner."""
        at = spot.at
        at.piece.measure(at.page) if not at.piece.measured else None
        inside = at.piece.caret_at(at.page, spot.position).toAlignedRect()
        return inside.translated(at.x, self._canvas.column.top_of(spot.item) + at.y)

    # Sideways

    def character(self, spot: Spot, step: int) -> Point | None:
        """Return the point after or before one character."""
        piece = spot.at.piece
        position = spot.position
        while True:
            found = _grapheme(piece, position, step)
            if found is None:
                return self._beyond(spot, step)
            low, high = min(position, found), max(position, found)
            position = found
            if piece.plain(low, high) or not 0 < found < piece.length():
                # What stands there for the looks alone is passed over.
                return self.point(spot._replace(position=position))

    def word(self, spot: Spot, step: int) -> Point | None:
        """Return the point after or before one word."""
        piece, position = spot.at.piece, spot.position
        length = piece.length()
        if (step > 0 and position >= length) or (step < 0 and position <= 0):
            return self._beyond(spot, step)
        start, text = around(piece, position)
        at = position - start
        if step > 0:
            while at < len(text) and text[at].isspace():
                at += 1
            if at < len(text):
                at = self._words.at(text, at)[1]
        else:
            while at > 0 and text[at - 1].isspace():
                at -= 1
            if at > 0:
                at = self._words.at(text, at - 1)[0]
        return self.point(spot._replace(position=start + at))

    def _beyond(self, spot: Spot, step: int) -> Point | None:
        """Return where the next text begins, or the one before ends."""
        found = self._neighbour(spot, step)
        if found is None or isinstance(found, Point):
            return found
        return self.point(found._replace(position=0 if step > 0 else found.at.piece.length()))

    def _neighbour(self, spot: Spot, step: int) -> Spot | Point | None:
        """Return the next piece with text; a point where a message's text is not there yet."""
        canvas = self._canvas
        body = canvas.column.items[spot.item].body
        if body is None:
            return None
        inside = _next_piece(body, spot, step, canvas)
        if inside is not None:
            return inside
        index = spot.item + step
        while 0 <= index < len(canvas.column.items):
            other = canvas.column.body(index)
            if other is None:
                message_id = canvas.column.items[index].id
                return Point(message_id, START if step > 0 else FINISH)
            edge = self._edge(index, other, last=step < 0)
            if edge is not None:
                return edge
            index += step
        return None

    # Up and down

    def line(self, spot: Spot, step: int, x: int) -> Point | None:
        """Return the point in the line below or above, near an x of the column."""
        piece, page = spot.at.piece, spot.at.page
        if not piece.measured:
            piece.measure(page)
        rect = piece.caret_at(page, spot.position)
        y = rect.bottom() + 1 if step > 0 else rect.top() - 1
        if 0 <= y < piece.height:
            found = piece.hit(page, x - spot.at.x, y)
            after = piece.caret_at(page, found)
            if after.top() != rect.top():
                return self.point(spot._replace(position=found))
        following = self._neighbour(spot, step)
        if following is None:
            return self.point(spot._replace(position=piece.length() if step > 0 else 0))
        if isinstance(following, Point):
            return following
        other = following.at
        if not other.piece.measured:
            other.piece.measure(other.page)
        y = 0 if step > 0 else other.piece.height - 1
        position = other.piece.hit(other.page, x - other.x, y)
        return self.point(following._replace(position=position))

    def line_edge(self, spot: Spot, step: int) -> Point:
        """Return the beginning or the end of the line."""
        piece, page = spot.at.piece, spot.at.page
        y = piece.caret_at(page, spot.position).center().y()
        found = piece.hit(page, _FAR * step, y)
        return self.point(spot._replace(position=found))

    def paragraph(self, spot: Spot, step: int) -> Point | None:
        """Return the beginning of the next paragraph, or of this or the one before."""
        if step < 0 and spot.position > 0:
            return self.point(spot._replace(position=0))
        found = self._neighbour(spot, step)
        if found is None:
            return self.point(spot._replace(position=spot.at.piece.length() if step > 0 else 0))
        return found if isinstance(found, Point) else self.point(found._replace(position=0))

    def edge(self, *, last: bool) -> Point | None:
        """Return the beginning or the end of the conversation."""
        items = self._canvas.column.items
        if not items:
            return None
        return Point(items[-1 if last else 0].id, FINISH if last else START)

    def outer(self, index: int, *, last: bool) -> Point:
        """Return the beginning or the end of a message."""
        return Point(self._canvas.column.items[index].id, FINISH if last else START)

    def in_sight(self) -> Point | None:
        """Return the beginning of the first line in sight."""
        canvas = self._canvas
        for y in range(1, canvas.scroller.height, 8):
            found = canvas.pointer.find.place(QPoint(canvas.left + 1, y))
            if found is not None:
                spot = self.spot(Point(*found))
                if spot is not None and self.rect(spot).top() >= canvas.scroller.top:
                    return self.line_edge(spot, -1)
        return None


def _next_piece(body: MessageBody, spot: Spot, step: int, canvas: TranscriptCanvas) -> Spot | None:
    """Return the next piece with text in the same message."""
    page = canvas.page
    placed = body.placed(page)
    parts = [place.part for place in placed]
    if spot.at.part not in parts:
        return None
    number, place = spot.at.number + step, parts.index(spot.at.part)
    while 0 <= place < len(placed):
        pieces = placed[place].section.pieces
        while 0 <= number < len(pieces):
            if pieces[number].selectable:
                at = body.piece(page, placed[place].part, number)
                return None if at is None else Spot(spot.item, at, 0)
            number += step
        place += step
        if 0 <= place < len(placed):
            number = 0 if step > 0 else len(placed[place].section.pieces) - 1
    return None


def _grapheme(piece: Piece, position: int, step: int) -> int | None:
    """Return the position after or before one visible character, or None at the end."""
    start, text = around(piece, position)
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, text)
    # The finder counts units; positions in code count characters.
    finder.setPosition(to_units(text, position - start))
    found = finder.toNextBoundary() if step > 0 else finder.toPreviousBoundary()
    return None if found < 0 else start + to_characters(text, found)
