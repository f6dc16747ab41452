import asyncio
import threading
from collections.abc import Iterator

import pytest

from desktop_chat.system.blocking import BlockingCalls, CallTimeoutError, Outcome

LONG = 60.0
SHORT = 0.01


class Gate:
    """A call that hangs until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self._open = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        self._open.wait()
        return "late"

    def let_go(self) -> None:
        self._open.set()


@pytest.fixture
def gates() -> Iterator[list[Gate]]:
    gates = [Gate() for _ in range(6)]
    yield gates
    for gate in gates:
        gate.let_go()


async def hang(calls: BlockingCalls, gate: Gate) -> asyncio.Future[Outcome[str]]:
    """Let a call time out; return a future of what comes of it later."""
    later: asyncio.Future[Outcome[str]] = asyncio.get_running_loop().create_future()
    with pytest.raises(CallTimeoutError):
        await calls.run(gate, SHORT, later.set_result)
    return later


async def test_values_and_errors_come_back() -> None:
    calls = BlockingCalls("test")
    assert (await calls.run(lambda: 3, LONG)).value == 3
    error = ValueError("x")

    def fail() -> None:
        raise error

    assert (await calls.run(fail, LONG)).error is error


async def test_calls_are_made_one_after_another_on_one_daemon_thread() -> None:
    calls = BlockingCalls("test")
    inside = 0

    def call() -> tuple[threading.Thread, int]:
        nonlocal inside
        inside += 1
        seen = inside
        inside -= 1
        return threading.current_thread(), seen

    outcomes = await asyncio.gather(*(calls.run(call, LONG) for _ in range(20)))
    threads = {outcome.value[0] for outcome in outcomes if outcome.value}
    assert len(threads) == 1
    assert threads.pop().daemon
    assert {outcome.value[1] for outcome in outcomes if outcome.value} == {1}


async def test_the_loop_goes_on_meanwhile(gates: list[Gate]) -> None:
    calls = BlockingCalls("test")
    task = asyncio.ensure_future(calls.run(gates[0], LONG))
    await asyncio.to_thread(gates[0].begun.wait)
    gates[0].let_go()
    assert (await task).value == "late"


async def test_a_call_that_hangs_makes_way_and_answers_later(gates: list[Gate]) -> None:
    calls = BlockingCalls("test")
    later = await hang(calls, gates[0])
    assert calls.hanging == 1
    assert (await calls.run(lambda: 3, LONG)).value == 3
    gates[0].let_go()
    assert (await later).value == "late"
    assert calls.hanging == 0


async def test_threads_that_hang_are_bounded(gates: list[Gate]) -> None:
    calls = BlockingCalls("bounded", limit=3)
    later = [await hang(calls, gate) for gate in gates[:3]]
    for gate in gates[3:]:
        with pytest.raises(CallTimeoutError):
            await calls.run(gate, LONG)
        assert not gate.begun.is_set()
    assert sum(thread.name == "bounded" for thread in threading.enumerate()) == 3
    gates[1].let_go()
    await later[1]
    assert (await calls.run(lambda: 3, LONG)).value == 3


async def test_a_call_that_had_not_begun_is_dropped(gates: list[Gate]) -> None:
    calls = BlockingCalls("test", limit=1)
    first = asyncio.ensure_future(calls.run(gates[0], LONG))
    await asyncio.to_thread(gates[0].begun.wait)
    made: list[int] = []
    with pytest.raises(CallTimeoutError):
        await calls.run(lambda: made.append(1), SHORT)
    gates[0].let_go()
    await first
    assert (await calls.run(lambda: 3, LONG)).value == 3
    assert made == []


async def test_one_that_waits_behind_a_hanging_call_is_made(gates: list[Gate]) -> None:
    calls = BlockingCalls("test")
    first = asyncio.ensure_future(hang(calls, gates[0]))
    await asyncio.to_thread(gates[0].begun.wait)
    assert (await calls.run(lambda: 3, LONG)).value == 3
    await first


async def test_one_that_waits_when_all_hang_is_made_when_one_comes_back(gates: list[Gate]) -> None:
    calls = BlockingCalls("test", limit=1)
    first = asyncio.ensure_future(hang(calls, gates[0]))
    await asyncio.to_thread(gates[0].begun.wait)
    second = asyncio.ensure_future(calls.run(lambda: 3, LONG))
    later = await first
    gates[0].let_go()
    assert (await second).value == 3
    await later


async def test_a_cancelled_caller_hears_no_more_but_late_does(gates: list[Gate]) -> None:
    calls = BlockingCalls("test")
    later: asyncio.Future[Outcome[str]] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(calls.run(gates[0], LONG, later.set_result))
    await asyncio.to_thread(gates[0].begun.wait)
    task.cancel()
    await asyncio.wait([task])
    gates[0].let_go()
    assert (await later).value == "late"


def test_it_belongs_to_no_loop(gates: list[Gate]) -> None:
    calls = BlockingCalls("test")

    async def ask() -> int | None:
        return (await calls.run(lambda: 3, LONG)).value

    assert asyncio.run(ask()) == 3

    async def leave() -> None:
        await hang(calls, gates[0])

    asyncio.run(leave())
    gates[0].let_go()
    assert asyncio.run(ask()) == 3


def test_what_came_of_a_call_is_not_printed() -> None:
    for outcome in (Outcome("a key"), Outcome(error=ValueError("a key"))):
        assert "a key" not in repr(outcome)
