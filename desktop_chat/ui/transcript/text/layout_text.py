"""Text set in lines of one fixed leading, in segments, so that a growing text lays out its tail.

A line break depends only on what follows the line before it. So once two more lines stand below a
line it is final as long as the text up to there stays: its segment is kept, and what grows is laid
out from there. Only a line with a high formula is higher than the others.
"""

from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTextLayout, QTextLine

from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Look
from desktop_chat.ui.transcript.math.formulas import Formula, Pictures
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.text.runs import Run, common_prefix
from desktop_chat.ui.transcript.text.text_lines import (
    Laid,
    Segment,
    Stroke,
    break_lines,
    cut_lines,
    raise_lines,
    touching,
)
from desktop_chat.ui.transcript.text.text_lines import edge as edge
from desktop_chat.ui.transcript.text.typeset import set_part

_WINDOW: Final = 3000
"""So many characters are laid out at once."""
_TAIL_LINES: Final = 6
"""A growing segment of more lines gives its finished ones away."""
_OPEN_LINES: Final = 2
"""So many lines at the end may still change when text is added."""


class Counter:
    """Counts layouts, for tests and the benchmark."""

    layouts = 0


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
        "_grown",
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
        self, face: Face, run: Run, width: int, look: Look, formulas: Pictures | None = None
    ) -> None:
        self.face = face
        self.run = run
        self.width = max(width, 1)
        self.leading = look.styles[face].leading
        self.formulas = formulas
        self.lines = 0
        self._bottom = 0
        self._grown: tuple[str, Formula] | None = None
        self._segments: list[Segment] = []
        self._starts: list[int] = []
        self._lay_from(0, look)

    @property
    def height(self) -> int:
        """Of all lines, in logical pixels."""
        return self._bottom

    @property
    def rise(self) -> int:
        """How much lower the first line stands than usual, for a high formula in it."""
        laid = self._segments[0].laid
        return laid.rises[0] if laid is not None and laid.rises else 0

    @property
    def pending(self) -> list[tuple[str, bool]]:
        """The formulas without a picture: LaTeX, and whether it grows.

        Have them drawn, then call ``refresh``.
        """
        if not self.run.objects:
            return []
        laid = [segment.laid for segment in self._segments if segment.laid is not None]
        return [wanted for part in laid for wanted in part.pending]

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
            if any(self.formulas.get(latex, False, grows) for latex, grows in pending):
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
        final = cut_lines(tail.laid, tail.lines - _OPEN_LINES)
        if not final:
            return
        following = tail.laid.layout.lineAt(final)
        cut = tail.run_at(following.textStart())
        below = tail.top_of(final, self.leading)
        rest = Segment(
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
            segment = Segment(
                start, end, self.lines, lines, self._bottom, len(text) + 1, laid, laid.tops
            )
            if not last:
                final = cut_lines(laid, lines - _OPEN_LINES)
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

    def _layout(self, start: int, end: int, look: Look) -> Laid:
        Counter.layouts += 1
        style = look.styles[self.face]
        setting = set_part(
            self.run, (start, end), self.face, look, self.width, self.formulas, self._grown
        )
        if end == len(self.run.text):
            self._grown = setting.grown
        layout = QTextLayout(setting.text, style.font)
        layout.setTextOption(look.wrap)
        layout.setCacheEnabled(True)
        if setting.ranges:
            layout.setFormats(setting.ranges)
        layout.beginLayout()
        break_lines(layout, setting, style, self.width)
        layout.endLayout()
        tops: list[int] | None = None
        rises: list[int] = []
        if setting.placed:
            tops, rises = raise_lines(layout, setting, style)
        return Laid(layout, setting.edits, setting.placed, tops, rises, setting.pending)

    def _ready(self, segment: Segment, look: Look) -> Laid:
        if segment.laid is None:
            segment.laid = self._layout(segment.start, segment.end, look)
        return segment.laid

    def _segment_of(self, line: int) -> int:
        return max(0, bisect_right(self._segments, line, key=attrgetter("first_line")) - 1)

    def _segment_at(self, y: int) -> int:
        return max(0, bisect_right(self._segments, y, key=attrgetter("top")) - 1)

    def _between(
        self, top: int, bottom: int, look: Look
    ) -> Iterator[tuple[Segment, Laid, QTextLine]]:
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
                stroke = Stroke(ink, x, y, self.leading, segment, laid, line)
                for span in touching(run.boxes, stroke):
                    stroke.box(span, 2, 4, ink.tokens.sunken, ink.tokens.line)
                for span in touching(run.tags, stroke):
                    stroke.box(span, 4, 3, None, ink.tokens.line2)
                for span, colour in shade.grounds(ink.tokens):
                    stroke.ground(span, colour)
                if laid.placed:
                    stroke.formulas(look, style)
                    painter.setPen(style.colour)
            # On the device's grid, so that lines under and through the text keep their strength.
            at = line.position().y()
            line.draw(painter, QPointF(x, ink.snap_y(top + at) - at))

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
