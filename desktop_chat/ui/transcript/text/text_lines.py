"""Lines of a text: how they are broken, how high they are, and what is painted behind them."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QTextLayout, QTextLine

from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Look, TextStyle
from desktop_chat.ui.transcript.text.typeset import (
    NO_END,
    NO_START,
    Edits,
    Placed,
    Setting,
    allowed_end,
)

_AIR: Final = 2
"""Logical pixels between a high formula and the lines above and below."""


@dataclass(slots=True, eq=False)
class Laid:
    """A layout and how it came about.

    Attributes:
        layout: its lines are where they are painted, from the segment's top.
        edits: how its positions are counted, or None when they are those of the run.
        placed: the formulas in it.
        tops: the upper edge of each line and the lower one of the last, or None when all lines
            have the fixed leading.
        rises: how much further down than usual each line's text stands, with ``tops``.
        pending: the formulas without a picture yet: LaTeX, and whether it grows.
    """

    layout: QTextLayout
    edits: Edits | None
    placed: tuple[Placed, ...]
    tops: list[int] | None
    rises: list[int]
    pending: tuple[tuple[str, bool], ...]


@dataclass(slots=True, eq=False)
class Segment:
    """A part of a run that is laid out by itself.

    Attributes:
        start: its first position in the run.
        end: behind its last one.
        first_line: the number of its first line in the flow.
        lines: how many of the layout's lines are its own.
        top: of its first line, from the flow's.
        guard: the break after this segment holds while the text up to here stays.
        laid: its layout, or None when that is gone.
        tops: as in ``Laid``; they stay when the layout goes.
    """

    start: int
    end: int
    first_line: int
    lines: int
    top: int
    guard: int
    laid: Laid | None
    tops: list[int] | None

    def top_of(self, number: int, leading: int) -> int:
        """Return the upper edge of a line, from the segment's top."""
        return number * leading if self.tops is None else self.tops[number]

    def line_at(self, y: int, leading: int) -> int:
        """Return the number of the line at a height below the segment's top."""
        if self.tops is None:
            return y // leading
        return bisect_right(self.tops, y) - 1

    def run_at(self, position: int) -> int:
        """Return the position in the run for one in the layout."""
        edits = None if self.laid is None else self.laid.edits
        return self.start + (position if edits is None else edits.to_run(position))

    def laid_at(self, position: int, after: bool = False) -> int:
        """Return the position in the layout for one in the run."""
        edits = None if self.laid is None else self.laid.edits
        position -= self.start
        return position if edits is None else edits.to_layout(position, after)


def break_lines(layout: QTextLayout, setting: Setting, style: TextStyle, width: int) -> None:
    """Break a text into lines and place them one leading below the other."""
    text = setting.text
    length = len(text)
    careful = not text.isascii()
    leading, baseline = style.leading, style.baseline
    y = start = 0
    while True:
        line = layout.createLine()
        if not line.isValid():
            return
        line.setLineWidth(width)
        if careful:
            end = start + line.textLength()
            if end < length and (text[end] in NO_START or text[end - 1] in NO_END):
                allowed = allowed_end(text, start, end)
                if allowed != end:
                    line.setNumColumns(allowed - start)
                    end = allowed
            start = end
        line.setPosition(QPointF(0, y + baseline - line.ascent()))
        y += leading


def raise_lines(
    layout: QTextLayout, setting: Setting, style: TextStyle
) -> tuple[list[int] | None, list[int]]:
    """Make room for high formulas; return tops and rises as in ``Laid``."""
    needs: dict[int, tuple[int, int]] = {}
    below = style.leading - style.baseline
    for placed in setting.placed:
        formula, pixels = placed.formula, placed.pixels
        rise = max(0, ceil(formula.ascent * pixels + _AIR - style.baseline))
        sink = max(0, ceil(formula.depth * pixels + _AIR - below))
        if not rise and not sink:
            continue
        edits = setting.edits
        at = placed.position if edits is None else edits.to_layout(placed.position, after=True)
        number = layout.lineForTextPosition(at).lineNumber()
        old = needs.get(number, (0, 0))
        needs[number] = (max(old[0], rise), max(old[1], sink))
    if not needs:
        return None, []
    tops, rises = [0], []
    for number in range(layout.lineCount()):
        rise, sink = needs.get(number, (0, 0))
        top = tops[-1]
        line = layout.lineAt(number)
        line.setPosition(QPointF(0, top + rise + style.baseline - line.ascent()))
        rises.append(rise)
        tops.append(top + rise + style.leading + sink)
    return tops, rises


