"""Columns of a line: tabs go to the next multiple of four, and a tab may be used up in part."""

import re
from typing import Final

MAX_PIECE: Final = 4000
"""Characters of one line, or of the open lines of one paragraph, that are read as a unit.

A longer line is cut at a sentence's end or a space before this many characters, and each piece is
a block of its own. So no single parse grows with the length of the answer.
"""

_WHITE: Final = re.compile(r"[ \t]*")
_UNSAFE: Final = re.compile("[\x00\ud800-\udfff]")
_BREAK: Final = re.compile(r"[。！？；]|[.!?;](?=\s)")
_SPACE: Final = re.compile(r"[\s，、]")


def clean(text: str) -> str:
    """Return text in which NUL and lone surrogates are U+FFFD; the length stays."""
    return _UNSAFE.sub("�", text)


def cut_at(text: str, start: int) -> int:
    """Return where a piece that begins at ``start`` ends, at most MAX_PIECE characters on."""
    end = start + MAX_PIECE
    for pattern in (_BREAK, _SPACE):
        last = 0
        for match in pattern.finditer(text, start + MAX_PIECE // 2, end):
            last = match.end()
        if last:
            return last
    return end


class Cursor:
    """A place in a line.

    Attributes:
        text: the line without its end.
        pos: index of the next character.
        column: its column, tabs expanded.
        next: index of the first character from ``pos`` on that is neither space nor tab.
        indent: columns from here to there.
        blank: whether there is none.
    """

    __slots__ = ("_tab_left", "blank", "column", "indent", "next", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.column = 0
        self._tab_left = 0
        self.look()

    def look(self) -> None:
        """Set ``next``, ``indent`` and ``blank`` from where the cursor is."""
        at = self.pos
        column = self.column
        if self._tab_left:
            column += self._tab_left
            at += 1
        run = _WHITE.match(self.text, at)
        self.next = run.end() if run else at
        if "\t" in self.text[at : self.next]:
            for char in self.text[at : self.next]:
                column += 4 - column % 4 if char == "\t" else 1
        else:
            column += self.next - at
        self.indent = column - self.column
        self.blank = self.next >= len(self.text)

    def skip(self, columns: int) -> None:
        """Go on by columns of white space; what is left of a tab stays."""
        while columns > 0 and self.pos < len(self.text):
            char = self.text[self.pos]
            if char == "\t":
                width = self._tab_left or 4 - self.column % 4
                step = min(width, columns)
                self._tab_left = width - step
                if not self._tab_left:
                    self.pos += 1
            elif char == " ":
                step = 1
                self.pos += 1
            else:
                break
            self.column += step
            columns -= step
        self.look()

    def take(self, characters: int) -> None:
        """Go to ``next`` and then on by characters that are not white space."""
        self.column += self.indent + characters
        self.pos = self.next + characters
        self._tab_left = 0
        self.look()

    def skip_one_space(self) -> None:
        """Go on by one column of white space, if there is any."""
        if self.indent:
            self.skip(1)

    @property
    def word(self) -> str:
        """What is left, from ``next`` on."""
        return self.text[self.next :]

    @property
    def rest(self) -> str:
        """What is left, with the rest of a tab as spaces."""
        if self._tab_left:
            return " " * self._tab_left + self.text[self.pos + 1 :]
        return self.text[self.pos :]
