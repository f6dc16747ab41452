"""The scrolled and painted surface of a conversation, with the widgets that lie over it."""

import time
from collections.abc import Callable, Set
from typing import Final

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.access.accessible import AccessibleTree, name_parts
from desktop_chat.ui.transcript.access.accessible_focus import CurrentMessage
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.body import State
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.find.search import Search
from desktop_chat.ui.transcript.furniture import JumpPill, ThinScrollBar, TurnRail
from desktop_chat.ui.transcript.ink import Ink
from desktop_chat.ui.transcript.links.links_view import Links
from desktop_chat.ui.transcript.look import Look, Page
from desktop_chat.ui.transcript.model import Column
from desktop_chat.ui.transcript.overlay import Overlay
from desktop_chat.ui.transcript.pieces import Piece
from desktop_chat.ui.transcript.places import Marked
from desktop_chat.ui.transcript.scroller import Scroller
from desktop_chat.ui.transcript.sheet import COLUMN, Sheet
from desktop_chat.ui.transcript.take.clip import Clips
from desktop_chat.ui.transcript.take.keyboard import LINE_STEP, Keyboard
from desktop_chat.ui.transcript.take.pointer import Pointer
from desktop_chat.ui.transcript.turns import Turns
from desktop_chat.ui.transcript.wheel import Wheel

