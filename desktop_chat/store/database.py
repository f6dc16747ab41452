"""How the database is opened; there is no other way to it."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import apsw

from desktop_chat.store.connection import BUSY_SECONDS, connect, snapshot
from desktop_chat.store.errors import store_error
from desktop_chat.store.migrations import APPLICATION_ID, MIGRATIONS, Migration, migrate

R = TypeVar("R")

_LOG_LIMIT: Final = 16 * 1024 * 1024
"""Bytes to which the write-ahead log shrinks again after a large transaction."""


def open_database(
    path: Path, backups: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> apsw.Connection:
    """Open the database, made or brought up to date where necessary.

    Every commit reaches the disk before it returns (``synchronous=FULL``): a write-ahead log
    with ``NORMAL`` survives kill -9 as well, but a power cut takes everything since the last
    checkpoint, which in a chat can be the whole evening. The price, one fsync a second for each
    stream, is paid on a thread that nothing on the screen waits for.

    Args:
        path: the file; its folder must exist.
        backups: where a copy goes before a migration.
        migrations: in order, numbered from 1.

    Raises:
        StoreError: ``newer`` for a database that a later version of this program has migrated,
            ``corrupt`` for one of another program.
        apsw.Error: everything else that SQLite has to say.
        OSError: the file or a backup could not be created.
    """
    if not path.exists():
        # SQLite would let the umask decide who else may read it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    newest = migrations[-1].version
    connection = connect(path)
    try:
        version = _checked_version(connection, path, newest)
        # Two processes that open a new file at once are told BUSY without the time-out.
        _patiently(lambda: connection.pragma("journal_mode", "wal"))
        connection.pragma("synchronous", "full")
        connection.pragma("fullfsync", True)
        connection.pragma("journal_size_limit", _LOG_LIMIT)
        if version < newest:
            migrate(connection, path, backups, migrations)
        connection.pragma("foreign_keys", True)
    except BaseException:
        connection.close(True)
        raise
    return connection


def _checked_version(connection: apsw.Connection, path: Path, newest: int) -> int:
    """Return the schema's version, 0 for an empty file; nothing is written before this."""
    application, version, tables = _patiently(lambda: _header(connection))
    if application != APPLICATION_ID and (application or version or tables):
        raise store_error("corrupt", "not a database of this program", path)
    if version > newest:
        raise store_error("newer", f"schema {version}, this program knows {newest}", path)
    return version


def _header(connection: apsw.Connection) -> tuple[int, int, int]:
    with snapshot(connection):
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
        application = connection.pragma("application_id")
        return application, connection.pragma("user_version"), tables


def _patiently(work: Callable[[], R]) -> R:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return work()
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
