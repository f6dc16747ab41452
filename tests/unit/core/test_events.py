import asyncio

import pytest

from desktop_chat.core.events import FinishReason, StreamControl


def test_values_of_reasons_are_fixed() -> None:
    """They are in databases and in the output of the terminal."""
    assert [reason.value for reason in FinishReason] == [
        "stop",
        "length",
        "tool_calls",
        "content_filter",
        "stopped",
        "unknown",
    ]


async def test_a_wait_ends_by_itself() -> None:
    await StreamControl().wait(0.001)


async def test_retry_now_ends_the_present_wait() -> None:
    control = StreamControl()
    waiting = asyncio.ensure_future(control.wait(3600))
    await asyncio.sleep(0)
    assert not waiting.done()
    control.retry_now()
    await waiting


async def test_retry_now_before_a_wait_does_not_end_it() -> None:
    control = StreamControl()
    control.retry_now()
    waiting = asyncio.ensure_future(control.wait(3600))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    control.retry_now()
    await waiting


async def test_a_wait_can_be_cancelled() -> None:
    waiting = asyncio.ensure_future(StreamControl().wait(3600))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()


def test_it_may_be_made_before_a_loop_runs() -> None:
    control = StreamControl()
    asyncio.run(control.wait(0.001))


async def test_a_wait_that_is_cancelled_as_it_ends_is_cancelled() -> None:
    """ "Retry now" and "Stop" in one turn of the loop: the later one counts."""
    control = StreamControl()
    waiting = asyncio.ensure_future(control.wait(3600))
    await asyncio.sleep(0)
    control.retry_now()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
