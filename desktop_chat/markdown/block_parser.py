"""The block structure of Markdown, one line at a time.

This is CommonMark's own plan: a stack of open containers and one open leaf; each line is looked at
once, against that state. What a line finishes becomes a block at once. The last, incomplete line
is read by a copy of the parser (``preview``), whose blocks stand at the end until more comes.

Where a chat differs from a document:

- a line break in a paragraph is shown, so each line is a block of its own as soon as the next line
  is there and nothing (``**``, a code span, a formula, a bracket) is open at its end;
- raw HTML is text;
- a link definition serves the uses that come after it, and is itself shown as it stands, because
  in answers the list of sources comes last;
- a heading underlined by ``===`` or ``---`` has one line;
- a row's cells beyond the table's columns go into the last one instead of being dropped;
- display math is a block.
"""

import re
from typing import Final

from desktop_chat.markdown.blocks import Align, Block, Gap, ListItem, Quote
from desktop_chat.markdown.containers import OpenItem, OpenList, OpenQuote
from desktop_chat.markdown.inline import define
from desktop_chat.markdown.leaves import (
    MAX_LINES,
    Code,
    Leaf,
    Line,
    Math,
    Paragraph,
    Rows,
    opening_fence,
)
from desktop_chat.markdown.lines import MAX_PIECE, Cursor
from desktop_chat.markdown.mathtext import display_math
from desktop_chat.markdown.tables import MAX_COLUMNS, delimiter_row, looks_like_row, split_row
from desktop_chat.markdown.tail import is_undecided
from desktop_chat.markdown.verbatim import Took, take_fenced, take_formula, take_indented
from desktop_chat.markdown.writer import Keepable, Writer

_HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_CLOSING_MARKS: Final = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_SETEXT: Final = re.compile(r"(=+|-+)[ \t]*")
_RULE: Final = re.compile(r"(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,}")
_BULLET: Final = re.compile(r"[-+*](?=[ \t]|$)")
_NUMBER: Final = re.compile(r"([0-9]{1,9})[.)](?=[ \t]|$)")
_ALERT: Final = re.compile(r"\[!(note|tip|important|warning|caution)\][ \t]*", re.IGNORECASE)
_HALF_ALERT: Final = re.compile(r"\[(?:![a-z]*\]?)?", re.IGNORECASE)
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_HALF_TASK: Final = re.compile(r"\[(?:[ xX]\]?)?[ \t]*")
_LAST_BACKSLASH: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\$")
_HALF_DELIMITER: Final = re.compile(r"[|:\- \t]+")


