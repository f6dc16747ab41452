"""A bare connection and its transactions; ``database.py`` makes a usable one of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import apsw

BUSY_SECONDS: Final = 5.0
"""How long to wait for another process that writes."""

Row: TypeAlias = tuple[Any, ...]


def connect(path: Path) -> apsw.Connection:
    """Return a connection that waits for others; nothing is written yet."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(int(BUSY_SECONDS * 1000))
    return connection


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Write everything inside, or nothing; the connection is usable afterwards either way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


@contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Read everything inside as of one moment, whatever other processes write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        _roll_back(connection)


def _roll_back(connection: apsw.Connection) -> None:
    # SQLite has rolled back by itself after some failures, a full disk among them.
    if connection.in_transaction:
        connection.execute("ROLLBACK")
