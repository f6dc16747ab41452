"""Which conversations stream and which finished unseen, and the marks that say so."""

import math
from collections.abc import Callable
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap

from desktop_chat.chat.sessions import Sessions
from desktop_chat.core.ports import Unsubscribe
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.controls.ring import paint_ring, turn_of
from desktop_chat.ui.theme import Theme

_FRAME_MS: Final = 60
"""Of the rings: fifteen pictures for each turn."""
_RING: Final = 10.0
_PICTURES: Final = 15
_MOST_PICTURES: Final = 4 * _PICTURES
_DOT: Final = 8.0


class Mark(Enum):
    """What a tab or a row shows beside a title."""

    NONE = 0
    RUNNING = 1
    UNREAD = 2


class Activity(QObject):
    """Watches every session at once, whether or not its page was ever built.

    Args:
        theme: tells whether motion is reduced.
        sessions: what is watched.
        parent: the watcher ends with it.
    """

    changed = Signal(str)
    """The id of a conversation whose mark is another now."""
    turned = Signal()
    """The rings have a new angle."""

    def __init__(self, theme: Theme, sessions: Sessions, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._running = {session.conversation.id for session in sessions.running()}
        self._unread: set[str] = set()
        self._seen = ""
        self._rings: dict[tuple[int, int, float], QPixmap] = {}
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self.turned)

        def subscribe(listener: Callable[[object], None]) -> Unsubscribe:
            return sessions.subscribe(lambda chat, running: listener((chat, running)))

        Relay(subscribe, self).received.connect(self._receive)
        theme.changed.connect(self._keep_turning)
        self._keep_turning()

    def mark(self, conversation_id: str) -> Mark:
        """Return what a conversation's tab and row show."""
        if conversation_id in self._running:
            return Mark.RUNNING
        return Mark.UNREAD if conversation_id in self._unread else Mark.NONE

    def running(self) -> frozenset[str]:
        """Return the ids of the conversations that stream."""
        return frozenset(self._running)

    def see(self, conversation_id: str) -> None:
        """Say which conversation the reader has before the eyes; "" for none."""
        self._seen = conversation_id
        if conversation_id in self._unread:
            self._unread.discard(conversation_id)
            self.changed.emit(conversation_id)

    def paint(self, painter: QPainter, mark: Mark, rect: QRectF) -> None:
        """Draw a mark in the middle of a rectangle."""
        if mark is Mark.NONE:
            return
        tokens = self._theme.tokens
        side = _RING if mark is Mark.RUNNING else _DOT
        box = QRectF(0, 0, side, side)
        box.moveCenter(rect.center())
        if mark is Mark.RUNNING:
            painter.drawPixmap(box.topLeft(), self._ring(painter, tokens.accent))
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.accent)
        painter.drawEllipse(box)
        painter.restore()

    def _ring(self, painter: QPainter, colour: QColor) -> QPixmap:
        """Return the ring as it stands now; each of its pictures is drawn once."""
        step = 0 if self._theme.reduced_motion else int(turn_of() * _PICTURES)
        ratio = painter.device().devicePixelRatio()
        key = (step, colour.rgba(), ratio)
        found = self._rings.get(key)
        if found is None:
            if len(self._rings) >= _MOST_PICTURES:
                self._rings.clear()
            side = math.ceil(_RING * ratio)
            found = QPixmap(side, side)
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            ring = QPainter(found)
            paint_ring(ring, QRectF(0, 0, _RING, _RING), colour, step / _PICTURES)
            ring.end()
            self._rings[key] = found
        return found

    def _receive(self, event: tuple[str, bool]) -> None:
        conversation_id, running = event
        if running:
            self._running.add(conversation_id)
        else:
            self._running.discard(conversation_id)
            if conversation_id != self._seen:
                self._unread.add(conversation_id)
        self._keep_turning()
        self.changed.emit(conversation_id)

    def _keep_turning(self) -> None:
        if self._running and not self._theme.reduced_motion:
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()
