"""Conversations in SQLite: trees of messages, drafts, search, migrations, backups."""

from desktop_chat.store.sqlite import SqliteStore

__all__ = ["SqliteStore"]
