"""Deleting conversations, and taking it back."""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from desktop_chat.chat.explain import Tone, explain_error
from desktop_chat.core.errors import ChatError, ErrorInfo
from desktop_chat.core.i18n import ntr, tr
from desktop_chat.ui.history_list import shown_title
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeBoard, NoticeText
from desktop_chat.ui.tab_area import TabArea

_KEY = "deleted"


@dataclass(frozen=True, slots=True)
class _Deleted:
    conversation_id: str
    title: str
    was_open: bool


class Deleting(QObject):
    """Deletes at once and offers the way back for as long as its notice stands.

    Args:
        neighbours: what the window is built upon.
        board: the notices of the window.
        tabs: lose what is deleted.
        parent: the window.
    """

    def __init__(
        self, neighbours: Neighbours, board: NoticeBoard, tabs: TabArea, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._near = neighbours
        self._board = board
        self._tabs = tabs
        self._deleted: list[_Deleted] = []
        board.dismissed.connect(self._dismissed)

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation; an answer that runs in it is stopped."""
        self._near.bridge.start(self._delete(conversation_id), "delete chat")

    async def _delete(self, conversation_id: str) -> None:
        entry = self._near.history.entry(conversation_id)
        try:
            await self._near.history.delete(conversation_id)
        except ChatError as error:
            self._tell(error.info)
            return
        title = shown_title(entry.title if entry else "")
        was_open = self._tabs.forget(conversation_id)
        self._deleted.append(_Deleted(conversation_id, title, was_open))
        self._board.put(_KEY, self._notice)

    def _notice(self) -> NoticeText:
        count = len(self._deleted)
        if count == 1:
            title = tr("Deleted “{title}”").format(title=self._deleted[0].title)
        else:
            title = ntr("Deleted {count} chat", "Deleted {count} chats", count).format(count=count)
        return NoticeText(Tone.NEUTRAL, "trash", title, "", ((tr("Undo"), self.undo),))

    def undo(self) -> None:
        """Bring back what the notice names, in the tabs that it had."""
        deleted, self._deleted = self._deleted, []
        self._board.remove(_KEY)
        self._near.bridge.start(self._restore(deleted), "undo delete")

    async def _restore(self, deleted: list[_Deleted]) -> None:
        for item in deleted:
            try:
                await self._near.history.restore(item.conversation_id)
            except ChatError as error:
                self._tell(error.info)
                continue
            if item.was_open:
                self._tabs.open(item.conversation_id)

    def _dismissed(self, key: str) -> None:
        if key == _KEY:
            self._deleted.clear()

    def _tell(self, error: ErrorInfo) -> None:
        def make() -> NoticeText:
            what = explain_error(error)
            return NoticeText(what.tone, what.icon, what.title, what.cause)

        self._board.put("failure", make)
