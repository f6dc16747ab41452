"""The files of a question, above its text: thumbnails of pictures, chips for the rest."""

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.ui import icons
from desktop_chat.ui.file_marks import kind_icon, size_words
from desktop_chat.ui.theme import RADIUS_CONTROL
from desktop_chat.ui.transcript.controls import Control
from desktop_chat.ui.transcript.files.stored_piece import FileKeys, ThumbPiece
from desktop_chat.ui.transcript.ink import Ink, put_text
from desktop_chat.ui.transcript.look import Page
from desktop_chat.ui.transcript.pieces import Piece

_GAP: Final = 8
_CHIP: Final = 28
_CHIP_WIDEST: Final = 260
_ICON_LEFT: Final = 8
_TEXT_LEFT: Final = 30
_PAD: Final = 10


class _Placed(NamedTuple):
    """A file and where it lies, from the left upper corner of the row."""

    file: Attachment
    rect: QRect
    thumb: ThumbPiece | None
    number: int


class FileRow:
    """Files in rows that end at the right. Its height is known at once.

    Args:
        message_id: whose they are.
        files: the files.
        page: fonts, and the images.
    """

    def __init__(self, message_id: str, files: Sequence[Attachment], page: Page) -> None:
        self._message_id = message_id
        self.files = tuple(files)
        self._thumbs = [
            ThumbPiece(file, page) if file.kind is AttachmentKind.IMAGE else None for file in files
        ]
        self._room = 0
        self._placed: list[_Placed] = []
        self.width = 0
        self.height = 0

    def fit(self, room: int, page: Page) -> None:
        """Break the rows anew for a width, in logical pixels."""
        self._room = room
        self._placed = []
        self.width = 0
        y = 0
        for row in self._rows(room, page):
            height = max(size[1] for _number, size in row)
            width = sum(size[0] for _number, size in row) + _GAP * (len(row) - 1)
            x = room - width
            for number, (wide, high) in row:
                rect = QRect(x, y + height - high, wide, high)
                thumb = self._thumbs[number]
                self._placed.append(_Placed(self.files[number], rect, thumb, number))
                x += wide + _GAP
            self.width = max(self.width, width)
            y += height + _GAP
        self.height = max(0, y - _GAP)

    def _rows(self, room: int, page: Page) -> list[list[tuple[int, tuple[int, int]]]]:
        rows: list[list[tuple[int, tuple[int, int]]]] = []
        left = 0
        for number in range(len(self.files)):
            size = self._size(number, room, page)
            if not rows or size[0] > left:
                rows.append([])
                left = room
            rows[-1].append((number, size))
            left -= size[0] + _GAP
        return rows

    def _size(self, number: int, room: int, page: Page) -> tuple[int, int]:
        thumb = self._thumbs[number]
        if thumb is not None:
            return thumb.width, thumb.height
        file = self.files[number]
        width = QFontMetricsF(page.look.ui).horizontalAdvance(file.name)
        width += 8 + QFontMetricsF(page.look.meta).horizontalAdvance(size_words(file.size))
        return min(room, _CHIP_WIDEST, _TEXT_LEFT + int(width) + 1 + _PAD), _CHIP

    def measure(self, top: int, bottom: int, page: Page) -> None:
        """Ask for the pictures between two heights."""
        for item in self._placed:
            if item.thumb is not None and item.rect.bottom() >= top and item.rect.top() < bottom:
                item.thumb.measure(page)

    def paint(self, ink: Ink, page: Page, x: int, y: int) -> None:
        """Paint what has to be painted."""
        for item in self._placed:
            rect = item.rect.translated(x, y)
            if not ink.wanted(rect):
                continue
            if item.thumb is not None:
                item.thumb.paint(ink, page, rect.left(), rect.top())
            else:
                _paint_chip(ink, page, rect, item.file)

    def controls(self, page: Page, x: int, y: int, view: tuple[int, int]) -> list[Control]:
        """Return what can be pressed: the pictures."""
        found: list[Control] = []
        for item in self._placed:
            if item.thumb is not None:
                rect = item.rect.translated(x, y)
                keys = FileKeys(
                    self._message_id, item.number, rect.left(), rect.top(), view, active=False
                )
                found += item.thumb.controls(keys, page)
        return found

    def piece(self, number: int) -> ThumbPiece | None:
        """Return the picture of a file, or None."""
        return self._thumbs[number] if number < len(self._thumbs) else None

    def holds(self, pieces: Set[Piece]) -> bool:
        """Tell whether one of some pieces is here."""
        return any(thumb in pieces for thumb in self._thumbs if thumb is not None)

    def keep(self, top: int, bottom: int) -> None:
        """Let the pictures outside a range of heights go."""
        for item in self._placed:
            outside = item.rect.bottom() < top or item.rect.top() >= bottom
            if item.thumb is not None and outside:
                item.thumb.drop()

    def drop(self) -> None:
        """Let all pictures go."""
        for thumb in self._thumbs:
            if thumb is not None:
                thumb.drop()


def _paint_chip(ink: Ink, page: Page, rect: QRect, file: Attachment) -> None:
    t = ink.tokens
    ink.box(QRectF(rect), RADIUS_CONTROL, t.sunken, t.line2)
    icon = QRect(rect.left() + _ICON_LEFT, rect.top(), 16, rect.height())
    icons.paint(ink.painter, kind_icon(file.kind), icon, t.text2, 16)
    words = rect.adjusted(_TEXT_LEFT, 0, -_PAD, 0)
    ink.painter.setFont(page.look.meta)
    ink.painter.setPen(t.text3)
    used = put_text(ink.painter, words, size_words(file.size), "right")
    words.adjust(0, 0, -int(used) - 8, 0)
    ink.painter.setFont(page.look.ui)
    ink.painter.setPen(t.text)
    metrics = ink.painter.fontMetrics()
    cut = metrics.elidedText(file.name, Qt.TextElideMode.ElideMiddle, words.width() + 1)
    put_text(ink.painter, words, cut)
