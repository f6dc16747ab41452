"""A table as text that spreadsheets read: TSV for a paste, CSV for a file.

What a model wrote may begin like a formula, and a spreadsheet would run it. Such a cell gets an
apostrophe in front, by which spreadsheets know text. Numbers with a sign are left as they are.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from desktop_chat.markdown.blocks import Spans, TableRow

_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?!\s?[$¥€£]?[\d.,]+(?:[eE][+-]?\d+)?\s?[%‰]?$)(?=.)")
"""What spreadsheets take for the beginning of a formula; ``-12``, ``+3.5 %`` and ``-`` are none."""
_CSV_QUOTED: Final = re.compile(r'[",\r\n]')
_TSV_QUOTED: Final = re.compile(r'["\t\r\n]')


def cell_text(cell: Spans) -> str:
    """Return a cell's text without marks; a formula gives its LaTeX."""
    return "".join(span.text for span in cell).strip()


def cells_of(rows: Iterable[TableRow]) -> list[list[str]]:
    """Return the texts of rows, each a list of cells."""
    return [[cell_text(cell) for cell in row.cells] for row in rows]


def to_tsv(cells: Sequence[Sequence[str]]) -> str:
    """Return cells with tabs between them and a line feed after each row but the last.

    A cell with a tab, a line break or a quote in it stands in quotes, as spreadsheets paste it.
    """
    return "\n".join("\t".join(_field(cell, _TSV_QUOTED) for cell in row) for row in cells)


def to_csv(cells: Sequence[Sequence[str]]) -> str:
    """Return cells as RFC 4180 has it: commas, quotes where needed, CRLF after every row."""
    return "".join(",".join(_field(cell, _CSV_QUOTED) for cell in row) + "\r\n" for row in cells)


def _field(text: str, quoted: re.Pattern[str]) -> str:
    if _FORMULA.match(text):
        text = f"'{text}"
    if quoted.search(text):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
