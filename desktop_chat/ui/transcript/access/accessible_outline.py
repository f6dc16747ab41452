"""A message as a tree for assistive technology: headings, lists, tables, code, formulas.

The tree is made from blocks alone, level by level and only where someone looks: a group knows
which blocks it covers and finds its parts when it is asked for them. Nothing here is laid out.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from PySide6.QtGui import QAccessible

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    Container,
    Definition,
    Footnote,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    Spans,
    Style,
    TableRow,
    TextBlock,
)
from desktop_chat.ui.transcript.access.accessible_words import (
    Languages,
    code_name,
    continues,
    footnote_name,
    image_name,
    joint,
    mark_of,
    quote_name,
    said,
    table_name,
)

Role = QAccessible.Role
_SPECIAL: Final = Style.MATH | Style.LINK | Style.IMAGE | Style.FOOTNOTE
_LONGEST: Final = 4000
"""Lines of one paragraph are one thing up to about so many characters."""


class Entry:
    """One thing in a message.

    Args:
        role: what it is.
        name: what it says.
        description: what is to be known beside.

    Attributes:
        role: what it is.
        first: the number of the first block that it covers; -1 for none.
        last: the number after the last one.
    """

    __slots__ = ("_description", "_name", "first", "last", "role")

    def __init__(self, role: QAccessible.Role, name: str = "", description: str = "") -> None:
        self.role = role
        self.first = -1
        self.last = -1
        self._name = name
        self._description = description

    @property
    def name(self) -> str:
        """What it says."""
        return self._name

    @property
    def description(self) -> str:
        """What is to be known of it beside its name."""
        return self._description

    @property
    def checked(self) -> bool | None:
        """Whether a task is done; None for what is no task."""
        return None

    def count(self) -> int:
        """Return how many parts it has."""
        return 0

    def part(self, index: int) -> "Entry":
        """Return one part, the same object each time."""
        raise IndexError(index)

    def at(self, first: int, last: int) -> "Entry":
        """Say which blocks it covers, and return it."""
        self.first = first
        self.last = last
        return self


class _Parts(Entry):
    """Something with a few parts that are made at once, when the first is asked for."""

    __slots__ = ("_parts",)

    def __init__(self, role: QAccessible.Role, name: str = "", description: str = "") -> None:
        super().__init__(role, name, description)
        self._parts: list[Entry] | None = None

    def _make(self) -> list[Entry]:
        raise NotImplementedError

    def _all(self) -> list[Entry]:
        if self._parts is None:
            self._parts = [part.at(self.first, self.last) for part in self._make()]
        return self._parts

    def count(self) -> int:
        """Return how many parts it has."""
        return len(self._all())

    def part(self, index: int) -> Entry:
        """Return one part."""
        return self._all()[index]


def _inline(span: Span) -> Entry:
    """Return what one span is within a line of text."""
    style = span.style
    if style & Style.MATH:
        return Entry(Role.Equation, span.text, tr("Formula"))
    if style & Style.IMAGE:
        return Entry(Role.Graphic, image_name(span.text))
    if style & Style.FOOTNOTE:
        return Entry(Role.Link, footnote_name(span.text))
    if style & Style.LINK:
        return Entry(Role.Link, span.text, span.href)
    return Entry(Role.StaticText, span.text)


def _inlines(spans: Spans) -> list[Entry]:
    """Return formulas, links and images in a text with what stands between them; nothing for a
    text that has none.
    """
    if not any(span.style & _SPECIAL for span in spans):
        return []
    found: list[Entry] = []
    words: list[str] = []
    for span in spans:
        if not span.style & _SPECIAL:
            words.append(span.text)
            continue
        if words:
            found.append(Entry(Role.StaticText, "".join(words)))
            words = []
        found.append(_inline(span))
    if words:
        found.append(Entry(Role.StaticText, "".join(words)))
    return found


class _Text(_Parts):
    """A heading, or the lines of a paragraph."""

    __slots__ = ("_blocks",)

    def __init__(self, blocks: Sequence[TextBlock]) -> None:
        level = blocks[0].heading
        super().__init__(Role.Heading if level else Role.Paragraph)
        self._blocks = blocks

    @property
    def name(self) -> str:
        """Its text."""
        text = said(self._blocks[0].spans)
        for before, block in zip(self._blocks, self._blocks[1:], strict=False):
            text += joint(block, before) + said(block.spans)
        return text

    @property
    def description(self) -> str:
        """The level of a heading."""
        level = self._blocks[0].heading
        return tr("Heading level {level}").format(level=level) if level else ""

    def _make(self) -> list[Entry]:
        spans = list(self._blocks[0].spans)
        for before, block in zip(self._blocks, self._blocks[1:], strict=False):
            spans += [Span(joint(block, before)), *block.spans]
        return _inlines(tuple(spans))


class _Code(Entry):
    """A code block; its parts are its lines."""

    __slots__ = ("_block", "_languages", "_lines")

    def __init__(self, block: CodeBlock, languages: Languages) -> None:
        super().__init__(Role.Section)
        self._block = block
        self._languages = languages
        self._lines: dict[int, Entry] = {}

    @property
    def name(self) -> str:
        """That it is code, in which language, and how long."""
        return code_name(self._block, self._languages)

    def count(self) -> int:
        """Return how many lines it has."""
        return len(self._block.lines)

    def part(self, index: int) -> Entry:
        """Return one line."""
        line = self._lines.get(index)
        if line is None:
            line = _Line(self._block, index).at(self.first, self.last)
            self._lines[index] = line
        return line


class _Line(Entry):
    """A line of code."""

    __slots__ = ("_block", "_index")

    def __init__(self, block: CodeBlock, index: int) -> None:
        super().__init__(Role.StaticText)
        self._block = block
        self._index = index

    @property
    def name(self) -> str:
        """The line, which may still grow."""
        lines = self._block.lines
        return lines[self._index] if self._index < len(lines) else ""


class _Formula(Entry):
    """A displayed formula."""

    __slots__ = ("_block",)

    def __init__(self, block: MathBlock) -> None:
        super().__init__(Role.Equation, "", tr("Formula"))
        self._block = block

    @property
    def name(self) -> str:
        """Its LaTeX."""
        return self._block.text


class _Image(Entry):
    """An image in a line of its own."""

    __slots__ = ("_block",)

    def __init__(self, block: ImageBlock) -> None:
        super().__init__(Role.Graphic)
        self._block = block

    @property
    def name(self) -> str:
        """Its alternative text."""
        return image_name(self._block.alt)


class _Row(_Parts):
    """A row of a table."""

    __slots__ = ("_block",)

    def __init__(self, block: TableRow) -> None:
        super().__init__(Role.Row)
        self._block = block

    @property
    def name(self) -> str:
        """Its cells, one after the other."""
        return ", ".join(said(cell) for cell in self._block.cells)

    def _make(self) -> list[Entry]:
        role = Role.Cell if self._block.index else Role.ColumnHeader
        return [_Cell(role, cell) for cell in self._block.cells]


class _Cell(_Parts):
    """A cell of a table."""

    __slots__ = ("_spans",)

    def __init__(self, role: QAccessible.Role, spans: Spans) -> None:
        super().__init__(role, said(spans))
        self._spans = spans

    def _make(self) -> list[Entry]:
        return _inlines(self._spans)


class _Sort(NamedTuple):
    """What kind of thing stands at a place, and whether the next block belongs to it.

    Attributes:
        role: what it is.
        mark: what blocks of one thing have in common.
    """

    role: QAccessible.Role
    mark: object


def _sort(block: Block, depth: int) -> _Sort:
    """Tell what a block is, or stands in, at a depth of containers."""
    if depth < len(block.containers):
        container = block.containers[depth]
        if isinstance(container, Quote):
            return _Sort(Role.BlockQuote, container)
        if isinstance(container, ListItem):
            return _Sort(Role.List, container.ordered)
        if isinstance(container, Definition):
            return _Sort(Role.Section, Definition)
        return _Sort(Role.Note, container.label)
    if isinstance(block, TableRow):
        return _Sort(Role.Table, block.table)
    return _Sort(_ROLES[type(block)], None)


_ROLES: Final[dict[type[Block], QAccessible.Role]] = {
    TextBlock: Role.Paragraph,
    RuleBlock: Role.Separator,
    CodeBlock: Role.Section,
    MathBlock: Role.Equation,
    ImageBlock: Role.Graphic,
}


class Group(Entry):
    """Blocks of a message that stand together: all of them, a list, an item, a quote, a table.

    Args:
        blocks: of the whole message; the same list may grow, see ``update``.
        first: the number of the first one.
        last: the number after the last one.
        depth: how many containers they are in, as far as this group goes.
        role: what it is.
        languages: the names of languages.
    """

    __slots__ = ("_blocks", "_depth", "_languages", "_parts", "_read")

    def __init__(
        self,
        blocks: Sequence[Block],
        first: int,
        last: int,
        depth: int,
        role: QAccessible.Role,
        languages: Languages,
    ) -> None:
        super().__init__(role)
        self.first = first
        self.last = last
        self._blocks = blocks
        self._depth = depth
        self._languages = languages
        self._parts: list[Entry] = []
        self._read = first
        """The parts cover the blocks before this one."""

    # What it is

    @property
    def _container(self) -> Container | None:
        containers = self._blocks[self.first].containers
        return containers[self._depth - 1] if 0 < self._depth <= len(containers) else None

    @property
    def name(self) -> str:
        """What it says by itself: the first line of an item, the size of a table."""
        block = self._blocks[self.first]
        if self.role is Role.Table and isinstance(block, TableRow):
            return table_name(self.last - self.first, len(block.cells))
        if self.role is Role.ListItem:
            return self._item_name(block)
        container = self._container
        if self.role is Role.BlockQuote and isinstance(container, Quote):
            return quote_name(container)
        if self.role is Role.Note and isinstance(container, Footnote):
            return footnote_name(container.label)
        return ""

    @staticmethod
    def _item_name(block: Block) -> str:
        text = said(block.spans) if isinstance(block, TextBlock) else ""
        item = next(
            (item for item in block.containers if isinstance(item, ListItem) and item.task is None),
            None,
        )
        return (mark_of(block) if item is not None else "") + text

    @property
    def checked(self) -> bool | None:
        """Whether a task is done."""
        container = self._container
        item = self.role is Role.ListItem and isinstance(container, ListItem)
        return container.task if item and isinstance(container, ListItem) else None

    # Its parts

    def update(self, last: int, changed: int) -> list[Entry]:
        """Take note that blocks have come or changed.

        Args:
            last: the number after the last one now.
            changed: the number of the first one that is another one than before.

        Returns:
            The parts that are there no more.
        """
        self.last = last
        keep = len(self._parts)
        # The part before the change may go on with it.
        while keep and self._parts[keep - 1].last >= changed:
            keep -= 1
        old = self._parts[keep:]
        del self._parts[keep:]
        if not old:
            return []
        self._read = old[0].first
        if not isinstance(old[0], Group) or self._read >= changed or self._read >= last:
            return old
        return self._renew(old, changed)

    def _renew(self, old: list[Entry], changed: int) -> list[Entry]:
        """Let a list or a table that has grown stay the same object."""
        grown = old[0]
        made = self._next()
        same = isinstance(made, Group) and isinstance(grown, Group) and made.role is grown.role
        if not same or not isinstance(grown, Group):
            self._parts.append(made)
            return old
        gone = grown.update(made.last, changed)
        self._parts.append(grown)
        return [*gone, *old[1:]]

    def _all(self) -> list[Entry]:
        while self._read < self.last:
            self._parts.append(self._next())
        return self._parts

    def count(self) -> int:
        """Return how many parts it has."""
        if self.role is Role.Table:
            return self.last - self.first
        parts = self._all()
        if self._says_itself(parts):
            return 0
        return len(parts)

    def _says_itself(self, parts: list[Entry]) -> bool:
        """Tell whether the name of an item is all there is in it."""
        return (
            self.role is Role.ListItem
            and len(parts) == 1
            and isinstance(parts[0], _Text)
            and parts[0].last - parts[0].first == 1
            and not parts[0].count()
        )

    def part(self, index: int) -> Entry:
        """Return one part."""
        return self._all()[index]

    def place_of(self, block: int) -> int:
        """Return the number of the part that covers a block, or -1."""
        low, high = 0, len(self._all())
        while low < high:
            middle = (low + high) // 2
            if self._parts[middle].last <= block:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._parts) and self._parts[low].first <= block else -1

    def _next(self) -> Entry:
        """Make the part that begins with the first block that no part covers."""
        first = self._read
        block = self._blocks[first]
        if self.role is Role.Table and isinstance(block, TableRow):
            self._read = first + 1
            return _Row(block).at(first, first + 1)
        if self.role is Role.List:
            last = self._item_end(first)
            made: Entry = self._group(first, last, self._depth + 1, Role.ListItem)
        else:
            made, last = self._plain(first, block)
        self._read = last
        return made.at(first, last)

    def _plain(self, first: int, block: Block) -> tuple[Entry, int]:
        sort = _sort(block, self._depth)
        if isinstance(block, TextBlock) and self._depth >= len(block.containers):
            last = self._paragraph_end(first)
            lines = [line for line in self._blocks[first:last] if isinstance(line, TextBlock)]
            return _Text(lines), last
        if sort.mark is None:
            return self._leaf(block), first + 1
        last = first + 1
        while last < self.last and self._goes_on(last, sort):
            last += 1
        # A list has the depth of what it stands in; its items are one deeper.
        deeper = sort.role not in (Role.List, Role.Table)
        return self._group(first, last, self._depth + deeper, sort.role), last

    def _goes_on(self, number: int, sort: _Sort) -> bool:
        block = self._blocks[number]
        if _sort(block, self._depth) != sort:
            return False
        container = block.containers[self._depth] if self._depth < len(block.containers) else None
        return not (isinstance(container, Footnote) and container.first)

    def _group(self, first: int, last: int, depth: int, role: QAccessible.Role) -> "Group":
        return Group(self._blocks, first, last, depth, role, self._languages)

    def _leaf(self, block: Block) -> Entry:
        if isinstance(block, CodeBlock):
            return _Code(block, self._languages)
        if isinstance(block, MathBlock):
            return _Formula(block)
        if isinstance(block, ImageBlock):
            return _Image(block)
        return Entry(Role.Separator)

    def _item_end(self, first: int) -> int:
        last = first + 1
        while last < self.last:
            container = self._blocks[last].containers[self._depth]
            if isinstance(container, ListItem) and container.first:
                break
            last += 1
        return last

    def _paragraph_end(self, first: int) -> int:
        last = first + 1
        size = 0
        while last < self.last and continues(self._blocks[last], self._blocks[last - 1]):
            before = self._blocks[last - 1]
            size += len(said(before.spans)) if isinstance(before, TextBlock) else 0
            if size > _LONGEST or len(self._blocks[last].containers) > self._depth:
                break
            last += 1
        return last


def outline(blocks: Sequence[Block], languages: Languages) -> Group:
    """Return the tree of a message.

    Args:
        blocks: all of it.
        languages: the names of languages.
    """
    return Group(blocks, 0, len(blocks), 0, Role.Document, languages)
