"""Makes blocks: their paths, distances and offsets."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from desktop_chat.markdown.blocks import (
    Align,
    Block,
    CodeBlock,
    Gap,
    MathBlock,
    RuleBlock,
    Spans,
    Table,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.containers import Stack
from desktop_chat.markdown.inline import Inline, References, parse_inline
from desktop_chat.markdown.leaves import Line
from desktop_chat.markdown.tables import fit, split_row
from desktop_chat.markdown.tail import Tail, parse_tail

Keepable: TypeAlias = CodeBlock | MathBlock | Table
Kept = TypeVar("Kept", CodeBlock, MathBlock, Table)


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
        self._parsed: tuple[str, Inline] = ("", Inline(()))
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
        if self._parsed[0] != text:
            self._parsed = (text, parse_inline(text, self.references))
        return self._parsed[1]

    def spans(self, text: str) -> Spans:
        """Parse the text of a leaf that is finished, or in a preview may still grow."""
        if self.preview:
            return self._tail.spans(text, self.references)
        return self.inline(text).spans

    def empty(self) -> None:
        """Write a block that only shows a marker or a title."""
        start = self.start(self._carry_end)
        gap = self.gap()
        self.blocks.append(TextBlock((), self.stack.path(), gap, 0, start, self._carry_end))

    def lines(self, lines: Sequence[Line], spans: Spans, gap: Gap) -> None:
        """Write lines of a paragraph, as one block."""
        path = self.stack.path()
        self.blocks.append(TextBlock(spans, path, gap, 0, lines[0].start, lines[-1].end))

    def heading(self, level: int, spans: Spans, gap: Gap, start: int, end: int) -> None:
        """Write a heading."""
        self.blocks.append(TextBlock(spans, self.stack.path(), gap, level, start, end))

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

    def _place(self, block: CodeBlock | MathBlock, start: int, end: int) -> None:
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
