"""Formulas as pictures, drawn beside the UI thread.

A thread draws a few formulas at a time and ends; it is started when some are wanted, and a timer
looks for its results only while there are any to come. A formula is kept as outlines, in ems; at
the first painting in a size and a colour it becomes a picture, and from then on it is copied.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from math import ceil
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from PySide6.QtCore import QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from desktop_chat.ui.transcript.aside import collector_off
from desktop_chat.ui.transcript.ink import Ink

if TYPE_CHECKING:
    # It imports the library that draws, which only the thread may do.
    from desktop_chat.ui.transcript.math.formula_worker import Drawing

EM: Final = 1.12
"""The size of a formula beside text of size 1: its letters are as high as those of the text."""
_KEPT: Final = 2000
"""So many formulas are kept; of the others, those that were not asked for longest go first."""
_KEPT_BYTES: Final = 32 << 20
_BATCH: Final = 8
"""So many formulas a thread is given at a time; what is wanted later can overtake the rest."""
_LATE: Final = 48
"""While more formulas wait, the latest wanted come first: they are what the reader sees."""
_POLL_MS: Final = 10
_PAUSE: Final = 0.001
"""Seconds that the thread leaves to the UI thread after each formula."""
_PICTURES: Final = 2
"""Of one formula, in different sizes or colours."""
_LARGEST: Final = 4_000_000
"""A formula of more device pixels is painted from its outlines each time."""
_EDGE: Final = 2
"""Device pixels around a picture, for what reaches beyond its box."""
_OUTLINE_BYTES: Final = 24

Wanted: TypeAlias = tuple[str, bool, bool]
"""LaTeX, whether it is displayed, whether it grows."""
Waiting: TypeAlias = Any
"""A piece; this module knows nothing about them."""


class _Picture(NamedTuple):
    pixmap: QPixmap
    left: float
    """From the origin to the picture's left edge, in logical pixels."""
    top: float


class Formula:
    """A formula that has been drawn, or is known not to be drawable.

    Args:
        drawing: or None.

    Attributes:
        drawn: whether there is a picture; otherwise the source is to be shown.
        width: to the next character, in ems of the text around it, as all lengths.
        ascent: above the baseline.
        depth: below the baseline.
        tag: what stands at the right edge of the column, or "".
    """

    __slots__ = ("_drawing", "_pictures", "ascent", "cost", "depth", "drawn", "tag", "width")

    def __init__(self, drawing: "Drawing | None") -> None:
        self._drawing = drawing
        self._pictures: dict[tuple[float, float, int], _Picture] = {}
        self.drawn = drawing is not None
        self.width = self.ascent = self.depth = 0.0
        self.tag = ""
        self.cost = 400
        """About how many bytes it takes."""
        if drawing is not None:
            self.width = drawing.width * EM
            self.ascent = drawing.ascent * EM
            self.depth = drawing.depth * EM
            self.tag = drawing.tag
            self.cost += sum(path.elementCount() for path, _ in drawing.shapes) * _OUTLINE_BYTES

    def paint(
        self, ink: Ink, x: float, baseline: float, pixels: float, colour: QColor, font: QFont
    ) -> None:
        """Paint it.

        Args:
            ink: where to.
            x: its left edge; it is moved to a device pixel.
            baseline: of the text around it; so is this.
            pixels: the size of that text's font.
            colour: of the text.
            font: for characters that the font of formulas has not.
        """
        if self._drawing is None:
            return
        x, baseline = ink.snap_x(x), ink.snap_y(baseline)
        ratio = 1 / ink.pixel
        height = (self.ascent + self.depth) * pixels * ratio
        if height * self.width * pixels * ratio > _LARGEST:
            painter = ink.painter
            painter.save()
            painter.translate(x, baseline)
            self._draw(painter, pixels, colour, font)
            painter.restore()
            return
        key = (pixels, ratio, colour.rgba())
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._picture(pixels, ratio, colour, font)
            while len(self._pictures) >= _PICTURES:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[key] = picture
            self.cost += picture.pixmap.width() * picture.pixmap.height() * 4
        ink.painter.drawPixmap(QPointF(x + picture.left, baseline + picture.top), picture.pixmap)

    def _picture(self, pixels: float, ratio: float, colour: QColor, font: QFont) -> _Picture:
        width = ceil(self.width * pixels * ratio) + 2 * _EDGE
        above = ceil(self.ascent * pixels * ratio) + _EDGE
        below = ceil(self.depth * pixels * ratio) + _EDGE
        pixmap = QPixmap(width, above + below)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.translate(_EDGE, above)
        painter.scale(ratio, ratio)
        self._draw(painter, pixels, colour, font)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return _Picture(pixmap, -_EDGE / ratio, -above / ratio)

    def _draw(self, painter: QPainter, pixels: float, colour: QColor, font: QFont) -> None:
        """Draw it at the painter's origin."""
        assert self._drawing is not None
        em = pixels * EM
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.scale(em, em)
        for path, name in self._drawing.shapes:
            painter.fillPath(path, _colour(name, colour))
        painter.restore()
        for word in self._drawing.words:
            set_in = QFont(font)
            set_in.setPixelSize(max(1, round(word.size * em)))
            painter.setFont(set_in)
            painter.setPen(_colour(word.colour, colour))
            painter.drawText(QPointF(word.x * em, word.y * em), word.text)


