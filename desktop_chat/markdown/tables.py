"""Rows of a table, cut into cells."""

import re
from typing import Final

from desktop_chat.markdown.blocks import Align

MAX_COLUMNS: Final = 128
"""A head with more cells than this is text."""

_NEAR: Final = 80
_DELIMITER: Final = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_MARK: Final = re.compile(r"\\.|`+|\|", re.DOTALL)


def delimiter_row(text: str) -> tuple[Align, ...] | None:
    """Return what a delimiter row says of its columns, or None when it is not one."""
    if "-" not in text or not ("|" in text or ":" in text) or not _DELIMITER.fullmatch(text):
        return None
    return tuple(_align(cell.strip()) for cell in text.strip().strip("|").split("|"))


def _align(cell: str) -> Align:
    left, right = cell.startswith(":"), cell.endswith(":")
    if left and right:
        return Align.CENTER
    if right:
        return Align.RIGHT
    return Align.LEFT if left else Align.NONE


def split_row(text: str, *, hopeful: bool = False) -> list[str]:
    r"""Return the cells of a row. ``\|`` and a pipe in a code span do not end a cell.

    GitHub ends a cell at a pipe in a code span, too; models write ``a || b`` in code and mean it.

    Args:
        text: the row.
        hopeful: whether more of it comes, which may end a code span that began near its end.
    """
    text = text.strip()
    cells: list[str] = []
    begin = 1 if text.startswith("|") else 0
    at = begin
    runs = _code_ends(text) if "`" in text else {}
    while match := _MARK.search(text, at):
        mark = match.group()
        at = match.end()
        if mark == "|":
            cells.append(text[begin : match.start()])
            begin = at
        elif mark[0] == "`":
            near = hopeful and len(text) - at <= _NEAR
            at = runs.get(match.start(), len(text) if near else at)
    if begin < len(text):
        cells.append(text[begin:])
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _code_ends(text: str) -> dict[int, int]:
    """Map the start of each run of backticks to the end of the next run of the same length."""
    ends: dict[int, int] = {}
    later: dict[int, int] = {}
    for match in reversed(list(re.finditer("`+", text))):
        size = match.end() - match.start()
        if size in later:
            ends[match.start()] = later[size]
        later[size] = match.end()
    return ends


def looks_like_row(text: str) -> bool:
    """Tell whether a line could be a table's head."""
    return "|" in text.replace("\\|", "")


def fit(cells: list[str], columns: int) -> list[str]:
    """Return exactly as many cells as there are columns; what is too much goes into the last."""
    if len(cells) > columns:
        return [*cells[: columns - 1], " | ".join(cells[columns - 1 :])]
    return cells + [""] * (columns - len(cells))
