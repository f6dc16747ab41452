"""Conversations in SQLite: trees of messages, drafts, search, migrations, backups."""
