"""A code card: its rows have one height, so that what is visible is found by arithmetic and
nothing else is ever laid out.
"""

import time
from bisect import bisect_right
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QRectF

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Block, CodeBlock
from desktop_chat.ui.transcript.code.code_box import CodeBox
from desktop_chat.ui.transcript.code.code_paint import CodePainter
from desktop_chat.ui.transcript.code.code_sizes import FOLDED_LINES, HEADER, PAD_X, PAD_Y, gutter_of
from desktop_chat.ui.transcript.code.code_tools import CodeTools, press_tool
from desktop_chat.ui.transcript.code.highlight import Highlighter, Lexers
from desktop_chat.ui.transcript.code.machines import Tokens
from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import PieceKeys
from desktop_chat.ui.transcript.places import PLAIN, Shade

_REVEALED: Final = 40
"""What was looked for is moved into sight with so much beside it."""


class CodePiece(CodeBox):
    """A code block. Positions count the characters of its lines, with one between two lines.

    Args:
        block: grows while it streams.
        before: the block before it, or None.
        page: fonts.
        lexers: where colours come from.
        live: as in ``CodeBox``.

    Attributes:
        lexers: where colours come from.
    """

    __slots__ = ("_found", "_highlighter", "_pale", "_recoloured", "_revealed", "_tools", "lexers")

    def __init__(
        self,
        block: CodeBlock,
        before: Block | None,
        page: Page,
        lexers: Lexers,
        *,
        live: bool = True,
    ) -> None:
        super().__init__(block, before, page, live=live)
        self.lexers = lexers
        self._highlighter: Highlighter | None = None
        self._found = False
        self._pale = False
        self._recoloured: set[int] = set()
        self._revealed: int | None = None
        self._tools = CodeTools()
        self.measure(page)

    @property
    def title(self) -> str:
        """The name of the language, as its header shows it."""
        return self.lexers.name(self.block.language) or tr("Code")

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block: more lines, or a longer last one."""
        lines = self.block.lines
        first = max(0, min(self._seen, len(lines)) - 1)
        if block is not self.block:
            if (
                not isinstance(block, CodeBlock)
                or block.language != self.block.language
                or block.containers != self.block.containers
                or block.lines[:first] != lines[:first]
            ):
                return None
            if not block.open and not self.block.open and block.lines == lines:
                self.block = block
                self.lines.take(block.lines)
                return self.height
            # An answer that was cut goes on.
            self._live = self._live or (block.open and not self.block.open)
            self.block = block
            self.lines.take(block.lines)
        before = (gutter_of(self._seen, page.look), self.folded)
        self.lines.touch(first)
        if self._highlighter is not None:
            self._highlighter.touch(first)
        self._settle_fold()
        self.measure(page)
        if before != (gutter_of(self._seen, page.look), self.folded):
            return HEADER
        top = HEADER + PAD_Y + self.lines.rows.before(first) * page.look.styles[Face.CODE].leading
        return min(top, self.height)

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed on its header and below its lines."""
        return self._tools.controls(self, keys, page)

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Copy, save, wrap, fold, or open in the browser."""
        return press_tool(self, verb, deeds, page)

    def reveal(self, position: int) -> bool:
        """Unfold when a position is folded away, and move it into sight when it is painted."""
        self._revealed = position
        if not self.folded or self._line_of(position) < FOLDED_LINES:
            return False
        self.toggle_fold()
        return True

    def _show_revealed(self, page: Page) -> None:
        if self._revealed is None:
            return
        position, self._revealed = self._revealed, None
        x = self.caret_at(page, position).left() - self.left(page)
        if x < 0 or x > self.room(page) - _REVEALED:
            self.scroll_to(int(self.scroll + x) - self.room(page) // 2, page)

    # Colours

    def tokens(self, index: int) -> Tokens:
        """Return the colours of a line, as far as they are known."""
        return self._highlighter.line(index) if self._highlighter is not None else ()

    def work(self) -> bool:
        """Colour what is in sight, or the whole of a small finished block, for a slice of time.

        Returns:
            Whether nothing is left to do.
        """
        self._recoloured = set()
        if not self._found:
            language = self.block.language
            lexer = self.lexers.get(language)
            if lexer is None:
                return True
            self._found = True
            self._highlighter = Highlighter(lexer)
            self.lines.drop()
        colours = self._highlighter
        if colours is None:
            return True
        seconds = self.lexers.budget.ask()
        if seconds <= 0:
            return False
        started = time.perf_counter()
        lines = self.block.lines
        count = min(len(lines), self._last_line() + 1)
        if self.block.open:
            ready = colours.extend(lines, count, seconds)
        else:
            ready = colours.finish(lines, count, seconds)
        self._recoloured = colours.take_changes()
        for index in self._recoloured:
            self.lines.touch_line(index)
        self.lexers.budget.spend(time.perf_counter() - started)
        return ready

    def _last_line(self) -> int:
        if not self.in_sight or not self.block.lines:
            return -1
        return self.lines.rows.at(self.in_sight.stop - 1)[0]

    def _changed(self, rows: range, except_rows: range = range(0)) -> bool:
        """Tell whether the last ``work`` changed lines in some rows, and not only in others."""
        if not self._recoloured or not rows:
            return False
        at = self.lines.rows.at
        lines = range(at(rows.start)[0], at(rows.stop - 1)[0] + 1)
        others = except_rows
        if others and self.wraps:
            others = range(at(others.start)[0] + 1, at(others.stop - 1)[0])
        return any(index in lines and index not in others for index in self._recoloured)

    def take_pale(self) -> bool:
        """Tell whether what is in sight has other colours now than when it was painted."""
        pale, self._pale = self._pale or self._changed(self.in_sight), False
        return pale

    # Painting

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        self._show_revealed(page)
        CodePainter(self, ink, page, x, y).paint(shade)

    def seen(self, rows: range, whole: range, page: Page) -> None:
        """Take note of the rows that are in sight, and colour their lines.

        Args:
            rows: all in sight.
            whole: those that are painted now from top to bottom.
            page: has the list of what waits for colours.
        """
        self.in_sight = rows
        ready = self.work()
        self._pale = self._pale or self._changed(rows, whole)
        if not ready or self._pale:
            page.backlog[self] = None

    # Positions

    def _line_of(self, position: int) -> int:
        last = max(0, len(self.block.lines) - 1)
        return min(last, max(0, bisect_right(self.lines.starts, position) - 1))

    def length(self) -> int:
        """Return the last position."""
        return max(0, self.lines.starts[-1] - 1)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        starts = self.lines.starts
        first = max(0, bisect_right(starts, start) - 1)
        last = min(len(self.block.lines), bisect_right(starts, end))
        if first >= len(self.block.lines):
            return ""
        text = "\n".join(self.block.lines[first:last])
        return text[start - starts[first] : end - starts[first]]

    def crop(self, start: int, end: int) -> Block:
        """Return the block with the lines between two positions, for a copy."""
        if start <= 0 and end >= self.length():
            return self.block
        lines = self.plain(max(0, start), min(end, self.length())).split("\n")
        return replace(self.block, lines=lines, open=False)

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        if not self.block.lines:
            return 0
        leading = page.look.styles[Face.CODE].leading
        rows = self.lines.rows
        last = rows.before(self.shown) - 1
        index, row = rows.at(min(max(0, int(y - HEADER - PAD_Y) // leading), last))
        x += self.scroll - self.left(page)
        column = self.lines.column_at(index, row, x, self.tokens(index), page.look)
        return self.lines.starts[index] + column

    def over_text(self, page: Page, x: float, y: float) -> bool:
        """Tell whether a point lies on text: header, line numbers and the row that folds do not."""
        return HEADER <= y < self.rows_bottom(page) + PAD_Y and x >= self.left(page) - PAD_X

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        if not self.block.open:
            return None
        index = max(0, len(self.block.lines) - 1)
        row, x = 0, 0.0
        if self.block.lines:
            row, x = self._end_of(index, page)
        return self._caret(page, self.lines.rows.before(index) + row, x)

    def _end_of(self, index: int, page: Page) -> tuple[int, float]:
        if not self.wraps:
            return 0, self.lines.width(index, page.look)
        column = len(self.block.lines[index])
        return self.lines.place(index, column, self.tokens(index), page.look)

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is; one that is folded away is below the lines shown."""
        leading = page.look.styles[Face.CODE].leading
        index = self._line_of(position)
        if index >= self.shown:
            return QRectF(self.left(page), self.rows_bottom(page), 0, leading)
        row, x = 0, 0.0
        if self.block.lines:
            column = min(position - self.lines.starts[index], len(self.block.lines[index]))
            row, x = self.lines.place(index, max(0, column), self.tokens(index), page.look)
        top = HEADER + PAD_Y + (self.lines.rows.before(index) + row) * leading
        return QRectF(self.left(page) + x - self.scroll, top, 0, leading)
