"""The mouse over the painted text: hovering, links, selecting."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QToolTip

from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import PieceAt
from desktop_chat.ui.transcript.take.clip_menu import open_menu
from desktop_chat.ui.transcript.take.finder import Finder
from desktop_chat.ui.transcript.take.selection import FINISH, START, Point, Range, Selection
from desktop_chat.ui.transcript.take.wordcut import Words, has_han

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_DRAG: Final = 4
_DRAG_MS: Final = 30
_NEAR_EDGE: Final = 60
_HURRY: Final = 4
_FASTEST: Final = 600
_NEAR: Final = 200


class Grain(Enum):
    """What a drag selects by."""

    CHARACTER = auto()
    WORD = auto()
    PARAGRAPH = auto()


class Pointer:
    """Turns mouse events on the viewport into selections and links.

    Args:
        canvas: what is pointed at.

    Attributes:
        find: what lies under a point.
        words: finds words.
        selection: what is selected, by mouse or keys.
        hovered: the message under the pointer, or -1.
    """

    def __init__(self, canvas: TranscriptCanvas) -> None:
        self._canvas = canvas
        self.words = Words()
        self.find = Finder(canvas)
        self.selection = Selection(canvas.column.index_of)
        self.hovered = -1
        self._pressed: QPoint | None = None
        self._selecting = False
        self._grain = Grain.CHARACTER
        self._origin: Range | None = None
        """What the press selected: a drag by words keeps that selected."""
        self._double_at: tuple[int, QPoint] | None = None
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
            self._canvas.links.leave()
        elif isinstance(event, QHelpEvent) and kind == QEvent.Type.ToolTip:
            self._tip(event)
            return True
        elif isinstance(event, QContextMenuEvent):
            open_menu(self._canvas, event.pos(), event.globalPos())
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
        self._canvas.links.hover(point)
        return False

    def _shape(self, point: QPoint) -> Qt.CursorShape:
        found = self.find.piece_at(point)
        if self._canvas.links.at(point):
            return Qt.CursorShape.PointingHandCursor
        if found is None or not self.find.over(*found, point):
            return Qt.CursorShape.ArrowCursor
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
        text = self._canvas.links.tip(event.pos()) or self._told(event.pos())
        if text:
            QToolTip.showText(event.globalPos(), text, self._canvas.viewport())
        else:
            QToolTip.hideText()

    def _told(self, point: QPoint) -> str:
        """Return what a message has to tell of a point beside its text."""
        canvas = self._canvas
        index = self.find.item_at(point)
        body = canvas.column.items[index].body if index >= 0 else None
        if not isinstance(body, AnswerBody):
            return ""
        y = point.y() + canvas.scroller.top - canvas.column.top_of(index)
        return body.tip(canvas.page, point.x() - canvas.left, y)

    # Pressing

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
            self.clear()
            return True
        found = Point(*place)
        self._pressed = point
        anchor = self.selection.anchor
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and anchor is not None:
            self._grain = Grain.CHARACTER
            self._origin = Range(anchor, anchor)
            self._selecting = True
            self._canvas.scroller.pause()
            self.select(anchor, found)
        elif self._is_third(event):
            self._take(Grain.PARAGRAPH, found)
        else:
            self._grain = Grain.CHARACTER
            self._origin = Range(found, found)
            self.select(found, found)
            self._prepare_words(point)
        return True

    def _is_third(self, event: QMouseEvent) -> bool:
        """Tell whether this press is the third of a triple click."""
        before = self._double_at
        interval = QGuiApplication.styleHints().mouseDoubleClickInterval()
        return (
            before is not None
            and event.timestamp() - before[0] < interval
            and (event.position().toPoint() - before[1]).manhattanLength() < 2 * _DRAG
        )

    def _double(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        place = self.find.character(point)
        if place is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._double_at = (event.timestamp(), point)
        self._pressed = point
        self._take(Grain.WORD, Point(*place))
        return True

    def _take(self, grain: Grain, point: Point) -> None:
        """Select the word or paragraph at a point, and let a drag go on by such."""
        self._grain = grain
        self._origin = self._around(point)
        self._selecting = True
        # Text that arrives must not run away under the pointer.
        self._canvas.scroller.pause()
        self.select(*self._origin)

    def _prepare_words(self, point: QPoint) -> None:
        """Load the dictionary while a second press may still come, if there is Chinese here."""
        found = self.find.piece_at(point)
        if found is not None:
            piece = found[1].piece
            inside = self.find.inside(*found, point)
            at = piece.hit(found[1].page, inside.x(), inside.y())
            if has_han(piece.plain(max(0, at - _NEAR), min(piece.length(), at + _NEAR))):
                self.words.load()

    # Selecting

    def _around(self, point: Point) -> Range:
        """Return what is selected as one at a point, by the grain of the drag."""
        if self._grain is Grain.WORD:
            return self.find.word(point, self.words)
        if self._grain is Grain.PARAGRAPH:
            return self.find.paragraph(point)
        return Range(point, point)

    def _extend(self, point: QPoint) -> None:
        if self._pressed is None:
            return
        if not self._selecting and (point - self._pressed).manhattanLength() < _DRAG:
            return
        if not self._selecting:
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
        """Scroll while the pointer is dragged beyond an edge: the farther, the faster."""
        beyond = self._beyond(self._drag_at)
        speed = min(abs(beyond) + _HURRY * max(0, abs(beyond) - _NEAR_EDGE), _FASTEST)
        self._canvas.scroll_by(speed if beyond > 0 else -speed)
        self._extend_to(self._drag_at)

    def _extend_to(self, point: QPoint) -> None:
        """Select from where the drag began to a point."""
        canvas = self._canvas
        if self._origin is None or canvas.column.index_of(self._origin.first.message_id) is None:
            return
        inside = QPoint(point.x(), min(max(point.y(), 0), canvas.scroller.height - 1))
        place = self.find.nearest(inside)
        if place is None:
            return
        reached = self._around(Point(*place))
        first, last = self._origin
        if self.selection.compare(reached.last, last) >= 0:
            self.select(first, reached.last)
        else:
            self.select(last, reached.first)

    def _release(self, event: QMouseEvent) -> bool:
        point = event.position().toPoint()
        self._bar = None
        self._drag_timer.stop()
        pressed, self._pressed = self._pressed, None
        selecting, self._selecting = self._selecting, False
        if selecting:
            self._canvas.scroller.resume()
            self._canvas.clips.give_primary()
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        if pressed is not None and not selecting:
            self._canvas.links.press(point)
        return True

    def select(self, anchor: Point, caret: Point) -> None:
        """Select between two points."""
        before = self._in_sight()
        self.selection.begin(anchor, caret)
        self._repaint(before)

    def select_message(self, message_id: str) -> None:
        """Select all text of a message."""
        self.select(Point(message_id, START), Point(message_id, FINISH))

    def select_all(self) -> None:
        """Select the whole conversation, what is not loaded yet included."""
        items = self._canvas.column.items
        if items:
            self.select(Point(items[0].id, START), Point(items[-1].id, FINISH))

    def clear(self) -> None:
        """Select nothing."""
        before = self._in_sight()
        self.selection.clear()
        self._repaint(before)

    def branch_changed(self) -> None:
        """Take note that other messages are shown."""
        self.hovered = -1
        self._pressed = self._origin = self._bar = None
        self._drag_timer.stop()
        self.selection.branch_changed()

    def _in_sight(self) -> dict[int, object]:
        """Return what is selected in each message in sight."""
        canvas = self._canvas
        top = canvas.scroller.top
        return {
            index: self.selection.of(canvas.column.items[index].id)
            for index in canvas.column.between(top, top + canvas.scroller.height)
        }

    def _repaint(self, before: dict[int, object]) -> None:
        for index, selected in self._in_sight().items():
            if before.get(index) != selected:
                self._canvas.update_message(index)

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