_OUTSIDE: Final = 8
"""What is painted may stand so far outside the column, or below its message."""
_STAYING: Final = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.OtherFocusReason,
)
_KEYBOARD: Final = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class TranscriptCanvas(QAbstractScrollArea):
    """Scrolls, paints and places; ``TranscriptView`` gives it what to show.

    Args:
        theme: colours and fonts.
        parent: or None.
    """

    texts_needed = Signal(list)
    """Ids of messages near the viewport whose text is missing."""
    link_activated = Signal(str)
    painted = Signal(str, int)
    """Message id, and how many characters of its text are on the screen now."""
    text_size_wanted = Signal(int)
    """How many sizes larger, or smaller when negative."""
    copy_wanted = Signal(str)
    """The id of a message that is to be copied as it is written."""
    picture_wanted = Signal(str)
    """The id of an answer that a picture is to be made of."""
    _ask = Signal(list)
    _tell_painted = Signal(str, int)
    _replace = Signal()
    _made = False

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.accessible = AccessibleTree(self)
        self.theme = theme
        self.lexers = Lexers(self)
        self.page = Page(Look(theme), COLUMN)
        self.column = Column(self.page, self.lexers, lambda _service_id: ("", "#56626A"))
        self.scroller = Scroller(self.column)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = ThinScrollBar(theme, self)
        bar.setSingleStep(LINE_STEP)
        bar.sliderReleased.connect(self._moved)
        self.setVerticalScrollBar(bar)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        viewport = self.viewport()
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        viewport.setMouseTracking(True)
        self.overlay = Overlay(theme, viewport)
        self.pointer = Pointer(self)
        self.links = Links(self)
        self.clips = Clips(self)
        self.keyboard = Keyboard(self)
        self.current = CurrentMessage(self)
        self.pill = JumpPill(theme, viewport)
        self.pill.hide()
        self.pill.clicked.connect(self.scroll_to_end)
        self.rail = TurnRail(theme, self)
        self.turns = Turns(self.column, self.rail, self.scroll_to_item)
        self.search = Search(self)
        self.sheet = Sheet(self)
        self.wheel = Wheel(self)
        self._syncing = False
        self._stale = True
        self._keyboard = False
        self._trimmed_at = 0
        self.paints: Callable[[], bool] = lambda: False
        """Tells whether there is a model that makes pictures."""
        self.paint_seconds = 0.0
        """How long the last painting took."""
        self._painted_chars: tuple[str, int] = ("", -1)
        self._ask.connect(self.texts_needed, Qt.ConnectionType.QueuedConnection)
        self._tell_painted.connect(self.painted, Qt.ConnectionType.QueuedConnection)
        self._replace.connect(self.place_controls, Qt.ConnectionType.QueuedConnection)
        self.overlay.focused.connect(self.focus_came)
        self.lexers.loaded.connect(lambda _language: viewport.update())
        self.page.formulas.arrived.connect(self._arrived)
        self.page.images.arrived.connect(self._arrived)
        theme.changed.connect(self.sheet.follow_theme)
        name_parts(self)
        self._made = True
        self.accessible.ready = True

    # Geometry

    @property
    def left(self) -> int:
        """The left edge of the column in the viewport."""
        return (self.width() - self.page.width) // 2

    @property
    def shown(self) -> bool:
        """Whether it is shown: a view in a tab behind another does no work."""
        return self.isVisible()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Centre the column; a new width measures again what is visible."""
        super().resizeEvent(event)
        self.sheet.place()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while no one was looking."""
        super().showEvent(event)
        self.scroller.height = self.viewport().height()
        self.rebuild()
        self.wake()

    def wake(self) -> None:
        """Ask for a frame: there is something to parse or to colour."""

    # What has changed

    def rebuild(self) -> None:
        """Find everything anew and paint all of the viewport."""
        if not self.shown:
            self._stale = True
            return
        self._stale = False
        self.scroller.settle()
        self.viewport().update()
        self._moved()

    def content_changed(self, index: int, below: int, bottom: int) -> None:
        """Take note that a message looks different from some height on.

        Args:
            index: which message.
            below: the height in it; what is above looks as before.
            bottom: the lower edge of what it covered before, in the column.
        """
        if not self.shown:
            self._stale = True
            return
        held = self.scroller.anchor
        self.scroller.settle()
        self._blit(self.scroller.top - self.column.y_of(held))
        top = self.column.top_of(index)
        if index == len(self.column.items) - 1:
            bottom = max(bottom, top + self.column.height_of(index)) + _OUTSIDE
        else:
            bottom = self.scroller.top + self.scroller.height
        self.update_rows(top + below, bottom)
        self._moved()

    def _arrived(self, pieces: Set[Piece]) -> None:
        """Show what has been drawn beside the UI thread."""
        mark = self.scroller.mark()
        changed = self.column.arrived(pieces)
        if changed and mark is not None and self.shown:
            self.scroller.return_to(mark)
        for index, below, bottom in changed:
            self.content_changed(index, below, bottom)

    def update_rows(self, top: int, bottom: int) -> None:
        """Ask for painting between two heights of the column."""
        # What is snapped to device pixels can stand out by a part of a pixel.
        y = max(0, top - 1 - self.scroller.top)
        end = min(self.scroller.height, bottom + 1 - self.scroller.top)
        if end > y:
            rect = QRect(self.left - _OUTSIDE, y, self.page.width + 2 * _OUTSIDE, end - y)
            self.viewport().update(rect)

    def update_message(self, index: int) -> None:
        """Ask for painting of one message."""
        top = self.column.top_of(index)
        self.update_rows(top, top + self.column.height_of(index) + _OUTSIDE)

    def _blit(self, moved: int | None) -> None:
        """Move what is on the screen up, and paint what comes into sight."""
        if not moved and moved is not None:
            return
        self.links.leave()
        viewport = self.viewport()
        if moved is None or abs(moved) >= self.scroller.height:
            viewport.update()
            return
        viewport.scroll(0, -moved)
        self.overlay.moved(-moved)
        if not (moved * viewport.devicePixelRatioF()).is_integer():
            # Device pixels of text and lines fall otherwise after such a step.
            viewport.update()

    def _moved(self) -> None:
        """Bring in line what follows the place: bar, widgets, pill, rail, wanted texts."""
        scroller = self.scroller
        bar = self.verticalScrollBar()
        if not bar.isSliderDown():
            self._syncing = True
            value, largest = scroller.bar()
            if bar.maximum() != largest:
                bar.setRange(0, largest)
            if bar.pageStep() != scroller.height:
                bar.setPageStep(scroller.height)
            bar.setValue(value)
            self._syncing = False
        self.place_controls()
        if scroller.at_end:
            self.pill.hide()
        else:
            self.pill.show_in(self.left, self.page.width, scroller.height)
        self.turns.follow(scroller.top + scroller.height // 2)
        missing = self.column.missing(
            scroller.top - scroller.height, scroller.top + 2 * scroller.height
        )
        if missing:
            self._ask.emit(missing)
        if abs(scroller.top - self._trimmed_at) > 2 * scroller.height:
            self._trimmed_at = scroller.top
            self.column.trim(scroller.top, scroller.top + scroller.height)
        if self.column.unparsed(scroller.top, scroller.top + scroller.height):
            self.wake()

    # Scrolling

    def scroll_to_end(self) -> None:
        """Go to the end and stay there."""
        self._blit(self.scroller.go_end())
        self._moved()

    def scroll_by(self, pixels: int) -> None:
        """Scroll by hand."""
        self._blit(self.scroller.move(pixels))
        self._moved()
        self.wake()

    def scroll_to(self, top: int) -> None:
        """Scroll to a height of the column."""
        self._blit(self.scroller.go(top))
        self._moved()

    def scroll_to_item(self, index: int) -> None:
        """Scroll to the top of a message."""
        self._blit(self.scroller.go_to(index))
        self._moved()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Follow the scroll bar, unless it was the bar that followed."""
        if not self._syncing:
            bar = self.verticalScrollBar()
            self._blit(self.scroller.go_bar(bar.value(), bar.maximum()))
            self._moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, move what is under the pointer sideways, or size the text."""
        self.wheel.turn(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll and select by keys."""
        if self.current.press(event):
            return
        if self.keyboard.press(event):
            self.current.followed(event)
        else:
            event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Hand what the pointer does to the one who knows the text."""
        # The base class sends events while it is being made.
        if self._made and self.pointer.event(event):
            if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
                self.current.clicked(int(event.position().y()))
            return True
        return bool(super().viewportEvent(event))

    # Widgets over it

    def state_of(self, index: int) -> State:
        """Return what a message's paint and controls depend on."""
        item = self.column.items[index]
        last = index == len(self.column.items) - 1
        near = self._keyboard or index == self.pointer.hovered
        marked = Marked(self.pointer.selection.of(item.id), self.search.hits_of(item.id))
        shown = last or near
        return State(shown, near, marked, self.column.siblings(item.id), shown and self.paints())

    def place_controls(self) -> None:
        """Lay the widgets over what is visible."""
        scroller = self.scroller
        view = (0, scroller.height)
        controls: list[Control] = []
        for index in self.column.between(scroller.top, scroller.top + scroller.height):
            body = self.column.items[index].body
            if body is not None:
                y = self.column.top_of(index) - scroller.top
                controls += body.controls(self.page, self.left, y, view, self.state_of(index))
        self.overlay.place(controls)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the actions when the keyboard came here."""
        super().focusInEvent(event)
        self.focus_came(event.reason())
        if event.reason() in _KEYBOARD:
            self.current.focus_in()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the actions when the keyboard goes elsewhere."""
        super().focusOutEvent(event)
        self.focus_came(Qt.FocusReason.NoFocusReason)

    def focus_came(self, reason: Qt.FocusReason) -> None:
        """Show the actions of every message in sight while the keyboard walks through them.

        Args:
            reason: of a focus that came to the view or to a widget over it, or
                ``NoFocusReason`` for one that went.
        """
        if reason in _STAYING:
            return
        keyboard = reason in _KEYBOARD
        if keyboard != self._keyboard:
            self._keyboard = keyboard
            self.viewport().update()
            # Not now: the widget that lets the focus go may be one that goes.
            self._replace.emit()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the changed part of the viewport."""
        started = time.perf_counter()
        tokens = self.theme.tokens
        region: QRegion = event.region()
        painter = QPainter(self.viewport())
        ink = Ink(painter, tokens, region)
        # The fill stays inside the region: that is the painter's clip.
        painter.fillRect(region.boundingRect(), tokens.canvas)
        top = self.scroller.top
        if self.column.items:
            for index in self.column.between(top + ink.top - _OUTSIDE, top + ink.bottom):
                body = self.column.items[index].body
                if body is not None:
                    y = self.column.top_of(index) - top
                    body.paint(ink, self.page, self.left, y, self.state_of(index))
        if self._keyboard and self.hasFocus():
            self.current.paint(ink)
        painter.end()
        self.paint_seconds = time.perf_counter() - started
        self._tell()
        if self.page.backlog:
            self.wake()

    def _tell(self) -> None:
        """Tell how much of the last answer is on the screen now."""
        if not self.column.items:
            return
        index = len(self.column.items) - 1
        body = self.column.items[index].body
        if not isinstance(body, AnswerBody):
            return
        told = (body.message.id, body.text.chars)
        end = self.column.top_of(index) + body.text_bottom(self.page) - self.scroller.top
        if told != self._painted_chars and 0 <= end <= self.scroller.height:
            self._painted_chars = told
            self._tell_painted.emit(*told)

    def changeEvent(self, event: QEvent) -> None:
        """Say everything in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        name_parts(self)
        self.pill.retranslate()
        self.rail.retranslate()
        for item in self.column.items:
            if isinstance(item.body, AnswerBody):
                item.body.tail.retell()
                if item.body.card is not None:
                    item.body.card.retell(item.body.message)
        self.rebuild()
