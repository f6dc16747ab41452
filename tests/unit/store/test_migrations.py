"""From an older schema to a newer one, and back to the old state when that fails."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from desktop_chat.store import SqliteStore
from desktop_chat.store.connection import connect
from desktop_chat.store.database import open_database
from desktop_chat.store.migrations import (
    APPLICATION_ID,
    KEPT_BACKUPS,
    MIGRATIONS,
    Migration,
    back_up,
)
from tests.unit.store.samples import begin

VERSION = MIGRATIONS[-1].version


def add_table(name: str) -> Callable[[apsw.Connection], None]:
    return lambda connection: void(connection.execute(f"CREATE TABLE {name} (x)"))


def void(_: object) -> None:
    return None


@pytest.fixture
def path(data: Path) -> Path:
    """A database with one turn in it."""

    async def fill() -> None:
        store = SqliteStore(data)
        await begin(store)
        await store.aclose()

    asyncio.run(fill())
    return data / "conversations.db"


@pytest.fixture
def backups(data: Path) -> Path:
    return data / "backups"


def tables(path: Path) -> set[str]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    finally:
        connection.close()


def header(path: Path) -> tuple[int, int, int]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        count = connection.execute("SELECT count(*) FROM messages").get
        return connection.pragma("application_id"), connection.pragma("user_version"), count
    finally:
        connection.close()


def test_migrations_are_numbered_from_one() -> None:
    assert [migration.version for migration in MIGRATIONS] == [*range(1, VERSION + 1)]


def test_every_migration_in_the_folder_is_in_the_list() -> None:
    import desktop_chat.store.migrations as package

    names = sorted(path.stem for path in Path(package.__path__[0]).glob("m[0-9]*.py"))
    listed = [migration.apply.__module__.rsplit(".", 1)[1] for migration in MIGRATIONS]
    assert names == listed
    assert all(
        re.fullmatch(rf"m{number:04}_\w+", name) for number, name in enumerate(listed, start=1)
    )


def test_a_new_database_needs_no_backup(path: Path, backups: Path) -> None:
    assert header(path) == (APPLICATION_ID, VERSION, 2)
    assert not backups.exists()


def test_every_connection_is_set_up(path: Path, backups: Path) -> None:
    connection = open_database(path, backups)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    assert connection.pragma("foreign_keys") == 1
    assert connection.pragma("busy_timeout") == 5000
    connection.close()


def test_a_backup_is_made_before_a_migration(path: Path, backups: Path) -> None:
    migrations = (*MIGRATIONS, Migration(VERSION + 1, add_table("more")))
    open_database(path, backups, migrations).close()
    assert header(path) == (APPLICATION_ID, VERSION + 1, 2)
    assert "more" in tables(path)
    (backup,) = backups.iterdir()
    assert header(backup) == (APPLICATION_ID, VERSION, 2)
    assert "more" not in tables(backup)
    open_database(path, backups, migrations).close()
    assert len(list(backups.iterdir())) == 1, "nothing to do the second time"


def test_a_backup_is_a_database_to_go_back_to(path: Path, data: Path, backups: Path) -> None:
    migrations = (*MIGRATIONS, Migration(VERSION + 1, add_table("more")))
    open_database(path, backups, migrations).close()
    (backup,) = backups.iterdir()
    backup.replace(path)

    async def recovered() -> list[str]:
        store = SqliteStore(data)
        try:
            return await store.recover()
        finally:
            await store.aclose()

    assert asyncio.run(recovered()) == ["m2"]


def test_a_backup_holds_what_is_still_in_the_log(path: Path, backups: Path) -> None:
    writer = open_database(path, backups)
    writer.execute("DELETE FROM messages WHERE id = 'm1'")
    migrations = (*MIGRATIONS, Migration(VERSION + 1, add_table("more")))
    open_database(path, backups, migrations).close()
    (backup,) = backups.iterdir()
    assert header(backup)[2] == 1
    writer.close()


def half_done(connection: apsw.Connection) -> None:
    connection.execute("CREATE TABLE half (x)")
    connection.execute("DELETE FROM messages")
    connection.execute("INSERT INTO nowhere VALUES (1)")


def orphan(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM conversations")


@pytest.mark.parametrize("failing", [half_done, orphan])
def test_a_migration_that_fails_leaves_the_old_state(
    path: Path, data: Path, backups: Path, failing: Callable[[apsw.Connection], None]
) -> None:
    migrations = (
        *MIGRATIONS,
        Migration(VERSION + 1, add_table("more")),
        Migration(VERSION + 2, failing),
    )
    with pytest.raises(apsw.Error):
        open_database(path, backups, migrations)
    assert header(path) == (APPLICATION_ID, VERSION + 1, 2), "the one before it stays"
    assert "half" not in tables(path)
    assert len(list(backups.iterdir())) == 2

    with pytest.raises(apsw.Error):
        open_database(path, backups, (*MIGRATIONS, migrations[1], Migration(VERSION + 2, failing)))
    assert header(path) == (APPLICATION_ID, VERSION + 1, 2)


def test_a_new_database_whose_first_migration_fails_stays_empty(data: Path, backups: Path) -> None:
    data.mkdir()
    path = data / "conversations.db"
    with pytest.raises(apsw.Error):
        open_database(path, backups, (Migration(1, half_done),))
    assert tables(path) == set()
    open_database(path, backups).close()
    assert header(path) == (APPLICATION_ID, VERSION, 0)


def test_without_a_backup_nothing_is_migrated(path: Path, backups: Path) -> None:
    backups.write_text("a file is in the way")
    migrations = (*MIGRATIONS, Migration(VERSION + 1, add_table("more")))
    with pytest.raises(OSError, match="exists"):
        open_database(path, backups, migrations)
    assert header(path) == (APPLICATION_ID, VERSION, 2)


def test_the_last_backups_are_kept(path: Path, backups: Path) -> None:
    migrations = list(MIGRATIONS)
    for step in range(1, KEPT_BACKUPS + 3):
        migrations.append(Migration(VERSION + step, add_table(f"t{step}")))
        open_database(path, backups, migrations).close()
    versions = [header(backup)[1] for backup in sorted(backups.iterdir())]
    assert versions == [VERSION + step for step in range(2, KEPT_BACKUPS + 2)]


def test_one_long_way_keeps_all_its_backups(path: Path, backups: Path) -> None:
    migrations = list(MIGRATIONS)
    for step in range(1, KEPT_BACKUPS + 3):
        migrations.append(Migration(VERSION + step, add_table(f"t{step}")))
    open_database(path, backups, migrations).close()
    versions = [header(backup)[1] for backup in sorted(backups.iterdir())]
    assert versions == [VERSION + step for step in range(KEPT_BACKUPS + 2)]


def test_a_backup_that_fails_leaves_no_half_of_it(
    path: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(place: Path) -> apsw.Connection:
        connection = connect(place)
        connection.pragma("max_page_count", 3)
        return connection

    source = open_database(path, backups)
    monkeypatch.setattr("desktop_chat.store.migrations.connect", small)
    with pytest.raises(apsw.FullError):
        back_up(source, path, backups, VERSION)
    source.close()
    assert list(backups.iterdir()) == []


def test_of_two_that_migrate_at_once_one_does(
    path: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def apply(connection: apsw.Connection) -> None:
        calls.append(1)
        connection.execute("CREATE TABLE once (x)")

    later = (*MIGRATIONS, Migration(VERSION + 1, apply))

    def overtaken(*arguments: Any) -> Path:
        """The other one migrates after this one has seen that a migration is needed."""
        monkeypatch.undo()
        open_database(path, backups, later).close()
        return back_up(*arguments)

    monkeypatch.setattr("desktop_chat.store.migrations.back_up", overtaken)
    open_database(path, backups, later).close()
    assert calls == [1]
    assert header(path)[1] == VERSION + 1


def test_opening_waits_for_another_that_makes_the_database(
    data: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SQLite answers BUSY at once here, whatever the time-out.
    data.mkdir()
    path = data / "conversations.db"
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    attempts: list[str] = []

    def trace(_cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
        if "journal_mode" in statement:
            attempts.append(statement)
            if len(attempts) == 2:
                other.execute("ROLLBACK")
        return True

    monkeypatch.setattr(
        apsw, "connection_hooks", [lambda connection: connection.set_exec_trace(trace)]
    )
    open_database(path, backups).close()
    other.close()
    assert len(attempts) == 2
    assert header(path) == (APPLICATION_ID, VERSION, 0)
