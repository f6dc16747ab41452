"""Lines of an open code block or formula, which are taken as they stand."""

from enum import Enum, auto

from desktop_chat.markdown.leaves import Code, Math, opening_fence
from desktop_chat.markdown.lines import Cursor
from desktop_chat.markdown.mathtext import MAX_LINES, find_end, half_closed


class Took(Enum):
    """What became of a line."""

    NOTHING = auto()
    """It is no part of the block."""
    LINE = auto()
    """It is a line of the block, which stays open."""
    LAST = auto()
    """It ends the block."""


def take_fenced(leaf: Code | Math, cursor: Cursor, end: int, *, cut: bool, preview: bool) -> Took:
    """Give a line to a fenced block. A preview holds back what may become the closing fence."""
    if not cut and cursor.indent <= 3:
        if leaf.closes(cursor.word):
            if preview:
                return Took.LINE
            leaf.set_end(end)
            return Took.LAST
        if preview and not cursor.word.strip(leaf.fence[0]):
            return Took.LINE
    if preview and cursor.pos >= len(cursor.text):
        return Took.LINE
    cursor.skip(min(cursor.indent, leaf.indent))
    leaf.add(cursor.rest, end, cut=cut)
    return Took.LINE


def take_indented(leaf: Code, cursor: Cursor, end: int, *, cut: bool, preview: bool) -> Took:
    """Give a line to an indented block. Blank lines count only if another line follows."""
    if cursor.blank and not cut:
        if not preview:
            cursor.skip(4)
            leaf.blanks.append(cursor.rest)
        return Took.LINE
    if cursor.indent <= 3:
        return Took.NOTHING
    for text in leaf.blanks:
        leaf.add(text, end)
    leaf.blanks = []
    cursor.skip(4)
    leaf.add(cursor.rest, end, cut=cut)
    return Took.LINE


def take_formula(
    leaf: Math, cursor: Cursor, start: int, end: int, *, cut: bool, preview: bool
) -> tuple[Took, int]:
    """Give a line to a formula between ``$$`` or brackets.

    A formula that nobody closes ends before a heading or a fence that follows a blank line, and
    after ``MAX_LINES`` lines.

    Returns:
        What became of the line, and for its last one the index after the formula's end.
    """
    text = cursor.text
    word = cursor.word
    if leaf.blank and (word.startswith(("# ", "##")) or opening_fence(word)):
        return Took.NOTHING, 0
    found = None if cut else find_end(text, cursor.pos, leaf.fence)
    if found is not None:
        at, after = found
        if text[cursor.pos : at].strip():
            leaf.add(text[cursor.pos : at].strip(), end)
        leaf.set_end(start + after)
        return Took.LAST, after
    if leaf.lines >= MAX_LINES:
        return Took.NOTHING, 0
    leaf.add(half_closed(cursor.rest) if preview else cursor.rest, end, cut=cut)
    return Took.LINE, 0
