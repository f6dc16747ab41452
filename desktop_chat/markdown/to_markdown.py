"""Blocks as Markdown: one canonical way of writing, which is read as the same blocks again."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from desktop_chat.markdown.blocks import (
    Align,
    Block,
    CodeBlock,
    Container,
    Definition,
    Footnote,
    Gap,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    Style,
    TableRow,
)
from desktop_chat.markdown.mathtext import MAX_LINES
from desktop_chat.markdown.nesting import Group, Node, Paragraph, Rows, continues, nest
from desktop_chat.markdown.spans_markdown import (
    cell_markdown,
    heading_markdown,
    paragraph_markdown,
)

_FENCES: Final = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_RULES: Final = {
    Align.NONE: "---",
    Align.LEFT: ":---",
    Align.CENTER: ":---:",
    Align.RIGHT: "---:",
}


def to_markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown, without a line feed at the end.

    Rows without their table's head get one of empty cells, because Markdown has no other way. An
    item that has lost its beginning is written with its marker.
    """
    return "\n".join(_lines(nest(blocks)))


def _lines(nodes: Sequence[Node]) -> list[str]:
    out: list[str] = []
    delimiter = "."
    before: Node | None = None
    for node in nodes:
        if before is not None and _apart(before, node):
            out.append("")
        if isinstance(node, Group):
            if before is None or not continues(before, node):
                delimiter = _other(delimiter) if _beside_list(before, node) else "."
            out.extend(_group(node, delimiter))
        else:
            out.extend(_leaf(node))
        before = node
    return out


def _apart(before: Node, node: Node) -> bool:
    """Tell whether an empty line stands between two nodes."""
    if node.gap == Gap.PARAGRAPH or not isinstance(node, Group):
        return not (isinstance(before, Paragraph) and before.term and node.gap != Gap.PARAGRAPH)
    container = node.container
    if isinstance(container, ListItem) and isinstance(before, Paragraph):
        # Only a first number may stand below a line of text.
        return container.ordered and container.number != 1
    return False


def _other(delimiter: str) -> str:
    return ")" if delimiter == "." else "."


def _beside_list(before: Node | None, node: Group) -> bool:
    """Tell whether two lists with numbers stand side by side, which one mark would join."""
    if not isinstance(before, Group):
        return False
    items = (before.container, node.container)
    return all(isinstance(item, ListItem) and item.ordered for item in items)


def _group(group: Group, delimiter: str) -> list[str]:
    lines = _lines(group.nodes)
    first, later = _marks(group.container, delimiter)
    container = group.container
    if isinstance(container, Quote):
        if container.alert:
            empty = lines == [""] or not lines
            lines = [f"[!{container.alert.upper()}]", *([] if empty else lines)]
        return [f"> {line}".rstrip() for line in lines]
    if not lines:
        lines = [""]
    head = f"{first}{lines[0]}".rstrip()
    return [head, *(f"{later}{line}" if line else "" for line in lines[1:])]


def _marks(container: Container, delimiter: str) -> tuple[str, str]:
    """Return what stands before the first line of a container, and before the others."""
    if isinstance(container, ListItem):
        marker = f"{container.number}{delimiter} " if container.ordered else "- "
        task = "" if container.task is None else "[x] " if container.task else "[ ] "
        return marker + task, " " * len(marker)
    if isinstance(container, Definition):
        return ": ", "  "
    if isinstance(container, Footnote):
        return f"[^{container.label}]: ", "    "
    return "> ", "> "


def _leaf(node: Paragraph | Rows | CodeBlock | MathBlock | ImageBlock | RuleBlock) -> list[str]:
    if isinstance(node, Paragraph):
        if node.heading:
            return [heading_markdown(node.heading, node.spans)]
        return paragraph_markdown(node.spans).split("\n")
    if isinstance(node, Rows):
        return _table(node)
    if isinstance(node, CodeBlock):
        return code_lines(node.language, node.lines)
    if isinstance(node, MathBlock):
        return _formula(node.text)
    if isinstance(node, ImageBlock):
        return [paragraph_markdown((Span(node.alt, Style.IMAGE, node.href),))]
    return ["***" if node.containers else "---"]


def code_lines(language: str, lines: Sequence[str]) -> list[str]:
    """Return the lines of a fenced code block."""
    longest = max((len(run) for run in _FENCES.findall("\n".join(lines))), default=2)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def _formula(text: str) -> list[str]:
    lines = text.split("\n") if text else []
    if not text.strip() or "$$" in text or len(lines) >= MAX_LINES:
        return code_lines("math", lines)
    return ["$$", *lines, "$$"]


def _table(node: Rows) -> list[str]:
    rows = [_row(row) for row in node.rows]
    if node.rows[0].index:
        rows.insert(0, _joined([""] * len(node.aligns)))
    rows.insert(1, _joined([_RULES[align] for align in node.aligns]))
    return rows


def _row(row: TableRow) -> str:
    return _joined([cell_markdown(cell) for cell in row.cells])


def _joined(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
