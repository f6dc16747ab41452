"""The drawn pieces of a message's body: one for each block of its Markdown.

A piece has an estimated height until it comes near the viewport. Then it is measured; its layouts
go again when it is far away, its height stays.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, TypeAlias

from PySide6.QtCore import QRect, QRectF

from desktop_chat.markdown.blocks import (
    Block,
    Gap,
    ListItem,
    RuleBlock,
    TextBlock,
)
from desktop_chat.ui.transcript.controls import Command, Control
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.frames import indent_of, label_height
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.text.cut import cut_spans
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import Run, make_run

Verb: TypeAlias = str
"""What a control of a piece is for, one word: ``copy``, ``save``, ``fold``, ``wrap``, ..."""
PARAGRAPH_GAP: Final = 10
_KEEP_GEOMETRY: Final = 3000
"""A text of more characters keeps the geometry of its lines when its layouts go."""


def gap_above(block: Block, before: Block | None) -> int:
    """Return the distance between a block and the one before it, in logical pixels."""
    if before is None or block.gap == Gap.NONE:
        return 0
    if block.gap == Gap.TIGHT and isinstance(before, TextBlock):
        return 0
    if isinstance(block, TextBlock) and block.heading:
        return 18 if block.heading <= 2 else 14
    return PARAGRAPH_GAP


def estimate_lines(text: str, em: int, width: int) -> int:
    """Return about how many lines a text will take."""
    wide = (len(text.encode("utf-8", "replace")) - len(text)) // 2
    pixels = (wide + (len(text) - wide) * 0.52) * em
    return max(1, round(pixels / max(width, em) + 0.35))


@dataclass(frozen=True, slots=True)
class PieceKeys:
    """Where a piece stands, for the controls over it.

    Attributes:
        message_id: its message.
        index: its number in the message's body.
        x: left edge of its content.
        y: its top.
        view: upper and lower edge of what is visible, in the same coordinates.
        active: whether quiet controls are shown, too (the pointer or the keyboard is there).
    """

    message_id: str
    index: int
    x: int
    y: int
    view: tuple[int, int]
    active: bool

    def command(self, verb: Verb) -> Command:
        """Return the command that makes ``Piece.press`` do something."""
        return Command("piece", self.message_id, f"{self.index} {verb}")

    def key(self, verb: Verb) -> tuple[str, str]:
        """Return the key of the control for a verb."""
        return self.message_id, f"piece:{self.index}:{verb}"


class Piece:
    """What all pieces share: containers, gap and height.

    Args:
        block: what it draws.
        before: the block before it in the same message, or None.
        page: fonts and width.
    """

    __slots__ = ("before", "block", "gap", "height", "indent", "label", "measured")
    selectable: ClassVar[bool] = True

    def __init__(self, block: Block, before: Block | None, page: Page) -> None:
        self.block = block
        self.stand(before, page)
        self.height = 0
        self.measured = False

    def stand(self, before: Block | None, page: Page) -> None:
        """Take note of the block before it, and of the size of the text."""
        self.before = before
        self.gap = gap_above(self.block, before)
        self.indent = indent_of(self.block.containers, page)
        self.label = label_height(self.block, before, page.look)

    @property
    def total(self) -> int:
        """The height with the gap above, in logical pixels."""
        return self.gap + self.label + self.height

    @property
    def top(self) -> int:
        """From the piece's upper edge to its content."""
        return self.gap + self.label

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        raise NotImplementedError

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block.

        Returns:
            From where (in logical pixels below the content's top) it may look different, or None
            when it is another block, which needs a piece of its own.
        """
        raise NotImplementedError

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint the content.

        Args:
            ink: where to.
            page: fonts, colours, width.
            x: left edge of the content (behind the indent).
            y: its top.
            shade: what is selected or found in it.
        """
        raise NotImplementedError

    def drop(self) -> None:
        """Let the layouts go."""

    def resize(self) -> None:
        """Forget what depends on the width."""
        self.drop()
        self.measured = False

    def refont(self) -> None:
        """Forget what depends on fonts beside what ``resize`` forgets, which is called, too."""

    def length(self) -> int:
        """Return the last position."""
        return 0

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        return ""

    def raw(self) -> str:
        """Return the text that positions count in."""
        return self.plain(0, self.length())

    def lead(self) -> str:
        """Return what stands before the text in a copy: the marker of a list item."""
        marks = []
        for container in self.block.containers:
            if isinstance(container, ListItem):
                marks.append(_mark(container) if container.first else "  ")
        return "".join(marks)

    def continues(self, before: "Piece") -> bool:
        """Tell whether it goes on with the line of the piece before it."""
        return False

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point relative to the content."""
        return 0

    def link_at(self, page: Page, x: float, y: float) -> str:
        """Return the address of the link under a point, or ""."""
        return ""

    def over_text(self, page: Page, x: float, y: float) -> bool:
        """Tell whether a point lies on text that can be selected."""
        return True

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand, relative to the content, or None.

        The rectangle has no width; its height is the line's.
        """
        return None

    def natural_width(self, page: Page) -> float:
        """Return how wide its widest line is, in logical pixels."""
        return float(page.width)

    def rise(self, page: Page) -> int:
        """Return how much lower its first line stands than usual, for what is beside it."""
        del page
        return 0

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is: no width, as high as its line, relative to the content."""
        del position
        return QRectF(0, 0, 0, self.height)

    def crop(self, start: int, end: int) -> Block:
        """Return the block, or what of it lies between two positions, for a copy."""
        del start, end
        return self.block

    def reveal(self, position: int) -> bool:
        """Make sure that a position is not folded away; tell whether the height has changed.

        The caller measures the piece anew then, as after a press.
        """
        del position
        return False

    # Sideways

    def scroll_range(self, page: Page) -> int:
        """Return how far the content can be moved to the left; 0 when all fits."""
        del page
        return 0

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the content to the left by so many pixels in all; tell whether anything moved."""
        del x, page
        return False

    def scrolled(self) -> int:
        """Return how far the content is moved to the left."""
        return 0

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the horizontal scroll bar, relative to the content, or None."""
        del page
        return None

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return what can be pressed on it; commands come from ``keys``."""
        del keys, page
        return []

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Do what a control of it is for.

        Args:
            verb: of the pressed control.
            deeds: what reaches beyond the view: clipboard, files, browser.
            page: fonts and width.

        Returns:
            Whether it may be of another height now.
        """
        del verb, deeds, page
        return False


def _mark(item: ListItem) -> str:
    if item.task is not None:
        return "☑ " if item.task else "☐ "
    return f"{item.number}. " if item.ordered else "• "


class TextPiece(Piece):
    """A paragraph, a heading, or a line of a paragraph."""

    __slots__ = ("_flow", "face")
    block: TextBlock

    def __init__(
        self, block: TextBlock, before: Block | None, page: Page, face: Face | None = None
    ) -> None:
        super().__init__(block, before, page)
        self.face = _face(block) if face is None else face
        self._flow: TextFlow | None = None
        self._estimate(page)

    def _estimate(self, page: Page) -> None:
        style = page.look.styles[self.face]
        text = "".join([span.text for span in self.block.spans])
        lines = estimate_lines(text, style.em, page.width - self.indent)
        self.height = lines * style.leading
        self.measured = False

    def flow(self, page: Page) -> TextFlow:
        """Return the lines, laid out now if they are not."""
        if self._flow is None:
            run = make_run(self.block.spans)
            self._flow = TextFlow(
                self.face, run, page.width - self.indent, page.look, page.formulas
            )
            self._want(page)
        return self._flow

    def _want(self, page: Page) -> None:
        """Have the formulas drawn that have no picture yet; ``measure`` is called then."""
        if self._flow is not None and self._flow.run.objects:
            page.formulas.want_in_line(self._flow.pending, self)

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        flow = self.flow(page)
        if flow.run.objects:
            flow.refresh(page.look)
            self._want(page)
        self.height = flow.height
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        old = self.block
        if (
            not isinstance(block, TextBlock)
            or block.heading != old.heading
            or block.term != old.term
            or block.containers != old.containers
        ):
            return None
        self.block = block
        if block.spans == old.spans:
            return self.height
        if self._flow is None:
            self._estimate(page)
            return 0
        changed = self._flow.set_run(make_run(block.spans), page.look)
        self._want(page)
        self.height = self._flow.height
        return changed

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        self.flow(page).paint(ink, x, y, page.look, shade)

    def drop(self) -> None:
        """Let the layouts go."""
        flow = self._flow
        if flow is not None and len(flow.run.text) > _KEEP_GEOMETRY and not flow.run.objects:
            flow.drop()
            return
        if flow is not None and flow.pending:
            # Its formulas may be drawn while nobody looks.
            self.measured = False
        self._flow = None

    def resize(self) -> None:
        """Forget what depends on the width."""
        self._flow = None
        self.measured = False

    def _run(self) -> Run:
        return self._flow.run if self._flow is not None else make_run(self.block.spans)

    def length(self) -> int:
        """Return the last position."""
        return len(self._run().text)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        return self._run().plain(start, end)

    def raw(self) -> str:
        """Return the text that positions count in."""
        return self._run().text

    def continues(self, before: Piece) -> bool:
        """Tell whether it goes on with the line before it: a long line is several pieces."""
        same = isinstance(before, TextPiece) and 0 < before.block.end == self.block.start
        return same and not self.gap

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        return self.flow(page).hit(x, y, page.look)

    def link_at(self, page: Page, x: float, y: float) -> str:
        """Return the address of the link under a point."""
        flow = self.flow(page)
        if not flow.run.links:
            return ""
        position = flow.over(x, y, page.look)
        return "" if position is None else flow.run.link_at(position)

    def rise(self, page: Page) -> int:
        """Return how much lower its first line stands than usual, for a high formula in it."""
        return self.flow(page).rise

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        return self.flow(page).end(page.look)

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is, relative to the content."""
        return self.flow(page).place_of(position, page.look)

    def crop(self, start: int, end: int) -> Block:
        """Return the block, or what of it lies between two positions, for a copy."""
        spans = cut_spans(self.block.spans, self._run(), start, end)
        return self.block if spans is self.block.spans else replace(self.block, spans=spans)

    def natural_width(self, page: Page) -> float:
        """Return how wide its widest line is."""
        return self.flow(page).natural_width(page.look)


def _face(block: TextBlock) -> Face:
    if block.term:
        return Face.HEADING_4
    if not block.heading:
        return Face.BODY
    faces = (Face.HEADING_1, Face.HEADING_2, Face.HEADING_3, Face.HEADING_4)
    return faces[min(block.heading, 4) - 1]


class RulePiece(Piece):
    """A thematic break."""

    __slots__ = ()
    selectable = False
    _HEIGHT: Final = 11

    def __init__(self, block: RuleBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before, page)
        self.height = self._HEIGHT
        self.measured = True

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if not isinstance(block, RuleBlock) or block.containers != self.block.containers:
            return None
        self.block = block
        return 0

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        ink.hline(x, x + page.width - self.indent, y + self._HEIGHT // 2, ink.tokens.line)
