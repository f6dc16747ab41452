"""The files that go with the next question: chosen, read, judged, and handed over."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop_chat.chat.attachments import AttachmentReader, check_count, refusal
from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.explain_files import explain_file, is_about_file
from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind
from desktop_chat.core.errors import ChatError, ErrorInfo
from desktop_chat.core.services import Model
from desktop_chat.ui.attach_mime import Offer, png_bytes
from desktop_chat.ui.transcript.images.picture_decode import decode

THUMB: Final = 48
"""Device pixels of a side: a thumbnail of 20 px is sharp at twice the size, too."""
_AT_ONCE: Final = 2
"""So many files are read at a time: a large picture takes much memory while it is scaled."""

Starter: TypeAlias = Callable[[Coroutine[Any, Any, Any], str], object]
"""Starts a coroutine under a name, as ``Bridge.start`` does."""


@dataclass(slots=True, eq=False)
class Chosen:
    """One file that the user has chosen.

    Attributes:
        name: as it is shown.
        size: in bytes; 0 while it is not known.
        file: what it is, once it is read.
        data: it with its bytes; None for one that the store has.
        error: why it cannot be read, or not be sent at all.
        refused: why the model in use does not take it.
        thumb: of a picture, or None.
    """

    name: str
    size: int = 0
    file: Attachment | None = None
    data: Attached | None = None
    error: ErrorInfo | None = None
    refused: ErrorInfo | None = None
    thumb: QImage | None = None

    @property
    def reading(self) -> bool:
        """Whether it is not read yet."""
        return self.file is None and self.error is None

    @property
    def fault(self) -> ErrorInfo | None:
        """Why it cannot go with the question, or None."""
        return self.error or self.refused

    @property
    def words(self) -> str:
        """Why it cannot go with the question, in a sentence; or ""."""
        return "" if self.fault is None else fault_words(self.fault)


def fault_words(error: ErrorInfo) -> str:
    """Return why a file cannot be sent, in a sentence."""
    return explain_file(error) if is_about_file(error) else explain_error(error).title


def ready(items: Sequence[Chosen]) -> list[Attached | Attachment]:
    """Return the files that are read; those that the store has without their bytes."""
    found = [item.data or item.file for item in items]
    return [item for item in found if item is not None]


class Files(QObject):
    """The files of the next question. Reading happens on threads.

    Args:
        start: starts coroutines.
        reader: reads and judges files.
        load: returns the bytes of a file in the store, or None.
        parent: or None.
    """

    changed = Signal()

    def __init__(
        self,
        start: Starter,
        reader: AttachmentReader,
        load: Callable[[str], Awaitable[bytes | None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._start = start
        self._reader = reader
        self._load = load
        self._model: Model | None = None
        self._chosen: list[Chosen] = []
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._left = False
        self.over: ErrorInfo | None = None
        """Says that files were left out because there were too many."""

    # What there is

    @property
    def chosen(self) -> Sequence[Chosen]:
        """The files, in the order in which they were chosen."""
        return tuple(self._chosen)

    @property
    def reading(self) -> bool:
        """Whether one of them is not read yet."""
        return any(item.reading for item in self._chosen)

    @property
    def faulty(self) -> bool:
        """Whether one of them cannot be sent."""
        return any(item.fault is not None for item in self._chosen)

    def ready(self) -> list[Attached | Attachment]:
        """Return what goes with the question; those that the store has go without bytes."""
        return ready(self._chosen)

    def sentences(self) -> list[str]:
        """Return why some cannot be sent, each reason once."""
        told = [item.words for item in self._chosen if item.fault is not None]
        if self.over is not None:
            told.append(fault_words(self.over))
        return list(dict.fromkeys(told))

    # Choosing

    def add(self, offer: Offer) -> None:
        """Add what was picked, dropped or pasted."""
        for path in offer.paths:
            self._read(Chosen(path.name), self._reader.read_path(path))
        if offer.picture is not None:
            self._read(Chosen(offer.name), self._read_picture(offer.name, offer.picture))

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files of the disk."""
        self.add(Offer(tuple(paths)))

    def add_stored(self, files: Sequence[Attachment]) -> None:
        """Add files that the store has: those of an earlier question, or a picture of an answer."""
        for file in files:
            if any(item.file and item.file.blob == file.blob for item in self._chosen):
                continue
            # What a model made is sent as any other file now.
            item = Chosen(file.name, file.size, replace(file, generated=False))
            if self._takes(item):
                self._judge(item)
                if file.kind is AttachmentKind.IMAGE:
                    self._start(self._show_stored(item, file.blob), "thumbnail")
        self.changed.emit()

    def remove(self, item: Chosen) -> None:
        """Take one away."""
        if item in self._chosen:
            self._chosen.remove(item)
            self.over = None
            self.changed.emit()

    def take(self) -> list[Chosen]:
        """Take all of them away and return them, for ``put``."""
        taken, self._chosen, self.over = self._chosen, [], None
        if taken:
            self.changed.emit()
        return taken

    def put(self, items: Sequence[Chosen]) -> None:
        """Have these in place of what there is."""
        self._chosen = list(items)
        self.over = None
        self.judge(self._model)
        self.changed.emit()

    def sent(self, files: Sequence[Attached | Attachment]) -> None:
        """Take away what was sent; what was chosen meanwhile stays."""
        names = {item.file if isinstance(item, Attached) else item for item in files}
        self._chosen = [item for item in self._chosen if item.file not in names]
        self.changed.emit()

    def judge(self, model: Model | None) -> None:
        """Say anew which ones the model takes that is to be asked; None for no model."""
        self._model = model
        before = [item.refused for item in self._chosen]
        for item in self._chosen:
            self._judge(item)
        if before != [item.refused for item in self._chosen]:
            self.changed.emit()

    def leave(self) -> None:
        """Tell nobody any more: the page closes."""
        self._left = True

    # Reading

    def _takes(self, item: Chosen) -> bool:
        """Add an item if there is room; else say that there is none."""
        try:
            check_count(len(self._chosen) + 1)
        except ChatError as error:
            self.over = error.info
            return False
        self._chosen.append(item)
        return True

    def _judge(self, item: Chosen) -> None:
        known = self._model is not None and item.file is not None
        item.refused = refusal(self._model, item.file) if known else None  # type: ignore[arg-type]

    def _read(self, item: Chosen, work: Coroutine[Any, Any, Attached]) -> None:
        if self._takes(item):
            self._start(self._follow(item, work), "read file")
        else:
            work.close()
        self.changed.emit()

    async def _read_picture(self, name: str, picture: bytes | QImage) -> Attached:
        data = picture
        if isinstance(data, QImage):
            data = await asyncio.to_thread(png_bytes, data)
        return await self._reader.read_bytes(name, data)

    async def _follow(self, item: Chosen, work: Coroutine[Any, Any, Attached]) -> None:
        async with self._room:
            try:
                item.data = await work
            except ChatError as error:
                item.error = error.info
            else:
                await self._show(item, item.data.data)
                self._took(item, item.data.file)
        self._tell(item)

    def _took(self, item: Chosen, file: Attachment) -> None:
        item.file, item.name, item.size = file, file.name, file.size
        same = [other for other in self._chosen if other.file and other.file.blob == file.blob]
        if item in self._chosen and len(same) > 1:
            # The same file again: once is enough.
            self._chosen.remove(item)
        self._judge(item)

    async def _show(self, item: Chosen, data: bytes) -> None:
        if item.data is not None and item.data.file.kind is not AttachmentKind.IMAGE:
            return
        found = await asyncio.to_thread(decode, data, (2 * THUMB, THUMB))
        item.thumb = found.images[0] if found.images else None

    async def _show_stored(self, item: Chosen, blob: str) -> None:
        data = await self._load(blob)
        if data is not None:
            await self._show(item, data)
            self._tell(item)

    def _tell(self, item: Chosen) -> None:
        if not self._left:
            self.changed.emit()
