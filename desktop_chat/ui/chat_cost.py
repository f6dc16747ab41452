"""What a chat has cost so far, for the tip of its tab."""

from PySide6.QtCore import QObject, Signal

from desktop_chat.chat.session import ChatSession
from desktop_chat.chat.session_events import MessageFinished, SessionEvent
from desktop_chat.core.errors import ChatError
from desktop_chat.ui.attach import Starter
from desktop_chat.ui.bridge import Relay


class ChatCost(QObject):
    """Reads the cost of a conversation when it is opened, and after each of its answers.

    Args:
        start: starts coroutines.
        session: the conversation.
        parent: the page.
    """

    changed = Signal()

    def __init__(self, start: Starter, session: ChatSession, parent: QObject) -> None:
        super().__init__(parent)
        self._start = start
        self._session = session
        self._left = False
        self.costs: dict[str, float] = {}
        """What its answers have cost, by currency; those without a price are not in it."""
        Relay(session.subscribe, self).received.connect(self._hear)

    def _hear(self, event: SessionEvent) -> None:
        if isinstance(event, MessageFinished):
            self.read()

    def read(self) -> None:
        """Read it anew."""
        self._start(self._read(), "read cost")

    async def _read(self) -> None:
        try:
            costs = await self._session.cost()
        except ChatError:
            # A store that cannot be read says so elsewhere; what was known stays.
            return
        if not self._left and costs != self.costs:
            self.costs = costs
            self.changed.emit()

    def leave(self) -> None:
        """The page closes."""
        self._left = True
