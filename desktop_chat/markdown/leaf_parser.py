"""The leaves of the block structure: what opens one, adds to it and finishes it."""

import re
from typing import Final

from desktop_chat.markdown.blocks import (
    Align,
    Bound,
    Gap,
)
from desktop_chat.markdown.containers import OpenList
from desktop_chat.markdown.inline import closer_of, define
from desktop_chat.markdown.leaves import (
    MAX_LINES,
    Code,
    Leaf,
    Line,
    Math,
    Paragraph,
    Picture,
    Rows,
    opening_fence,
)
from desktop_chat.markdown.lines import MAX_PIECE, Cursor
from desktop_chat.markdown.mathtext import display_math
from desktop_chat.markdown.openings import (
    CLOSING_MARKS,
    HEADING,
    RULE,
    SETEXT,
)
from desktop_chat.markdown.pictures import (
    MAX_DATA,
    ImageLine,
    data_end,
    data_image,
    half_image,
    lone_image,
)
from desktop_chat.markdown.tables import MAX_COLUMNS, delimiter_row, looks_like_row, split_row
from desktop_chat.markdown.writer import Writer

_LAST_BACKSLASH: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\$")


class LeafParser:
    """Holds the one leaf that is open, and writes its blocks.

    Args:
        writer: takes the blocks.
    """

    def __init__(self, writer: Writer) -> None:
        self._out = writer
        self._stack = writer.stack
        self._leaf: Leaf | None = None

    def _close_to(self, depth: int) -> None:
        """Close the containers beyond ``depth``, and the leaf when there are any."""
        if depth == len(self._stack.items):
            return
        self._close_leaf()
        while len(self._stack.items) > depth:
            if self._stack.hidden():
                self._out.empty()
            self._stack.pop()

    def _close_leaf(self) -> None:
        leaf, self._leaf = self._leaf, None
        if isinstance(leaf, Paragraph):
            self._flush(leaf)
        elif leaf is not None and not self._out.preview:
            leaf.close()

    def _enter(self, depth: int) -> bool:
        """Make ready for a new block in the first ``depth`` containers.

        Returns:
            Whether it is the first thing in the innermost of them.
        """
        self._close_to(depth)
        self._close_leaf()
        if isinstance(self._stack.top, OpenList):
            self._stack.pop()
        return self._stack.touch()

    def _flush(self, paragraph: Paragraph, *, keep: int = 0, followed: bool = False) -> None:
        """Finish the open lines of a paragraph.

        Args:
            paragraph: has them.
            keep: how many of the last ones stay open.
            followed: whether another line comes, so that a backslash at the end is a line break.
        """
        lines = paragraph.lines[: len(paragraph.lines) - keep]
        if lines:
            text = "\n".join(line.text for line in lines)
            read = self._out.inline(_LAST_BACKSLASH.sub(r"\1", text) if followed else text)
            self._out.lines(lines, read, paragraph.next_gap(), bound=paragraph.bound)
            if not self._out.preview:
                for line in lines:
                    define(line.text, self._out.references)
            paragraph.begun = True
            paragraph.closer = None
            del paragraph.lines[: len(lines)]

    def _add(
        self, paragraph: Paragraph, line: Line, *, cut: bool, bound: Bound = Bound.NONE
    ) -> None:
        """Add a line; lines before it in which nothing is open are then finished."""
        if paragraph.lines and not self._waits(paragraph):
            self._flush(paragraph, followed=True)
        paragraph.bound = paragraph.bound or bound
        paragraph.lines.append(line)
        size = sum(len(item.text) for item in paragraph.lines)
        if cut or len(paragraph.lines) >= MAX_LINES or size > MAX_PIECE:
            self._flush(paragraph)

    def _waits(self, paragraph: Paragraph) -> bool:
        """Tell whether something is open at the end of a paragraph that its next line may close."""
        last = paragraph.lines[-1].text
        if paragraph.closer is None or paragraph.closer.search(last):
            paragraph.closer = closer_of(self._out.inline(paragraph.text).opened)
        return paragraph.closer is not None

    def more(self, text: str, start: int, end: int, *, last: bool) -> None:
        """Read on in a line that was cut. ``last`` says that this is all of it so far."""
        leaf = self._leaf
        if isinstance(leaf, Code | Math):
            leaf.extend(text, end)
            return
        if isinstance(leaf, Picture):
            self._more_of_picture(leaf, text, start, end)
            return
        if not isinstance(leaf, Paragraph):
            self._close_leaf()
            leaf = self._leaf = Paragraph(Gap.NONE, begun=True)
        self._flush(leaf)
        leaf.lines.append(Line(text.lstrip(" \t"), start, end))
        if not last:
            self._flush(leaf)

    def _begin_leaf(
        self,
        cursor: Cursor,
        depth: int,
        paragraph: Paragraph | None,
        start: int,
        end: int,
        *,
        cut: bool,
    ) -> bool:
        text, at = cursor.text, cursor.next
        if match := HEADING.match(text, at):
            self._enter(depth)
            self._heading(len(match.group(1)), text[match.end() :], start, end)
        elif text.startswith(("![", "[!["), at) and (image := self._image(text[at:], cut=cut)):
            lazy = isinstance(self._leaf, Paragraph) and not self._stack.in_meaning(depth)
            self._enter(len(self._stack.items) if lazy else depth)
            self._begin_image(image, text[at:], start, end, cut=cut)
        elif cut:
            return False
        elif text.startswith(("```", "~~~"), at) and (fence := opening_fence(text[at:])):
            self._enter(depth)
            self._begin_fenced(*fence, cursor.indent, start, end)
        elif text.startswith(("$$", "\\["), at) and (
            formula := display_math(text[at:], hopeful=self._out.preview)
        ):
            self._enter(depth)
            self._begin_formula(*formula, start, end)
        elif paragraph is not None and self._underline(paragraph, text[at:], end):
            pass
        elif RULE.fullmatch(text, at):
            self._enter(depth)
            self._out.rule(start, end)
        else:
            return False
        return True

    def _underline(self, paragraph: Paragraph, word: str, end: int) -> bool:
        """Make a heading or a table's head of an open line, if this line underlines it."""
        if not paragraph.lines:
            return False
        last = paragraph.lines[-1]
        match = SETEXT.fullmatch(word)
        if match and len(paragraph.lines) == 1 and not paragraph.begun:
            read = self._out.read(last.text)
            self._out.heading(1 if word[0] == "=" else 2, read, paragraph.gap, last.start, end)
            self._leaf = None
            return True
        aligns = delimiter_row(word)
        if aligns is None or not looks_like_row(last.text):
            return False
        if len(split_row(last.text)) != len(aligns):
            return False
        if len(aligns) > MAX_COLUMNS:
            paragraph.bound = Bound.COLUMNS
            return False
        self._leaf = self._head(paragraph, aligns, end)
        return True

    def _head(self, paragraph: Paragraph, aligns: tuple[Align, ...], end: int) -> Rows:
        self._flush(paragraph, keep=1)
        gap = Gap.PARAGRAPH if paragraph.begun else paragraph.gap
        return Rows(self._out.head(paragraph.lines[0], aligns, gap, end))

    def _heading(self, level: int, text: str, start: int, end: int) -> None:
        read = self._out.read(CLOSING_MARKS.sub("", text).strip(" \t"))
        gap = self._out.gap()
        self._out.heading(level, read, gap, self._out.start(start), end)

    def _begin_indented(self, cursor: Cursor, start: int, end: int, *, cut: bool) -> None:
        cursor.skip(4)
        leaf = self._leaf = Code(self._out.code("", start, end), "", 0, end)
        leaf.add(cursor.rest, end, cut=cut)

    def _begin_fenced(self, fence: str, language: str, indent: int, start: int, end: int) -> None:
        if language == "math":
            self._leaf = Math(self._out.math(start, end), fence, indent, end)
        else:
            self._leaf = Code(self._out.code(language, start, end), fence, indent, end)

    def _begin_formula(self, closer: str, body: str, closed: bool, start: int, end: int) -> None:
        leaf = self._leaf = Math(self._out.math(start, end), closer, 0, end)
        if body.strip():
            leaf.add(body.strip(), end)
        if closed:
            self._close_leaf()

    def _image(self, word: str, *, cut: bool) -> ImageLine | None:
        """Return what a line says that is one image, or None."""
        if self._out.preview and not cut:
            return half_image(word)
        found = data_image(word)
        if found is not None:
            closed = cut or found.after in (-1, len(word))
            return found if closed else None
        return None if cut else lone_image(self._out.inline(word).spans)

    def _begin_image(self, found: ImageLine, word: str, start: int, end: int, *, cut: bool) -> None:
        block = self._out.image(found.alt, found.href, start, end)
        if not cut:
            block.open = self._out.preview
        elif found.after < 0:
            self._leaf = Picture(block, end, [word], found.address, len(word))
        else:
            block.open = False
            block.end = end - len(word) + found.after
            self._rest_of_line(word[found.after :], end)

    def _rest_of_line(self, text: str, end: int) -> None:
        """Read what follows an image in a line that was cut."""
        if text.strip():
            self._leaf = Paragraph(self._out.gap())
            self.more(text, end - len(text), end, last=True)

    def _more_of_picture(self, leaf: Picture, text: str, start: int, end: int) -> None:
        """Read on in a line that is an image."""
        if self._out.preview:
            leaf.block.end = end
            return
        stop, after = data_end(text, 0)
        leaf.add(text[:stop], end if after < 0 else start + after)
        if leaf.size > MAX_DATA:
            self._spill(leaf, text[stop:])
        elif after >= 0:
            self._close_leaf()
            self._rest_of_line(text[after:], end)

    def _spill(self, leaf: Picture, rest: str) -> None:
        """Write as text what is too long for an image."""
        del self._out.blocks[-1]
        block = leaf.block
        pieces = [*leaf.parts[:-1], leaf.parts[-1] + rest]
        self._out.raw(pieces, block.start, leaf.end, block.gap, Bound.LENGTH)
        self._leaf = Paragraph(Gap.NONE, begun=True, bound=Bound.LENGTH)
