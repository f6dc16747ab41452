"""The drawn pieces of a message's body: one for each block of its Markdown.

A piece has an estimated height until it comes near the viewport. Then it is measured; its layouts
go again when it is far away, its height stays.
"""

from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import (
    Block,
    Container,
    Gap,
    ListItem,
    MathBlock,
    Quote,
    RuleBlock,
    Span,
    TextBlock,
)
from desktop_chat.ui import icons
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.layout_text import TextFlow
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.runs import Run, make_run

PARAGRAPH_GAP: Final = 10
_QUOTE_INDENT: Final = 16
_QUOTE_RULE: Final = 2
_LIST_INDENT: Final = 24
_DIGIT: Final = 10
_ALERT_LABEL: Final = 24
_KEEP_GEOMETRY: Final = 3000
"""A text of more characters keeps the geometry of its lines when its layouts go."""


def list_indent(item: ListItem) -> int:
    """Return how far an item's text stands in: further where its number is long."""
    digits = len(str(item.number)) if item.ordered else 1
    return _LIST_INDENT + max(0, digits - 2) * _DIGIT


def indent_of(containers: tuple[Container, ...]) -> int:
    """Return how far a block in these containers stands in, in logical pixels."""
    return sum(
        _QUOTE_INDENT if isinstance(container, Quote) else list_indent(container)
        for container in containers
    )


def gap_above(block: Block, before: Block | None) -> int:
    """Return the distance between a block and the one before it, in logical pixels."""
    if before is None or block.gap == Gap.NONE or block.gap == Gap.TIGHT:
        return 0
    if isinstance(block, TextBlock) and block.heading:
        return 18 if block.heading <= 2 else 14
    return PARAGRAPH_GAP


def alert_title(alert: str) -> str:
    """Return the name of a kind of alert."""
    return {
        "note": tr("Note"),
        "tip": tr("Tip"),
        "important": tr("Important"),
        "warning": tr("Warning"),
        "caution": tr("Caution"),
    }.get(alert, "")


def estimate_lines(text: str, em: int, width: int) -> int:
    """Return about how many lines a text will take."""
    wide = (len(text.encode("utf-8", "replace")) - len(text)) // 2
    pixels = (wide + (len(text) - wide) * 0.52) * em
    return max(1, round(pixels / max(width, em) + 0.35))


class Piece:
    """What all pieces share: containers, gap and height.

    Args:
        block: what it draws.
        before: the block before it in the same message, or None.
    """

    __slots__ = ("before", "block", "gap", "height", "indent", "label", "measured")
    selectable: ClassVar[bool] = True

    def __init__(self, block: Block, before: Block | None) -> None:
        self.block = block
        self.before = before
        self.gap = gap_above(block, before)
        self.indent = indent_of(block.containers)
        self.label = _alert_label(block, before)
        self.height = 0
        self.measured = False

    def stand(self, before: Block | None) -> None:
        """Take note of the block before it."""
        self.before = before
        self.gap = gap_above(self.block, before)
        self.label = _alert_label(self.block, before)

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

    def paint(self, ink: Ink, page: Page, x: int, y: int, selected: tuple[int, int] | None) -> None:
        """Paint the content.

        Args:
            ink: where to.
            page: fonts, colours, width.
            x: left edge of the content (behind the indent).
            y: its top.
            selected: positions between which it is selected, or None.
        """
        raise NotImplementedError

    def drop(self) -> None:
        """Let the layouts go."""

    def resize(self) -> None:
        """Forget what depends on the width."""
        self.drop()
        self.measured = False

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


def _mark(item: ListItem) -> str:
    if item.task is not None:
        return "☑ " if item.task else "☐ "
    return f"{item.number}. " if item.ordered else "• "


def _same_quote(quote: Quote, other: Block | None, depth: int) -> bool:
    """Tell whether another block stands in the same quote, to draw its rule through the gap."""
    return other is not None and other.containers[depth : depth + 1] == (quote,)


def _alert_label(block: Block, before: Block | None) -> int:
    """Return the height of an alert's name, for the alert's first block."""
    for depth, container in enumerate(block.containers):
        if isinstance(container, Quote) and container.alert:
            return 0 if _same_quote(container, before, depth) else _ALERT_LABEL
    return 0


