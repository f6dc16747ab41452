"""What is handed to a text layout for a part of a run, and how its positions are counted.

Between CJK and Latin letters stands a thin space that is in no text and no copy; a formula is a
blank as wide as its picture; one that cannot be drawn is its source. So a layout has other
positions than the run, and this is where they meet.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

from PySide6.QtGui import QTextLayout

from desktop_chat.markdown.blocks import Style
from desktop_chat.ui.transcript.look import BLANK, Face, Look
from desktop_chat.ui.transcript.math.formulas import Formula, Pictures, estimated_width
from desktop_chat.ui.transcript.text.runs import OBJECT, Run, formats
from desktop_chat.ui.transcript.text.units import split_pairs

GAP: Final = "\u2009"
"""Between CJK and Latin letters or digits."""
SMALLEST: Final = 0.6
"""A formula wider than the column is made smaller, down to this part of its size."""
_IDEOGRAPHS: Final = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_LETTERS: Final = f"A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff{OBJECT}"
_MEETING: Final = re.compile(f"[{_IDEOGRAPHS}](?=[{_LETTERS}])|[{_LETTERS}](?=[{_IDEOGRAPHS}])")
NO_START: Final = frozenset("。，、；：！？」』）】》〉〕｝”’％…·℃")
NO_END: Final = frozenset("「『（【《〈〔｛“‘￥")
"""Marks that begin no line, and marks that end none."""
_LATIN: Final = frozenset("’”…·%")
"""Of these, what may well begin a word after a space."""
_BACK: Final = 40
"""So far back another place for a line break is looked for."""


class Edits:
    """Where a layout's text differs from the run's. Positions count from the part's start.

    Args:
        text: of the run.
        gaps: before which characters a thin space stands, in order.
        sources: (position, text) of each character in whose place a text stands.
    """

    __slots__ = ("_ends", "_laid_ends", "_laid_starts", "_starts", "text")

    def __init__(self, text: str, gaps: list[int], sources: Iterable[tuple[int, str]] = ()) -> None:
        self._starts = self._ends = gaps
        self._laid_starts = [position + index for index, position in enumerate(gaps)]
        self._laid_ends = [start + 1 for start in self._laid_starts]
        sources = list(sources)
        if sources:
            self.text = self._mix(text, gaps, sources)
            return
        edges = zip([0, *gaps], [*gaps, len(text)], strict=True)
        self.text = GAP.join([text[start:end] for start, end in edges])
        """The layout's text."""

    def _mix(self, text: str, gaps: list[int], sources: list[tuple[int, str]]) -> str:
        self._starts, self._ends, self._laid_starts, self._laid_ends = [], [], [], []
        changes = [(position, position, GAP) for position in gaps]
        changes += [(position, position + 1, source) for position, source in sources]
        parts: list[str] = []
        at = laid = 0
        for start, end, instead in sorted(changes):
            parts.append(text[at:start])
            parts.append(instead)
            laid += start - at
            self._starts.append(start)
            self._ends.append(end)
            self._laid_starts.append(laid)
            laid += len(instead)
            self._laid_ends.append(laid)
            at = end
        parts.append(text[at:])
        return "".join(parts)

    def to_layout(self, position: int, after: bool = False) -> int:
        """Return where a position of the run is in the layout.

        Args:
            position: in the run.
            after: whether behind a gap that stands there, rather than before it.
        """
        find = bisect_right if after else bisect_left
        index = find(self._starts, position) - 1
        if index < 0:
            return position
        if self._ends[index] > position:
            return self._laid_starts[index]
        return self._laid_ends[index] + position - self._ends[index]

    def to_run(self, position: int) -> int:
        """Return which position of the run a position of the layout is."""
        index = bisect_left(self._laid_starts, position) - 1
        if index < 0:
            return position
        if position < self._laid_ends[index]:
            middle = (self._laid_starts[index] + self._laid_ends[index]) / 2
            return self._starts[index] if position < middle else self._ends[index]
        return self._ends[index] + position - self._laid_ends[index]

    def splits(self, position: int) -> bool:
        """Tell whether a position of the layout lies within what stands for one character."""
        index = bisect_left(self._laid_starts, position) - 1
        return index >= 0 and position < self._laid_ends[index]


class Placed(NamedTuple):
    """A formula in a line.

    Attributes:
        position: in the run, from the part's start.
        formula: its picture.
        pixels: the size of the text that it is set for.
        linked: whether it is part of a link.
    """

    position: int
    formula: Formula
    pixels: float
    linked: bool


class Setting(NamedTuple):
    """A part of a run as a layout wants it.

    Attributes:
        text: of the layout.
        ranges: its formats.
        edits: how positions are counted, or None when both count alike.
        placed: the formulas with a picture, in order.
        pending: those without one yet: LaTeX, and whether it grows.
        grown: the LaTeX and the picture of the formula at the end of the text, or None.
    """

    text: str
    ranges: list[QTextLayout.FormatRange]
    edits: Edits | None
    placed: tuple[Placed, ...] = ()
    pending: tuple[tuple[str, bool], ...] = ()
    grown: tuple[str, Formula] | None = None


