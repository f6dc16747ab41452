"""Find in chat: what is looked for, where it stands, which hit the reader is at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect, QTimer, Signal

from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.find.found import Hit
from desktop_chat.ui.transcript.find.looking import Looking
from desktop_chat.ui.transcript.find.needle import Needle
from desktop_chat.ui.transcript.find.ticks import heights_of_hits
from desktop_chat.ui.transcript.find.visit import Visit
from desktop_chat.ui.transcript.furniture import ThinScrollBar
from desktop_chat.ui.transcript.places import Hits, Part

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.canvas import TranscriptCanvas

_SLICE: Final = 0.004
_PAUSE_MS: Final = 1
_TELL: Final = 0.1
"""While it looks, what it has found is told so often, in seconds."""
_NONE: Final = (-1, 0)


class Search(QObject):
    """Looks through the messages of a view and brings hits into sight.

    Args:
        canvas: what is looked through.

    Attributes:
        visit: brings hits into sight.
    """

    changed = Signal()
    """Something was found, the reader is at another hit, or the looking ended."""
    texts_needed = Signal(list)
    """Ids of messages whose texts are to be brought to ``supply``, and kept nowhere."""

    def __init__(self, canvas: TranscriptCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._looking = Looking(canvas.column, self.texts_needed.emit, self._came)
        self._results = self._looking.results
        self.visit = Visit(canvas)
        self.visit.arrived.connect(self.changed)
        self._at: tuple[str, Hit] | None = None
        self._origin: tuple[str, Part, int, int] | None = None
        """Where the reader was when something else was looked for."""
        self._wanted: int | None = None
        """A step that waits until it is known where it leads; 0 is the first one."""
        self._still = False
        """Whether the hit that is looked for is not to be brought into sight."""
        self._told = 0.0
        self._timer = _timer(self, _PAUSE_MS)
        self._timer.timeout.connect(self._step)
        self._marking = _timer(self, int(_TELL * 1000))
        self._marking.timeout.connect(self._mark)
        bar = canvas.verticalScrollBar()
        self._bar = bar if isinstance(bar, ThinScrollBar) else None
        bar.rangeChanged.connect(self._heights_changed)

    # What the view tells and asks

    def hits_of(self, message_id: str) -> Hits | None:
        """Return what was found in a message, or None."""
        found = self._results.of(message_id)
        if found is None:
            return None
        at = self._at
        if at is None or at[0] != message_id:
            return Hits(found)
        hit = at[1]
        return Hits(found, (hit.part, hit.piece, (hit.start, hit.end)))

    def branch_changed(self) -> None:
        """Look through the messages that are new: others are shown. Nothing moves."""
        if self.needle is None:
            return
        self._results.show(self._canvas.column.items)
        if self._at is not None and self._results.of(self._at[0]) is None:
            self._at = self._origin = None
            self.visit.stop()
        self._begin()

    def message_added(self) -> None:
        """Look through the last message, too: it is new."""
        if self.needle is not None:
            self._looking.added()
            self.go_on()

    def text_changed(self, message_id: str) -> None:
        """Look through one message anew: it grows, or its text has come."""
        self.visit.text_came(message_id)
        if self._looking.text_changed(message_id):
            self.go_on()

    def supply(self, ids: Sequence[str], messages: Sequence[Message]) -> None:
        """Take texts that were asked for with ``texts_needed``.

        Args:
            ids: what was asked for.
            messages: what there is of it; the others count as empty.
        """
        self._looking.supply(ids, messages)
        self.go_on()

    # What the reader asks

    @property
    def needle(self) -> Needle | None:
        """What is looked for, or None."""
        return self._looking.needle

    def look_for(self, needle: Needle | None) -> None:
        """Look for something else, or for nothing; the first hit from the reader on is shown."""
        if needle == self.needle:
            return
        if self._at is not None:
            hit = self._at[1]
            self._origin = (self._at[0], hit.part, hit.piece, hit.start)
        self._at = None
        self.visit.stop()
        self._timer.stop()
        self._looking.look_for(needle)
        self._canvas.viewport().update()
        if needle is None:
            self._origin = self._wanted = None
        else:
            self._wanted, self._still = 0, False
            self._begin()
        self._tell()

    def step(self, direction: int) -> None:
        """Go to the next hit (1) or the one before (-1); behind the last comes the first."""
        if self.needle is not None:
            self._wanted, self._still = direction, False
            self._follow_wish()
            self._tell()
            self.go_on()

    @property
    def total(self) -> int:
        """How many hits are known."""
        return self._results.total

    @property
    def ordinal(self) -> int:
        """The place of the reader's hit among those that are known, from 1; 0 without one."""
        place = self._place()
        return 0 if place is None else min(self._results.ordinal(*place), self.total)

    @property
    def looking(self) -> bool:
        """Whether there are messages that are not read yet."""
        return self.needle is not None and not self._results.complete

    @property
    def current(self) -> tuple[str, Hit] | None:
        """The message and the hit that the reader is at, or None."""
        return self._at

    @property
    def visiting(self) -> bool:
        """Whether the reader's hit is still being brought into sight."""
        return self._wanted is not None or self.visit.busy

    def place_of_current(self) -> QRect:
        """Return where the reader's hit is in the viewport, or nothing."""
        return QRect() if self._at is None or self.visit.busy else self.visit.rect(*self._at)

    # Looking

    def _begin(self) -> None:
        column = self._canvas.column
        start = None if self._origin is None else column.index_of(self._origin[0])
        if start is None:
            start = column.at(self._canvas.scroller.top) if column.items else 0
        self._looking.begin(start)
        self.go_on()

    def go_on(self) -> None:
        """Look on, if there is anything to look for."""
        if self.needle is not None and not self._timer.isActive():
            self._timer.start()

    def _step(self) -> None:
        """Read for a slice of time; a hidden view waits until it is shown."""
        if not self._canvas.shown:
            return
        deadline = time.perf_counter() + _SLICE
        looking, more = self.looking, True
        while more and time.perf_counter() < deadline:
            more = self._looking.read_on(deadline)
        more = self._follow_wish() or more
        if looking != self.looking or time.monotonic() - self._told > _TELL:
            self._tell()
        elif not more and not self._marking.isActive():
            self._marking.start()
        if more:
            self.go_on()

    def _came(self, index: int, done: bool) -> None:
        """Show the hits of a message, and put the reader at one that is there."""
        name = self._canvas.column.items[index].id
        if done and self._at is not None and self._at[0] == name:
            place = self._place()
            there = None
            if place is not None:
                there = self._results.hit(*place) or self._results.hit(index, place[1] - 1)
            self._at = None if there is None else (name, there)
        self._show(index)

    def _show(self, index: int) -> None:
        """Paint a message anew if it is in sight."""
        canvas = self._canvas
        top = canvas.scroller.top
        if index in canvas.column.between(top, top + canvas.scroller.height):
            canvas.update_message(index)

    # Going to hits

    def _follow_wish(self) -> bool:
        """Take the step that was asked for, as soon as it is known where it leads.

        Returns:
            Whether more must be read than was meant to.
        """
        if self._wanted is None and self._at is None and self.total:
            # The hits that a stream or another branch brought.
            self._wanted, self._still = 0, True
        if self._wanted is None or not self._results.messages:
            return False
        place = self._first() if self._at is None else self._neighbour(self._wanted)
        if place is None:
            return self._looking.raise_limit()
        self._wanted = None
        hit = None if place == _NONE else self._results.hit(*place)
        if hit is not None:
            self._go(place[0], hit)
        return False

    def _first(self) -> tuple[int, int] | None:
        """Return the first hit from where the reader is on, or else the last one above.

        Returns:
            The message and the number of the hit in it; -1 when there is none; None when it is
            not known yet.
        """
        column, results = self._canvas.column, self._results
        index, part, piece, start = self._reader_at()
        if results.is_unread(index):
            return None
        found = results.of(column.items[index].id)
        number = 0 if found is None else found.first_from(part, piece, start)
        if found is not None and number < found.count:
            return index, number
        below = results.after(index)
        if below is not None:
            return None if below < 0 else (below, 0)
        return (index, number - 1) if number else self._last_of(results.before(index))

    def _reader_at(self) -> tuple[int, Part, int, int]:
        """Return the message, and the place in it, from which on to look."""
        column = self._canvas.column
        if self._origin is not None:
            index = column.index_of(self._origin[0])
            if index is not None and index < self._results.messages:
                return index, *self._origin[1:]
        anchor = self._canvas.scroller.anchor
        index = min(anchor.item, self._results.messages - 1)
        if column.items[index].body is None:
            return index, Part.HEAD, 0, 0
        return index, anchor.spot.part, anchor.spot.number, 0

    def _last_of(self, index: int | None) -> tuple[int, int] | None:
        if index is None:
            return _NONE
        return None if index < 0 else (index, self._results.between(index, index + 1) - 1)

    def _neighbour(self, direction: int) -> tuple[int, int] | None:
        """Return the hit beside the reader's; as ``_first`` does."""
        results = self._results
        place = self._place()
        if place is None:
            return _NONE
        index, number = place[0], place[1] + direction
        if 0 <= number < results.between(index, index + 1):
            return index, number
        if direction < 0:
            above = results.before(index)
            return self._last_of(results.before(results.messages) if above is None else above)
        below = results.after(index)
        below = results.after(-1) if below is None else below
        if below is None:
            return _NONE
        return None if below < 0 else (below, 0)

    def _place(self) -> tuple[int, int] | None:
        """Return the message of the reader's hit, and the hit's number in it."""
        if self._at is None:
            return None
        name, hit = self._at
        index = self._canvas.column.index_of(name)
        found = self._results.of(name)
        if index is None or found is None:
            return None
        return index, found.first_from(hit.part, hit.piece, hit.start)

    def _go(self, index: int, hit: Hit) -> None:
        column = self._canvas.column
        before = None if self._at is None else column.index_of(self._at[0])
        name = column.items[index].id
        self._at = (name, hit)
        for changed in {before, index} - {None}:
            assert changed is not None
            self._show(changed)
        if not self._still:
            self.visit.go(name, hit)

    # Telling

    def _tell(self) -> None:
        self._told = time.monotonic()
        self.changed.emit()
        self._heights_changed()

    def _heights_changed(self) -> None:
        """Bring the scroll bar's ticks in line, a moment later."""
        ticked = self._bar is not None and bool(self._bar.ticks)
        if (self.total or ticked) and not self._marking.isActive():
            self._marking.start()

    def _mark(self) -> None:
        self.changed.emit()
        if self._bar is not None:
            canvas = self._canvas
            self._bar.set_ticks(heights_of_hits(self._results, canvas.column, self._bar.height()))


def _timer(parent: QObject, interval: int) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval)
    return timer
