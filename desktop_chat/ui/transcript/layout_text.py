"""Text set in lines of one fixed leading, in segments, so that a growing text lays out its tail.

A line break depends only on what follows the line before it. So once two more lines stand below a
line it is final as long as the text up to there stays: its segment is kept, and what grows is laid
out from there. Only a line with a high formula is higher than the others.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from operator import attrgetter
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QTextLayout, QTextLine

from desktop_chat.ui.transcript.formulas import Formulas
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Look, TextStyle
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.runs import Run, common_prefix
from desktop_chat.ui.transcript.typeset import Edits, Placed, Setting, allowed_end, set_part

_WINDOW: Final = 3000
"""So many characters are laid out at once."""
_TAIL_LINES: Final = 6
"""A growing segment of more lines gives its finished ones away."""
_OPEN_LINES: Final = 2
"""So many lines at the end may still change when text is added."""
_AIR: Final = 2
"""Logical pixels between a high formula and the lines above and below."""


class Counter:
    """Counts layouts, for tests and the benchmark."""

    layouts = 0


@dataclass(slots=True, eq=False)
class _Laid:
    """A layout and how it came about.

    Attributes:
        layout: its lines are where they are painted, from the segment's top.
        edits: how its positions are counted, or None when they are those of the run.
        placed: the formulas in it.
        tops: the upper edge of each line and the lower one of the last, or None when all lines
            have the fixed leading.
        rises: how much further down than usual each line's text stands, with ``tops``.
        pending: the LaTeX of formulas without a picture yet.
    """

    layout: QTextLayout
    edits: Edits | None
    placed: tuple[Placed, ...]
    tops: list[int] | None
    rises: list[int]
    pending: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Segment:
    start: int
    end: int
    first_line: int
    lines: int
    top: int
    guard: int
    """The break after this segment holds while the text up to here stays."""
    laid: _Laid | None
    tops: list[int] | None
    """As in ``_Laid``; it stays when the layout goes."""

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


class TextFlow:
    """One run of text at one width.

    Args:
        face: how it is set.
        run: the text.
        width: of the lines, in logical pixels.
        look: fonts and colours.
        formulas: where pictures of formulas come from; without, each is its source.
    """

    __slots__ = (
        "_bottom",
        "_segments",
        "_starts",
        "face",
        "formulas",
        "leading",
        "lines",
        "run",
        "width",
    )

    def __init__(
        self, face: Face, run: Run, width: int, look: Look, formulas: Formulas | None = None
    ) -> None:
        self.face = face
        self.run = run
        self.width = max(width, 1)
        self.leading = look.styles[face].leading
        self.formulas = formulas
        self.lines = 0
        self._bottom = 0
        self._segments: list[_Segment] = []
        self._starts: list[int] = []
        self._lay_from(0, look)

    @property
    def height(self) -> int:
        """Of all lines, in logical pixels."""
        return self._bottom

    @property
    def pending(self) -> list[str]:
        """The LaTeX of formulas that are still blank: have them drawn, then call ``refresh``."""
        if not self.run.objects:
            return []
        laid = [segment.laid for segment in self._segments if segment.laid is not None]
        return [latex for part in laid for latex in part.pending]

    def set_run(self, run: Run, look: Look) -> int:
        """Change the text, laying out only what may differ.

        Returns:
            The top of the first line that may look different.
        """
        same = common_prefix(self.run, run)
        changed = self._line_of(max(0, same - 1)) if self.run.text else 0
        self._freeze()
        while self._segments and self._segments[-1].guard > same:
            self._pop()
        self.run = run
        start = self._segments[-1].end if self._segments else 0
        self._lay_from(start, look)
        return self._top_of(min(changed, max(self.lines - 1, 0)))

    def refresh(self, look: Look) -> None:
        """Lay out anew from the first formula that was blank and has been drawn since."""
        if self.formulas is None:
            return
        for index, segment in enumerate(self._segments):
            pending = () if segment.laid is None else segment.laid.pending
            if any(self.formulas.get(latex, False) is not None for latex in pending):
                while len(self._segments) > index:
                    self._pop()
                self._lay_from(segment.start, look)
                return

    def drop(self) -> None:
        """Let the layouts go; geometry stays, and painting makes them again."""
        for segment in self._segments:
            segment.laid = None

    def _line_of(self, position: int) -> int:
        index = max(0, bisect_right(self._starts, position) - 1)
        segment = self._segments[index]
        if segment.laid is None:
            return segment.first_line
        line = segment.laid.layout.lineForTextPosition(segment.laid_at(position))
        return segment.first_line + (line.lineNumber() if line.isValid() else 0)

    def _top_of(self, number: int) -> int:
        """Return the upper edge of a line."""
        segment = self._segments[self._segment_of(number)]
        return segment.top + segment.top_of(number - segment.first_line, self.leading)

    def _freeze(self) -> None:
        """Split the last segment so that only its open lines are laid out anew."""
        if not self._segments:
            return
        tail = self._segments[-1]
        if tail.laid is None or tail.lines <= _TAIL_LINES:
            return
        final = _cut(tail.laid, tail.lines - _OPEN_LINES)
        if not final:
            return
        following = tail.laid.layout.lineAt(final)
        cut = tail.run_at(following.textStart())
        below = tail.top_of(final, self.leading)
        rest = _Segment(
            cut,
            tail.end,
            tail.first_line + final,
            tail.lines - final,
            tail.top + below,
            tail.guard,
            None,
            None if tail.tops is None else [top - below for top in tail.tops[final:]],
        )
        tail.guard = tail.run_at(following.textStart() + following.textLength())
        tail.end = cut
        tail.lines = final
        self._segments.append(rest)
        self._starts.append(cut)

    def _pop(self) -> None:
        segment = self._segments.pop()
        self._starts.pop()
        self.lines = segment.first_line
        self._bottom = segment.top

    def _lay_from(self, start: int, look: Look) -> None:
        text = self.run.text
        while True:
            end = min(len(text), start + _WINDOW)
            last = end == len(text)
            laid = self._layout(start, end, look)
            lines = laid.layout.lineCount()
            segment = _Segment(
                start, end, self.lines, lines, self._bottom, len(text) + 1, laid, laid.tops
            )
            if not last:
                final = _cut(laid, lines - _OPEN_LINES)
                if final:
                    following = laid.layout.lineAt(final)
                    segment.lines = final
                    segment.end = segment.run_at(following.textStart())
                    reach = following.textStart() + following.textLength()
                    segment.guard = segment.run_at(reach)
                else:
                    # A window that no line can hold (thousands of characters without width).
                    segment.guard = end
            self._segments.append(segment)
            self._starts.append(start)
            self.lines += segment.lines
            self._bottom += segment.top_of(segment.lines, self.leading)
            start = segment.end
            if last:
                return

    def _layout(self, start: int, end: int, look: Look) -> _Laid:
        Counter.layouts += 1
        style = look.styles[self.face]
        setting = set_part(self.run, (start, end), self.face, look, self.width, self.formulas)
        layout = QTextLayout(setting.text, style.font)
        layout.setTextOption(look.wrap)
        layout.setCacheEnabled(True)
        if setting.ranges:
            layout.setFormats(setting.ranges)
        layout.beginLayout()
        _break_lines(layout, setting, style, self.width)
        layout.endLayout()
        tops: list[int] | None = None
        rises: list[int] = []
        if setting.placed:
            tops, rises = _raise_lines(layout, setting, style)
        return _Laid(layout, setting.edits, setting.placed, tops, rises, setting.pending)

    def _ready(self, segment: _Segment, look: Look) -> _Laid:
        if segment.laid is None:
            segment.laid = self._layout(segment.start, segment.end, look)
        return segment.laid

    def _segment_of(self, line: int) -> int:
        return max(0, bisect_right(self._segments, line, key=attrgetter("first_line")) - 1)

    def _segment_at(self, y: int) -> int:
        return max(0, bisect_right(self._segments, y, key=attrgetter("top")) - 1)

    def _between(
        self, top: int, bottom: int, look: Look
    ) -> Iterator[tuple[_Segment, _Laid, QTextLine]]:
        """Yield the lines that touch a range of heights."""
        if bottom <= 0 or top >= self._bottom:
            return
        for index in range(self._segment_at(max(top, 0)), len(self._segments)):
            segment = self._segments[index]
            if segment.top >= bottom:
                return
            laid = self._ready(segment, look)
            low = max(0, segment.line_at(max(0, top - segment.top), self.leading))
            count = min(segment.lines, laid.layout.lineCount())
            high = min(segment.line_at(bottom - 1 - segment.top, self.leading) + 1, count)
            for number in range(low, high):
                yield segment, laid, laid.layout.lineAt(number)

    def paint(self, ink: Ink, x: int, y: int, look: Look, shade: Shade = PLAIN) -> None:
        """Paint the lines inside the clip.

        Args:
            ink: where to.
            x: the left edge.
            y: the top edge.
            look: fonts and colours.
            shade: what is selected or found in it.
        """
        painter = ink.painter
        style = look.styles[self.face]
        painter.setPen(style.colour)
        run = self.run
        bare = not run.boxes and not run.tags and not run.objects and shade is PLAIN
        for segment, laid, line in self._between(ink.top - y, ink.bottom - y, look):
            top = y + segment.top
            if not bare:
                stroke = _Stroke(ink, x, y, self.leading, segment, laid, line)
                for span in _touching(run.boxes, stroke):
                    stroke.box(span, 2, 4, ink.tokens.sunken, ink.tokens.line)
                for span in _touching(run.tags, stroke):
                    stroke.box(span, 4, 3, None, ink.tokens.line2)
                for span, colour in shade.grounds(ink.tokens):
                    stroke.ground(span, colour)
                if laid.placed:
                    stroke.formulas(look, style)
                    painter.setPen(style.colour)
            line.draw(painter, QPointF(x, top))

    def hit(self, x: float, y: float, look: Look) -> int:
        """Return the position in the run's text nearest to a point."""
        at = min(max(0, int(y)), max(self._bottom - 1, 0))
        segment = self._segments[self._segment_at(at)]
        layout = self._ready(segment, look).layout
        number = segment.line_at(at - segment.top, self.leading)
        line = layout.lineAt(min(number, layout.lineCount() - 1))
        return segment.run_at(line.xToCursor(x))

    def place_of(self, position: int, look: Look) -> QRectF:
        """Return where a position is: a rectangle without width, as high as its line."""
        position = min(max(position, 0), len(self.run.text))
        segment = self._segments[max(0, bisect_right(self._starts, position) - 1)]
        laid = self._ready(segment, look)
        at = segment.laid_at(position)
        line = laid.layout.lineForTextPosition(at)
        if not line.isValid():
            line = laid.layout.lineAt(min(segment.lines, laid.layout.lineCount()) - 1)
        number = line.lineNumber()
        top = segment.top + segment.top_of(number, self.leading)
        bottom = segment.top + segment.top_of(number + 1, self.leading)
        return QRectF(edge(line, at), top, 0, bottom - top)

    def over(self, x: float, y: float, look: Look) -> int | None:
        """Return the position of the character under a point, or None beside the text."""
        if not 0 <= y < self.height:
            return None
        for segment, _laid, line in self._between(int(y), int(y) + 1, look):
            if 0 <= x <= line.naturalTextWidth():
                at = line.xToCursor(x, QTextLine.CursorPosition.CursorOnCharacter)
                return segment.run_at(at)
        return None

    def end(self, look: Look) -> QRectF:
        """Return where the text ends: a rectangle without width, as high as a line."""
        tail = self._segments[-1]
        layout = self._ready(tail, look).layout
        line = layout.lineAt(min(tail.lines, layout.lineCount()) - 1)
        top = tail.top + tail.top_of(tail.lines - 1, self.leading)
        return QRectF(line.naturalTextWidth(), top, 0, self._bottom - top)

    def natural_width(self, look: Look) -> float:
        """Return the width of the widest line as laid out."""
        widest = 0.0
        for _segment, _laid, line in self._between(0, self.height, look):
            widest = max(widest, line.naturalTextWidth())
        return widest


