"""The files of one chat: those chosen for the next question, and those of its messages."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_chat.chat.attachments import AttachmentReader
from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import MessageFiles
from desktop_chat.core.attachments import Attached, Attachment
from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.i18n import tr
from desktop_chat.ui.attach import Chosen, Files, ready
from desktop_chat.ui.attach_drop import DropZone
from desktop_chat.ui.attach_mime import Offer
from desktop_chat.ui.image_scaler import QtImageScaler
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.transcript.files.stored_piece import address_of
from desktop_chat.ui.transcript.images.images import Images
from desktop_chat.ui.transcript.view import TranscriptView


class Attaching(QObject):
    """Lets files be picked and dropped, and gives the transcript those of its messages.

    Args:
        neighbours: what the window is built upon.
        session: the conversation.
        page: the chat, on all of which files can be dropped.
        ready: tells whether there is a box to write in.

    Attributes:
        files: those of the next question.
        zone: where files are dropped.
    """

    def __init__(
        self,
        neighbours: Neighbours,
        session: ChatSession,
        page: QWidget,
        ready: Callable[[], bool],
    ) -> None:
        super().__init__(page)
        self._start = neighbours.bridge.start
        self._session = session
        self._page = page
        self._left = False
        self._aside: list[Chosen] = []
        reader = AttachmentReader(QtImageScaler())
        self.files = Files(self._start, reader, self._blob, self)
        self.zone = DropZone(neighbours.theme, page, ready)
        self.zone.dropped.connect(self._dropped)

    # Choosing

    def pick(self) -> QFileDialog:
        """Let files be picked."""
        dialog = QFileDialog(self._page, tr("Attach files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(
            lambda names: self.files.add_paths([Path(name) for name in names])
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _dropped(self, offer: Offer) -> None:
        self._page.activateWindow()
        self.files.add(offer)

    def set_aside(self) -> None:
        """Put what is chosen aside, while an earlier question is edited."""
        self._aside = self.files.take()

    def edit(self, files: Sequence[Attachment]) -> None:
        """Show the files of the question that is edited."""
        self.files.take()
        self.files.add_stored(files)

    def for_draft(self, editing: bool) -> list[Attached | Attachment]:
        """Return the files of the next question as far as they are read: those set aside while an
        earlier one is edited.
        """
        return ready(self._aside) if editing else self.files.ready()

    def bring_back(self) -> None:
        """Show what was set aside."""
        aside, self._aside = self._aside, []
        self.files.put(aside)

    def sent(self, files: Sequence[Attached | Attachment]) -> None:
        """Take away what is safe with its question."""
        if not self._left:
            self.files.sent(files)

    # The transcript

    def serve(self, view: TranscriptView) -> None:
        """Give a transcript the pictures of its messages, when they come near the viewport."""
        images = view.page.images
        images.stored_wanted.connect(
            lambda key: self._start(self._bring(images, key), "read picture")
        )

    def show(self, view: TranscriptView, event: MessageFiles) -> None:
        """Show pictures that have just come."""
        for key, data in event.data.items():
            view.page.images.supply(address_of(key), data)
        view.files.put(event.message_id, event.attachments)

    async def _bring(self, images: Images, key: str) -> None:
        data = await self._blob(key)
        if self._left:
            return
        if data is None:
            images.fail(address_of(key), ErrorInfo(ErrorKind.STORAGE, code="file_gone"))
        else:
            images.supply(address_of(key), data)

    async def _blob(self, key: str) -> bytes | None:
        try:
            return await self._session.blob(key)
        except ChatError:
            # The store tells its own trouble over the composer; here the file is not there.
            return None

    def leave(self) -> None:
        """The page closes."""
        self._left = True
        self.files.leave()
