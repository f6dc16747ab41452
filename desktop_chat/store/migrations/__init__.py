"""From one schema to the next: numbered, each in one transaction, a backup before each.

A migration is a module ``mNNNN_name.py`` with ``apply(connection)``, and one line in
``MIGRATIONS``. One that has been released is never changed.
"""

import datetime
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from desktop_chat.store.connection import Row, connect, transaction
from desktop_chat.store.migrations import m0001_conversations, m0002_files

APPLICATION_ID: Final = 0x44434854
"""``DCHT``: by this number in its header a database is known as ours."""
KEPT_BACKUPS: Final = 5


@dataclass(frozen=True, slots=True)
class Migration:
    """One step.

    Attributes:
        version: what ``user_version`` becomes by it.
        apply: changes the schema and the data; foreign keys are not enforced meanwhile, but
            checked at the end.
    """

    version: int
    apply: Callable[[apsw.Connection], None]


MIGRATIONS: Final = (
    Migration(1, m0001_conversations.apply),
    Migration(2, m0002_files.apply),
)


def migrate(
    connection: apsw.Connection, path: Path, backups: Path, migrations: Sequence[Migration]
) -> None:
    """Apply what the database does not have yet; of a new one there is nothing to copy.

    Args:
        connection: with foreign keys off and no transaction open.
        path: the database.
        backups: the folder for the copies; made when one is needed.
        migrations: in order.

    Raises:
        apsw.Error: one failed; the database is as it was before that one.
        OSError: a backup could not be written; nothing was changed.
    """
    made = 0
    new = connection.pragma("user_version") == 0
    for migration in migrations:
        version = connection.pragma("user_version")
        if version >= migration.version:
            continue
        if not new:
            back_up(connection, path, backups, version)
            made += 1
        _apply(connection, migration)
    if made:
        for old in sorted(backups.glob(f"{path.stem}-*{path.suffix}"))[: -max(made, KEPT_BACKUPS)]:
            old.unlink()


def back_up(connection: apsw.Connection, path: Path, backups: Path, version: int) -> Path:
    """Copy the database while others may use it, and return where the copy is.

    The copy has its name only when it is whole.
    """
    backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    target = backups / f"{path.stem}-{now}-v{version}{path.suffix}"
    partial = target.with_suffix(".part")
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        copy = connect(partial)
        try:
            with copy.backup("main", connection, "main") as backup:
                backup.step()
            # One file, with no log beside it.
            copy.pragma("journal_mode", "delete")
        finally:
            copy.close()
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _apply(connection: apsw.Connection, migration: Migration) -> None:
    with transaction(connection):
        if connection.pragma("user_version") >= migration.version:
            # Another process was quicker.
            return
        # Damage that was there before is no reason to open nothing at all.
        before = _broken(connection)
        migration.apply(connection)
        if broken := _broken(connection) - before:
            raise apsw.ConstraintError(f"migration {migration.version} left {broken}")
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", migration.version)


def _broken(connection: apsw.Connection) -> set[Row]:
    """Return the rows that name what is not there."""
    return set(connection.execute("PRAGMA foreign_key_check").fetchall())
