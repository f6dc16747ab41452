"""A conversation's title from its first question, without asking a model."""

import re
import unicodedata
from typing import Final

_LIMIT: Final = 40
_LONGEST_LINE: Final = 2000
"""Characters of a line that are looked at; a link in it may be long."""
_MARKS: Final = re.compile(r"^(?:[#>\-*+•\s]|\d{1,3}[.)、]\s)+")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_INLINE: Final = re.compile(r"\*\*|__|~~|`+")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_MEANINGFUL: Final = re.compile(r"\w")
_BREAKS: Final = " ,.;:!?，。；：！？、—…)）」』】》\u3000"
_CLAUSE_ENDS: Final = ",;:，。；：！？、"


def columns(text: str) -> int:
    """Return how wide a text is, in columns of a terminal: a Chinese character takes two."""
    return sum(_width(character) for character in text)


def title_of(question: str) -> str:
    """Return the first line of a question that says something, without marks, at most 40 columns.

    Code is passed over, unless there is nothing else. "" when there is nothing to say.
    """
    code = ""
    inside = False
    for line in question.splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not (inside and code):
            # The marks of a line that was pasted can be a megabyte.
            plain = _plain(line[:_LONGEST_LINE])
            if not _MEANINGFUL.search(plain):
                continue
            if not inside:
                return shorten(plain)
            code = plain
    return shorten(code)


def shorten(text: str, limit: int = _LIMIT) -> str:
    """Return one line of a text within a number of columns, cut at the end of a clause or at a
    word where that is near.
    """
    text = " ".join(text.split())
    if columns(text) <= limit:
        return text
    end, width = 0, 0
    while width + _width(text[end]) <= limit - 1:
        width += _width(text[end])
        end += 1
    clause = max(text.rfind(mark, 0, end + 1) for mark in _CLAUSE_ENDS)
    if columns(text[: clause + 1]) >= limit * 3 // 4:
        end = clause
    elif text[end] not in _BREAKS and not _wide(text[end]):
        # A Latin word would be cut: go back to where it begins, if that leaves enough.
        begin = end
        while begin and text[begin - 1] not in _BREAKS and not _wide(text[begin - 1]):
            begin -= 1
        if columns(text[:begin]) >= limit // 2:
            end = begin
    return text[:end].rstrip(_BREAKS + "(（「『【《") + "…"


def _plain(line: str) -> str:
    line = _LINK.sub(r"\1", _MARKS.sub("", line))
    return " ".join(_INLINE.sub("", line).split())


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if _wide(character) else 1
