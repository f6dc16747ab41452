"""A place in the text that is found again when the text is set in another way."""

from typing import Final, NamedTuple

from desktop_chat.ui.transcript.body import PieceAt
from desktop_chat.ui.transcript.model import Anchor, Column
from desktop_chat.ui.transcript.places import Part

_TOP: Final = -1
_BOTTOM: Final = -2
_SLACK: Final = 1.0


class TextMark(NamedTuple):
    """The first line in sight.

    Attributes:
        anchor: the place at the viewport's top.
        position: in the text of the anchor's piece; -1 for the top of the piece's content, -2 for
            its bottom.
        row: how far below the viewport's top it stands, in logical pixels.
    """

    anchor: Anchor
    position: int
    row: int


def find_mark(column: Column, anchor: Anchor, top: int) -> TextMark:
    """Return the first line that is whole in sight.

    Args:
        column: the messages.
        anchor: the place at the viewport's top.
        top: its height.
    """
    at = _piece(column, anchor)
    if at is None:
        return TextMark(anchor, _TOP, 0)
    content = column.top_of(anchor.item) + at.y
    inside = top - content
    if inside <= 0:
        return TextMark(anchor, _TOP, -inside)
    position = _line_below(at, inside)
    if position is None:
        return TextMark(anchor, _BOTTOM, at.piece.height - inside)
    return TextMark(anchor, position, round(at.piece.caret_at(at.page, position).top()) - inside)


def row_of(column: Column, mark: TextMark) -> int:
    """Return the height of the viewport's top at which a mark stands in its row; what the mark
    lies in is measured for that.
    """
    at = _piece(column, mark.anchor)
    if at is None:
        return column.y_of(mark.anchor) - mark.row
    index = mark.anchor.item
    body = column.items[index].body
    assert body is not None
    for place in body.placed(column.page):
        if place.part == at.part:
            place.section.measure(at.number, at.page)
            column.refresh(index)
    at = _piece(column, mark.anchor) or at
    y = column.top_of(index) + at.y - mark.row
    if mark.position == _BOTTOM:
        return y + at.piece.height
    if mark.position >= 0:
        return y + round(at.piece.caret_at(at.page, mark.position).top())
    return y


def _piece(column: Column, anchor: Anchor) -> PieceAt | None:
    """Return the piece of an anchor, or None when it lies in none."""
    if anchor.item >= len(column.items) or anchor.spot.part == Part.HEAD:
        return None
    body = column.body(anchor.item)
    return None if body is None else body.piece(column.page, anchor.spot.part, anchor.spot.number)


def _line_below(at: PieceAt, inside: int) -> int | None:
    """Return a position in the first line that begins at or below a height of the content, or
    None when there is none, or when the piece is not made of lines.
    """
    piece, page = at.piece, at.page
    if not piece.length():
        return None
    position = piece.hit(page, 0, inside)
    line = piece.caret_at(page, position)
    if line.top() >= inside - _SLACK:
        return position
    position = piece.hit(page, 0, line.bottom() + _SLACK)
    following = piece.caret_at(page, position)
    if not inside - _SLACK <= following.top() < piece.height or following.top() <= line.top():
        return None
    return position
