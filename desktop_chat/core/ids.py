"""Identifiers that sort by the time they were made."""

import secrets
import time


def new_id() -> str:
    """Return a new identifier: 12 hex digits of milliseconds, then 16 random ones.

    Identifiers made in different milliseconds sort by age as plain text, so a database index
    over them grows at its end.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
