"""Positions as Qt counts them: in units of UTF-16, of which an emoji takes two.

Python counts characters. A text whose characters beyond U+FFFF are written as pairs of surrogates
is counted alike by both, and Qt reads such a pair as the one character that it is.
"""

import re
from typing import Final

_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
_HALF: Final = re.compile("[\ud800-\udfff]")


def _pair(found: re.Match[str]) -> str:
    code = ord(found[0]) - 0x10000
    return chr(0xD800 | code >> 10) + chr(0xDC00 | code & 0x3FF)


def split_pairs(text: str) -> str:
    """Return a text with each character beyond U+FFFF as two surrogates."""
    return text if text.isascii() else _BEYOND.sub(_pair, text)


def join_pairs(text: str) -> str:
    """Return a text with its characters whole again; half of one becomes U+FFFD."""
    if text.isascii() or _HALF.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def to_units(text: str, position: int) -> int:
    """Return how many units stand before a character of a text."""
    if text.isascii():
        return position
    return position + len(_BEYOND.findall(text, 0, position))


def to_characters(text: str, position: int) -> int:
    """Return how many characters stand before a unit of a text."""
    if text.isascii() or _BEYOND.search(text) is None:
        return position
    units = 0
    for index, character in enumerate(text):
        if units >= position:
            return index
        units += 2 if character > "\uffff" else 1
    return len(text)
