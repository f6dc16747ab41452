"""Images that stand alone in a message."""

from desktop_chat.markdown.blocks import Block, ImageBlock, Span, Style
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.layout_text import TextFlow
from desktop_chat.ui.transcript.look import Face, Page
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import PLAIN, Shade
from desktop_chat.ui.transcript.runs import make_run


class ImagePiece(Piece):
    """An image, as its alternative text and its address."""

    __slots__ = ("_flow",)
    block: ImageBlock

    def __init__(self, block: ImageBlock, before: Block | None, page: Page) -> None:
        super().__init__(block, before)
        self._flow: TextFlow | None = None
        self.height = page.look.styles[Face.BODY].leading

    def _ready(self, page: Page) -> TextFlow:
        if self._flow is None:
            run = make_run((Span(self.block.alt, Style.IMAGE, self.block.href),))
            self._flow = TextFlow(Face.BODY, run, page.width - self.indent, page.look)
        return self._flow

    def measure(self, page: Page) -> None:
        """Set ``height`` to the real one."""
        self.height = self._ready(page).height
        self.measured = True

    def renew(self, block: Block, page: Page) -> int | None:
        """Take a later form of the same block."""
        del page
        if not isinstance(block, ImageBlock) or block.containers != self.block.containers:
            return None
        self.block = block
        self.drop()
        self.measured = False
        return 0

    def paint(self, ink: Ink, page: Page, x: int, y: int, shade: Shade = PLAIN) -> None:
        """Paint what has to be painted."""
        self._ready(page).paint(ink, x, y, page.look, shade)

    def drop(self) -> None:
        """Let the layouts go."""
        self._flow = None
