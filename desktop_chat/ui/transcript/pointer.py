"""The mouse over the painted text: hovering, links, selecting, copying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QClipboard,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
)
from PySide6.QtWidgets import QToolTip

from desktop_chat.core.i18n import tr
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.transcript.body import PieceAt
from desktop_chat.ui.transcript.finder import Finder
from desktop_chat.ui.transcript.places import END, Place
from desktop_chat.ui.transcript.selection import Selection, selected_text, whole, word_at

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_SCHEMES: Final = ("http:", "https:", "mailto:")
_DRAG: Final = 4
_DRAG_MS: Final = 30
_DRAG_STEP: Final = 60


class Pointer:
    """Turns mouse events on the viewport into selections and links.

    Args:
        canvas: what is pointed at.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self.find = Finder(canvas)
        self.selection = Selection()
        self.hovered = -1
        """The message under the pointer, or -1."""
        self._focused = ""
        """The message that was last pressed; Ctrl+A selects its text."""
        self._pressed: QPoint | None = None
        self._selecting = False
        self._bar: tuple[PieceAt, int, int] | None = None
        self._drag_at = QPoint()
        self._drag_timer = QTimer(canvas)
        self._drag_timer.setInterval(_DRAG_MS)
        self._drag_timer.timeout.connect(self._drag_on)

    def event(self, event: QEvent) -> bool:
        """Take an event of the viewport; tell whether it is dealt with."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            if kind == QEvent.Type.MouseMove:
                return self._move(event)
            if kind == QEvent.Type.MouseButtonPress:
                return self._press(event)
            if kind == QEvent.Type.MouseButtonRelease:
                return self._release(event)
            if kind == QEvent.Type.MouseButtonDblClick:
                return self._double(event)
        elif kind == QEvent.Type.Leave:
            self._hover(-1)
        elif isinstance(event, QHelpEvent) and kind == QEvent.Type.ToolTip:
            self._tip(event)
            return True
        elif isinstance(event, QContextMenuEvent):
            self._context_menu(event)
            return True
        return False

    def key(self, event: QKeyEvent) -> bool:
        """Take a key that does not scroll; tell whether it is dealt with."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return True
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_message(self._focused)
            return True
        if event.key() == Qt.Key.Key_Escape and not self.selection.empty:
            self._clear()
            return True
        return False

    # Pointing

    def _move(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        if self._bar is not None:
            self._drag_bar(point.x())
            return True
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._extend(point)
            return True
        self._hover(self.find.item_at(point))
        self._canvas.viewport().setCursor(self._shape(point))
        return False

    def _shape(self, point: QPoint) -> Qt.CursorShape:
        found = self.find.piece_at(point)
        if found is None or not self.find.over(*found, point):
            return Qt.CursorShape.ArrowCursor
        if self.find.link(point):
            return Qt.CursorShape.PointingHandCursor
        inside = self.find.inside(*found, point)
        at = found[1]
        if not at.piece.selectable or not at.piece.over_text(at.page, inside.x(), inside.y()):
            return Qt.CursorShape.ArrowCursor
        return Qt.CursorShape.IBeamCursor

    def _hover(self, index: int) -> None:
        if index == self.hovered:
            return
        canvas = self._canvas
        before, self.hovered = self.hovered, index
        for changed in (before, index):
            if 0 <= changed < len(canvas.column.items):
                canvas.update_message(changed)
        canvas.place_controls()

    def _tip(self, event: QHelpEvent) -> None:
        href = self.find.link(event.pos())
        if href:
            QToolTip.showText(event.globalPos(), href, self._canvas.viewport())
        else:
            QToolTip.hideText()

    # Selecting

    def _press(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        bar = self.find.bar(point)
        if bar is not None:
            self._bar = (bar[0], point.x(), bar[0].piece.scrolled())
            return True
        place = self.find.place(point)
        if place is None:
            self._clear()
            return True
        self._focused = place[0]
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not self.selection.empty:
            self._select(place[0], self.selection.anchor, place[1])
            return True
        again = self._selecting_again(event)
        self._clear()
        self._pressed = point
        if again:
            self._select(place[0], Place(*place[1][:2], 0), Place(*place[1][:2], END))
            self._pressed = None
        else:
            self.selection.begin(place[0], place[1], place[1])
        return True

    def _selecting_again(self, event: QMouseEvent) -> bool:
        """Tell whether this press is the third of a triple click."""
        timer = self._double_at
        interval = QGuiApplication.styleHints().mouseDoubleClickInterval()
        return (
            timer is not None
            and event.timestamp() - timer[0] < interval
            and (event.position().toPoint() - timer[1]).manhattanLength() < 2 * _DRAG
        )

    _double_at: tuple[int, QPoint] | None = None

    def _double(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        place = self.find.place(point)
        if place is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._double_at = (event.timestamp(), point)
        message_id, (part, number, position) = place
        found = self.find.piece_at(point)
        if found is not None:
            text = found[1].piece.raw()
            start, end = word_at(text, position)
            self._select(message_id, Place(part, number, start), Place(part, number, end))
        return True

    def _extend(self, point: QPoint) -> None:
        if self._pressed is None:
            return
        if not self._selecting and (point - self._pressed).manhattanLength() < _DRAG:
            return
        if not self._selecting:
            # Text that arrives must not run away under the pointer.
            self._canvas.scroller.pause()
        self._selecting = True
        self._drag_at = point
        if self._beyond(point):
            self._drag_timer.start()
        else:
            self._drag_timer.stop()
        self._extend_to(point)

    def _beyond(self, point: QPoint) -> int:
        """Return how far a point is above (negative) or below the viewport."""
        height = self._canvas.scroller.height
        return min(point.y(), 0) or max(point.y() - height, 0)

    def _drag_on(self) -> None:
        """Scroll while the pointer is dragged beyond an edge."""
        beyond = self._beyond(self._drag_at)
        self._canvas.scroll_by(max(-_DRAG_STEP, min(_DRAG_STEP, beyond)))
        self._extend_to(self._drag_at)

    def _extend_to(self, point: QPoint) -> None:
        """Select to a point; in another message, to this one's end on that side."""
        canvas = self._canvas
        message_id = self.selection.message_id
        own = canvas.column.index_of(message_id)
        place = self.find.place(point)
        if place is None or own is None:
            return
        caret = place[1]
        if place[0] != message_id:
            body = canvas.column.body(own)
            ends = None if body is None else whole(body, canvas.page)
            if ends is None:
                return
            other = canvas.column.index_of(place[0])
            caret = ends[1] if other is not None and other > own else ends[0]
        self._select(message_id, self.selection.anchor, caret)

    def _release(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        self._bar = None
        self._drag_timer.stop()
        pressed, self._pressed = self._pressed, None
        selecting, self._selecting = self._selecting, False
        if selecting:
            self._canvas.scroller.resume()
            clipboard = QGuiApplication.clipboard()
            if clipboard.supportsSelection():
                clipboard.setText(self.text(), QClipboard.Mode.Selection)
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        if pressed is not None and not selecting:
            href = self.find.link(point)
            if href.lower().startswith(_SCHEMES):
                self._canvas.link_activated.emit(href)
        return True

    def _select(self, message_id: str, anchor: Place, caret: Place) -> None:
        self.selection.begin(message_id, anchor, caret)
        self._repaint(message_id)

    def select_message(self, message_id: str) -> None:
        """Select all text of a message."""
        canvas = self._canvas
        index = canvas.column.index_of(message_id)
        body = None if index is None else canvas.column.body(index)
        ends = None if body is None else whole(body, canvas.page)
        if ends is not None:
            self._select(message_id, *ends)

    def _clear(self) -> None:
        message_id = self.selection.message_id
        self.selection.clear()
        if message_id:
            self._repaint(message_id)

    def _repaint(self, message_id: str) -> None:
        index = self._canvas.column.index_of(message_id)
        if index is not None:
            self._canvas.update_message(index)

    # Copying

    def text(self) -> str:
        """Return the selected text."""
        canvas = self._canvas
        index = canvas.column.index_of(self.selection.message_id)
        selected = self.selection.of(self.selection.message_id)
        if index is None or selected is None:
            return ""
        body = canvas.column.body(index)
        return "" if body is None else selected_text(body, canvas.page, selected)

    def copy(self) -> bool:
        """Copy the selected text; tell whether there was any."""
        text = self.text()
        if text:
            QGuiApplication.clipboard().setText(text)
        return bool(text)

    def _context_menu(self, event: QContextMenuEvent) -> None:
        canvas = self._canvas
        index = self.find.item_at(event.pos())
        if index < 0:
            return
        menu = Menu(canvas.theme, canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not self.selection.empty:
            menu.add(tr("Copy"), "copy", "Ctrl C", slot=self.copy)
        message_id = canvas.column.items[index].id
        menu.add(tr("Copy message"), "copy", slot=lambda: canvas.copy_wanted.emit(message_id))
        href = self.find.link(event.pos())
        if href:
            clipboard = QGuiApplication.clipboard()
            menu.add(tr("Copy link"), "link", slot=lambda: clipboard.setText(href))
        menu.open_at(event.globalPos())

    # What is wider than the column

    def scroll_piece(self, point: QPoint, step: int) -> None:
        """Move what is under a point sideways."""
        found = self.find.piece_at(point)
        if found is None:
            return
        piece = found[1].piece
        if piece.scroll_to(piece.scrolled() + step, found[1].page):
            self._canvas.update_message(found[0])

    def _drag_bar(self, x: int) -> None:
        if self._bar is None:
            return
        at, grabbed, start = self._bar
        piece, page = at.piece, at.page
        bar = piece.bar(page)
        if bar is None:
            return
        room = max(1, page.width - piece.indent - 26 - bar.width())
        step = (x - grabbed) * piece.scroll_range(page) // room
        if piece.scroll_to(start + step, page):
            self._canvas.viewport().update()
