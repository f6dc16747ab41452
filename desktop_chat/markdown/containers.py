"""The containers that are open while a text is read, and the path that a block gets from them."""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from desktop_chat.markdown.blocks import Container, Definition, Footnote, ListItem, Quote
from desktop_chat.markdown.lines import Cursor

MAX_DEPTH: Final = 32
"""Quotes, list items, meanings and footnotes within each other; the marks of deeper ones are
text."""

NOTE_INDENT: Final = 4
"""Columns that what belongs to a footnote is indented by."""


@dataclass(slots=True)
class OpenQuote:
    """A quote. ``fresh`` until something stands in it, ``shown`` once a block has its path."""

    value: Quote
    fresh: bool = True
    shown: bool = False


@dataclass(slots=True)
class OpenList:
    """A list; only items stand in it directly.

    Attributes:
        mark: its bullet, or the character after its numbers.
        ordered: whether it has numbers.
        number: of the next item.
    """

    mark: str
    ordered: bool
    number: int


@dataclass(slots=True)
class OpenItem:
    """An item of a list, a footnote, or a meaning of a definition list.

    Attributes:
        value: what its blocks get in their paths, after the first one.
        indent: columns that its content is indented by.
        tight: whether its marker may stand close to the block before.
        fresh: until something stands in it.
        shown: once a block has its path; before that the marker is not shown.
    """

    value: ListItem | Definition | Footnote
    indent: int
    tight: bool
    fresh: bool = True
    shown: bool = False


OpenContainer: TypeAlias = OpenQuote | OpenList | OpenItem


class Stack:
    """The open containers, outermost first."""

    def __init__(self, items: list[OpenContainer] | None = None) -> None:
        self.items: list[OpenContainer] = items if items is not None else []
        self._path: tuple[Container, ...] | None = None

    def copy(self) -> "Stack":
        """Return an independent copy."""
        return Stack([replace(item) for item in self.items])

    @property
    def top(self) -> OpenContainer | None:
        """The innermost one, or None."""
        return self.items[-1] if self.items else None

    def is_full(self, depth: int) -> bool:
        """Tell whether nothing may be opened within the first ``depth`` ones."""
        if depth < MAX_DEPTH:
            return False
        return sum(not isinstance(item, OpenList) for item in self.items[:depth]) >= MAX_DEPTH

    def match(self, cursor: Cursor) -> int:
        """Take the marks of the open containers off a line; return how many are still open."""
        for index, item in enumerate(self.items):
            if isinstance(item, OpenQuote):
                if cursor.indent > 3 or not cursor.text.startswith(">", cursor.next):
                    return index
                cursor.take(1)
                cursor.skip_one_space()
            elif isinstance(item, OpenItem):
                if cursor.blank:
                    if item.fresh and not isinstance(item.value, Footnote):
                        return index
                    cursor.skip(cursor.indent)
                elif cursor.indent >= item.indent:
                    cursor.skip(item.indent)
                else:
                    return index
        return len(self.items)

    def push(self, item: OpenContainer) -> None:
        """Open a container within the innermost one."""
        self.touch()
        self.items.append(item)
        self._path = None

    def push_item(self, mark: str, number: int, indent: int, *, ordered: bool) -> None:
        """Open an item in the list that it belongs to, which is opened if there is none yet."""
        owner = self.top
        known = True
        if isinstance(owner, OpenList) and (owner.mark, owner.ordered) != (mark, ordered):
            self.pop()
            owner = self.top
        if not isinstance(owner, OpenList):
            known = isinstance(owner, OpenItem)
            owner = OpenList(mark, ordered, number)
            self.push(owner)
        value = ListItem(ordered, owner.number if ordered else 0)
        owner.number += 1
        self.push(OpenItem(value, indent, tight=known))

    def holds(self, depth: int, kind: type[Definition] | type[Footnote]) -> bool:
        """Tell whether the container after the first ``depth`` ones is of a kind."""
        if depth >= len(self.items):
            return False
        item = self.items[depth]
        return isinstance(item, OpenItem) and isinstance(item.value, kind)

    def in_meaning(self, depth: int) -> bool:
        """Tell whether there is a meaning of a definition list after the first ``depth`` ones."""
        return any(self.holds(index, Definition) for index in range(depth, len(self.items)))

    def pop(self) -> None:
        """Close the innermost one."""
        self.items.pop()
        self._path = None

    def touch(self) -> bool:
        """Let something stand in the innermost container; tell whether it is the first thing."""
        top = self.top
        if top is None or isinstance(top, OpenList):
            return False
        fresh, top.fresh = top.fresh, False
        return fresh

    def hidden(self) -> bool:
        """Tell whether a marker or an alert's title has not been shown by any block yet."""
        for item in self.items:
            if isinstance(item, OpenItem):
                if not item.shown:
                    return True
            elif isinstance(item, OpenQuote) and item.value.alert and not item.shown:
                return True
        return False

    def tight(self) -> bool:
        """Tell whether the next block begins an item that may stand close to what is before."""
        for item in self.items:
            if isinstance(item, OpenItem) and not item.shown:
                return item.tight
        return False

    def path(self) -> tuple[Container, ...]:
        """Return the path for the next block; markers not shown yet are shown by it."""
        if self._path is None or self.hidden():
            path: list[Container] = []
            later: list[Container] = []
            for item in self.items:
                if isinstance(item, OpenList):
                    continue
                later.append(item.value)
                if isinstance(item, OpenItem) and not item.shown:
                    path.append(replace(item.value, first=True))
                else:
                    path.append(item.value)
                item.shown = True
            self._path = tuple(later)
            return tuple(path)
        return self._path