class TextPiece(Piece):
    """A paragraph, a heading, or a line of a paragraph."""

    __slots__ = ("_flow", "face")
    block: TextBlock

    def __init__(
        self, block: TextBlock, before: Block | None, page: Page, face: Face | None = None
    ) -> None:
        super().__init__(block, before)
        self.face = _face(block.heading) if face is None else face
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
            self._flow = TextFlow(self.face, run, page.width - self.indent, page.look)
        return self._flow

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        self.height = self.flow(page).height
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        old = self.block
        if (
            not isinstance(block, TextBlock)
            or block.heading != old.heading
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
        self.height = self._flow.height
        return changed

    def paint(self, ink: Ink, page: Page, x: int, y: int, selected: tuple[int, int] | None) -> None:
        """Paint what has to be painted."""
        self.flow(page).paint(ink, x, y, page.look, selected)

    def drop(self) -> None:
        """Let the layouts go."""
        if self._flow is not None and len(self._flow.run.text) > _KEEP_GEOMETRY:
            self._flow.drop()
        else:
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

    def caret(self, page: Page) -> QRectF | None:
        """Return where the next character will stand."""
        return self.flow(page).end(page.look)

    def natural_width(self, page: Page) -> float:
        """Return how wide its widest line is."""
        return self.flow(page).natural_width(page.look)


def _face(heading: int) -> Face:
    if not heading:
        return Face.BODY
    return (Face.HEADING_1, Face.HEADING_2, Face.HEADING_3, Face.HEADING_4)[min(heading, 4) - 1]


class RulePiece(Piece):
    """A thematic break."""

    __slots__ = ()
    selectable = False
    _HEIGHT: Final = 11

    def __init__(self, block: RuleBlock, before: Block | None) -> None:
        super().__init__(block, before)
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

    def paint(self, ink: Ink, page: Page, x: int, y: int, selected: tuple[int, int] | None) -> None:
        """Paint what has to be painted."""
        ink.hline(x, x + page.width - self.indent, y + self._HEIGHT // 2, ink.tokens.line)


class MathPiece(Piece):
    """A displayed formula, as its source."""

    __slots__ = ("_flow", "_left")
    block: MathBlock

    def __init__(self, block: MathBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before)
        self._flow: TextFlow | None = None
        self._left = 0
        self.height = page.look.styles[Face.CODE].leading * (block.text.count("\n") + 1)

    def _text(self) -> Run:
        return make_run((Span(self.block.text.strip("\n")),))

    def _ready(self, page: Page) -> TextFlow:
        if self._flow is None:
            width = page.width - self.indent
            self._flow = TextFlow(Face.CODE, self._text(), width, page.look)
            self._centre(page)
        return self._flow

    def _centre(self, page: Page) -> None:
        if self._flow is not None:
            spare = page.width - self.indent - self._flow.natural_width(page.look)
            self._left = max(0, round(spare / 2))

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        self.height = self._ready(page).height
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if not isinstance(block, MathBlock) or block.containers != self.block.containers:
            return None
        self.block = block
        if self._flow is None:
            self.measured = False
            return 0
        self._flow.set_run(self._text(), page.look)
        self.height = self._flow.height
        self._centre(page)
        return 0

    def paint(self, ink: Ink, page: Page, x: int, y: int, selected: tuple[int, int] | None) -> None:
        """Paint what has to be painted."""
        self._ready(page).paint(ink, x + self._left, y, page.look, selected)

    def drop(self) -> None:
        """Let the layouts go."""
        self._flow = None

    def length(self) -> int:
        """Return the last position."""
        return len(self._text().text)

    def plain(self, start: int, end: int) -> str:
        """Return the text between two positions."""
        return self._text().plain(start, end)

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point."""
        return self._ready(page).hit(x - self._left, y, page.look)


def paint_containers(ink: Ink, page: Page, piece: Piece, x: int, y: int) -> None:
    """Paint quote rules and list markers.

    Args:
        ink: where to.
        page: fonts and colours.
        piece: whose containers.
        x: the column's left edge.
        y: the piece's upper edge, above its gap.
    """
    containers = piece.block.containers
    for depth, container in enumerate(containers):
        if isinstance(container, Quote):
            joined = _same_quote(container, piece.before, depth)
            top = y if joined else y + piece.gap
            _paint_quote(ink, page, container, x, top, y + piece.total, not joined)
            x += _QUOTE_INDENT
        else:
            if container.first:
                level = sum(isinstance(outer, ListItem) for outer in containers[:depth])
                _paint_marker(ink, page, container, x, y + piece.top, level)
            x += list_indent(container)


def _paint_quote(
    ink: Ink, page: Page, quote: Quote, x: int, top: int, bottom: int, first: bool
) -> None:
    t = ink.tokens
    colour = {
        "note": t.accent,
        "tip": t.ok,
        "important": t.c5,
        "warning": t.warn,
        "caution": t.danger,
    }.get(quote.alert, t.line2)
    ink.fill(QRectF(x, top, _QUOTE_RULE, bottom - top), colour)
    if quote.alert and first:
        ink.painter.setFont(page.look.ui_bold)
        ink.painter.setPen(colour)
        row = QRect(x + _QUOTE_INDENT, top, page.width, _ALERT_LABEL)
        put_text(ink.painter, row, alert_title(quote.alert))


def _paint_marker(ink: Ink, page: Page, item: ListItem, x: int, y: int, level: int) -> None:
    painter = ink.painter
    style = page.look.styles[Face.BODY]
    # Whole pixels: a half one would round to other sides as the view scrolls.
    middle = y + style.leading // 2
    t = ink.tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if item.task is not None:
        rect = QRectF(x + 2, middle - 7, 14, 14)
        if item.task:
            ink.box(rect, 4, t.accent, t.accent)
            icons.paint(painter, "check", rect, t.onaccent, 11)
        else:
            ink.box(rect, 4, None, t.ctl)
    elif item.ordered:
        text = f"{item.number}."
        painter.setFont(style.font)
        painter.setPen(t.text2)
        width = QFontMetricsF(style.font).horizontalAdvance(text)
        painter.drawText(QPointF(x + list_indent(item) - 6 - width, y + style.baseline), text)
    else:
        centre = QPointF(x + 8.5, middle + 0.5)
        if level % 3 == 1:
            painter.setPen(QPen(t.text2, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 2.0, 2.0)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.text2)
            if level % 3 == 2:
                painter.drawRect(QRectF(centre.x() - 2, centre.y() - 2, 4, 4))
            else:
                painter.drawEllipse(centre, 2.5, 2.5)
    painter.restore()
