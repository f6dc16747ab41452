"""Displayed formulas."""

from desktop_chat.markdown.blocks import Block, MathBlock, Span
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_text import TextFlow
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.runs import Run, make_run


class MathPiece(Piece):
    """A displayed formula, as its source."""

    __slots__ = ("_flow", "_left")
    block: MathBlock

    def __init__(self, block: MathBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before, page)
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

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        self._ready(page).paint(ink, x + self._left, y, page.look, shade)

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
