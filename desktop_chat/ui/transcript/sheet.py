"""How wide the text is set, and in which fonts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from desktop_chat.ui.transcript.furniture import BAR_WIDTH, RAIL_WIDTH
from desktop_chat.ui.transcript.look import Look, Page

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

COLUMN: Final = 760
"""The widest that text becomes unless the reader chooses otherwise, in logical pixels."""
SIDE: Final = 24
_LEAST: Final = 120


class Sheet:
    """Fits the column into the view, and sets it anew when a width or a font changes.

    Args:
        canvas: what the text stands on.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self._widest: int | None = COLUMN
        self._fonts = (canvas.theme.text_scale, canvas.theme.code_family)

    def set_widest(self, width: int | None) -> None:
        """Let the text be so wide at most, in logical pixels; None lets it fill the view."""
        if width != self._widest:
            self._widest = width
            self.place()

    def place(self) -> None:
        """Find the column's width and the rail's place; a new width measures what is visible."""
        canvas = self._canvas
        rail = canvas.width() >= (self._widest or COLUMN) + 2 * (RAIL_WIDTH + BAR_WIDTH)
        sides = 2 * SIDE
        if self._widest is None and rail:
            sides += 2 * RAIL_WIDTH
        width = max(_LEAST, min(self._widest or canvas.width(), canvas.width() - sides))
        margin = RAIL_WIDTH if rail else 0
        if canvas.viewportMargins().right() != margin:
            canvas.setViewportMargins(0, 0, margin, 0)
        canvas.rail.setVisible(rail)
        canvas.rail.setGeometry(
            canvas.width() - BAR_WIDTH - RAIL_WIDTH, 0, RAIL_WIDTH, canvas.viewport().height()
        )
        canvas.scroller.height = canvas.viewport().height()
        if width != canvas.page.width:
            self._set(canvas.page.narrowed(width))
        canvas.scroller.clamp()
        canvas.rebuild()

    def follow_theme(self) -> None:
        """Take the theme's colours; where its fonts are others, too, everything is set anew."""
        canvas = self._canvas
        fonts = (canvas.theme.text_scale, canvas.theme.code_family)
        page = replace(canvas.page, look=Look(canvas.theme), backlog={})
        if fonts != self._fonts:
            self._fonts = fonts
            self._set(page)
            canvas.scroller.clamp()
            canvas.rebuild()
            return
        canvas.page = page
        canvas.column.recolour(page)
        canvas.viewport().update()

    def _set(self, page: Page) -> None:
        """Set everything on another page; the text at the viewport's top stays there."""
        canvas = self._canvas
        mark = canvas.scroller.mark()
        canvas.page = page
        canvas.column.resize(page)
        canvas.scroller.return_to(mark)