def set_part(
    run: Run,
    part: tuple[int, int],
    face: Face,
    look: Look,
    width: int,
    formulas: Pictures | None,
    grown: tuple[str, Formula] | None = None,
) -> Setting:
    """Return a part of a run as a layout wants it.

    Args:
        run: the text.
        part: start and end in it.
        face: how it is set.
        look: fonts and colours.
        width: of the lines; no formula is wider.
        formulas: where pictures come from; without, each formula is its source.
        grown: the formula that was at the end when the text was last set. Its picture stays until
            there is a later one.
    """
    start, end = part
    text = run.text[start:end]
    ranges = formats(run, face, look, start, end) if run.marks else []
    gaps = _gaps(run, text, start)
    first = bisect_left(run.objects, (start,))
    last = bisect_left(run.objects, (end,))
    if first < last:
        finder = _Finder(len(run.text) - 1, formulas, grown)
        return _with_formulas(run, part, face, look, width, finder, ranges, gaps)
    if not gaps:
        return Setting(text, ranges, None)
    edits = Edits(text, gaps)
    _move(ranges, edits)
    return Setting(edits.text, ranges, edits)


def _gaps(run: Run, text: str, start: int) -> list[int]:
    """Return where thin spaces stand: not in code, and never where there is a space already."""
    if text.isascii():
        return []
    found = [match.end() for match in _MEETING.finditer(text)]
    if found and run.boxes:
        boxes = run.boxes

        def outside(position: int) -> bool:
            index = bisect_right(boxes, (position + start, len(run.text))) - 1
            return index < 0 or boxes[index][1] <= position + start

        found = [position for position in found if outside(position)]
    if found and run.links:
        # The mark of a footnote belongs to what stands before it.
        notes = {first for first, _last, href in run.links if href.startswith("#")}
        found = [position for position in found if position + start not in notes]
    return found


def _move(ranges: list[QTextLayout.FormatRange], edits: Edits) -> None:
    """Count formats as the layout does."""
    for made in ranges:
        end = edits.to_layout(made.start + made.length)
        made.start = edits.to_layout(made.start, after=True)
        made.length = end - made.start


def _with_formulas(
    run: Run,
    part: tuple[int, int],
    face: Face,
    look: Look,
    width: int,
    finder: "_Finder",
    ranges: list[QTextLayout.FormatRange],
    gaps: list[int],
) -> Setting:
    start, end = part
    em = look.styles[face].em
    text = run.text[start:end].replace(OBJECT, BLANK)
    placed: list[Placed] = []
    blanks: list[tuple[int, float]] = []
    sources: list[tuple[int, str]] = []
    styles = {first: style for first, _last, style in run.marks if style > 0}
    for index in range(bisect_left(run.objects, (start,)), bisect_left(run.objects, (end,))):
        position, latex = run.objects[index]
        at = position - start
        formula = finder.find(position, latex)
        if formula is None and finder.waits:
            blanks.append((at, min(estimated_width(latex) * em, width)))
            continue
        pixels = 0.0 if formula is None or not formula.drawn else _fit(formula, em, width)
        if formula is None or not pixels:
            sources.append((at, split_pairs(latex.replace("\n", " "))))
            continue
        linked = bool(styles.get(position, 0) & Style.LINK)
        placed.append(Placed(at, formula, pixels, linked))
        blanks.append((at, formula.width * pixels))
    edits = Edits(text, gaps, sources) if gaps or sources else None
    if edits is not None:
        _move(ranges, edits)
        text = edits.text
    for at, blank in blanks:
        ranges.append(_range(at if edits is None else edits.to_layout(at, after=True), 1))
        ranges[-1].format = look.blank(blank)
    for at, source in sources:
        assert edits is not None
        style = Style(styles.get(at + start, int(Style.MATH)))
        ranges.append(_range(edits.to_layout(at, after=True), len(source)))
        ranges[-1].format = look.format(face, style)
    return Setting(text, ranges, edits, tuple(placed), tuple(finder.pending), finder.grown)


class _Finder:
    """Finds the pictures of formulas. The one at the end of a text may still grow."""

    def __init__(
        self, last: int, formulas: Pictures | None, grown: tuple[str, Formula] | None
    ) -> None:
        self._last = last
        self._formulas = formulas
        self._before = grown
        self.grown: tuple[str, Formula] | None = None
        self.pending: list[tuple[str, bool]] = []
        self.waits = False

    def find(self, position: int, latex: str) -> Formula | None:
        """Return a formula, or None; then ``waits`` tells whether there may be one later."""
        self.waits = False
        if self._formulas is None:
            return None
        growing = position == self._last
        found = self._formulas.get(latex, False, growing)
        if found is None:
            self.waits = True
            self.pending.append((latex, growing))
            if growing and self._before is not None and latex.startswith(self._before[0]):
                self.grown = self._before
                return self.grown[1]
        elif growing and found.drawn:
            self.grown = latex, found
        return found


def _range(start: int, length: int) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start = start
    made.length = length
    return made


def _fit(formula: Formula, em: float, width: int) -> float:
    """Return the size at which a formula fits into a line, or 0."""
    wide = formula.width * em
    if wide <= width:
        return em
    return em * width / wide if wide * SMALLEST <= width else 0.0


def allowed_end(text: str, start: int, end: int) -> int:
    """Return where a line has to end so that no closing mark begins the next one.

    The layout keeps marks in their place; only where it has to break within a word or after a
    space it may tear one off.

    Args:
        text: of the layout.
        start: of the line.
        end: where the layout would end it.

    Returns:
        The same end, or an earlier one.
    """
    if end >= len(text) or (text[end] not in NO_START and text[end - 1] not in NO_END):
        return end
    if text[end - 1] == " " and text[end] in _LATIN:
        return end
    within = 0
    for at in range(end - 1, max(start, end - _BACK), -1):
        after, before = text[at], text[at - 1]
        if after in NO_START or after == " " or before in NO_END or "\udc00" <= after <= "\udfff":
            continue
        if not (after.isalnum() and before.isalnum() and after < "\u2e80" and before < "\u2e80"):
            return at
        within = within or at
    return within or end
