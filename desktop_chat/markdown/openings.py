"""What the beginning of a line says: which block or container it may open."""

import re
from dataclasses import dataclass, replace
from typing import Final

from desktop_chat.markdown.blocks import ListItem
from desktop_chat.markdown.containers import OpenContainer, OpenItem, OpenQuote
from desktop_chat.markdown.lines import Cursor

HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]+|$)")
CLOSING_MARKS: Final = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
SETEXT: Final = re.compile(r"(=+|-+)[ \t]*")
RULE: Final = re.compile(r"(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,}")
MEANING: Final = re.compile(r":(?=[ \t]+\S)")
"""Begins what a term means. A colon of full width is punctuation and never does."""

MAX_TERM: Final = 160
"""Characters of a term of a definition list; a longer line is a paragraph."""

HALF_MEANING: Final = re.compile(r":[ \t]*")
HALF_BULLET: Final = re.compile(r"[-+*][ \t]*")
HALF_DELIMITER: Final = re.compile(r"[|:\- \t]+")
_LIST_MARKS: Final = frozenset("-+*0123456789")
_BULLET: Final = re.compile(r"[-+*](?=[ \t]|$)")
_NUMBER: Final = re.compile(r"([0-9]{1,9})[.)](?=[ \t]|$)")
_NOTE: Final = re.compile(r"\[\^([^\s\[\]\\`<>]{1,40})\]:")
_HALF_NOTE: Final = re.compile(r"\[\^[^\s\[\]\\`<>]{0,40}\]?")
_ALERT: Final = re.compile(r"\[!(note|tip|important|warning|caution)\][ \t]*", re.IGNORECASE)
_HALF_ALERT: Final = re.compile(r"\[(?:![a-z]*\]?)?", re.IGNORECASE)
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_HALF_TASK: Final = re.compile(r"\[(?:[ xX]\]?)?[ \t]*")
_HELD: Final = re.compile(
    r"#{1,6}[ \t]*|[-_*=][ \t]*[-_*= \t]*|\+|\d{1,9}[.)]?|`{1,2}|`{3,}[^`]*|~{1,2}|~{3,}.*"
    r"|\|[ \t]*|\${1,2}|\\\[?"
)
_ONE_BULLET: Final = re.compile(r"[-+*][ \t]+")


_MARKS: Final = frozenset("#-_*=+0123456789`~|$\\[>:!")
"""A line that does not begin with one of these is text."""


def begins_text(cursor: Cursor) -> bool:
    """Tell by the first character whether a line is text, without any other look at it."""
    return not cursor.blank and cursor.indent <= 3 and cursor.text[cursor.next] not in _MARKS


@dataclass(frozen=True, slots=True)
class ListMark:
    """The marker of a list item.

    Attributes:
        mark: its bullet, or the character after its number.
        width: in characters.
        number: 0 for a bullet.
        ordered: whether it has a number.
    """

    mark: str
    width: int
    number: int
    ordered: bool


def list_mark(text: str, at: int, *, interrupts: bool = False) -> ListMark | None:
    """Return the marker of a list item at a place in a line, or None.

    Args:
        text: the line.
        at: where.
        interrupts: whether the item would interrupt a paragraph; then it has text, and its number
            is 1.
    """
    if text[at : at + 1] not in _LIST_MARKS:
        return None
    match = _BULLET.match(text, at)
    if match is not None:
        found = ListMark(match.group(), 1, 0, ordered=False)
        if RULE.fullmatch(text, at):
            return None
    else:
        match = _NUMBER.match(text, at)
        if match is None:
            return None
        found = ListMark(match.group()[-1], match.end() - at, int(match.group(1)), ordered=True)
    if interrupts and found.ordered and found.number != 1:
        return None
    if interrupts and not text[match.end() :].strip(" \t"):
        return None
    return found


def note_label(text: str, at: int) -> str:
    """Return the label of a footnote that a line opens, or ""."""
    match = _NOTE.match(text, at) if text.startswith("[^", at) else None
    return match.group(1) if match is not None else ""


def opens_container(text: str, at: int) -> bool:
    """Tell whether a line would open a container, if there were not too many already."""
    if text.startswith(">", at):
        return True
    return list_mark(text, at) is not None or bool(note_label(text, at))


def take_mark(top: OpenContainer | None, word: str) -> str:
    """Take an alert's or a task's mark off the first line of a container; return what is left."""
    if isinstance(top, OpenQuote) and (match := _ALERT.fullmatch(word)):
        top.value = replace(top.value, alert=match.group(1).lower())
        return ""
    if isinstance(top, OpenItem) and isinstance(top.value, ListItem):
        match = _TASK.match(word)
        if match is not None:
            done = match.group(1) != " "
            top.value = ListItem(top.value.ordered, top.value.number, task=done)
            return word[match.end() :]
    return word


def is_half_mark(top: OpenContainer | None, word: str) -> bool:
    """Tell whether the first line of a container, so far, may become an alert's or task's mark."""
    if isinstance(top, OpenQuote):
        return top.fresh and _HALF_ALERT.fullmatch(word) is not None
    if isinstance(top, OpenItem):
        return top.fresh and _HALF_TASK.fullmatch(word) is not None
    return False


def is_undecided(word: str) -> bool:
    """Tell whether the beginning of a line could still become any kind of block.

    Args:
        word: all there is of the line so far, without white space and containers before it.
    """
    if _HELD.fullmatch(word) is not None:
        return _ONE_BULLET.fullmatch(word) is None
    return word.startswith("[^") and _HALF_NOTE.fullmatch(word) is not None
