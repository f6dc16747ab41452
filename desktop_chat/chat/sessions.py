"""The conversations that are open or that run: one session each, however many look at it."""

import asyncio
import logging
import time
from collections.abc import Callable

from desktop_chat.chat.history import History
from desktop_chat.chat.listeners import subscription
from desktop_chat.chat.preparing import SessionPorts
from desktop_chat.chat.session import ChatSession
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import ChatOptions, Conversation, Draft
from desktop_chat.core.ports import Unsubscribe

_log = logging.getLogger(__name__)


class Sessions:
    """Hands out sessions, and keeps those that run or have something unsaved.

    Args:
        ports: what every session needs.
        history: is told when a conversation changes.
        default_options: returns what a new conversation asks with.
    """

    def __init__(
        self,
        ports: SessionPorts,
        history: History,
        *,
        default_options: Callable[[], ChatOptions],
    ) -> None:
        self._ports = ports
        self._history = history
        self._default_options = default_options
        self._sessions: dict[str, ChatSession] = {}
        self._released: set[str] = set()
        self._listeners: list[Callable[[str, bool], None]] = []
        history.attach(self._sessions.get)
        self._unsubscribe = ports.setup.subscribe(self._key_saved)

    def session(self, conversation_id: str | None = None) -> ChatSession:
        """Return the session of a conversation: the same one while it is open or runs.

        Args:
            conversation_id: None begins a new conversation. ``ChatSession.open`` loads a known
                one.
        """
        if conversation_id is not None and conversation_id in self._sessions:
            self._released.discard(conversation_id)
            return self._sessions[conversation_id]
        conversation = None
        if conversation_id is not None:
            conversation = self._history.entry(conversation_id)
        if conversation is None:
            now = time.time()
            conversation = Conversation(
                conversation_id or new_id(), "", now, now, options=self._default_options()
            )
        session = ChatSession(
            conversation,
            self._ports,
            changed=self._history.put,
            running_changed=self._running_changed,
            new=conversation_id is None,
        )
        self._sessions[conversation.id] = session
        return session

    def release(self, session: ChatSession) -> None:
        """Let go of a session that nobody looks at; one that runs goes on to its end."""
        self._released.add(session.conversation.id)
        self._drop_released()

    def running(self) -> list[ChatSession]:
        """Return the sessions whose answers are on their way."""
        return [session for session in self._sessions.values() if session.running]

    def unsaved(self) -> list[ChatSession]:
        """Return the sessions that hold something that could not be written yet."""
        return [session for session in self._sessions.values() if session.unsaved]

    def failing(self) -> list[ChatSession]:
        """Return the sessions that hold something that was refused when it was written."""
        return [session for session in self.unsaved() if session.saving_error is not None]

    def subscribe(self, listener: Callable[[str, bool], None]) -> Unsubscribe:
        """Call ``listener`` with a conversation's id when its turn begins (True) or ends."""
        return subscription(self._listeners, listener)

    async def drafts(self) -> dict[str, Draft]:
        """Return what was typed or chosen and not sent, by conversation; it need not have begun.

        Raises:
            StoreError: it could not be read.
        """
        return await self._ports.store.drafts()

    async def aclose(self) -> None:
        """Stop every turn, each with its final save, and try once more what is not saved."""
        self._unsubscribe()
        await asyncio.gather(*(session.stop() for session in self._sessions.values()))
        await asyncio.gather(*(session.retry_saving() for session in self.unsaved()))
        if lost := self.unsaved():
            _log.error("%d conversations could not be saved to the end", len(lost))
        self._sessions.clear()

    def _running_changed(self, session: ChatSession, running: bool) -> None:
        for listener in tuple(self._listeners):
            listener(session.conversation.id, running)
        self._drop_released()

    def _drop_released(self) -> None:
        for conversation_id in list(self._released):
            session = self._sessions.get(conversation_id)
            if session is None or not session.busy:
                self._released.discard(conversation_id)
                self._sessions.pop(conversation_id, None)

    def _key_saved(self, service_id: str) -> None:
        for session in list(self._sessions.values()):
            answer_id = session.waiting_for_key(service_id)
            if answer_id is not None:
                self._ports.tasks.start(session.regenerate(answer_id), "ask again with a new key")
