"""Conversations, their messages as a tree, what streams, and drafts."""

import apsw

SCHEMA = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    titled_by_user INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    leaf_id TEXT,
    options TEXT NOT NULL,            -- JSON of ChatOptions
    deleted_at REAL,
    deleted_run TEXT                  -- the run that can still undo it
) STRICT;
CREATE INDEX conversations_newest ON conversations (updated_at) WHERE deleted_at IS NULL;

-- A message whose parent could not be saved must still be saved: parent_id is no foreign key.
-- The text comes before the reasoning so that a search need not read past it.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id TEXT,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    chars INTEGER NOT NULL,           -- of text and reasoning
    reason TEXT,
    error TEXT,                       -- JSON of ErrorInfo
    usage TEXT,                       -- JSON of Usage
    timing TEXT,                      -- JSON of Timing
    service_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    model TEXT NOT NULL,
    run_id TEXT NOT NULL,             -- the run that streams it, or ''
    omitted INTEGER NOT NULL,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL
) STRICT;
-- Holds all that a head needs, so that opening a conversation reads no message.
CREATE INDEX messages_heads ON messages
    (conversation_id, id, parent_id, role, state, created_at, chars);
CREATE INDEX messages_newest ON messages (created_at);
CREATE INDEX messages_streaming ON messages (run_id) WHERE state = 'streaming';

-- What a stream appended and no final form has replaced yet.
CREATE TABLE pieces (
    seq INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,            -- 'text' or 'reasoning'
    chars INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX pieces_message ON pieces (message_id, seq);

-- A draft may belong to a conversation that does not exist yet.
CREATE TABLE drafts (
    conversation_id TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    updated_at REAL NOT NULL
) STRICT;
"""


def apply(connection: apsw.Connection) -> None:
    """Make the first tables."""
    connection.execute(SCHEMA)
