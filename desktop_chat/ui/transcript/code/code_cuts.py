"""Where lines of code are cut: into rows when they wrap, into parts when they are very long.

Widths are counted, not laid out, so that a block of any size costs little: what a character takes
is known for ASCII and for CJK, and asked once for any other.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final
from unicodedata import category
from weakref import WeakKeyDictionary

from PySide6.QtGui import QFontMetricsF

from desktop_chat.ui.transcript.heights import HeightIndex
from desktop_chat.ui.transcript.look import Face, Look

CHUNK: Final = 800
"""A longer line is laid out in parts of so many characters."""
TAB: Final = 4
_COUNTED: Final = 4000
"""A longer line that is not ASCII wraps after a fixed number of characters."""
_LEAST_COLUMNS: Final = 8
_KEPT: Final = 400
_WIDE: Final = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60"
    "\uffe0-\uffe6\U00020000-\U0003fffd]"
)
_JOINER: Final = "\u200d"
_INDENT: Final = re.compile(" *")


class Advances:
    """What characters take in the code font.

    Args:
        look: fonts.
    """

    def __init__(self, look: Look) -> None:
        self.narrow = look.code_advance
        self.wide = look.code_wide_advance
        self._metrics = QFontMetricsF(look.styles[Face.CODE].font)
        self._known: dict[str, float] = {}

    def of(self, character: str) -> float:
        """Return the width of one character that is no tab, in logical pixels."""
        if " " <= character <= "~":
            return self.narrow
        found = self._known.get(character)
        if found is None:
            if _WIDE.match(character):
                found = self.wide
            elif category(character) in ("Mn", "Me", "Cf"):
                found = 0.0
            else:
                found = self._metrics.horizontalAdvance(character)
            self._known[character] = found
        return found

    def width(self, text: str) -> float:
        """Return about how wide a text is, in logical pixels."""
        tabs = text.count("\t") * (TAB - 1)
        if text.isascii():
            return (len(text) + tabs) * self.narrow
        rest = _WIDE.sub("", text)
        width = (len(text) - len(rest)) * self.wide + tabs * self.narrow
        if rest.isascii():
            return width + len(rest) * self.narrow
        of, narrow = self.of, self.narrow
        for character, count in Counter(rest).items():
            width += count * (narrow if character == "\t" else of(character))
        return width


_advances: WeakKeyDictionary[Look, Advances] = WeakKeyDictionary()


def advances(look: Look) -> Advances:
    """Return what characters take in a look's code font."""
    found = _advances.get(look)
    if found is None:
        found = _advances[look] = Advances(look)
    return found


