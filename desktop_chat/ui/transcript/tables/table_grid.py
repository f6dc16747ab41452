"""What the rows of one table share: columns, alignment, the place sideways, and each other.

Columns come from the natural widths of the table's first rows, then stay.
"""

import re
from dataclasses import replace
from typing import Final

from PySide6.QtGui import QFontMetricsF

from desktop_chat.markdown.blocks import Align, Spans, Style, Table, TableRow
from desktop_chat.ui.transcript.look import Face, Look
from desktop_chat.ui.transcript.math.formulas import Undrawn
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import Run, make_run

SAMPLE: Final = 20
"""Rows of a higher index do not change the columns."""
PAD: Final = 12
"""Between a column's edge and its text, in logical pixels."""
WIDEST: Final = 320
"""Text of a cell wraps at this width where a table is scrolled, in logical pixels at 100 %."""
_READABLE: Final = 140
"""Text wraps at this width rather than that the table is scrolled."""
_MEASURED: Final = 300
"""So many characters of a cell are enough to know that it is wide."""
_UNBOUND: Final = 1 << 16
_UNDRAWN: Final = Undrawn()
"""Columns do not change when formulas are drawn."""
_BASE_EM: Final = 14
_KEPT_ROOMS: Final = 8

_WORD: Final = re.compile(r"[^\s/\u2010-\u2015\u2e80-\ufaff\ufe30-\uffef\U00020000-\U0003ffff-]+")
_WORDS_MEASURED: Final = 3
_NUMBER: Final = re.compile(
    r"[+\-\u2212±~≈<>≤≥]?\s?(?:[A-Z]{0,2}[$¥€£￥])?\s?"
    r"\d+(?:[,' \u00a0\u202f]\d{0,4})*(?:\.\d*)?(?:[eE][+\-\u2212]?\d*)?"
    r"\s?[%‰°×xkKMGTB$€£元]?"
)
_NO_VALUE: Final = re.compile(r"[+\-\u2212\u2013\u2014~/$¥€£]*|[nN]/?[aA]|…|\.\.\.")


class Need:
    """What one cell needs, in logical pixels without padding.

    Attributes:
        natural: its width on one line.
        word: the width of its longest word.
        number: True for a number, False for other text, None where there is nothing to judge.
    """

    __slots__ = ("natural", "number", "word")

    def __init__(self, cell: Spans, face: Face, look: Look) -> None:
        cell = _cut(cell)
        text = "".join(span.text for span in cell).strip()
        self.natural = self.word = 0
        if text:
            self.natural = int(_natural_width(make_run(cell), face, look)) + 2
            self.word = min(self.natural, _longest_word(text, face, look))
        self.number = None if _NO_VALUE.fullmatch(text) else bool(_NUMBER.fullmatch(text))

    def __eq__(self, other: object) -> bool:
        """Tell whether columns come out alike."""
        return (
            isinstance(other, Need)
            and self.natural == other.natural
            and self.word == other.word
            and self.number == other.number
        )

    __hash__ = None  # type: ignore[assignment]


def _cut(cell: Spans) -> Spans:
    """Return the beginning of a cell; formulas stay whole, half a one would be an error."""
    room = _MEASURED
    kept = []
    for span in cell:
        if room <= 0:
            break
        whole = len(span.text) <= room or span.style & Style.MATH
        kept.append(span if whole else replace(span, text=span.text[:room]))
        room -= len(span.text)
    return tuple(kept)


def _natural_width(run: Run, face: Face, look: Look) -> float:
    if run.marks or run.objects or not run.text.isascii():
        return TextFlow(face, run, _UNBOUND, look, _UNDRAWN).natural_width(look)
    return QFontMetricsF(look.styles[face].font).horizontalAdvance(run.text)


def _longest_word(text: str, face: Face, look: Look) -> int:
    words = sorted(set(_WORD.findall(text)), key=len)[-_WORDS_MEASURED:]
    metrics = QFontMetricsF(look.styles[face].font)
    return int(max((metrics.horizontalAdvance(word) for word in words), default=0)) + 2