def cut_lines(laid: Laid, lines: int) -> int:
    """Return how many lines may be final: no line after them begins within a formula's source."""
    edits = laid.edits
    while lines > 0 and edits is not None and edits.splits(laid.layout.lineAt(lines).textStart()):
        lines -= 1
    return max(lines, 0)


def touching(spans: tuple[tuple[int, int], ...], stroke: "Stroke") -> Iterator[tuple[int, int]]:
    """Yield those of some ordered spans that lie in a line."""
    for index in range(max(0, bisect_right(spans, (stroke.start, 0)) - 1), len(spans)):
        if spans[index][0] >= stroke.end:
            return
        if spans[index][1] > stroke.start:
            yield spans[index]


class Stroke:
    """Paints what lies behind and in one line."""

    __slots__ = (
        "_ink",
        "_laid",
        "_leading",
        "_line",
        "_segment",
        "_x",
        "bottom",
        "end",
        "rise",
        "start",
        "top",
    )

    def __init__(
        self,
        ink: Ink,
        x: int,
        y: int,
        leading: int,
        segment: Segment,
        laid: Laid,
        line: QTextLine,
    ) -> None:
        self._ink, self._x, self._leading = ink, x, leading
        self._segment, self._laid, self._line = segment, laid, line
        number = line.lineNumber()
        self.top = y + segment.top + segment.top_of(number, leading)
        self.bottom = y + segment.top + segment.top_of(number + 1, leading)
        self.rise = laid.rises[number] if laid.rises else 0
        self.start = segment.run_at(line.textStart())
        self.end = segment.run_at(line.textStart() + line.textLength())

    def _edges(self, span: tuple[int, int]) -> tuple[float, float]:
        segment = self._segment
        left = edge(self._line, segment.laid_at(max(span[0], self.start), after=True))
        right = edge(self._line, segment.laid_at(min(span[1], self.end)))
        # What is written from right to left begins at its right edge.
        return self._x + min(left, right), self._x + max(left, right)

    def box(
        self,
        span: tuple[int, int],
        inset: int,
        radius: int,
        fill: QColor | None,
        line: QColor | None,
    ) -> None:
        """Frame a span, in a line of plain text less an inset above and below."""
        left, right = self._edges(span)
        top, high = self.top + self.rise + inset, self._leading - 2 * inset
        rect = QRectF(left + 1, top, right - left - 2, high)
        self._ink.box(rect, radius, fill, line)

    def ground(self, span: tuple[int, int], colour: QColor) -> None:
        """Fill a span."""
        if span[0] >= self.end or span[1] <= self.start:
            return
        left, right = self._edges(span)
        if span[1] > self.end:
            right += 4
        self._ink.ground(QRectF(left, self.top, right - left, self.bottom - self.top), colour)

    def formulas(self, look: Look, style: TextStyle) -> None:
        """Paint the formulas of the line."""
        baseline = self.top + self.rise + style.baseline
        for placed in self._laid.placed:
            position = placed.position + self._segment.start
            if self.start <= position < self.end:
                x = self._x + edge(self._line, self._segment.laid_at(position, after=True))
                colour = look.tokens.accent if placed.linked else style.colour
                placed.formula.paint(self._ink, x, baseline, placed.pixels, colour, style.font)


def edge(line: QTextLine, position: int) -> float:
    """Return the x of a position within a line."""
    # PySide returns the x and the position it stands for; its stubs know neither.
    found: Any = line.cursorToX(position)
    return float(found[0])
