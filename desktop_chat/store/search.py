r"""Finding words in titles and messages. It runs on the worker's thread.

A plain scan with ``LIKE`` reads 20,000 messages of 500 tokens (50 MB) in about 40 ms, finds any
part of any word in any script, and has no index that could be wrong, or that would have to be
written while the disk is full. ``LIKE`` folds the case of ASCII only, so it is told to let other
letters with case through as ``_``, and Python's case folding has the last word.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import apsw

from desktop_chat.core.messages import SearchHit
from desktop_chat.store.connection import Row, snapshot

_BEFORE: Final = 40
"""Characters of a snippet before the match."""
_AFTER: Final = 120
"""Characters of a snippet from the beginning of the match."""
_WORDS: Final = 16
_WORD_CHARS: Final = 100
"""How much of a word ``LIKE`` is given; Python compares the whole of it."""

_TITLES: Final = (
    "SELECT id, title, NULL, title, updated_at FROM conversations c"
    " WHERE deleted_at IS NULL AND {matches}"
    " AND EXISTS (SELECT 1 FROM messages WHERE conversation_id = c.id)"
    " ORDER BY updated_at DESC, id DESC"
)
_TEXTS: Final = (
    # CROSS JOIN keeps this order: messages by age, so that the newest hits come first and the
    # scan ends with the last one wanted.
    "SELECT c.id, c.title, m.id, m.text, m.created_at"
    " FROM messages m CROSS JOIN conversations c ON c.id = m.conversation_id"
    " WHERE c.deleted_at IS NULL AND {matches}"
    " ORDER BY m.created_at DESC"
)


def search(connection: apsw.Connection, query: str, limit: int) -> list[SearchHit]:
    """Return titles and messages that hold every word of a query, newest first.

    The time of a title is that of the conversation's newest message. What is still streaming is
    found once it has ended.
    """
    words = query.split()[:_WORDS]
    if not words or limit < 1:
        return []
    with snapshot(connection):
        hits = [
            *_hits(connection, _TITLES, "c.title", words, limit),
            *_hits(connection, _TEXTS, "m.text", words, limit),
        ]
    hits.sort(key=lambda hit: hit.created_at, reverse=True)
    return hits[:limit]


def _hits(
    connection: apsw.Connection, statement: str, column: str, words: Sequence[str], limit: int
) -> Iterator[SearchHit]:
    matches = " AND ".join(f"{column} LIKE ? ESCAPE '\\'" for _ in words)
    folded = [word.casefold() for word in words]
    cursor = connection.cursor()
    try:
        rows = cursor.execute(statement.format(matches=matches), [_like(word) for word in words])
        found = 0
        for row in rows:
            hit = _hit(row, folded)
            if hit is not None:
                yield hit
                found += 1
                if found == limit:
                    return
    finally:
        # One that is left in the middle would hold its snapshot.
        cursor.close(True)


def _hit(row: Row, words: Sequence[str]) -> SearchHit | None:
    conversation_id, title, message_id, text, created_at = row
    folded = text.casefold()
    places = [folded.find(word) for word in words]
    if min(places) < 0:
        return None
    # A few letters become two when folded; then the snippet begins that much later.
    return SearchHit(conversation_id, title, message_id, _snippet(text, min(places)), created_at)


def _snippet(text: str, start: int) -> str:
    first, last = max(0, start - _BEFORE), min(len(text), start + _AFTER)
    line = " ".join(text[first:last].split())
    return f"{'…' if first else ''}{line}{'…' if last < len(text) else ''}"


def _like(word: str) -> str:
    return f"%{''.join(_like_character(character) for character in word[:_WORD_CHARS])}%"


def _like_character(character: str) -> str:
    if character in "%_\\":
        return f"\\{character}"
    if not character.isascii() and character.lower() != character.upper():
        return "_"
    return character
