"""Compares blocks by what they show, and reads their text."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    MathBlock,
    Span,
    Spans,
    Style,
    Table,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.stream import MarkdownStream


def shape(blocks: Sequence[Block], *, ended: bool = True) -> list[Any]:
    """Return blocks as tuples. ``ended`` counts whether a table still grows."""

    def of(value: Any) -> Any:
        if isinstance(value, Table) and not ended:
            return ("Table", id(value), value.aligns)
        if is_dataclass(value):
            return (type(value).__name__, *(of(getattr(value, f.name)) for f in fields(value)))
        if isinstance(value, tuple | list):
            return tuple(of(item) for item in value)
        return value

    return [of(block) for block in blocks]


def plain(spans: Spans) -> str:
    """Return the text of spans."""
    return "".join(span.text for span in spans)


def text_of(block: Block) -> str:
    """Return the text of a block."""
    if isinstance(block, TextBlock):
        return plain(block.spans)
    if isinstance(block, CodeBlock):
        return "\n".join(block.lines)
    if isinstance(block, MathBlock):
        return block.text
    if isinstance(block, TableRow):
        return " | ".join(plain(cell) for cell in block.cells)
    return ""


def text(blocks: Iterable[Block]) -> str:
    """Return the text of blocks."""
    return "\n".join(text_of(block) for block in blocks)


def spans_of(block: Block) -> list[Span]:
    """Return every span of a block."""
    if isinstance(block, TextBlock):
        return list(block.spans)
    if isinstance(block, TableRow):
        return [span for cell in block.cells for span in cell]
    return []


def styled(source: str, style: Style) -> list[str]:
    """Return the texts that have a style after parsing."""
    stream = MarkdownStream()
    stream.feed(source)
    stream.finish()
    return [s.text for b in stream.blocks for s in spans_of(b) if s.style & style]


def shown(source: str) -> list[Block]:
    """Return the blocks while more may come."""
    stream = MarkdownStream()
    stream.feed(source)
    return stream.blocks
