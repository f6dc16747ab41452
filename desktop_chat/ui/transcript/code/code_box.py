"""The shape of a code card: which lines it shows, how wide and how high, moved how far."""

from typing import Final

from PySide6.QtCore import QRect, QRectF

from desktop_chat.markdown.blocks import Block, CodeBlock
from desktop_chat.ui.transcript.code import languages
from desktop_chat.ui.transcript.code.code_lines import CodeLines
from desktop_chat.ui.transcript.code.code_sizes import (
    BAR,
    BORDER,
    FOLD_LINES,
    FOLD_ROW,
    FOLDED_LINES,
    HEADER,
    PAD_X,
    PAD_Y,
    gutter_of,
)
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece

_BAR_BOTTOM: Final = 7
_LEAST_THUMB: Final = 24


class CodeBox(Piece):
    """What a code card is before it is painted.

    Args:
        block: grows while it streams.
        before: the block before it, or None.
        page: fonts and width.
        live: whether its message is being written. A block that the reader saw growing is not
            folded when it is finished.

    Attributes:
        scroll: how far the lines are moved to the left, in logical pixels.
        folded: whether only its first lines are shown.
        lines: its layouts.
        in_sight: the rows that were in the viewport when it was painted last.
    """

    __slots__ = ("_live", "_seen", "_settled", "folded", "in_sight", "lines", "scroll")
    block: CodeBlock

    def __init__(self, block: CodeBlock, before: Block | None, page: Page, *, live: bool) -> None:
        super().__init__(block, before, page)
        self.lines = CodeLines(block.lines)
        self.scroll = 0
        self.in_sight = range(0)
        self.folded = False
        self._seen = 0
        self._live = live
        self._settled = False
        self._settle_fold()

    @property
    def foldable(self) -> bool:
        """Whether it has so many lines that it can be folded."""
        return len(self.block.lines) > FOLD_LINES

    @property
    def has_row(self) -> bool:
        """Whether there is a row below the lines that folds and unfolds them."""
        return self.foldable and not (self.block.open and self._live)

    @property
    def wraps(self) -> bool:
        """Whether long lines go on in the next row."""
        return self.lines.rows.wraps

    @property
    def shown(self) -> int:
        """How many lines are shown."""
        return FOLDED_LINES if self.folded else len(self.block.lines)

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one; an empty block shows one line."""
        self.lines.rows.sync(self.room(page), page.look)
        row = FOLD_ROW if self.has_row else 0
        self.height = self.rows_bottom(page) + PAD_Y + row + BORDER
        self._seen = len(self.block.lines)
        self.measured = True

    def rows_bottom(self, page: Page) -> int:
        """Return the lower edge of the last row, below the piece's top."""
        rows = max(1, self.lines.rows.before(self.shown))
        return HEADER + PAD_Y + rows * page.look.styles[Face.CODE].leading

    def left(self, page: Page) -> int:
        """Return where lines begin, right of the line numbers, when they are not moved."""
        return PAD_X + gutter_of(len(self.block.lines), page.look)

    def room(self, page: Page) -> int:
        """Return how much of a line is visible at a time, in logical pixels."""
        return max(1, page.width - self.indent - self.left(page) - PAD_X)

    def _settle_fold(self) -> None:
        """Fold what is finished and was not seen growing; never what grows."""
        if not self.has_row:
            self.folded = self._settled = False
        elif not self._settled:
            self._settled = True
            self.folded = not (self._live and self.in_sight)

    def drop(self) -> None:
        """Let the layouts go."""
        self.lines.drop()

    def resize(self) -> None:
        """Go back to the left edge; lines that do not wrap have their height at any width."""
        self.scroll = 0
        self.measured = self.measured and not self.wraps

    def refont(self) -> None:
        """Forget how wide lines are."""
        self.lines.refont()
        self.measured = False

    # Sideways

    def scroll_range(self, page: Page) -> int:
        """Return how far the lines can be moved to the left; 0 when all fit."""
        if self.wraps:
            return 0
        return max(0, int(self.lines.widest(page.look)) + 1 - self.room(page))

    def scroll_to(self, x: int, page: Page) -> bool:
        """Move the lines; tell whether anything moved."""
        x = min(max(0, x), self.scroll_range(page))
        moved = x != self.scroll
        self.scroll = x
        return moved

    def scrolled(self) -> int:
        """Return how far the lines are moved to the left."""
        return self.scroll

    def bar(self, page: Page) -> QRect | None:
        """Return the thumb of the scroll bar, relative to the content, or None."""
        span = self.scroll_range(page)
        if not span:
            return None
        room = self.room(page)
        width = max(_LEAST_THUMB, room * room // (room + span))
        left = self.left(page) + (room - width) * min(self.scroll, span) // span
        bottom = self.rows_bottom(page) + PAD_Y + BORDER
        return QRect(left, bottom - _BAR_BOTTOM, width, BAR)

    # What the reader chooses

    def toggle_wrap(self) -> None:
        """Let long lines go on in the next row, or not."""
        self.lines.rows.set_wrap(not self.wraps)
        self.lines.drop()
        self.scroll = 0

    def toggle_fold(self) -> None:
        """Show the first lines or all of them."""
        self.folded = not self.folded

    def _caret(self, page: Page, row: int, x: float) -> QRectF:
        leading = page.look.styles[Face.CODE].leading
        x = min(x - self.scroll, float(self.room(page))) + self.left(page)
        return QRectF(x, HEADER + PAD_Y + row * leading, 0, leading)

    @property
    def is_diff(self) -> bool:
        """Whether its lines are additions and removals."""
        return languages.lexer_of(self.block.language) == languages.DIFF
