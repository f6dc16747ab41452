"""Characters that cannot be seen, or that turn the reading order, made visible.

What a model writes is not to be trusted: an override of the direction makes a name read as another
one, a tag character hides an order, an escape sequence speaks to the terminal that it is pasted
into. In text each such character is a small mark with its number, and a copy leaves it out. In
code, where columns count, it is one visible character.
"""

import re
from itertools import groupby
from typing import Final, NamedTuple

_LOW: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
)
_HIGH: Final = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
_ODD: Final = re.compile(f"[{_LOW}{_HIGH}]+")
# Either alone is looked for much faster than both together.
_ODD_LOW: Final = re.compile(f"[{_LOW}]")
_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
_ODD_HIGH: Final = re.compile(f"[{_HIGH}]")
_FEW: Final = 8
"""A longer run of hidden characters is one mark, whatever they are."""
_MARKS: Final = 100
"""Of one text; hidden characters behind that many marks are left out."""
_FLAG: Final = "\U0001f3f4"
_JOINED: Final = ((0x600, 0x8FF), (0x900, 0x109F), (0x1780, 0x18AF), (0xA800, 0xABFF))
"""Scripts whose spelling needs joiners: Arabic, those of India and South-East Asia, Mongolian."""
_PICTURES: Final = (
    (0x2190, 0x2BFF),
    (0x3030, 0x303D),
    (0x3297, 0x3299),
    (0x1F000, 0x1FAFF),
)
_KEYCAPS: Final = frozenset("0123456789#*©®")
_CONTROL_PICTURES: Final = 0x2400
_DELETE: Final = "\u2421"
_STRANGE: Final = "\u2426"
"""Stands for a hidden character in code: the symbol for substitute."""


class Part(NamedTuple):
    """A stretch of text.

    Attributes:
        text: as it is shown.
        mark: whether it stands for characters that cannot be seen.
    """

    text: str
    mark: bool


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(character)
    return any(low <= code <= high for low, high in ranges)


def _joins(text: str, at: int) -> bool:
    """Tell whether a joiner or non-joiner is part of a word or an emoji."""
    if not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if _within(before, _JOINED) and _within(after, _JOINED):
        return True
    pictured = before == "\ufe0f" or _within(before, _PICTURES)
    return text[at] == "\u200d" and pictured and _within(after, _PICTURES)


def _varies(text: str, at: int) -> bool:
    """Tell whether a selector chooses the form of a character that has forms."""
    if not at:
        return False
    before, selector = text[at - 1], text[at]
    if selector in "\ufe0e\ufe0f":
        return before in _KEYCAPS or _within(before, _PICTURES)
    if "\u180b" <= selector <= "\u180f":
        return "\u1820" <= before <= "\u18aa"
    return "\u2200" <= before <= "\u9fff" or "\U00020000" <= before <= "\U0003ffff"


def _needed(text: str, at: int) -> bool:
    """Tell whether a hidden character does what it is there for."""
    character = text[at]
    if character in "\u200c\u200d":
        return _joins(text, at)
    if "\ufe00" <= character <= "\ufe0f" or "\u180b" <= character <= "\u180f":
        return _varies(text, at)
    if "\U000e0100" <= character <= "\U000e01ef":
        return _varies(text, at)
    if "\U000e0020" <= character <= "\U000e007f":
        # The flags of England, Scotland, Wales are a flag and tags.
        return _FLAG in text[max(0, at - _FEW) : at]
    return False


def _label(hidden: str) -> str:
    """Return what a mark says: a picture of a control character, else the number."""
    first = hidden[0]
    if len(hidden) == 1 and first < " ":
        return chr(_CONTROL_PICTURES + ord(first))
    if len(hidden) == 1 and first == "\x7f":
        return _DELETE
    label = f"U+{ord(first):04X}"
    if len(hidden) == 1:
        return label
    if hidden.count(first) < len(hidden):
        label += "…"
    return f"{label}\u00d7{len(hidden)}"


def find_hidden(text: str) -> bool:
    """Tell whether a text may have characters that cannot be seen."""
    if _ODD_LOW.search(text) is not None:
        return True
    return _BEYOND.search(text) is not None and _ODD_HIGH.search(text) is not None


def split_hidden(text: str) -> list[Part]:
    """Return a text in parts, with a mark for each stretch of hidden characters.

    Joiners, selectors and tags stay where a script or an emoji needs them.
    """
    parts: list[Part] = []
    at = marks = 0

    def show(hidden: str) -> None:
        nonlocal marks
        marks += 1
        if marks <= _MARKS:
            parts.append(Part(_label(hidden), True))

    for found in _ODD.finditer(text):
        start, end = found.span()
        if marks > _MARKS:
            break
        if end - start > _FEW:
            parts.append(Part(text[at:start], False))
            show(found[0])
            at = end
            continue
        for character, same in groupby(
            range(start, end), key=lambda index: (text[index], _needed(text, index))
        ):
            hidden = list(same)
            if character[1]:
                continue
            parts.append(Part(text[at : hidden[0]], False))
            show(character[0] * len(hidden))
            at = hidden[-1] + 1
    rest = text[at:]
    parts.append(Part(_ODD.sub("", rest) if marks > _MARKS else rest, False))
    return [part for part in parts if part.text]


def _one(found: re.Match[str]) -> str:
    text, start = found.string, found.start()
    shown = []
    for at in range(start, found.end()):
        character = text[at]
        if found.end() - start <= _FEW and _needed(text, at):
            shown.append(character)
        elif character < " ":
            shown.append(chr(_CONTROL_PICTURES + ord(character)))
        elif character == "\x7f":
            shown.append(_DELETE)
        else:
            shown.append(_STRANGE if character <= "\uffff" else _STRANGE * 2)
    return "".join(shown)


def inert(text: str) -> str:
    """Return a line of code with a visible character for each hidden one.

    Control characters are their pictures (U+241B for escape), others U+2426. The result has as
    many units of UTF-16 as the text, so that columns and positions stay.
    """
    return _ODD.sub(_one, text) if find_hidden(text) else text
