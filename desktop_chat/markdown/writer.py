"""Makes blocks: their paths, distances and offsets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from desktop_chat.markdown.blocks import (
    Align,
    Block,
    Bound,
    CodeBlock,
    Gap,
    ImageBlock,
    MathBlock,
    RuleBlock,
    Span,
    Table,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.containers import Stack
from desktop_chat.markdown.inline import Inline, References, parse_inline
from desktop_chat.markdown.leaves import Line
from desktop_chat.markdown.tables import fit, split_row
from desktop_chat.markdown.tail import Tail, parse_tail

Keepable: TypeAlias = CodeBlock | MathBlock | ImageBlock | Table
Kept = TypeVar("Kept", CodeBlock, MathBlock, ImageBlock, Table)


@dataclass(slots=True)
class _Parsed:
    """The text that was parsed last, and what it became; previews share it."""

    text: str = ""
    result: Inline = field(default_factory=lambda: Inline(()))


class Writer:
    """Appends blocks.

    Args:
        blocks: where they go.
        references: link definitions seen so far.
        kept: objects that previews made, by kind and place, so that they stay the same ones.
        preview: True when what is written shows an incomplete line.
        tail: parses that line.
    """

    def __init__(
        self,
        blocks: list[Block],
        references: References,
        kept: dict[tuple[type, int], Keepable],
        *,
        preview: bool = False,
        tail: Tail | None = None,
    ) -> None:
        self.blocks = blocks
        self.references = references
        self.stack = Stack()
        self.preview = preview
        self.blank = False
        self._kept = kept
        self._carry: int | None = None
        self._carry_end = 0
        self._parsed = _Parsed()
        self._tail = tail or Tail()

    def copy(self) -> "Writer":
        """Return a copy for a preview; it appends to the same blocks."""
        other = Writer(self.blocks, self.references, self._kept, preview=True, tail=self._tail)
        other.stack = self.stack.copy()
        other.blank = self.blank
        other._carry, other._carry_end = self._carry, self._carry_end
        other._parsed = self._parsed
        return other

    def gap(self) -> Gap:
        """Return the distance of the next block to the one before."""
        gap = Gap.TIGHT if self.stack.tight() and not self.blank else Gap.PARAGRAPH
        self.blank = False
        return gap

    def start(self, start: int) -> int:
        """Return where a block begins: with the marks before it that have no block."""
        carry, self._carry = self._carry, None
        return start if carry is None else carry

    def pass_over(self, text: str, start: int, end: int) -> None:
        """Remember a line that is not blank and has no block of its own."""
        if text.strip():
            if self._carry is None:
                self._carry = start
            self._carry_end = end

    def inline(self, text: str) -> Inline:
        """Parse the text of a leaf; the last result is remembered."""
        parsed = self._parsed
        if parsed.text != text:
            parsed.text, parsed.result = text, parse_inline(text, self.references)
        return parsed.result

    def read(self, text: str) -> Inline:
        """Parse the text of a leaf that is finished, or in a preview may still grow."""
        if self.preview:
            return self._tail.parse(text, self.references)
        return self.inline(text)

    def empty(self) -> None:
        """Write a block that only shows a marker or a title."""
        start = self.start(self._carry_end)
        gap = self.gap()
        self.blocks.append(TextBlock((), self.stack.path(), gap, 0, start, self._carry_end))

    def lines(
        self,
        lines: Sequence[Line],
        read: Inline,
        gap: Gap,
        *,
        term: bool = False,
        bound: Bound = Bound.NONE,
    ) -> None:
        """Write lines of a paragraph, as one block."""
        start, end = lines[0].start, lines[-1].end
        path = self.stack.path()
        bound = bound or read.bound
        self.blocks.append(TextBlock(read.spans, path, gap, 0, start, end, term, bound))

    def heading(self, level: int, read: Inline, gap: Gap, start: int, end: int) -> None:
        """Write a heading."""
        path = self.stack.path()
        self.blocks.append(TextBlock(read.spans, path, gap, level, start, end, bound=read.bound))

    def raw(self, pieces: Sequence[str], start: int, end: int, gap: Gap, bound: Bound) -> None:
        """Write pieces of one line as they stand; ``end`` is the offset after the last."""
        path = self.stack.path()
        at = end - sum(len(piece) for piece in pieces)
        for piece in pieces:
            at += len(piece)
            self.blocks.append(TextBlock((Span(piece),), path, gap, 0, start, at, bound=bound))
            start, gap = at, Gap.NONE

    def rule(self, start: int, end: int) -> None:
        """Write a thematic break."""
        gap = self.gap()
        self.blocks.append(RuleBlock(self.stack.path(), gap, self.start(start), end))

    def code(self, language: str, start: int, end: int) -> CodeBlock:
        """Write a code block that will grow."""
        block = self._keep(CodeBlock, CodeBlock, start)
        block.language, block.lines = language, []
        self._place(block, start, end)
        return block

    def math(self, start: int, end: int) -> MathBlock:
        """Write a formula that will grow."""
        block = self._keep(MathBlock, MathBlock, start)
        block.text = ""
        self._place(block, start, end)
        return block

    def image(self, alt: str, href: str, start: int, end: int) -> ImageBlock:
        """Write an image that stands alone in its line."""
        block = self._keep(ImageBlock, ImageBlock, start)
        block.alt, block.href = alt, href
        self._place(block, start, end)
        return block

    def head(self, line: Line, aligns: tuple[Align, ...], gap: Gap, end: int) -> Table:
        """Write the head of a table."""
        table = self._keep(lambda: Table(aligns), Table, line.start)
        table.aligns, table.open = aligns, True
        self.row(table, line.text, 0, gap, line.start, end)
        return table

    def row(self, table: Table, text: str, index: int, gap: Gap, start: int, end: int) -> None:
        """Write a row of a table."""
        found = split_row(text, hopeful=self.preview)
        last = len(found) - 1
        texts = fit(found, len(table.aligns))
        cells = tuple(
            parse_tail(cell, self.references, cell=True)
            if self.preview and index_ == last
            else parse_inline(cell, self.references, cell=True).spans
            for index_, cell in enumerate(texts)
        )
        self.blocks.append(TableRow(table, cells, index, self.stack.path(), gap, start, end))

    def _place(self, block: CodeBlock | MathBlock | ImageBlock, start: int, end: int) -> None:
        block.open = True
        block.gap = self.gap()
        block.containers = self.stack.path()
        block.start, block.end = self.start(start), end
        self.blocks.append(block)

    def _keep(self, make: Callable[[], Kept], kind: type[Kept], start: int) -> Kept:
        """Return the object that a preview made for the same place, or a new one."""
        found = self._kept.pop((kind, start), None)
        made = found if isinstance(found, kind) else make()
        if self.preview:
            self._kept.clear()
            self._kept[kind, start] = made
        return made
