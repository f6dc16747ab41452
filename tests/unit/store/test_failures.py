"""A full disk, a read-only place, damage, and databases that are not ours."""

import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import apsw
import pytest

from desktop_chat.core.errors import ErrorKind, StoreError
from desktop_chat.core.messages import MessageState
from desktop_chat.store import SqliteStore
from desktop_chat.store.connection import BUSY_SECONDS, connect
from tests.unit.store.processes import child
from tests.unit.store.samples import begin, conversation, one, sql

Opened = Callable[[], SqliteStore]


async def code_of(work: Awaitable[Any]) -> str:
    with pytest.raises(StoreError) as caught:
        await work
    assert caught.value.info.kind is ErrorKind.STORAGE
    assert caught.value.info.message
    return caught.value.info.code


class Disk(Protocol):
    """A store whose disk can be filled and emptied."""

    store: SqliteStore

    async def fill(self) -> None: ...

    async def make_room(self) -> None: ...

    async def start_again(self) -> None:
        """End the run on the full disk, and begin another when there is room."""
        ...


class PageLimit:
    """SQLite itself refuses more pages: the same error, for whoever may not mount anything."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.store = SqliteStore(data)

    async def fill(self) -> None:
        pages = await sql(self.store, lambda db: db.pragma("page_count"))
        await self._limit(pages)

    async def make_room(self) -> None:
        await self._limit(1_000_000)

    async def start_again(self) -> None:
        await self.store.aclose()
        self.store = SqliteStore(self._data)

    async def _limit(self, pages: int) -> None:
        await sql(self.store, lambda db: db.pragma("max_page_count", pages))


class SmallMount:
    """A file system of 2 MiB, filled by another file to the last byte."""

    def __init__(self, mount: Path) -> None:
        self._filler = mount / "filler"
        self._data = mount / "data"
        self.store = SqliteStore(self._data)

    async def fill(self) -> None:
        self.fill_now()

    def fill_now(self) -> None:
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    async def make_room(self) -> None:
        self.make_room_now()

    def make_room_now(self) -> None:
        self._filler.unlink()

    async def start_again(self) -> None:
        await self.store.aclose()
        await self.make_room()
        self.store = SqliteStore(self._data)


@contextlib.contextmanager
def mounted() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="small-"))
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
    finally:
        place.rmdir()


@functools.cache
def can_mount() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    try:
        with mounted():
            return True
    except subprocess.CalledProcessError:
        return False


DISKS = ["page-limit", *(["small-mount"] if can_mount() else [])]


@pytest.fixture(params=DISKS)
async def disk(request: pytest.FixtureRequest, data: Path) -> AsyncIterator[Disk]:
    with contextlib.ExitStack() as stack:
        made: Disk
        if request.param == "page-limit":
            made = PageLimit(data)
        else:
            made = SmallMount(stack.enter_context(mounted()))
        yield made
        await made.store.aclose()


async def test_a_full_disk_keeps_what_was_saved_and_goes_on_after(disk: Disk) -> None:
    store = disk.store
    message = await begin(store)
    await store.append("m2", [("text", "before ")])
    await disk.fill()
    large = "x" * 300_000
    for _ in range(3):
        assert await code_of(store.append("m2", [("text", large)])) == "full"
    whole = replace(message, text=large, state=MessageState.DONE)
    assert await code_of(store.finish(whole)) == "full"
    assert (
        await code_of(store.begin_turn(conversation("c2"), None, replace(whole, id="n2"))) == "full"
    )
    assert (await one(store, "m2")).text == "before ", "reading goes on"
    assert [found.id for found in await store.conversations()] == ["c1"]

    await disk.make_room()
    await store.append("m2", [("text", "after")])
    assert (await one(store, "m2")).text == "before after"
    await store.finish(whole)
    assert (await one(store, "m2")).text == large


async def test_a_run_that_ends_on_a_full_disk_is_recovered_later(disk: Disk) -> None:
    store = disk.store
    await begin(store)
    await store.append("m2", [("text", "kept")])
    await disk.fill()
    assert await code_of(store.append("m2", [("text", "x" * 300_000)])) == "full"
    await disk.start_again()
    assert await disk.store.recover() == ["m2"]
    assert (await one(disk.store, "m2")).text == "kept"


@contextlib.contextmanager
def full_from_the_start(kind: str, data: Path) -> Iterator[tuple[SqliteStore, Callable[[], None]]]:
    """Give a store that nothing can be opened for, and what makes room for it."""
    if kind == "page-limit":

        def connect_small(path: Path) -> apsw.Connection:
            connection = connect(path)
            connection.pragma("max_page_count", 2)
            return connection

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("desktop_chat.store.database.connect", connect_small)
            yield SqliteStore(data), patch.undo
    else:
        with mounted() as place:
            disk = SmallMount(place)
            disk.fill_now()
            yield disk.store, disk.make_room_now


@pytest.mark.parametrize("kind", DISKS)
async def test_a_disk_that_is_full_at_the_start(kind: str, data: Path) -> None:
    with full_from_the_start(kind, data) as (store, make_room):
        assert await code_of(store.recover()) == "full"
        assert await code_of(store.conversations()) == "full"
        make_room()
        assert await store.recover() == []
        await begin(store)
        await store.aclose()


@pytest.mark.parametrize("whole_folder", [False, True])
async def test_a_read_only_database(whole_folder: bool) -> None:
    # Root may write anywhere, so the child becomes someone else; pytest's own folder would be
    # closed to them.
    place = Path(tempfile.mkdtemp(prefix="read-only-"))
    try:
        data = place / "data"
        store = SqliteStore(data)
        message = await begin(store)
        await store.finish(replace(message, text="old", state=MessageState.DONE))
        await store.aclose()
        folder = 0o555 if whole_folder else 0o777
        for path, mode in (
            (place, 0o755),
            (data / "conversations.db", 0o444),
            (data / "runs", folder),
            (data, folder),
        ):
            os.chmod(path, mode)
        async with child("read-only", data) as process:
            said, _ = await process.communicate()
        read = b"readonly" if whole_folder else b"ok old"
        assert said.splitlines() == [b"read " + read, b"write readonly"]
    finally:
        for path in (place / "data", place / "data" / "runs"):
            os.chmod(path, 0o755)
        shutil.rmtree(place)


async def test_a_database_that_someone_else_writes_to(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_chat.store.connection.BUSY_SECONDS", 0.05)
    await begin(store)
    other = apsw.Connection(str(store._path))
    other.execute("BEGIN IMMEDIATE")
    assert await code_of(store.append("m2", [("text", "x")])) == "busy"
    assert len(await store.heads("c1")) == 2, "readers do not wait for writers"
    other.execute("ROLLBACK")
    other.close()
    await store.append("m2", [("text", "x")])
    assert BUSY_SECONDS > 1


def database(data: Path, *statements: str) -> None:
    data.mkdir()
    connection = apsw.Connection(str(data / "conversations.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def fill_with(data: Path, what: bytes) -> None:
    (data / "conversations.db").write_bytes(what)


def content(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (["CREATE TABLE theirs (x)"], "corrupt"),
        (["PRAGMA application_id = 7"], "corrupt"),
        (["PRAGMA user_version = 1"], "corrupt"),
        ([f"PRAGMA application_id = {0x44434854}", "PRAGMA user_version = 99"], "newer"),
    ],
)
async def test_a_database_that_is_not_ours_is_left_as_it_is(
    store: SqliteStore, data: Path, statements: list[str], code: str
) -> None:
    database(data, *statements)
    before = content(data)
    assert await code_of(store.recover()) == code
    assert await code_of(store.save_draft("c1", "x")) == code
    assert content(data) == before


async def test_a_file_that_is_no_database(store: SqliteStore, data: Path) -> None:
    database(data)
    fill_with(data, b"this is not a database " * 1000)
    before = content(data)
    assert await code_of(store.recover()) == "corrupt"
    assert content(data) == before


async def test_a_damaged_database(opened: Opened, data: Path) -> None:
    first = opened()
    await begin(first)
    await first.aclose()
    (whole,) = content(data).values()
    fill_with(data, whole[:4096] + b"\xa5" * (len(whole) - 4096))
    assert await code_of(opened().messages(["m2"])) == "corrupt"


async def test_an_empty_file_is_a_new_database(store: SqliteStore, data: Path) -> None:
    database(data)
    fill_with(data, b"")
    await begin(store)
    assert len(await store.conversations()) == 1


async def test_a_place_that_cannot_be_made(store: SqliteStore, data: Path) -> None:
    os.close(os.open(data, os.O_CREAT))
    assert await code_of(store.conversations()) == "other"
    os.unlink(data)
    assert await store.conversations() == []