class Cuts:
    """Where one line is cut.

    Args:
        length: of the line, in characters.
        first: length of its first part.
        step: length of every other part.
        starts: of all parts, in place of ``first`` and ``step``.
        indent: how far the other parts stand in, in logical pixels.
    """

    __slots__ = ("_first", "_starts", "_step", "count", "indent", "length")

    def __init__(
        self,
        length: int,
        first: int,
        step: int,
        starts: Sequence[int] | None = None,
        indent: float = 0.0,
    ) -> None:
        self.length = length
        self.indent = indent
        self._first = first
        self._step = step
        self._starts = starts
        if starts is not None:
            self.count = len(starts)
        else:
            self.count = 1 if length <= first else 1 - (first - length) // step

    def start(self, part: int) -> int:
        """Return where a part begins."""
        if self._starts is not None:
            return self._starts[part]
        return self._first + (part - 1) * self._step if part else 0

    def end(self, part: int) -> int:
        """Return where a part ends."""
        return self.start(part + 1) if part + 1 < self.count else self.length

    def find(self, column: int) -> int:
        """Return the part that a position is in; at a cut, the one that begins there."""
        if self._starts is not None:
            return max(0, bisect_right(self._starts, column) - 1)
        if column < self._first:
            return 0
        return min(self.count - 1, 1 + (column - self._first) // self._step)


def whole(text: str) -> Cuts:
    """Return a line in one row; a very long one in parts beside each other."""
    return Cuts(len(text), CHUNK, CHUNK)


def wrapped(text: str, room: float, look: Look) -> Cuts:
    """Return a line in rows, cut at any character; rows keep the line's indentation.

    Args:
        text: the line.
        room: the width of a row, in logical pixels.
        look: fonts.
    """
    known = advances(look)
    length = len(text)
    columns = max(_LEAST_COLUMNS, int(room / known.narrow))
    if text.isascii() and "\t" not in text:
        if length <= columns:
            return Cuts(length, columns, columns)
        spaces = _spaces(text, columns)
        return Cuts(length, columns, columns - spaces, indent=spaces * known.narrow)
    if length > _COUNTED:
        columns = max(_LEAST_COLUMNS, int(room / max(known.wide, known.narrow)))
        return Cuts(length, columns, columns)
    if known.width(text) <= room:
        return Cuts(length, length, 1)
    spaces = _spaces(text, columns)
    indent = spaces * known.narrow
    starts = _starts(text, max(room, _LEAST_COLUMNS * known.narrow), indent, known)
    return Cuts(length, 0, 0, starts, indent)


def _spaces(text: str, columns: int) -> int:
    match = _INDENT.match(text)
    spaces = match.end() if match is not None else 0
    return spaces if spaces <= columns // 2 else 0


def _starts(text: str, room: float, indent: float, known: Advances) -> list[int]:
    starts = [0]
    x = left = 0.0
    stop = known.narrow * TAB
    joined = False
    for index, character in enumerate(text):
        width = stop - (x - left) % stop if character == "\t" else known.of(character)
        if x + width > room + 0.01 and width and not joined and index > starts[-1]:
            starts.append(index)
            x = left = indent
        x += width
        joined = character == _JOINER
    return starts


class Rows:
    """Which rows the lines of a block take. Without ``wrap`` each takes one.

    Args:
        lines: of the block; they may grow.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._room = 0.0
        self._look: Look | None = None
        self._heights: HeightIndex | None = None
        self._cuts: dict[int, Cuts] = {}

    @property
    def wraps(self) -> bool:
        """Whether lines are cut into rows."""
        return self._heights is not None

    def set_wrap(self, wrap: bool) -> None:
        """Cut lines into rows, or do not."""
        self._heights = HeightIndex() if wrap else None
        self._cuts.clear()

    def touch(self, first: int) -> None:
        """Forget the lines from one on: they have changed."""
        for index in [index for index in self._cuts if index >= first]:
            del self._cuts[index]
        if self._heights is not None and first < len(self._heights):
            self._heights.truncate(first)

    def sync(self, room: float, look: Look) -> None:
        """Count the rows of all lines at a width; those that are counted stay."""
        if self._heights is None:
            return
        if room != self._room or look is not self._look:
            self._heights = HeightIndex()
            self._cuts.clear()
            self._room, self._look = room, look
        known = len(self._heights)
        columns = int(room / advances(look).narrow)
        counts = (
            1
            if len(text) <= columns and text.isascii() and "\t" not in text
            else wrapped(text, room, look).count
            for text in map(self.lines.__getitem__, range(known, len(self.lines)))
        )
        if not known:
            self._heights = HeightIndex(counts)
            return
        for count in counts:
            self._heights.append(count)

    def before(self, line: int) -> int:
        """Return how many rows stand above a line; it may be the number of lines."""
        return (
            line if self._heights is None else self._heights.offset(min(line, len(self._heights)))
        )

    def at(self, row: int) -> tuple[int, int]:
        """Return the line and the part of it that a row shows; there must be a line."""
        if self._heights is None:
            return min(max(0, row), len(self.lines) - 1), 0
        line = self._heights.find(row)
        return line, min(max(0, row - self._heights.offset(line)), self._heights[line] - 1)

    def cuts(self, line: int) -> Cuts:
        """Return where a line is cut."""
        if self._heights is None or self._look is None:
            return whole(self.lines[line])
        found = self._cuts.get(line)
        if found is None:
            if len(self._cuts) > _KEPT:
                self._cuts.clear()
            found = self._cuts[line] = wrapped(self.lines[line], self._room, self._look)
        return found
