"""One message as plain text in a real text widget, to be read by character, word and line.

Painted text has no caret that assistive technology could follow; this widget has one. It lies
over the conversation until Esc.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message, Role
from desktop_chat.markdown.blocks import Block, Style
from desktop_chat.markdown.stream import MarkdownStream
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import paint_box
from desktop_chat.ui.controls.scrollbar import ScrollBar
from desktop_chat.ui.theme import RADIUS_CARD, Theme
from desktop_chat.ui.transcript.access.accessible_words import message_name, plain_lines
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.links.links import target_of
from desktop_chat.ui.transcript.links.links_view import spans_of, texts_of
from desktop_chat.ui.transcript.look import Face
from desktop_chat.ui.transcript.text.plain import LONGEST

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas
    from desktop_chat.ui.transcript.model import Item

_Links: TypeAlias = dict[str, list[str]]
"""Addresses, and what the links that go there say."""
_SECONDS: Final = 0.008
"""So long text is read and laid out at a time."""
_SLICE_CHARS: Final = 4000
_LINKS: Final = 200
"""So many links are listed."""
_LINK_ROWS: Final = 4
_MARGIN: Final = 12
_EDGE: Final = 16


class Review(QWidget):
    """A message as text, over the view. It deletes itself when it closes.

    Args:
        canvas: the view.
        item: the message, whose text must be there.
    """

    def __init__(self, canvas: TranscriptCanvas, item: Item) -> None:
        super().__init__(canvas)
        assert item.message is not None
        self._canvas = canvas
        self._theme: Theme = canvas.theme
        self._links: _Links = {}
        self._lines = _lines(item, canvas, self._links)
        name = message_name(item.message, "")
        self.setAccessibleName(name)
        self.heading = Label(self._theme, name, bold=True)
        self.close_button = IconButton(self._theme, "x", tr("Close"))
        self.close_button.clicked.connect(self.end)
        self.edit = QPlainTextEdit()
        self.links_heading = Label(self._theme, tr("Links in this message"), pixels=12, ink="text3")
        self.links = QListWidget()
        self._slices = QTimer(self)
        self._slices.setInterval(0)
        self._slices.timeout.connect(self._read)
        self._dress()
        self._lay_out()
        self._theme.changed.connect(self._recolour)
        canvas.installEventFilter(self)
        self._place()
        self._slices.start()
        self._read()

    def _dress(self) -> None:
        edit = self.edit
        edit.setAccessibleName(tr("Message as text"))
        edit.setReadOnly(True)
        edit.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        edit.setUndoRedoEnabled(False)
        edit.setTabChangesFocus(True)
        edit.setFrameShape(QFrame.Shape.NoFrame)
        edit.document().setDocumentMargin(1)
        edit.setVerticalScrollBar(ScrollBar(self._theme))
        edit.setFont(self._canvas.page.look.styles[Face.BODY].font)
        self.links.setAccessibleName(tr("Links in this message"))
        self.links.setFrameShape(QFrame.Shape.NoFrame)
        self.links.setVerticalScrollBar(ScrollBar(self._theme))
        self.links.setFont(self._theme.font(13))
        self.links.setSpacing(3)
        self.links.itemActivated.connect(self._open_link)
        self.links.hide()
        self.links_heading.hide()
        self._recolour()

    def _recolour(self) -> None:
        t = self._theme.tokens
        for widget in (self.edit, self.links):
            palette = widget.palette()
            palette.setColor(QPalette.ColorRole.Base, t.raised)
            palette.setColor(QPalette.ColorRole.Text, t.text)
            widget.setPalette(palette)
        self.update()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(_EDGE, 10, 10, _EDGE)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.heading, 1)
        row.addWidget(self.close_button)
        column.addLayout(row)
        column.addWidget(self.edit, 1)
        column.addWidget(self.links_heading)
        column.addWidget(self.links)
        QWidget.setTabOrder(self.edit, self.links)
        QWidget.setTabOrder(self.links, self.close_button)

    def _place(self) -> None:
        canvas = self._canvas
        inside = canvas.viewport().geometry()
        left = canvas.left - _EDGE
        place = QRect(left, inside.top(), canvas.page.width + 2 * _EDGE, inside.height())
        self.setGeometry(place.adjusted(0, _MARGIN, 0, -_MARGIN) & inside)

    # Its text

    def _read(self) -> None:
        """Take more of the text, for some milliseconds."""
        deadline = time.perf_counter() + _SECONDS
        taken: list[str] = []
        size = 0
        for line in self._lines:
            if line is not None:
                taken.append(line)
                size += len(line)
            if time.perf_counter() > deadline or size > 10 * _SLICE_CHARS:
                break
        else:
            self._slices.stop()
            self._show_links()
        if not taken:
            return
        empty = self.edit.document().isEmpty()
        end = QTextCursor(self.edit.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        end.insertText(("" if empty else "\n") + "\n".join(taken))
        if empty:
            self.edit.moveCursor(QTextCursor.MoveOperation.Start)

    @property
    def whole(self) -> bool:
        """Whether all of the text is there."""
        return not self._slices.isActive()

    def _show_links(self) -> None:
        for address in list(self._links)[:_LINKS]:
            target = target_of(address)
            if target is not None:
                item = QListWidgetItem(f"{target.before}{target.shown}{target.after}")
                item.setData(Qt.ItemDataRole.UserRole, address)
                self.links.addItem(item)
        count = self.links.count()
        if count:
            self.links.setCurrentRow(0)
            row = self.links.sizeHintForRow(0) + 2 * self.links.spacing()
            self.links.setFixedHeight(min(count, _LINK_ROWS) * row + 2)
            self.links_heading.show()
            self.links.show()

    def _open_link(self, item: QListWidgetItem) -> None:
        href = str(item.data(Qt.ItemDataRole.UserRole))
        self._canvas.links.open(href, self._links.get(href, []))

    # Its life

    def open(self) -> None:
        """Show it, with the caret at the beginning."""
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """Close it, and go back to the conversation."""
        self._slices.stop()
        self._canvas.removeEventFilter(self)
        self.hide()
        self._canvas.setFocus(Qt.FocusReason.TabFocusReason)
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Esc; no other key reaches the conversation behind."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        event.accept()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the size of the view."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the border."""
        t = self._theme.tokens
        painter = QPainter(self)
        paint_box(painter, QRect(self.rect()), RADIUS_CARD, t.raised, t.line2)
        painter.end()


