"""The bytes of files of messages and drafts. Every function runs on the worker's thread."""

import time
from typing import Final

import apsw

from desktop_chat.core.attachments import blob_key

KEPT_SECONDS: Final = 24 * 3600.0
"""So long bytes that nothing names are kept: the message that does may still be on its way, in
this run or in another one.
"""


def put(connection: apsw.Connection, data: bytes) -> str:
    """Keep bytes, once however often they are brought, and return their key."""
    key = blob_key(data)
    now = time.time()
    connection.execute("UPDATE blobs SET put_at = ? WHERE key = ?", (now, key))
    if not connection.changes():
        connection.execute(
            "INSERT INTO blobs (key, put_at, data) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET put_at = excluded.put_at",
            (key, now, data),
        )
    return key


def load(connection: apsw.Connection, key: str) -> bytes | None:
    """Return bytes, or None when they are not there."""
    row = connection.execute("SELECT data FROM blobs WHERE key = ?", (key,)).fetchone()
    return None if row is None else bytes(row[0])


def remove_unnamed(connection: apsw.Connection, now: float) -> None:
    """Remove what nothing names and nobody has brought for a day; inside a transaction.

    Args:
        connection: the database.
        now: seconds since the epoch.
    """
    connection.execute(
        "DELETE FROM blobs WHERE put_at < ? AND key NOT IN ("
        " SELECT blob FROM (SELECT"
        # What is no object is no file; SQLite would take its text for JSON and fail.
        "   CASE file.type WHEN 'object' THEN file.value ->> '$.blob' END AS blob"
        "  FROM (SELECT attachments FROM messages WHERE attachments IS NOT NULL UNION ALL"
        "   SELECT attachments FROM drafts WHERE attachments IS NOT NULL) AS named, json_each("
        "  CASE WHEN json_valid(attachments) THEN attachments ELSE '[]' END) AS file)"
        " WHERE blob IS NOT NULL)",
        (now - KEPT_SECONDS,),
    )
