"""A code card: its lines have one height, so that what is visible is found by arithmetic and
nothing else is ever laid out.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final
from unicodedata import east_asian_width

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QTextLayout

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Block, CodeBlock
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.highlight import Highlighter, Lexers
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_text import Counter, edge
from desktop_chat.ui.transcript.look import Face, Look, Page
from desktop_chat.ui.transcript.pieces import Piece

HEADER: Final = 33
"""Of the card, with its upper border and the line below it."""
PAD_X: Final = 12
PAD_Y: Final = 8
_BORDER: Final = 1
_CHUNK: Final = 800
"""A longer line is laid out in parts of so many characters."""
_KEPT_LINES: Final = 240
_SLICE: Final = 0.004
_TAB: Final = 4


def _is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"


def columns(text: str) -> tuple[int, int]:
    """Return how many narrow and how many wide cells a line of code takes, about."""
    if text.isascii():
        return len(text) + text.count("\t") * (_TAB - 1), 0
    wide = sum(map(_is_wide, text))
    return len(text) - wide + text.count("\t") * (_TAB - 1), wide


class CodePiece(Piece):
    """A code block.

    Args:
        block: grows while it streams.
        before: the block before it, or None.
        page: fonts.
        lexers: where colours come from.
    """

    __slots__ = (
        "_highlighter",
        "_lexers",
        "_lines",
        "_measured_lines",
        "_offsets",
        "_seen",
        "_widest",
        "scroll",
    )
    block: CodeBlock

    def __init__(self, block: CodeBlock, before: Block | None, page: Page, lexers: Lexers) -> None:
        super().__init__(block, before)
        self._lexers = lexers
        self._highlighter: Highlighter | None = None
        self._lines: dict[int, list[tuple[float, QTextLayout]]] = {}
        self._seen = 0
        self._widest = 0.0
        self._measured_lines = 0
        self._offsets: list[int] = []
        self.scroll = 0
        self.measure(page)

    @property
    def title(self) -> str:
        """The name of the language, as its header shows it."""
        return self._lexers.name(self.block.language) or tr("Code")

    def line_count(self) -> int:
        """Return how many lines are shown; an empty block shows one."""
        return max(1, len(self.block.lines))

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        leading = page.look.styles[Face.CODE].leading
        self.height = HEADER + 2 * PAD_Y + self.line_count() * leading + _BORDER
        self._seen = len(self.block.lines)
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if block is not self.block:
            return None
        leading = page.look.styles[Face.CODE].leading
        first = max(0, self._seen - 1)
        for index in range(first, max(first + 1, self._seen)):
            self._lines.pop(index, None)
        self._measured_lines = min(self._measured_lines, first)
        if self._highlighter is not None:
            self._highlighter.touch(first)
        self._offsets = []
        self.measure(page)
        return HEADER + PAD_Y + first * leading

    def text_width(self, page: Page) -> float:
        """Return the width of the widest line, in logical pixels."""
        lines = self.block.lines
        look = page.look
        for index in range(self._measured_lines, len(lines)):
            narrow, wide = columns(lines[index])
            width = narrow * look.code_advance + wide * look.code_wide_advance
            self._widest = max(self._widest, width)
        # The last line of an open block may still grow.
        self._measured_lines = max(0, len(lines) - 1)
        return self._widest

    def room(self, page: Page) -> int:
        """Return how much of a line is visible at a time, in logical pixels."""
        return page.width - self.indent - 2 * (PAD_X + _BORDER)

    def scroll_range(self, page: Page) -> int:
        """Return how far the lines can be moved to the left; 0 when all fit."""
        return max(0, int(self.text_width(page)) + 1 - self.room(page))

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the lines; tell whether anything moved."""
        x = min(max(0, x), self.scroll_range(page))
        moved = x != self.scroll
        self.scroll = x
        return moved

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the scroll bar, relative to the content, or None."""
        span = self.scroll_range(page)
        if not span:
            return None
        room = self.room(page)
        width = max(24, room * room // (room + span))
        left = PAD_X + _BORDER + (room - width) * min(self.scroll, span) // span
        return QRect(left, self.height - _BORDER - 6, width, 4)

    def drop(self) -> None:
        """Let the layouts go."""
        self._lines.clear()
        self._offsets = []

    def resize(self) -> None:
        """Forget what depends on the width."""
        # Lines do not wrap: neither heights nor layouts depend on the width.
        self.scroll = 0

    # Colours

    def recolour(self) -> None:
        """Forget the layouts, because colours have changed."""
        self._lines.clear()

    def _colours(self) -> Highlighter | None:
        if self._highlighter is None:
            lexer = self._lexers.get(self.block.language)
            if lexer is not None:
                self._highlighter = Highlighter(lexer)
                self._lines.clear()
        return self._highlighter

    def work(self, last_line: int, seconds: float = _SLICE) -> bool:
        """Colour up to a line, for about so many seconds.

        Returns:
            Whether nothing is left to do.
        """
        colours = self._colours()
        if colours is None:
            return True
        lines = self.block.lines
        before = colours.reached
        if self.block.open:
            ready = colours.extend(lines, min(last_line + 1, len(lines)), seconds)
            if colours.reached != before:
                self._forget(before, colours.reached)
            return ready
        if colours.done:
            return True
        ready = colours.finish(lines, seconds)
        if ready or colours.reached != before:
            self._lines.clear()
        return ready

    def _forget(self, first: int, last: int) -> None:
        for index in range(first, last):
            self._lines.pop(index, None)

    # Painting

    def visible_lines(self, page: Page, top: int, bottom: int) -> range:
        """Return the lines between two heights relative to the content."""
        leading = page.look.styles[Face.CODE].leading
        start = HEADER + PAD_Y
        first = max(0, (top - start) // leading)
        last = min(len(self.block.lines), (bottom - start - 1) // leading + 1)
        return range(first, max(first, last))

    def paint(self, ink: Ink, page: Page, x: int, y: int, selected: tuple[int, int] | None) -> None:
        """Paint what has to be painted."""
        t = ink.tokens
        width = page.width - self.indent
        body = QRectF(x, y, width, self.height)
        ink.box(body, RADIUS_CODE, t.sunken, t.line)
        if ink.top < y + HEADER:
            ink.hline(x, x + width, y + HEADER - 1, t.line)
            self._paint_header(ink, page, x, y)
        visible = self.visible_lines(page, ink.top - y, ink.bottom - y)
        if not visible:
            return
        if not self.work(visible[-1]):
            page.backlog[self] = None
        painter = ink.painter
        painter.save()
        clip = QRectF(x + _BORDER, y + HEADER, width - 2 * _BORDER, self.height - HEADER - _BORDER)
        painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        left = x + _BORDER + PAD_X - self.scroll
        leading = page.look.styles[Face.CODE].leading
        painter.setPen(t.text)
        for index in visible:
            top = y + HEADER + PAD_Y + index * leading
            if selected is not None:
                self._paint_selection(ink, page, left, top, index, selected)
            for offset, layout in self._visible_chunks(page, index):
                layout.lineAt(0).draw(painter, QPointF(left + offset, top))
        bar = self.bar(page)
        if bar is not None:
            ink.box(QRectF(bar.translated(x, y)), 2, t.line2, None)
        painter.restore()
        self._prune(visible)

    def _paint_header(self, ink: Ink, page: Page, x: int, y: int) -> None:
        painter = ink.painter
        painter.setFont(page.look.meta)
        painter.setPen(ink.tokens.text2)
        rect = QRectF(x + PAD_X + _BORDER, y + 1, page.width - self.indent - 120, HEADER - 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect, int(flags), self.title)

    def _paint_selection(
        self, ink: Ink, page: Page, left: int, top: int, index: int, selected: tuple[int, int]
    ) -> None:
        start = self._starts()[index]
        end = start + len(self.block.lines[index])
        if selected[0] > end or selected[1] <= start:
            return
        first = self._x_of(page, index, max(selected[0] - start, 0))
        last = self._x_of(page, index, min(selected[1], end) - start)
        if selected[1] > end:
            last += 4
        leading = page.look.styles[Face.CODE].leading
        ink.fill(QRectF(left + first, top, last - first, leading), ink.tokens.sel)

    def _chunks(self, page: Page, index: int) -> list[tuple[float, QTextLayout]]:
        """Return the layouts of a short line, or the laid out parts of a long one."""
        found = self._lines.get(index)
        if found is None:
            found = [(0.0, self._layout(page.look, index, 0, len(self.block.lines[index])))]
            self._lines[index] = found
        return found

    def _visible_chunks(self, page: Page, index: int) -> Iterator[tuple[float, QTextLayout]]:
        text = self.block.lines[index]
        if len(text) <= _CHUNK:
            yield from self._chunks(page, index)
            return
        x = 0.0
        for start in range(0, len(text), _CHUNK):
            width = self._width(page.look, text[start : start + _CHUNK])
            if x + width >= self.scroll and x <= self.scroll + self.room(page):
                end = min(len(text), start + _CHUNK)
                yield x, self._layout(page.look, index, start, end)
            x += width

    @staticmethod
    def _width(look: Look, text: str) -> float:
        narrow, wide = columns(text)
        return narrow * look.code_advance + wide * look.code_wide_advance

    def _layout(self, look: Look, index: int, start: int, end: int) -> QTextLayout:
        Counter.layouts += 1
        style = look.styles[Face.CODE]
        layout = QTextLayout(self.block.lines[index][start:end], style.font)
        layout.setTextOption(look.code_option)
        layout.setCacheEnabled(True)
        if self._highlighter is not None and end - start <= _CHUNK and not start:
            ranges = []
            for first, length, kind in self._highlighter.line(index):
                made = QTextLayout.FormatRange()
                made.start = first
                made.length = length
                made.format = look.syntax(kind)
                ranges.append(made)
            layout.setFormats(ranges)
        layout.beginLayout()
        line = layout.createLine()
        if line.isValid():
            line.setLineWidth(1e7)
            line.setPosition(QPointF(0, style.baseline - line.ascent()))
        layout.endLayout()
        return layout

    def _prune(self, visible: range) -> None:
        if len(self._lines) > _KEPT_LINES:
            keep = range(visible.start - 40, visible.stop + 40)
            self._lines = {index: line for index, line in self._lines.items() if index in keep}

    # Positions

    def _starts(self) -> list[int]:
        if len(self._offsets) != len(self.block.lines) + 1:
            lengths = (len(line) + 1 for line in self.block.lines)
            self._offsets = list(accumulate(lengths, initial=0))
        return self._offsets

    def _x_of(self, page: Page, index: int, column: int) -> float:
        text = self.block.lines[index]
        if len(text) <= _CHUNK:
            return edge(self._chunks(page, index)[0][1].lineAt(0), column)
        return self._width(page.look, text[:column])

    def length(self) -> int:
        """Return the last position."""
        return max(0, self._starts()[-1] - 1)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        starts = self._starts()
        first = max(0, bisect_right(starts, start) - 1)
        last = min(len(self.block.lines), bisect_right(starts, end))
        if first >= len(self.block.lines):
            return ""
        text = "\n".join(self.block.lines[first:last])
        return text[start - starts[first] : end - starts[first]]

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        if not self.block.lines:
            return 0
        leading = page.look.styles[Face.CODE].leading
        index = min(max(0, int(y - HEADER - PAD_Y) // leading), len(self.block.lines) - 1)
        x = x - PAD_X - _BORDER + self.scroll
        text = self.block.lines[index]
        if len(text) <= _CHUNK:
            column = int(self._chunks(page, index)[0][1].lineAt(0).xToCursor(x))
        else:
            column = min(len(text), max(0, round(x / page.look.code_advance)))
        return self._starts()[index] + column

    def over_text(self, page: Page, x: float, y: float) -> bool:
        """Tell whether a point lies on text."""
        return y >= HEADER

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        if not self.block.open:
            return None
        index = len(self.block.lines) - 1
        x = self._width(page.look, self.block.lines[index]) if index >= 0 else 0.0
        leading = page.look.styles[Face.CODE].leading
        x = min(x - self.scroll, self.room(page))
        return QRectF(x + PAD_X + _BORDER, HEADER + PAD_Y + max(0, index) * leading, 0, leading)
