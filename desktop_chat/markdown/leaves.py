"""The leaf that is open while a text is read: it takes lines until another block begins."""

import re
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from markdown_it.common.utils import unescapeAll

from desktop_chat.markdown.blocks import Bound, CodeBlock, Gap, ImageBlock, MathBlock, Table

MAX_LINES: Final = 8
"""Lines of a paragraph that wait together for the end of what is open in them."""

_FENCE: Final = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$", re.DOTALL)
_WORD: Final = re.compile(r"[^\s,:{}()\[\]]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a paragraph, without what its containers take. ``end`` leaves its end out."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class Paragraph:
    """Lines that are not finished yet.

    Attributes:
        gap: of the block that the first of them becomes.
        lines: those that are open.
        begun: whether earlier lines of the same paragraph are finished.
        ended: whether a blank line has come, so that only a meaning may follow, whose term it is.
        bound: why it is shown as it is written.
        closer: what a line needs to have to close what is open at the end of the lines before it;
            None when that is nothing or not known.
    """

    gap: Gap
    lines: list[Line] = field(default_factory=list)
    begun: bool = False
    ended: bool = False
    bound: Bound = Bound.NONE
    closer: re.Pattern[str] | None = None

    def copy(self) -> "Paragraph":
        """Return an independent copy."""
        return replace(self, lines=list(self.lines))

    @property
    def text(self) -> str:
        """Its open lines."""
        if len(self.lines) == 1:
            return self.lines[0].text
        return "\n".join(line.text for line in self.lines)

    def next_gap(self) -> Gap:
        """Return the distance of the next block made of its lines."""
        return Gap.NONE if self.begun else self.gap


@dataclass(slots=True)
class Code:
    """A code block. The block is shared with previews; ``count`` and ``end`` are what is true.

    Attributes:
        block: what is shown.
        fence: the opening fence, or "" for an indented block.
        indent: columns taken off each line of a fenced block.
        end: offset after the last of them.
        count: lines that are complete.
        blanks: blank lines of an indented block that count only if another line comes.
        cut: the last line so far, when it is so long that it came in pieces.
    """

    block: CodeBlock
    fence: str
    indent: int
    end: int
    count: int = 0
    blanks: list[str] = field(default_factory=list)
    cut: str = ""

    def copy(self) -> "Code":
        """Return a copy that shares the block."""
        return replace(self, blanks=list(self.blanks))

    def restore(self) -> None:
        """Take back what a preview did to the block."""
        lines = self.block.lines
        del lines[self.count :]
        if self.cut:
            lines[-1] = self.cut
        self.block.end = self.end

    def closes(self, word: str) -> bool:
        """Tell whether a line is the closing fence."""
        return _closes(self.fence, word)

    def add(self, text: str, end: int, *, cut: bool = False) -> None:
        """Add a line; ``cut`` says that it goes on."""
        self.block.lines.append(text)
        self.count += 1
        self.cut = text if cut else ""
        self.set_end(end)

    def extend(self, text: str, end: int) -> None:
        """Add to the last line."""
        self.block.lines[-1] += text
        self.cut = self.block.lines[-1]
        self.set_end(end)

    def set_end(self, end: int) -> None:
        """Say how far the block reaches."""
        self.end = self.block.end = end

    def close(self) -> None:
        """No more lines come."""
        self.block.open = False


@dataclass(slots=True)
class Math:
    r"""A displayed formula. The block is shared with previews; ``text`` and ``end`` are true.

    Attributes:
        block: what is shown.
        fence: the ``$$`` or ``\]`` that ends it, or the fence of a ``math`` block.
        indent: columns taken off each line of a fenced block.
        end: offset after the last of its lines.
        text: its complete lines.
        lines: how many there are.
        blank: whether the last one was blank.
    """

    block: MathBlock
    fence: str
    indent: int
    end: int
    text: str = ""
    lines: int = 0
    blank: bool = False

    def copy(self) -> "Math":
        """Return a copy that shares the block."""
        return replace(self)

    def restore(self) -> None:
        """Take back what a preview did to the block."""
        self.block.text = self.text
        self.block.end = self.end

    @property
    def fenced(self) -> bool:
        """Whether it is a ``math`` fence."""
        return self.fence[0] in "`~"

    def closes(self, word: str) -> bool:
        """Tell whether a line is the closing fence."""
        return _closes(self.fence, word)

    def add(self, text: str, end: int, *, cut: bool = False) -> None:
        """Add a line; blank ones mean nothing in a formula."""
        self.blank = not text.strip()
        if not self.blank:
            self.text = f"{self.text}\n{text}" if self.text else text
        self.lines += 1
        self.block.text = self.text
        self.set_end(end)

    def extend(self, text: str, end: int) -> None:
        """Add to the last line."""
        self.text += text
        self.block.text = self.text
        self.set_end(end)

    def set_end(self, end: int) -> None:
        """Say how far the block reaches."""
        self.end = self.block.end = end

    def close(self) -> None:
        """No more lines come."""
        self.block.open = False


@dataclass(slots=True)
class Picture:
    """An image in a line so long that it comes in pieces; its address is joined at the end.

    Attributes:
        block: what is shown, shared with previews; it has no address until it is closed.
        end: offset after what has been read.
        parts: the pieces of the line, shared with previews, which add none.
        data: index in the first piece where the address begins.
        size: characters of the pieces.
    """

    block: ImageBlock
    end: int
    parts: list[str]
    data: int
    size: int = 0

    def copy(self) -> "Picture":
        """Return a copy that shares the block and the pieces."""
        return replace(self)

    def restore(self) -> None:
        """Take back what a preview did to the block."""
        self.block.end = self.end

    def add(self, text: str, end: int) -> None:
        """Add a piece of data."""
        self.parts.append(text)
        self.size += len(text)
        self.end = self.block.end = end

    def close(self) -> None:
        """No more comes."""
        self.block.href = "".join(self.parts)[self.data :]
        self.block.open = False


@dataclass(slots=True)
class Rows:
    """A table's rows; each is a block.

    Attributes:
        table: what they share.
        count: how many there are, with the head.
    """

    table: Table
    count: int = 1

    def copy(self) -> "Rows":
        """Return a copy that shares the table."""
        return replace(self)

    def close(self) -> None:
        """No more rows come."""
        self.table.open = False


def _closes(fence: str, word: str) -> bool:
    word = word.rstrip(" \t")
    return len(word) >= len(fence) and not word.strip(fence[0])


Leaf: TypeAlias = Paragraph | Code | Math | Picture | Rows


def opening_fence(word: str) -> tuple[str, str] | None:
    """Return the fence and the language of a line that opens a fenced block, or None."""
    match = _FENCE.match(word)
    if match is None:
        return None
    fence = match.group(1) or match.group(3)
    return fence, language_of(match.group(2) or match.group(4) or "")


def language_of(info: str) -> str:
    """Return the language that an info string names: ``{.Python .numbered}`` is ``python``."""
    word = _WORD.search(unescapeAll(info))
    return word.group().lstrip(".").lower() if word else ""
