"""The flat list of blocks as a tree, which is what a writer of another format wants."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

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
    RuleBlock,
    Span,
    Spans,
    Table,
    TableRow,
    TextBlock,
)
from desktop_chat.markdown.lines import MAX_PIECE


@dataclass(slots=True, eq=False)
class Paragraph:
    """A paragraph with all its lines, a heading or the term of a definition list.

    Attributes:
        spans: its text; a line feed is a line break.
        gap: the distance to what is before it.
        heading: 1 to 6, or 0.
        term: whether it is a term.
        last: the block that its last line came from.
    """

    spans: Spans
    gap: Gap
    heading: int
    term: bool
    last: TextBlock


@dataclass(slots=True, eq=False)
class Rows:
    """Rows of one table that stand together.

    Attributes:
        table: what they share.
        rows: in order; the first is the table's head only if its index is 0.
        gap: the distance to what is before them.
    """

    table: Table
    rows: list[TableRow]
    gap: Gap

    @property
    def aligns(self) -> tuple[Align, ...]:
        """One for each column."""
        return self.table.aligns


@dataclass(slots=True, eq=False)
class Group:
    """One container and what stands in it.

    Attributes:
        container: a quote, an item, a definition or a footnote.
        nodes: its content.
        gap: the distance to what is before it.
    """

    container: Container
    gap: Gap
    nodes: list["Node"] = field(default_factory=list)


Node: TypeAlias = Paragraph | Rows | Group | CodeBlock | MathBlock | ImageBlock | RuleBlock


def nest(blocks: Iterable[Block]) -> list[Node]:
    """Return blocks as a tree.

    It may begin anywhere: what stands in an item whose beginning is not there is an item still.
    """
    top: list[Node] = []
    opened: list[Group] = []
    for block in blocks:
        path = block.containers
        depth = _shared(opened, path)
        del opened[depth:]
        for container in path[depth:]:
            group = Group(container, block.gap)
            (opened[-1].nodes if opened else top).append(group)
            opened.append(group)
        _put(opened[-1].nodes if opened else top, block)
    return top


def _shared(opened: Sequence[Group], path: Sequence[Container]) -> int:
    """Return how many of the open containers a block stands in."""
    depth = 0
    for group, container in zip(opened, path, strict=False):
        if getattr(container, "first", False) or not _same(group.container, container):
            break
        depth += 1
    return depth


def _same(one: Container, other: Container) -> bool:
    if isinstance(one, ListItem) and isinstance(other, ListItem):
        return (one.ordered, one.number) == (other.ordered, other.number)
    if isinstance(one, Definition):
        return isinstance(other, Definition)
    if isinstance(one, Footnote):
        return isinstance(other, Footnote) and one.label == other.label
    return one == other


def _put(nodes: list[Node], block: Block) -> None:
    before = nodes[-1] if nodes else None
    if isinstance(block, TableRow):
        if isinstance(before, Rows) and before.table is block.table and block.index:
            before.rows.append(block)
        else:
            nodes.append(Rows(block.table, [block], block.gap))
    elif not isinstance(block, TextBlock):
        nodes.append(block)
    elif isinstance(before, Paragraph) and _goes_on(before, block):
        joint = joint_of(before.last, block)
        before.spans += (Span(joint), *block.spans) if joint else block.spans
        before.last = block
    else:
        nodes.append(Paragraph(block.spans, block.gap, block.heading, block.term, block))


def joint_of(before: TextBlock, block: TextBlock) -> str:
    """Return what stands between two blocks of one paragraph.

    A long line is several blocks, each of which begins where the one before it ends. A space at
    the cut belongs to neither.
    """
    if not 0 < before.end == block.start:
        return "\n"
    left = before.spans[-1].text[-1:] if before.spans else ""
    right = block.spans[0].text[:1] if block.spans else ""
    hard = before.end - before.start >= MAX_PIECE
    return "" if hard or not left.isascii() or not right.isascii() else " "


def _goes_on(before: Paragraph, block: TextBlock) -> bool:
    plain = not (before.heading or block.heading or before.term or block.term)
    return plain and block.gap == Gap.NONE


def siblings(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Yield nodes in runs: the items of one list together, everything else alone."""
    run: list[Node] = []
    for node in nodes:
        if run and continues(run[-1], node):
            run.append(node)
            continue
        if run:
            yield run
        run = [node]
    if run:
        yield run


def continues(before: Node, node: Node) -> bool:
    """Tell whether a node is the next item of the list that the one before it is of."""
    if not (isinstance(before, Group) and isinstance(node, Group)):
        return False
    one, other = before.container, node.container
    if not (isinstance(one, ListItem) and isinstance(other, ListItem)):
        return False
    return one.ordered == other.ordered and (not one.ordered or other.number == one.number + 1)
