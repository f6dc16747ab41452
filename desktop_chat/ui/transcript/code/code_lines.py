"""The lines of one code block: laid out when visible, found by arithmetic."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTextCharFormat, QTextLayout

from desktop_chat.ui.transcript.code.code_cuts import CHUNK, Cuts, Rows, advances
from desktop_chat.ui.transcript.code.machines import Tokens
from desktop_chat.ui.transcript.look import Face, Look
from desktop_chat.ui.transcript.text.layout_text import Counter, edge
from desktop_chat.ui.transcript.text.marks import inert
from desktop_chat.ui.transcript.text.units import split_pairs, to_characters, to_units

_KEPT: Final = 240
_KEPT_AROUND: Final = 40
_ENDLESS: Final = 1e7
_SEPARATORS: Final = str.maketrans({"\u2028": "\u2424", "\u2029": "\u2424"})


def width_of(text: str, look: Look) -> float:
    """Return about how wide a piece of code is, in logical pixels, without laying it out."""
    return advances(look).width(text)


class LaidPart(NamedTuple):
    """A part of a line.

    Attributes:
        row: of the line that it stands in.
        left: its left edge, from the line's.
        layout: with one line.
    """

    row: int
    left: float
    layout: QTextLayout


class _Edges:
    """The left edges of the parts of a very long line, which may grow at its end."""

    __slots__ = ("_last", "_look", "edges")

    def __init__(self, look: Look) -> None:
        self._look = look
        self._last = ""
        self.edges = [0.0]

    def follow(self, text: str) -> bool:
        """Take note of more text; tell whether it begins as before."""
        whole = len(self.edges) - 1
        if whole and text[(whole - 1) * CHUNK : whole * CHUNK] != self._last:
            return False
        known = advances(self._look)
        # The last part may be cut by the end of what has arrived.
        for start in range(whole * CHUNK, len(text) - CHUNK, CHUNK):
            self._last = text[start : start + CHUNK]
            self.edges.append(self.edges[-1] + known.width(self._last))
        return True


class CodeLines:
    """Layouts of the lines that are visible, and where their characters are.

    Columns and positions count characters of the block's lines.

    Args:
        lines: of the block; they may grow.

    Attributes:
        lines: of the block.
        rows: how lines are cut.
    """

    __slots__ = ("_edges", "_layouts", "_measured", "_starts", "_widest", "lines", "rows")

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.rows = Rows(lines)
        self._layouts: dict[tuple[int, int], QTextLayout] = {}
        self._edges: dict[int, _Edges] = {}
        self._starts = [0]
        self._measured = 0
        self._widest = 0.0

    def take(self, lines: list[str]) -> None:
        """Take another list that begins with the same lines."""
        self.lines = self.rows.lines = lines

    def touch(self, first: int) -> None:
        """Forget what is known of the lines from one on: they have changed."""
        first = min(first, len(self.lines))
        for key in [key for key in self._layouts if key[0] >= first]:
            del self._layouts[key]
        for index in [index for index in self._edges if index > first]:
            del self._edges[index]
        self._measured = min(self._measured, first)
        del self._starts[first + 1 :]
        self.rows.touch(first)

    def touch_line(self, index: int) -> None:
        """Forget the layouts of one line: its colours have changed."""
        if (index, 0) in self._layouts:
            for key in [key for key in self._layouts if key[0] == index]:
                del self._layouts[key]

    def drop(self) -> None:
        """Let the layouts go."""
        self._layouts.clear()
        self._edges.clear()

    def refont(self) -> None:
        """Forget how wide lines are: they are set in another font."""
        self.drop()
        self._measured = 0
        self._widest = 0.0

    def prune(self, visible: range) -> None:
        """Let the layouts of lines that are out of sight go, once there are many."""
        if len(self._layouts) <= _KEPT:
            return
        keep = range(visible.start - _KEPT_AROUND, visible.stop + _KEPT_AROUND)
        self._layouts = {key: laid for key, laid in self._layouts.items() if key[0] in keep}
        if len(self._layouts) > 2 * _KEPT:
            # One line of very many parts.
            self._layouts = dict(list(self._layouts.items())[-_KEPT:])

    def widest(self, look: Look) -> float:
        """Return the width of the widest line, in logical pixels."""
        known = advances(look)
        lines = self.lines
        for index in range(self._measured, len(lines)):
            text = lines[index]
            if len(text) * known.narrow <= self._widest and text.isascii() and "\t" not in text:
                continue
            width = self.width(index, look)
            self._widest = max(self._widest, width)
        # The last line of an open block may still grow.
        self._measured = max(0, len(lines) - 1)
        return self._widest

    def width(self, index: int, look: Look) -> float:
        """Return the width of a line in one row, in logical pixels."""
        text = self.lines[index]
        if len(text) <= CHUNK:
            return width_of(text, look)
        edges = self._edges_of(index, look)
        return edges[-1] + width_of(text[(len(edges) - 1) * CHUNK :], look)

    def _edges_of(self, index: int, look: Look) -> list[float]:
        """Return the left edge of each part of a long line."""
        found = self._edges.get(index)
        if found is None or not found.follow(self.lines[index]):
            found = self._edges[index] = _Edges(look)
            found.follow(self.lines[index])
        return found.edges

    # Parts

    def _left(self, index: int, cuts: Cuts, part: int, look: Look) -> float:
        if self.rows.wraps:
            return cuts.indent if part else 0.0
        return self._edges_of(index, look)[part] if part else 0.0

    def _layout(self, index: int, part: int, cuts: Cuts, tokens: Tokens, look: Look) -> QTextLayout:
        key = (index, part)
        found = self._layouts.get(key)
        if found is None:
            start, end = cuts.start(part), cuts.end(part)
            text = self.lines[index]
            if cuts.count > 1:
                text = text[start:end]
                tokens = _cut(tokens, start, end)
            found = self._layouts[key] = lay(text, tokens, look)
        return found

    def parts(
        self, index: int, tokens: Tokens, look: Look, view: tuple[float, float], rows: range
    ) -> Iterator[LaidPart]:
        """Return what is visible of a line.

        Args:
            index: of the line.
            tokens: its colours.
            look: fonts and colours.
            view: left and right edge of what is visible, counted from the line's start.
            rows: of the line that are visible.
        """
        cuts = self.rows.cuts(index)
        if cuts.count == 1:
            yield LaidPart(0, 0.0, self._layout(index, 0, cuts, tokens, look))
            return
        if self.rows.wraps:
            for part in range(max(0, rows.start), min(cuts.count, rows.stop)):
                left = cuts.indent if part else 0.0
                yield LaidPart(part, left, self._layout(index, part, cuts, tokens, look))
            return
        edges = self._edges_of(index, look)
        for part in range(max(0, bisect_right(edges, view[0]) - 1), cuts.count):
            if edges[part] > view[1]:
                return
            yield LaidPart(0, edges[part], self._layout(index, part, cuts, tokens, look))

    def place(self, index: int, column: int, tokens: Tokens, look: Look) -> tuple[int, float]:
        """Return the row of the line in which a position is, and its x there."""
        cuts = self.rows.cuts(index)
        part = cuts.find(column)
        x = self._x(index, part, cuts, column, tokens, look)
        return (part if self.rows.wraps else 0), x

    def _x(
        self, index: int, part: int, cuts: Cuts, column: int, tokens: Tokens, look: Look
    ) -> float:
        line = self._layout(index, part, cuts, tokens, look).lineAt(0)
        text = self.lines[index][cuts.start(part) : cuts.end(part)]
        x = edge(line, to_units(text, column - cuts.start(part)))
        return self._left(index, cuts, part, look) + x

    def spans(
        self, index: int, first: int, last: int, tokens: Tokens, look: Look, rows: range
    ) -> Iterator[tuple[int, float, float]]:
        """Return where the characters between two columns stand.

        Yields:
            A row of the line, and the left and the right edge in it.
        """
        cuts = self.rows.cuts(index)
        if not self.rows.wraps:
            yield (
                0,
                self.place(index, first, tokens, look)[1],
                self.place(index, last, tokens, look)[1],
            )
            return
        for part in range(max(rows.start, cuts.find(first)), min(rows.stop, cuts.find(last) + 1)):
            left = self._x(index, part, cuts, max(first, cuts.start(part)), tokens, look)
            right = self._x(index, part, cuts, min(last, cuts.end(part)), tokens, look)
            yield part, left, right

    def column_at(self, index: int, row: int, x: float, tokens: Tokens, look: Look) -> int:
        """Return the position in a line nearest to an x in one of its rows."""
        cuts = self.rows.cuts(index)
        part = row
        if not self.rows.wraps:
            part = 0
            if cuts.count > 1:
                edges = self._edges_of(index, look)
                part = min(cuts.count - 1, max(0, bisect_right(edges, x) - 1))
        line = self._layout(index, part, cuts, tokens, look).lineAt(0)
        start, end = cuts.start(part), cuts.end(part)
        units = int(line.xToCursor(x - self._left(index, cuts, part, look)))
        column = start + to_characters(self.lines[index][start:end], units)
        if self.rows.wraps and part + 1 < cuts.count:
            # Behind a row's last character the next row begins.
            column = min(column, end - 1)
        return column

    @property
    def starts(self) -> list[int]:
        """The position of each line's first character in the whole text, and its end."""
        starts = self._starts
        for index in range(len(starts) - 1, len(self.lines)):
            starts.append(starts[-1] + len(self.lines[index]) + 1)
        return starts


