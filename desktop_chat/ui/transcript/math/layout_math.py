"""Displayed formulas: pictures in the middle of the column, or their source.

While a formula still arrives its last good picture stays until a later one is drawn; one version
at a time is asked for, so that pictures come as fast as they can be drawn and no faster.
"""

import re
from math import ceil
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from desktop_chat.core.i18n import tr
from desktop_chat.markdown.blocks import Block, MathBlock, Span
from desktop_chat.ui.transcript.controls import Control, Kind
from desktop_chat.ui.transcript.deeds import Deeds
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.math.formulas import Formula
from desktop_chat.ui.transcript.pieces import Piece, PieceKeys
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.text.layout_text import TextFlow
from desktop_chat.ui.transcript.text.runs import make_run

_PAD: Final = 4
"""Logical pixels above and below a picture."""
_SMALLEST: Final = 0.85
"""A formula a little wider than the column is made smaller; one that is much wider scrolls."""
_BAR: Final = 4
_BAR_ROOM: Final = 10
_LEAST_THUMB: Final = 24
_TAG_GAP: Final = 16
_BUTTON: Final = 24
_HIGH: Final = re.compile(r"\\(?:[cdt]?frac|sum|prod|int|binom|lim)(?![a-zA-Z])")


class MathPiece(Piece):
    """A displayed formula.

    Positions count the characters of its source, whatever is shown. A picture is selected and
    copied as a whole; of a source that is shown because it cannot be drawn, parts can be.
    """

    __slots__ = ("_asked", "_flow", "_formula", "_hopeless", "_least", "_left", "_scroll")
    block: MathBlock

    def __init__(self, block: MathBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before, page)
        self._formula: Formula | None = None
        self._asked = ""
        self._hopeless = False
        self._flow: TextFlow | None = None
        self._left = 0
        self._scroll = 0
        self._least = 0
        self.height = _estimate(self.block.text, page)

    # What is shown

    @property
    def latex(self) -> str:
        """Its source, without delimiters."""
        return self.block.text.strip()

    @property
    def drawn(self) -> bool:
        """Whether a picture is shown, rather than its source or a blank."""
        return self._formula is not None

    @property
    def _written(self) -> bool:
        """Whether the source is shown: for good, or until there is a first picture.

        A formula that was never seen open is a blank until then.
        """
        seen = self.block.open or self._flow is not None
        return self._formula is None and (self._hopeless or seen)

    def _ask(self, page: Page) -> None:
        """Take the newest picture there is, and have a newer one drawn when there can be one."""
        formulas, latex, growing = page.formulas, self.latex, self.block.open
        arrived = formulas.get(self._asked, True, growing) if self._asked else None
        if arrived is not None:
            self._asked = ""
            # Of an earlier version, but later than the one that is shown.
            self._formula = arrived if arrived.drawn else self._formula
        found = formulas.get(latex, True, growing)
        if found is None:
            if latex and not self._asked:
                self._asked = latex
                formulas.want(latex, True, self, growing)
            return
        self._asked = ""
        if found.drawn:
            self._formula = found
        elif not growing:
            self._formula = None
            self._hopeless = True

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one; that of an open formula never shrinks."""
        self._ask(page)
        self.height = self._height(page)
        if self.block.open:
            self.height = self._least = max(self._least, self.height)
        self.measured = True

    def _height(self, page: Page) -> int:
        if self._formula is not None:
            self._flow = None
            pixels = self._pixels(page)
            high = ceil((self._formula.ascent + self._formula.depth) * pixels) + 2 * _PAD
            high = max(high, page.look.styles[Face.BODY].leading)
            return high + (_BAR_ROOM if self.scroll_range(page) else 0)
        return self._source(page).height if self._written else _estimate(self.block.text, page)

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        if not isinstance(block, MathBlock) or block.containers != self.block.containers:
            return None
        self.block = block
        if not block.open:
            self._asked = ""
        if self._flow is not None:
            self._flow.set_run(make_run((Span(self.latex),)), page.look)
            self._centre(page)
        self.measure(page)
        return 0

    def drop(self) -> None:
        """Let the layouts go; pictures are kept elsewhere."""
        self._flow = None

    def resize(self) -> None:
        """Forget what depends on the width."""
        self._flow = None
        self._scroll = self._least = 0
        self.measured = False

    def _source(self, page: Page) -> TextFlow:
        if self._flow is None:
            width = page.width - self.indent
            self._flow = TextFlow(Face.CODE, make_run((Span(self.latex),)), width, page.look)
            self._centre(page)
        return self._flow

    def _centre(self, page: Page) -> None:
        if self._flow is not None:
            spare = page.width - self.indent - self._flow.natural_width(page.look)
            self._left = max(0, round(spare / 2))

    # Geometry of the picture

    def _room(self, page: Page) -> int:
        """Return the width for the formula, beside its tag."""
        width = page.width - self.indent
        tag = self._tag_width(page)
        return max(1, width - tag - _TAG_GAP if tag else width)

    def _tag_width(self, page: Page) -> int:
        if self._formula is None or not self._formula.tag:
            return 0
        font = page.look.styles[Face.BODY].font
        return ceil(QFontMetricsF(font).horizontalAdvance(self._formula.tag))

    def _pixels(self, page: Page) -> float:
        em = page.look.styles[Face.BODY].em
        if self._formula is None:
            return em
        wide = self._formula.width * em
        room = self._room(page)
        return em * room / wide if room < wide and wide * _SMALLEST <= room else em

    def _box(self, page: Page) -> QRectF:
        """Return where the picture is, relative to the content."""
        assert self._formula is not None
        pixels = self._pixels(page)
        width = self._formula.width * pixels
        height = (self._formula.ascent + self._formula.depth) * pixels
        room, whole = self._room(page), page.width - self.indent
        left = -float(self._scroll)
        if width <= room:
            left = min((whole - width) / 2, room - width)
        high = self.height - (_BAR_ROOM if self.scroll_range(page) else 0)
        return QRectF(left, (high - height) / 2, width, height)

    # Sideways

    def scroll_range(self, page: Page) -> int:
        """Return how far the formula can be moved to the left; 0 when all fits."""
        if self._formula is None:
            return 0
        return max(0, ceil(self._formula.width * self._pixels(page) - 0.01) - self._room(page))

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the formula; tell whether anything moved."""
        x = min(max(0, x), self.scroll_range(page))
        moved = x != self._scroll
        self._scroll = x
        return moved

    def scrolled(self) -> int:
        """Return how far the formula is moved to the left."""
        return self._scroll

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the scroll bar, relative to the content, or None."""
        span = self.scroll_range(page)
        if not span:
            return None
        room = self._room(page)
        width = max(_LEAST_THUMB, room * room // (room + span))
        left = (room - width) * min(self._scroll, span) // span
        return QRect(left, self.height - _BAR - 1, width, _BAR)

    # What is pressed

    def controls(self, keys: PieceKeys, page: Page) -> list[Control]:
        """Return a quiet button that copies the LaTeX."""
        if not keys.active or self.block.open:
            return []
        tag = self._tag_width(page)
        right = keys.x + page.width - self.indent - (tag + _TAG_GAP // 2 if tag else 0)
        y = keys.y + (min(self.height, 2 * _BUTTON) - _BUTTON) // 2
        return [
            Control(
                keys.key("copy"),
                Kind.TOOL,
                QRect(right - _BUTTON, y, _BUTTON, _BUTTON),
                keys.command("copy"),
                icon="copy",
                name=tr("Copy LaTeX"),
            )
        ]

    def press(self, verb: str, deeds: Deeds, page: Page) -> bool:
        """Copy the LaTeX."""
        del verb, page
        deeds.copy(self.latex)
        return False

    # Painting

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        if self._formula is None:
            self._ask(page)
        formula = self._formula
        if formula is None:
            if self._written:
                self._source(page).paint(ink, x + self._left, y, page.look, shade)
            return
        style = page.look.styles[Face.BODY]
        box = self._box(page).translated(x, y)
        pixels = self._pixels(page)
        painter = ink.painter
        painter.save()
        if self.scroll_range(page):
            clip = QRectF(x, y, self._room(page), self.height)
            painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        for span, colour in shade.grounds(ink.tokens):
            if span[0] < span[1]:
                ink.ground(box.adjusted(-_PAD, -_PAD, _PAD, _PAD), colour)
        baseline = box.top() + formula.ascent * pixels
        formula.paint(ink, box.left(), baseline, pixels, style.colour, style.font)
        bar = self.bar(page)
        if bar is not None:
            ink.box(QRectF(bar.translated(x, y)), _BAR / 2, ink.tokens.line2, None)
        painter.restore()
        if formula.tag:
            painter.setFont(style.font)
            painter.setPen(ink.tokens.text2)
            right = x + page.width - self.indent
            painter.drawText(QPointF(right - self._tag_width(page), round(baseline)), formula.tag)

    # Positions

    def length(self) -> int:
        """Return the last position."""
        return len(make_run((Span(self.latex),)).text)

    def raw(self) -> str:
        """Return the text that positions count in."""
        return make_run((Span(self.latex),)).text

    def plain(self, start: int, end: int) -> str:
        """Return the source between dollar signs; a part of it where the source is shown."""
        text = make_run((Span(self.latex),))
        if self._hopeless and (start > 0 or end < len(text.text)):
            return text.plain(start, end)
        return f"$$\n{self.latex}\n$$" if start < end else ""

    def crop(self, start: int, end: int) -> Block:
        """Return the block: a formula is copied as a whole."""
        del start, end
        return self.block

    def hit(self, page: Page, x: float, y: float) -> int:
        """Return the position nearest to a point: of a picture, its start or its end."""
        if self._formula is None and self._written:
            return self._source(page).hit(x - self._left, y, page.look)
        middle = (page.width - self.indent) / 2
        if self._formula is not None:
            middle = self._box(page).center().x()
        return 0 if x < middle else self.length()

    def caret_at(self, page: Page, position: int) -> QRectF:
        """Return where a position is: of a picture, its left or its right edge."""
        if self._formula is None:
            if self._written:
                place = self._source(page).place_of(position, page.look)
                return place.translated(self._left, 0)
            return QRectF(0, 0, 0, self.height)
        box = self._box(page)
        x = box.left() if position <= 0 else box.right()
        return QRectF(x, max(0.0, box.top() - _PAD), 0, box.height() + 2 * _PAD)

    def natural_width(self, page: Page) -> float:
        """Return how wide it is, in logical pixels."""
        if self._formula is not None:
            return self._formula.width * self._pixels(page)
        return self._source(page).natural_width(page.look) if self._written else 0.0


def _estimate(text: str, page: Page) -> int:
    """Return about how high a formula will be, with the room around it."""
    leading = page.look.styles[Face.BODY].leading
    rows = 1 + text.count("\\\\")
    return rows * leading + (leading if _HIGH.search(text) else 0) + 2 * _PAD
