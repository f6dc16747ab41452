"""What lies under a point of the viewport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QRect

from desktop_chat.markdown.blocks import Gap, MathBlock, Style, TextBlock
from desktop_chat.ui.transcript.body import MessageBody, PieceAt
from desktop_chat.ui.transcript.pieces import Piece, TextPiece
from desktop_chat.ui.transcript.places import Place
from desktop_chat.ui.transcript.take.selection import FINISH, START, Point, Range
from desktop_chat.ui.transcript.take.wordcut import Words

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_AROUND: Final = 80
"""So many characters on each side are looked at for a word."""
_LONGEST_LINE: Final = 100_000


def around(piece: Piece, position: int) -> tuple[int, str]:
    """Return where the text near a position begins, and it."""
    start = max(0, position - _AROUND)
    if type(piece).raw is Piece.raw:
        # All of it may be long: code of many lines.
        return start, piece.plain(start, min(piece.length(), position + _AROUND))
    text = piece.raw()
    if start and "\udc00" <= text[start : start + 1] <= "\udfff":
        start -= 1
    return start, text[start : position + _AROUND]


def _line(piece: Piece, position: int) -> tuple[int, int]:
    """Return the line of code, or the cell of a row, around a position."""
    ends, start = "\n", max(0, position - _LONGEST_LINE)
    if type(piece).raw is Piece.raw:
        text = piece.plain(start, min(piece.length(), position + _LONGEST_LINE))
    else:
        ends, start, text = "\t", 0, piece.raw()
    low = text.rfind(ends, 0, position - start) + 1
    high = text.find(ends, position - start)
    return start + low, start + (high if high >= 0 else len(text))


def _same_paragraph(before: Piece, piece: Piece) -> bool:
    """Tell whether two pieces are lines of one paragraph; an empty line ends one."""
    one, other = before.block, piece.block
    if not (isinstance(one, TextBlock) and isinstance(other, TextBlock)):
        return False
    if one.heading or other.heading or one.term or other.term:
        return False
    return other.gap == Gap.NONE and before.length() > 0 and piece.length() > 0


def _range(point: Point, start: int, end: int) -> Range:
    place = point.place
    return Range(
        Point(point.message_id, place._replace(position=start)),
        Point(point.message_id, place._replace(position=end)),
    )


class Finder:
    """Finds messages, pieces, places, links and scroll bars by where they are painted.

    Args:
        canvas: what is looked at.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas

    def item_at(self, point: QPoint) -> int:
        """Return the index of the message at a point of the viewport, or -1."""
        canvas = self._canvas
        y = canvas.scroller.top + point.y()
        if not canvas.column.items or not 0 <= y < canvas.column.height:
            return -1
        return canvas.column.at(y)

    def piece_at(self, point: QPoint) -> tuple[int, PieceAt] | None:
        """Return the message and the piece nearest to a point of the viewport."""
        index = self.item_at(point)
        canvas = self._canvas
        if index < 0:
            return None
        body = canvas.column.items[index].body
        if body is None:
            return None
        y = canvas.scroller.top + point.y() - canvas.column.top_of(index)
        found = body.piece_at(canvas.page, y)
        return None if found is None else (index, found)

    def inside(self, index: int, found: PieceAt, point: QPoint) -> QPoint:
        """Return a point of the viewport relative to a piece's content."""
        canvas = self._canvas
        top = canvas.column.top_of(index) - canvas.scroller.top
        return point - QPoint(canvas.left + found.x, top + found.y)

    def over(self, index: int, found: PieceAt, point: QPoint) -> bool:
        """Tell whether a point lies on a piece's content, not only near it."""
        inside = self.inside(index, found, point)
        width = found.page.width - found.piece.indent
        return 0 <= inside.y() < found.piece.height and 0 <= inside.x() < width

    def place(self, point: QPoint) -> tuple[str, Place] | None:
        """Return the message and the place nearest to a point."""
        found = self.piece_at(point)
        if found is None:
            return None
        index, at = found
        inside = self.inside(index, at, point)
        position = 0
        if inside.y() >= at.piece.height:
            position = at.piece.length()
        elif inside.y() >= 0:
            position = at.piece.hit(at.page, inside.x(), inside.y())
        message_id = self._canvas.column.items[index].id
        return message_id, Place(at.part, at.number, position)

    def nearest(self, point: QPoint) -> tuple[str, Place] | None:
        """Return the place nearest to a point, though no text be there (yet)."""
        found = self.place(point)
        items = self._canvas.column.items
        if found is not None or not items:
            return found
        index = self.item_at(point)
        if index < 0:
            return (items[0].id, START) if point.y() < 0 else (items[-1].id, FINISH)
        column = self._canvas.column
        inside = self._canvas.scroller.top + point.y() - column.top_of(index)
        upper = inside * 2 < column.height_of(index)
        return items[index].id, START if upper else FINISH

    def character(self, point: QPoint) -> tuple[str, Place] | None:
        """Return the place before the character that lies under a point, or nearest to it."""
        found = self.place(point)
        at = self.piece_at(point)
        if found is None or at is None:
            return found
        message_id, place = found
        inside = self.inside(*at, point)
        left = at[1].piece.caret_at(at[1].page, place.position).left()
        before = place.position > 0 and inside.x() < left
        return message_id, place._replace(position=place.position - before)

    def word(self, point: Point, words: Words) -> Range:
        """Return the word around a character."""
        at = self._piece_of(point)
        if at is None:
            return Range(point, point)
        start, text = around(at.piece, point.place.position)
        low, high = words.at(text, point.place.position - start)
        return _range(point, start + low, start + high)

    def paragraph(self, point: Point) -> Range:
        """Return the paragraph around a place: its lines, a line of code, a cell of a table."""
        at = self._piece_of(point)
        if at is None:
            return Range(point, point)
        if not isinstance(at.piece, TextPiece):
            return _range(point, *_line(at.piece, point.place.position))
        pieces = self._pieces(point)
        first = last = at.number
        while first > 0 and _same_paragraph(pieces[first - 1], pieces[first]):
            first -= 1
        while last + 1 < len(pieces) and _same_paragraph(pieces[last], pieces[last + 1]):
            last += 1
        part = point.place.part
        return Range(
            Point(point.message_id, Place(part, first, 0)),
            Point(point.message_id, Place(part, last, pieces[last].length())),
        )

    def _body(self, point: Point) -> MessageBody | None:
        index = self._canvas.column.index_of(point.message_id)
        return None if index is None else self._canvas.column.items[index].body

    def _piece_of(self, point: Point) -> PieceAt | None:
        body = self._body(point)
        if body is None:
            return None
        return body.piece(self._canvas.page, point.place.part, point.place.piece)

    def _pieces(self, point: Point) -> list[Piece]:
        body = self._body(point)
        for place in () if body is None else body.placed(self._canvas.page):
            if place.part == point.place.part:
                return place.section.pieces
        return []

    def link(self, point: QPoint) -> str:
        """Return the address of the link under a point, or ""."""
        found = self.piece_at(point)
        if found is None or not self.over(*found, point):
            return ""
        inside = self.inside(*found, point)
        return found[1].piece.link_at(found[1].page, inside.x(), inside.y())

    def formula(self, point: QPoint) -> str:
        """Return the LaTeX of the formula under a point, or ""."""
        found = self.piece_at(point)
        if found is None or not self.over(*found, point):
            return ""
        piece = found[1].piece
        if isinstance(piece.block, MathBlock):
            return piece.block.text
        place = self.character(point)
        if place is None or not isinstance(piece, TextPiece):
            return ""
        position = place[1].position
        block = piece.crop(position, position + 1)
        spans = block.spans if isinstance(block, TextBlock) else ()
        return spans[0].text if len(spans) == 1 and spans[0].style & Style.MATH else ""

    def bar(self, point: QPoint) -> tuple[PieceAt, QRect] | None:
        """Return the piece whose horizontal scroll bar lies under a point, and its thumb."""
        found = self.piece_at(point)
        if found is None:
            return None
        bar = found[1].piece.bar(found[1].page)
        inside = self.inside(*found, point)
        if bar is None or not bar.adjusted(0, -3, 0, 3).contains(inside):
            return None
        return found[1], bar