def _colour(name: str, default: QColor) -> QColor:
    if not name:
        return default
    colour = QColor.fromString(name)
    return colour if colour.isValid() else default


def estimated_width(latex: str) -> float:
    """Return about how wide a formula will be, in ems of the text around it."""
    commands = latex.count("\\")
    letters = sum(map(str.isalpha, latex))
    signs = sum(1 for character in latex if character in "+-=<>()[]/,|0123456789")
    # A command is one sign, whatever the number of its letters.
    return max(0.5, (max(letters - 4 * commands, letters // 4) + signs + commands) * 0.55)


class Pictures(Protocol):
    """Where a text gets the pictures of its formulas from."""

    def get(self, latex: str, display: bool, growing: bool = False) -> Formula | None:
        """Return a formula, or None while nothing is known about it."""
        ...


class Undrawn:
    """Has no pictures: each formula is a blank of about its width. For measuring alone."""

    def get(self, latex: str, display: bool, growing: bool = False) -> Formula | None:
        """Return None."""
        del latex, display, growing
        return None


class Formulas(QObject):
    """Draws formulas and remembers them.

    Args:
        parent: or None.
    """

    arrived = Signal(object)
    """The set of pieces that waited for what is there now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[Wanted, Formula] = OrderedDict()
        self._queue: OrderedDict[Wanted, set[Waiting]] = OrderedDict()
        self._drawing: dict[Wanted, set[Waiting]] = {}
        self._results: SimpleQueue[tuple[Wanted, Drawing | None]] = SimpleQueue()
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._take)

    def get(self, latex: str, display: bool, growing: bool = False) -> Formula | None:
        """Return a formula, or None while nothing is known about it.

        Args:
            latex: without delimiters.
            display: whether it stands alone.
            growing: whether more of it may follow: then what is open is closed.
        """
        key = (latex, display, growing)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def want(self, latex: str, display: bool, piece: Waiting, growing: bool = False) -> None:
        """Have a formula drawn; ``arrived`` names the piece when it is there.

        Args:
            latex: without delimiters.
            display: whether it stands alone.
            piece: who waits.
            growing: as in ``get``.
        """
        key = (latex, display, growing)
        if key in self._drawing:
            self._drawing[key].add(piece)
            return
        self._queue.setdefault(key, set()).add(piece)
        self._queue.move_to_end(key)
        self._feed()

    def want_in_line(self, pending: Iterable[tuple[str, bool]], piece: Waiting) -> None:
        """Have the formulas of a text drawn, and none that it had before and has no more.

        Args:
            pending: LaTeX, and whether it grows.
            piece: who waits.
        """
        wanted = {(latex, False, growing) for latex, growing in pending}
        for key in [key for key, pieces in self._queue.items() if piece in pieces]:
            if key not in wanted:
                self._queue[key].discard(piece)
                if not self._queue[key]:
                    del self._queue[key]
        for latex, display, growing in wanted:
            self.want(latex, display, piece, growing)

    @property
    def busy(self) -> bool:
        """Whether formulas are still to come."""
        return bool(self._drawing or self._queue)

    def _feed(self) -> None:
        """Give the next formulas to a thread, unless one is at work."""
        if self._drawing or not self._queue:
            return
        last = len(self._queue) > _LATE
        while self._queue and len(self._drawing) < _BATCH:
            key, pieces = self._queue.popitem(last)
            self._drawing[key] = pieces
        # The thread is given no Qt object: one that it let go last would die in it.
        batch = tuple(self._drawing)
        Thread(target=_draw, args=(batch, self._results), daemon=True).start()
        self._poll.start()

    def _take(self) -> None:
        pieces: set[Waiting] = set()
        while not self._results.empty():
            key, drawing = self._results.get()
            self._known[key] = formula = Formula(drawing)
            if drawing is not None and drawing.whole:
                # Growing or not, it is the same picture.
                self._known[key[0], key[1], not key[2]] = formula
            pieces |= self._drawing.pop(key, set())
        self._feed()
        if not self._drawing:
            self._poll.stop()
        self._trim()
        if pieces:
            self.arrived.emit(pieces)

    def _trim(self) -> None:
        if len(self._known) <= _KEPT // 8:
            return
        cost = sum(formula.cost for formula in self._known.values())
        while len(self._known) > _KEPT or cost > _KEPT_BYTES:
            _key, formula = self._known.popitem(last=False)
            cost -= formula.cost


_lock = Lock()
"""The library keeps what it has read of its font, for one thread at a time."""


def _draw(batch: Iterable[Wanted], results: "SimpleQueue[tuple[Wanted, Drawing | None]]") -> None:
    """Draw formulas, on a thread of its own."""
    with _lock, collector_off():
        try:
            # 150 to 300 ms with the first formula.
            from desktop_chat.ui.transcript.math.formula_worker import draw
        except ImportError:
            for wanted in batch:
                results.put((wanted, None))
            return
        for wanted in batch:
            results.put((wanted, draw(*wanted)))
            time.sleep(_PAUSE)
