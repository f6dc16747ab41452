"""Runs that end in the middle, and runs that live beside this one."""

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.errors import StoreError
from desktop_chat.core.messages import Draft, MessageState
from desktop_chat.store import SqliteStore
from desktop_chat.store.runs import RunLock, is_alive, remove_dead
from tests.unit.store.processes import child, go_on, line
from tests.unit.store.samples import begin, conversation, count, one

Opened = Callable[[], SqliteStore]


def locks(data: Path) -> set[str]:
    return {path.stem for path in (data / "runs").iterdir()}


async def test_a_killed_run_loses_nothing_that_was_saved(opened: Opened, data: Path) -> None:
    async with child("stream", data) as process:
        for _ in range(20):
            saved = int((await line(process))[0])
        process.kill()
        rest, _ = await process.communicate()
    saved = max([saved, *map(int, re.findall(rb"\d+(?=\n)", rest))])
    assert locks(data), "it had no time to clean up"

    store = opened()
    before = await one(store, "m2")
    assert before.state is MessageState.STREAMING
    assert await store.recover() == ["m2"]
    after = await one(store, "m2")
    assert after == replace(before, state=MessageState.INTERRUPTED, run_id="")
    assert after.text.startswith("".join(f"<{number}>" for number in range(saved + 1)))
    assert await count(store, "pieces") == 0
    assert (await store.heads("c1"))[1] == after.head()
    assert locks(data) == {store.run_id}
    assert await store.recover() == []


async def test_a_run_that_lives_is_left_alone(opened: Opened, data: Path) -> None:
    async with child("hold", data) as process:
        _, run_id = await line(process)
        store = opened()
        assert await store.recover() == []
        living = await one(store, "m2")
        assert (living.state, living.text, living.run_id) == (
            MessageState.STREAMING,
            "so far",
            run_id,
        )
        assert locks(data) == {store.run_id, run_id}
        assert await count(store, "conversations") == 2, "its user may still undo"
        await go_on(process)
        await process.wait()

        assert await store.recover() == ["m2"]
        assert (await one(store, "m2")).text == "so far"
        assert await count(store, "conversations") == 1
        assert locks(data) == {store.run_id}


async def test_two_stores_in_one_process_are_two_runs(opened: Opened) -> None:
    first, second = opened(), opened()
    await begin(first)
    assert await second.recover() == []
    assert await first.recover() == [], "its own row is not dead either"
    await first.aclose()
    assert await second.recover() == ["m2"]


async def test_two_processes_write_at_once(opened: Opened, data: Path) -> None:
    # Both open a database that does not exist yet.
    async with child("write", data, "a") as first, child("write", data, "b") as second:
        for process in (first, second):
            assert await line(process) == ["ready"]
        await asyncio.gather(go_on(first), go_on(second))
        for process in (first, second):
            assert await line(process) == ["done"]
    store = opened()
    assert len(await store.conversations()) == 40
    assert await count(store, "messages") == 80
    texts = await store.messages([f"{name}-{turn}-2" for name in "ab" for turn in range(20)])
    assert {message.text for message in texts} == {"ab"}


async def test_a_continued_answer_keeps_its_text(opened: Opened) -> None:
    first = opened()
    message = replace(await begin(first), text="One, ", reasoning="Hm", state=MessageState.STOPPED)
    await first.finish(message)
    await first.reopen(message)
    await first.append("m2", [("text", "two"), ("reasoning", "m")])
    await first.aclose()
    second = opened()
    assert await second.recover() == ["m2"]
    found = await one(second, "m2")
    assert (found.text, found.reasoning, found.state) == (
        "One, two",
        "Hmm",
        MessageState.INTERRUPTED,
    )


async def test_what_an_earlier_run_deleted_is_purged(opened: Opened) -> None:
    first = opened()
    message = await begin(first)
    await first.append("m2", [("text", "x")])
    await first.save_draft("c1", "mine")
    await begin(first, "k", id="kept")
    await first.save_draft("kept", "kept")
    await first.delete_conversation("c1")
    assert await first.recover() == []
    await first.restore_conversation("c1")
    await first.delete_conversation("c1")
    await first.aclose()

    second = opened()
    await second.recover()
    assert [found.id for found in await second.conversations()] == ["kept"]
    assert await second.drafts() == {"kept": Draft("kept")}
    assert await count(second, "messages") == 2
    assert await count(second, "pieces") == 0
    with pytest.raises(StoreError, match="gone"):
        await second.restore_conversation("c1")
    with pytest.raises(StoreError):
        await second.finish(replace(message, state=MessageState.DONE))


async def test_a_deleted_conversation_that_streams_elsewhere_waits(opened: Opened) -> None:
    streaming, deleting, third = opened(), opened(), opened()
    message = await begin(streaming)
    await deleting.delete_conversation("c1")
    await deleting.aclose()
    await third.recover()
    await streaming.finish(replace(message, text="all", state=MessageState.DONE))
    assert (await one(third, "m2")).text == "all"
    await third.recover()
    assert await third.messages(["m2"]) == []


async def test_nothing_is_lost_when_recovery_is_interrupted(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened()
    await begin(first)
    await first.append("m2", [("text", "kept")])
    await first.aclose()

    def fail(*_: object) -> None:
        raise OSError("no")

    second = opened()
    with monkeypatch.context() as patch:
        patch.setattr("desktop_chat.store.recovery._purge", fail)
        with pytest.raises(StoreError):
            await second.recover()
    assert (await one(second, "m2")).state is MessageState.STREAMING
    assert await second.recover() == ["m2"]
    assert (await one(second, "m2")).text == "kept"
    await second.save_conversation(conversation())


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    lock = RunLock(tmp_path, "a")
    assert is_alive(tmp_path, "a")
    remove_dead(tmp_path)
    assert is_alive(tmp_path, "a")
    lock.release()
    assert not is_alive(tmp_path, "a")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_lock_is_a_dead_run(tmp_path: Path) -> None:
    (tmp_path / "a.lock").touch()
    (tmp_path / "other").touch()
    assert not is_alive(tmp_path, "a")
    assert not is_alive(tmp_path, "b")
    remove_dead(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_cleaning_up_never_takes_the_file_of_a_run_that_starts(tmp_path: Path) -> None:
    over = threading.Event()

    def clean() -> None:
        while not over.is_set():
            remove_dead(tmp_path)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for number in range(500):
            lock = RunLock(tmp_path, str(number))
            assert is_alive(tmp_path, str(number))
            assert (tmp_path / f"{number}.lock").exists()
            lock.release()
    finally:
        over.set()
        cleaner.join()
