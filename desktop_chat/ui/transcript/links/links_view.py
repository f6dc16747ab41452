"""Links under the pointer: where they go is shown, and asked where it may deceive."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint

from desktop_chat.markdown.blocks import Block, Footnote, Spans, Style, TableRow, TextBlock
from desktop_chat.ui.transcript.body import MessageBody, PieceAt
from desktop_chat.ui.transcript.links.links import Doubt, doubt_of, target_of
from desktop_chat.ui.transcript.links.links_question import LinkQuestion
from desktop_chat.ui.transcript.links.links_status import StatusLine
from desktop_chat.ui.transcript.places import Part

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_NOTE: Final = "#"
_BACK: Final = "^"
_ABOVE: Final = 24
"""So far below the viewport's top stands what was jumped to."""
_NOTE_CHARS: Final = 600
"""So much of a footnote is shown beside the pointer."""


def spans_of(block: Block) -> Iterator[Spans]:
    """Yield the texts of a block: one, or one for each cell."""
    if isinstance(block, TextBlock):
        yield block.spans
    elif isinstance(block, TableRow):
        yield from block.cells


def texts_of(block: Block, href: str) -> list[str]:
    """Return the texts of the links of a block that go to an address."""
    found = []
    for spans in spans_of(block):
        for linked, group in groupby(spans, lambda span: _links_to(span.style, span.href, href)):
            if linked:
                found.append("".join(span.text for span in group))
    return found


def _links_to(style: Style, address: str, href: str) -> bool:
    return bool(style & Style.LINK) and address == href


def _note_label(at: PieceAt, *, first: bool) -> str | None:
    """Return the label of the footnote that a piece belongs to, or None."""
    for container in at.piece.block.containers:
        if isinstance(container, Footnote) and (container.first or not first):
            return container.label
    return None


def _same(label: str, other: str) -> bool:
    return label.casefold() == other.casefold()


class Links:
    """Tells where links go, opens them, and jumps to footnotes.

    Args:
        canvas: where the text is.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self.status = StatusLine(canvas.theme, canvas)
        self.question: LinkQuestion | None = None
        """The question that is open, or None."""

    def at(self, point: QPoint) -> str:
        """Return what can be pressed at a point of the viewport: an address, ``#`` and the label
        of a footnote, ``^`` and a label on the way back from one, or "".
        """
        find = self._canvas.pointer.find
        href = find.link(point)
        if href:
            return href
        found = find.piece_at(point)
        if found is None:
            return ""
        inside = find.inside(*found, point)
        left = 0 <= inside.y() < found[1].piece.height and -found[1].piece.indent <= inside.x() < 0
        label = _note_label(found[1], first=True) if left else None
        return "" if label is None else f"{_BACK}{label}"

    # Pointing

    def hover(self, point: QPoint) -> None:
        """Show where the link at a point goes, if there is one."""
        target = target_of(self.at(point))
        if target is None:
            self.leave()
        else:
            self.status.tell(target, point)

    def leave(self) -> None:
        """Show nothing: the pointer is elsewhere, or what is under it has moved."""
        if not self.status.isHidden():
            self.status.hide()

    def tip(self, point: QPoint) -> str:
        """Return what is shown beside the pointer, as HTML: the footnote that a mark points to, or
        "".
        """
        href = self.at(point)
        found = self._canvas.pointer.find.piece_at(point)
        if found is None or not href.startswith(_NOTE):
            return ""
        body = self._canvas.column.items[found[0]].body
        if body is None:
            return ""
        lines = []
        for at in self._pieces(body):
            label = _note_label(at, first=False)
            if label is not None and _same(label, href[1:]):
                lines.append(at.piece.plain(0, at.piece.length()))
        text = "\n".join(lines)
        text = text if len(text) <= _NOTE_CHARS else f"{text[:_NOTE_CHARS]}…"
        # Qt takes what looks like HTML for HTML: what a model wrote must stay text.
        return f'<p style="white-space:pre-wrap">{escape(text)}</p>' if text else ""

    # Pressing

    def press(self, point: QPoint) -> None:
        """Open or go to what is at a point."""
        href = self.at(point)
        found = self._canvas.pointer.find.piece_at(point)
        if found is None or not href:
            return
        index, at = found
        if href.startswith(_NOTE):
            self._go_to_note(index, href[1:])
        elif href.startswith(_BACK):
            self._go_to_mark(index, href[1:])
        else:
            self.open(href, texts_of(at.piece.block, href))

    def open(self, href: str, texts: list[str]) -> None:
        """Open an address, after a question if it may deceive.

        Args:
            href: of http, https or mailto; anything else does nothing.
            texts: what the link says, if anything.
        """
        target = target_of(href)
        if target is None:
            return
        text, doubt = "", doubt_of(href, "")
        for text in texts:
            doubt = doubt_of(href, text)
            if doubt is not None:
                break
        if doubt is None:
            self._canvas.link_activated.emit(href)
        else:
            self._ask(href, text, doubt)

    def _ask(self, href: str, text: str, doubt: Doubt) -> None:
        if self.question is not None:
            return
        canvas = self._canvas
        question = self.question = LinkQuestion(canvas.theme, canvas, href, text, doubt)
        question.accepted.connect(lambda: canvas.link_activated.emit(href))
        question.finished.connect(self._answered)
        question.open()

    def _answered(self, _result: int) -> None:
        self.question = None

    # Footnotes

    def _pieces(self, body: MessageBody) -> Iterator[PieceAt]:
        page = self._canvas.page
        number = 0
        while (at := body.piece(page, Part.BODY, number)) is not None:
            yield at
            number += 1

    def _go_to_note(self, index: int, label: str) -> None:
        body = self._canvas.column.body(index)
        for at in self._pieces(body) if body is not None else ():
            found = _note_label(at, first=True)
            if found is not None and _same(found, label):
                self._go_to(index, at)
                return

    def _go_to_mark(self, index: int, label: str) -> None:
        body = self._canvas.column.body(index)
        for at in self._pieces(body) if body is not None else ():
            for spans in spans_of(at.piece.block):
                if any(span.style & Style.FOOTNOTE and _same(span.text, label) for span in spans):
                    self._go_to(index, at)
                    return

    def _go_to(self, index: int, at: PieceAt) -> None:
        """Bring a piece into sight, unless it is there."""
        canvas = self._canvas
        top = canvas.column.top_of(index) + at.y
        seen = top >= canvas.scroller.top
        if not seen or top + at.piece.height > canvas.scroller.top + canvas.scroller.height:
            canvas.scroll_to(top - _ABOVE)
