"""A code card: its lines have one height, so that what is visible is found by arithmetic and
nothing else is ever laid out.
"""

from bisect import bisect_right
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Block, CodeBlock
from desktop_chat.ui.theme import RADIUS_CODE
from desktop_chat.ui.transcript.code_lines import CodeLines, width_of
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.highlight import Highlighter, Lexers
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece, PieceKeys
from desktop_chat.ui.transcript.places import PLAIN, Shade

HEADER: Final = 33
"""Of the card, with its upper border and the line below it."""
_PAD_X: Final = 13
_PAD_Y: Final = 8
_BORDER: Final = 1
_COPY_ROOM: Final = 120
_BUTTON: Final = 28
_SLICE: Final = 0.004
_BAR: Final = 4
_BAR_BOTTOM: Final = 7
_LEAST_THUMB: Final = 24


class CodePiece(Piece):
    """A code block.

    Args:
        block: grows while it streams.
        before: the block before it, or None.
        page: fonts.
        lexers: where colours come from.

    Attributes:
        scroll: how far the lines are moved to the left, in logical pixels.
    """

    __slots__ = ("_highlighter", "_lexers", "_lines", "_recoloured", "_seen", "scroll")
    block: CodeBlock

    def __init__(self, block: CodeBlock, before: Block | None, page: Page, lexers: Lexers) -> None:
        super().__init__(block, before)
        self._lexers = lexers
        self._highlighter: Highlighter | None = None
        self._lines = CodeLines(block.lines)
        self._seen = 0
        self._recoloured: set[int] = set()
        self.scroll = 0
        self.measure(page)

    @property
    def title(self) -> str:
        """The name of the language, as its header shows it."""
        return self._lexers.name(self.block.language) or tr("Code")

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one; an empty block shows one line."""
        leading = page.look.styles[Face.CODE].leading
        lines = max(1, len(self.block.lines))
        self.height = HEADER + 2 * _PAD_Y + lines * leading + _BORDER
        self._seen = len(self.block.lines)
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block: more lines, or a longer last one."""
        first = max(0, self._seen - 1)
        if block is not self.block:
            if (
                not isinstance(block, CodeBlock)
                or block.language != self.block.language
                or block.containers != self.block.containers
                or block.lines[:first] != self.block.lines[:first]
            ):
                return None
            self.block = block
            self._lines.lines = block.lines
        self._lines.touch(first)
        if self._highlighter is not None:
            self._highlighter.touch(first)
        self.measure(page)
        return HEADER + _PAD_Y + first * page.look.styles[Face.CODE].leading

    def drop(self) -> None:
        """Let the layouts go."""
        self._lines.drop()

    def resize(self) -> None:
        """Go back to the left edge; lines do not wrap, so nothing else depends on the width."""
        self.scroll = 0

    # Sideways

    def room(self, page: Page) -> int:
        """Return how much of a line is visible at a time, in logical pixels."""
        return page.width - self.indent - 2 * _PAD_X

    def scroll_range(self, page: Page) -> int:
        """Return how far the lines can be moved to the left; 0 when all fit."""
        return max(0, int(self._lines.widest(page.look)) + 1 - self.room(page))

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the lines; tell whether anything moved."""
        x = min(max(0, x), self.scroll_range(page))
        moved = x != self.scroll
        self.scroll = x
        return moved

    def scrolled(self) -> int:
        """Return how far the lines are moved to the left."""
        return self.scroll

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the scroll bar, relative to the content, or None."""
        span = self.scroll_range(page)
        if not span:
            return None
        room = self.room(page)
        width = max(_LEAST_THUMB, room * room // (room + span))
        left = _PAD_X + (room - width) * min(self.scroll, span) // span
        return QRect(left, self.height - _BAR_BOTTOM, width, _BAR)

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed on its header."""
        right = keys.x + page.width - self.indent
        return [
            Control(
                keys.key("copy"),
                Kind.COPY_CODE,
                QRect(right, keys.y + (HEADER - _BUTTON) // 2, 0, _BUTTON),
                keys.command("copy"),
                text=tr("Copy"),
                icon="copy",
                name=tr("Copy code"),
            )
        ]

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Copy the code."""
        del verb, page
        deeds.copy("\n".join(self.block.lines))
        return False

    # Colours

    def work(self, last_line: int, seconds: float = _SLICE) -> bool:
        """Colour up to a line, for about so many seconds.

        Returns:
            Whether nothing is left to do.
        """
        if self._highlighter is None:
            lexer = self._lexers.get(self.block.language)
            if lexer is None:
                return True
            self._highlighter = Highlighter(lexer)
            self._lines.drop()
        colours = self._highlighter
        lines = self.block.lines
        if not self.block.open:
            ready = colours.finish(lines, last_line + 1, seconds)
        else:
            ready = colours.extend(lines, min(last_line + 1, len(lines)), seconds)
        self._recoloured = colours.take_changes()
        for index in self._recoloured:
            self._lines.touch_line(index)
        return ready

    # Painting

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        t = ink.tokens
        width = page.width - self.indent
        ink.box(QRectF(x, y, width, self.height), RADIUS_CODE, t.sunken, t.line)
        if ink.top < y + HEADER:
            ink.hline(x, x + width, y + HEADER - 1, t.line)
            self._paint_header(ink, page, x, y)
        leading = page.look.styles[Face.CODE].leading
        start = y + HEADER + _PAD_Y
        first = max(0, (ink.top - start) // leading)
        last = min(len(self.block.lines), (ink.bottom - start - 1) // leading + 1)
        if first >= last:
            return
        ready = self.work(last - 1)
        whole = range(-((start - ink.top) // leading), (ink.bottom - start) // leading)
        if not ready or not self._recoloured.issubset(whole):
            # More to colour, or lines not wholly in this paint that look different now.
            page.backlog[self] = None
        painter = ink.painter
        painter.save()
        inside = QRectF(x + 1, y + HEADER, width - 2, self.height - HEADER - _BORDER)
        painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        left = x + _PAD_X - self.scroll
        view = (float(self.scroll - _PAD_X), float(self.scroll + self.room(page) + _PAD_X))
        for index in range(first, last):
            top = start + index * leading
            for span, colour in shade.grounds(t):
                self._paint_ground(ink, page, left, top, index, span, colour)
            tokens = self._highlighter.line(index) if self._highlighter is not None else ()
            painter.setPen(t.text)
            for offset, layout in self._lines.layouts(index, tokens, page.look, view):
                layout.lineAt(0).draw(painter, QPointF(left + offset, top))
        bar = self.bar(page)
        if bar is not None:
            ink.box(QRectF(bar.translated(x, y)), _BAR / 2, t.line2, None)
        painter.restore()
        self._lines.prune(range(first, last))

    def _paint_header(self, ink: Ink, page: Page, x: int, y: int) -> None:
        painter = ink.painter
        painter.setFont(page.look.meta)
        painter.setPen(ink.tokens.text2)
        room = page.width - self.indent - _COPY_ROOM
        title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, room)
        put_text(painter, QRect(x + _PAD_X, y + 1, room, HEADER - 2), title)

    def _paint_ground(
        self,
        ink: Ink,
        page: Page,
        left: int,
        top: int,
        index: int,
        span: tuple[int, int],
        colour: QColor,
    ) -> None:
        start = self._lines.starts[index]
        end = start + len(self.block.lines[index])
        if span[0] > end or span[1] <= start:
            return
        first = self._lines.x_of(index, max(span[0] - start, 0), page.look)
        last = self._lines.x_of(index, min(span[1], end) - start, page.look)
        if span[1] > end:
            last += 4
        leading = page.look.styles[Face.CODE].leading
        ink.fill(QRectF(left + first, top, last - first, leading), colour)

    # Positions

    def length(self) -> int:
        """Return the last position."""
        return max(0, self._lines.starts[-1] - 1)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        starts = self._lines.starts
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
        index = min(max(0, int(y - HEADER - _PAD_Y) // leading), len(self.block.lines) - 1)
        column = self._lines.column_at(index, x - _PAD_X + self.scroll, page.look)
        return self._lines.starts[index] + column

    def over_text(self, page: Page, x: float, y: float) -> bool:
        """Tell whether a point lies on text: the header is none."""
        return y >= HEADER

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        if not self.block.open:
            return None
        index = max(0, len(self.block.lines) - 1)
        text = self.block.lines[index] if self.block.lines else ""
        x = min(width_of(text, page.look) - self.scroll, float(self.room(page)))
        leading = page.look.styles[Face.CODE].leading
        return QRectF(x + _PAD_X, HEADER + _PAD_Y + index * leading, 0, leading)
