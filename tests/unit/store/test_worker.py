"""The thread: order, closing, cancelling, and the loop of Qt."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from desktop_chat.core.errors import StoreError
from desktop_chat.store import SqliteStore
from desktop_chat.store.worker import Worker
from tests.helpers.qt import on_qt_loop
from tests.unit.store.samples import begin, one


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("store")]


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_closing_does_what_waits(data: Path) -> None:
    store = SqliteStore(data)
    await begin(store)
    appends = [
        asyncio.create_task(store.append("m2", [("text", f"{number} ")])) for number in range(50)
    ]
    reading = asyncio.create_task(store.heads("c1"))
    await asyncio.sleep(0)
    await asyncio.gather(store.aclose(), store.aclose())
    assert all(task.done() for task in appends)
    assert len(await reading) == 2
    assert threads() == []
    with pytest.raises(StoreError, match="closed"):
        await store.conversations()

    again = SqliteStore(data)
    assert (await one(again, "m2")).text == "".join(f"{number} " for number in range(50))
    await again.aclose()


async def test_closing_what_was_never_used(data: Path) -> None:
    await SqliteStore(data).aclose()
    assert threads() == []
    assert entries(data.parent) == []


async def test_closing_lets_go_of_the_run(data: Path) -> None:
    store = SqliteStore(data)
    await store.conversations()
    assert entries(data / "runs") == [f"{store.run_id}.lock"]
    await store.aclose()
    assert entries(data / "runs") == []
    assert entries(data) == ["conversations.db", "runs"]


class Gate:
    """Keeps a worker busy until it is opened."""

    def __init__(self, worker: Worker) -> None:
        self._open = threading.Event()
        self._task = asyncio.ensure_future(worker.run(self._open.wait, droppable=False))

    async def open(self) -> None:
        self._open.set()
        await self._task


async def test_a_cancelled_write_is_done_and_a_cancelled_read_is_not() -> None:
    worker, done = Worker("store-test"), list[str]()
    gate = Gate(worker)
    write = asyncio.create_task(worker.run(lambda: done.append("write"), droppable=False))
    read = asyncio.create_task(worker.run(lambda: done.append("read"), droppable=True))
    await asyncio.sleep(0)
    write.cancel()
    read.cancel()
    for task in (write, read):
        with pytest.raises(asyncio.CancelledError):
            await task
    await gate.open()
    await worker.aclose(lambda: done.append("last"))
    assert done == ["write", "last"]


async def test_a_write_that_fails_unseen_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("nobody sees this")

    worker = Worker("store-test")
    gate = Gate(worker)
    write = asyncio.create_task(worker.run(fail, droppable=False))
    await asyncio.sleep(0)
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    with caplog.at_level(logging.ERROR):
        await gate.open()
        await worker.aclose(lambda: None)
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.name == "desktop_chat.store.worker"
    assert "nobody sees this" in caplog.text


async def test_a_cancelled_close_still_ends_the_thread() -> None:
    worker, done = Worker("store-test"), list[str]()
    gate = Gate(worker)
    closing = asyncio.create_task(worker.aclose(lambda: done.append("last")))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await gate.open()
    await worker.aclose(lambda: done.append("never"))
    assert done == ["last"]
    assert threads() == []


async def test_failing_to_close_is_told_and_ends_the_thread() -> None:
    def fail() -> None:
        raise ValueError("no")

    worker = Worker("store-test")
    with pytest.raises(ValueError, match="no"):
        await worker.aclose(fail)
    assert threads() == []


@on_qt_loop
async def test_it_works_on_the_loop_of_qt(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data")
    await begin(store)
    await asyncio.gather(*(store.append("m2", [("text", "x")]) for _ in range(20)))
    assert (await one(store, "m2")).text == "x" * 20
    await store.aclose()
    assert threads() == []
