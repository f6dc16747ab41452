import asyncio
import time

import pytest

from desktop_chat.providers.idle import IdleWatch


@pytest.fixture
async def watch() -> IdleWatch:
    return IdleWatch()


async def test_a_wait_that_lasts_too_long_ends(watch: IdleWatch) -> None:
    watch.limit = 0.01
    for _ in range(2):
        with pytest.raises(TimeoutError), watch:
            await asyncio.Event().wait()
    watch.stop()


async def test_each_wait_counts_anew(watch: IdleWatch) -> None:
    """Twenty waits, together far longer than the limit; the grace makes room for a slow machine."""
    watch.limit = 0.05
    for _ in range(20):
        with watch:
            await asyncio.sleep(0.01)
    watch.stop()


async def test_a_shorter_limit_holds_at_once(watch: IdleWatch) -> None:
    watch.limit = 1000.0
    with watch:
        await asyncio.sleep(0)
    watch.limit = 0.01
    with pytest.raises(TimeoutError), watch:
        await asyncio.Event().wait()
    watch.stop()


async def test_time_between_waits_does_not_count(watch: IdleWatch) -> None:
    watch.limit = 0.01
    with watch:
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    with watch:
        await asyncio.sleep(0)
    watch.stop()


async def test_someone_else_s_cancellation_goes_on(watch: IdleWatch) -> None:
    watch.limit = 1000.0

    async def wait() -> None:
        with watch:
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    watch.stop()


async def test_the_task_is_not_left_cancelled(watch: IdleWatch) -> None:
    watch.limit = 0.01
    with pytest.raises(TimeoutError), watch:
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    watch.stop()


async def test_what_came_while_the_loop_stood_still_is_read(watch: IdleWatch) -> None:
    watch.limit = 0.01
    came = asyncio.Event()

    async def wait() -> None:
        with watch:
            await came.wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    time.sleep(0.05)  # noqa: ASYNC251 - as a window that is being resized does
    # As a socket does it: the loop first hears of the bytes, and wakes the reader a turn later.
    asyncio.get_running_loop().call_soon(came.set)
    await task
    watch.stop()
