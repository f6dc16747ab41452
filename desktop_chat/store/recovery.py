"""What a start does for runs that ended without finishing. It runs on the worker's thread."""

import json
import time
from pathlib import Path

import apsw

from desktop_chat.store import blobs, messages
from desktop_chat.store.connection import transaction
from desktop_chat.store.runs import is_alive, remove_dead


def recover(connection: apsw.Connection, runs: Path, run_id: str) -> list[str]:
    """Mark what dead runs left streaming, purge what dead runs deleted, and files nobody names.

    Rows of a run that lives, in this process or another, are left alone, and so are the
    conversations that it deleted and can still restore.

    Args:
        connection: the database.
        runs: the folder of the runs' locks.
        run_id: this run.

    Returns:
        The ids of the messages that are now interrupted, oldest first.
    """
    with transaction(connection):
        dead = json.dumps(_dead(connection, runs, run_id))
        interrupted = [
            str(id_)
            for (id_,) in connection.execute(
                "SELECT id FROM messages WHERE state = 'streaming'"
                " AND run_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                (dead,),
            )
        ]
        messages.interrupt(connection, interrupted)
        _purge(connection, dead)
        blobs.remove_unnamed(connection, time.time())
    remove_dead(runs)
    return interrupted


def _dead(connection: apsw.Connection, runs: Path, run_id: str) -> list[str]:
    known = connection.execute(
        "SELECT run_id FROM messages WHERE state = 'streaming' UNION"
        " SELECT coalesce(deleted_run, '') FROM conversations WHERE deleted_at IS NOT NULL"
    ).fetchall()
    return [str(other) for (other,) in known if other != run_id and not is_alive(runs, str(other))]


def _purge(connection: apsw.Connection, dead: str) -> None:
    purged = json.dumps(
        [
            id_
            for (id_,) in connection.execute(
                "SELECT id FROM conversations WHERE deleted_at IS NOT NULL"
                " AND coalesce(deleted_run, '') IN (SELECT value FROM json_each(?))"
                # Another run may be writing an answer into it.
                " AND NOT EXISTS (SELECT 1 FROM messages"
                " WHERE conversation_id = conversations.id AND state = 'streaming')",
                (dead,),
            )
        ]
    )
    for table, column in (("drafts", "conversation_id"), ("conversations", "id")):
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", (purged,)
        )
