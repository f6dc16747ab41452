"""The lines of one code block: laid out when visible, found by arithmetic."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final
from unicodedata import east_asian_width

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTextLayout

from desktop_chat.ui.transcript.layout_text import Counter, edge
from desktop_chat.ui.transcript.look import Face, Look
from desktop_chat.ui.transcript.machines import Tokens
from desktop_chat.ui.transcript.units import to_characters, to_units

_CHUNK: Final = 800
"""A longer line is laid out in parts of so many characters."""
_KEPT_LINES: Final = 240
_KEPT_AROUND: Final = 40
_TAB: Final = 4
_ENDLESS: Final = 1e7


def _is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"


def width_of(text: str, look: Look) -> float:
    """Return about how wide a piece of code is, in logical pixels, without laying it out."""
    wide = 0 if text.isascii() else sum(map(_is_wide, text))
    narrow = len(text) - wide + text.count("\t") * (_TAB - 1)
    return narrow * look.code_advance + wide * look.code_wide_advance


class CodeLines:
    """Layouts of the lines that are visible.

    Args:
        lines: of the block; they may grow.
    """

    __slots__ = ("_chunks", "_layouts", "_measured", "_starts", "_widest", "lines")

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._layouts: dict[int, QTextLayout] = {}
        self._chunks: dict[int, list[float]] = {}
        self._starts: list[int] = []
        self._measured = 0
        self._widest = 0.0

    def touch(self, first: int) -> None:
        """Forget what is known of the lines from one on: they have changed."""
        for known in (self._layouts, self._chunks):
            for index in [index for index in known if index >= first]:
                del known[index]
        self._measured = min(self._measured, first)
        self._starts = []

    def touch_line(self, index: int) -> None:
        """Forget the layout of one line: its colours have changed."""
        self._layouts.pop(index, None)

    def drop(self) -> None:
        """Let the layouts go."""
        self._layouts.clear()
        self._chunks.clear()
        self._starts = []

    def prune(self, visible: range) -> None:
        """Let the layouts of lines that are out of sight go, once there are many."""
        if len(self._layouts) > _KEPT_LINES:
            keep = range(visible.start - _KEPT_AROUND, visible.stop + _KEPT_AROUND)
            self._layouts = {at: line for at, line in self._layouts.items() if at in keep}

    def widest(self, look: Look) -> float:
        """Return the width of the widest line, in logical pixels."""
        for index in range(self._measured, len(self.lines)):
            self._widest = max(self._widest, width_of(self.lines[index], look))
        # The last line of an open block may still grow.
        self._measured = max(0, len(self.lines) - 1)
        return self._widest

    def layouts(
        self, index: int, tokens: Tokens, look: Look, view: tuple[float, float]
    ) -> Iterator[tuple[float, QTextLayout]]:
        """Return what is visible of a line: parts with their left edges.

        Args:
            index: of the line.
            tokens: its colours.
            look: fonts and colours.
            view: left and right edge of what is visible, counted from the line's start.
        """
        text = self.lines[index]
        if len(text) <= _CHUNK:
            yield 0.0, self._layout(index, tokens, look)
            return
        edges = self._edges(index, look)
        first = max(0, bisect_right(edges, view[0]) - 1)
        for part in range(first, len(edges)):
            if edges[part] > view[1]:
                return
            start = part * _CHUNK
            yield edges[part], _lay(text[start : start + _CHUNK], (), look)

    def _edges(self, index: int, look: Look) -> list[float]:
        """Return the left edge of each part of a long line."""
        found = self._chunks.get(index)
        if found is None:
            text = self.lines[index]
            starts = range(0, len(text), _CHUNK)
            widths = [width_of(text[start : start + _CHUNK], look) for start in starts]
            found = self._chunks[index] = list(accumulate(widths[:-1], initial=0.0))
        return found

    def _layout(self, index: int, tokens: Tokens, look: Look) -> QTextLayout:
        found = self._layouts.get(index)
        if found is None:
            found = self._layouts[index] = _lay(self.lines[index], tokens, look)
        return found

    def x_of(self, index: int, column: int, look: Look) -> float:
        """Return the x of a position in a line."""
        text = self.lines[index]
        if len(text) <= _CHUNK:
            line = self._layout(index, (), look).lineAt(0)
            return edge(line, to_units(text, column))
        return width_of(text[:column], look)

    def column_at(self, index: int, x: float, look: Look) -> int:
        """Return the position in a line nearest to an x."""
        text = self.lines[index]
        if len(text) <= _CHUNK:
            line = self._layout(index, (), look).lineAt(0)
            return to_characters(text, int(line.xToCursor(x)))
        edges = self._edges(index, look)
        part = max(0, bisect_right(edges, x) - 1)
        start = part * _CHUNK
        chunk = text[start : start + _CHUNK]
        # A line lives as long as its layout.
        layout = _lay(chunk, (), look)
        units = int(layout.lineAt(0).xToCursor(x - edges[part]))
        return start + to_characters(chunk, units)

    @property
    def starts(self) -> list[int]:
        """The position of each line's first character in the whole text, and its end."""
        if len(self._starts) != len(self.lines) + 1:
            self._starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))
        return self._starts


def _lay(text: str, tokens: Tokens, look: Look) -> QTextLayout:
    Counter.layouts += 1
    style = look.styles[Face.CODE]
    layout = QTextLayout(text, style.font)
    layout.setTextOption(look.code_option)
    layout.setCacheEnabled(True)
    ranges = []
    for start, length, kind in tokens:
        made = QTextLayout.FormatRange()
        made.start = to_units(text, start)
        made.length = to_units(text, start + length) - made.start
        made.format = look.syntax(kind)
        ranges.append(made)
    if ranges:
        layout.setFormats(ranges)
    layout.beginLayout()
    line = layout.createLine()
    if line.isValid():
        line.setLineWidth(_ENDLESS)
        line.setPosition(QPointF(0, style.baseline - line.ascent()))
    layout.endLayout()
    return layout
