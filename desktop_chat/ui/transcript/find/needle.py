"""What is looked for: how it is compared with a text, and where a text cannot hold it."""

import re
from html import unescape
from typing import Final

from desktop_chat.ui.transcript.text.units import split_pairs

_MARKS: Final = r"[\s*_~`\\$\[\]()!<>^|\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
"""What Markdown may have between two characters that are shown side by side."""
_ADDRESS: Final = re.compile(r"\]\(\s*<?[^\s()<>\[\]]*>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
_LABEL: Final = re.compile(r"\]\[(?!\^)[^\[\]]*\]")
"""Of a link, which is not shown; the mark of a footnote is."""
_ENTITY: Final = re.compile(r"&(?:#\w{1,8}|\w{1,32});")
_DECODED: Final = re.compile(r"%[0-9a-f]{2}|xn--", re.IGNORECASE)
_FULL_WIDTH: Final = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_HALF_WIDTH: Final = {
    code: code - 0xFEE0
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_CJK: Final = "\u2e80"
"""From here on writing has no spaces between words; surrogates stand for what is beyond."""


def level(text: str, *, case: bool) -> str:
    """Return a text in the form in which texts are compared; every position stays.

    Args:
        text: any.
        case: whether capitals count.
    """
    if not text.isascii():
        if _FULL_WIDTH.search(text):
            text = text.translate(_HALF_WIDTH)
        text = text.replace("\u00a0", " ")
    if case:
        return text
    small = text.lower()
    if len(small) != len(text):
        small = "".join([character.lower()[0] for character in text])
    return small if small.isascii() else small.replace("\u03c2", "\u03c3")


class Needle:
    """What is looked for.

    Args:
        query: as it was typed, not empty.
        case: whether capitals count.
        whole: whether only whole words count; what is written without spaces has none.

    Attributes:
        plain: what texts are compared with.
        length: of what is found, in units.
    """

    def __init__(self, query: str, *, case: bool = False, whole: bool = False) -> None:
        self.query = query
        self.case = case
        self.whole = whole
        self.plain = level(query.replace("\t", " "), case=case)
        self._text = split_pairs(self.plain)
        self.length = len(self._text)
        self._first = whole and _is_letter(self._text[0])
        self._last = whole and _is_letter(self._text[-1])
        solid = "".join(self.plain.split())
        self._solid = solid
        self._loose = re.compile(_MARKS.join(map(re.escape, solid))) if solid else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Needle) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, bool, bool]:
        return self.query, self.case, self.whole

    def spans(self, text: str, start: int = 0) -> list[tuple[int, int]]:
        """Return where it stands in a text, from a position on; hits do not overlap.

        Args:
            text: with its characters beyond U+FFFF as pairs of units.
            start: the first position.
        """
        text = level(text, case=self.case)
        found: list[tuple[int, int]] = []
        at = text.find(self._text, start)
        while at >= 0:
            end = at + self.length
            if not self.whole or self._is_whole(text, at, end):
                found.append((at, end))
                at = text.find(self._text, end)
            else:
                at = text.find(self._text, at + 1)
        return found

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        if self._first and start and _is_letter(text[start - 1]):
            return False
        return not (self._last and end < len(text) and _is_letter(text[end]))

    def in_plain(self, text: str) -> bool:
        """Tell whether a text that is shown as it is may hold it."""
        return self.plain in level(text, case=self.case)

    def in_markdown(self, source: str) -> bool:
        """Tell whether what a Markdown text shows may hold it; False is certain."""
        loose = self._loose
        if loose is None or "\u2026" in self._solid or "\ufffd" in self._solid:
            # White space alone, or characters that stand for others.
            return True
        source = level(source, case=self.case)
        if loose.search(source):
            return True
        linked = "](" in source or "][" in source
        if not linked and "&" not in source and "<" not in source:
            return False
        return self._behind_addresses(source, linked)

    def _behind_addresses(self, source: str, linked: bool) -> bool:
        """Tell the same of a text with links or entities, which hide what stands in between."""
        if _DECODED.search(source) or (linked and ("![" in source or "[]" in source)):
            # Addresses that are shown, perhaps in other characters.
            return True
        if any(mark in self._solid for mark in "[]()&;"):
            return True
        shown = _ENTITY.sub(_decode, source)
        shown = _LABEL.sub("]", _ADDRESS.sub("]", shown))
        if "](" in shown:
            return True
        loose = self._loose
        return loose is not None and loose.search(level(shown, case=self.case)) is not None

    def within(self, other: "Needle") -> bool:
        """Tell whether a text without the other one cannot hold this one either."""
        if other.whole or (other.case and not self.case):
            return False
        return other.plain in level(self.plain, case=other.case)


def _decode(found: re.Match[str]) -> str:
    return unescape(found[0])


def _is_letter(character: str) -> bool:
    """Tell whether a word goes on with a character."""
    return character < _CJK and (character.isalnum() or character == "_")