class BlockParser:
    """Reads lines and writes blocks.

    Args:
        writer: takes the blocks.
    """

    def __init__(self, writer: Writer) -> None:
        self._out = writer
        self._stack = writer.stack
        self._leaf: Leaf | None = None

    @classmethod
    def over(cls, blocks: list[Block]) -> "BlockParser":
        """Return a parser that appends to ``blocks``."""
        kept: dict[tuple[type, int], Keepable] = {}
        return cls(Writer(blocks, {}, kept))

    @property
    def growing(self) -> bool:
        """Whether the last block is an object that grows."""
        return isinstance(self._leaf, Code | Math)

    def restore(self) -> None:
        """Take back what a preview did to a block that grows."""
        if isinstance(self._leaf, Code | Math):
            self._leaf.restore()

    def preview(self) -> "BlockParser":
        """Return a copy that reads an incomplete line and leaves this parser as it is."""
        other = BlockParser(self._out.copy())
        other._leaf = self._leaf.copy() if self._leaf is not None else None
        return other

    # Lines

    def line(self, text: str, start: int, end: int, *, cut: bool = False) -> None:
        """Read a line.

        Args:
            text: without its end.
            start: offset of its first character.
            end: offset after its last one.
            cut: whether it goes on, which ``more`` will read: such a line is text or code.
        """
        cursor = Cursor(text)
        matched = self._stack.match(cursor)
        whole = matched == len(self._stack.items)
        if whole and self._go_on(cursor, start, end, cut=cut):
            return
        if cursor.blank and not cut:
            if not self._out.preview:
                self._close_to(matched)
                self._close_leaf()
                self._out.blank = True
                self._out.pass_over(text, start, end)
            return
        self._begin(cursor, matched, start, end, cut=cut)

    def more(self, text: str, start: int, end: int, *, last: bool) -> None:
        """Read on in a line that was cut. ``last`` says that this is all of it so far."""
        leaf = self._leaf
        if isinstance(leaf, Code | Math):
            leaf.extend(text, end)
            return
        if not isinstance(leaf, Paragraph):
            self._close_leaf()
            leaf = self._leaf = Paragraph(Gap.NONE, begun=True)
        self._flush(leaf)
        leaf.lines.append(Line(text.lstrip(" \t"), start, end))
        if not last:
            self._flush(leaf)

    def close(self) -> None:
        """No more comes: finish what is open."""
        self._close_leaf()
        self._close_to(0)

    def show_tail(self) -> None:
        """Write what is open. Only a preview does that."""
        leaf = self._leaf
        if isinstance(leaf, Paragraph) and leaf.lines:
            last = leaf.lines[-1]
            if last.text.startswith("|") and len(cells := split_row(last.text)) <= MAX_COLUMNS:
                self._head(leaf, (Align.NONE,) * len(cells), last.end)
            else:
                spans = self._out.spans(leaf.text)
                if spans or self._stack.hidden():
                    self._out.lines(leaf.lines, spans, leaf.next_gap())
        elif leaf is None and self._stack.hidden():
            self._out.empty()

    # What ends

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
            spans = self._out.inline(_LAST_BACKSLASH.sub(r"\1", text) if followed else text).spans
            self._out.lines(lines, spans, paragraph.next_gap())
            if not self._out.preview:
                for line in lines:
                    define(line.text, self._out.references)
            paragraph.begun = True
            del paragraph.lines[: len(lines)]

    # What goes on

    def _go_on(self, cursor: Cursor, start: int, end: int, *, cut: bool) -> bool:
        """Give a line to an open code block or formula; tell whether it took it."""
        leaf = self._leaf
        preview = self._out.preview
        after = len(cursor.text)
        if isinstance(leaf, Math) and not leaf.fenced:
            took, after = take_formula(leaf, cursor, start, end, cut=cut, preview=preview)
        elif isinstance(leaf, Code) and not leaf.fence:
            took = take_indented(leaf, cursor, end, cut=cut, preview=preview)
            self._out.blank = bool(leaf.blanks)
        elif isinstance(leaf, Code | Math):
            took = take_fenced(leaf, cursor, end, cut=cut, preview=preview)
        else:
            return False
        if took is Took.LAST:
            self._close_leaf()
            if after < len(cursor.text):
                paragraph = self._leaf = Paragraph(self._out.gap())
                self._add(paragraph, Line(cursor.text[after:], start + after, end), cut=False)
        return took is not Took.NOTHING

    # What begins

    def _begin(self, cursor: Cursor, depth: int, start: int, end: int, *, cut: bool) -> None:
        """Find out what a line begins, and let it begin."""
        stack = self._stack
        whole = depth == len(stack.items)
        if whole and isinstance(self._leaf, Code | Math):
            self._close_leaf()
        while True:
            paragraph = self._leaf if whole and isinstance(self._leaf, Paragraph) else None
            if self._out.preview and not cut and self._held(cursor, paragraph):
                return
            if cursor.indent > 3:
                if isinstance(self._leaf, Paragraph):
                    break
                self._enter(depth)
                self._begin_indented(cursor, start, end, cut=cut)
                return
            if not self._begin_container(cursor, depth, paragraph):
                if self._begin_leaf(cursor, depth, paragraph, start, end, cut=cut):
                    return
                break
            depth = len(stack.items)
            whole = True
            if cursor.blank and not cut:
                self._out.pass_over(cursor.text, start, end)
                return
        self._begin_text(cursor, depth, start, end, cut=cut)

    def _held(self, cursor: Cursor, paragraph: Paragraph | None) -> bool:
        """Tell whether an incomplete line may still become anything."""
        word = cursor.word
        if cursor.blank or (cursor.indent <= 3 and is_undecided(word)):
            return True
        if paragraph is not None and paragraph.lines:
            if _BULLET.match(word) and not word[1:].strip():
                return True
            head = paragraph.lines[-1].text
            return looks_like_row(head) and _HALF_DELIMITER.fullmatch(word) is not None
        top = self._stack.top
        if self._leaf is not None or top is None or isinstance(top, OpenList) or not top.fresh:
            return False
        half = _HALF_ALERT if isinstance(top, OpenQuote) else _HALF_TASK
        return half.fullmatch(word) is not None

    def _begin_container(self, cursor: Cursor, depth: int, paragraph: Paragraph | None) -> bool:
        if self._stack.is_full(depth):
            return False
        if cursor.text.startswith(">", cursor.next):
            self._enter(depth)
            self._stack.push(OpenQuote(Quote()))
            cursor.take(1)
            cursor.skip_one_space()
            return True
        return self._begin_item(cursor, depth, paragraph)

    def _begin_item(self, cursor: Cursor, depth: int, paragraph: Paragraph | None) -> bool:
        text, at = cursor.text, cursor.next
        match = _BULLET.match(text, at)
        number = 0
        if match is None:
            match = _NUMBER.match(text, at)
            if match is None:
                return False
            number = int(match.group(1))
        ordered = match.re is _NUMBER
        if not ordered and _RULE.fullmatch(text, at):
            return False
        empty = not text[match.end() :].strip(" \t")
        if paragraph is not None and (empty or (ordered and number != 1)):
            return False
        width = match.end() - at
        indent = cursor.indent + width
        cursor.take(width)
        padding = 1 if cursor.blank or cursor.indent > 4 else cursor.indent
        cursor.skip(padding)
        self._close_to(depth)
        self._close_leaf()
        self._push_item(match.group()[-1], number, indent + padding, ordered=ordered)
        return True

    def _push_item(self, mark: str, number: int, indent: int, *, ordered: bool) -> None:
        stack = self._stack
        owner = stack.top
        known = True
        if isinstance(owner, OpenList) and (owner.mark, owner.ordered) != (mark, ordered):
            stack.pop()
            owner = stack.top
        if not isinstance(owner, OpenList):
            known = isinstance(owner, OpenItem)
            owner = OpenList(mark, ordered, number)
            stack.push(owner)
        value = ListItem(ordered, owner.number if ordered else 0)
        owner.number += 1
        stack.push(OpenItem(value, indent, tight=known))

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
        if match := _HEADING.match(text, at):
            self._enter(depth)
            self._heading(len(match.group(1)), text[match.end() :], start, end)
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
        elif _RULE.fullmatch(text, at):
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
        match = _SETEXT.fullmatch(word)
        if match and len(paragraph.lines) == 1 and not paragraph.begun:
            spans = self._out.spans(last.text)
            self._out.heading(1 if word[0] == "=" else 2, spans, paragraph.gap, last.start, end)
            self._leaf = None
            return True
        aligns = delimiter_row(word)
        if aligns is None or len(aligns) > MAX_COLUMNS or not looks_like_row(last.text):
            return False
        if len(split_row(last.text)) != len(aligns):
            return False
        self._leaf = self._head(paragraph, aligns, end)
        return True

    def _head(self, paragraph: Paragraph, aligns: tuple[Align, ...], end: int) -> Rows:
        self._flush(paragraph, keep=1)
        gap = Gap.PARAGRAPH if paragraph.begun else paragraph.gap
        return Rows(self._out.head(paragraph.lines[0], aligns, gap, end))

    def _heading(self, level: int, text: str, start: int, end: int) -> None:
        spans = self._out.spans(_CLOSING_MARKS.sub("", text).strip(" \t"))
        gap = self._out.gap()
        self._out.heading(level, spans, gap, self._out.start(start), end)

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

    def _begin_text(self, cursor: Cursor, depth: int, start: int, end: int, *, cut: bool) -> None:
        """Add a line of text to what is open: a paragraph (which may be lazy) or a table."""
        leaf = self._leaf
        word = cursor.word
        if isinstance(leaf, Rows) and depth == len(self._stack.items) and not cut:
            self._out.row(leaf.table, word, leaf.count, Gap.NONE, start, end)
            leaf.count += 1
            return
        if not isinstance(leaf, Paragraph):
            if self._enter(depth):
                word = self._take_mark(word)
                if not word and not cut:
                    self._out.pass_over(cursor.text, start, end)
                    return
            start = self._out.start(start)
            leaf = self._leaf = Paragraph(self._out.gap())
        self._add(leaf, Line(word, start, end), cut=cut)

    def _take_mark(self, word: str) -> str:
        """Take an alert's or a task's mark off the first line of a container."""
        top = self._stack.top
        if isinstance(top, OpenQuote) and (match := _ALERT.fullmatch(word)):
            top.value = Quote(match.group(1).lower())
            return ""
        if isinstance(top, OpenItem) and (match := _TASK.match(word)):
            top.value = ListItem(top.value.ordered, top.value.number, task=match.group(1) != " ")
            return word[match.end() :]
        return word

    def _add(self, paragraph: Paragraph, line: Line, *, cut: bool) -> None:
        """Add a line; lines before it in which nothing is open are then finished."""
        if paragraph.lines and not self._out.inline(paragraph.text).waiting:
            self._flush(paragraph, followed=True)
        paragraph.lines.append(line)
        size = sum(len(item.text) for item in paragraph.lines)
        if cut or len(paragraph.lines) >= MAX_LINES or size > MAX_PIECE:
            self._flush(paragraph)
