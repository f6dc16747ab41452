"""Rows of a table: columns come from the natural widths of its first rows, then stay."""

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from desktop_chat.markdown.blocks import Align, Block, Spans, Style, Table, TableRow
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_text import TextFlow
from desktop_chat.ui.transcript.look import Face, Look, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.runs import Run, make_run

SAMPLE: Final = 20
"""Rows of a higher index do not change the columns."""
_PAD: Final = 12
_LEADING: Final = 20
_ROW_PAD: Final = 5
_LINE: Final = 1
_NARROWEST: Final = 56
_MEASURED: Final = 300
"""So many characters of a cell are enough to know that it is wide."""


class TableGrid:
    """The columns of one table.

    Args:
        table: what its rows share.
    """

    __slots__ = ("_natural", "_widths", "first", "table", "version")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.version = 0
        self.first = 0
        """The index of the head among the pieces of its message."""
        self._natural: list[list[int]] = []
        self._widths: dict[int, list[int]] = {}

    def note(self, row: TableRow, look: Look) -> bool:
        """Take a row of the sample into account.

        Returns:
            Whether columns may have changed.
        """
        if row.index >= SAMPLE:
            return False
        face = Face.HEAD_CELL if row.index == 0 else Face.CELL
        widths = [_natural_width(cell, face, look) for cell in row.cells]
        before = self._columns()
        if row.index < len(self._natural):
            if self._natural[row.index] == widths:
                return False
            del self._natural[row.index :]
        self._natural.append(widths)
        if self._columns() == before:
            return False
        self._widths.clear()
        self.version += 1
        return True

    def forget(self, index: int) -> None:
        """Forget the rows from one on: they may come back otherwise."""
        if index < len(self._natural):
            del self._natural[index:]
            self._widths.clear()
            self.version += 1

    def _columns(self) -> list[int]:
        return [max(column) for column in zip(*self._natural, strict=False)]

    def widths(self, room: int) -> list[int]:
        """Return the columns' widths, padding included, that fill a width together."""
        found = self._widths.get(room)
        if found is None:
            found = self._widths[room] = share(self._columns(), room)
        return found


def share(natural: list[int], room: int) -> list[int]:
    """Share a width among columns.

    Columns that would fit get what they need and a part of the rest in proportion; where they do
    not fit, narrow ones keep what they need and wide ones share what is left.
    """
    if not natural:
        return []
    total = sum(natural)
    if total <= room:
        result = [width + (room - total) * width // max(total, 1) for width in natural]
    else:
        fair = room // len(natural)
        floor = min(_NARROWEST, fair)
        low = [width for width in natural if width <= fair]
        left = room - sum(low)
        wide = sum(width for width in natural if width > fair)
        result = [
            width if width <= fair else max(floor, left * width // max(wide, 1))
            for width in natural
        ]
    result[-1] += room - sum(result)
    return result


def _natural_width(cell: Spans, face: Face, look: Look) -> int:
    width = 0.0
    measured = 0
    font = look.styles[face].font
    for span in cell:
        text = span.text[:_MEASURED]
        given = look.format(face, span.style).font() if span.style & ~Style.LINK else font
        if given.pixelSize() <= 0:
            given.setPixelSize(font.pixelSize())
            given.setFamilies(font.families())
        lines = text.split("\n")
        width += max(QFontMetricsF(given).horizontalAdvance(line) for line in lines)
        width += 14 if span.style & Style.CODE else 0
        measured += len(text)
        if measured > _MEASURED:
            break
    return int(width) + 2 + 2 * _PAD


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
        super().__init__(block, before)
        self.grid = grid
        self.last = True
        self._cells: list[TextFlow] = []
        self._version = -1
        self.height = self._frame_height(_LEADING)

    def _frame_height(self, text: int) -> int:
        return text + 2 * _ROW_PAD + _LINE + (_LINE if self.block.index == 0 else 0)

    @property
    def stale(self) -> bool:
        """Whether the columns have changed since it was measured."""
        return self._version != self.grid.version

    def _ready(self, page: Page) -> list[TextFlow]:
        if not self._cells or self.stale:
            face = Face.HEAD_CELL if self.block.index == 0 else Face.CELL
            widths = self.grid.widths(page.width - self.indent)
            self._cells = [
                TextFlow(face, make_run(cell), width - 2 * _PAD, page.look)
                for cell, width in zip(self.block.cells, widths, strict=False)
            ]
            self._version = self.grid.version
        return self._cells

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        cells = self._ready(page)
        self.height = self._frame_height(max((cell.height for cell in cells), default=_LEADING))
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
        self.measure(page)
        return 0

    def _same_table(self, row: TableRow) -> bool:
        """Tell whether a row belongs to this grid, which a new head may take over."""
        if row.table is not self.grid.table and row.index == 0:
            self.grid.table = row.table
        return row.table is self.grid.table

    def drop(self) -> None:
        """Let the layouts go."""
        self._cells = []

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        t = ink.tokens
        head = self.block.index == 0
        cells = self._ready(page)
        width = page.width - self.indent
        rect = QRectF(x, y, width, self.height)
        ink.slice(rect, RADIUS_CODE, t.sunken if head else None, t.line, head, self.last)
        if not self.last:
            ink.hline(x, x + width, y + self.height - _LINE, t.line)
        top = y + _ROW_PAD + (_LINE if head else 0)
        start = 0
        for flow, left, _width in self._places(page, cells):
            part = shade.part(start, len(flow.run.text))
            flow.paint(ink, x + left, top, page.look, part)
            start += len(flow.run.text) + 1

    def _places(self, page: Page, cells: list[TextFlow]) -> list[tuple[TextFlow, int, int]]:
        """Return each cell with its left edge and its width."""
        result = []
        x = _LINE
        widths = self.grid.widths(page.width - self.indent)
        for flow, width, align in zip(cells, widths, self.block.table.aligns, strict=False):
            left = x + _PAD
            if align in (Align.RIGHT, Align.CENTER):
                spare = width - 2 * _PAD - flow.natural_width(page.look)
                left += max(0, int(spare if align == Align.RIGHT else spare / 2))
            result.append((flow, left, width))
            x += width
        return result

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
        edge = 0
        places = self._places(page, self._ready(page))
        for flow, left, width in places:
            edge += width
            if x < edge or flow is places[-1][0]:
                return flow, left, start
            start += len(flow.run.text) + 1
        raise IndexError("a row without cells")

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
        places = self._places(page, self._ready(page))
        filled = [place for place in places if place[0].run.text]
        flow, left, _width = filled[-1] if filled else places[0]
        return flow.end(page.look).translated(left, self._cell_top())
