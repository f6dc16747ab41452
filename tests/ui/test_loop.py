"""The loop under asyncio: what is due later, and reading at a pace."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from desktop_chat.ui import loop as module
from desktop_chat.ui.loop import EventLoop
from tests.helpers.qt import on_qt_loop, until

READ_EVERY = 0.2
"""Longer than any turn of a loop takes, so that what must not be read yet is not."""


def current() -> EventLoop:
    """Return the loop of the test."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, EventLoop)
    return loop


@contextmanager
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, list[bytes]]]:
    """Yield a socket to write to, and what one read after the other gave at its other end."""
    monkeypatch.setattr(module, "_READ_EVERY", READ_EVERY)
    near, far = socket.socketpair()
    near.setblocking(False)
    reads: list[bytes] = []
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: reads.append(near.recv(65536)))
    try:
        yield far, reads
    finally:
        loop.remove_reader(near)
        near.close()
        far.close()


async def grown(reads: list[bytes], count: int) -> None:
    """Wait until something was read so many times."""
    await until(lambda: len(reads) >= count, "a read")


def complete(reads: list[bytes], size: int) -> bool:
    """Tell whether so many bytes were read."""
    return sum(map(len, reads)) >= size


@on_qt_loop
async def test_what_is_due_later_runs_in_the_order_of_its_time() -> None:
    loop, ran, done = current(), list[int](), asyncio.Event()
    for number in (3, 1, 2):
        loop.call_later(number / 1000, ran.append, number)
    loop.call_later(0.002, ran.append, 0).cancel()
    loop.call_at(loop.time() + 0.004, done.set)
    await done.wait()
    assert ran == [1, 2, 3]


@on_qt_loop
async def test_one_that_is_due_earlier_does_not_wait_for_the_later_one() -> None:
    loop, done = current(), asyncio.Event()
    later = loop.call_later(3600, done.set)
    loop.call_later(0.001, done.set)
    async with asyncio.timeout(10):
        await done.wait()
    later.cancel()


@on_qt_loop
async def test_one_that_fails_does_not_stop_the_others() -> None:
    loop, done, told = current(), asyncio.Event(), list[object]()
    loop.set_exception_handler(lambda _loop, context: told.append(context["exception"]))

    def fail() -> None:
        raise ValueError("once")

    loop.call_later(0.001, fail)
    loop.call_later(0.001, done.set)
    async with asyncio.timeout(10):
        await done.wait()
    assert [str(error) for error in told] == ["once"]


@on_qt_loop
async def test_time_outs_that_were_not_needed_are_not_kept_until_their_time() -> None:
    loop = current()
    for _ in range(1000):
        async with asyncio.timeout(3600):
            await asyncio.sleep(0)
    assert len(loop._later_calls._heap) < 200


@on_qt_loop
async def test_packets_of_a_busy_socket_are_read_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with reading(monkeypatch) as (far, reads):
        burst = module._READ_BURST + 1
        for number in range(burst):
            far.send(b"a")
            await grown(reads, number + 1)
        assert reads == [b"a"] * burst, "the first are read as they come"
        for _ in range(5):
            far.send(b"b")
            await asyncio.sleep(0)
        await grown(reads, burst + 1)
        assert reads[-1] == b"bbbbb"


@on_qt_loop
async def test_bulk_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(monkeypatch) as (far, reads):
        block = b"x" * module._BULK
        for number in range(3 * module._READ_BURST):
            far.sendall(block)
            await until(partial(complete, reads, (number + 1) * len(block)), "a block")
        assert len(reads) < 5 * module._READ_BURST
