"""Messages, whole and while they stream. Every function runs on the worker's thread."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import apsw

from desktop_chat.core.attachments import Attachment
from desktop_chat.core.messages import Conversation, Message, MessageHead, MessageState
from desktop_chat.core.ports import Channel
from desktop_chat.store import conversations
from desktop_chat.store.codec import (
    HEAD_COLUMNS,
    MESSAGE_COLUMNS,
    clean,
    head_from,
    message_from,
    message_row,
)
from desktop_chat.store.codec_files import attachments_json
from desktop_chat.store.connection import snapshot, transaction
from desktop_chat.store.errors import store_error

_NAMES = MESSAGE_COLUMNS.split(", ")
_PUT = (
    f"INSERT INTO messages ({MESSAGE_COLUMNS}) VALUES ({', '.join('?' for _ in _NAMES)})"
    " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name != "id")
)


def heads(connection: apsw.Connection, conversation_id: str) -> list[MessageHead]:
    """Return the tree of a conversation; the texts stay on the disk."""
    with snapshot(connection):
        found = [
            head_from(row)
            for row in connection.execute(
                f"SELECT {HEAD_COLUMNS} FROM messages WHERE conversation_id = ? ORDER BY id",
                (conversation_id,),
            )
        ]
        for index, head in enumerate(found):
            if head.state is MessageState.STREAMING:
                more = connection.execute(
                    "SELECT coalesce(sum(chars), 0) FROM pieces WHERE message_id = ?", (head.id,)
                ).get
                found[index] = head._replace(chars=head.chars + more)
    return found


def branch_end(connection: apsw.Connection, leaf_id: str, count: int, chars: int) -> list[Message]:
    """Return the end of a branch, first to last, found from its leaf upwards."""
    found: list[str] = []
    above: str | None = leaf_id
    with snapshot(connection):
        while above is not None and len(found) < count and chars >= 0:
            row = connection.execute(
                "SELECT parent_id, chars FROM messages WHERE id = ?",
                (above,),
            ).fetchone()
            if row is None or above in found:
                break
            found.append(above)
            above = row[0]
            chars -= row[1]
        return _load(connection, found[::-1])


def load(connection: apsw.Connection, ids: Sequence[str]) -> list[Message]:
    """Return messages in the order asked for, those that stream with what was appended."""
    with snapshot(connection):
        return _load(connection, ids)


def begin_turn(
    connection: apsw.Connection,
    conversation: Conversation,
    question: Message | None,
    answer: Message,
    run_id: str,
) -> None:
    """Save a turn's beginning. Doing it again after a failure is harmless."""
    with transaction(connection):
        conversations.save(connection, replace(conversation, leaf_id=answer.id))
        if question is not None:
            _put(connection, question)
        _put(connection, replace(answer, state=MessageState.STREAMING, run_id=run_id))


def reopen(connection: apsw.Connection, message: Message, run_id: str) -> None:
    """Mark a message as streaming; text and reasoning stay as they are on the disk.

    Raises:
        StoreError: it is not there, or another run streams it.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE messages SET state = 'streaming', run_id = ?1, reason = NULL, error = NULL"
            " WHERE id = ?2 AND (state <> 'streaming' OR run_id = ?1)",
            (run_id, message.id),
        )
        if not connection.changes():
            raise store_error("other", "the message cannot be continued")


def append(
    connection: apsw.Connection, message_id: str, pieces: Sequence[tuple[Channel, str]]
) -> None:
    """Append to a message that streams.

    Raises:
        StoreError: no such message streams.
    """
    with transaction(connection):
        state = connection.execute("SELECT state FROM messages WHERE id = ?", (message_id,)).get
        if state != MessageState.STREAMING:
            raise store_error("other", "the message does not stream")
        connection.executemany(
            "INSERT INTO pieces (message_id, channel, chars, text) VALUES (?, ?, ?, ?)",
            ((message_id, channel, len(text), text) for channel, text in _joined(pieces)),
        )


def attach(connection: apsw.Connection, message_id: str, attachments: Sequence[Attachment]) -> None:
    """Name the files of a message that streams, all of them.

    Raises:
        StoreError: no such message streams.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE messages SET attachments = ? WHERE id = ? AND state = 'streaming'",
            (attachments_json(attachments), message_id),
        )
        if not connection.changes():
            raise store_error("other", "the message does not stream")


def finish(connection: apsw.Connection, message: Message) -> None:
    """Save a message whole, whether its beginning could be saved or not."""
    with transaction(connection):
        _put(connection, message)


def interrupt(connection: apsw.Connection, ids: Sequence[str]) -> None:
    """Give messages whose stream is dead the text that was saved; inside a transaction."""
    for message in _load(connection, ids):
        _put(connection, replace(message, state=MessageState.INTERRUPTED))


def _put(connection: apsw.Connection, message: Message) -> None:
    connection.execute(_PUT, message_row(message))
    connection.execute("DELETE FROM pieces WHERE message_id = ?", (message.id,))


def _load(connection: apsw.Connection, ids: Sequence[str]) -> list[Message]:
    found: dict[str, Message] = {}
    for row in connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ):
        message = message_from(row)
        found[message.id] = message
    for message in list(found.values()):
        if message.state is MessageState.STREAMING:
            found[message.id] = _with_pieces(connection, message)
    return [found[id_] for id_ in ids if id_ in found]


def _with_pieces(connection: apsw.Connection, message: Message) -> Message:
    texts, thoughts = [message.text], [message.reasoning]
    for channel, text in connection.execute(
        "SELECT channel, text FROM pieces WHERE message_id = ? ORDER BY seq", (message.id,)
    ):
        (thoughts if channel == "reasoning" else texts).append(str(text))
    return replace(message, text="".join(texts), reasoning="".join(thoughts))


def _joined(pieces: Iterable[tuple[Channel, str]]) -> Iterator[tuple[Channel, str]]:
    """One row for each run of pieces of one channel."""
    for channel, group in groupby(pieces, key=lambda piece: piece[0]):
        text = clean("".join(text for _, text in group))
        if text:
            yield channel, text