def open_review(canvas: TranscriptCanvas, message_id: str) -> Review | None:
    """Open a message as text; None while its text is not there."""
    index = canvas.column.index_of(message_id)
    if index is None or canvas.column.items[index].message is None:
        return None
    for old in canvas.findChildren(Review):
        old.end()
    review = Review(canvas, canvas.column.items[index])
    review.open()
    return review


def _lines(item: Item, canvas: TranscriptCanvas, links: _Links) -> Iterator[str | None]:
    """Yield the lines of a message, and None where only time has passed."""
    message = item.message
    assert message is not None
    if message.role is Role.USER:
        yield from _short(message.text.strip("\n").split("\n"))
        return
    body = item.body if isinstance(item.body, AnswerBody) else None
    languages = canvas.accessible.languages
    if body is not None and body.thinking.shown:
        yield body.thinking.title(live=body.thinks)
        yield from _short(body.text.reasons.text.split("\n"))
        yield ""
    if body is not None and not body.waiting:
        blocks = [piece.block for piece in body.text.body.pieces]
    else:
        blocks = []
        yield from _parsed(message, blocks)
    for block in blocks:
        _collect(block, links)
    yield from _short(plain_lines(blocks, languages, indent=True))


def _parsed(message: Message, blocks: list[Block]) -> Iterator[None]:
    """Parse a text, a slice with each step."""
    stream = MarkdownStream()
    for start in range(0, len(message.text), _SLICE_CHARS):
        stream.feed(message.text[start : start + _SLICE_CHARS])
        yield None
    stream.finish()
    blocks.extend(stream.blocks)


def _short(lines: Iterator[str] | list[str]) -> Iterator[str]:
    """Yield lines, very long ones in parts: a line is laid out as a whole."""
    for line in lines:
        yield from (line[at : at + LONGEST] for at in range(0, max(1, len(line)), LONGEST))


def _collect(block: Block, links: _Links) -> None:
    """Note the addresses that a block points to."""
    found = {
        span.href: None for spans in spans_of(block) for span in spans if span.style & Style.LINK
    }
    for href in found:
        links.setdefault(href, []).extend(texts_of(block, href))
