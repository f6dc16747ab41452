"""Spans of Markdown as one string with marks: what a text layout wants."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QTextCharFormat, QTextLayout

from desktop_chat.markdown.blocks import Spans, Style
from desktop_chat.ui.transcript.look import PAD, SEAM, Face, Look
from desktop_chat.ui.transcript.units import join_pairs, split_pairs

_BREAK: Final = "\u2028"
_PAD_MARK: Final = -1
_ADDRESS: Final = 64
"""An address longer than this many characters is shown cut (a data URI has megabytes)."""


@dataclass(slots=True, eq=False)
class Run:
    """A text as it is laid out. All positions count units, as Qt does.

    Attributes:
        text: with pads around inline code and U+2028 for line breaks; characters beyond U+FFFF
            are pairs.
        marks: (start, end, style) of what is not plain, in order; a style of -1 marks a pad.
        inserted: positions of characters that are not part of the text, in order.
        boxes: (start, end) of each inline code, its pads included.
        links: (start, end, address).
    """

    text: str
    marks: tuple[tuple[int, int, int], ...] = ()
    inserted: tuple[int, ...] = ()
    boxes: tuple[tuple[int, int], ...] = ()
    links: tuple[tuple[int, int, str], ...] = ()

    def plain(self, start: int = 0, end: int | None = None) -> str:
        """Return the text between two positions as a reader would copy it."""
        end = len(self.text) if end is None else end
        if not self.inserted:
            return join_pairs(self.text[start:end]).replace(_BREAK, "\n")
        parts: list[str] = []
        at = start
        for index in range(bisect_left(self.inserted, start), len(self.inserted)):
            position = self.inserted[index]
            if position >= end:
                break
            parts.append(self.text[at:position])
            at = position + 1
        parts.append(self.text[at:end])
        return join_pairs("".join(parts)).replace(_BREAK, "\n")

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

    def put(self, text: str, style: int = 0) -> None:
        if style:
            self.marks.append((self.length, self.length + len(text), style))
        self.parts.append(text)
        self.length += len(text)
        self.last = text[-1]

    def insert(self, character: str, style: int = 0) -> None:
        self.inserted.append(self.length)
        self.put(character, style)

    def code(self, text: str, style: int, following: str) -> None:
        if self.last and _wide(self.last):
            self.insert(SEAM)
        start = self.length
        self.insert(PAD, _PAD_MARK)
        self.put(text, style)
        self.insert(PAD, _PAD_MARK)
        self.boxes.append((start, self.length))
        if following and _wide(following):
            self.insert(SEAM)


def make_run(spans: Spans) -> Run:
    """Return spans as one string with marks."""
    if len(spans) == 1 and not spans[0].style:
        return Run(split_pairs(spans[0].text).replace("\n", _BREAK))
    builder = _Builder()
    for index, span in enumerate(spans):
        text = split_pairs(span.text).replace("\n", _BREAK)
        style = span.style
        if style & Style.IMAGE:
            address = span.href if len(span.href) <= _ADDRESS else f"{span.href[:_ADDRESS]}…"
            text = f"{text} {split_pairs(address)}".strip()
        if not text:
            continue
        start = builder.length
        if style & Style.CODE:
            following = spans[index + 1].text[:1] if index + 1 < len(spans) else ""
            builder.code(text, int(style), following)
        else:
            builder.put(text, int(style))
        if style & Style.LINK and span.href:
            builder.links.append((start, builder.length, span.href))
    return Run(
        "".join(builder.parts),
        tuple(builder.marks),
        tuple(builder.inserted),
        tuple(builder.boxes),
        tuple(builder.links),
    )


def formats(
    run: Run, face: Face, look: Look, start: int, end: int
) -> list[QTextLayout.FormatRange]:
    """Return the format ranges of a part of a run, counted from ``start``."""
    ranges: list[QTextLayout.FormatRange] = []
    marks = run.marks
    for index in range(max(0, bisect_left(marks, (start,)) - 1), len(marks)):
        first, last, style = marks[index]
        if last <= start:
            continue
        if first >= end:
            break
        given: QTextCharFormat = (
            look.pad_format() if style == _PAD_MARK else look.format(face, Style(style))
        )
        made = QTextLayout.FormatRange()
        made.start = max(first, start) - start
        made.length = min(last, end) - start - made.start
        made.format = given
        ranges.append(made)
    return ranges


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
    if old.marks == new.marks:
        return same
    for before, after in zip(old.marks, new.marks, strict=False):
        if before != after:
            if before[0] == after[0] and before[2] == after[2]:
                return min(same, before[1], after[1])
            return min(same, before[0], after[0])
    longer = old.marks if len(old.marks) > len(new.marks) else new.marks
    return min(same, longer[min(len(old.marks), len(new.marks))][0])
