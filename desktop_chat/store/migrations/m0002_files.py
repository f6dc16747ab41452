"""Files of messages and drafts, what tools were asked for, what answers cost, and who gave them."""

import apsw

SCHEMA = """
-- NULL where a message has none of it.
ALTER TABLE messages ADD COLUMN attachments TEXT;     -- JSON of Attachments
ALTER TABLE messages ADD COLUMN tool_calls TEXT;      -- JSON of ToolCalls
ALTER TABLE messages ADD COLUMN tool_call_id TEXT;
ALTER TABLE messages ADD COLUMN echo TEXT;            -- JSON, as a protocol wants it back
ALTER TABLE messages ADD COLUMN cost REAL;
ALTER TABLE messages ADD COLUMN currency TEXT;
ALTER TABLE messages ADD COLUMN asked_service TEXT;
ALTER TABLE messages ADD COLUMN cached_at REAL;
-- These stand behind the texts in a row: who looks for them must not read past those.
CREATE INDEX messages_files ON messages (attachments) WHERE attachments IS NOT NULL;
CREATE INDEX messages_cost ON messages (conversation_id, currency, cost) WHERE cost IS NOT NULL;

ALTER TABLE conversations ADD COLUMN remote_ids TEXT; -- JSON: service id -> its own id
ALTER TABLE drafts ADD COLUMN attachments TEXT;       -- JSON of Attachments

-- The bytes of files, each once, by their SHA-256.
CREATE TABLE blobs (
    key TEXT PRIMARY KEY NOT NULL,
    put_at REAL NOT NULL,             -- the last time that somebody brought them
    data BLOB NOT NULL
) STRICT;
"""


def apply(connection: apsw.Connection) -> None:
    """Add columns, indexes and a table; no row is changed."""
    connection.execute(SCHEMA)
