"""A column of pieces: the body of an answer, its thinking, or the lines of a question."""

from collections.abc import Sequence, Set
from typing import Final

from PySide6.QtCore import QRect

from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    ImageBlock,
    MathBlock,
    RuleBlock,
    TableRow,
)
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.frames import paint_frame
from desktop_chat.ui.transcript.heights import HeightIndex
from desktop_chat.ui.transcript.images.layout_image import ImagePiece
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.math.layout_math import MathPiece
from desktop_chat.ui.transcript.pieces import (
    Piece,
    RulePiece,
    TextPiece,
)
from desktop_chat.ui.transcript.places import Marked, Part
from desktop_chat.ui.transcript.tables.layout_table import RowPiece, TableGrid

_KEPT_TAIL: Final = 3
"""The last pieces keep their layouts, because they may be growing."""


class Section:
    """Pieces one below the other, with an index of their heights.

    Args:
        lexers: where code gets its colours from.
        face: how its text is set; None chooses by heading level.

    Attributes:
        live: whether its message is being written.
    """

    __slots__ = ("_face", "_laid", "_lexers", "heights", "live", "pieces")

    def __init__(self, lexers: Lexers, face: Face | None = None) -> None:
        self._lexers = lexers
        self._face = face
        self.pieces: list[Piece] = []
        self.heights = HeightIndex()
        self._laid: set[int] = set()
        self.live = False

    @property
    def height(self) -> int:
        """Of all pieces, measured or estimated, in logical pixels."""
        return self.heights.total

    def update(self, blocks: Sequence[Block], first: int, page: Page) -> int:
        """Take blocks that are new or changed.

        Args:
            blocks: all of them.
            first: the index of the first that differs from what is here.
            page: fonts and width.

        Returns:
            The height below which the section may look different.
        """
        changed = self.heights.offset(min(first, len(self.pieces)))
        start = first
        while start < min(len(self.pieces), len(blocks)):
            piece = self.pieces[start]
            below = piece.renew(blocks[start], page)
            if below is None:
                break
            piece.stand(blocks[start - 1] if start else None, page)
            if start == first:
                changed += piece.top + below
            self.heights.set(start, piece.total)
            changed = min(changed, self._note_row(start, page))
            start += 1
        self._truncate(start)
        for index in range(start, len(blocks)):
            before = blocks[index - 1] if index else None
            piece = self._make(blocks[index], before, page)
            self.pieces.append(piece)
            self.heights.append(piece.total)
            changed = min(changed, self._note_row(index, page))
        return changed

    def _truncate(self, count: int) -> None:
        if count >= len(self.pieces):
            return
        removed = self.pieces[count]
        self._laid.difference_update(range(count, len(self.pieces)))
        del self.pieces[count:]
        self.heights.truncate(count)
        if isinstance(removed, RowPiece) and count:
            above = self.pieces[count - 1]
            if isinstance(above, RowPiece) and above.grid is removed.grid:
                above.last = True
                if above.grid.forget(removed.block.index):
                    for row in range(above.grid.first, count):
                        self.pieces[row].measured = False

    def _note_row(self, index: int, page: Page) -> int:
        """Tell a table of a new row; return the height from which it must be painted anew."""
        piece = self.pieces[index]
        if not isinstance(piece, RowPiece):
            return self.height
        above = self.pieces[index - 1] if index else None
        changed = self.height
        if isinstance(above, RowPiece) and above.grid is piece.grid and above.last:
            above.last = False
            changed = self.heights.offset(index - 1)
        if piece.grid.note(piece.block, page.look):
            for row in range(piece.grid.first, index + 1):
                self.pieces[row].measured = False
            changed = self.heights.offset(piece.grid.first)
        return changed

    def _make(self, block: Block, before: Block | None, page: Page) -> Piece:
        if isinstance(block, CodeBlock):
            return CodePiece(block, before, page, self._lexers, live=self.live)
        if isinstance(block, MathBlock):
            return MathPiece(block, before, page)
        if isinstance(block, ImageBlock):
            return ImagePiece(block, before, page)
        if isinstance(block, RuleBlock):
            return RulePiece(block, before, page)
        if isinstance(block, TableRow):
            above = self.pieces[-1] if self.pieces else None
            if isinstance(above, RowPiece) and above.block.table is block.table:
                return RowPiece(block, before, page, above.grid)
            grid = TableGrid(block.table)
            grid.first = len(self.pieces)
            return RowPiece(block, before, page, grid)
        return TextPiece(block, before, page, self._face)

    def measure(self, index: int, page: Page) -> int:
        """Make sure that a piece has its real height.

        Returns:
            How much the section has grown.
        """
        piece = self.pieces[index]
        self._laid.add(index)
        if piece.measured:
            return 0
        piece.stand(piece.before, page)
        piece.measure(page)
        return self.heights.set(index, piece.total)

    def arrived(self, pieces: Set[Piece], page: Page) -> int | None:
        """Measure pieces anew for which something has been drawn beside the UI thread.

        Returns:
            The height below which the section may look different, or None when none is here.
        """
        first: int | None = None
        for index in sorted(self._laid):
            piece = self.pieces[index]
            if piece in pieces:
                piece.measure(page)
                self.heights.set(index, piece.total)
                first = index if first is None else first
        return None if first is None else self.heights.offset(first)

    def remeasure(self, index: int, page: Page) -> None:
        """Measure one piece anew: a part of it was folded or unfolded."""
        self.pieces[index].measure(page)
        self.heights.set(index, self.pieces[index].total)

    def measure_between(self, top: int, bottom: int, page: Page) -> int:
        """Measure downwards what touches a range of heights; what is above stays where it is.

        Returns:
            How much the section has grown.
        """
        if not self.pieces or bottom <= 0 or top >= self.height:
            return 0
        index = self.heights.find(max(0, top))
        y = self.heights.offset(index)
        grown = 0
        while index < len(self.pieces) and y < bottom:
            grown += self.measure(index, page)
            y += self.heights[index]
            index += 1
        return grown

    def measure_above(self, index: int, amount: int, page: Page) -> tuple[int, int]:
        """Measure upwards from a piece (without it) until so many pixels are known.

        Returns:
            How many pixels were found, and how much the section has grown.
        """
        found = grown = 0
        while index > 0 and found < amount:
            index -= 1
            grown += self.measure(index, page)
            found += self.heights[index]
        return found, grown

    def keep(self, top: int, bottom: int) -> None:
        """Let the layouts of pieces outside a range of heights go."""
        if not self._laid:
            return
        if bottom <= 0 or top >= self.height:
            inside = range(0)
        else:
            inside = range(self.heights.find(max(0, top)), self.heights.find(bottom - 1) + 1)
        tail = len(self.pieces) - _KEPT_TAIL
        for index in [index for index in self._laid if index not in inside and index < tail]:
            self.pieces[index].drop()
            self._laid.discard(index)

    def drop(self) -> None:
        """Let all layouts go: colours have changed."""
        for index in self._laid:
            self.pieces[index].drop()
        self._laid.clear()

    def resize(self) -> None:
        """Take every height for an estimate, because the width has changed."""
        for piece in self.pieces:
            piece.resize()
        self._laid.clear()

    def refont(self) -> None:
        """Forget what depends on fonts, because others are used now."""
        for piece in self.pieces:
            piece.refont()

    def visible(self, top: int, bottom: int) -> range:
        """Return the pieces that touch a range of heights."""
        if not self.pieces or bottom <= 0 or top >= self.height:
            return range(0)
        return range(self.heights.find(max(0, top)), self.heights.find(bottom - 1) + 1)

    def paint(
        self,
        ink: Ink,
        page: Page,
        x: int,
        y: int,
        part: Part,
        marked: Marked,
    ) -> None:
        """Paint what has to be painted.

        Args:
            ink: where to.
            page: fonts and width.
            x: the left edge.
            y: the top.
            part: which part of its message this is.
            marked: what is selected or found in the message.
        """
        visible = self.visible(ink.top - y, ink.bottom - y)
        if not visible:
            return
        top = y + self.heights.offset(visible.start)
        for index in visible:
            piece = self.pieces[index]
            height = self.heights[index]
            if ink.wanted(QRect(x - 8, top, page.width + 16, height)):
                self._laid.add(index)
                if piece.block.containers or piece.label:
                    paint_frame(ink, page, piece, x, top)
                shade = marked.shade(part, index)
                piece.paint(ink, page, x + piece.indent, top + piece.top, shade)
            top += height