class TableGrid:
    """The columns of one table.

    Args:
        table: what its rows share.

    Attributes:
        table: the same.
        version: grows when columns change; rows laid out before are stale.
        first: the index of the head among the pieces of its message.
        rows: all rows that have come, in order.
    """

    __slots__ = (
        "_aligns",
        "_em",
        "_needs",
        "_room",
        "_scroll",
        "_widths",
        "first",
        "rows",
        "table",
        "version",
    )

    def __init__(self, table: Table) -> None:
        self.table = table
        self.version = 0
        self.first = 0
        self.rows: list[TableRow] = []
        self._needs: list[list[Need]] = []
        self._widths: dict[int, list[int]] = {}
        self._aligns: tuple[Align, ...] = table.aligns
        self._em = 0
        self._room = 1
        self._scroll = 0

    def note(self, row: TableRow, look: Look) -> bool:
        """Take a row into account; one that is not new takes the place of its earlier form.

        Returns:
            Whether columns may have changed.
        """
        known = row.index < len(self.rows) and row.cells == self.rows[row.index].cells
        if row.index < len(self.rows):
            self.rows[row.index] = row
        elif row.index == len(self.rows):
            self.rows.append(row)
        if row.index >= SAMPLE or (known and row.index < len(self._needs)):
            return False
        face = Face.HEAD_CELL if row.index == 0 else Face.CELL
        self._em = look.styles[Face.CELL].em
        needs = [Need(cell, face, look) for cell in row.cells]
        before = (self._columns(), self._aligns)
        if row.index < len(self._needs):
            if self._needs[row.index] == needs:
                return False
            del self._needs[row.index :]
        self._needs.append(needs)
        self._align()
        if (self._columns(), self._aligns) == before:
            return False
        self._changed()
        return True

    def forget(self, index: int) -> bool:
        """Forget the rows from one on: they may come back otherwise.

        Returns:
            Whether columns may have changed.
        """
        del self.rows[index:]
        if index >= len(self._needs):
            return False
        del self._needs[index:]
        self._align()
        self._changed()
        return True

    def _changed(self) -> None:
        self._widths.clear()
        self.version += 1

    def refit(self, look: Look) -> None:
        """Measure the first rows anew where text is of another size now."""
        if self._em == look.styles[Face.CELL].em:
            return
        self._needs = []
        self._changed()
        for row in self.rows[:SAMPLE]:
            self.note(row, look)

    def _columns(self) -> list[tuple[int, int]]:
        """Return the natural width and the longest word of each column, padding included."""
        return [
            (
                max(need.natural for need in column) + 2 * PAD,
                max(need.word for need in column) + 2 * PAD,
            )
            for column in zip(*self._needs, strict=False)
        ]

    def _align(self) -> None:
        """Set numbers right where the table does not say how its columns are set."""
        self._aligns = tuple(
            Align.RIGHT if align is Align.NONE and self._numeric(column) else align
            for column, align in enumerate(self.table.aligns)
        )

    def _numeric(self, column: int) -> bool:
        found = [needs[column].number for needs in self._needs[1:] if column < len(needs)]
        return any(found) and False not in found

    @property
    def aligns(self) -> tuple[Align, ...]:
        """How each column is set."""
        return self._aligns

    def widths(self, room: int) -> list[int]:
        """Return the columns' widths, padding included, for a column of text of some width.

        They fill it, or are wider together; then the table is scrolled.
        """
        self._room = room
        found = self._widths.get(room)
        if found is None:
            if len(self._widths) >= _KEPT_ROOMS:
                self._widths.clear()
            found = self._widths[room] = share(self._columns(), room, self._em / _BASE_EM)
        return found

    def beyond(self, room: int) -> int:
        """Return by how many logical pixels the table is wider than its room, or 0."""
        return max(0, sum(self.widths(room)) - room)

    def scrolled(self) -> int:
        """Return how far the table is moved to the left in the room that it has now."""
        return min(self._scroll, self.beyond(self._room)) if self._scroll else 0

    def scroll_to(self, x: int, room: int) -> bool:
        """Move the table; tell whether anything moved."""
        x = min(max(0, x), self.beyond(room))
        moved = x != self.scrolled()
        self._scroll = x
        return moved


def share(columns: list[tuple[int, int]], room: int, scale: float = 1.0) -> list[int]:
    """Share a width among columns.

    Columns that fit get what they need and a part of the rest in proportion. Where they do not,
    text wraps: narrow columns keep what they need, wide ones share what is left. Where that
    would make wide ones too narrow to read, or break words, the table is wider than its room.

    Args:
        columns: the natural width and the longest word of each, padding included.
        room: the width to fill.
        scale: of the text, 1 at 100 %.

    Returns:
        The width of each column; together ``room``, or more.
    """
    if not columns:
        return []
    widest = int(WIDEST * scale) + 2 * PAD
    readable = int(_READABLE * scale) + 2 * PAD
    naturals = [natural for natural, _word in columns]
    floors = [min(natural, max(min(word, widest), readable)) for natural, word in columns]
    total, least = sum(naturals), sum(floors)
    if least > room:
        return [min(natural, widest) for natural in naturals]
    if total <= room:
        result = [width + (room - total) * width // max(total, 1) for width in naturals]
    else:
        left, wanted = room - least, total - least
        result = [
            floor + left * (natural - floor) // wanted
            for natural, floor in zip(naturals, floors, strict=True)
        ]
    result[-1] += room - sum(result)
    return result