def _break_lines(layout: QTextLayout, setting: Setting, style: TextStyle, width: int) -> None:
    """Break a text into lines and place them one leading below the other."""
    text = setting.text
    careful = not text.isascii()
    leading, baseline = style.leading, style.baseline
    y = 0
    while True:
        line = layout.createLine()
        if not line.isValid():
            return
        line.setLineWidth(width)
        if careful:
            start, length = line.textStart(), line.textLength()
            end = allowed_end(text, start, start + length)
            if end != start + length:
                line.setNumColumns(end - start)
        line.setPosition(QPointF(0, y + baseline - line.ascent()))
        y += leading


def _raise_lines(
    layout: QTextLayout, setting: Setting, style: TextStyle
) -> tuple[list[int] | None, list[int]]:
    """Make room for high formulas; return tops and rises as in ``_Laid``."""
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


def _cut(laid: _Laid, lines: int) -> int:
    """Return how many lines may be final: no line after them begins within a formula's source."""
    edits = laid.edits
    while lines > 0 and edits is not None and edits.splits(laid.layout.lineAt(lines).textStart()):
        lines -= 1
    return max(lines, 0)


def _touching(spans: tuple[tuple[int, int], ...], stroke: "_Stroke") -> Iterator[tuple[int, int]]:
    """Yield those of some ordered spans that lie in a line."""
    for index in range(max(0, bisect_right(spans, (stroke.start, 0)) - 1), len(spans)):
        if spans[index][0] >= stroke.end:
            return
        if spans[index][1] > stroke.start:
            yield spans[index]


class _Stroke:
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
        segment: _Segment,
        laid: _Laid,
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
        return self._x + left, self._x + right

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
