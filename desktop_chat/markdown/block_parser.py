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
- display math is a block, and so is an image that stands alone in its line;
- a footnote stands where it is written;
- only a paragraph of one line can be the term of a definition list, and a meaning has no lazy
  lines: a line at the margin may be the next term.
"""

from desktop_chat.markdown.blocks import (
    Align,
    Block,
    Bound,
    Definition,
    Footnote,
    Gap,
    Quote,
)
from desktop_chat.markdown.containers import NOTE_INDENT, OpenItem, OpenQuote
from desktop_chat.markdown.leaf_parser import LeafParser
from desktop_chat.markdown.leaves import Code, Line, Math, Paragraph, Picture, Rows
from desktop_chat.markdown.lines import Cursor
from desktop_chat.markdown.mathtext import MAX_LINES as MAX_FORMULA
from desktop_chat.markdown.openings import (
    HALF_BULLET,
    HALF_DELIMITER,
    HALF_MEANING,
    MAX_TERM,
    MEANING,
    begins_text,
    is_half_mark,
    is_undecided,
    list_mark,
    note_label,
    opens_container,
    take_mark,
)
from desktop_chat.markdown.pictures import is_undecided_image
from desktop_chat.markdown.tables import MAX_COLUMNS, looks_like_row, split_row
from desktop_chat.markdown.verbatim import Took, take_fenced, take_formula, take_indented
from desktop_chat.markdown.writer import Keepable, Writer


class BlockParser(LeafParser):
    """Reads lines and writes blocks.

    Args:
        writer: takes the blocks.
    """

    @classmethod
    def over(cls, blocks: list[Block]) -> "BlockParser":
        """Return a parser that appends to ``blocks``."""
        kept: dict[tuple[type, int], Keepable] = {}
        return cls(Writer(blocks, {}, kept))

    @property
    def growing(self) -> bool:
        """Whether the last block is an object that grows."""
        return isinstance(self._leaf, Code | Math | Picture)

    def restore(self) -> None:
        """Take back what a preview did to a block that grows."""
        if isinstance(self._leaf, Code | Math | Picture):
            self._leaf.restore()

    def preview(self) -> "BlockParser":
        """Return a copy that reads an incomplete line and leaves this parser as it is."""
        other = BlockParser(self._out.copy())
        other._leaf = self._leaf.copy() if self._leaf is not None else None
        return other

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
                leaf = self._leaf
                if isinstance(leaf, Paragraph) and not leaf.ended and self._is_term(leaf):
                    leaf.ended = True
                else:
                    self._close_leaf()
                self._out.blank = True
                self._out.pass_over(text, start, end)
            return
        self._begin(cursor, matched, start, end, cut=cut)

    def settle(self, text: str) -> None:
        """Finish what waits for the beginning of the next line, if that decides.

        Args:
            text: the line, as far as it has arrived.
        """
        leaf = self._leaf
        if isinstance(leaf, Paragraph) and leaf.ended:
            cursor = Cursor(text)
            self._stack.match(cursor)
            if not cursor.blank and not text.startswith(":", cursor.next):
                self._close_leaf()

    def close(self) -> None:
        """No more comes: finish what is open."""
        self._close_leaf()
        self._close_to(0)

    def show_tail(self) -> None:
        """Write what is open. Only a preview does that."""
        leaf = self._leaf
        if isinstance(leaf, Paragraph) and leaf.ended:
            self._flush(leaf)
        elif isinstance(leaf, Paragraph) and leaf.lines:
            last = leaf.lines[-1]
            if last.text.startswith("|") and len(cells := split_row(last.text)) <= MAX_COLUMNS:
                self._head(leaf, (Align.NONE,) * len(cells), last.end)
            else:
                read = self._out.read(leaf.text)
                if read.spans or self._stack.hidden():
                    self._out.lines(leaf.lines, read, leaf.next_gap(), bound=leaf.bound)
        elif leaf is None and self._stack.hidden():
            self._out.empty()

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
        elif took is Took.NOTHING and isinstance(leaf, Math) and leaf.lines >= MAX_FORMULA:
            self._close_leaf()
            self._leaf = Paragraph(self._out.gap(), bound=Bound.LENGTH)
        return took is not Took.NOTHING

    def _begin(self, cursor: Cursor, depth: int, start: int, end: int, *, cut: bool) -> None:
        """Find out what a line begins, and let it begin."""
        stack = self._stack
        whole = depth == len(stack.items)
        if self._ends_leaf(cursor, whole=whole):
            self._close_leaf()
        while True:
            if begins_text(cursor):
                break
            paragraph = self._leaf if whole and isinstance(self._leaf, Paragraph) else None
            if self._out.preview and not cut and self._held(cursor, depth, paragraph):
                return
            if cursor.indent > 3:
                if isinstance(self._leaf, Paragraph):
                    break
                self._enter(depth)
                self._begin_indented(cursor, start, end, cut=cut)
                return
            if not self._begin_container(cursor, depth, paragraph, start):
                if self._begin_leaf(cursor, depth, paragraph, start, end, cut=cut):
                    return
                break
            depth = len(stack.items)
            whole = True
            if cursor.blank and not cut:
                self._out.pass_over(cursor.text, start, end)
                return
        self._begin_text(cursor, depth, start, end, cut=cut)

    def _ends_leaf(self, cursor: Cursor, *, whole: bool) -> bool:
        """Tell whether a line ends the open leaf, whatever it begins."""
        leaf = self._leaf
        if isinstance(leaf, Paragraph) and leaf.ended:
            text, at = cursor.text, cursor.next
            if not whole or cursor.indent > 3:
                return not cursor.blank
            half = self._out.preview and HALF_MEANING.fullmatch(text, at) is not None
            return not cursor.blank and not half and MEANING.match(text, at) is None
        return isinstance(leaf, Picture) or (whole and isinstance(leaf, Code | Math))

    def _held(self, cursor: Cursor, depth: int, paragraph: Paragraph | None) -> bool:
        """Tell whether an incomplete line may still become anything."""
        word = cursor.word
        if cursor.blank or (cursor.indent <= 3 and is_undecided(word)):
            return True
        if is_undecided_image(word):
            return True
        if HALF_MEANING.fullmatch(word) and (
            self._stack.holds(depth, Definition) or (paragraph and self._is_term(paragraph))
        ):
            return True
        if paragraph is not None and paragraph.lines:
            if HALF_BULLET.fullmatch(word):
                return True
            head = paragraph.lines[-1].text
            return looks_like_row(head) and HALF_DELIMITER.fullmatch(word) is not None
        return self._leaf is None and is_half_mark(self._stack.top, word)

    def _begin_container(
        self, cursor: Cursor, depth: int, paragraph: Paragraph | None, start: int
    ) -> bool:
        stack = self._stack
        text, at = cursor.text, cursor.next
        if stack.is_full(depth):
            return False
        if text.startswith(">", at):
            self._enter(depth)
            stack.push(OpenQuote(Quote(start=start)))
            cursor.take(1)
            cursor.skip_one_space()
            return True
        if label := note_label(text, at):
            tight = stack.holds(depth, Footnote)
            self._enter(depth)
            stack.push(OpenItem(Footnote(label), NOTE_INDENT, tight=tight))
            cursor.take(len(label) + 4)
            cursor.skip(cursor.indent)
            return True
        if text.startswith(":", at):
            return self._begin_meaning(cursor, depth, paragraph)
        return self._begin_item(cursor, depth, paragraph)

    def _begin_item(self, cursor: Cursor, depth: int, paragraph: Paragraph | None) -> bool:
        found = list_mark(cursor.text, cursor.next, interrupts=paragraph is not None)
        if found is None:
            return False
        indent = cursor.indent + found.width
        cursor.take(found.width)
        indent += self._take_padding(cursor)
        self._close_to(depth)
        self._close_leaf()
        self._stack.push_item(found.mark, found.number, indent, ordered=found.ordered)
        return True

    def _take_padding(self, cursor: Cursor) -> int:
        """Take the white space behind an item's marker; return how wide it is."""
        padding = 1 if cursor.blank or cursor.indent > 4 else cursor.indent
        cursor.skip(padding)
        return padding

    def _is_term(self, paragraph: Paragraph) -> bool:
        """Tell whether an open paragraph may be the term of a definition list."""
        if paragraph.begun or paragraph.bound or len(paragraph.lines) != 1:
            return False
        top = self._stack.top
        text = paragraph.lines[0].text
        in_meaning = isinstance(top, OpenItem) and isinstance(top.value, Definition)
        return len(text) <= MAX_TERM and not in_meaning and not text.startswith(("[", ":"))

    def _begin_meaning(self, cursor: Cursor, depth: int, paragraph: Paragraph | None) -> bool:
        """Let a line with a colon begin what a term means, if there is a term."""
        if not MEANING.match(cursor.text, cursor.next):
            return False
        if paragraph is not None and self._is_term(paragraph):
            read = self._out.inline(paragraph.text)
            self._out.lines(paragraph.lines, read, paragraph.gap, term=True)
            self._leaf = None
        elif self._stack.holds(depth, Definition):
            self._close_to(depth)
        else:
            return False
        indent = cursor.indent + 1
        cursor.take(1)
        indent += self._take_padding(cursor)
        self._stack.push(OpenItem(Definition(), indent, tight=True))
        return True

    def _begin_text(self, cursor: Cursor, depth: int, start: int, end: int, *, cut: bool) -> None:
        """Add a line of text to what is open: a paragraph (which may be lazy) or a table."""
        leaf = self._leaf
        word = cursor.word
        if isinstance(leaf, Rows) and depth == len(self._stack.items) and not cut:
            self._out.row(leaf.table, word, leaf.count, Gap.NONE, start, end)
            leaf.count += 1
            return
        if not isinstance(leaf, Paragraph) or self._stack.in_meaning(depth):
            if self._enter(depth):
                word = take_mark(self._stack.top, word)
                if not word and not cut:
                    self._out.pass_over(cursor.text, start, end)
                    return
            start = self._out.start(start)
            leaf = self._leaf = Paragraph(self._out.gap())
        deep = self._stack.is_full(depth) and opens_container(cursor.text, cursor.next)
        self._add(leaf, Line(word, start, end), cut=cut, bound=Bound.DEPTH if deep else Bound.NONE)
