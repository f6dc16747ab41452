"""What lies under a point of the viewport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect

from desktop_chat.ui.transcript.body import PieceAt
from desktop_chat.ui.transcript.places import Place

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas


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

    def link(self, point: QPoint) -> str:
        """Return the address of the link under a point, or ""."""
        found = self.piece_at(point)
        if found is None or not self.over(*found, point):
            return ""
        inside = self.inside(*found, point)
        return found[1].piece.link_at(found[1].page, inside.x(), inside.y())

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
