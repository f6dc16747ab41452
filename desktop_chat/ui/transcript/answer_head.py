"""The row above an answer: who really gave it, from where, and when."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Message
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.transcript.answer_paint import HEADER, Tiles
from desktop_chat.ui.transcript.controls import Command, Control, Kind
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.words import clock_time, origin

_TILE: Final = 18
_TILE_GAP: Final = 8
_GAP: Final = 8
_CLOCK_GAP: Final = 12
_LEAST_SERVICE: Final = 40
_ANEW_PAD: Final = 11
"""From the edge of the button to its words."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in the row, cut to what there is room for, and where the last of it ends."""

    title: str
    title_width: int
    origin: str
    end: int


class Head:
    """The header of an answer in its place.

    Args:
        message: the answer.
        row: where it lies.
        live: whether the answer streams.
    """

    def __init__(self, message: Message, row: QRect, *, live: bool) -> None:
        self._message = message
        self._row = row
        self._anew = message.cached_at is not None and not live

    def _words(self, page: Page) -> _Words:
        message = self._message
        clock = QFontMetricsF(page.look.numbers).horizontalAdvance(clock_time(message.created_at))
        room = self._row.width() - _TILE - _TILE_GAP - int(clock) - _CLOCK_GAP
        bold, plain = QFontMetricsF(page.look.ui_bold), QFontMetricsF(page.look.ui)
        anew = 0
        if self._anew:
            anew = int(plain.horizontalAdvance(tr("Ask anew"))) + 2 * _ANEW_PAD
        mode = Qt.TextElideMode.ElideMiddle
        told = origin(message)
        wanted = int(plain.horizontalAdvance(told)) + _GAP if told else 0
        # A long model gives way to what says that this is not who was asked.
        least = min(wanted, room // 2) if message.asked_service or self._anew else 0
        title = message.model or message.service_name
        title = bold.elidedText(title, mode, max(_LEAST_SERVICE, room - least - anew))
        used = int(bold.horizontalAdvance(title)) + 1
        left = room - used - _GAP - anew
        told = plain.elidedText(told, mode, left) if left > _LEAST_SERVICE else ""
        end = used + (_GAP + int(plain.horizontalAdvance(told)) if told else 0)
        return _Words(title, used, told, self._row.left() + _TILE + _TILE_GAP + end)

    def paint(self, ink: Ink, page: Page, tiles: Tiles) -> None:
        """Paint tile, model, service and time."""
        t, painter, row = ink.tokens, ink.painter, self._row
        painter.setFont(page.look.ui_bold)
        monogram, colour = tiles(self._message.service_id)
        top = row.top() + (HEADER - _TILE) // 2
        paint_tile(painter, QRectF(row.left(), top, _TILE, _TILE), monogram, colour)
        painter.setFont(page.look.numbers)
        painter.setPen(t.text3)
        put_text(painter, row, clock_time(self._message.created_at), "right")
        words = self._words(page)
        place = row.adjusted(_TILE + _TILE_GAP, 0, 0, 0)
        painter.setFont(page.look.ui_bold)
        painter.setPen(t.text)
        put_text(painter, place, words.title)
        if words.origin:
            painter.setFont(page.look.ui)
            painter.setPen(t.text3)
            put_text(painter, place.adjusted(words.title_width + _GAP, 0, 0, 0), words.origin)

    def controls(self, page: Page) -> list[Control]:
        """Return the button that asks anew, beside what the cache gave."""
        if not self._anew:
            return []
        name = self._message.id
        rect = QRect(self._words(page).end + 1, self._row.top(), 0, HEADER)
        return [
            Control(
                (name, "do:fresh"),
                Kind.QUIET,
                rect,
                Command("action", name, "fresh"),
                text=tr("Ask anew"),
                name=tr("Ask anew"),
            )
        ]
