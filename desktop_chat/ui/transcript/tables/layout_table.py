"""Rows of a table, each a piece of its own; ``table_grid`` has what they share."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Align, Block, TableRow
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece, PieceKeys
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.tables.table_copy import ask_form, copy_table
from desktop_chat.ui.transcript.tables.table_grid import PAD, SAMPLE, TableGrid
from desktop_chat.ui.transcript.text.cut import cut_spans
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import Run, make_run

__all__ = ["SAMPLE", "RowPiece", "TableGrid"]

_ROW_PAD: Final = 5
_LINE: Final = 1
_FADE: Final = 24
"""The width in which a row fades out where more of it lies beyond the edge."""
_BAR: Final = 4
_BAR_BOTTOM: Final = 6
_BAR_SIDE: Final = 13
_LEAST_THUMB: Final = 24
_TOOL: Final = 24
_TOOL_SIDE: Final = 8
_TOOL_ABOVE: Final = 14


class RowPiece(Piece):
    """One row of a table.

    Args:
        block: the row.
        before: the block before it, or None.
        page: fonts.
        grid: shared by the rows of one table.
    """

    __slots__ = ("_cells", "_version", "grid", "last")
    block: TableRow

    def __init__(self, block: TableRow, before: Block | None, page: Page, grid: TableGrid) -> None:
        super().__init__(block, before, page)
        self.grid = grid
        self.last = True
        self._cells: list[TextFlow] = []
        self._version = -1
        self.height = self._frame_height(page.look.styles[self._face].leading)

    @property
    def _face(self) -> Face:
        return Face.HEAD_CELL if self.block.index == 0 else Face.CELL

    def _frame_height(self, text: int) -> int:
        return text + 2 * _ROW_PAD + _LINE + (_LINE if self.block.index == 0 else 0)

    @property
    def stale(self) -> bool:
        """Whether the columns have changed since it was measured."""
        return self._version != self.grid.version

    def _room(self, page: Page) -> int:
        return max(1, page.width - self.indent)

    def _ready(self, page: Page) -> list[TextFlow]:
        self.grid.refit(page.look)
        if not self._cells or self.stale:
            widths = self.grid.widths(self._room(page))
            self._cells = [
                TextFlow(self._face, make_run(cell), width - 2 * PAD, page.look, page.formulas)
                for cell, width in zip(self.block.cells, widths, strict=False)
            ]
            self._version = self.grid.version
            self._want(page)
        return self._cells

    def _want(self, page: Page) -> None:
        """Have the formulas drawn that have no picture yet; ``measure`` is called then."""
        pending = [wanted for flow in self._cells for wanted in flow.pending]
        if pending:
            page.formulas.want_in_line(pending, self)

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        cells = self._ready(page)
        for cell in cells:
            cell.refresh(page.look)
        line = page.look.styles[self._face].leading
        self.height = self._frame_height(max((cell.height for cell in cells), default=line))
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if (
            not isinstance(block, TableRow)
            or block.index != self.block.index
            or block.containers != self.block.containers
            or len(block.cells) != len(self.block.cells)
            or not self._same_table(block)
        ):
            return None
        old = self.block
        self.block = block
        if self.stale or not self._cells:
            self.measured = False
            return 0
        for index, cell in enumerate(block.cells):
            if cell != old.cells[index]:
                self._cells[index].set_run(make_run(cell), page.look)
        self._want(page)
        self.measure(page)
        return 0

    def _same_table(self, row: TableRow) -> bool:
        """Tell whether a row belongs to this grid, which a new head may take over."""
        if row.table is not self.grid.table and row.index == 0:
            self.grid.table = row.table
        return row.table is self.grid.table

    def drop(self) -> None:
        """Let the layouts go."""
        if any(flow.pending for flow in self._cells):
            # Its formulas may be drawn while nobody looks.
            self.measured = False
        self._cells = []

    # Painting

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        t = ink.tokens
        head = self.block.index == 0
        cells = self._ready(page)
        width = self._room(page)
        rect = QRectF(x, y, width, self.height)
        ink.slice(rect, RADIUS_CODE, t.sunken if head else None, t.line, head, self.last)
        if not self.last:
            ink.hline(x, x + width, y + self.height - _LINE, t.line)
        beyond = self.grid.beyond(width)
        if beyond:
            ink.painter.save()
            inside = rect.adjusted(_LINE, 0, -_LINE, 0)
            ink.painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        top = y + self._cell_top()
        start = 0
        for flow, left, column in self._places(page, cells):
            if left < width and left + column > 0:
                part = shade.part(start, len(flow.run.text))
                flow.paint(ink, x + left, top, page.look, part)
            start += len(flow.run.text) + 1
        if beyond:
            at = self.grid.scrolled()
            # The frame's corners stay as they are.
            inside.adjust(0, _ROW_PAD if head else 0, 0, -(_ROW_PAD if self.last else _LINE))
            _paint_edges(ink, inside, t.sunken if head else t.canvas, (at > 0, at < beyond))
            ink.painter.restore()
            bar = self.bar(page)
            if bar is not None:
                ink.box(QRectF(bar.translated(x, y)), _BAR / 2, t.line2, None)

    def _places(
        self, page: Page, cells: list[TextFlow] | None = None
    ) -> Iterator[tuple[TextFlow, int, int]]:
        """Yield each cell with its text's left edge and its width, as the table is scrolled."""
        room = self._room(page)
        cells = self._ready(page) if cells is None else cells
        x = _LINE - self.grid.scrolled()
        widths = self.grid.widths(room)
        for flow, width, align in zip(cells, widths, self.grid.aligns, strict=False):
            left = x + PAD
            if align in (Align.RIGHT, Align.CENTER):
                spare = width - 2 * PAD - flow.natural_width(page.look)
                left += max(0, int(spare if align == Align.RIGHT else spare / 2))
            yield flow, left, width
            x += width

    # Sideways

    def scroll_range(self, page: Page) -> int:
        """Return how far the table can be moved to the left; 0 when all of it fits."""
        self.grid.refit(page.look)
        return self.grid.beyond(self._room(page))

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the whole table; tell whether anything moved."""
        return self.grid.scroll_to(x, self._room(page))

    def scrolled(self) -> int:
        """Return how far the table is moved to the left."""
        return self.grid.scrolled()

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the scroll bar, which the last row has, or None."""
        span = self.scroll_range(page) if self.last else 0
        if not span:
            return None
        room = self._room(page) - 2 * _BAR_SIDE
        width = max(_LEAST_THUMB, room * room // (room + span))
        left = _BAR_SIDE + (room - width) * self.grid.scrolled() // span
        return QRect(left, self.height - _BAR_BOTTOM, width, _BAR)

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what the head row has: copying the whole table."""
        if self.block.index or not keys.active:
            return []
        right = keys.x + self._room(page) - _TOOL_SIDE
        # Above the text of the head, unless there is something just above.
        top = keys.y - _TOOL_ABOVE if self.gap else keys.y + _LINE + _ROW_PAD - 2
        more = QRect(right - _TOOL, top, _TOOL, _TOOL)
        return [
            Control(
                keys.key("copy"),
                Kind.TOOL,
                more.translated(-_TOOL - 4, 0),
                keys.command("copy"),
                icon="copy",
                name=tr("Copy table"),
            ),
            Control(
                keys.key("forms"),
                Kind.TOOL,
                more,
                keys.command("forms"),
                icon="caret-down",
                name=tr("Copy table as"),
            ),
        ]

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Copy the table, or ask in which form."""
        del page
        if verb == "copy":
            copy_table(self.grid.rows, deeds)
        elif verb == "forms":
            ask_form(self.grid.rows, deeds)
        return False

    # Positions

    def _runs(self) -> list[Run]:
        if self._cells:
            return [cell.run for cell in self._cells]
        return [make_run(cell) for cell in self.block.cells]

    def length(self) -> int:
        """Return the last position."""
        runs = self._runs()
        return sum(len(run.text) for run in runs) + max(0, len(runs) - 1)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        parts = []
        at = 0
        for run in self._runs():
            length = len(run.text)
            if at <= end and at + length >= start:
                parts.append(run.plain(max(0, start - at), min(length, end - at)))
            at += length + 1
        return "\t".join(parts)

    def raw(self) -> str:
        """Return the text that positions count in."""
        return "\t".join(run.text for run in self._runs())

    def _cell_at(self, page: Page, x: float) -> tuple[TextFlow, int, int]:
        """Return the cell under an x: its text, its left edge, its first position."""
        start = 0
        edge = float(_LINE - self.grid.scrolled())
        places = list(self._places(page))
        for flow, left, width in places:
            edge += width
            if x < edge or flow is places[-1][0]:
                return flow, left, start
            start += len(flow.run.text) + 1
        raise IndexError("a row without cells")

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is, as the table is scrolled, relative to the content."""
        start = 0
        found = QRectF(0, self._cell_top(), 0, self.height - self._cell_top() - _ROW_PAD - _LINE)
        for flow, left, _width in self._places(page):
            if position < start:
                break
            found = flow.place_of(position - start, page.look).translated(left, self._cell_top())
            start += len(flow.run.text) + 1
        return found

    def crop(self, start: int, end: int) -> Block:
        """Return the row; of cells only what lies between two positions."""
        cells = []
        at = 0
        for cell, run in zip(self.block.cells, self._runs(), strict=True):
            length = len(run.text)
            low, high = max(0, start - at), min(length, end - at)
            cells.append(cut_spans(cell, run, low, high) if low < high else ())
            at += length + 1
        return replace(self.block, cells=tuple(cells))

    def _cell_top(self) -> int:
        return _ROW_PAD + (_LINE if self.block.index == 0 else 0)

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        flow, left, start = self._cell_at(page, x)
        return start + flow.hit(x - left, y - self._cell_top(), page.look)

    def link_at(self, page: Page, x: float, y: float) -> str:
        """Return the address of the link under a point."""
        flow, left, _start = self._cell_at(page, x)
        if not flow.run.links:
            return ""
        position = flow.over(x - left, y - self._cell_top(), page.look)
        return "" if position is None else flow.run.link_at(position)

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        if not self.block.table.open:
            return None
        places = list(self._places(page))
        filled = [place for place in places if place[0].run.text]
        flow, left, _width = filled[-1] if filled else places[0]
        end = flow.end(page.look).translated(left, self._cell_top())
        end.moveLeft(max(0.0, end.left()))
        return end


def _paint_edges(ink: Ink, rect: QRectF, ground: QColor, more: tuple[bool, bool]) -> None:
    """Let a row fade out at its left and its right edge, where more of it lies beyond."""
    clear = QColor(ground)
    clear.setAlpha(0)
    for wanted, edge, inner in (
        (more[0], rect.left(), rect.left() + _FADE),
        (more[1], rect.right(), rect.right() - _FADE),
    ):
        if wanted:
            fade = QLinearGradient(QPointF(edge, 0), QPointF(inner, 0))
            fade.setColorAt(0, ground)
            fade.setColorAt(1, clear)
            ink.painter.fillRect(QRectF(min(edge, inner), rect.top(), _FADE, rect.height()), fade)
