import asyncio

import pytest

from desktop_chat.system.tasks import Tasks


async def test_holds_a_task_and_gives_its_value() -> None:
    tasks = Tasks()

    async def work() -> int:
        await asyncio.sleep(0)
        return 3

    task = tasks.start(work(), "three")
    assert task.get_name() == "three"
    assert await task == 3
    await tasks.aclose()


async def test_reports_what_fails_and_nothing_else() -> None:
    tasks = Tasks()
    told: list[tuple[str, BaseException]] = []
    tasks.subscribe(lambda name, error: told.append((name, error)))
    error = ValueError("x")

    async def fail() -> None:
        raise error

    async def fine() -> None: ...

    async def forever() -> None:
        await asyncio.Event().wait()

    cancelled = tasks.start(forever(), "cancelled")
    cancelled.cancel()
    await asyncio.wait([tasks.start(fail(), "bad"), tasks.start(fine(), "good"), cancelled])
    assert told == [("bad", error)]


async def test_a_failing_listener_does_not_silence_the_next() -> None:
    tasks = Tasks()
    told: list[str] = []

    def bad(name: str, error: BaseException) -> None:
        raise RuntimeError

    tasks.subscribe(bad)
    tasks.subscribe(lambda name, error: told.append(name))

    async def fail() -> None:
        raise ValueError

    await asyncio.wait([tasks.start(fail(), "bad")])
    assert told == ["bad"]


async def test_unsubscribed_listener_is_not_told() -> None:
    tasks = Tasks()
    told: list[str] = []
    unsubscribe = tasks.subscribe(lambda name, error: told.append(name))
    unsubscribe()
    unsubscribe()

    async def fail() -> None:
        raise ValueError

    await asyncio.wait([tasks.start(fail(), "bad")])
    assert told == []


async def test_close_cancels_and_waits_for_the_clean_up() -> None:
    tasks = Tasks()
    cleaned = False
    begun = asyncio.Event()

    async def work() -> None:
        nonlocal cleaned
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned = True

    tasks.start(work(), "work")
    await begun.wait()
    await tasks.aclose()
    assert cleaned


async def test_close_may_be_called_from_a_kept_task() -> None:
    tasks = Tasks()

    async def work() -> str:
        await tasks.aclose()
        return "closed"

    assert await tasks.start(work(), "closer") == "closed"


async def test_after_close_nothing_begins() -> None:
    tasks = Tasks()
    await tasks.aclose()
    begun = False

    async def work() -> None:
        nonlocal begun
        begun = True

    task = tasks.start(work(), "late")
    await asyncio.wait([task])
    assert task.cancelled()
    assert not begun


async def test_close_does_not_wait_for_ever() -> None:
    tasks = Tasks(grace=0.01)
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.start(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await tasks.aclose()
    assert not task.done()
    release.set()
    await task


def test_without_a_loop_it_says_so() -> None:
    async def work() -> None: ...

    with pytest.raises(RuntimeError):
        Tasks().start(work(), "nowhere")
