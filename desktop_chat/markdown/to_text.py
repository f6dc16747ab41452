"""Blocks as plain text: what a reader sees, without the marks of Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from desktop_chat.markdown.blocks import (
    Block,
    CodeBlock,
    Footnote,
    Gap,
    ImageBlock,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Spans,
    Style,
)
from desktop_chat.markdown.nesting import Group, Node, Paragraph, Rows, nest


def to_text(blocks: Iterable[Block], *, alerts: Mapping[str, str] | None = None) -> str:
    """Return blocks as plain text, without a line feed at the end.

    Lists have ``•`` or their numbers, cells of a table stand between tabs, formulas are LaTeX.

    Args:
        blocks: what is written.
        alerts: the titles of alerts by their kind; without one the kind itself.
    """
    return "\n".join(_lines(nest(blocks), alerts or {}))


def spans_to_text(spans: Spans) -> str:
    """Return the text of one paragraph; of an image its words, or its address without any."""
    return "".join(
        [
            (span.text or span.href) if span.style & Style.IMAGE
            else f"[{span.text}]" if span.style & Style.FOOTNOTE
            else span.text
            for span in spans
        ]
    )  # fmt: skip


def _lines(nodes: Sequence[Node], alerts: Mapping[str, str]) -> list[str]:
    out: list[str] = []
    for index, node in enumerate(nodes):
        if index and node.gap == Gap.PARAGRAPH:
            out.append("")
        out.extend(_group(node, alerts) if isinstance(node, Group) else _leaf(node))
    return out


def _group(group: Group, alerts: Mapping[str, str]) -> list[str]:
    lines = _lines(group.nodes, alerts) or [""]
    container = group.container
    if isinstance(container, ListItem):
        marker = f"{container.number}. " if container.ordered else "• "
        if container.task is not None:
            marker = "☑ " if container.task else "☐ "
    elif isinstance(container, Footnote):
        marker = f"[{container.label}] "
    elif isinstance(container, Quote):
        title = alerts.get(container.alert, container.alert.capitalize())
        return [title, *lines] if container.alert else lines
    else:
        marker = "  "
    pad = " " * len(marker)
    return [(marker + lines[0]).rstrip(), *(pad + line if line else "" for line in lines[1:])]


def _leaf(node: Node) -> list[str]:
    if isinstance(node, Paragraph):
        return spans_to_text(node.spans).split("\n")
    if isinstance(node, Rows):
        return [
            "\t".join([spans_to_text(cell).replace("\n", " ") for cell in row.cells])
            for row in node.rows
        ]
    if isinstance(node, CodeBlock):
        return list(node.lines)
    if isinstance(node, MathBlock):
        return node.text.split("\n")
    if isinstance(node, ImageBlock):
        return [node.alt or ("" if node.href.startswith("data:") else node.href)]
    return ["———"] if isinstance(node, RuleBlock) else []
