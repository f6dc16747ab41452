"""Text set in lines of one fixed leading, in segments, so that a growing text lays out its tail.

A line break depends only on what follows the line before it. So once two more lines stand below a
line it is final as long as the text up to there stays: its segment is kept, and what grows is laid
out from there.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QTextLayout, QTextLine

from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Look
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.runs import Run, common_prefix, formats

_WINDOW: Final = 3000
"""So many characters are laid out at once."""
_TAIL_LINES: Final = 6
"""A growing segment of more lines gives its finished ones away."""
_OPEN_LINES: Final = 2
"""So many lines at the end may still change when text is added."""


class Counter:
    """Counts layouts, for tests and the benchmark."""

    layouts = 0


@dataclass(slots=True, eq=False)
class _Segment:
    start: int
    end: int
    first_line: int
    lines: int
    guard: int
    """The break after this segment holds while the text up to here stays."""
    layout: QTextLayout | None


class TextFlow:
    """One run of text at one width.

    Args:
        face: how it is set.
        run: the text.
        width: of the lines, in logical pixels.
        look: fonts and colours.
    """

    __slots__ = ("_segments", "_starts", "face", "leading", "lines", "run", "width")

    def __init__(self, face: Face, run: Run, width: int, look: Look) -> None:
        self.face = face
        self.run = run
        self.width = max(width, 1)
        self.leading = look.styles[face].leading
        self.lines = 0
        self._segments: list[_Segment] = []
        self._starts: list[int] = []
        self._lay_from(0, look)

    @property
    def height(self) -> int:
        """Of all lines, in logical pixels."""
        return self.lines * self.leading

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
        return min(changed, max(self.lines - 1, 0)) * self.leading

    def drop(self) -> None:
        """Let the layouts go; geometry stays, and painting makes them again."""
        for segment in self._segments:
            segment.layout = None

    def _line_of(self, position: int) -> int:
        index = max(0, bisect_right(self._starts, position) - 1)
        segment = self._segments[index]
        if segment.layout is None:
            return segment.first_line
        line = segment.layout.lineForTextPosition(position - segment.start)
        return segment.first_line + (line.lineNumber() if line.isValid() else 0)

    def _freeze(self) -> None:
        """Split the last segment so that only its open lines are laid out anew."""
        if not self._segments:
            return
        tail = self._segments[-1]
        if tail.layout is None or tail.lines <= _TAIL_LINES:
            return
        final = tail.lines - _OPEN_LINES
        following = tail.layout.lineAt(final)
        cut = tail.start + following.textStart()
        rest = _Segment(
            cut, tail.end, tail.first_line + final, tail.lines - final, tail.guard, None
        )
        tail.end = cut
        tail.lines = final
        tail.guard = cut + following.textLength()
        self._segments.append(rest)
        self._starts.append(cut)

    def _pop(self) -> None:
        segment = self._segments.pop()
        self._starts.pop()
        self.lines = segment.first_line

    def _lay_from(self, start: int, look: Look) -> None:
        text = self.run.text
        while True:
            end = min(len(text), start + _WINDOW)
            last = end == len(text)
            layout = self._layout(start, end, look)
            lines = layout.lineCount()
            guard = len(text) + 1
            if not last and lines > _OPEN_LINES:
                following = layout.lineAt(lines - _OPEN_LINES)
                lines -= _OPEN_LINES
                end = start + following.textStart()
                guard = end + following.textLength()
            elif not last:
                # A window that no line can hold (thousands of characters without width).
                guard = end
            self._segments.append(_Segment(start, end, self.lines, lines, guard, layout))
            self._starts.append(start)
            self.lines += lines
            start = end
            if last:
                return

    def _layout(self, start: int, end: int, look: Look) -> QTextLayout:
        Counter.layouts += 1
        style = look.styles[self.face]
        layout = QTextLayout(self.run.text[start:end], style.font)
        layout.setTextOption(look.wrap)
        layout.setCacheEnabled(True)
        if self.run.marks:
            layout.setFormats(formats(self.run, self.face, look, start, end))
        leading, baseline, width = style.leading, style.baseline, self.width
        layout.beginLayout()
        y = 0
        while True:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y + baseline - line.ascent()))
            y += leading
        layout.endLayout()
        return layout

    def _ready(self, segment: _Segment, look: Look) -> QTextLayout:
        if segment.layout is None:
            segment.layout = self._layout(segment.start, segment.end, look)
        return segment.layout

    def _segment_of(self, line: int) -> int:
        return max(0, bisect_right(self._segments, line, key=attrgetter("first_line")) - 1)

    def _between(self, top: int, bottom: int, look: Look) -> Iterator[tuple[_Segment, QTextLine]]:
        """Yield the lines that touch a range of heights."""
        first = max(0, top // self.leading)
        last = min(self.lines - 1, (bottom - 1) // self.leading)
        for index in range(self._segment_of(first), len(self._segments)):
            segment = self._segments[index]
            if segment.first_line > last:
                return
            layout = self._ready(segment, look)
            low = max(first - segment.first_line, 0)
            high = min(last - segment.first_line + 1, segment.lines, layout.lineCount())
            for number in range(low, high):
                yield segment, layout.lineAt(number)

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
        painter.setPen(look.styles[self.face].colour)
        boxes = self.run.boxes
        for segment, line in self._between(ink.top - y, ink.bottom - y, look):
            top = y + segment.first_line * self.leading
            if boxes or shade is not PLAIN:
                start = segment.start + line.textStart()
                end = start + line.textLength()
                line_top = top + line.lineNumber() * self.leading
                if boxes:
                    self._paint_boxes(ink, x, line_top, segment, line, start, end)
                for span, colour in shade.grounds(ink.tokens):
                    if span[0] < end and span[1] > start:
                        self._paint_ground(ink, x, line_top, segment, line, span, colour)
            line.draw(painter, QPointF(x, top))

    def _paint_boxes(
        self,
        ink: Ink,
        x: int,
        top: int,
        segment: _Segment,
        line: QTextLine,
        start: int,
        end: int,
    ) -> None:
        boxes = self.run.boxes
        index = max(0, bisect_right(boxes, (start, 0)) - 1)
        for first, last in boxes[index:]:
            if first >= end:
                return
            if last <= start:
                continue
            left = edge(line, max(first, start) - segment.start)
            right = edge(line, min(last, end) - segment.start)
            rect = QRectF(x + left + 1, top + 2, right - left - 2, self.leading - 4)
            ink.box(rect, 4, ink.tokens.sunken, ink.tokens.line)

    def _paint_ground(
        self,
        ink: Ink,
        x: int,
        top: int,
        segment: _Segment,
        line: QTextLine,
        span: tuple[int, int],
        colour: QColor,
    ) -> None:
        end = segment.start + line.textStart() + line.textLength()
        left = edge(line, max(span[0] - segment.start, line.textStart()))
        right = edge(line, min(span[1], end) - segment.start)
        if span[1] > end:
            right += 4
        ink.fill(QRectF(x + left, top, right - left, self.leading), colour)

    def hit(self, x: float, y: float, look: Look) -> int:
        """Return the position in the run's text nearest to a point."""
        line_number = min(max(0, int(y) // self.leading), self.lines - 1)
        segment = self._segments[self._segment_of(line_number)]
        layout = self._ready(segment, look)
        line = layout.lineAt(min(line_number - segment.first_line, layout.lineCount() - 1))
        return segment.start + line.xToCursor(x)

    def place_of(self, position: int, look: Look) -> QRectF:
        """Return where a position is: a rectangle without width, as high as its line."""
        position = min(max(position, 0), len(self.run.text))
        segment = self._segments[max(0, bisect_right(self._starts, position) - 1)]
        layout = self._ready(segment, look)
        line = layout.lineForTextPosition(position - segment.start)
        if not line.isValid():
            line = layout.lineAt(min(segment.lines, layout.lineCount()) - 1)
        top = (segment.first_line + line.lineNumber()) * self.leading
        return QRectF(edge(line, position - segment.start), top, 0, self.leading)

    def over(self, x: float, y: float, look: Look) -> int | None:
        """Return the position of the character under a point, or None beside the text."""
        if not 0 <= y < self.height:
            return None
        for segment, line in self._between(int(y), int(y) + 1, look):
            if 0 <= x <= line.naturalTextWidth():
                at = line.xToCursor(x, QTextLine.CursorPosition.CursorOnCharacter)
                return segment.start + at
        return None

    def end(self, look: Look) -> QRectF:
        """Return where the text ends: a rectangle without width, as high as a line."""
        tail = self._segments[-1]
        layout = self._ready(tail, look)
        line = layout.lineAt(min(tail.lines, layout.lineCount()) - 1)
        top = (self.lines - 1) * self.leading
        return QRectF(line.naturalTextWidth(), top, 0, self.leading)

    def natural_width(self, look: Look) -> float:
        """Return the width of the widest line as laid out."""
        widest = 0.0
        for _segment, line in self._between(0, self.height, look):
            widest = max(widest, line.naturalTextWidth())
        return widest


def edge(line: QTextLine, position: int) -> float:
    """Return the x of a position within a line."""
    # PySide returns the x and the position it stands for; its stubs know neither.
    found: Any = line.cursorToX(position)
    return float(found[0])
