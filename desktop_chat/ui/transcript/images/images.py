"""Images as they are shown, decoded beside the UI thread. Nothing is fetched unasked.

An answer carries an image as a ``data:`` URI, or names one elsewhere. The latter is loaded when
the reader asks for it, and stays in memory for this run only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLoggingCategory, QObject, Qt, Signal
from PySide6.QtGui import QImage

from desktop_chat.core.errors import ErrorInfo
from desktop_chat.core.pictures import PictureHead, picture_head
from desktop_chat.ui.transcript.images.picture_decode import (
    Decoded,
    Trouble,
    data_bytes,
    data_kind,
    decode,
    is_data,
    judge,
)
from desktop_chat.ui.transcript.worker import Worker

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.pieces import Piece

SCHEME: Final = "attachment:"
"""Before the key of a picture that the store has. No text of a model is asked for by it: only a
message's own files are.
"""
_KEPT_BYTES: Final = 64 * 1024 * 1024
"""So much of decoded pictures stays that are far from the viewport."""
_KEPT_ORIGINALS: Final = 128 * 1024 * 1024
"""So much of what was loaded or handed in stays; what was not looked at for longest goes."""


class Picture:
    """One image: where it comes from, and how far it is.

    Args:
        href: its address, or a ``data:`` URI.

    Attributes:
        href: the same.
        data: the original bytes, of one that was loaded or handed in.
        head: what its first bytes say, or None.
        size: as it is shown, in pixels; zeros when that is not known yet.
        trouble: why it cannot be shown.
        loading: whether it is on its way.
        error: why it could not be loaded, or None.
        image: decoded, as large as it was asked for, or None.
        savable: whether there is anything to save.
        is_data: whether it is a ``data:`` URI.
        stored: whether the store has it.
    """

    __slots__ = (
        "asked",
        "data",
        "error",
        "head",
        "href",
        "image",
        "is_data",
        "loading",
        "pieces",
        "savable",
        "size",
        "stored",
        "trouble",
    )

    def __init__(self, href: str) -> None:
        self.href = href
        self.data: bytes | None = None
        self.head: PictureHead | None = None
        self.size = (0, 0)
        self.trouble = Trouble.NONE
        self.loading = False
        self.error: ErrorInfo | None = None
        self.image: QImage | None = None
        self.pieces: set[Piece] = set()
        """Those that are laid out and show it."""
        self.asked = False
        """Whether it is being decoded."""
        self.savable = True
        self.stored = href.startswith(SCHEME)
        self.is_data = is_data(href)
        if self.is_data:
            start = data_bytes(href, first=True)
            if start is None:
                self.trouble = Trouble.DAMAGED
                self.savable = False
            else:
                self.look_at(start, data_kind(href))

    @property
    def here(self) -> bool:
        """Whether its bytes are here."""
        return self.data is not None or self.is_data

    @property
    def shown(self) -> bool:
        """Whether it can be shown, as far as is known."""
        return self.here and not self.trouble and self.size[0] > 0

    def look_at(self, data: bytes, kind: str = "") -> None:
        """Read its first bytes."""
        self.head = picture_head(data)
        self.trouble = judge(self.head, data, kind)
        if self.head is not None:
            self.size = (self.head.width, self.head.height)
            if not self.trouble and not self.head.width * self.head.height:
                self.trouble = Trouble.DAMAGED

    def source(self) -> bytes | str:
        """Return what the thread decodes."""
        return self.href if self.data is None else self.data


class Images(QObject):
    """Decodes images and remembers them.

    Args:
        parent: or None.
    """

    arrived = Signal(object)
    """The set of pieces that waited for what is there now."""
    wanted = Signal(str)
    """The address of a remote image that the reader asked for; ``supply`` or ``fail`` answer."""
    stored_wanted = Signal(str)
    """The key of a stored picture that is near the viewport; ``supply`` or ``fail`` answer."""
    _want = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._named: OrderedDict[str, Picture] = OrderedDict()
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._kept_bytes = 0
        self.worker = Worker(self)
        # Not at once: pieces are being measured when they ask.
        self._want.connect(self.stored_wanted, Qt.ConnectionType.QueuedConnection)
        # Decoders tell the log of each fault in a picture; the card tells the reader.
        QLoggingCategory.setFilterRules("qt.gui.imageio*=false")

    # What there is

    def picture(self, href: str) -> Picture:
        """Return the image of an address; asking fetches and decodes nothing."""
        if is_data(href):
            return Picture(href)
        found = self._named.get(href)
        if found is None:
            found = self._named[href] = Picture(href)
        self._named.move_to_end(href)
        return found

    def load(self, picture: Picture) -> None:
        """Ask for an image that is elsewhere: the reader has pressed for it."""
        if not picture.loading and not picture.here:
            picture.loading = True
            picture.error = None
            self.wanted.emit(picture.href)
            self._tell(picture)

    def fetch(self, picture: Picture) -> None:
        """Ask for a picture that the store has; nobody is told that it is on its way."""
        if not picture.loading and not picture.here:
            picture.loading = True
            self._want.emit(picture.href.removeprefix(SCHEME))

    def supply(self, key: str, data: bytes) -> None:
        """Give an image its bytes.

        Args:
            key: its address, as ``wanted`` gave it or as a block has it.
            data: what was found there.
        """
        picture = self.picture(key)
        picture.loading = False
        picture.error = None
        picture.data = data
        picture.look_at(data)
        self._drop_originals(picture)
        self._tell(picture)

    def fail(self, key: str, error: ErrorInfo) -> None:
        """Tell why an image could not be had."""
        picture = self.picture(key)
        picture.loading = False
        picture.error = error
        self._tell(picture)

    def _drop_originals(self, newest: Picture) -> None:
        held = [picture for picture in self._named.values() if picture.data is not None]
        total = sum(len(picture.data or b"") for picture in held)
        for picture in held:
            if total <= _KEPT_ORIGINALS:
                return
            if picture is not newest and not picture.pieces:
                total -= len(picture.data or b"")
                picture.data = picture.image = None
                del self._named[picture.href]

    def _tell(self, picture: Picture) -> None:
        if picture.pieces:
            self.arrived.emit(set(picture.pieces))

    # Decoding

    def show(self, picture: Picture, piece: Piece, box: tuple[int, int]) -> QImage | None:
        """Return what can be painted now, and ask for it in a size that is sharp.

        Args:
            picture: one that is ``shown``.
            piece: is told through ``arrived``.
            box: what it fills, in device pixels.
        """
        picture.pieces.add(piece)
        if self._kept.pop(id(picture), None) is not None:
            self._kept_bytes -= _weight(picture)
        image = picture.image
        fine = image is not None and (
            image.width() >= min(box[0], picture.size[0])
            or image.height() >= min(box[1], picture.size[1])
        )
        if not fine and not picture.asked and picture.shown:
            picture.asked = True
            self.worker.start(
                partial(decode, picture.source(), box), partial(self._decoded, picture)
            )
        return image

    def _decoded(self, picture: Picture, found: Decoded | None) -> None:
        picture.asked = False
        if found is None or found.trouble:
            picture.trouble = Trouble.DAMAGED if found is None else found.trouble
        else:
            picture.image = found.images[0]
            picture.size = found.size
        if picture.pieces:
            self._tell(picture)
        else:
            self._keep(picture)

    def leave(self, picture: Picture, piece: Piece) -> None:
        """Take note that a piece is far from the viewport: its picture may go."""
        picture.pieces.discard(piece)
        if not picture.pieces:
            self._keep(picture)

    def _keep(self, picture: Picture) -> None:
        """Keep a decoded picture as long as there is room."""
        if picture.image is None or id(picture) in self._kept:
            return
        self._kept[id(picture)] = picture
        self._kept_bytes += _weight(picture)
        while self._kept_bytes > _KEPT_BYTES and self._kept:
            _id, old = self._kept.popitem(last=False)
            self._kept_bytes -= _weight(old)
            old.image = None

    # Taking away

    def original(self, picture: Picture, done: Callable[[bytes | None], None]) -> None:
        """Hand over the original bytes; None when they are broken."""
        if picture.data is not None:
            done(picture.data)
        else:
            self.worker.start(partial(data_bytes, picture.href), done)

    def whole(self, picture: Picture, done: Callable[[Decoded | None], None]) -> None:
        """Hand over the picture in its own size, and its halves."""
        self.worker.start(partial(decode, picture.source(), None), done)


def _weight(picture: Picture) -> int:
    return 0 if picture.image is None else picture.image.sizeInBytes()