def _cut(tokens: Tokens, start: int, end: int) -> Tokens:
    return tuple(
        (max(first, start) - start, min(first + length, end) - max(first, start), kind)
        for first, length, kind in tokens
        if first < end and first + length > start
    )


def lay(text: str, tokens: Tokens, look: Look) -> QTextLayout:
    """Lay out a part of a line; what cannot be seen in it is shown as a visible character."""
    Counter.layouts += 1
    style = look.styles[Face.CODE]
    shown = inert(text).translate(_SEPARATORS)
    layout = QTextLayout(shown, style.font)
    layout.setTextOption(look.code_option)
    layout.setCacheEnabled(True)
    ranges = []
    for start, length, kind in tokens:
        made = QTextLayout.FormatRange()
        made.start = to_units(text, start)
        made.length = to_units(text, start + length) - made.start
        made.format = look.syntax(kind)
        ranges.append(made)
    if shown != text:
        ranges.extend(_odd(text, shown, look))
    if ranges:
        layout.setFormats(ranges)
    layout.beginLayout()
    line = layout.createLine()
    if line.isValid():
        line.setLineWidth(_ENDLESS)
        line.setPosition(QPointF(0, style.baseline - line.ascent()))
    layout.endLayout()
    return layout


def _odd(text: str, shown: str, look: Look) -> Iterator[QTextLayout.FormatRange]:
    """Yield what makes the characters stand out that stand for others."""
    colour = QTextCharFormat()
    colour.setForeground(look.tokens.warn)
    colour.setBackground(look.tokens.warnsoft)
    before, after = split_pairs(text), split_pairs(shown)
    for index, (unit, other) in enumerate(zip(before, after, strict=False)):
        if unit != other:
            made = QTextLayout.FormatRange()
            made.start, made.length, made.format = index, 1, colour
            yield made
