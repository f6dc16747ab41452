"""Writes what happens in a conversation, in order, without ever holding up what happens.

A disk may be slow or full. What could not be written stays in memory, in order, and is tried
again; nothing is given up while the program lives.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, Protocol

from desktop_chat.core.attachments import Attached, Attachment
from desktop_chat.core.errors import ErrorInfo, ErrorKind, StoreError
from desktop_chat.core.messages import Conversation, Draft, Message
from desktop_chat.core.ports import Channel, ConversationStore, TaskKeeper

_INTERVAL: Final = 0.5
"""Seconds between two writes of a stream; with the write itself it stays below one."""
_LONGEST_WAIT: Final = 30.0
_log = logging.getLogger(__name__)


class _Write(Protocol):
    async def run(self, store: ConversationStore) -> None: ...


@dataclass(frozen=True, slots=True)
class _Begin:
    conversation: Conversation
    question: Message | None
    answer: Message

    async def run(self, store: ConversationStore) -> None:
        await store.begin_turn(self.conversation, self.question, self.answer)


@dataclass(frozen=True, slots=True)
class _Reopen:
    message: Message

    async def run(self, store: ConversationStore) -> None:
        await store.reopen(self.message)


@dataclass(frozen=True, slots=True)
class _Append:
    message_id: str
    pieces: list[tuple[Channel, str]] = field(default_factory=list)

    async def run(self, store: ConversationStore) -> None:
        joined = [
            (channel, "".join(text for _, text in group))
            for channel, group in groupby(self.pieces, key=itemgetter(0))
        ]
        await store.append(self.message_id, joined)


@dataclass(frozen=True, slots=True)
class _PutBlob:
    key: str
    data: bytes = field(repr=False)

    async def run(self, store: ConversationStore) -> None:
        await store.put_blob(self.data)


@dataclass(frozen=True, slots=True)
class _Attach:
    message_id: str
    attachments: tuple[Attachment, ...]

    async def run(self, store: ConversationStore) -> None:
        await store.attach(self.message_id, self.attachments)


@dataclass(frozen=True, slots=True)
class _Rewrite:
    message_id: str
    message: Message

    async def run(self, store: ConversationStore) -> None:
        await store.finish(self.message)


@dataclass(frozen=True, slots=True)
class _Finish:
    message: Message

    async def run(self, store: ConversationStore) -> None:
        await store.finish(self.message)


@dataclass(frozen=True, slots=True)
class _SaveConversation:
    conversation: Conversation

    async def run(self, store: ConversationStore) -> None:
        await store.save_conversation(self.conversation)


@dataclass(frozen=True, slots=True)
class _SaveDraft:
    conversation_id: str
    draft: Draft
    data: Mapping[str, bytes] = field(repr=False)
    """The bytes of its files, by key, except those that the store has had all along."""
    stored: set[str]
    """The keys that the draft in the store names: one set for all writes of a saver."""

    async def run(self, store: ConversationStore) -> None:
        for key, data in self.data.items():
            if key not in self.stored:
                await store.put_blob(data)
        await store.save_draft(self.conversation_id, self.draft.text, self.draft.files)
        self.stored.clear()
        self.stored.update(file.blob for file in self.draft.files)


_PARTS: Final = (_Append, _Attach, _Rewrite)
"""Writes of a message that its final form makes needless."""


class Saver:
    """Writes the turns of one conversation and its draft to the store, in order: a draft that was
    sent is forgotten only when the question is written.

    The coroutines return when everything is written, or when a write failed: then ``error`` tells
    why, ``notify`` was called with it, and the writes are tried again with growing pauses until
    ``notify`` is called with None. They never raise ``StoreError``.

    Args:
        store: where it goes.
        tasks: holds the writing tasks.
        notify: told when saving fails (the error) and when all is written again (None).
        interval: seconds between two writes of a stream.
    """

    def __init__(
        self,
        store: ConversationStore,
        tasks: TaskKeeper,
        notify: Callable[[ErrorInfo | None], None],
        *,
        interval: float = _INTERVAL,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._notify = notify
        self._interval = interval
        self._queue: deque[_Write] = deque()
        self._open: dict[str, _Append] = {}
        self._draft_blobs: set[str] = set()
        self._lock = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self.error: ErrorInfo | None = None

    @property
    def pending(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._queue)

    @property
    def waiting_draft(self) -> Draft | None:
        """The draft that is not written yet, or None."""
        drafts = [write.draft for write in self._queue if isinstance(write, _SaveDraft)]
        return drafts[-1] if drafts else None

    def waiting_blob(self, key: str) -> bytes | None:
        """Return the bytes of a file that are not written yet, or None."""
        for write in self._queue:
            if isinstance(write, _PutBlob) and write.key == key:
                return write.data
            if isinstance(write, _SaveDraft) and key in write.data:
                return write.data[key]
        return None

    async def begin(
        self,
        conversation: Conversation,
        question: Message | None,
        answer: Message,
        files: Sequence[Attached] = (),
    ) -> None:
        """Write the beginning of a turn, after the files that its question names."""
        self._open.clear()
        data = {item.file.blob: item.data for item in files}
        for file in question.attachments if question is not None else ():
            # The draft that brings it may be forgotten before it is written.
            waiting = self.waiting_blob(file.blob)
            if waiting is not None:
                data.setdefault(file.blob, waiting)
        self._queue.extend(_PutBlob(key, content) for key, content in data.items())
        await self._put(_Begin(conversation, question, answer))

    async def reopen(self, message: Message) -> None:
        """Write that an answer streams again."""
        await self._put(_Reopen(message))

    async def save_conversation(self, conversation: Conversation) -> None:
        """Write what a conversation is beside its messages."""
        await self._put(_SaveConversation(conversation))

    def append(self, message_id: str, channel: Channel, text: str) -> None:
        """Take more of a streaming message; it is written within a second."""
        write = self._open.get(message_id)
        if write is None:
            write = self._open[message_id] = _Append(message_id)
            self._queue.append(write)
            self._start_writer()
        write.pieces.append((channel, text))

    def rewrite(self, message: Message) -> None:
        """Take a streaming message whole, as far as it has come, in place of the pieces that still
        wait; it is written soon, whether there was a row of it or not.
        """
        self._drop(lambda write: isinstance(write, _PARTS) and write.message_id == message.id)
        self._open.clear()
        self._queue.append(_Rewrite(message.id, message))
        self._start_writer()

    def attach(
        self, message_id: str, attachments: tuple[Attachment, ...], data: Mapping[str, bytes]
    ) -> None:
        """Take files of a streaming message; they are written soon.

        Args:
            message_id: the message.
            attachments: all that it has.
            data: the bytes of those that are new, by key.
        """
        self._open.clear()
        self._queue.extend(_PutBlob(key, content) for key, content in data.items())
        self._queue.append(_Attach(message_id, attachments))
        self._start_writer()

    def keep_draft(
        self, conversation_id: str, text: str, files: Sequence[Attached | Attachment] = ()
    ) -> None:
        """Take what was typed and its files; they are written soon, in place of what waits of them.

        Args:
            conversation_id: of the conversation.
            text: what was typed.
            files: those chosen; one that is in the store, or waits to be, needs no bytes.
        """
        draft = Draft.of(text, files)
        data = {item.file.blob: item.data for item in files if isinstance(item, Attached)}
        for file in draft.files:
            waiting = self.waiting_blob(file.blob)
            if waiting is not None:
                data.setdefault(file.blob, waiting)
        self._drop(lambda write: isinstance(write, _SaveDraft))
        self._open.clear()
        self._queue.append(_SaveDraft(conversation_id, draft, data, self._draft_blobs))
        self._tasks.start(self._flush_or_retry(), "save draft")

    async def finish(self, message: Message) -> None:
        """Write a message whole, in place of the pieces that still wait."""
        self._drop(lambda write: isinstance(write, _PARTS) and write.message_id == message.id)
        await self._put(_Finish(message))

    async def retry(self) -> None:
        """Try again now what could not be written."""
        await asyncio.shield(self._tasks.start(self._flush(), "save conversation"))

    async def _put(self, write: _Write) -> None:
        self._open.clear()
        self._queue.append(write)
        # In a task of its own: were the caller cancelled halfway, the write would run twice.
        await asyncio.shield(self._tasks.start(self._flush_or_retry(), "save conversation"))

    def _drop(self, unwanted: Callable[[_Write], bool]) -> None:
        """Take writes back, except one that is being done."""
        in_flight = self._queue[0] if self._queue and self._lock.locked() else None
        self._queue = deque(
            write for write in self._queue if write is in_flight or not unwanted(write)
        )

    async def _flush_or_retry(self) -> None:
        if not await self._flush():
            self._start_writer()
        elif self._writer is not None and not self._queue:
            # It sleeps, and would find nothing to do.
            self._writer.cancel()
            self._writer = None

    def _start_writer(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = self._tasks.start(self._write(), "save stream")

    async def _write(self) -> None:
        wait = self._interval
        while self._queue:
            await asyncio.sleep(wait)
            written = await self._flush()
            wait = self._interval if written else min(2 * wait, _LONGEST_WAIT)
        self._writer = None

    async def _flush(self) -> bool:
        """Write what waits, oldest first, and tell whether all of it is written."""
        async with self._lock:
            while self._queue:
                write = self._queue[0]
                if isinstance(write, _Append):
                    self._open.pop(write.message_id, None)
                try:
                    await write.run(self._store)
                except StoreError as error:
                    if self._comes_whole(write):
                        self._queue.popleft()
                        continue
                    if self._steps_back(write):
                        continue
                    self._set_error(error.info)
                    return False
                except Exception as error:
                    _log.exception("the store failed in an unexpected way")
                    self._set_error(
                        ErrorInfo(ErrorKind.STORAGE, code="other", message=type(error).__name__)
                    )
                    return False
                self._queue.popleft()
            self._set_error(None)
            return True

    def _steps_back(self, write: _Write) -> bool:
        """Let a draft that is refused, as one with large files may be, hold up nothing else; tell
        whether there is anything else. It is never forgotten before its question is written.
        """
        if not isinstance(write, _SaveDraft) or len(self._queue) == 1:
            return False
        self._queue.popleft()
        if not any(isinstance(later, _SaveDraft) for later in self._queue):
            self._queue.append(write)
        return True

    def _comes_whole(self, write: _Write) -> bool:
        """Tell whether a message's final form waits behind a part of it. What the store refuses
        for good, such as an append to a row that another window has ended, holds up no more.
        """
        if isinstance(write, _PARTS):
            message_id = write.message_id
        elif isinstance(write, _Reopen):
            message_id = write.message.id
        else:
            return False
        return any(
            isinstance(later, _Finish) and later.message.id == message_id for later in self._queue
        )

    def _set_error(self, error: ErrorInfo | None) -> None:
        before, self.error = self.error, error
        if (before is None) != (error is None) or (before and error and before.code != error.code):
            self._notify(error)
