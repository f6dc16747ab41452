"""What Markdown becomes: a flat list of blocks, each with the containers that it stands in.

The list is flat so that a view can lay out, measure and paint each block by itself, and so that a
stream touches the last one alone: the last paragraph line, list item, table row, quote line or
code line is a block (or a line of a ``CodeBlock``) of its own.
"""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from typing import TypeAlias


class Style(IntFlag):
    """How a span is set; several may apply."""

    NONE = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8
    MATH = 16
    """``text`` is LaTeX without its delimiters."""
    LINK = 32
    """``href`` is http, https or mailto."""
    IMAGE = 64
    """``text`` is the alternative text, ``href`` the address; nothing is fetched."""
    FOOTNOTE = 128
    """A mark that points to a footnote: ``text`` is its label, ``href`` ``#`` and the label.

    It is one whether or not the note is there yet, so that a note that comes later changes
    nothing above it.
    """


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style.

    Attributes:
        text: what is shown, without marks; a line feed is a line break.
        style: how.
        href: where a link or an image points, or "".
    """

    text: str
    style: Style = Style.NONE
    href: str = ""


Spans: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote; nested ones are several containers.

    Attributes:
        alert: ``note``, ``tip``, ``important``, ``warning``, ``caution``, or "" for a plain one.
        start: offset of the line that begins it, which tells it from the quote before it.
    """

    alert: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class ListItem:
    """An item of a list.

    Attributes:
        ordered: whether it has a number.
        number: of this item, as counted from the list's first one; 0 for a bullet.
        first: True for the first block of the item, which shows the marker.
        task: checked or not for a task item, else None.
    """

    ordered: bool
    number: int = 0
    first: bool = False
    task: bool | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """What a term of a definition list means; the term itself is a ``TextBlock`` before it.

    Attributes:
        first: True for the first block of one meaning.
    """

    first: bool = False


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote, where it is written.

    Attributes:
        label: as written between ``[^`` and ``]``.
        first: True for its first block, which shows the label.
    """

    label: str
    first: bool = False


Container: TypeAlias = Quote | ListItem | Definition | Footnote


class Gap(IntEnum):
    """The distance to the block before."""

    NONE = 0
    """The next line of the same paragraph, row of the same table."""
    TIGHT = 1
    """The next item of a tight list."""
    PARAGRAPH = 2
    """Anything else."""


class Bound(StrEnum):
    """Why a block is shown as it is written: a documented bound was passed."""

    NONE = ""
    DEPTH = "depth"
    """Too many containers within each other."""
    MARKS = "marks"
    """Too many marks in one piece of text."""
    COLUMNS = "columns"
    """A table with too many columns."""
    LENGTH = "length"
    """Too long for what it would be (a formula, an image's data)."""


class Align(StrEnum):
    """Of a table's column."""

    NONE = ""
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph or a heading, or a line of a paragraph that is finished while others may follow.

    Attributes:
        spans: its text.
        containers: outermost first.
        gap: the distance to the block before.
        heading: 1 to 6, or 0 for a paragraph.
        start: offset of its first character in the Markdown.
        end: offset after its last character.
        term: whether it is the term of a definition list.
        bound: why it is shown as it is written, or ``Bound.NONE``.
    """

    spans: Spans
    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.PARAGRAPH
    heading: int = 0
    start: int = 0
    end: int = 0
    term: bool = False
    bound: Bound = Bound.NONE


@dataclass(frozen=True, slots=True)
class RuleBlock:
    """A thematic break. Attributes as in ``TextBlock``."""

    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.PARAGRAPH
    start: int = 0
    end: int = 0


@dataclass(slots=True, eq=False)
class CodeBlock:
    """A code block. While it streams it is one growing object: lines are appended, the last grows.

    Attributes:
        language: the first word of the info string, lower case, or "".
        lines: without line ends, the indentation of the fence taken off.
        open: True while more may follow.
        containers: outermost first.
        gap: the distance to the block before.
        start: offset of its first character in the Markdown.
        end: offset after its last character.
    """

    language: str = ""
    lines: list[str] = field(default_factory=list)
    open: bool = False
    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.PARAGRAPH
    start: int = 0
    end: int = 0


@dataclass(slots=True, eq=False)
class MathBlock:
    """A displayed formula. While it streams it is one growing object.

    Attributes:
        text: LaTeX without its delimiters.
        open: True while more may follow.
        containers: outermost first.
        gap: the distance to the block before.
        start: offset of its first character in the Markdown.
        end: offset after its last character.
    """

    text: str = ""
    open: bool = False
    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.PARAGRAPH
    start: int = 0
    end: int = 0


@dataclass(slots=True, eq=False)
class ImageBlock:
    """An image that stands alone in its line. While its address streams it is one growing object.

    Attributes:
        alt: its alternative text.
        href: its address: http, https, or a ``data:image/...;base64,`` URI of any length. While
            it is open there may be only its beginning.
        open: True while more of the address may follow.
        containers: outermost first.
        gap: the distance to the block before.
        start: offset of its first character in the Markdown.
        end: offset after its last character.
    """

    alt: str = ""
    href: str = ""
    open: bool = False
    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.PARAGRAPH
    start: int = 0
    end: int = 0


@dataclass(slots=True, eq=False)
class Table:
    """What the rows of one table share; the rows are blocks.

    Attributes:
        aligns: one for each column.
        open: True while more rows may follow.
    """

    aligns: tuple[Align, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table.

    Attributes:
        table: what it shares with the others; compared by identity.
        cells: exactly as many as ``table.aligns``.
        index: 0 for the head, then 1, 2, ...
        containers: outermost first.
        gap: NONE but for the head.
        start: offset of its first character in the Markdown.
        end: offset after its last character.
    """

    table: Table
    cells: tuple[Spans, ...]
    index: int
    containers: tuple[Container, ...] = ()
    gap: Gap = Gap.NONE
    start: int = 0
    end: int = 0


Block: TypeAlias = TextBlock | RuleBlock | CodeBlock | MathBlock | ImageBlock | TableRow
