"""Conversations without their messages, and drafts. Every function runs on the worker's thread."""

import time
from collections.abc import Sequence

import apsw

from desktop_chat.core.attachments import Attachment
from desktop_chat.core.messages import Conversation, Draft
from desktop_chat.store.codec import (
    CONVERSATION_COLUMNS,
    clean,
    conversation_from,
    conversation_row,
)
from desktop_chat.store.codec_files import attachments_from, attachments_json
from desktop_chat.store.connection import transaction
from desktop_chat.store.errors import store_error


def newest(connection: apsw.Connection, limit: int) -> list[Conversation]:
    """Return conversations that have messages, newest first."""
    rows = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS} FROM conversations WHERE deleted_at IS NULL"
        " AND EXISTS (SELECT 1 FROM messages WHERE conversation_id = conversations.id)"
        " ORDER BY updated_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    return [conversation_from(row) for row in rows]


def load(connection: apsw.Connection, conversation_id: str) -> Conversation | None:
    """Return one that is not deleted."""
    rows = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS} FROM conversations WHERE id = ? AND deleted_at IS NULL",
        (conversation_id,),
    ).fetchall()
    return conversation_from(rows[0]) if rows else None


def save(connection: apsw.Connection, conversation: Conversation) -> None:
    """Insert or replace; a deleted one stays deleted."""
    connection.execute(
        f"INSERT INTO conversations ({CONVERSATION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
        " titled_by_user = excluded.titled_by_user, created_at = excluded.created_at,"
        " updated_at = excluded.updated_at, leaf_id = excluded.leaf_id,"
        " options = excluded.options, remote_ids = excluded.remote_ids",
        conversation_row(conversation),
    )


def delete(connection: apsw.Connection, conversation_id: str, run_id: str) -> None:
    """Hide one until the end of a run."""
    connection.execute(
        "UPDATE conversations SET deleted_at = ?, deleted_run = ? WHERE id = ?",
        (time.time(), run_id, conversation_id),
    )


def restore(connection: apsw.Connection, conversation_id: str) -> None:
    """Show one again.

    Raises:
        StoreError: it is not there any more.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE conversations SET deleted_at = NULL, deleted_run = NULL WHERE id = ?",
            (conversation_id,),
        )
        if not connection.changes():
            raise store_error("other", "the conversation is gone")


def cost(connection: apsw.Connection, conversation_id: str) -> dict[str, float]:
    """Return what all answers of a conversation cost together, by currency."""
    rows = connection.execute(
        "SELECT currency, sum(cost) FROM messages"
        " WHERE conversation_id = ? AND cost IS NOT NULL GROUP BY currency",
        (conversation_id,),
    )
    return {str(currency): float(amount) for currency, amount in rows if currency}


def draft(connection: apsw.Connection, conversation_id: str) -> Draft:
    """Return what was typed and chosen; an empty draft where there is none."""
    rows = connection.execute(
        "SELECT text, attachments FROM drafts WHERE conversation_id = ?", (conversation_id,)
    ).fetchall()
    return _draft_from(*rows[0]) if rows else Draft()


def save_draft(
    connection: apsw.Connection, conversation_id: str, text: str, files: Sequence[Attachment]
) -> None:
    """Keep what was typed and name its files; "" without files forgets it."""
    if not text and not files:
        connection.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id,))
        return
    connection.execute(
        "INSERT INTO drafts (conversation_id, text, attachments, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (conversation_id) DO UPDATE SET text = excluded.text,"
        " attachments = excluded.attachments, updated_at = excluded.updated_at",
        (conversation_id, clean(text), attachments_json(files) if files else None, time.time()),
    )


def drafts(connection: apsw.Connection) -> dict[str, Draft]:
    """Return every draft by conversation id."""
    rows = connection.execute("SELECT conversation_id, text, attachments FROM drafts")
    return {str(conversation_id): _draft_from(*columns) for conversation_id, *columns in rows}


def _draft_from(text: object, attachments: object) -> Draft:
    return Draft(str(text), attachments_from(str(attachments or "")))
