"""Spans of Markdown as one string with marks: what a text layout wants."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QTextCharFormat, QTextLayout

from desktop_chat.markdown.blocks import Spans, Style
from desktop_chat.ui.transcript.look import PAD, SEAM, Face, Look
from desktop_chat.ui.transcript.text.marks import find_hidden, split_hidden
from desktop_chat.ui.transcript.text.units import join_pairs, split_pairs

OBJECT: Final = "\ufffc"
"""Stands for an inline formula, as one character."""
_BREAK: Final = "\u2028"
_PAD_MARK: Final = -1
_HIDDEN_MARK: Final = -2
_MARK_EDGE: Final = "\u202f\u202f"
"""Narrow spaces without a break, inside the frame of a mark."""
_BETWEEN_NOTES: Final = ","
_ADDRESS: Final = 64
"""An address longer than this many characters is shown cut (a data URI has megabytes)."""
_NOT_SLANTED: Final = re.compile("[\u0530-\u1cff\u2e80-\uffef]+")
"""Scripts without italics: all but Latin, Greek and Cyrillic."""
_LINKED: Final = int(Style.LINK | Style.FOOTNOTE)


@dataclass(slots=True, eq=False)
class Run:
    """A text as it is laid out. All positions count units, as Qt does.

    Attributes:
        text: with pads around inline code, U+2028 for line breaks, U+FFFC for each formula, and
            marks in place of hidden characters; characters beyond U+FFFF are pairs.
        marks: (start, end, style) of what is not plain, in order; a style of -1 marks a pad, -2
            the mark of a hidden character.
        inserted: positions of characters that are not part of the text, in order; a copy leaves
            them out, and with the marks the hidden characters.
        boxes: (start, end) of each inline code, its pads included.
        links: (start, end, address); that of a footnote's mark is ``#`` and its label.
        objects: (position, LaTeX) of each inline formula.
        tags: (start, end) of each mark of hidden characters.
    """

    text: str
    marks: tuple[tuple[int, int, int], ...] = ()
    inserted: tuple[int, ...] = ()
    boxes: tuple[tuple[int, int], ...] = ()
    links: tuple[tuple[int, int, str], ...] = ()
    objects: tuple[tuple[int, str], ...] = ()
    tags: tuple[tuple[int, int], ...] = ()

    def plain(self, start: int = 0, end: int | None = None) -> str:
        """Return the text between two positions as a reader would copy it.

        A formula is its LaTeX between dollar signs.
        """
        end = len(self.text) if end is None else end
        if not self.inserted and not self.objects:
            return join_pairs(self.text[start:end]).replace(_BREAK, "\n")
        parts: list[str] = []
        at = start
        for position, instead in self._others(start, end):
            parts.append(self.text[at:position])
            parts.append(instead)
            at = position + 1
        parts.append(self.text[at:end])
        return join_pairs("".join(parts)).replace(_BREAK, "\n")

    def _others(self, start: int, end: int) -> list[tuple[int, str]]:
        """Return the positions whose character is copied as something else."""
        low, high = bisect_left(self.inserted, start), bisect_left(self.inserted, end)
        others = [(position, "") for position in self.inserted[low:high]]
        low, high = bisect_left(self.objects, (start,)), bisect_left(self.objects, (end,))
        formulas = [(position, f"${latex}$") for position, latex in self.objects[low:high]]
        return sorted(others + formulas) if formulas else others

    def link_at(self, position: int) -> str:
        """Return the address of the link at a position, or ""."""
        for start, end, href in self.links:
            if start <= position < end:
                return href
        return ""


def _wide(character: str) -> bool:
    """Tell whether a line may break beside this character: CJK, but no punctuation."""
    code = ord(character)
    return 0x3040 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF or 0x20000 <= code <= 0x3FFFF


class _Builder:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.last = ""
        self.marks: list[tuple[int, int, int]] = []
        self.inserted: list[int] = []
        self.boxes: list[tuple[int, int]] = []
        self.links: list[tuple[int, int, str]] = []
        self.objects: list[tuple[int, str]] = []
        self.tags: list[tuple[int, int]] = []

    def put(self, text: str, style: int = 0) -> None:
        """Add units."""
        if style:
            self.marks.append((self.length, self.length + len(text), style))
        self.parts.append(text)
        self.length += len(text)
        self.last = text[-1]

    def write(self, text: str, style: int) -> None:
        """Add text, with marks in place of what cannot be seen."""
        if not _hides(text):
            self.put(_units(text), style)
            return
        for part in split_hidden(text):
            if not part.mark:
                self.put(_units(part.text), style)
                continue
            start = self.length
            self.put(f"{_MARK_EDGE}{part.text}{_MARK_EDGE}", _HIDDEN_MARK)
            self.inserted.extend(range(start, self.length))
            self.tags.append((start, self.length))

    def insert(self, character: str, style: int = 0) -> None:
        self.inserted.append(self.length)
        self.put(character, style)

    def code(self, text: str, style: int, following: str) -> None:
        if self.last and _wide(self.last):
            self.insert(SEAM)
        start = self.length
        self.insert(PAD, _PAD_MARK)
        self.write(text, style)
        self.insert(PAD, _PAD_MARK)
        self.boxes.append((start, self.length))
        if following and _wide(following):
            self.insert(SEAM)

    def formula(self, latex: str, style: int) -> None:
        self.objects.append((self.length, latex))
        self.put(OBJECT, style)

    def run(self) -> Run:
        return Run(
            "".join(self.parts),
            tuple(self.marks),
            tuple(self.inserted),
            tuple(self.boxes),
            tuple(self.links),
            tuple(self.objects),
            tuple(self.tags),
        )


def _hides(text: str) -> bool:
    # The first two are quick, and true for most of what is not CJK.
    return not (text.isascii() and text.isprintable()) and find_hidden(text)


def _units(text: str) -> str:
    return split_pairs(text).replace("\n", _BREAK)


def make_run(spans: Spans) -> Run:
    """Return spans as one string with marks."""
    if len(spans) == 1 and not spans[0].style and not _hides(spans[0].text):
        return Run(_units(spans[0].text))
    builder = _Builder()
    for index, span in enumerate(spans):
        text = span.text
        style = int(span.style)
        if style & Style.IMAGE:
            address = span.href if len(span.href) <= _ADDRESS else f"{span.href[:_ADDRESS]}…"
            text = f"{text} {address}".strip()
        if not text:
            continue
        if style & Style.FOOTNOTE and index and spans[index - 1].style & Style.FOOTNOTE:
            # Two marks side by side would read as one number.
            builder.insert(_BETWEEN_NOTES, style)
        start = builder.length
        if not style:
            builder.write(text, 0)
        elif style & Style.CODE:
            following = spans[index + 1].text[:1] if index + 1 < len(spans) else ""
            builder.code(text, style, following)
        elif style & Style.MATH:
            builder.formula(text, style)
        else:
            builder.write(text, style)
        if style & _LINKED and span.href:
            builder.links.append((start, builder.length, span.href))
    return builder.run()


def formats(
    run: Run, face: Face, look: Look, start: int, end: int
) -> list[QTextLayout.FormatRange]:
    """Return the format ranges of a part of a run, counted from ``start``.

    Formulas have none: how wide they are is not known here.
    """
    ranges: list[QTextLayout.FormatRange] = []
    marks = run.marks
    for index in range(max(0, bisect_left(marks, (start,)) - 1), len(marks)):
        first, last, style = marks[index]
        if last <= start:
            continue
        if first >= end:
            break
        if style > 0 and style & Style.MATH and not style & Style.CODE:
            continue
        for low, high, shown in _upright(run.text, max(first, start), min(last, end), style):
            made = QTextLayout.FormatRange()
            made.start = low - start
            made.length = high - low
            made.format = _format(face, look, shown)
            ranges.append(made)
    return ranges


def _upright(text: str, start: int, end: int, style: int) -> list[tuple[int, int, int]]:
    """Return the parts of a mark, each with its style: what is not slanted is set bold instead."""
    if style < 0 or not style & Style.ITALIC or text.isascii():
        return [(start, end, style)]
    parts = []
    at = start
    for found in _NOT_SLANTED.finditer(text, start, end):
        if at < found.start():
            parts.append((at, found.start(), style))
        parts.append((*found.span(), style & ~Style.ITALIC | Style.BOLD))
        at = found.end()
    if at < end:
        parts.append((at, end, style))
    return parts


def _format(face: Face, look: Look, style: int) -> QTextCharFormat:
    if style == _PAD_MARK:
        return look.pad_format()
    if style == _HIDDEN_MARK:
        return look.mark_format(face)
    return look.format(face, Style(style))


def common_prefix(old: Run, new: Run) -> int:
    """Return how many characters at the start have the same text and the same marks."""
    if new.text.startswith(old.text):
        same = len(old.text)
    else:
        low, high = 0, min(len(old.text), len(new.text))
        while low < high:
            middle = (low + high + 1) // 2
            if old.text[low:middle] == new.text[low:middle]:
                low = middle
            else:
                high = middle - 1
        same = low
    if old.objects and new.objects[: len(old.objects)] != old.objects:
        for before, after in zip(old.objects, new.objects, strict=False):
            if before != after:
                same = min(same, before[0], after[0])
                break
    if old.marks == new.marks:
        return same
    return min(same, _same_marks(old, new))


def _same_marks(old: Run, new: Run) -> int:
    """Return up to where two runs have the same marks."""
    for before, after in zip(old.marks, new.marks, strict=False):
        if before != after:
            if before[0] == after[0] and before[2] == after[2]:
                return min(before[1], after[1])
            return min(before[0], after[0])
    longer = old.marks if len(old.marks) > len(new.marks) else new.marks
    return longer[min(len(old.marks), len(new.marks))][0]
