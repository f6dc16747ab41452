"""The store that ``core.ports.ConversationStore`` asks for, on SQLite."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from desktop_chat.core.attachments import Attachment
from desktop_chat.core.ids import new_id
from desktop_chat.core.messages import Conversation, Draft, Message, MessageHead, SearchHit
from desktop_chat.core.ports import Channel
from desktop_chat.store import blobs, conversations, messages, recovery, search
from desktop_chat.store.database import open_database
from desktop_chat.store.errors import as_store_error
from desktop_chat.store.runs import RunLock
from desktop_chat.store.worker import Worker

R = TypeVar("R")


class SqliteStore:
    """Conversations in one SQLite file. All of its work is done on one thread of its own.

    Methods may be called from any event loop, one after another or at once. What one call
    writes, a later call sees. A write that has been asked for is done even if its caller is
    cancelled; a read is taken back.

    The database is opened by the first call; a call after one that failed tries again.

    Args:
        data: the folder for ``conversations.db``, ``backups`` and ``runs``; made if missing.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "conversations.db"
        self._backups = data / "backups"
        self._runs = data / "runs"
        self._run_id = new_id()
        self._worker = Worker("store")
        self._connection: apsw.Connection | None = None
        self._lock: RunLock | None = None

    @property
    def run_id(self) -> str:
        """The id of this run."""
        return self._run_id

    async def conversations(self, *, limit: int = 500) -> list[Conversation]:
        """Return conversations that have messages, newest ``updated_at`` first."""
        return await self._read(lambda db: conversations.newest(db, limit))

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """Return one; None when it is not there or deleted."""
        return await self._read(lambda db: conversations.load(db, conversation_id))

    async def save_conversation(self, conversation: Conversation) -> None:
        """Insert it, or replace everything but its messages; a deleted one stays deleted."""
        await self._write(lambda db: conversations.save(db, conversation))

    async def delete_conversation(self, conversation_id: str) -> None:
        """Hide a conversation; it can be restored until the next start."""
        await self._write(lambda db: conversations.delete(db, conversation_id, self._run_id))

    async def restore_conversation(self, conversation_id: str) -> None:
        """Undo ``delete_conversation``.

        Raises:
            StoreError: ``other`` when it has been purged.
        """
        await self._write(lambda db: conversations.restore(db, conversation_id))

    async def heads(self, conversation_id: str) -> list[MessageHead]:
        """Return the whole tree without texts."""
        return await self._read(lambda db: messages.heads(db, conversation_id))

    async def branch_end(self, leaf_id: str, *, count: int, chars: int) -> list[Message]:
        """Return the last messages of a branch; the cost does not grow with the conversation."""
        return await self._read(lambda db: messages.branch_end(db, leaf_id, count, chars))

    async def messages(self, ids: Sequence[str]) -> list[Message]:
        """Return messages in the order asked for; unknown ids are left out.

        The text of one that streams is what has been appended so far.
        """
        wanted = tuple(ids)
        return await self._read(lambda db: messages.load(db, wanted))

    async def begin_turn(
        self, conversation: Conversation, question: Message | None, answer: Message
    ) -> None:
        """Save, in one transaction: the conversation with the answer as its leaf, the question
        (None when it is there already) and the streaming answer row with this run's id.

        It may be called again, with what has arrived meanwhile, after it failed.
        """
        await self._write(
            lambda db: messages.begin_turn(db, conversation, question, answer, self._run_id)
        )

    async def reopen(self, message: Message) -> None:
        """Mark a finished answer as streaming again (Continue); its text stays.

        Raises:
            StoreError: ``other`` when it is not there or streams in another run.
        """
        await self._write(lambda db: messages.reopen(db, message, self._run_id))

    async def append(self, message_id: str, pieces: Sequence[tuple[Channel, str]]) -> None:
        """Append what arrived, in order. The cost does not grow with what is there already.

        Raises:
            StoreError: ``other`` when no such message streams.
        """
        arrived = tuple(pieces)
        await self._write(lambda db: messages.append(db, message_id, arrived))

    async def put_blob(self, data: bytes) -> str:
        """Keep the bytes of a file, once however often they are brought, and return their key.

        Bytes that no message and no draft names are removed by a later start, a day at the
        earliest.
        """
        return await self._write(lambda db: blobs.put(db, data))

    async def blob(self, key: str) -> bytes | None:
        """Return the bytes of a file, or None when they are not there."""
        return await self._read(lambda db: blobs.load(db, key))

    async def attach(self, message_id: str, attachments: Sequence[Attachment]) -> None:
        """Name the files of a message that streams, in place of those named before.

        Raises:
            StoreError: ``other`` when no such message streams.
        """
        files = tuple(attachments)
        await self._write(lambda db: messages.attach(db, message_id, files))

    async def cost(self, conversation_id: str) -> dict[str, float]:
        """Return what all answers of a conversation cost together, by currency."""
        return await self._read(lambda db: conversations.cost(db, conversation_id))

    async def finish(self, message: Message) -> None:
        """Save a message's final form, whole, in place of what was appended.

        The row itself need not have been saved before; its conversation must have been.
        """
        await self._write(lambda db: messages.finish(db, message))

    async def search(self, query: str, *, limit: int = 50) -> list[SearchHit]:
        """Return conversations and messages that hold all the words, newest first.

        A word is found wherever its characters stand, also inside another word; upper and lower
        case are the same.
        """
        return await self._read(lambda db: search.search(db, query, limit))

    async def draft(self, conversation_id: str) -> Draft:
        """Return what was typed and chosen and not sent; an empty draft where there is none."""
        return await self._read(lambda db: conversations.draft(db, conversation_id))

    async def save_draft(
        self, conversation_id: str, text: str, files: Sequence[Attachment] = ()
    ) -> None:
        """Keep what was typed, and name its files; "" without files forgets it. The conversation
        need not exist yet.
        """
        named = tuple(files)
        await self._write(lambda db: conversations.save_draft(db, conversation_id, text, named))

    async def drafts(self) -> dict[str, Draft]:
        """Return every draft by conversation id."""
        return await self._read(conversations.drafts)

    async def recover(self) -> list[str]:
        """At launch: mark streaming rows of dead runs as interrupted, drop what dead runs had
        deleted and files that nothing names, and return the ids of the rows marked.
        """
        return await self._write(lambda db: recovery.recover(db, self._runs, self._run_id))

    async def aclose(self) -> None:
        """Finish what is waiting, close the database and end the thread. It may be repeated."""
        await self._worker.aclose(self._close)

    async def _read(self, job: Callable[[apsw.Connection], R]) -> R:
        return await self._worker.run(partial(self._do, job), droppable=True)

    async def _write(self, job: Callable[[apsw.Connection], R]) -> R:
        return await self._worker.run(partial(self._do, job), droppable=False)

    def _do(self, job: Callable[[apsw.Connection], R]) -> R:
        try:
            return job(self._opened())
        except (apsw.Error, OSError) as error:
            raise as_store_error(error, self._path, self._connection) from error

    def _opened(self) -> apsw.Connection:
        if self._lock is None:
            # Before any row can carry this run's id.
            self._lock = RunLock(self._runs, self._run_id)
        if self._connection is None:
            self._connection = open_database(self._path, self._backups)
        return self._connection

    def _close(self) -> None:
        try:
            if self._connection is not None:
                self._connection.close()
        finally:
            self._connection = None
            if self._lock is not None:
                self._lock.release()
                self._lock = None
