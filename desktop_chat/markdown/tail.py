"""The end of a text that still grows, shown as what it will most likely be.

A mark that is only half there (``**bo``, an open code span, half a link) is shown closed, and a
mark at the very end that may mean anything is held back. When no more comes, none of this
applies: then the text means what CommonMark says.
"""

import re
from typing import Final

from desktop_chat.markdown.blocks import Spans
from desktop_chat.markdown.inline import Inline, References, parse_inline
from desktop_chat.markdown.inline_rules import Open

NEAR: Final = 300
"""An open code span, formula, bracket or link is believed in for this many characters."""

_LAST_MARK: Final = re.compile(r"(?:[*_~`]+|\\|!?\[|(?<![^\s(（，。：])\$+)$")
_HALF_ADDRESS: Final = re.compile(r"<(?=https?://[^\s<>]*$)")
_LITERAL_BRACKET: Final = re.compile(r"\[(?:[\s\d^]|$)")
_HELD_MARKER: Final = re.compile(
    r"#{1,6}[ \t]*|[-_*=][ \t]*[-_*= \t]*|\+|\d{1,9}[.)]?|`{1,2}|`{3,}[^`]*|~{1,2}|~{3,}.*"
    r"|\|[ \t]*|\${1,2}|\\\[?"
)
_ONE_BULLET: Final = re.compile(r"[-+*][ \t]+")


def is_undecided(text: str) -> bool:
    """Tell whether the beginning of a line could still become any kind of block.

    Args:
        text: all there is of the line so far, without white space and containers before it.
    """
    return _HELD_MARKER.fullmatch(text) is not None and _ONE_BULLET.fullmatch(text) is None


def parse_tail(text: str, references: References, *, cell: bool = False) -> Spans:
    """Parse the text of a leaf that still grows at its end."""
    text = _HALF_ADDRESS.sub("", text.strip(" \t\n"))
    text = _LAST_MARK.sub("", text)
    result = parse_inline(text, references, cell=cell)
    closed = _close(text, result)
    if closed == text:
        return result.spans
    return parse_inline(closed, references, cell=cell).spans


def _close(text: str, result: Inline) -> str:
    """Return the text with what is open in it ended, as far as that is plausible."""
    closers = ""
    bracket: Open | None = None
    for item in _believable(text, result):
        if item.kind in ("link", "image"):
            text = text[: item.pos] + item.closer
            break
        if item.kind == "bracket":
            bracket = item
            continue
        closers = item.closer + closers
        if item.kind in ("code", "math"):
            break
    if bracket is not None:
        text = text[: bracket.pos] + text[bracket.pos + 1 :]
    if not closers:
        return text
    kept = text.rstrip()
    return kept + closers + text[len(kept) :]


def _believable(text: str, result: Inline) -> list[Open]:
    found = []
    for item in result.opened:
        near = len(text) - item.pos <= NEAR
        literal = item.kind == "bracket" and _LITERAL_BRACKET.match(text, item.pos)
        if item.kind == "emphasis" or (near and not literal):
            found.append(item)
    return found
